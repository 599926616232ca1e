/* SPDX-License-Identifier: Apache-2.0 */
/* The json-file codec: bytes as Docker writes them, and back. */
#include "unit/test.h"

#include <errno.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/strv.h"
#include "format/log/json_file.h"

#define T0 1700000000123456789LL /* 2023-11-14T22:13:20.123456789Z */

static char *encode(enum log_stream stream, int64_t ns, const char *text, size_t n, const char *attrs)
{
	struct strbuf sb = STRBUF_INIT;
	struct log_line l = {.stream = stream,
			     .time_ns = ns,
			     .text = text,
			     .len = n,
			     .attrs = attrs,
			     .n_attrs = attrs ? strlen(attrs) : 0};

	json_file_encode(&sb, &l, &(struct json_file_time){0});
	return strbuf_steal(&sb);
}

static void encodes_as_docker(void **state)
{
	static const struct {
		const char *text;
		size_t n;
		const char *json;
	} cases[] = {
		{"hello\n", 6, "hello\\n"},
		{"a\tb\r\n", 5, "a\\u0009b\\r\\n"},
		{"\"q\" \\ <a&b>\n", 12, "\\\"q\\\" \\\\ \\u003ca\\u0026b\\u003e\\n"},
		{"\x1b[0m\0\n", 6, "\\u001b[0m\\u0000\\n"},
		{"\x7f\n", 2, "\x7f\\n"},
		{"gr\xc3\xbc\xc3\x9f \xf0\x9f\x90\x8b\n", 12, "gr\xc3\xbc\xc3\x9f \xf0\x9f\x90\x8b\\n"},
		{"\xff\xc3(\xed\xa0\x80\n", 7, "\\ufffd\\ufffd(\\ufffd\\ufffd\\ufffd\\n"},
		{"\xe2\x80\xa8\xe2\x80\xa9\n", 7, "\\u2028\\u2029\\n"},
		{"\xc0\xaf\xf4\x90\x80\x80\n", 7, "\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\\n"},
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *got = encode(LOG_STDOUT, T0, cases[i].text, cases[i].n, NULL);
		_cleanup_free_ char *want = xasprintf(
			"{\"log\":\"%s\",\"stream\":\"stdout\",\"time\":\"2023-11-14T22:13:20.123456789Z\"}\n",
			cases[i].json);

		assert_string_equal(got, want);
	}
	_cleanup_free_ char *err = encode(LOG_STDERR, 1700000000500000000LL, "x\n", 2, "{\"a\":\"b\"}");
	assert_string_equal(err, "{\"log\":\"x\\n\",\"stream\":\"stderr\",\"attrs\":{\"a\":\"b\"},"
				 "\"time\":\"2023-11-14T22:13:20.5Z\"}\n");
}

static void comes_back(void **state)
{
	char text[300];
	_cleanup_strbuf_ struct strbuf buf = STRBUF_INIT_MAX(LIMIT_LOG_LINE);
	struct log_line l;

	for (int i = 0; i < 128; i++)
		text[i] = (char)i;
	memcpy(text + 128, "\xe2\x82\xac\xf0\x9f\x90\x8b\xe2\x80\xa8", 10);
	_cleanup_free_ char *rec = encode(LOG_STDERR, T0, text, 138, "{\"k\":\"v }\"}");
	assert_int_equal(json_file_decode(rec, strlen(rec), &buf, &l), 0);
	assert_int_equal(l.stream, LOG_STDERR);
	assert_int_equal(l.time_ns, T0);
	assert_int_equal(l.len, 138);
	assert_memory_equal(l.text, text, 138);
	assert_int_equal(l.n_attrs, 11);
	assert_memory_equal(l.attrs, "{\"k\":\"v }\"}", 11);
}

static void takes_what_others_write(void **state)
{
	_cleanup_strbuf_ struct strbuf buf = STRBUF_INIT_MAX(LIMIT_LOG_LINE);
	static const char odd[] =
		"{ \"time\" : \"2023-11-14T23:13:20+01:00\", \"x\":{\"a\":[1,{\"b\":\"]\"}]}, \"y\":null, \"z\":-1.5e3,"
		" \"a_very_long_member_name\":true, \"log\":\"\\ud83d\\udc0b\\ud83d \\/\\b\\f\" }\n";
	struct log_line l;

	assert_int_equal(json_file_decode(odd, strlen(odd), &buf, &l), 0);
	assert_int_equal(l.time_ns, 1700000000000000000LL);
	assert_int_equal(l.stream, LOG_STDOUT);
	assert_string_equal(l.text, "\xf0\x9f\x90\x8b\xef\xbf\xbd /\b\f");
}

static void refuses_what_is_broken(void **state)
{
	static const char *const bad[] = {
		"",
		"\n",
		"{}",
		"{\"log\":\"a\\n\"}",
		"{\"log\":\"a\\n\",\"stream\":\"stdout\",\"time\":\"2023-11-14T22:13:20Z\"",
		"{\"log\":\"a\\n\",\"stream\":\"stdout\",\"time\":\"2023-11-14T22:13:20Z\"} x",
		"{\"log\":\"a\nb\",\"time\":\"2023-11-14T22:13:20Z\"}",
		"{\"log\":\"a\\q\",\"time\":\"2023-11-14T22:13:20Z\"}",
		"{\"log\":\"\\u12g4\",\"time\":\"2023-11-14T22:13:20Z\"}",
		"{\"log\":7,\"time\":\"2023-11-14T22:13:20Z\"}",
		"{\"log\":\"a\",\"time\":\"yesterday\"}",
		"{\"log\":\"a\",\"x\":}],\"time\":\"2023-11-14T22:13:20Z\"}",
		"\"log\":\"a\"",
	};
	_cleanup_strbuf_ struct strbuf buf = STRBUF_INIT_MAX(LIMIT_LOG_LINE);
	struct log_line l;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (json_file_decode(bad[i], strlen(bad[i]), &buf, &l) != -EINVAL)
			fail_msg("taken: %s", bad[i]);
}

static void details(void **state)
{
	_cleanup_strv_ char **v = NULL;
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;

	assert_null(json_file_attrs(NULL));
	strv_add(&v, "tag=web 1&2");
	strv_add(&v, "env=a\"b");
	strv_add(&v, "bare");
	_cleanup_free_ char *attrs = json_file_attrs(v);
	assert_string_equal(attrs, "{\"bare\":\"\",\"env\":\"a\\\"b\",\"tag\":\"web 1\\u00262\"}");
	json_file_details(&out, attrs, strlen(attrs));
	assert_string_equal(out.data, "bare=,env=a%22b,tag=web+1%262");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(encodes_as_docker),
		cmocka_unit_test(comes_back),
		cmocka_unit_test(takes_what_others_write),
		cmocka_unit_test(refuses_what_is_broken),
		cmocka_unit_test(details),
	};
	return RUN_TESTS(tests);
}
