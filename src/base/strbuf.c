/* SPDX-License-Identifier: Apache-2.0 */
/* Growing byte strings with a limit: see strbuf.h. */
#include "base/strbuf.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

char strbuf_empty[1];

void strbuf_init(struct strbuf *sb, size_t max)
{
	*sb = (struct strbuf)STRBUF_INIT_MAX(max);
}

void strbuf_done(struct strbuf *sb)
{
	if (sb->alloc)
		free(sb->data);
	*sb = (struct strbuf)STRBUF_INIT_MAX(sb->max);
}

void strbuf_clear(struct strbuf *sb)
{
	sb->len = 0;
	sb->overflow = false;
	if (sb->alloc)
		sb->data[0] = 0;
}

char *strbuf_steal(struct strbuf *sb)
{
	char *data = sb->alloc ? sb->data : xstrdup("");
	*sb = (struct strbuf)STRBUF_INIT_MAX(sb->max);
	return data;
}

char *strbuf_reserve(struct strbuf *sb, size_t n)
{
	if (sb->overflow || n > sb->max || sb->len > sb->max - n) {
		sb->overflow = true;
		return NULL;
	}
	size_t need = sb->len + n + 1;
	if (need > sb->alloc) {
		size_t alloc = MAX(need, sb->alloc + sb->alloc / 2);
		alloc = MAX(alloc, (size_t)64);
		sb->data = xrealloc(sb->alloc ? sb->data : NULL, alloc);
		sb->alloc = alloc;
		sb->data[sb->len] = 0;
	}
	return sb->data + sb->len;
}

void strbuf_grew(struct strbuf *sb, size_t n)
{
	ASSERT(sb->len + n < sb->alloc);
	sb->len += n;
	sb->data[sb->len] = 0;
}

void strbuf_add(struct strbuf *sb, const void *p, size_t n)
{
	if (!n)
		return;
	char *to = strbuf_reserve(sb, n);
	if (!to)
		return;
	memcpy(to, p, n);
	strbuf_grew(sb, n);
}

void strbuf_add_str(struct strbuf *sb, const char *s)
{
	strbuf_add(sb, s, strlen(s));
}

void strbuf_add_char(struct strbuf *sb, char c)
{
	strbuf_add(sb, &c, 1);
}

void strbuf_vaddf(struct strbuf *sb, const char *fmt, va_list ap)
{
	va_list again;
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	ASSERT(n >= 0);
	char *to = strbuf_reserve(sb, (size_t)n);
	if (!to)
		return;
	vsnprintf(to, (size_t)n + 1, fmt, ap);
	strbuf_grew(sb, (size_t)n);
}

void strbuf_addf(struct strbuf *sb, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	strbuf_vaddf(sb, fmt, ap);
	va_end(ap);
}

void strbuf_truncate(struct strbuf *sb, size_t len)
{
	ASSERT(len <= sb->len);
	sb->len = len;
	if (sb->alloc)
		sb->data[len] = 0;
}

void strbuf_consume(struct strbuf *sb, size_t n)
{
	ASSERT(n <= sb->len);
	if (!n)
		return;
	memmove(sb->data, sb->data + n, sb->len - n);
	strbuf_truncate(sb, sb->len - n);
}

int strbuf_read_fd(struct strbuf *sb, int fd)
{
	for (;;) {
		size_t room = MIN((size_t)65536, sb->max - sb->len);
		if (!room) { /* full: EOF must follow */
			char c;
			ssize_t n = read(fd, &c, 1);
			if (n < 0 && errno == EINTR)
				continue;
			return n < 0 ? -errno : n ? -EFBIG : 0;
		}
		char *to = strbuf_reserve(sb, room);
		if (!to)
			return -EFBIG;
		ssize_t n = read(fd, to, room);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		strbuf_grew(sb, (size_t)n);
	}
}
