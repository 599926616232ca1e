/* SPDX-License-Identifier: Apache-2.0 */
/* JSON: the parser's strictness, the writer against what Go prints, field tables both ways. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "format/json/json.h"

static char *rewrite(const char *text, struct err *e)
{
	_cleanup_json_ json_object *v = NULL;
	struct strbuf sb = STRBUF_INIT;
	struct json_writer w;

	if (json_parse(text, strlen(text), &v, e) < 0)
		return NULL;
	json_writer_init(&w, &sb);
	json_tree(&w, v);
	return strbuf_steal(&sb);
}

static void parse_accepts(void **state)
{
	static const char *const rows[][2] = {
		{"null", "null"},
		{" true ", "true"},
		{"\r\n\t[1, -2,\"a\"]\n", "[1,-2,\"a\"]"},
		{"{}", "{}"},
		{"[]", "[]"},
		{"{\"a\":{\"b\":[null,false]}}", "{\"a\":{\"b\":[null,false]}}"},
		{"18446744073709551615", "18446744073709551615"},
		{"-9223372036854775808", "-9223372036854775808"},
		{"18446744073709551616", "18446744073709551616"},
		{"1.50", "1.50"},
		{"1e400", "1e400"},
		{"-0", "-0"},
		{"\"\\u00e9\\ud83d\\ude00\\ud800x\\/\"", "\"é😀\xef\xbf\xbdx/\""},
		{"\"\\ud800\\u0041\"", "\"\xef\xbf\xbd\x41\""},
		{"\"<>&\\u2028\\u0001\\b\"", "\"<>&\\u2028\\u0001\\b\""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct err e = ERR_INIT;
		_cleanup_free_ char *got = rewrite(rows[i][0], &e);

		assert_string_equal(e.msg, "");
		assert_non_null(got);
		assert_string_equal(got, rows[i][1]);
	}
}

static void parse_refuses(void **state)
{
	static const char *const rows[][2] = {
		{"", "unexpected end of JSON input"},
		{"{", "unexpected end of JSON input"},
		{"{\"a\"", "unexpected end of JSON input"},
		{"[1,]", "invalid character ']' looking for beginning of value"},
		{"{,}", "invalid character ',' looking for beginning of object key string"},
		{"{\"a\":1,}", "invalid character '}' looking for beginning of object key string"},
		{"{a:1}", "invalid character 'a' looking for beginning of object key string"},
		{"{'a':1}", "invalid character '\\'' looking for beginning of object key string"},
		{"{\"a\" 1}", "invalid character '1' after object key"},
		{"{\"a\":1 2}", "invalid character '2' after object key:value pair"},
		{"[1 2]", "invalid character '2' after array element"},
		{"01", "unexpected content after JSON"},
		{"1.", "unexpected end of JSON input"},
		{".5", "invalid character '.' looking for beginning of value"},
		{"1e+", "unexpected end of JSON input"},
		{"-", "unexpected end of JSON input"},
		{"-a", "invalid character 'a' in numeric literal"},
		{"+1", "invalid character '+' looking for beginning of value"},
		{"NaN", "invalid character 'N' looking for beginning of value"},
		{"Infinity", "invalid character 'I' looking for beginning of value"},
		{"tru", "unexpected end of JSON input"},
		{"trux", "invalid character 'x' in literal true (expecting 'e')"},
		{"{} {}", "unexpected content after JSON"},
		{"{}x", "unexpected content after JSON"},
		{"\"a\nb\"", "invalid character '\\n' in string literal"},
		{"\"\\x\"", "invalid character 'x' in string escape code"},
		{"\"\\u12g4\"", "in \\u hexadecimal character escape"},
		{"\"\\u0000\"", "NUL in a string"},
		{"\"\xff\"", "invalid UTF-8"},
		{"\"\xc0\x80\"", "invalid UTF-8"},
		{"\"\xed\xa0\x80\"", "invalid UTF-8"},
		{"{\"a\":1,\"a\":2}", "duplicate object key \"a\""},
		{"{\"\\u0061\":1,\"a\":2}", "duplicate object key \"a\""},
		{"/*x*/1", "invalid character '/' looking for beginning of value"},
		{"\xef\xbb\xbf{}", "invalid character '\\xef' looking for beginning of value"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct err e = ERR_INIT;
		_cleanup_free_ char *got = rewrite(rows[i][0], &e);

		if (got)
			fail_msg("%s was taken as %s", rows[i][0], got);
		assert_int_equal(e.kind, ERR_INVALID);
		if (!strstr(e.msg, rows[i][1]))
			fail_msg("%s: %s, wanted %s", rows[i][0], e.msg, rows[i][1]);
	}
}

static void parse_bounds_depth(void **state)
{
	char text[2 * LIMIT_JSON_DEPTH + 3];
	json_object *v = NULL;
	struct err e = ERR_INIT;

	(void)state;
	memset(text, '[', LIMIT_JSON_DEPTH);
	memset(text + LIMIT_JSON_DEPTH, ']', LIMIT_JSON_DEPTH);
	assert_int_equal(json_parse(text, 2 * LIMIT_JSON_DEPTH, &v, &e), 0);
	json_object_put(v);
	memset(text, '[', LIMIT_JSON_DEPTH + 1);
	memset(text + LIMIT_JSON_DEPTH + 1, ']', LIMIT_JSON_DEPTH + 1);
	assert_int_equal(json_parse(text, 2 * LIMIT_JSON_DEPTH + 2, &v, &e), -1);
	assert_non_null(strstr(e.msg, "max depth"));
}

static void parse_stays_inside(void **state)
{
	json_object *v = NULL;
	char *text = xmemdup0("[1,23]", 6), *heap = malloc(5);

	(void)state;
	/* every prefix, in a block of just its size, so that a sanitizer sees a step too far */
	for (size_t n = 0; n < 6; n++) {
		heap = realloc(heap, n ? n : 1);
		memcpy(heap, text, n);
		assert_int_equal(json_parse(heap, n, &v, NULL), -1);
	}
	free(heap);
	free(text);
}

static void members(void **state)
{
	static const char text[] = "{\"s\":\"x\",\"n\":7,\"b\":true,\"z\":null}";
	_cleanup_json_ json_object *v = NULL;

	(void)state;
	assert_int_equal(json_parse(text, sizeof(text) - 1, &v, NULL), 0);
	assert_string_equal(json_member_str(v, "s", "d"), "x");
	assert_string_equal(json_member_str(v, "n", "d"), "d");
	assert_int_equal(json_member_int(v, "n", 1), 7);
	assert_int_equal(json_member_int(v, "none", 1), 1);
	assert_true(json_member_bool(v, "b", false));
	assert_null(json_member(v, "z"));
	assert_null(json_member(NULL, "z"));
	assert_null(json_member(json_member(v, "s"), "z"));
}

/* Right column: what Go 1.22's json.Marshal prints. */
static void writes_doubles_as_go(void **state)
{
	static const struct {
		double v;
		const char *text;
	} rows[] = {
		{0, "0"},
		{-0.0, "-0"},
		{1, "1"},
		{-1.5, "-1.5"},
		{0.1, "0.1"},
		{1e20, "100000000000000000000"},
		{1e21, "1e+21"},
		{1.5e300, "1.5e+300"},
		{0.000001, "0.000001"},
		{0.00000123, "0.00000123"},
		{1e-7, "1e-7"},
		{1.25e-10, "1.25e-10"},
		{123456.789, "123456.789"},
		{3.141592653589793, "3.141592653589793"},
		{5e-324, "5e-324"},
		{1.7976931348623157e308, "1.7976931348623157e+308"},
		{100, "100"},
		{120, "120"},
		{NAN, "null"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
		struct json_writer w;

		json_writer_init(&w, &sb);
		json_double(&w, rows[i].v);
		assert_string_equal(sb.data, rows[i].text);
	}
}

static void writes_all_kinds(void **state)
{
	char *v[] = {"a", "b\"", NULL};
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	struct json_writer w;

	(void)state;
	json_writer_init(&w, &sb);
	json_object_begin(&w);
	json_kstr(&w, "s", "tab\tq\"\\ \x7f\xff <&>");
	json_kstr(&w, "null", NULL);
	json_kint(&w, "min", INT64_MIN);
	json_key(&w, "max");
	json_uint(&w, UINT64_MAX);
	json_kbool(&w, "b", true);
	json_kstrv(&w, "v", v);
	json_kstrv(&w, "none", NULL);
	json_ktime(&w, "t", 0);
	json_key(&w, "a");
	json_array_begin(&w);
	json_array_begin(&w);
	json_array_close(&w);
	json_object_begin(&w);
	json_object_close(&w);
	json_raw(&w, "{\"x\":1}");
	json_int(&w, -5);
	json_int(&w, -6);
	json_array_close(&w);
	json_object_close(&w);
	assert_string_equal(sb.data,
			    "{\"s\":\"tab\\tq\\\"\\\\ \x7f\\ufffd <&>\",\"null\":null,\"min\":-9223372036854775808,"
			    "\"max\":18446744073709551615,\"b\":true,\"v\":[\"a\",\"b\\\"\"],\"none\":null,"
			    "\"t\":\"0001-01-01T00:00:00Z\",\"a\":[[],{},{\"x\":1},-5,-6]}");
}

static void writer_is_sticky(void **state)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT_MAX(8);
	struct json_writer w;

	(void)state;
	json_writer_init(&w, &sb);
	json_str(&w, "a long text that does not fit");
	assert_true(sb.overflow);
	assert_true(sb.len <= 8);
}

static void kv_keeps_order_and_sorts_output(void **state)
{
	struct json_kv m = {0}, copy = {0};
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	struct json_writer w;
	char key[8];

	(void)state;
	json_writer_init(&w, &sb);
	json_kv_write(&w, &m);
	assert_string_equal(sb.data, "null");
	json_kv_put(&m, "z", "1");
	json_kv_put(&m, "a", "2");
	json_kv_put(&m, "z", "3");
	json_kv_copy(&copy, &m);
	strbuf_clear(&sb);
	json_writer_init(&w, &sb);
	json_kv_write(&w, &copy);
	assert_string_equal(sb.data, "{\"a\":\"2\",\"z\":\"3\"}");
	assert_string_equal(m.items[0].key, "z");
	assert_null(json_kv_get(&m, "q"));
	for (int i = 0; i < 100; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		json_kv_put(&m, key, key);
	}
	assert_string_equal(json_kv_get(&m, "k77"), "k77");
	json_kv_done(&m);
	json_kv_done(&copy);
}

struct inner {
	char *name;
	int64_t size;
};
struct outer {
	char *s, *sn, *raw;
	bool b;
	bool *bp;
	int64_t i, *ip;
	char **v, **cmd;
	struct json_kv kv, set;
	struct inner in, *inp;
	struct json_array list;
	double d;
	char *old;
};
static const struct json_field inner_fields[] = {
	{"Name", JSON_T_STR, offsetof(struct inner, name), 0, NULL, 0},
	{"Size", JSON_T_INT, offsetof(struct inner, size), JSON_F_OMIT_EMPTY, NULL, 0},
	{0},
};
static const struct json_field outer_fields[] = {
	{"S", JSON_T_STR, offsetof(struct outer, s), 0, NULL, 0},
	{"SN", JSON_T_STR_NULL, offsetof(struct outer, sn), 0, NULL, 0},
	{"Raw", JSON_T_RAW, offsetof(struct outer, raw), 0, NULL, 0},
	{"B", JSON_T_BOOL, offsetof(struct outer, b), 0, NULL, 0},
	{"BP", JSON_T_BOOL_PTR, offsetof(struct outer, bp), 0, NULL, 0},
	{"I", JSON_T_INT, offsetof(struct outer, i), 0, NULL, 0},
	{"IP", JSON_T_INT_PTR, offsetof(struct outer, ip), 0, NULL, 0},
	{"V", JSON_T_STRV, offsetof(struct outer, v), 0, NULL, 0},
	{"Cmd", JSON_T_STR_OR_STRV, offsetof(struct outer, cmd), JSON_F_OMIT_EMPTY, NULL, 0},
	{"KV", JSON_T_KV, offsetof(struct outer, kv), 0, NULL, 0},
	{"Set", JSON_T_SET, offsetof(struct outer, set), 0, NULL, 0},
	{"In", JSON_T_OBJ, offsetof(struct outer, in), 0, inner_fields, sizeof(struct inner)},
	{"InP", JSON_T_OBJ_PTR, offsetof(struct outer, inp), 0, inner_fields, sizeof(struct inner)},
	{"List", JSON_T_OBJ_ARRAY, offsetof(struct outer, list), 0, inner_fields, sizeof(struct inner)},
	{"D", JSON_T_DOUBLE, offsetof(struct outer, d), JSON_F_OMIT_EMPTY, NULL, 0},
	{"Old", JSON_T_STR, offsetof(struct outer, old), JSON_F_READ_ONLY, NULL, 0},
	{0},
};

static int outer_decode(const char *text, struct outer *o, struct err *e)
{
	_cleanup_json_ json_object *v = NULL;

	assert_int_equal(json_parse(text, strlen(text), &v, e), 0);
	return json_fields_decode(v, "Outer", outer_fields, o, e);
}

static void outer_is(const struct outer *o, const char *wanted)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	struct json_writer w;

	json_writer_init(&w, &sb);
	json_object_begin(&w);
	json_fields_write(&w, outer_fields, o);
	json_object_close(&w);
	assert_string_equal(sb.data, wanted);
}

static void fields_empty(void **state)
{
	struct outer o = {0};

	(void)state;
	outer_is(&o, "{\"S\":\"\",\"SN\":null,\"Raw\":null,\"B\":false,\"BP\":null,\"I\":0,\"IP\":null,\"V\":null,"
		     "\"KV\":null,"
		     "\"Set\":null,\"In\":{\"Name\":\"\"},\"InP\":null,\"List\":null}");
	assert_int_equal(outer_decode("{\"V\":[],\"KV\":{},\"Set\":{},\"List\":[],\"Cmd\":[]}", &o, NULL), 0);
	outer_is(&o,
		 "{\"S\":\"\",\"SN\":null,\"Raw\":null,\"B\":false,\"BP\":null,\"I\":0,\"IP\":null,\"V\":[],\"KV\":{},"
		 "\"Set\":{},\"In\":{\"Name\":\"\"},\"InP\":null,\"List\":[]}");
	json_fields_done(outer_fields, &o);
}

static void fields_round_trip(void **state)
{
	static const char text[] =
		"{\"S\":\"x\",\"SN\":\"\",\"Raw\":{\"q\":[1.50,null]},\"B\":true,\"BP\":false,\"I\":-3,\"IP\":0,"
		"\"V\":[\"a\",\"\"],\"Cmd\":[\"c\"],\"KV\":{\"a\":\"1\",\"b\":\"2\"},\"Set\":{\"80/tcp\":{}},"
		"\"In\":{\"Name\":\"n\",\"Size\":5},\"InP\":{\"Name\":\"p\"},\"List\":[{\"Name\":\"l\"},"
		"{\"Name\":\"\",\"Size\":9}],\"D\":2.5}";
	struct outer o = {0}, copy = {0};
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(outer_decode(text, &o, &e), 0);
	outer_is(&o, text);
	json_fields_copy(outer_fields, &copy, &o);
	json_fields_done(outer_fields, &o);
	outer_is(&copy, text);
	/* decoding again over it replaces and frees; maps are merged as Go does */
	assert_int_equal(
		outer_decode("{\"s\":\"y\",\"unknown\":[{}],\"SN\":null,\"Raw\":1,\"B\":null,\"BP\":null,\"IP\":4,"
			     "\"V\":null,\"CMD\":\"sh\",\"KV\":{\"c\":null},\"Set\":null,\"In\":null,\"InP\":null,"
			     "\"List\":[{\"Name\":\"z\"}],\"old\":\"o\",\"D\":1}",
			     &copy, &e),
		0);
	outer_is(&copy, "{\"S\":\"y\",\"SN\":null,\"Raw\":1,\"B\":true,\"BP\":null,\"I\":-3,\"IP\":4,\"V\":null,"
			"\"Cmd\":[\"sh\"],"
			"\"KV\":{\"a\":\"1\",\"b\":\"2\",\"c\":\"\"},\"Set\":null,\"In\":{\"Name\":\"n\",\"Size\":5},"
			"\"InP\":null,"
			"\"List\":[{\"Name\":\"z\"}],\"D\":1}");
	assert_string_equal(copy.old, "o");
	json_fields_done(outer_fields, &copy);
	assert_null(copy.v);
}

static void fields_refuse_wrong_types(void **state)
{
	static const char *const rows[][2] = {
		{"{\"S\":1}", "json: cannot unmarshal number into Go struct field Outer.S of type string"},
		{"{\"I\":\"x\"}", "json: cannot unmarshal string into Go struct field Outer.I of type int64"},
		{"{\"I\":1.5}", "json: cannot unmarshal number 1.5 into Go struct field Outer.I of type int64"},
		{"{\"I\":9223372036854775808}",
		 "json: cannot unmarshal number 9223372036854775808 into Go struct field Outer.I of type int64"},
		{"{\"IP\":[]}", "json: cannot unmarshal array into Go struct field Outer.IP of type int64"},
		{"{\"B\":\"true\"}", "json: cannot unmarshal string into Go struct field Outer.B of type bool"},
		{"{\"V\":\"x\"}", "json: cannot unmarshal string into Go struct field Outer.V of type []string"},
		{"{\"V\":[1]}", "json: cannot unmarshal number into Go struct field Outer.V of type string"},
		{"{\"Cmd\":{}}", "json: cannot unmarshal object into Go struct field Outer.Cmd of type string"},
		{"{\"KV\":[]}", "json: cannot unmarshal array into Go struct field Outer.KV of type map[string]string"},
		{"{\"KV\":{\"a\":1}}", "json: cannot unmarshal number into Go struct field Outer.KV of type string"},
		{"{\"Set\":{\"a\":1}}",
		 "json: cannot unmarshal number into Go struct field Outer.Set of type struct {}"},
		{"{\"In\":{\"Size\":\"\"}}",
		 "json: cannot unmarshal string into Go struct field In.In.Size of type int64"},
		{"{\"InP\":7}", "json: cannot unmarshal number into Go struct field Outer.InP of type InP"},
		{"{\"List\":[{\"Name\":\"ok\"},{\"Name\":false}]}",
		 "json: cannot unmarshal bool into Go struct field List.List.Name of type string"},
		{"{\"D\":\"1\"}", "json: cannot unmarshal string into Go struct field Outer.D of type float64"},
		{"[]", "json: cannot unmarshal array into Go value of type Outer"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct outer o = {0};
		struct err e = ERR_INIT;

		assert_int_equal(outer_decode(rows[i][0], &o, &e), -1);
		assert_int_equal(e.kind, ERR_INVALID);
		assert_string_equal(e.msg, rows[i][1]);
		json_fields_done(outer_fields, &o);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parse_accepts),
		cmocka_unit_test(parse_refuses),
		cmocka_unit_test(parse_bounds_depth),
		cmocka_unit_test(parse_stays_inside),
		cmocka_unit_test(members),
		cmocka_unit_test(writes_doubles_as_go),
		cmocka_unit_test(writes_all_kinds),
		cmocka_unit_test(writer_is_sticky),
		cmocka_unit_test(kv_keeps_order_and_sorts_output),
		cmocka_unit_test(fields_empty),
		cmocka_unit_test(fields_round_trip),
		cmocka_unit_test(fields_refuse_wrong_types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
