/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of one log: name, and the rotated name.1 (newest) ... name.N, some with .gz. The supervisor renames them at
 * any time, but never while the lock of the directory is held, which is only for the time of looking and renaming.
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>
#include <time.h>

#include "base/err.h"
#include "monitor/log_cursor.h"
#include "monitor/log_reader.h"

/* Which file it is, whatever its name is now, and compressed or not: a compressed file keeps the time of the plain one,
 * and has its inode number in the header's comment. */
struct log_file_id {
	ino_t ino;
	struct timespec mtime; /* of a file that is not written to any more */
};

struct log_files {
	struct log_cursor *items; /* oldest first */
	size_t n;
	struct log_file_id newest; /* of the last item */
};

/* All that exist and were written to since since_ns (0: all). */
int log_files_open(const struct log_source *src, int64_t since_ns, struct log_files *ret, struct err *e);
void log_files_done(struct log_files *f);
/* The file that follows this one, after a rotation: 1 and *ret, *ret_id; 0: it is the newest; -1. 2: it is not there
 * any more, and all that are there are newer. */
int log_files_next(const struct log_source *src, const struct log_file_id *id, struct log_cursor *ret,
		   struct log_file_id *ret_id, struct err *e);

static inline void log_files_done_p(struct log_files *f)
{
	log_files_done(f);
}
