/* SPDX-License-Identifier: Apache-2.0 */
/* Background jobs: delays, many at once, and the end. */
#include "unit/test.h"

#include <stdatomic.h>
#include <time.h>

#include "base/clock.h"
#include "engine/jobs.h"

struct probe {
	atomic_int ran, cancelled;
	_Atomic int64_t at_ns;
};

static void probe_job(void *arg, bool cancelled)
{
	struct probe *p = arg;

	p->at_ns = clock_monotonic_ns();
	if (cancelled)
		p->cancelled++;
	else
		p->ran++;
}

static void sleep_ms(long ms)
{
	nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * NS_PER_MS}, NULL);
}

static void slow_job(void *arg, bool cancelled)
{
	sleep_ms(100);
	probe_job(arg, cancelled);
}

static bool eventually(const atomic_int *n, int want)
{
	for (int i = 0; i < 500 && *n != want; i++)
		sleep_ms(10);
	return *n == want;
}

static void test_delay(void **state)
{
	struct jobs *j = jobs_new();
	struct probe p = {0};
	int64_t begun = clock_monotonic_ns();

	jobs_add(j, 50, probe_job, &p);
	assert_true(eventually(&p.ran, 1));
	assert_true(p.at_ns - begun >= 50 * NS_PER_MS);
	jobs_free(j);
}

/* A job that takes its time does not hold up the others, nor the timers. */
static void test_side_by_side(void **state)
{
	struct jobs *j = jobs_new();
	struct probe slow = {0}, quick = {0};
	int64_t begun = clock_monotonic_ns();

	for (int i = 0; i < 4; i++)
		jobs_add(j, 0, slow_job, &slow);
	jobs_add(j, 20, probe_job, &quick);
	assert_true(eventually(&quick.ran, 1));
	assert_true(quick.at_ns - begun < 90 * NS_PER_MS);
	assert_true(eventually(&slow.ran, 4));
	jobs_free(j);
}

static void test_many(void **state)
{
	struct jobs *j = jobs_new();
	struct probe p = {0};

	for (int i = 0; i < 1000; i++)
		jobs_add(j, i % 3, probe_job, &p);
	assert_true(eventually(&p.ran, 1000));
	jobs_free(j);
}

static void test_stop(void **state)
{
	struct jobs *j = jobs_new();
	struct probe waiting = {0}, running = {0};

	jobs_add(j, 60000, probe_job, &waiting);
	jobs_add(j, 0, slow_job, &running);
	sleep_ms(30);
	jobs_stop(j);
	assert_int_equal(waiting.cancelled, 1);
	assert_int_equal(running.ran, 1);
	/* Whoever comes late is told at once. */
	jobs_add(j, 0, probe_job, &waiting);
	assert_int_equal(waiting.cancelled, 2);
	assert_int_equal(waiting.ran, 0);
	jobs_free(j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_delay),
		cmocka_unit_test(test_side_by_side),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_stop),
	};
	return RUN_TESTS(tests);
}
