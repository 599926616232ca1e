/* SPDX-License-Identifier: Apache-2.0 */
/* Docker's option grammar: forms, clusters, interspersed arguments, "--", and the words of its errors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/strv.h"
#include "cli/flags.h"

static const struct flag_spec specs[] = {
	{"tty", 't', FLAG_BOOL, ""},
	{"interactive", 'i', FLAG_BOOL, ""},
	{"publish", 'p', FLAG_LIST, ""},
	{"name", 0, FLAG_STR, ""},
	{"tail", 'n', FLAG_STR, "", .def = "all"},
	{"last", 0, FLAG_INT, "", .def = "-1"},
	{"proxy", 0, FLAG_BOOL, "", .def = "true"},
	{"platform", 0, FLAG_STRINGS, ""},
	{"old", 0, FLAG_STR, "", .hidden = true, .alias_of = "name"},
	{NULL},
};

#define ARGV(...) ((char *[]){__VA_ARGS__, NULL})

static void test_forms(void **state)
{
	struct args a;

	assert_int_equal(
		args_parse(&a, specs,
			   ARGV("-it", "img", "-p=1:2", "-p3", "--publish", "4", "--name=x=y", "b", "--", "-t"), true,
			   NULL),
		0);
	assert_true(flag_bool(&a, "tty") && flag_bool(&a, "interactive"));
	assert_int_equal(strv_len(flag_list(&a, "publish")), 3);
	assert_string_equal(flag_list(&a, "publish")[0], "1:2");
	assert_string_equal(flag_list(&a, "publish")[1], "3");
	assert_string_equal(flag_str(&a, "name"), "x=y");
	assert_int_equal(strv_len(a.rest), 3);
	assert_string_equal(a.rest[2], "-t");
	args_done(&a);
}

static void test_stop_at_argument(void **state)
{
	struct args a;

	assert_int_equal(args_parse(&a, specs, ARGV("-t", "img", "-i", "--name"), false, NULL), 0);
	assert_false(flag_bool(&a, "interactive"));
	assert_int_equal(strv_len(a.rest), 3);
	args_done(&a);
}

static void test_defaults(void **state)
{
	struct args a;

	assert_int_equal(args_parse(&a, specs,
				    ARGV("-t=false", "--proxy=0", "--platform", "a,b", "--platform", "c", "--old", "n"),
				    true, NULL),
			 0);
	assert_string_equal(flag_str(&a, "tail"), "all");
	assert_int_equal(flag_num(&a, "last"), -1);
	assert_false(flag_bool(&a, "proxy"));
	assert_true(flag_is_set(&a, "tty"));
	assert_false(flag_bool(&a, "tty"));
	assert_int_equal(strv_len(flag_list(&a, "platform")), 3);
	assert_string_equal(flag_str(&a, "name"), "n");
	args_done(&a);
	assert_int_equal(args_parse(&a, specs, ARGV("--help", "--nosuch"), true, NULL), 0);
	assert_true(a.help);
	args_done(&a);
}

static void refuse(char **argv, const char *want)
{
	struct err e = ERR_INIT;
	struct args a;

	assert_int_equal(args_parse(&a, specs, argv, true, &e), -1);
	assert_string_equal(e.msg, want);
	args_done(&a);
}

static void test_errors(void **state)
{
	refuse(ARGV("--nosuch"), "unknown flag: --nosuch");
	refuse(ARGV("--nosuch=1"), "unknown flag: --nosuch");
	refuse(ARGV("-itz"), "unknown shorthand flag: 'z' in -z");
	refuse(ARGV("--name"), "flag needs an argument: --name");
	refuse(ARGV("-tp"), "flag needs an argument: 'p' in -p");
	refuse(ARGV("---x"), "bad flag syntax: ---x");
	refuse(ARGV("--=x"), "bad flag syntax: --=x");
	refuse(ARGV("--tty=maybe"), "invalid argument \"maybe\" for \"-t, --tty\" flag: strconv.ParseBool: parsing "
				    "\"maybe\": invalid syntax");
	refuse(ARGV("--last", "x"),
	       "invalid argument \"x\" for \"--last\" flag: strconv.ParseInt: parsing \"x\": invalid syntax");
	refuse(ARGV("--last", "99999999999999999999"),
	       "invalid argument \"99999999999999999999\" for \"--last\" flag: strconv.ParseInt: parsing "
	       "\"99999999999999999999\": value out of range");
}

static void test_csv(void **state)
{
	_cleanup_strv_ char **v = NULL, **none = NULL;

	assert_int_equal(csv_split("a,\"b,c\",\"d\"\"e\",", &v), 0);
	assert_int_equal(strv_len(v), 4);
	assert_string_equal(v[1], "b,c");
	assert_string_equal(v[2], "d\"e");
	assert_true(csv_split("a\"b", &none) < 0);
	assert_true(csv_split("\"a", &none) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_forms), cmocka_unit_test(test_stop_at_argument),
					   cmocka_unit_test(test_defaults), cmocka_unit_test(test_errors),
					   cmocka_unit_test(test_csv)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
