/* SPDX-License-Identifier: Apache-2.0 */
/* The records of one log file, first to last: json-file or `local`, plain or gzip. Damaged ones are passed over. One
 * thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/strbuf.h"
#include "format/log/line.h"
#include "monitor/launch.h"

struct gzFile_s;

struct log_cursor {
	enum monitor_log_driver driver;
	int fd;              /* owned; read by offset, so that it may be shared */
	struct gzFile_s *gz; /* instead of fd; owned */
	off_t at;            /* of the next byte to read */
	struct strbuf buf;   /* read, from `used` on not yet given out */
	size_t used;
	struct strbuf text;
	bool lost; /* json-file: inside a record that is too long; local: nothing behind this can be told apart */
};

/* fd is owned. 0 or -errno. */
int log_cursor_open(struct log_cursor *c, enum monitor_log_driver driver, int fd, bool gzip);
void log_cursor_done(struct log_cursor *c);
/* 1: *ret is the next record, valid until the next call; 0: no more (now); -errno. */
int log_cursor_next(struct log_cursor *c, struct log_line *ret);
/* Back to the start, for a file that was emptied. */
void log_cursor_rewind(struct log_cursor *c);
/* Moves to the n-th last record, or to the start when there are fewer; *ret_found: how many there are, at most n. */
int log_cursor_tail(struct log_cursor *c, int64_t n, int64_t *ret_found);

static inline void log_cursor_done_p(struct log_cursor *c)
{
	log_cursor_done(c);
}
