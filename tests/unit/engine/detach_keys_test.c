/* SPDX-License-Identifier: Apache-2.0 */
/* Detach keys as bytes. */
#include "unit/test.h"

#include "engine/detach_keys.h"

static void expect(const char *s, const char *bytes, size_t n)
{
	uint8_t keys[MONITOR_DETACH_KEYS_MAX];
	struct err e = ERR_INIT;
	uint32_t got = 0;

	assert_int_equal(detach_keys_parse(s, keys, &got, &e), 0);
	assert_int_equal(got, n);
	assert_memory_equal(keys, bytes, n);
}

static void test_good(void **state)
{
	expect(NULL, "\x10\x11", 2);
	expect("", "\x10\x11", 2);
	expect("ctrl-a", "\x01", 1);
	expect("ctrl-z,x", "\x1ax", 2);
	expect("ctrl-@,ctrl-[,ctrl-\\,ctrl-],ctrl-^,ctrl-_", "\0\x1b\x1c\x1d\x1e\x1f", 6);
	expect("a,b,c", "abc", 3);
}

static void test_bad(void **state)
{
	static const char *const bad[] = {"ctrl-",
					  "ctrl-A",
					  "ctrl-ab",
					  "ab",
					  "a,,b",
					  "ctrl-1",
					  "a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a"};
	uint8_t keys[MONITOR_DETACH_KEYS_MAX];
	uint32_t n;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err e = ERR_INIT;

		assert_int_equal(detach_keys_parse(bad[i], keys, &n, &e), -1);
		assert_int_equal(e.kind, ERR_INVALID);
		assert_non_null(strstr(e.msg, "Invalid detach keys ("));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
