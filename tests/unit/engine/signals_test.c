/* SPDX-License-Identifier: Apache-2.0 */
/* Signal names and numbers. */
#include "unit/test.h"

#include "engine/signals.h"
#include <errno.h>
#include <signal.h>

static void test_names(void **state)
{
	assert_int_equal(signal_parse("KILL"), SIGKILL);
	assert_int_equal(signal_parse("sigterm"), SIGTERM);
	assert_int_equal(signal_parse("SIGHUP"), SIGHUP);
	assert_int_equal(signal_parse("9"), 9);
	assert_int_equal(signal_parse("SIGRTMIN"), 34);
	assert_int_equal(signal_parse("RTMIN+3"), 37);
	assert_int_equal(signal_parse("sigrtmax-1"), 63);
}

static void test_bad(void **state)
{
	static const char *const bad[] = {"",        "0",        "-1", "SIG",    "NOSUCH", "RTMIN-1",
					  "RTMAX+1", "RTMIN+31", "9x", "RTMIN+", " 9"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(signal_parse(bad[i]), -EINVAL);
}

static void test_valid(void **state)
{
	assert_true(signal_valid(1));
	assert_true(signal_valid(31));
	assert_false(signal_valid(32));
	assert_false(signal_valid(33));
	assert_true(signal_valid(64));
	assert_false(signal_valid(65));
	assert_false(signal_valid(signal_parse("999")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_valid),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
