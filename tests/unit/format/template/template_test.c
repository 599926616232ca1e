/* SPDX-License-Identifier: Apache-2.0 */
/* Templates against the output of Go's text/template (and docker's functions) for the same text and document. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "format/template/template.h"

static const char document[] = "{\"Id\":\"abcdef0123456789\",\"Name\":\"/"
			       "web\",\"Count\":3,\"Ratio\":0.5,\"On\":true,\"Off\":false,\"Nil\":null,"
			       "\"List\":[\"a\",\"b\",\"c\"],\"Empty\":[],\"Map\":{\"z\":\"1\",\"a\":\"2\"},\"State\":{"
			       "\"Status\":\"running\",\"Pid\":42},"
			       "\"Html\":\"<b>&\",\"Objects\":[{\"N\":1},{\"N\":2}]}";

struct example {
	const char *text, *want; /* want of a failure: what its message holds */
};

static const struct example good[] = {
	{"plain", "plain"},
	{"{{.Id}}", "abcdef0123456789"},
	{"{{.State.Status}} {{.State.Pid}}", "running 42"},
	{"{{.Count}} {{.Ratio}} {{.On}} {{.Nil}}", "3 0.5 true <no value>"},
	{"{{.List}} {{.Map}} {{.Empty}}", "[a b c] map[a:2 z:1] []"},
	{"{{json .State}} {{json .Html}} {{json .Nil}}", "{\"Status\":\"running\",\"Pid\":42} \"<b>&\" null"},
	{"a {{- .Count -}} b", "a3b"},
	{"a{{/* comment */}}b {{- /* trimmed */ -}} c", "abc"},
	{"{{if .On}}yes{{else}}no{{end}}{{if .Off}}yes{{else}}no{{end}}", "yesno"},
	{"{{if .Off}}1{{else if .On}}2{{else}}3{{end}}", "2"},
	{"{{with .State}}{{.Pid}}{{$.Count}}{{end}}{{with .Nil}}x{{else}}none{{end}}", "423none"},
	{"{{range .List}}[{{.}}]{{end}}{{range .Empty}}x{{else}}empty{{end}}", "[a][b][c]empty"},
	{"{{range $i, $e := .List}}{{if $i}},{{end}}{{$e}}{{end}}", "a,b,c"},
	{"{{range $k, $v := .Map}}{{$k}}={{$v}};{{end}}", "a=2;z=1;"},
	{"{{range .List}}{{if eq . \"b\"}}{{break}}{{end}}{{.}}{{end}}", "a"},
	{"{{range .List}}{{if eq . \"b\"}}{{continue}}{{end}}{{.}}{{end}}", "ac"},
	{"{{range .Objects}}{{.N}}{{end}}", "12"},
	{"{{$x := .Count}}{{$x}}{{$x = 5}}{{$x}}", "35"},
	{"{{$x := 1}}{{if true}}{{$x = 2}}{{end}}{{$x}}", "2"},
	{"{{index .List 1}} {{index .Map \"z\"}} {{(index .Objects 0).N}}", "b 1 1"},
	{"{{len .List}} {{len .Id}} {{len .Map}}", "3 16 2"},
	{"{{slice .Id 0 3}} {{slice .List 1}}", "abc [b c]"},
	{"{{.Name | upper | printf \"%s!\"}} {{printf \"%-8s|%5d|%q\" .State.Status 7 \"q\"}}",
	 "/WEB! running |    7|\"q\""},
	{"{{printf \"%v %t %.2f %x\" .List .On .Ratio 255}}", "[a b c] true 0.50 ff"},
	{"{{printf \"%d\" .Id}}", "%!d(string=abcdef0123456789)"},
	{"{{join .List \"-\"}} {{join (split \"a:b\" \":\") \"+\"}}", "a-b-c a+b"},
	{"{{title \"hello world\"}} {{lower \"ABC\"}} {{truncate .Id 4}} {{pad \"x\" 1 2}}|",
	 "Hello World abc abcd  x  |"},
	{"{{eq .Count 3}} {{ne .Count 3}} {{lt 1 2}} {{le 2 2}} {{gt 1 2}} {{ge 2 2}}",
	 "true false true true false true"},
	{"{{eq .Name \"x\" \"/web\"}}", "true"},
	{"{{and .On .Count}} {{or .Off .Name}} {{not .On}} {{and .Off (index .List 99)}}", "3 /web false false"},
	{"{{println 1 2}}{{print \"a\" 1 2 \"b\"}}", "1 2\na1 2b"},
	{"{{html .Html}} {{urlquery \"a b&c\"}}", "&lt;b&gt;&amp; a+b%26c"},
	{"{{\"a\\tb\\u00e9\"}}{{`raw\\n`}}{{'x'}}", "a\tb\xc3\xa9raw\\n120"},
	{"{{/* only */}}", ""},
};

static const struct example bad[] = {
	{"{{.Id", "unclosed action"},
	{"{{nosuch}}", "function \"nosuch\" not defined"},
	{"{{.Nope}}", "at <.Nope>: map has no entry for key \"Nope\""},
	{"{{.State.Nope}}", "template: :1:8: executing \"\" at <.State.Nope>: map has no entry for key \"Nope\""},
	{"{{.Id.X}}", "can't evaluate field X in type string"},
	{"{{index .List 9}}", "index out of range: 9"},
	{"{{if}}x{{end}}", "missing value for if"},
	{"{{end}}", "unexpected {{end}}"},
	{"{{range .List}}", "unexpected EOF"},
	{"{{$x}}", "undefined variable \"$x\""},
	{"{{break}}", "outside {{range}}"},
	{"{{\"open}}", "unterminated quoted string"},
	{"{{range .Name}}x{{end}}", "can't iterate over /web"},
	{"{{lt .Name 1}}", "incompatible types for comparison"},
	{"{{define \"x\"}}{{end}}", "not supported"},
	{"{{len}}", "wrong number of args for len"},
	{"{{.Id | 3}}", "non executable command"},
};

static int run(const char *text, struct strbuf *out, struct err *e)
{
	_cleanup_(template_free_p) struct template *t = NULL;
	_cleanup_json_ json_object *doc = NULL;

	assert_int_equal(json_parse(document, strlen(document), &doc, NULL), 0);
	if (template_parse(text, &t, e) < 0)
		return -1;
	return template_execute(t, doc, NULL, out, e);
}

static void test_good(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;
		struct err e = ERR_INIT;

		if (run(good[i].text, &out, &e) < 0)
			fail_msg("%s: %s", good[i].text, e.msg);
		assert_string_equal(out.data, good[i].want);
	}
}

static void test_bad(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;
		struct err e = ERR_INIT;

		if (run(bad[i].text, &out, &e) == 0)
			fail_msg("%s: gave %s", bad[i].text, out.data);
		if (!strstr(e.msg, bad[i].want))
			fail_msg("%s: %s", bad[i].text, e.msg);
	}
}

static void test_depth(void **state)
{
	_cleanup_strbuf_ struct strbuf deep = STRBUF_INIT;
	struct err e = ERR_INIT;
	_cleanup_(template_free_p) struct template *t = NULL;

	for (int i = 0; i < 1000; i++)
		strbuf_add_str(&deep, "{{if true}}");
	assert_int_equal(template_parse(deep.data, &t, &e), -1);
	assert_non_null(strstr(e.msg, "too deeply"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_good), cmocka_unit_test(test_bad),
					   cmocka_unit_test(test_depth)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
