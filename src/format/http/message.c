/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Heads of HTTP/1.1 messages, parsed in place and strictly: whatever two parsers could read in two ways is refused,
 * because that is how requests get smuggled.
 */
#include "format/http/message.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strutil.h"

static bool is_token_char(char c)
{
	if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
		return true;
	return c && strchr("!#$%&'*+-.^_`|~", c);
}

int http_head_length(const char *p, size_t n, size_t *scanned)
{
	size_t i = *scanned;

	/* Nothing that begins like this (TLS, say) ever becomes a request. */
	if (n > 0 && !is_token_char(p[0]))
		return -EPROTO;
	for (; i < n; i++) {
		if (p[i] == '\0')
			return -EPROTO;
		if (p[i] != '\n')
			continue;
		if (i == 0 || p[i - 1] != '\r')
			return -EPROTO;
		if (i == 1) /* an empty line where the start line should be */
			return -EPROTO;
		if (i >= 3 && p[i - 2] == '\n') {
			if (i + 1 > LIMIT_HTTP_HEAD)
				return -E2BIG;
			*scanned = i + 1;
			return (int)(i + 1);
		}
	}
	*scanned = i;
	return n >= LIMIT_HTTP_HEAD ? -E2BIG : 0;
}

static bool is_token(const char *s)
{
	if (!*s)
		return false;
	for (; *s; s++)
		if (!is_token_char(*s))
			return false;
	return true;
}

/* The line at *at, ended by CRLF, made a string; *at moves behind it. NULL when there is none or it holds a bare CR. */
static char *line_next(char **at, char *end)
{
	char *start = *at, *cr = memchr(start, '\r', (size_t)(end - start));

	if (!cr || cr + 1 >= end || cr[1] != '\n')
		return NULL;
	*cr = '\0';
	*at = cr + 2;
	return start;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* name ":" OWS value OWS */
static int field_parse(char *line, struct http_field *f)
{
	char *colon = strchr(line, ':'), *value, *end;

	if (!colon)
		return -EPROTO;
	*colon = '\0';
	if (!is_token(line)) /* also catches "Name :" and folded lines */
		return -EPROTO;
	value = colon + 1;
	while (is_blank(*value))
		value++;
	end = value + strlen(value);
	while (end > value && is_blank(end[-1]))
		end--;
	*end = '\0';
	for (const char *c = value; *c; c++)
		if (((unsigned char)*c < 0x20 && *c != '\t') || *c == 0x7f)
			return -EPROTO;
	f->name = line;
	f->value = value;
	return 0;
}

/* What the framing and connection fields of a head say. */
struct framing {
	int64_t content_length;
	bool chunked;
	bool close, keep_alive, upgrade; /* named by Connection */
	const char *upgrade_to;
	unsigned hosts;
};

static bool list_names(const char *list, const char *name)
{
	size_t n = strlen(name);

	while (*list) {
		const char *start, *end;

		while (is_blank(*list) || *list == ',')
			list++;
		start = list;
		while (*list && *list != ',')
			list++;
		end = list;
		while (end > start && is_blank(end[-1]))
			end--;
		if ((size_t)(end - start) == n && strncasecmp(start, name, n) == 0)
			return true;
	}
	return false;
}

static int framing_read(const struct http_field *f, struct framing *fr)
{
	uint64_t length;

	switch (f->name[0] | 0x20) {
	case 'c':
		if (str_eq_nocase(f->name, "Content-Length")) {
			/* Repeated ones are refused even when they agree. */
			if (fr->content_length >= 0 || parse_u64(f->value, &length) < 0 || length > INT64_MAX)
				return -EPROTO;
			fr->content_length = (int64_t)length;
		} else if (str_eq_nocase(f->name, "Connection")) {
			fr->close |= list_names(f->value, "close");
			fr->keep_alive |= list_names(f->value, "keep-alive");
			fr->upgrade |= list_names(f->value, "upgrade");
		}
		return 0;
	case 't':
		if (str_eq_nocase(f->name, "Transfer-Encoding")) {
			if (fr->chunked || !str_eq_nocase(f->value, "chunked"))
				return -EPROTO;
			fr->chunked = true;
		}
		return 0;
	case 'u':
		if (str_eq_nocase(f->name, "Upgrade") && *f->value)
			fr->upgrade_to = f->value;
		return 0;
	case 'h':
		if (str_eq_nocase(f->name, "Host"))
			fr->hosts++;
		return 0;
	default:
		return 0;
	}
}

/* All lines up to the empty one. */
static int fields_parse(char *at, char *end, struct http_field *fields, size_t *ret_n, struct framing *fr)
{
	*fr = (struct framing){.content_length = -1};
	*ret_n = 0;
	for (;;) {
		char *line = line_next(&at, end);
		int r;

		if (!line)
			return -EPROTO;
		if (!*line)
			break;
		if (*ret_n == LIMIT_HTTP_HEADERS)
			return -E2BIG;
		r = field_parse(line, &fields[*ret_n]);
		if (r == 0)
			r = framing_read(&fields[*ret_n], fr);
		if (r < 0)
			return r;
		(*ret_n)++;
	}
	if (at != end || (fr->chunked && fr->content_length >= 0))
		return -EPROTO;
	return 0;
}

/* "HTTP/1.0" and later minors of 1, one digit. */
static int version_parse(const char *s, int *ret_minor)
{
	if (strncmp(s, "HTTP/1.", 7) != 0 || s[7] < '0' || s[7] > '9' || s[8])
		return -EPROTO;
	*ret_minor = s[7] - '0';
	return 0;
}

/* Splits the target into decoded path and raw query. Absolute form ("http://host/path") is taken as RFC 9112 asks. */
static int target_parse(struct http_request *r)
{
	const char *path = r->target, *rest, *mark;

	rest = str_after(path, "http://");
	if (!rest)
		rest = str_after(path, "https://");
	if (rest)
		path = strpbrk(rest, "/?");
	if (!path)
		path = "/";
	if (*path != '/' && *path != '?' && !(str_eq(path, "*") && str_eq(r->method, "OPTIONS")))
		return -EPROTO;
	if (strchr(path, '#'))
		return -EPROTO;
	mark = strchr(path, '?');
	r->query = mark ? mark + 1 : "";
	if (path == mark)
		r->path = xstrdup("/");
	else
		r->path = http_percent_decode(path, mark ? (size_t)(mark - path) : strlen(path), false);
	return r->path ? 0 : -EPROTO;
}

static int request_line_parse(char *line, struct http_request *r)
{
	char *target, *version;

	target = strchr(line, ' ');
	version = target ? strchr(target + 1, ' ') : NULL;
	if (!version)
		return -EPROTO;
	*target++ = '\0';
	*version++ = '\0';
	if (!is_token(line) || !*target || version_parse(version, &r->minor) < 0)
		return -EPROTO;
	for (const char *c = target; *c; c++)
		if ((unsigned char)*c <= 0x20 || *c == 0x7f)
			return -EPROTO;
	r->method = line;
	r->target = target;
	return target_parse(r);
}

static int expect_parse(struct http_request *r)
{
	const char *expect = http_field_get(r->fields, r->n_fields, "Expect");

	if (!expect)
		return 0;
	if (!str_eq_nocase(expect, "100-continue"))
		return -EPROTO;
	r->expect_continue = r->minor >= 1 && (r->chunked || r->content_length > 0);
	return 0;
}

static int request_parse(char *head, size_t n, struct http_request *r)
{
	char *at = head, *line = line_next(&at, head + n);
	struct framing fr;
	int err;

	if (!line || request_line_parse(line, r) < 0)
		return -EPROTO;
	err = fields_parse(at, head + n, r->fields, &r->n_fields, &fr);
	if (err < 0)
		return err;
	/* HTTP/1.0 knows no chunks: whoever sends them through an old proxy means mischief. */
	if (fr.hosts > 1 || (r->minor >= 1 && fr.hosts == 0) || (r->minor == 0 && fr.chunked))
		return -EPROTO;
	r->content_length = fr.content_length;
	r->chunked = fr.chunked;
	r->keep_alive = !fr.close && (r->minor >= 1 || fr.keep_alive);
	r->upgrade = fr.upgrade ? fr.upgrade_to : NULL;
	return expect_parse(r);
}

int http_request_parse(char *head, size_t n, struct http_request *r)
{
	int err;

	r->method = r->target = r->query = "";
	r->path = NULL;
	r->minor = 1;
	r->n_fields = 0;
	r->content_length = -1;
	r->chunked = r->keep_alive = r->expect_continue = false;
	r->upgrade = NULL;
	err = request_parse(head, n, r);
	if (err < 0)
		http_request_done(r);
	return err;
}

void http_request_done(struct http_request *r)
{
	free(r->path);
	r->path = NULL;
}

static int status_line_parse(char *line, struct http_response *r)
{
	char *code = strchr(line, ' ');

	if (!code)
		return -EPROTO;
	*code++ = '\0';
	if (version_parse(line, &r->minor) < 0)
		return -EPROTO;
	for (int i = 0; i < 3; i++) {
		if (code[i] < '0' || code[i] > '9')
			return -EPROTO;
		r->status = r->status * 10 + (code[i] - '0');
	}
	if (r->status < 100 || (code[3] && code[3] != ' '))
		return -EPROTO;
	r->reason = code[3] ? code + 4 : code + 3;
	return 0;
}

int http_response_parse(char *head, size_t n, struct http_response *r)
{
	char *at = head, *line = line_next(&at, head + n);
	struct framing fr;
	int err;

	r->status = 0;
	r->n_fields = 0;
	if (!line || status_line_parse(line, r) < 0)
		return -EPROTO;
	err = fields_parse(at, head + n, r->fields, &r->n_fields, &fr);
	if (err < 0)
		return err;
	r->content_length = fr.content_length;
	r->chunked = fr.chunked;
	r->keep_alive = !fr.close && (r->minor >= 1 || fr.keep_alive);
	return 0;
}

const char *http_field_get(const struct http_field *f, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq_nocase(f[i].name, name))
			return f[i].value;
	return NULL;
}
