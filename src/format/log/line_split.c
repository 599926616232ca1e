/* SPDX-License-Identifier: Apache-2.0 */
/* Output to log records. See line_split.h. */
#include "format/log/line_split.h"

#include <stdbool.h>
#include <string.h>

#include "base/limits.h"
#include "base/macros.h"

void line_split_init(struct line_split *s)
{
	*s = (struct line_split){0};
	strbuf_init(&s->rest, LIMIT_LOG_LINE);
}

void line_split_done(struct line_split *s)
{
	strbuf_done(&s->rest);
}

/* How much of p (n bytes, all of one line) to give out, so that no UTF-8
 * sequence is cut: at most three bytes less. */
static size_t whole_utf8(const char *p, size_t n)
{
	for (size_t back = 1; back <= 3 && back < n; back++) {
		unsigned char c = (unsigned char)p[n - back];
		size_t want;

		if (c < 0x80)
			return n;
		if (c < 0xc0)
			continue; /* inside a sequence: look for its start */
		want = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
		return want > back ? n - back : n;
	}
	return n;
}

/* One whole line or the final part of one, n <= LIMIT_LOG_LINE. */
static void give(struct line_split *s, const char *p, size_t n, bool last, line_split_emit *emit, void *arg)
{
	emit(arg, s->time_ns, p, n);
	s->in_line = !last;
}

/* Adds bytes without a newline, or with one as the last byte. Lines that are
 * whole in p are not copied. */
static void add_part(struct line_split *s, const char *p, size_t n, bool newline, line_split_emit *emit, void *arg)
{
	while (s->rest.len + n > LIMIT_LOG_LINE || (s->rest.len + n == LIMIT_LOG_LINE && !newline)) {
		size_t take = LIMIT_LOG_LINE - s->rest.len, whole;

		if (s->rest.len == 0) {
			whole = whole_utf8(p, take);
			give(s, p, whole, false, emit, arg);
			p += whole;
			n -= whole;
			continue;
		}
		strbuf_add(&s->rest, p, take);
		p += take;
		n -= take;
		whole = whole_utf8(s->rest.data, s->rest.len);
		give(s, s->rest.data, whole, false, emit, arg);
		strbuf_consume(&s->rest, whole);
	}
	if (!newline) {
		strbuf_add(&s->rest, p, n);
		return;
	}
	if (s->rest.len == 0) {
		give(s, p, n, true, emit, arg);
		return;
	}
	strbuf_add(&s->rest, p, n);
	give(s, s->rest.data, s->rest.len, true, emit, arg);
	strbuf_done(&s->rest);
	strbuf_init(&s->rest, LIMIT_LOG_LINE);
}

void line_split_add(struct line_split *s, int64_t now_ns, const char *p, size_t n, line_split_emit *emit, void *arg)
{
	while (n > 0) {
		const char *nl = memchr(p, '\n', n);
		size_t len = nl ? (size_t)(nl - p) + 1 : n;

		if (s->rest.len == 0 && !s->in_line)
			s->time_ns = now_ns;
		add_part(s, p, len, nl != NULL, emit, arg);
		p += len;
		n -= len;
	}
}

void line_split_finish(struct line_split *s, line_split_emit *emit, void *arg)
{
	if (s->rest.len > 0)
		give(s, s->rest.data, s->rest.len, true, emit, arg);
	line_split_done(s);
	line_split_init(s);
}
