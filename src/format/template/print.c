/* SPDX-License-Identifier: Apache-2.0 */
/* Values as Go's fmt and encoding/json print them. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/strutil.h"
#include "base/strv.h"
#include "format/template/template_priv.h"

/* strconv 'g' with the shortest digits that read back, as %v has it: exponent form below 1e-4 and from 1e21. */
static void print_double(struct strbuf *out, double d, bool json)
{
	char s[64];
	int digits;
	double a = fabs(d);

	if (isnan(d) || isinf(d)) {
		strbuf_add_str(out, isnan(d) ? "NaN" : d > 0 ? "+Inf" : "-Inf");
		return;
	}
	for (digits = 1; digits < 17; digits++) {
		snprintf(s, sizeof(s), "%.*e", digits - 1, d);
		if (strtod(s, NULL) == d)
			break;
	}
	if (a != 0 && (a < (json ? 1e-6 : 1e-4) || a >= 1e21)) {
		snprintf(s, sizeof(s), "%.*e", digits - 1, d);
		strbuf_add_str(out, s);
		return;
	}
	if (a >= 1)
		digits = MAX(digits - 1 - (int)floor(log10(a)), 0);
	else if (a > 0)
		digits = digits - 1 - (int)floor(log10(a));
	else
		digits = 0;
	strbuf_addf(out, "%.*f", digits, d);
}

static char **sorted_keys(json_object *o)
{
	char **keys = strv_new();

	json_object_object_foreach(o, key, val)
	{
		(void)val;
		strv_add(&keys, key);
	}
	strv_sort(keys);
	return keys;
}

static void print_map(struct strbuf *out, json_object *o)
{
	_cleanup_strv_ char **keys = sorted_keys(o);

	strbuf_add_str(out, "map[");
	for (size_t i = 0; keys[i]; i++) {
		json_object *v = NULL;

		json_object_object_get_ex(o, keys[i], &v);
		strbuf_addf(out, "%s%s:", i ? " " : "", keys[i]);
		template_print_value(out, v);
	}
	strbuf_add_char(out, ']');
}

void template_print_value(struct strbuf *out, json_object *o)
{
	switch (json_object_get_type(o)) {
	case json_type_null:
		strbuf_add_str(out, "<nil>");
		return;
	case json_type_boolean:
		strbuf_add_str(out, json_object_get_boolean(o) ? "true" : "false");
		return;
	case json_type_double:
		print_double(out, json_object_get_double(o), false);
		return;
	case json_type_int:
		if (json_object_get_int64(o) == INT64_MAX)
			strbuf_addf(out, "%" PRIu64, json_object_get_uint64(o));
		else
			strbuf_addf(out, "%" PRId64, json_object_get_int64(o));
		return;
	case json_type_string:
		strbuf_add(out, json_object_get_string(o), (size_t)json_object_get_string_len(o));
		return;
	case json_type_array:
		strbuf_add_char(out, '[');
		for (size_t i = 0; i < json_object_array_length(o); i++) {
			if (i)
				strbuf_add_char(out, ' ');
			template_print_value(out, json_object_array_get_idx(o, i));
		}
		strbuf_add_char(out, ']');
		return;
	case json_type_object:
		print_map(out, o);
		return;
	}
}

static void print_json_string(struct strbuf *out, const char *s, size_t n, bool html)
{
	static const char names[] = "\b\f\n\r\t", letters[] = "bfnrt";

	strbuf_add_char(out, '"');
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];
		const char *at = c ? memchr(names, c, sizeof(names) - 1) : NULL;

		if (c == '"' || c == '\\')
			strbuf_addf(out, "\\%c", c);
		else if (at)
			strbuf_addf(out, "\\%c", letters[at - names]);
		else if (c < 0x20 || (html && (c == '<' || c == '>' || c == '&')))
			strbuf_addf(out, "\\u%04x", c);
		else if (c == 0xe2 && i + 2 < n && (unsigned char)s[i + 1] == 0x80 &&
			 ((unsigned char)s[i + 2] & 0xfe) == 0xa8) {
			strbuf_addf(out, "\\u%04x", 0x2028u + ((unsigned char)s[i + 2] & 1u)); /* line separators */
			i += 2;
		} else
			strbuf_add_char(out, (char)c);
	}
	strbuf_add_char(out, '"');
}

void template_print_json(struct strbuf *out, json_object *o, bool sort, bool html)
{
	switch (json_object_get_type(o)) {
	case json_type_null:
		strbuf_add_str(out, "null");
		return;
	case json_type_double:
		print_double(out, json_object_get_double(o), true);
		return;
	case json_type_boolean:
	case json_type_int:
		template_print_value(out, o);
		return;
	case json_type_string:
		print_json_string(out, json_object_get_string(o), (size_t)json_object_get_string_len(o), html);
		return;
	case json_type_array:
		strbuf_add_char(out, '[');
		for (size_t i = 0; i < json_object_array_length(o); i++) {
			if (i)
				strbuf_add_char(out, ',');
			template_print_json(out, json_object_array_get_idx(o, i), sort, html);
		}
		strbuf_add_char(out, ']');
		return;
	case json_type_object:
		break;
	}
	strbuf_add_char(out, '{');
	if (sort) {
		_cleanup_strv_ char **keys = sorted_keys(o);

		for (size_t i = 0; keys[i]; i++) {
			json_object *v = NULL;

			json_object_object_get_ex(o, keys[i], &v);
			if (i)
				strbuf_add_char(out, ',');
			print_json_string(out, keys[i], strlen(keys[i]), html);
			strbuf_add_char(out, ':');
			template_print_json(out, v, sort, html);
		}
	} else {
		bool first = true;

		json_object_object_foreach(o, key, v)
		{
			if (!first)
				strbuf_add_char(out, ',');
			first = false;
			print_json_string(out, key, strlen(key), html);
			strbuf_add_char(out, ':');
			template_print_json(out, v, sort, html);
		}
	}
	strbuf_add_char(out, '}');
}

void template_sprint(struct strbuf *out, json_object *const *args, size_t n, bool line)
{
	for (size_t i = 0; i < n; i++) {
		bool strings = json_object_is_type(args[i], json_type_string) ||
			       (i && json_object_is_type(args[i - 1], json_type_string));

		if (i && (line || !strings))
			strbuf_add_char(out, ' ');
		template_print_value(out, args[i]);
	}
	if (line)
		strbuf_add_char(out, '\n');
}

static void pad(struct strbuf *out, const char *s, size_t n, int width, bool left, bool zero)
{
	size_t runes = 0, fill;

	for (size_t i = 0; i < n; i++)
		runes += ((unsigned char)s[i] & 0xc0) != 0x80;
	fill = width > 0 && (size_t)width > runes ? (size_t)width - runes : 0;
	if (left)
		strbuf_add(out, s, n);
	for (; fill; fill--)
		strbuf_add_char(out, zero && !left ? '0' : ' ');
	if (!left)
		strbuf_add(out, s, n);
}

struct verb {
	bool minus, plus, zero, sharp;
	int width, precision; /* -1: none */
	char c;
};

static const char *parse_verb(const char *p, struct verb *v)
{
	*v = (struct verb){.width = -1, .precision = -1};
	for (; *p && strchr("-+0# ", *p); p++) {
		v->minus |= *p == '-';
		v->plus |= *p == '+';
		v->zero |= *p == '0';
		v->sharp |= *p == '#';
	}
	for (; *p >= '0' && *p <= '9'; p++)
		v->width = MIN((v->width < 0 ? 0 : v->width) * 10 + (*p - '0'), 10000);
	if (*p == '.') {
		v->precision = 0;
		for (p++; *p >= '0' && *p <= '9'; p++)
			v->precision = MIN(v->precision * 10 + (*p - '0'), 1000);
	}
	v->c = *p;
	return p;
}

/* The operand under one verb; false when the verb does not fit its type. */
static bool format_operand(struct strbuf *s, const struct verb *v, json_object *o)
{
	enum json_type type = json_object_get_type(o);

	switch (v->c) {
	case 'v':
		if (v->sharp && type == json_type_string)
			print_json_string(s, json_object_get_string(o), (size_t)json_object_get_string_len(o), false);
		else
			template_print_value(s, o);
		return true;
	case 's':
		template_print_value(s, o);
		if (v->precision >= 0 && s->len > (size_t)v->precision)
			strbuf_truncate(s, (size_t)v->precision);
		return type != json_type_int && type != json_type_double && type != json_type_boolean;
	case 'q':
		if (type != json_type_string)
			return false;
		print_json_string(s, json_object_get_string(o), (size_t)json_object_get_string_len(o), false);
		return true;
	case 'd':
		if (type != json_type_int)
			return false;
		strbuf_addf(s, v->plus ? "%+" PRId64 : "%" PRId64, json_object_get_int64(o));
		return true;
	case 'x':
	case 'X':
		if (type == json_type_int) {
			strbuf_addf(s, v->c == 'x' ? "%" PRIx64 : "%" PRIX64, (uint64_t)json_object_get_int64(o));
			return true;
		}
		if (type != json_type_string)
			return false;
		for (int i = 0; i < json_object_get_string_len(o); i++)
			strbuf_addf(s, v->c == 'x' ? "%02x" : "%02X", (unsigned char)json_object_get_string(o)[i]);
		return true;
	case 'o':
	case 'b':
		if (type != json_type_int)
			return false;
		strbuf_addf(s, "%" PRIo64, (uint64_t)json_object_get_int64(o));
		return v->c == 'o';
	case 't':
		template_print_value(s, o);
		return type == json_type_boolean;
	case 'f':
	case 'e':
	case 'g':
		if (type != json_type_double)
			return false;
		if (v->c == 'f')
			strbuf_addf(s, "%.*f", v->precision < 0 ? 6 : v->precision, json_object_get_double(o));
		else if (v->c == 'e')
			strbuf_addf(s, "%.*e", v->precision < 0 ? 6 : v->precision, json_object_get_double(o));
		else
			print_double(s, json_object_get_double(o), false);
		return true;
	default:
		return false;
	}
}

static const char *go_type(json_object *o)
{
	static const char *const names[] = {
		[json_type_null] = "<nil>",
		[json_type_boolean] = "bool",
		[json_type_double] = "float64",
		[json_type_int] = "int",
		[json_type_string] = "string",
		[json_type_array] = "[]interface {}",
		[json_type_object] = "map[string]interface {}",
	};

	return names[json_object_get_type(o)];
}

int template_sprintf(struct strbuf *out, const char *format, json_object *const *args, size_t n)
{
	size_t used = 0;

	for (const char *p = format; *p; p++) {
		_cleanup_strbuf_ struct strbuf s = STRBUF_INIT;
		struct verb v;

		if (*p != '%') {
			strbuf_add_char(out, *p);
			continue;
		}
		p = parse_verb(p + 1, &v);
		if (!v.c) {
			strbuf_add_str(out, "%!(NOVERB)");
			break;
		}
		if (v.c == '%') {
			strbuf_add_char(out, '%');
			continue;
		}
		if (used >= n) {
			strbuf_addf(out, "%%!%c(MISSING)", v.c);
			continue;
		}
		if (!format_operand(&s, &v, args[used])) {
			strbuf_addf(out, "%%!%c(%s=", v.c, go_type(args[used]));
			template_print_value(out, args[used++]);
			strbuf_add_char(out, ')');
			continue;
		}
		used++;
		pad(out, s.data, s.len, v.width, v.minus, v.zero);
	}
	if (used < n) {
		strbuf_add_str(out, "%!(EXTRA ");
		for (size_t i = used; i < n; i++) {
			strbuf_addf(out, "%s%s=", i > used ? ", " : "", go_type(args[i]));
			template_print_value(out, args[i]);
		}
		strbuf_add_char(out, ')');
	}
	return 0;
}
