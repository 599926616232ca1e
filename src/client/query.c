/* SPDX-License-Identifier: Apache-2.0 */
/* Query strings and paths with their parts percent-encoded. */
#include <stdarg.h>
#include <string.h>

#include "base/mem.h"
#include "client/client.h"

void query_add(struct query *q, const char *name, const char *value)
{
	if (q->text.len)
		strbuf_add_char(&q->text, '&');
	http_percent_encode(&q->text, name);
	strbuf_add_char(&q->text, '=');
	http_percent_encode(&q->text, value);
}

void query_add_int(struct query *q, const char *name, int64_t value)
{
	_cleanup_free_ char *s = xasprintf("%lld", (long long)value);

	query_add(q, name, s);
}

void query_add_flag(struct query *q, const char *name, bool on)
{
	if (on)
		query_add(q, name, "1");
}

char *client_path(const char *fmt, ...)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	for (const char *p = fmt; *p; p++) {
		if (p[0] == '%' && p[1] == 's') {
			http_percent_encode(&sb, va_arg(ap, const char *));
			p++;
		} else {
			strbuf_add_char(&sb, *p);
		}
	}
	va_end(ap);
	return strbuf_steal(&sb);
}
