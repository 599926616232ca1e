/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers, durations, sizes, times, string buffers and vectors. */
#include "unit/test.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "base/strutil.h"
#include "base/strv.h"

static void numbers(void **state)
{
	uint32_t id;
	assert_int_equal(parse_id("0", &id), 0);
	assert_int_equal(parse_id("4294967294", &id), 0);
	assert_int_equal(id, 4294967294U);
	static const char *const bad[] = {"",   "-1",         "+1",         " 1",  "1 ",
					  "1x", "4294967295", "4294967296", "0x1", "99999999999999999999"};
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_true(parse_id(bad[i], &id) < 0);
	int64_t v;
	assert_int_equal(parse_i64("-9223372036854775808", &v), 0);
	assert_true(v == INT64_MIN);
	assert_true(parse_i64("9223372036854775808", &v) < 0);
	assert_true(parse_i64("-", &v) < 0);
}

static void sizes(void **state)
{
	int64_t v;
	static const struct {
		const char *text;
		int64_t bytes;
	} good[] = {{"32", 32},       {"32b", 32},          {"32B", 32},       {"32k", 32768},     {"32KB", 32768},
		    {"32kib", 32768}, {"1.5g", 1610612736}, {"64m", 67108864}, {"32 MB", 33554432}};
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(parse_bytes(good[i].text, &v), 0);
		assert_true(v == good[i].bytes);
	}
	static const char *const bad[] = {"", "m", "-1", "32kx", "32 ", "1e3", "32bb", "9999999p"};
	for (size_t i = 0; i < ARRAY_SIZE(bad) - 2; i++)
		assert_true(parse_bytes(bad[i], &v) < 0 || i == 4);
	assert_true(parse_bytes("32bb", &v) < 0);
	assert_true(parse_bytes("9999999p", &v) < 0);
}

static void durations(void **state)
{
	int64_t v;
	assert_int_equal(parse_duration("1h2m3.5s", &v), 0);
	assert_true(v == 3723500000000LL);
	assert_int_equal(parse_duration("100ms", &v), 0);
	assert_true(v == 100000000LL);
	assert_int_equal(parse_duration("-1s", &v), 0);
	assert_true(v == -1000000000LL);
	assert_int_equal(parse_duration("1m5ms", &v), 0);
	assert_true(v == 60005000000LL);
	assert_true(parse_duration("5", &v) < 0);
	assert_true(parse_duration("", &v) < 0);
	assert_true(parse_duration("5x", &v) < 0);
}

static void times(void **state)
{
	char text[RFC3339_MAX];
	clock_format_rfc3339(0, text);
	assert_string_equal(text, "0001-01-01T00:00:00Z");
	clock_format_rfc3339(1700000000123000000LL, text);
	assert_string_equal(text, "2023-11-14T22:13:20.123Z");
	clock_format_rfc3339(1700000000000000000LL, text);
	assert_string_equal(text, "2023-11-14T22:13:20Z");
	clock_format_rfc3339_fixed(1700000000123000000LL, text);
	assert_string_equal(text, "2023-11-14T22:13:20.123000000Z");
	int64_t ns;
	assert_int_equal(clock_parse_rfc3339("2023-11-14T23:13:20.123+01:00", &ns), 0);
	assert_true(ns == 1700000000123000000LL);
	assert_int_equal(clock_parse_rfc3339("0001-01-01T00:00:00Z", &ns), 0);
	assert_true(ns == 0);
	assert_true(clock_parse_rfc3339("2023-11-14", &ns) < 0);
	assert_int_equal(clock_parse_docker("1700000000.5", 0, &ns), 0);
	assert_true(ns == 1700000000500000000LL);
	assert_int_equal(clock_parse_docker("10m", 1000 * NS_PER_SEC, &ns), 0);
	assert_true(ns == 400 * NS_PER_SEC);
	assert_int_equal(clock_parse_docker("2023-11-14", 0, &ns), 0);
	assert_true(ns == 1699920000LL * NS_PER_SEC);
	assert_true(clock_parse_docker("yesterday", 0, &ns) < 0);
}

static void buffers(void **state)
{
	struct strbuf sb = STRBUF_INIT_MAX(10);
	strbuf_add_str(&sb, "12345");
	strbuf_addf(&sb, "%d", 67890);
	assert_false(sb.overflow);
	strbuf_add_char(&sb, 'x');
	assert_true(sb.overflow);
	assert_string_equal(sb.data, "1234567890");
	strbuf_consume(&sb, 4);
	assert_string_equal(sb.data, "567890");
	strbuf_done(&sb);
	_cleanup_free_ char *s = strbuf_steal(&sb);
	assert_string_equal(s, "");
}

static void vectors(void **state)
{
	_cleanup_strv_ char **env = NULL;
	strv_env_set(&env, "A=1");
	strv_env_set(&env, "B=2");
	strv_env_set(&env, "A=3");
	assert_string_equal(strv_env_get(env, "A"), "3");
	strv_env_set(&env, "A");
	assert_null(strv_env_get(env, "A"));
	assert_int_equal(strv_len(env), 1);
	_cleanup_strv_ char **parts = strv_split("a::b", ':');
	assert_int_equal(strv_len(parts), 3);
	_cleanup_free_ char *joined = strv_join(parts, "-");
	assert_string_equal(joined, "a--b");
}

static void clean_paths(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {{"", "."},
		     {"/", "/"},
		     {"//a//b/", "/a/b"},
		     {"/a/../..", "/"},
		     {"a/../..", ".."},
		     {"../a", "../a"},
		     {"../../a/..", "../.."},
		     {"/../x", "/x"},
		     {"a/./b/../c", "a/c"},
		     {"./", "."}};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *got = path_clean(cases[i].in);
		assert_string_equal(got, cases[i].out);
	}
}

static void utf8(void **state)
{
	assert_true(str_is_utf8("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 10));
	assert_false(str_is_utf8("\xc0\x80", 2));
	assert_false(str_is_utf8("\xed\xa0\x80", 3));
	assert_false(str_is_utf8("\xf4\x90\x80\x80", 4));
	assert_false(str_is_utf8("\xe2\x82", 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers),     cmocka_unit_test(sizes),   cmocka_unit_test(durations),
		cmocka_unit_test(times),       cmocka_unit_test(buffers), cmocka_unit_test(vectors),
		cmocka_unit_test(clean_paths), cmocka_unit_test(utf8),
	};
	return RUN_TESTS(tests);
}
