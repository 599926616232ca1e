/* SPDX-License-Identifier: Apache-2.0 */
/* The json-file log codec. See json_file.h. */
#include "format/log/json_file.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/macros.h"
#include "base/strv.h"

/* --- encoding --- */

/* Length of the valid UTF-8 sequence at p, 0 when there is none. */
static size_t utf8_len(const unsigned char *p, size_t n)
{
	size_t len = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : p[0] < 0xf5 ? 4 : 0;

	if (len == 0 || len > n)
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] >= 0xa0))
		return 0; /* overlong, surrogate */
	if ((p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] >= 0x90))
		return 0; /* overlong, past U+10FFFF */
	return len;
}

/* Bytes that stand for themselves: ASCII without controls and "&<>\\. */
static const bool is_plain[256] = {
	[' ' ... '!'] = true, ['#' ... '%'] = true, ['\'' ... ';'] = true,
	['='] = true,         ['?' ... '['] = true, [']' ... 0x7f] = true,
};

/* As Go's encoding/json with HTML escaping, which is what Docker's own encoder
 * mimics. */
static void add_string(struct strbuf *out, const char *s, size_t n)
{
	static const char hex[] = "0123456789abcdef";
	const unsigned char *p = (const unsigned char *)s, *end = p + n;

	strbuf_add_char(out, '"');
	while (p < end) {
		const unsigned char *run = p;
		size_t len;

		while (p < end && is_plain[*p])
			p++;
		strbuf_add(out, run, (size_t)(p - run));
		if (p == end)
			break;
		if (*p == '"' || *p == '\\') {
			strbuf_add_char(out, '\\');
			strbuf_add_char(out, (char)*p++);
		} else if (*p == '\n' || *p == '\r') {
			strbuf_add(out, *p++ == '\n' ? "\\n" : "\\r", 2);
		} else if (*p < 0x80) {
			strbuf_add(out, "\\u00", 4);
			strbuf_add_char(out, hex[*p >> 4]);
			strbuf_add_char(out, hex[*p++ & 15]);
		} else if ((len = utf8_len(p, (size_t)(end - p))) == 0) {
			strbuf_add(out, "\\ufffd", 6);
			p++;
		} else if (len == 3 && p[0] == 0xe2 && p[1] == 0x80 && (p[2] & 0xfe) == 0xa8) {
			strbuf_add(out, "\\u202", 5); /* line separators that end a JavaScript string */
			strbuf_add_char(out, hex[p[2] & 15]);
			p += len;
		} else {
			strbuf_add(out, p, len);
			p += len;
		}
	}
	strbuf_add_char(out, '"');
}

void json_file_encode(struct strbuf *out, const struct log_line *l, struct json_file_time *t)
{
	strbuf_add_char(out, '{');
	if (l->len > 0) {
		strbuf_add(out, "\"log\":", 6);
		add_string(out, l->text, l->len);
		strbuf_add_char(out, ',');
	}
	strbuf_add_str(out, l->stream == LOG_STDERR ? "\"stream\":\"stderr\"" : "\"stream\":\"stdout\"");
	if (l->attrs) {
		strbuf_add(out, ",\"attrs\":", 9);
		strbuf_add(out, l->attrs, l->n_attrs);
	}
	strbuf_add(out, ",\"time\":\"", 9);
	if (l->time_ns != t->ns || !t->text[0]) {
		t->ns = l->time_ns;
		clock_format_rfc3339(t->ns, t->text);
	}
	strbuf_add_str(out, t->text);
	strbuf_add(out, "\"}\n", 3);
}

char *json_file_attrs(char *const *attrs)
{
	_cleanup_strv_ char **sorted = strv_dup(attrs);
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	const char *before = NULL;

	if (strv_len(sorted) == 0)
		return NULL;
	strv_sort(sorted);
	STRV_FOREACH (s, sorted) {
		const char *eq = strchr(*s, '=');
		size_t n_key = eq ? (size_t)(eq - *s) : strlen(*s);

		if (before && strncmp(before, *s, n_key + 1) == 0)
			continue;
		before = eq ? *s : NULL;
		strbuf_add_char(&sb, sb.len ? ',' : '{');
		add_string(&sb, *s, n_key);
		strbuf_add_char(&sb, ':');
		add_string(&sb, eq ? eq + 1 : "", eq ? strlen(eq + 1) : 0);
	}
	strbuf_add_char(&sb, '}');
	return strbuf_steal(&sb);
}

/* --- decoding --- */

struct reader {
	const char *p, *end;
};

static bool skip_blank(struct reader *r)
{
	while (r->p < r->end && (*r->p == ' ' || *r->p == '\t' || *r->p == '\r' || *r->p == '\n'))
		r->p++;
	return r->p < r->end;
}

static bool take(struct reader *r, char c)
{
	if (!skip_blank(r) || *r->p != c)
		return false;
	r->p++;
	return true;
}

static int hex4(struct reader *r, uint32_t *ret)
{
	uint32_t v = 0;

	if (r->end - r->p < 4)
		return -EINVAL;
	for (int i = 0; i < 4; i++) {
		char c = *r->p++;

		if (c >= '0' && c <= '9')
			v = v << 4 | (uint32_t)(c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			v = v << 4 | (uint32_t)((c | 0x20) - 'a' + 10);
		else
			return -EINVAL;
	}
	*ret = v;
	return 0;
}

static void add_rune(struct strbuf *out, uint32_t c)
{
	char b[4];
	size_t n = 0;

	if (c < 0x80) {
		b[n++] = (char)c;
	} else if (c < 0x800) {
		b[n++] = (char)(0xc0 | c >> 6);
		b[n++] = (char)(0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		b[n++] = (char)(0xe0 | c >> 12);
		b[n++] = (char)(0x80 | (c >> 6 & 0x3f));
		b[n++] = (char)(0x80 | (c & 0x3f));
	} else {
		b[n++] = (char)(0xf0 | c >> 18);
		b[n++] = (char)(0x80 | (c >> 12 & 0x3f));
		b[n++] = (char)(0x80 | (c >> 6 & 0x3f));
		b[n++] = (char)(0x80 | (c & 0x3f));
	}
	strbuf_add(out, b, n);
}

/* Behind "\u". A lone surrogate becomes U+FFFD, as in Go. */
static int take_unicode(struct reader *r, struct strbuf *out)
{
	uint32_t c, low;

	if (hex4(r, &c) < 0)
		return -EINVAL;
	if (c >= 0xd800 && c < 0xdc00 && r->end - r->p >= 6 && r->p[0] == '\\' && r->p[1] == 'u') {
		struct reader ahead = {r->p + 2, r->end};

		if (hex4(&ahead, &low) < 0)
			return -EINVAL;
		if (low >= 0xdc00 && low < 0xe000) {
			*r = ahead;
			add_rune(out, 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00));
			return 0;
		}
	}
	add_rune(out, c >= 0xd800 && c < 0xe000 ? 0xfffd : c);
	return 0;
}

static int take_escape(struct reader *r, struct strbuf *out)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *at;

	if (r->p == r->end)
		return -EINVAL;
	if (*r->p == 'u') {
		r->p++;
		return take_unicode(r, out);
	}
	at = *r->p ? strchr(from, *r->p) : NULL;
	if (!at)
		return -EINVAL;
	strbuf_add_char(out, to[at - from]);
	r->p++;
	return 0;
}

/* A JSON string; out NULL: it is only skipped. */
static int take_string(struct reader *r, struct strbuf *out)
{
	_cleanup_strbuf_ struct strbuf none = STRBUF_INIT_MAX(0);

	if (!take(r, '"'))
		return -EINVAL;
	if (!out)
		out = &none;
	while (r->p < r->end) {
		const char *run = r->p;

		while (r->p < r->end && *r->p != '"' && *r->p != '\\' && (unsigned char)*r->p >= 0x20)
			r->p++;
		strbuf_add(out, run, (size_t)(r->p - run));
		if (r->p == r->end || (unsigned char)*r->p < 0x20)
			return -EINVAL;
		if (*r->p++ == '"')
			return out != &none && out->overflow ? -EINVAL : 0;
		if (take_escape(r, out) < 0)
			return -EINVAL;
	}
	return -EINVAL;
}

/* Any JSON value. Brackets are only counted: what is skipped need not be
 * perfect. */
static int skip_value(struct reader *r)
{
	int depth = 0;

	do {
		if (!skip_blank(r))
			return -EINVAL;
		switch (*r->p) {
		case '"':
			if (take_string(r, NULL) < 0)
				return -EINVAL;
			break;
		case '{':
		case '[':
			depth++;
			r->p++;
			break;
		case '}':
		case ']':
			depth--;
			r->p++;
			break;
		case ',':
		case ':':
			if (depth == 0)
				return -EINVAL;
			r->p++;
			break;
		default:
			while (r->p < r->end && !strchr("\"{}[],: \t\r\n", *r->p))
				r->p++;
			if (r->p < r->end && *r->p == '\0')
				return -EINVAL;
		}
	} while (depth > 0);
	return depth == 0 ? 0 : -EINVAL;
}

/* A string of a few bytes into a fixed buffer. */
static int take_short(struct reader *r, char *out, size_t size)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT_MAX(size - 1);

	if (take_string(r, &sb) < 0 || memchr(sb.data, 0, sb.len))
		return -EINVAL;
	memcpy(out, sb.data, sb.len + 1);
	return 0;
}

static int take_member(struct reader *r, struct strbuf *text, struct log_line *ret, bool *have_time)
{
	char key[16] = "", value[RFC3339_MAX];
	struct reader start = *r;

	if (take_short(r, key, sizeof(key)) < 0) {
		key[0] = '\0'; /* a long key: not one of ours */
		*r = start;
		if (take_string(r, NULL) < 0)
			return -EINVAL;
	}
	if (!take(r, ':') || !skip_blank(r))
		return -EINVAL;
	if (strcmp(key, "log") == 0) {
		strbuf_clear(text);
		return take_string(r, text);
	}
	if (strcmp(key, "stream") == 0) {
		if (take_short(r, value, sizeof(value)) < 0)
			return -EINVAL;
		ret->stream = strcmp(value, "stderr") == 0 ? LOG_STDERR : LOG_STDOUT;
		return 0;
	}
	if (strcmp(key, "time") == 0) {
		if (take_short(r, value, sizeof(value)) < 0)
			return -EINVAL;
		*have_time = true;
		return clock_parse_rfc3339(value, &ret->time_ns);
	}
	if (strcmp(key, "attrs") == 0 && *r->p == '{') {
		ret->attrs = r->p;
		if (skip_value(r) < 0)
			return -EINVAL;
		ret->n_attrs = (size_t)(r->p - ret->attrs);
		return 0;
	}
	return skip_value(r);
}

int json_file_decode(const char *record, size_t n, struct strbuf *text, struct log_line *ret)
{
	struct reader r = {record, record + n};
	struct log_line l = {.stream = LOG_STDOUT};
	bool have_time = false;

	strbuf_clear(text);
	if (!take(&r, '{'))
		return -EINVAL;
	if (!take(&r, '}')) {
		do {
			if (take_member(&r, text, &l, &have_time) < 0)
				return -EINVAL;
		} while (take(&r, ','));
		if (!take(&r, '}'))
			return -EINVAL;
	}
	if (skip_blank(&r) || !have_time)
		return -EINVAL;
	l.text = text->data;
	l.len = text->len;
	*ret = l;
	return 0;
}

/* Go's url.QueryEscape. */
static void add_query_escaped(struct strbuf *out, const char *s, size_t n)
{
	static const char hex[] = "0123456789ABCDEF";

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
		    c == '_' || c == '.' || c == '~') {
			strbuf_add_char(out, (char)c);
		} else if (c == ' ') {
			strbuf_add_char(out, '+');
		} else {
			strbuf_add_char(out, '%');
			strbuf_add_char(out, hex[c >> 4]);
			strbuf_add_char(out, hex[c & 15]);
		}
	}
}

void json_file_details(struct strbuf *out, const char *attrs, size_t n_attrs)
{
	_cleanup_strbuf_ struct strbuf s = STRBUF_INIT_MAX(JSON_FILE_RECORD_MAX);
	struct reader r = {attrs, attrs};
	size_t start = out->len;

	if (!attrs)
		return;
	r.end += n_attrs;
	if (!take(&r, '{'))
		return;
	do {
		strbuf_clear(&s);
		if (take_string(&r, &s) < 0 || !take(&r, ':'))
			return;
		if (out->len > start)
			strbuf_add_char(out, ',');
		add_query_escaped(out, s.data, s.len);
		strbuf_clear(&s);
		if (take_string(&r, &s) < 0)
			return;
		strbuf_add_char(out, '=');
		add_query_escaped(out, s.data, s.len);
	} while (take(&r, ','));
}
