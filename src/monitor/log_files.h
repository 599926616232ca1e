/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of one log: name, and the rotated name.1 (newest) ... name.N, some with .gz. The supervisor renames them at
 * any time, but never while the lock of the directory is held, which is only for the time of looking and renaming.
 */
#pragma once

#include <stddef.h>

#include "base/err.h"
#include "monitor/log_cursor.h"
#include "monitor/log_reader.h"

struct log_files {
	struct log_cursor *items; /* oldest first; the current file last */
	ino_t current;            /* inode of the last item */
	size_t n;
};

/* All that exist and were written to since since_ns (0: all). */
int log_files_open(const struct log_source *src, int64_t since_ns, struct log_files *ret, struct err *e);
void log_files_done(struct log_files *f);
/* The file that follows the one with this inode, after a rotation: 1 and *ret, *ret_ino; 0: it is the newest; -1.
 * 2: it is not there any more, so that what follows is not known. */
int log_files_next(const struct log_source *src, ino_t ino, struct log_cursor *ret, ino_t *ret_ino, struct err *e);

static inline void log_files_done_p(struct log_files *f)
{
	log_files_done(f);
}
