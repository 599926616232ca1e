/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON text -> json-c tree. A small strict parser (RFC 8259) instead of json-c's own, because bodies come from anyone:
 * it bounds the depth, refuses duplicate keys, bad UTF-8 and NUL, keeps the text of every number that is no 64-bit
 * integer, and words its errors as Go's encoding/json does. It never reads past text + n.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/strutil.h"
#include "format/json/json.h"

struct parser {
	const char *text;
	size_t n;
	size_t at;
	unsigned depth;
	struct strbuf scratch; /* the string being decoded */
	struct err *e;
};

static int value_parse(struct parser *p, json_object **ret);

/* Names the offending byte as Go does: quoted, escaped where it cannot be shown. */
static int fail_char(struct parser *p, const char *where)
{
	unsigned char c;

	if (p->at >= p->n)
		return err_set(p->e, ERR_INVALID, "unexpected end of JSON input (byte %zu)", p->at);
	c = (unsigned char)p->text[p->at];
	if (c == '\'' || c == '"')
		return err_set(p->e, ERR_INVALID, "invalid character '%s%c' %s (byte %zu)", c == '\'' ? "\\" : "", c,
			       where, p->at);
	if (c == '\n' || c == '\r' || c == '\t')
		return err_set(p->e, ERR_INVALID, "invalid character '\\%c' %s (byte %zu)",
			       c == '\n' ? 'n' : (c == '\r' ? 'r' : 't'), where, p->at);
	if (c < 0x20 || c >= 0x7f)
		return err_set(p->e, ERR_INVALID, "invalid character '\\x%02x' %s (byte %zu)", c, where, p->at);
	return err_set(p->e, ERR_INVALID, "invalid character '%c' %s (byte %zu)", c, where, p->at);
}

static void blanks_skip(struct parser *p)
{
	while (p->at < p->n) {
		char c = p->text[p->at];

		if (c != ' ' && c != '\t' && c != '\n' && c != '\r')
			return;
		p->at++;
	}
}

static bool char_is(const struct parser *p, char c)
{
	return p->at < p->n && p->text[p->at] == c;
}

static bool digit_is(const struct parser *p)
{
	return p->at < p->n && p->text[p->at] >= '0' && p->text[p->at] <= '9';
}

static void utf8_add(struct strbuf *sb, uint32_t c)
{
	char b[4];
	size_t n = 0;

	if (c < 0x80) {
		b[n++] = (char)c;
	} else if (c < 0x800) {
		b[n++] = (char)(0xc0 | (c >> 6));
		b[n++] = (char)(0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		b[n++] = (char)(0xe0 | (c >> 12));
		b[n++] = (char)(0x80 | ((c >> 6) & 0x3f));
		b[n++] = (char)(0x80 | (c & 0x3f));
	} else {
		b[n++] = (char)(0xf0 | (c >> 18));
		b[n++] = (char)(0x80 | ((c >> 12) & 0x3f));
		b[n++] = (char)(0x80 | ((c >> 6) & 0x3f));
		b[n++] = (char)(0x80 | (c & 0x3f));
	}
	strbuf_add(sb, b, n);
}

/* Four hex digits at p->at, or -1 without an error set. */
static int32_t hex4_peek(const struct parser *p, size_t at)
{
	int32_t v = 0;

	if (p->n - at < 4)
		return -1;
	for (size_t i = 0; i < 4; i++) {
		char c = p->text[at + i];

		if (c >= '0' && c <= '9')
			v = v * 16 + (c - '0');
		else if (c >= 'a' && c <= 'f')
			v = v * 16 + (c - 'a' + 10);
		else if (c >= 'A' && c <= 'F')
			v = v * 16 + (c - 'A' + 10);
		else
			return -1;
	}
	return v;
}

/* Behind "\u". Lone surrogates become U+FFFD, as in Go. */
static int unicode_escape(struct parser *p)
{
	int32_t lo, v = hex4_peek(p, p->at);

	if (v < 0)
		return fail_char(p, "in \\u hexadecimal character escape");
	if (v == 0)
		return err_set(p->e, ERR_INVALID, "NUL in a string (byte %zu)", p->at);
	p->at += 4;
	if (v >= 0xd800 && v < 0xe000) {
		lo = -1;
		if (v < 0xdc00 && p->n - p->at >= 6 && p->text[p->at] == '\\' && p->text[p->at + 1] == 'u')
			lo = hex4_peek(p, p->at + 2);
		if (lo >= 0xdc00 && lo < 0xe000) {
			p->at += 6;
			v = 0x10000 + ((v - 0xd800) << 10) + (lo - 0xdc00);
		} else {
			v = 0xfffd;
		}
	}
	utf8_add(&p->scratch, (uint32_t)v);
	return 0;
}

static int escape_parse(struct parser *p)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *hit;

	p->at++;
	if (p->at >= p->n)
		return fail_char(p, "in string escape code");
	if (p->text[p->at] == 'u') {
		p->at++;
		return unicode_escape(p);
	}
	hit = memchr(from, p->text[p->at], sizeof(from) - 1);
	if (!hit)
		return fail_char(p, "in string escape code");
	strbuf_add_char(&p->scratch, to[hit - from]);
	p->at++;
	return 0;
}

/* At the opening quote; the decoded bytes are in p->scratch afterwards. */
static int string_parse(struct parser *p)
{
	size_t start = p->at++;

	strbuf_clear(&p->scratch);
	for (;;) {
		size_t run = p->at;

		while (p->at < p->n && p->text[p->at] != '"' && p->text[p->at] != '\\' &&
		       (unsigned char)p->text[p->at] >= 0x20)
			p->at++;
		strbuf_add(&p->scratch, p->text + run, p->at - run);
		if (p->at >= p->n)
			return fail_char(p, "in string literal");
		if (p->text[p->at] == '"')
			break;
		if (p->text[p->at] != '\\')
			return fail_char(p, "in string literal");
		if (escape_parse(p) < 0)
			return -1;
	}
	p->at++;
	if (!str_is_utf8(p->scratch.data, p->scratch.len))
		return err_set(p->e, ERR_INVALID, "invalid UTF-8 in string literal (byte %zu)", start);
	return 0;
}

static int number_parse(struct parser *p, json_object **ret)
{
	char buf[64];
	size_t start = p->at, len;
	bool integer = true;
	const char *digits;
	uint64_t u;
	int64_t i;

	if (char_is(p, '-'))
		p->at++;
	if (!digit_is(p))
		return fail_char(p, "in numeric literal");
	if (char_is(p, '0'))
		p->at++;
	else
		while (digit_is(p))
			p->at++;
	if (char_is(p, '.')) {
		integer = false;
		p->at++;
		if (!digit_is(p))
			return fail_char(p, "after decimal point in numeric literal");
		while (digit_is(p))
			p->at++;
	}
	if (char_is(p, 'e') || char_is(p, 'E')) {
		integer = false;
		p->at++;
		if (char_is(p, '+') || char_is(p, '-'))
			p->at++;
		if (!digit_is(p))
			return fail_char(p, "in exponent of numeric literal");
		while (digit_is(p))
			p->at++;
	}
	len = p->at - start;
	if (len >= sizeof(buf))
		return err_set(p->e, ERR_INVALID, "number too long (byte %zu)", start);
	memcpy(buf, p->text + start, len);
	buf[len] = '\0';
	digits = buf[0] == '-' ? buf + 1 : buf;
	if (integer && strcmp(buf, "-0") != 0) {
		if (parse_i64(buf, &i) == 0) {
			*ret = json_object_new_int64(i);
			return 0;
		}
		if (digits == buf && parse_u64(buf, &u) == 0) {
			*ret = json_object_new_uint64(u);
			return 0;
		}
	}
	*ret = json_object_new_double_s(strtod(buf, NULL), buf);
	return 0;
}

static int literal_parse(struct parser *p, const char *word)
{
	char where[64];

	for (size_t i = 0; word[i]; i++, p->at++) {
		if (char_is(p, word[i]))
			continue;
		snprintf(where, sizeof(where), "in literal %s (expecting '%c')", word, word[i]);
		return fail_char(p, where);
	}
	return 0;
}

static int array_parse(struct parser *p, json_object **ret)
{
	_cleanup_json_ json_object *a = json_object_new_array();

	p->at++;
	blanks_skip(p);
	if (char_is(p, ']')) {
		p->at++;
		*ret = TAKE_PTR(a);
		return 0;
	}
	for (;;) {
		json_object *v = NULL;

		if (value_parse(p, &v) < 0)
			return -1;
		json_object_array_add(a, v);
		blanks_skip(p);
		if (char_is(p, ']'))
			break;
		if (!char_is(p, ','))
			return fail_char(p, "after array element");
		p->at++;
	}
	p->at++;
	json_object_array_shrink(a, 0);
	*ret = TAKE_PTR(a);
	return 0;
}

static int member_parse(struct parser *p, json_object *o)
{
	_cleanup_free_ char *key = NULL;
	json_object *v = NULL;
	size_t at = p->at;

	if (!char_is(p, '"'))
		return fail_char(p, "looking for beginning of object key string");
	if (string_parse(p) < 0)
		return -1;
	if (json_object_object_get_ex(o, p->scratch.data, NULL))
		return err_set(p->e, ERR_INVALID, "duplicate object key \"%.100s\" (byte %zu)", p->scratch.data, at);
	key = xstrdup(p->scratch.data);
	blanks_skip(p);
	if (!char_is(p, ':'))
		return fail_char(p, "after object key");
	p->at++;
	if (value_parse(p, &v) < 0)
		return -1;
	ASSERT(json_object_object_add_ex(o, key, v, JSON_C_OBJECT_ADD_KEY_IS_NEW) == 0);
	return 0;
}

static int object_parse(struct parser *p, json_object **ret)
{
	_cleanup_json_ json_object *o = json_object_new_object();

	p->at++;
	blanks_skip(p);
	if (char_is(p, '}')) {
		p->at++;
		*ret = TAKE_PTR(o);
		return 0;
	}
	for (;;) {
		blanks_skip(p);
		if (member_parse(p, o) < 0)
			return -1;
		blanks_skip(p);
		if (char_is(p, '}'))
			break;
		if (!char_is(p, ','))
			return fail_char(p, "after object key:value pair");
		p->at++;
	}
	p->at++;
	*ret = TAKE_PTR(o);
	return 0;
}

static int nested_parse(struct parser *p, json_object **ret)
{
	int r;

	if (p->depth >= LIMIT_JSON_DEPTH)
		return err_set(p->e, ERR_INVALID, "exceeded max depth of %d (byte %zu)", LIMIT_JSON_DEPTH, p->at);
	p->depth++;
	r = p->text[p->at] == '{' ? object_parse(p, ret) : array_parse(p, ret);
	p->depth--;
	return r;
}

static int value_parse(struct parser *p, json_object **ret)
{
	blanks_skip(p);
	if (p->at >= p->n)
		return fail_char(p, "");
	switch (p->text[p->at]) {
	case '{':
	case '[':
		return nested_parse(p, ret);
	case '"':
		if (string_parse(p) < 0)
			return -1;
		*ret = json_object_new_string_len(p->scratch.data, (int)p->scratch.len);
		return 0;
	case 't':
		*ret = NULL;
		if (literal_parse(p, "true") < 0)
			return -1;
		*ret = json_object_new_boolean(1);
		return 0;
	case 'f':
		if (literal_parse(p, "false") < 0)
			return -1;
		*ret = json_object_new_boolean(0);
		return 0;
	case 'n':
		*ret = NULL;
		return literal_parse(p, "null");
	default:
		if (char_is(p, '-') || digit_is(p))
			return number_parse(p, ret);
		return fail_char(p, "looking for beginning of value");
	}
}

int json_parse(const char *text, size_t n, json_object **ret, struct err *e)
{
	struct parser p = {.text = text, .n = n, .scratch = STRBUF_INIT, .e = e};
	_cleanup_json_ json_object *v = NULL;
	int r;

	/* json-c counts in int. */
	if (n > INT32_MAX)
		return err_set(e, ERR_TOO_LARGE, "JSON document too large");
	r = value_parse(&p, &v);
	if (r == 0) {
		blanks_skip(&p);
		if (p.at < n)
			r = err_set(e, ERR_INVALID, "unexpected content after JSON (byte %zu)", p.at);
	}
	strbuf_done(&p.scratch);
	if (r == 0)
		*ret = TAKE_PTR(v);
	return r;
}

/* --- looking at a tree --- */

json_object *json_member(json_object *obj, const char *name)
{
	json_object *v = NULL;

	if (!obj || !json_object_is_type(obj, json_type_object))
		return NULL;
	return json_object_object_get_ex(obj, name, &v) ? v : NULL;
}

const char *json_member_str(json_object *obj, const char *name, const char *fallback)
{
	json_object *v = json_member(obj, name);

	return v && json_object_is_type(v, json_type_string) ? json_object_get_string(v) : fallback;
}

int64_t json_member_int(json_object *obj, const char *name, int64_t fallback)
{
	json_object *v = json_member(obj, name);

	return v && json_object_is_type(v, json_type_int) ? json_object_get_int64(v) : fallback;
}

bool json_member_bool(json_object *obj, const char *name, bool fallback)
{
	json_object *v = json_member(obj, name);

	return v && json_object_is_type(v, json_type_boolean) ? json_object_get_boolean(v) : fallback;
}
