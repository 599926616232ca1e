/* SPDX-License-Identifier: Apache-2.0 */
/* The functions a template may call: Go's own and those that docker adds. */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "format/template/template_priv.h"

bool template_truth(json_object *o)
{
	switch (json_object_get_type(o)) {
	case json_type_null:
		return false;
	case json_type_boolean:
		return json_object_get_boolean(o);
	case json_type_double:
		return json_object_get_double(o) != 0;
	case json_type_int:
		return json_object_get_int64(o) != 0;
	case json_type_string:
		return json_object_get_string_len(o) > 0;
	case json_type_array:
		return json_object_array_length(o) > 0;
	case json_type_object:
		return json_object_object_length(o) > 0;
	}
	return false;
}

static json_object *new_string(struct strbuf *sb)
{
	return json_object_new_string_len(sb->data, (int)sb->len);
}

/* Argument i as a string, or an error that names its type. */
static const char *want_string(json_object *const *args, size_t i, struct err *e)
{
	if (json_object_is_type(args[i], json_type_string))
		return json_object_get_string(args[i]);
	err_set(e, ERR_INVALID, "wrong type for value; expected string");
	return NULL;
}

static int want_int(json_object *const *args, size_t i, int64_t *ret, struct err *e)
{
	if (!json_object_is_type(args[i], json_type_int))
		return err_set(e, ERR_INVALID, "wrong type for value; expected int");
	*ret = json_object_get_int64(args[i]);
	return 0;
}

static int fn_json(json_object *const *args, size_t n, json_object **ret, struct err *e)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT_MAX(TEMPLATE_MAX_OUT);

	(void)n;
	(void)e;
	template_print_json(&sb, args[0], false, false);
	*ret = new_string(&sb);
	return 0;
}

static int fn_split(json_object *const *args, size_t n, json_object **ret, struct err *e)
{
	const char *s = want_string(args, 0, e), *sep = s ? want_string(args, 1, e) : NULL;
	size_t len;

	(void)n;
	if (!sep)
		return -1;
	len = strlen(sep);
	*ret = json_object_new_array();
	if (!len) {
		for (; *s;) {
			size_t k = 1;

			while (((unsigned char)s[k] & 0xc0) == 0x80)
				k++;
			json_object_array_add(*ret, json_object_new_string_len(s, (int)k));
			s += k;
		}
		return 0;
	}
	for (;;) {
		const char *at = strstr(s, sep);

		json_object_array_add(*ret, json_object_new_string_len(s, (int)(at ? (size_t)(at - s) : strlen(s))));
		if (!at)
			return 0;
		s = at + len;
	}
}

static int fn_join(json_object *const *args, size_t n, json_object **ret, struct err *e)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT_MAX(TEMPLATE_MAX_OUT);
	const char *sep = want_string(args, 1, e);

	(void)n;
	if (!sep)
		return -1;
	if (args[0] && !json_object_is_type(args[0], json_type_array))
		return err_set(e, ERR_INVALID, "wrong type for value; expected []string");
	for (size_t i = 0; args[0] && i < json_object_array_length(args[0]); i++) {
		if (i)
			strbuf_add_str(&sb, sep);
		template_print_value(&sb, json_object_array_get_idx(args[0], i));
	}
	*ret = new_string(&sb);
	return 0;
}

static int map_case(json_object *const *args, json_object **ret, int mode, struct err *e)
{
	_cleanup_free_ char *s = NULL;
	const char *in = want_string(args, 0, e);
	bool start = true;

	if (!in)
		return -1;
	s = xstrdup(in);
	for (char *p = s; *p; p++) {
		unsigned char c = (unsigned char)*p;

		if (mode == 'l')
			*p = (char)tolower(c);
		else if (mode == 'u' || start)
			*p = (char)toupper(c);
		start = isspace(c) || c == '-';
	}
	*ret = json_object_new_string(s);
	return 0;
}

static int fn_lower(json_object *const *args, size_t n, json_object **ret, struct err *e)
{
	(void)n;
	return map_case(args, ret, 'l', e);
}

static int fn_upper(json_object *const *args, size_t n, json_object **ret, struct err *e)
{
	(void)n;
	return map_case(args, ret, 'u', e);
}

static int fn_title(json_object *const *args, size_t n, json_object **ret, struct err *e)
{
	(void)n;
	return map_case(args, ret, 't', e);
}

static int fn_pad(json_object *const *args, size_t n, json_object **ret, struct err *e)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	const char *s = want_string(args, 0, e);
	int64_t before = 0, after = 0;

	(void)n;
	if (!s || want_int(args, 1, &before, e) < 0 || want_int(args, 2, &after, e) < 0)
		return -1;
	if (before < 0 || after < 0 || before > 10000 || after > 10000)
		return err_set(e, ERR_INVALID, "padding out of range");
	if (*s) {
		for (; before > 0; before--)
			strbuf_add_char(&sb, ' ');
		strbuf_add_str(&sb, s);
		for (; after > 0; after--)
			strbuf_add_char(&sb, ' ');
	}
	*ret = new_string(&sb);
	return 0;
}

static int fn_truncate(json_object *const *args, size_t n, json_object **ret, struct err *e)
{
	const char *s = want_string(args, 0, e);
	int64_t max = 0;

	(void)n;
	if (!s || want_int(args, 1, &max, e) < 0)
		return -1;
	if (max < 0 || (size_t)max > strlen(s))
		max = (int64_t)strlen(s);
	*ret = json_object_new_string_len(s, (int)max);
	return 0;
}

static int fn_print(json_object *const *args, size_t n, json_object **ret, struct err *e)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT_MAX(TEMPLATE_MAX_OUT);

	(void)e;
	template_sprint(&sb, args, n, false);
	*ret = new_string(&sb);
	return 0;
}

static int fn_println(json_object *const *args, size_t n, json_object **ret, struct err *e)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT_MAX(TEMPLATE_MAX_OUT);

	(void)e;
	template_sprint(&sb, args, n, true);
	*ret = new_string(&sb);
	return 0;
}

static int fn_printf(json_object *const *args, size_t n, json_object **ret, struct err *e)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT_MAX(TEMPLATE_MAX_OUT);
	const char *format = want_string(args, 0, e);

	if (!format)
		return -1;
	template_sprintf(&sb, format, args + 1, n - 1);
	*ret = new_string(&sb);
	return 0;
}

static int fn_len(json_object *const *args, size_t n, json_object **ret, struct err *e)
{
	int64_t len;

	(void)n;
	switch (json_object_get_type(args[0])) {
	case json_type_string:
		len = json_object_get_string_len(args[0]);
		break;
	case json_type_array:
		len = (int64_t)json_object_array_length(args[0]);
		break;
	case json_type_object:
		len = json_object_object_length(args[0]);
		break;
	case json_type_null:
		len = 0; /* docker's types make it a nil slice or map there */
		break;
	default:
		return err_set(e, ERR_INVALID, "len of type int");
	}
	*ret = json_object_new_int64(len);
	return 0;
}

static int fn_index(json_object *const *args, size_t n, json_object **ret, struct err *e)
{
	json_object *o = args[0];

	for (size_t i = 1; i < n; i++) {
		json_object *member = NULL;
		int64_t at = 0;

		if (!o)
			return err_set(e, ERR_INVALID, "index of untyped nil");
		if (json_object_is_type(o, json_type_object)) {
			const char *key = want_string(args, i, e);

			if (!key)
				return -1;
			json_object_object_get_ex(o, key, &member);
			o = member;
			continue;
		}
		if (want_int(args, i, &at, e) < 0)
			return err_set(e, ERR_INVALID, "cannot index slice/array with type string");
		if (json_object_is_type(o, json_type_array)) {
			if (at < 0 || (size_t)at >= json_object_array_length(o))
				return err_set(e, ERR_INVALID, "index out of range: %" PRId64, at);
			o = json_object_array_get_idx(o, (size_t)at);
			continue;
		}
		if (json_object_is_type(o, json_type_string)) {
			if (at < 0 || at >= json_object_get_string_len(o))
				return err_set(e, ERR_INVALID, "index out of range: %" PRId64, at);
			*ret = json_object_new_int64((unsigned char)json_object_get_string(o)[at]);
			return i + 1 == n ? 0 : err_set(e, ERR_INVALID, "can't index item of type uint8");
		}
		return err_set(e, ERR_INVALID, "can't index item of type int");
	}
	*ret = json_object_get(o);
	return 0;
}

static int fn_slice(json_object *const *args, size_t n, json_object **ret, struct err *e)
{
	bool is_string = json_object_is_type(args[0], json_type_string);
	int64_t from = 0, to, len;

	if (is_string)
		len = json_object_get_string_len(args[0]);
	else if (json_object_is_type(args[0], json_type_array))
		len = (int64_t)json_object_array_length(args[0]);
	else
		return err_set(e, ERR_INVALID, "can't slice item of type int");
	to = len;
	if ((n > 1 && want_int(args, 1, &from, e) < 0) || (n > 2 && want_int(args, 2, &to, e) < 0))
		return -1;
	if (from < 0 || from > len || to < 0 || to > len)
		return err_set(e, ERR_INVALID, "index out of range: %" PRId64, from < 0 || from > len ? from : to);
	if (from > to)
		return err_set(e, ERR_INVALID, "invalid slice index: %" PRId64 " > %" PRId64, from, to);
	if (is_string) {
		*ret = json_object_new_string_len(json_object_get_string(args[0]) + from, (int)(to - from));
		return 0;
	}
	*ret = json_object_new_array();
	for (; from < to; from++)
		json_object_array_add(*ret, json_object_get(json_object_array_get_idx(args[0], (size_t)from)));
	return 0;
}

static int fn_not(json_object *const *args, size_t n, json_object **ret, struct err *e)
{
	(void)n;
	(void)e;
	*ret = json_object_new_boolean(!template_truth(args[0]));
	return 0;
}

/* eval.c evaluates and/or itself; the table needs them to know the names. */
static int fn_logic(json_object *const *args, size_t n, json_object **ret, struct err *e)
{
	(void)args;
	(void)n;
	(void)ret;
	return err_set(e, ERR_BUG, "and/or are evaluated by the template");
}

static bool is_number(json_object *o)
{
	return json_object_is_type(o, json_type_int) || json_object_is_type(o, json_type_double);
}

/* -1, 0, 1; 2 when the types cannot be compared. */
static int compare(json_object *a, json_object *b, bool order)
{
	enum json_type ta = json_object_get_type(a), tb = json_object_get_type(b);

	if (is_number(a) && is_number(b)) {
		if (ta == json_type_int && tb == json_type_int) {
			int64_t x = json_object_get_int64(a), y = json_object_get_int64(b);

			return x < y ? -1 : x > y;
		}
		return json_object_get_double(a) < json_object_get_double(b)
			       ? -1
			       : json_object_get_double(a) > json_object_get_double(b);
	}
	if (ta != tb)
		return !order && (!a || !b) ? 1 : 2;
	if (ta == json_type_string) {
		int r = strcmp(json_object_get_string(a), json_object_get_string(b));

		return r < 0 ? -1 : r > 0;
	}
	if (!order && ta == json_type_boolean)
		return json_object_get_boolean(a) != json_object_get_boolean(b);
	if (!order && ta == json_type_null)
		return 0;
	return 2;
}

static int relation(json_object *const *args, json_object **ret, bool order, bool lt, bool eq, bool gt, struct err *e)
{
	int r = compare(args[0], args[1], order);

	if (r == 2) {
		enum json_type a = json_object_get_type(args[0]), b = json_object_get_type(args[1]);

		return err_set(e, ERR_INVALID,
			       a == b ? "invalid type for comparison" : "incompatible types for comparison");
	}
	*ret = json_object_new_boolean(r < 0 ? lt : r == 0 ? eq : gt);
	return 0;
}

static int fn_eq(json_object *const *args, size_t n, json_object **ret, struct err *e)
{
	bool found = false;

	for (size_t i = 1; i < n && !found; i++) {
		int r = compare(args[0], args[i], false);

		if (r == 2)
			return err_set(e, ERR_INVALID, "incompatible types for comparison");
		found = r == 0;
	}
	*ret = json_object_new_boolean(found);
	return 0;
}

#define RELATION(name, order, lt, eq, gt)                                                                              \
	static int name(json_object *const *args, size_t n, json_object **ret, struct err *e)                          \
	{                                                                                                              \
		(void)n;                                                                                               \
		return relation(args, ret, order, lt, eq, gt, e);                                                      \
	}
RELATION(fn_ne, false, true, false, true)
RELATION(fn_lt, true, true, false, false)
RELATION(fn_le, true, true, true, false)
RELATION(fn_gt, true, false, false, true)
RELATION(fn_ge, true, false, true, true)

static int escape_with(json_object *const *args, size_t n, json_object **ret, const char *(*fn)(unsigned char c))
{
	_cleanup_strbuf_ struct strbuf in = STRBUF_INIT_MAX(TEMPLATE_MAX_OUT), out = STRBUF_INIT_MAX(TEMPLATE_MAX_OUT);

	template_sprint(&in, args, n, false);
	for (size_t i = 0; i < in.len; i++) {
		const char *as = fn((unsigned char)in.data[i]);

		if (as)
			strbuf_add_str(&out, as);
		else
			strbuf_add_char(&out, in.data[i]);
	}
	*ret = new_string(&out);
	return 0;
}

static const char *html_escape(unsigned char c)
{
	switch (c) {
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '&':
		return "&amp;";
	case '"':
		return "&#34;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

static const char *js_escape(unsigned char c)
{
	switch (c) {
	case '\\':
		return "\\\\";
	case '\'':
		return "\\'";
	case '"':
		return "\\\"";
	case '<':
		return "\\u003C";
	case '>':
		return "\\u003E";
	case '&':
		return "\\u0026";
	case '=':
		return "\\u003D";
	case '\n':
		return "\\u000A";
	case '\r':
		return "\\u000D";
	case '\t':
		return "\\u0009";
	default:
		return NULL;
	}
}

static int fn_html(json_object *const *args, size_t n, json_object **ret, struct err *e)
{
	(void)e;
	return escape_with(args, n, ret, html_escape);
}

static int fn_js(json_object *const *args, size_t n, json_object **ret, struct err *e)
{
	(void)e;
	return escape_with(args, n, ret, js_escape);
}

static int fn_urlquery(json_object *const *args, size_t n, json_object **ret, struct err *e)
{
	_cleanup_strbuf_ struct strbuf in = STRBUF_INIT_MAX(TEMPLATE_MAX_OUT), out = STRBUF_INIT_MAX(TEMPLATE_MAX_OUT);

	(void)e;
	template_sprint(&in, args, n, false);
	for (size_t i = 0; i < in.len; i++) {
		unsigned char c = (unsigned char)in.data[i];

		if (isalnum(c) || strchr("-_.~", c))
			strbuf_add_char(&out, (char)c);
		else if (c == ' ')
			strbuf_add_char(&out, '+');
		else
			strbuf_addf(&out, "%%%02X", c);
	}
	*ret = new_string(&out);
	return 0;
}

static const struct template_func funcs[] = {
	{"and", 1, -1, fn_logic},
	{"or", 1, -1, fn_logic},
	{"not", 1, 1, fn_not},
	{"len", 1, 1, fn_len},
	{"index", 1, -1, fn_index},
	{"slice", 1, 3, fn_slice},
	{"print", 0, -1, fn_print},
	{"printf", 1, -1, fn_printf},
	{"println", 0, -1, fn_println},
	{"html", 0, -1, fn_html},
	{"js", 0, -1, fn_js},
	{"urlquery", 0, -1, fn_urlquery},
	{"eq", 2, -1, fn_eq},
	{"ne", 2, 2, fn_ne},
	{"lt", 2, 2, fn_lt},
	{"le", 2, 2, fn_le},
	{"gt", 2, 2, fn_gt},
	{"ge", 2, 2, fn_ge},
	{"json", 1, 1, fn_json},
	{"split", 2, 2, fn_split},
	{"join", 2, 2, fn_join},
	{"title", 1, 1, fn_title},
	{"lower", 1, 1, fn_lower},
	{"upper", 1, 1, fn_upper},
	{"pad", 3, 3, fn_pad},
	{"truncate", 2, 2, fn_truncate},
};

const struct template_func *template_func_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(funcs); i++)
		if (str_eq(funcs[i].name, name))
			return &funcs[i];
	return NULL;
}
