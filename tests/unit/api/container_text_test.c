/* SPDX-License-Identifier: Apache-2.0 */
/* Durations and states in the words of docker ps. */
#include "unit/test.h"

#include "api/container_text.h"
#include "base/clock.h"
#include "base/macros.h"

static void test_durations(void **state)
{
	static const struct {
		int64_t seconds;
		const char *want;
	} rows[] = {
		{-5, "Less than a second"}, {0, "Less than a second"}, {1, "1 second"},
		{59, "59 seconds"},         {60, "About a minute"},    {119, "About a minute"},
		{120, "2 minutes"},         {2699, "44 minutes"},      {3599, "59 minutes"},
		{3600, "About an hour"},    {5399, "About an hour"},   {5400, "2 hours"},
		{47 * 3600, "47 hours"},    {48 * 3600, "2 days"},     {13 * 86400, "13 days"},
		{14 * 86400, "2 weeks"},    {59 * 86400, "8 weeks"},   {60 * 86400, "2 months"},
		{729 * 86400, "24 months"}, {730 * 86400, "2 years"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;

		human_duration(rows[i].seconds * NS_PER_SEC, &out);
		assert_string_equal(out.data, rows[i].want);
	}
}

static void test_status(void **state)
{
	static char *health_test[] = {(char *)"CMD", (char *)"true", NULL}, *none[] = {(char *)"NONE", NULL};
	static struct healthcheck health = {.test = health_test}, off = {.test = none};
	static const struct {
		struct container_record rec;
		bool removing;
		const char *want;
	} rows[] = {
		{{.status = CONTAINER_CREATED}, false, "Created"},
		{{.status = CONTAINER_RUNNING, .started_ns = 95 * NS_PER_SEC}, false, "Up 5 seconds"},
		{{.status = CONTAINER_PAUSED, .started_ns = 97 * NS_PER_SEC}, false, "Up 3 seconds (Paused)"},
		{{.status = CONTAINER_RUNNING, .started_ns = 95 * NS_PER_SEC, .config = {.healthcheck = &health}},
		 false,
		 "Up 5 seconds (health: starting)"},
		{{.status = CONTAINER_RUNNING, .started_ns = 95 * NS_PER_SEC, .config = {.healthcheck = &off}},
		 false,
		 "Up 5 seconds"},
		{{.status = CONTAINER_EXITED, .exit_code = 137, .finished_ns = 40 * NS_PER_SEC},
		 false,
		 "Exited (137) About a minute ago"},
		{{.status = CONTAINER_RESTARTING, .exit_code = 1, .finished_ns = 100 * NS_PER_SEC},
		 false,
		 "Restarting (1) Less than a second ago"},
		{{.status = CONTAINER_EXITED, .finished_ns = 1}, true, "Removal In Progress"},
		{{.status = CONTAINER_DEAD}, false, "Dead"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;

		container_status_text(&rows[i].rec, rows[i].removing, 100 * NS_PER_SEC, &out);
		assert_string_equal(out.data, rows[i].want);
	}
}

static void test_command(void **state)
{
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;
	char *args[] = {(char *)"100", (char *)"a b", (char *)"it's", NULL};
	const struct container_record rec = {.path = (char *)"sleep", .args = args};

	(void)state;
	container_command_text(&rec, &out);
	assert_string_equal(out.data, "sleep 100 'a b' it's");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_command),
	};

	return RUN_TESTS(tests);
}
