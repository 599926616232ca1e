/* SPDX-License-Identifier: Apache-2.0 */
/* Restart policies and their back-off. */
#include "unit/test.h"

#include "base/clock.h"
#include "engine/restart.h"

static struct restart_policy policy(const char *name, int64_t max)
{
	return (struct restart_policy){.name = (char *)name, .maximum_retry_count = max};
}

static void test_policies(void **state)
{
	static const struct {
		const char *name;
		int64_t max, code, restarts;
		bool manual, stopping, want;
	} rows[] = {
		{"", 0, 1, 0, false, false, false},
		{"no", 0, 1, 0, false, false, false},
		{"always", 0, 0, 5, false, false, true},
		{"always", 0, 1, 0, true, false, false},
		{"always", 0, 1, 0, false, true, false},
		{"unless-stopped", 0, 0, 0, false, false, true},
		{"unless-stopped", 0, 0, 0, true, false, false},
		{"on-failure", 0, 0, 0, false, false, false},
		{"on-failure", 0, 1, 1000, false, false, true},
		{"on-failure", 3, 1, 2, false, false, true},
		{"on-failure", 3, 1, 3, false, false, false},
		{"on-failure", 3, 1, 0, true, false, false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct restart_policy p = policy(rows[i].name, rows[i].max);
		const struct restart_input in = {
			.policy = &p,
			.exit_code = rows[i].code,
			.restarts = rows[i].restarts,
			.manually_stopped = rows[i].manual,
			.daemon_stopping = rows[i].stopping,
		};
		int64_t ms = -1;

		assert_int_equal(restart_decide(&in, &ms), rows[i].want);
		assert_int_equal(ms, rows[i].want ? RESTART_BACKOFF_MIN_MS : -1);
	}
}

static void test_backoff(void **state)
{
	static const int64_t want[] = {100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 51200, 60000, 60000};
	struct restart_policy p = policy("always", 0);
	struct restart_input in = {.policy = &p, .ran_ns = NS_PER_SEC};

	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		assert_true(restart_decide(&in, &in.backoff_ms));
		assert_int_equal(in.backoff_ms, want[i]);
	}
	/* Ten seconds up and all is forgotten. */
	in.ran_ns = 10 * NS_PER_SEC;
	assert_true(restart_decide(&in, &in.backoff_ms));
	assert_int_equal(in.backoff_ms, 100);
}

static void test_boot(void **state)
{
	struct restart_policy always = policy("always", 0), unless = policy("unless-stopped", 0);
	struct restart_policy failure = policy("on-failure", 0), no = policy(NULL, 0);

	assert_true(restart_at_boot(&always, /* manually_stopped= */ true, /* ever_started= */ true));
	assert_false(restart_at_boot(&always, false, false));
	assert_true(restart_at_boot(&unless, false, true));
	assert_false(restart_at_boot(&unless, true, true));
	assert_false(restart_at_boot(&failure, false, true));
	assert_false(restart_at_boot(&no, false, true));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_policies),
		cmocka_unit_test(test_backoff),
		cmocka_unit_test(test_boot),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
