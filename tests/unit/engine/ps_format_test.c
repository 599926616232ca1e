/* SPDX-License-Identifier: Apache-2.0 */
/* Columns and rows of docker top. */
#include "unit/test.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/strv.h"
#include "engine/ps_format.h"

/* Started 3600 s after boot, used 90 s of the cpu; now is 7200 s after boot. */
static const char stat_text[] = "42 (a (b) c) S 7 42 42 34816 42 4194560 100 0 0 0 6000 3000 0 0 20 0 3 0 360000 "
				"10485760 256 18446744073709551615 1 1 0 0 0 0 "
				"0 0 0 0 0 0 17 5 0 0 0 0 0 0 0 0 0 0 0 0 0";
static const char status_text[] = "Name:\tx\nUid:\t1000\t0\t0\t0\nGid:\t5\t5\t5\t5\nVmLck:\t       0 kB\n";
static const struct ps_process process = {
	.pid = 42,
	.stat = stat_text,
	.status = status_text,
	.cmdline = "sleep 1000",
	.wchan = "0",
	.passwd = "root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/:\n",
	.group = "root:x:0:\ntty:x:5:\n",
};
static const struct ps_system sys = {
	.now_ns = 1000000000LL * NS_PER_SEC,
	.boot_ns = (1000000000LL - 7200) * NS_PER_SEC,
	.ticks = 100,
	.page = 4096,
	.memory = 100 * 1024 * 1024,
};

static void expect(const char *args, const char *titles, const char *row)
{
	struct ps_format f;
	struct err e = ERR_INIT;
	_cleanup_strv_ char **t = NULL, **r = NULL;

	assert_int_equal(ps_format_parse(args, &f, &e), 0);
	for (size_t i = 0; i < f.n; i++)
		strv_add(&t, f.columns[i].title);
	_cleanup_free_ char *got_titles = strv_join(t, "|");
	assert_string_equal(got_titles, titles);
	r = ps_row(&f, &process, &sys);
	assert_non_null(r);
	_cleanup_free_ char *got = strv_join(r, "|");
	assert_string_equal(got, row);
	ps_format_done(&f);
}

static void test_formats(void **state)
{
	setenv("TZ", "UTC", 1);
	expect(NULL, "UID|PID|PPID|C|STIME|TTY|TIME|CMD", "root|42|7|2|00:46|pts/0|00:01:30|sleep 1000");
	expect("aux", "USER|PID|%CPU|%MEM|VSZ|RSS|TTY|STAT|START|TIME|COMMAND",
	       "root|42|2.5|1.0|10240|1024|pts/0|Ssl+|00:46|1:30|sleep 1000");
	expect("-e", "PID|TTY|TIME|CMD", "42|pts/0|00:01:30|a (b) c");
	expect("-o pid,comm,ruser,group", "PID|COMMAND|RUSER|GROUP", "42|a (b) c|user|tty");
	expect("-eo pid=PID,etime,etimes", "PID|ELAPSED|ELAPSED", "42|01:00:00|3600");
	expect("axo pid,ppid -opgid,sid", "PID|PPID|PGID|SID", "42|7|42|42");
}

static void test_bad_args(void **state)
{
	static const struct {
		const char *args, *text;
	} rows[] = {
		{"-o ppid", "Couldn't find PID field in ps output"},
		{"-o pid=X", "Couldn't find PID field in ps output"},
		{"-o nosuch", "unknown column \"nosuch\""},
		{"-o", "needs a list"},
		{"-Z", "not supported"},
		{"--ppid=1", "not supported"},
		{"-o "
		 "pid,pid,pid,pid,pid,pid,pid,pid,pid,pid,pid,pid,pid,pid,pid,pid,pid,pid,pid,pid,pid,pid,pid,pid,pid,"
		 "pid,pid,pid,pid,"
		 "pid,pid,pid,pid",
		 "more than"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ps_format f;
		struct err e = ERR_INIT;

		assert_int_equal(ps_format_parse(rows[i].args, &f, &e), -1);
		assert_non_null(strstr(e.msg, rows[i].text));
	}
}

static void test_bad_stat(void **state)
{
	static const char *const bad[] = {"", "42", "42 (x", "42 x) S 1", "42 (x)S"};
	struct ps_format f;
	struct ps_process p = process;

	assert_int_equal(ps_format_parse("-ef", &f, /* e= */ NULL), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		p.stat = bad[i];
		assert_null(ps_row(&f, &p, &sys));
	}
	ps_format_done(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_formats),
		cmocka_unit_test(test_bad_args),
		cmocka_unit_test(test_bad_stat),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
