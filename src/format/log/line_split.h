/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cuts a stream of output into log records, as Docker does: one per line; a
 * line longer than LIMIT_LOG_LINE becomes several, all with the time of its
 * first byte. Unlike Docker's, a cut never falls inside a UTF-8 sequence. Holds
 * at most LIMIT_LOG_LINE bytes, in memory that exists only while a line is
 * unfinished. Pure.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"

struct line_split {
	struct strbuf rest; /* an unfinished line's bytes that were not given out yet */
	int64_t time_ns;    /* of the unfinished line */
	int in_line;        /* parts of the unfinished line were given out */
};

/* emit gets one record; text is borrowed. */
typedef void line_split_emit(void *arg, int64_t time_ns, const char *text, size_t len);

void line_split_init(struct line_split *s);
void line_split_done(struct line_split *s);
void line_split_add(struct line_split *s, int64_t now_ns, const char *p, size_t n, line_split_emit *emit, void *arg);
/* The end of the stream: gives out what is left. */
void line_split_finish(struct line_split *s, line_split_emit *emit, void *arg);
