/* SPDX-License-Identifier: Apache-2.0 */
/* The launch document comes back as it was, and a wrong one is refused by name. */
#include "unit/test.h"

#include "base/mem.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "monitor/exit_record.h"
#include "monitor/launch.h"

static void comes_back(void **state)
{
	struct monitor_launch l = {
		.id = xstrdup("c1"),
		.container = xstrdup(""),
		.spec = xstrdup("{\"ociVersion\":\"1.2.0\",\"x\":\"\\u00e4\\n\"}"),
		.upper = xstrdup("/u"),
		.work = xstrdup("/w"),
		.runtime_root = xstrdup("/run/x"),
		.target_start_time = 123456789012345ULL,
		.tty = true,
		.stdin_once = true,
		.rows = 24,
		.cols = 65535,
		.log_driver = MONITOR_LOG_LOCAL,
		.log_name = xstrdup("container.log"),
		.log_max_size = -1,
		.log_max_files = 5,
		.log_compress = true,
	};
	struct monitor_launch got = {0};
	_cleanup_strbuf_ struct strbuf doc = STRBUF_INIT;
	struct err e = ERR_INIT;

	strv_add(&l.lower, "/a");
	strv_add(&l.lower, "/b\"c");
	strv_add(&l.log_attrs, "k=v");
	monitor_launch_encode(&l, &doc);
	if (monitor_launch_decode(doc.data, doc.len, &got, &e) < 0)
		fail_msg("%s: %s", e.msg, doc.data);
	assert_string_equal(got.id, "c1");
	assert_true(str_empty(got.container));
	assert_string_equal(got.spec, l.spec);
	assert_true(strv_equal(got.lower, l.lower));
	assert_string_equal(got.upper, "/u");
	assert_string_equal(got.work, "/w");
	assert_string_equal(got.runtime_root, "/run/x");
	assert_null(got.seccomp_cache);
	assert_true(got.target_start_time == l.target_start_time);
	assert_true(got.tty && !got.open_stdin && got.stdin_once && got.log_compress);
	assert_int_equal(got.rows, 24);
	assert_int_equal(got.cols, 65535);
	assert_int_equal(got.log_driver, MONITOR_LOG_LOCAL);
	assert_string_equal(got.log_name, "container.log");
	assert_int_equal(got.log_max_size, -1);
	assert_int_equal(got.log_max_files, 5);
	assert_true(strv_equal(got.log_attrs, l.log_attrs));
	monitor_launch_done(&l);
	monitor_launch_done(&got);
}

static void refuses(void **state)
{
	static const struct {
		const char *doc, *says;
	} bad[] = {
		{"", "launch document"},
		{"[]", ""},
		{"{}", "without id"},
		{"{\"id\":\"a\",\"spec\":\"{}\",\"log_driver\":\"syslog\"}", "unknown log driver \"syslog\""},
		{"{\"id\":\"a\",\"spec\":\"{}\",\"log_driver\":\"local\",\"log_name\":\"../x\"}", "bad log name"},
		{"{\"id\":\"a\",\"spec\":\"{}\",\"log_driver\":\"json-file\"}", "bad log name"},
		{"{\"id\":\"a\",\"spec\":\"{}\",\"log_driver\":\"none\",\"rows\":65536}", "out of range"},
		{"{\"id\":\"a\",\"spec\":\"{}\",\"log_driver\":\"none\",\"container\":\"c\"}",
		 "without its container's process"},
		{"{\"id\":\"a\",\"spec\":7,\"log_driver\":\"none\"}", ""},
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct monitor_launch got = {0};
		struct err e = ERR_INIT;

		if (monitor_launch_decode(bad[i].doc, strlen(bad[i].doc), &got, &e) >= 0)
			fail_msg("taken: %s", bad[i].doc);
		if (!strstr(e.msg, bad[i].says))
			fail_msg("%s: %s", bad[i].doc, e.msg);
	}
}

static void exit_records(void **state)
{
	struct monitor_exit x = {.code = 137, .oom = 1, .finished_ns = 1700000000123456789LL}, got = {0};
	char text[EXIT_RECORD_MAX];
	size_t n = exit_record_encode(&x, text);
	static const char *const bad[] = {"", "{}", "{\"code\":256,\"finished_ns\":1}", "{\"code\":0}",
					  "{\"code\":0,\"finish"};

	assert_int_equal(exit_record_decode(text, n, &got), 0);
	assert_int_equal(got.code, 137);
	assert_int_equal(got.oom, 1);
	assert_true(got.finished_ns == x.finished_ns);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_true(exit_record_decode(bad[i], strlen(bad[i]), &got) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_back),
		cmocka_unit_test(refuses),
		cmocka_unit_test(exit_records),
	};
	return RUN_TESTS(tests);
}
