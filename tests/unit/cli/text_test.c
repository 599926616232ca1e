/* SPDX-License-Identifier: Apache-2.0 */
/* Tables, sizes, durations, escapes, detach keys, port lists, configuration. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/columns.h"
#include "cli/config.h"
#include "cli/human.h"
#include "cli/table.h"
#include "cli/terminal.h"

static void test_table(void **state)
{
	static const char in[] = "ID\tNAME\tSTATE\nabcdefghijkl\tx\tup\n1\t\xc3\xa9t\xc3\xa9 with a long name\t\n";
	static const char want[] = "ID             NAME                   STATE\n"
				   "abcdefghijkl   x                      up\n"
				   "1              \xc3\xa9t\xc3\xa9 with a long name   \n";
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT, runs = STRBUF_INIT;

	table_align(&out, in, sizeof(in) - 1, TABLE_LAYOUT_DOCKER);
	assert_string_equal(out.data, want);
	/* a line without cells ends a column */
	table_align(&runs, "a\tb\nlong text alone\nccccccccccccc\td\n", 36, TABLE_LAYOUT_DOCKER);
	assert_string_equal(runs.data, "a         b\nlong text alone\nccccccccccccc   d\n");
}

static void same(char *got, const char *want)
{
	assert_string_equal(got, want);
	free(got);
}

static void test_human(void **state)
{
	same(human_duration(0), "Less than a second");
	same(human_duration(NS_PER_SEC), "1 second");
	same(human_duration(59 * NS_PER_SEC), "59 seconds");
	same(human_duration(60 * NS_PER_SEC), "About a minute");
	same(human_duration(3599 * NS_PER_SEC), "59 minutes");
	same(human_duration(3600 * NS_PER_SEC), "About an hour");
	same(human_duration(47 * 3600 * NS_PER_SEC), "47 hours");
	same(human_duration(48 * 3600 * NS_PER_SEC), "2 days");
	same(human_duration(15 * 24 * 3600 * NS_PER_SEC), "2 weeks");
	same(human_duration(90LL * 24 * 3600 * NS_PER_SEC), "3 months");
	same(human_duration(800LL * 24 * 3600 * NS_PER_SEC), "2 years");
	same(human_size(0, 3), "0B");
	same(human_size(999, 3), "999B");
	same(human_size(2065000, 3), "2.06MB");
	same(human_size(2065123, 4), "2.065MB");
	same(human_size(1e9, 3), "1GB");
	same(human_bytes(25276022784.), "23.54GiB");
	same(human_ellipsis("abcdef", 4), "abc\xe2\x80\xa6");
	same(human_ellipsis("abcd", 4), "abcd");
	same(human_short_id("sha256:0123456789abcdef"), "0123456789ab");
}

static void test_escape(void **state)
{
	static const char in[] = "ok\x1b[31m\a\r\xe2\x80\xae \xc3\xa9\xc2\x9b\n";
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;

	human_escape(&out, in, sizeof(in) - 1);
	assert_string_equal(out.data, "ok\\x1b[31m\\x07\\x0d\\u{202e} \xc3\xa9\\u{009b}\n");
}

static void test_detach(void **state)
{
	struct detach_keys d;
	struct err e = ERR_INIT;
	char out[128];
	size_t n;

	assert_int_equal(detach_keys_parse("", &d, &e), 0);
	assert_int_equal(d.n, 2);
	assert_false(detach_keys_filter(&d, "ab\x10", 3, out, &n));
	assert_int_equal(n, 2);
	assert_true(detach_keys_filter(&d, "\x11rest", 5, out, &n));
	assert_int_equal(n, 0);
	assert_int_equal(detach_keys_parse("a,a,b", &d, &e), 0);
	assert_true(detach_keys_filter(&d, "xaaab", 5, out, &n));
	assert_int_equal(n, 2);
	assert_memory_equal(out, "xa", 2);
	assert_int_equal(detach_keys_parse("ctrl-?", &d, &e), -1);
}

static void test_ports(void **state)
{
	static const char in[] = "[{\"IP\":\"0.0.0.0\",\"PrivatePort\":80,\"PublicPort\":80,\"Type\":\"tcp\"},"
				 "{\"IP\":\"0.0.0.0\",\"PrivatePort\":81,\"PublicPort\":81,\"Type\":\"tcp\"},"
				 "{\"IP\":\"::\",\"PrivatePort\":80,\"PublicPort\":80,\"Type\":\"tcp\"},"
				 "{\"PrivatePort\":443,\"Type\":\"tcp\"},"
				 "{\"IP\":\"127.0.0.1\",\"PrivatePort\":53,\"PublicPort\":5353,\"Type\":\"udp\"}]";
	_cleanup_json_ json_object *ports = NULL;

	assert_int_equal(json_parse(in, sizeof(in) - 1, &ports, NULL), 0);
	same(format_ports(ports), "0.0.0.0:80-81->80-81/tcp, [::]:80->80/tcp, 443/tcp, 127.0.0.1:5353->53/udp");
	same(format_ports(NULL), "");
}

static void test_config(void **state)
{
	static const char in[] = "{\"auths\":{\"reg:5000\":{\"auth\":\"dTpw\"}},\"psFormat\":\"x\"}";
	struct config c = {.dir = NULL};
	struct err e = ERR_INIT;
	json_object *bad = NULL;

	assert_int_equal(config_parse(in, sizeof(in) - 1, &c.root, &e), 0);
	assert_string_equal(config_str(&c, "psFormat"), "x");
	assert_null(config_str(&c, "nosuch"));
	same(config_registry_auth(&c, "docker.io/library/busybox"), "e30=");
	same(config_registry_auth(&c, "reg:5000/x"),
	     "eyJ1c2VybmFtZSI6InUiLCJwYXNzd29yZCI6InAiLCJzZXJ2ZXJhZGRyZXNzIjoicmVnOjUwMDAifQ==");
	json_object_put(c.root);
	assert_int_equal(config_parse("[]", 2, &bad, &e), -1);
	assert_int_equal(config_parse("{", 1, &bad, &e), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_table),  cmocka_unit_test(test_human),
					   cmocka_unit_test(test_escape), cmocka_unit_test(test_detach),
					   cmocka_unit_test(test_ports),  cmocka_unit_test(test_config)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
