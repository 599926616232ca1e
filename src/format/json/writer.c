/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The streaming writer: prints byte for byte as Go's encoding/json does with SetEscapeHTML(false). It is sticky through
 * its strbuf: once the limit is passed nothing more is added, and the caller looks at `overflow` once.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "format/json/json.h"

#define DEPTH_MAX 64

void json_writer_init(struct json_writer *w, struct strbuf *out)
{
	*w = (struct json_writer){.out = out};
}

static void value_begin(struct json_writer *w)
{
	if (w->comma)
		strbuf_add_char(w->out, ',');
	w->comma = true;
}

static void level_open(struct json_writer *w, char c, bool object)
{
	ASSERT(w->depth < DEPTH_MAX);
	value_begin(w);
	strbuf_add_char(w->out, c);
	w->stack = (w->stack << 1) | object;
	w->depth++;
	w->comma = false;
}

static void level_close(struct json_writer *w, char c, bool object)
{
	ASSERT(w->depth > 0 && (w->stack & 1) == object);
	strbuf_add_char(w->out, c);
	w->stack >>= 1;
	w->depth--;
	w->comma = true;
}

void json_object_begin(struct json_writer *w)
{
	level_open(w, '{', true);
}

void json_object_close(struct json_writer *w)
{
	level_close(w, '}', true);
}

void json_array_begin(struct json_writer *w)
{
	level_open(w, '[', false);
}

void json_array_close(struct json_writer *w)
{
	level_close(w, ']', false);
}

/* Bytes of the well-formed UTF-8 sequence at s (no overlong forms, no surrogates), 0 when it is broken. */
static size_t utf8_len(const unsigned char *s, size_t n)
{
	unsigned char lo = 0x80, hi = 0xbf;
	size_t len;

	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		len = 2;
	else if (s[0] >= 0xe0 && s[0] <= 0xef)
		len = 3;
	else if (s[0] >= 0xf0 && s[0] <= 0xf4)
		len = 4;
	else
		return 0;
	if (s[0] == 0xe0)
		lo = 0xa0;
	else if (s[0] == 0xed)
		hi = 0x9f;
	else if (s[0] == 0xf0)
		lo = 0x90;
	else if (s[0] == 0xf4)
		hi = 0x8f;
	if (n < len || s[1] < lo || s[1] > hi)
		return 0;
	for (size_t i = 2; i < len; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

static void ascii_escape(struct strbuf *out, unsigned char c)
{
	static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
	const char *hit = memchr(from, c, sizeof(from) - 1);

	if (hit) {
		char b[2] = {'\\', to[hit - from]};

		strbuf_add(out, b, 2);
	} else {
		strbuf_addf(out, "\\u%04x", c);
	}
}

static void quoted_add(struct strbuf *out, const char *text, size_t n)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t run = 0, i = 0;

	strbuf_add_char(out, '"');
	while (i < n) {
		size_t len;

		if (s[i] < 0x80) {
			if (s[i] >= 0x20 && s[i] != '"' && s[i] != '\\') {
				i++;
				continue;
			}
			strbuf_add(out, text + run, i - run);
			ascii_escape(out, s[i]);
			run = ++i;
			continue;
		}
		len = utf8_len(s + i, n - i);
		/* Go escapes U+2028 and U+2029 always: they end lines in JavaScript. */
		if (len == 3 && s[i] == 0xe2 && s[i + 1] == 0x80 && (s[i + 2] & 0xfe) == 0xa8) {
			strbuf_add(out, text + run, i - run);
			strbuf_add_str(out, s[i + 2] == 0xa8 ? "\\u2028" : "\\u2029");
			run = i += 3;
		} else if (len == 0) {
			strbuf_add(out, text + run, i - run);
			strbuf_add_str(out, "\\ufffd");
			run = ++i;
		} else {
			i += len;
		}
	}
	strbuf_add(out, text + run, n - run);
	strbuf_add_char(out, '"');
}

void json_key(struct json_writer *w, const char *key)
{
	ASSERT(w->depth > 0 && (w->stack & 1));
	value_begin(w);
	quoted_add(w->out, key, strlen(key));
	strbuf_add_char(w->out, ':');
	w->comma = false;
}

void json_strn(struct json_writer *w, const char *s, size_t n)
{
	value_begin(w);
	quoted_add(w->out, s, n);
}

void json_str(struct json_writer *w, const char *s)
{
	if (s)
		json_strn(w, s, strlen(s));
	else
		json_null(w);
}

void json_uint(struct json_writer *w, uint64_t v)
{
	char b[24];
	size_t at = sizeof(b);

	value_begin(w);
	do {
		b[--at] = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	strbuf_add(w->out, b + at, sizeof(b) - at);
}

void json_int(struct json_writer *w, int64_t v)
{
	if (v < 0) {
		value_begin(w);
		strbuf_add_char(w->out, '-');
		w->comma = false;
		json_uint(w, (uint64_t)0 - (uint64_t)v);
	} else {
		json_uint(w, (uint64_t)v);
	}
}

/* The shortest decimal that reads back as v, laid out as Go does: plain between 1e-6 and 1e21, else with exponent. */
void json_double(struct json_writer *w, double v)
{
	char b[48], digits[24];
	int exp10 = 0, n = 0;

	if (!isfinite(v)) {
		json_null(w); /* Go refuses to encode these */
		return;
	}
	value_begin(w);
	if (v == 0) {
		strbuf_add_str(w->out, signbit(v) ? "-0" : "0");
		return;
	}
	for (int prec = 0; prec < 17; prec++) {
		snprintf(b, sizeof(b), "%.*e", prec, v);
		if (strtod(b, NULL) == v)
			break;
	}
	for (const char *p = b; *p; p++) {
		if (*p >= '0' && *p <= '9') {
			digits[n++] = *p;
		} else if (*p == 'e') {
			exp10 = (int)strtol(p + 1, NULL, 10);
			break;
		}
	}
	if (v < 0)
		strbuf_add_char(w->out, '-');
	if (exp10 < -6 || exp10 >= 21) {
		strbuf_add(w->out, digits, 1);
		if (n > 1) {
			strbuf_add_char(w->out, '.');
			strbuf_add(w->out, digits + 1, (size_t)n - 1);
		}
		/* Go prints e-9 but e+21. */
		strbuf_addf(w->out, "e%c%d", exp10 < 0 ? '-' : '+', exp10 < 0 ? -exp10 : exp10);
		return;
	}
	if (exp10 < 0)
		strbuf_add_str(w->out, "0.");
	for (int i = exp10 + 1; i < 0; i++)
		strbuf_add_char(w->out, '0');
	for (int i = 0; i < n || i <= exp10; i++) {
		if (exp10 >= 0 && i == exp10 + 1)
			strbuf_add_char(w->out, '.');
		strbuf_add_char(w->out, i < n ? digits[i] : '0');
	}
}

void json_bool(struct json_writer *w, bool v)
{
	json_raw(w, v ? "true" : "false");
}

void json_null(struct json_writer *w)
{
	json_raw(w, "null");
}

void json_raw(struct json_writer *w, const char *json)
{
	value_begin(w);
	strbuf_add_str(w->out, json);
}

void json_strv(struct json_writer *w, char *const *v)
{
	if (!v) {
		json_null(w);
		return;
	}
	json_array_begin(w);
	for (; *v; v++)
		json_str(w, *v);
	json_array_close(w);
}

void json_time(struct json_writer *w, int64_t ns)
{
	char b[RFC3339_MAX];

	clock_format_rfc3339(ns, b);
	json_str(w, b);
}

void json_tree(struct json_writer *w, json_object *v)
{
	switch (json_object_get_type(v)) {
	case json_type_null:
		json_null(w);
		break;
	case json_type_boolean:
		json_bool(w, json_object_get_boolean(v));
		break;
	case json_type_int:
		if (json_object_get_int64(v) < 0)
			json_int(w, json_object_get_int64(v));
		else
			json_uint(w, json_object_get_uint64(v));
		break;
	case json_type_double:
		/* the text it was parsed from */
		json_raw(w, json_object_to_json_string_ext(v, JSON_C_TO_STRING_PLAIN));
		break;
	case json_type_string:
		json_strn(w, json_object_get_string(v), (size_t)json_object_get_string_len(v));
		break;
	case json_type_array:
		json_array_begin(w);
		for (size_t i = 0; i < json_object_array_length(v); i++)
			json_tree(w, json_object_array_get_idx(v, i));
		json_array_close(w);
		break;
	case json_type_object:
		json_object_begin(w);
		{
			json_object_object_foreach(v, key, member)
			{
				json_key(w, key);
				json_tree(w, member);
			}
		}
		json_object_close(w);
		break;
	}
}

void json_kstr(struct json_writer *w, const char *key, const char *s)
{
	json_key(w, key);
	json_str(w, s);
}

void json_kint(struct json_writer *w, const char *key, int64_t v)
{
	json_key(w, key);
	json_int(w, v);
}

void json_kbool(struct json_writer *w, const char *key, bool v)
{
	json_key(w, key);
	json_bool(w, v);
}

void json_kstrv(struct json_writer *w, const char *key, char *const *v)
{
	json_key(w, key);
	json_strv(w, v);
}

void json_ktime(struct json_writer *w, const char *key, int64_t ns)
{
	json_key(w, key);
	json_time(w, ns);
}
