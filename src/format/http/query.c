/* SPDX-License-Identifier: Apache-2.0 */
/* Percent-encoding and query strings, as net/url reads them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strutil.h"
#include "format/http/message.h"

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

char *http_percent_decode(const char *s, size_t n, bool plus_is_blank)
{
	char *out = xmalloc(n + 1);
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		char c = s[i];

		if (c == '%') {
			int hi = n - i > 2 ? hex_digit(s[i + 1]) : -1;
			int lo = n - i > 2 ? hex_digit(s[i + 2]) : -1;

			if (hi < 0 || lo < 0 || (hi | lo) == 0)
				goto bad;
			c = (char)(hi * 16 + lo);
			i += 2;
		} else if (c == '+' && plus_is_blank) {
			c = ' ';
		}
		if (!c)
			goto bad;
		out[len++] = c;
	}
	out[len] = '\0';
	return out;
bad:
	free(out);
	return NULL;
}

void http_percent_encode(struct strbuf *out, const char *s)
{
	static const char digits[] = "0123456789ABCDEF";

	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || strchr("-_.~", c)) {
			strbuf_add_char(out, *s);
		} else {
			strbuf_add_char(out, '%');
			strbuf_add_char(out, digits[c >> 4]);
			strbuf_add_char(out, digits[c & 15]);
		}
	}
}

static int pair_add(struct http_query *q, const char *s, size_t n)
{
	const char *eq = memchr(s, '=', n);
	size_t n_name = eq ? (size_t)(eq - s) : n;
	struct http_query_pair *p;

	if ((q->n & (q->n - 1)) == 0)
		q->pairs = xreallocarray(q->pairs, q->n ? 2 * q->n : 1, sizeof(*q->pairs));
	p = &q->pairs[q->n++];
	p->name = http_percent_decode(s, n_name, true);
	p->value = eq ? http_percent_decode(eq + 1, n - n_name - 1, true) : xstrdup("");
	return p->name && p->value ? 0 : -EINVAL;
}

int http_query_parse(const char *raw, struct http_query *ret)
{
	struct http_query q = {0};

	while (*raw) {
		size_t n = strcspn(raw, "&");

		if (n && (memchr(raw, ';', n) || pair_add(&q, raw, n) < 0)) {
			http_query_done(&q);
			return -EINVAL;
		}
		raw += n;
		if (*raw)
			raw++;
	}
	*ret = q;
	return 0;
}

void http_query_done(struct http_query *q)
{
	for (size_t i = 0; i < q->n; i++) {
		free(q->pairs[i].name);
		free(q->pairs[i].value);
	}
	free(q->pairs);
	*q = (struct http_query){0};
}

const char *http_query_get(const struct http_query *q, const char *name)
{
	for (size_t i = 0; i < q->n; i++)
		if (str_eq(q->pairs[i].name, name))
			return q->pairs[i].value;
	return NULL;
}
