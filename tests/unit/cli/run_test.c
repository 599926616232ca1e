/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Options of run against the bodies that docker 28 sent for the same command lines (run_bodies.json: one whole body,
 * and for each command line what differs from it), and the wording of refused values.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "cli/run.h"
#include "format/template/template.h"

static char *text_of(json_object *o)
{
	struct strbuf sb = STRBUF_INIT;

	template_print_json(&sb, o, true, false);
	return strbuf_steal(&sb);
}

/* base with one case's changes. Keys are members of the body or "HostConfig.member". */
static json_object *expected(json_object *base, json_object *changes)
{
	_cleanup_free_ char *text = text_of(base);
	json_object *o = NULL;

	assert_int_equal(json_parse(text, strlen(text), &o, NULL), 0);
	json_object_object_foreach(changes, key, value)
	{
		const char *host = str_after(key, "HostConfig.");
		json_object *in = host ? json_member(o, "HostConfig") : o;

		if (json_object_is_type(value, json_type_string) && str_eq(json_object_get_string(value), "__absent__"))
			json_object_object_del(in, host ? host : key);
		else
			json_object_object_add(in, host ? host : key, json_object_get(value));
	}
	return o;
}

static void check_case(json_object *base, json_object *c)
{
	_cleanup_strv_ char **argv = strv_new();
	_cleanup_json_ json_object *body = NULL, *want = expected(base, json_member(c, "changes"));
	_cleanup_free_ char *got_text = NULL, *want_text = text_of(want);
	json_object *words = json_member(c, "args");
	struct err e = ERR_INIT;
	struct args a;

	for (size_t i = 0; i < json_object_array_length(words); i++)
		strv_add(&argv, json_object_get_string(json_object_array_get_idx(words, i)));
	if (args_parse(&a, run_flags, argv, false, &e) < 0 || run_body(&a, NULL, &body, &e) < 0)
		fail_msg("%s: %s", json_object_get_string(words), e.msg);
	got_text = text_of(body);
	if (!str_eq(got_text, want_text))
		fail_msg("%s:\n got %s\nwant %s", json_object_get_string(words), got_text, want_text);
	args_done(&a);
}

static void test_bodies(void **state)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	_cleanup_json_ json_object *root = NULL;
	const char *top = getenv("HULL_SOURCE_DIR");
	_cleanup_free_ char *path = NULL;
	json_object *cases;
	struct err e = ERR_INIT;

	/* run by hand, a test stands in the source folder */
	path = xasprintf("%s/tests/unit/golden/run_bodies.json", top ? top : ".");
	assert_int_equal(path_read_file(path, 1024 * 1024, &text), 0);
	if (json_parse(text.data, text.len, &root, &e) < 0)
		fail_msg("%s", e.msg);
	cases = json_member(root, "cases");
	assert_true(json_object_array_length(cases) > 60);
	for (size_t i = 0; i < json_object_array_length(cases); i++)
		check_case(json_member(root, "base"), json_object_array_get_idx(cases, i));
}

static void refuse(const char *flag, const char *value, const char *want)
{
	char *argv[] = {(char *)(uintptr_t)flag, (char *)(uintptr_t)value, (char *)(uintptr_t) "busybox", NULL};
	_cleanup_json_ json_object *body = NULL;
	struct err e = ERR_INIT;
	struct args a;

	if (args_parse(&a, run_flags, argv, false, &e) == 0 && run_body(&a, NULL, &body, &e) == 0)
		fail_msg("%s %s was taken", flag, value);
	if (!strstr(e.msg, want))
		fail_msg("%s %s: %s", flag, value, e.msg);
	args_done(&a);
}

static void test_refused(void **state)
{
	refuse("-m", "x", "invalid argument \"x\" for \"-m, --memory\" flag: invalid size: 'x'");
	refuse("-m", "5kbb", "invalid suffix: 'kbb'");
	refuse("--cpus", "x", "failed to parse x as a rational number");
	refuse("--cpus", "0.0000000001", "value is too precise");
	refuse("--mount", "x", "invalid field 'x' must be a key=value pair");
	refuse("--mount", "type=bind", "target is required");
	refuse("--mount", "type=bind,dst=/a,volume-nocopy", "cannot mix 'volume-*' options with mount type 'bind'");
	refuse("--mount", "dst=/a,foo=1", "unexpected key 'foo' in 'foo=1'");
	refuse("--ulimit", "x", "invalid ulimit argument: x");
	refuse("--ulimit", "nofile=5:1", "ulimit soft limit must be less than or equal to hard limit: 5 > 1");
	refuse("--network", "name=a,b=c", "invalid field key b");
	refuse("--add-host", "foo", "bad format for add-host: \"foo\"");
	refuse("--sysctl", "a=1", "sysctl 'a=1' is not allowed");
	refuse("--dns", "x", "IP address is not correctly formatted: x");
	refuse("--attach", "foo", "valid streams are STDIN, STDOUT and STDERR");
	refuse("--blkio-weight", "99999", "value out of range");
	refuse("--health-interval", "3x", "time: unknown unit \"x\" in duration \"3x\"");
	refuse("-p", "80:x", "Invalid containerPort: x");
	refuse("-p", "1-2:3-5", "Invalid ranges specified for container and host Ports: 3-5 and 1-2");
	refuse("-p", "80:80/foo", "Invalid proto: foo");
	refuse("--expose", "zz", "invalid range format for --expose: zz");
	refuse("-v", "", "invalid empty volume spec");
	refuse("--device", "/a:b", "is not an absolute path");
	refuse("--restart", "on-failure:x", "maximum retry count must be an integer");
	refuse("--pid", "foo", "--pid: invalid PID mode");
	refuse("--security-opt", "nonsense", "Invalid --security-opt: \"nonsense\"");
	refuse("--env-file", "/nonexistent/file", "open /nonexistent/file: no such file or directory");
	refuse("--gpus", "x=y", "unexpected key 'x' in 'x=y'");
}

static void test_kv(void **state)
{
	static const char text[] = "\xef\xbb\xbf"
				   "A=1\n# comment\n\n  B=x y\r\nHULL_TEST_SET\nHULL_TEST_UNSET\n";
	_cleanup_strv_ char **kv = NULL;
	struct err e = ERR_INIT;

	setenv("HULL_TEST_SET", "yes", 1);
	unsetenv("HULL_TEST_UNSET");
	assert_int_equal(run_parse_kv("f", text, sizeof(text) - 1, true, &kv, &e), 0);
	assert_int_equal(strv_len(kv), 3);
	assert_string_equal(kv[0], "A=1");
	assert_string_equal(kv[1], "B=x y");
	assert_string_equal(kv[2], "HULL_TEST_SET=yes");
	assert_int_equal(run_parse_kv("f", "a b=c", 5, true, &kv, &e), -1);
	assert_string_equal(e.msg, "invalid env file (f): variable 'a b' contains whitespaces");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_bodies), cmocka_unit_test(test_refused),
					   cmocka_unit_test(test_kv)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
