/* SPDX-License-Identifier: Apache-2.0 */
/* The small languages inside HostConfig; most of their refusals are tested with whole requests in validate_test. */
#include "unit/test.h"

#include "base/mem.h"
#include "base/strutil.h"
#include "engine/caps.h"
#include "engine/names.h"
#include "engine/options.h"
#include "engine/users.h"

static void test_ulimits(void **state)
{
	static const char *const bad[] = {"",      "nofile",     "nofile=",  "nofile=x", "nofile=1:2:3",
					  "foo=1", "nofile=2:1", "nofile=-2"};
	struct ulimit u;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(ulimit_parse("nofile=1024:2048", &u, &e), 0);
	assert_string_equal(u.name, "nofile");
	assert_int_equal(u.soft, 1024);
	assert_int_equal(u.hard, 2048);
	ulimit_done(&u);
	assert_int_equal(ulimit_parse("core=0", &u, &e), 0);
	assert_int_equal(u.hard, 0);
	ulimit_done(&u);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(ulimit_parse(bad[i], &u, &e), -1);
	assert_string_equal(ulimit_rlimit("NOFILE"), "RLIMIT_NOFILE");
}

static void test_cpu_lists(void **state)
{
	(void)state;
	assert_int_equal(cpu_list_count("0-3,5"), 5);
	assert_int_equal(cpu_list_count("0,0,0"), 1);
	assert_int_equal(cpu_list_count("8191"), 1);
	assert_int_equal(cpu_list_count("8192"), 0);
	assert_int_equal(cpu_list_count("3-1"), 0);
	assert_int_equal(cpu_list_count(""), 0);
	assert_int_equal(cpu_list_count("1,"), 0);
	assert_int_equal(cpu_list_count("-1"), 0);
	assert_int_equal(cpu_list_count(" 1"), 0);
}

static void test_device_rules(void **state)
{
	static const char *const bad[] = {"",         "c",          "c 1:3",  "d 1:3 r",  "c 1 r",
					  "c 1:3 rr", "c 1:3 rwmr", "c 1:3 ", "c -1:3 r", "c 1:3 r x"};
	struct device_rule r;

	(void)state;
	assert_int_equal(device_rule_parse("c 1:3 rwm", &r, NULL), 0);
	assert_int_equal(r.major, 1);
	assert_int_equal(r.minor, 3);
	assert_string_equal(r.access, "rwm");
	assert_int_equal(device_rule_parse("b *:* m", &r, NULL), 0);
	assert_int_equal(r.major, -1);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(device_rule_parse(bad[i], &r, NULL), -1);
}

static void test_ports(void **state)
{
	static const char *const bad[] = {"", "x", "80/", "80/foo", "65536", "90-80", "/tcp", "-1", "80-"};
	struct port_spec p;

	(void)state;
	assert_int_equal(port_spec_parse("8000-8010/UDP", &p), 0);
	assert_int_equal(p.first, 8000);
	assert_int_equal(p.last, 8010);
	assert_string_equal(p.proto, "udp");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_true(port_spec_parse(bad[i], &p) < 0);
}

static void test_names(void **state)
{
	static const char *const bad[] = {"", "a", "a b", "-ab", "a/b", "/", "//ab", "_ab", "ab\n", "..", "a\xc3\xa4"};
	const char *name;
	char long_name[400];

	(void)state;
	assert_int_equal(name_check("/web-1.x_y", &name, NULL), 0);
	assert_string_equal(name, "web-1.x_y");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(name_check(bad[i], &name, NULL), -1);
	memset(long_name, 'a', sizeof(long_name));
	long_name[300] = 0;
	assert_int_equal(name_check(long_name, &name, NULL), -1);
	for (unsigned i = 0; i < 200; i++) {
		_cleanup_free_ char *made = name_make(i % 3);

		assert_int_equal(name_check(made, &name, NULL), 0);
		assert_non_null(strchr(made, '_'));
	}
}

/* Strict numbers (D10): none of these may become another user than the one that was meant. */
static void test_users(void **state)
{
	static const struct {
		const char *text;
		int r;
		uint32_t uid, gid;
		bool known;
	} rows[] = {
		{"", 0, 0, 0, true},
		{"0", 0, 0, 0, true},
		{"1", 0, 1, 0, true},
		{"1:0", 0, 1, 0, true},
		{":1", 0, 0, 1, true},
		{"007", 0, 7, 0, true},
		{"4294967294", 0, 4294967294u, 0, true},
		{"4294967295", -1, 0, 0, false},
		{"4294967296", -1, 0, 0, false},
		{"18446744073709551617", -1, 0, 0, false},
		{"1:4294967295", -1, 0, 0, false},
		{"-1", -1, 0, 0, false},
		{"+1", -1, 0, 0, false},
		{"1x", 0, 0, 0, false},
		{" 1", -1, 0, 0, false},
		{"1 ", -1, 0, 0, false},
		{"app", 0, 0, 0, false},
		{"app:7", 0, 0, 7, false},
		{"app:staff", 0, 0, 0, false},
		{"a:b:c", -1, 0, 0, false},
		{"a\nb", -1, 0, 0, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct user_spec u = {0};

		if (user_parse(rows[i].text, &u, NULL) != rows[i].r)
			fail_msg("%s", rows[i].text);
		if (rows[i].r < 0)
			continue;
		assert_int_equal(u.uid, rows[i].uid);
		assert_int_equal(u.gid, rows[i].gid);
		assert_int_equal(u.uid_known, rows[i].known);
	}
}

static uint64_t bit(const char *name)
{
	return (uint64_t)1 << cap_number(name);
}

static void test_caps(void **state)
{
	char *const all[] = {(char *)"all", NULL}, *const chown[] = {(char *)"Cap_Chown", NULL};
	uint64_t caps;

	(void)state;
	for (int i = 0; i < CAP_COUNT; i++)
		assert_int_equal(cap_number(cap_name(i)), i);
	assert_int_equal(caps_of(NULL, NULL, false, 40, &caps, NULL), 0);
	assert_int_equal(__builtin_popcountll(caps), 14);
	assert_int_equal(caps, 0xa80425fb);
	assert_int_equal(caps_of(chown, all, false, 40, &caps, NULL), 0);
	assert_int_equal(caps, bit("CHOWN"));
	assert_int_equal(caps_of(all, chown, false, 40, &caps, NULL), 0);
	assert_int_equal(caps, (((uint64_t)1 << 41) - 1) & ~bit("CHOWN"));
	assert_int_equal(caps_of(NULL, all, true, 37, &caps, NULL), 0);
	assert_int_equal(caps, ((uint64_t)1 << 38) - 1);
}

static void test_logs(void **state)
{
	struct json_kv kv = {0};
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(log_config_check("none", &kv, &e), 0);
	assert_int_equal(log_config_check("syslog", &kv, &e), -1);
	assert_int_equal(e.kind, ERR_UNSUPPORTED);
	assert_int_equal(log_config_check("foo", &kv, &e), -1);
	assert_string_equal(e.msg, "error looking up logging plugin foo: plugin \"foo\" not found");
	json_kv_put(&kv, "max-size", "10m");
	json_kv_put(&kv, "max-file", "3");
	assert_int_equal(log_config_check("local", &kv, &e), 0);
	json_kv_put(&kv, "tag", "x");
	assert_int_equal(log_config_check("json-file", &kv, &e), 0);
	assert_int_equal(log_config_check("local", &kv, &e), -1);
	assert_string_equal(e.msg, "unknown log opt 'tag' for log driver local");
	json_kv_put(&kv, "max-file", "0");
	assert_int_equal(log_config_check("json-file", &kv, &e), -1);
	assert_string_equal(e.msg, "max-file cannot be less than 1");
	json_kv_done(&kv);
	json_kv_put(&kv, "max-size", "-1");
	assert_int_equal(log_config_check("json-file", &kv, &e), 0);
	json_kv_put(&kv, "max-size", "x");
	assert_int_equal(log_config_check("json-file", &kv, &e), -1);
	json_kv_done(&kv);
	json_kv_put(&kv, "mode", "x");
	assert_int_equal(log_config_check("json-file", &kv, &e), -1);
	assert_string_equal(e.msg, "logger: logging mode not supported: x");
	json_kv_done(&kv);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ulimits), cmocka_unit_test(test_cpu_lists), cmocka_unit_test(test_device_rules),
		cmocka_unit_test(test_ports),   cmocka_unit_test(test_names),     cmocka_unit_test(test_users),
		cmocka_unit_test(test_caps),    cmocka_unit_test(test_logs),
	};

	return RUN_TESTS(tests);
}
