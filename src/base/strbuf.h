/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing byte string with a limit. `data` is always NUL-terminated and never NULL after init; `len` does not count
 * the NUL; the bytes may contain NULs. The writers are sticky: once the limit would be passed, `overflow` is set,
 * nothing more is added, and the caller checks once at the end. One thread at a time.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/macros.h"

struct strbuf {
	char *data;
	size_t len;
	size_t alloc; /* 0: data is the shared empty string */
	size_t max;   /* most bytes len may reach */
	bool overflow;
};

extern char strbuf_empty[1];
#define STRBUF_NO_LIMIT ((size_t)1 << 40)
#define STRBUF_INIT                                                                                                    \
	{                                                                                                              \
		.data = strbuf_empty, .max = STRBUF_NO_LIMIT                                                           \
	}
#define STRBUF_INIT_MAX(limit)                                                                                         \
	{                                                                                                              \
		.data = strbuf_empty, .max = (limit)                                                                   \
	}

void strbuf_init(struct strbuf *sb, size_t max);
void strbuf_done(struct strbuf *sb);
/* Length 0, memory kept, overflow forgotten. */
void strbuf_clear(struct strbuf *sb);
/* The owned NUL-terminated string; sb is empty afterwards. */
char *strbuf_steal(struct strbuf *sb);

void strbuf_add(struct strbuf *sb, const void *p, size_t n);
void strbuf_add_str(struct strbuf *sb, const char *s);
void strbuf_add_char(struct strbuf *sb, char c);
void strbuf_addf(struct strbuf *sb, const char *fmt, ...) _printf_(2, 3);
void strbuf_vaddf(struct strbuf *sb, const char *fmt, va_list ap) _printf_(2, 0);
/* Room for n more bytes behind data + len (to be followed by strbuf_grew), or NULL when past the limit. */
char *strbuf_reserve(struct strbuf *sb, size_t n);
void strbuf_grew(struct strbuf *sb, size_t n);
void strbuf_truncate(struct strbuf *sb, size_t len);
/* Drops the first n bytes. */
void strbuf_consume(struct strbuf *sb, size_t n);
/* Reads until EOF. 0, -errno, or -EFBIG past the limit. */
int strbuf_read_fd(struct strbuf *sb, int fd);

static inline void strbuf_done_p(struct strbuf *sb)
{
	strbuf_done(sb);
}
#define _cleanup_strbuf_ _cleanup_(strbuf_done_p)
