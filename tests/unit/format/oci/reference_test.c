/* SPDX-License-Identifier: Apache-2.0 */
/* References: what Docker's grammar takes and refuses, normalized and familiar forms, the reference filter. */
#include "base/limits.h"
#include "base/mem.h"
#include "base/strutil.h"
#include "format/oci/reference.h"
#include "unit/test.h"

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void accepts(void **state)
{
	static const char *const rows[][3] = {
		/* given, full, familiar */
		{"busybox", "docker.io/library/busybox", "busybox"},
		{"busybox:1.36", "docker.io/library/busybox:1.36", "busybox:1.36"},
		{"docker.io/busybox", "docker.io/library/busybox", "busybox"},
		{"index.docker.io/library/busybox", "docker.io/library/busybox", "busybox"},
		{"docker.io/library/a/b", "docker.io/library/a/b", "library/a/b"},
		{"foo/bar", "docker.io/foo/bar", "foo/bar"},
		{"localhost/bar", "localhost/bar", "localhost/bar"},
		{"localhost:5000/bar:x", "localhost:5000/bar:x", "localhost:5000/bar:x"},
		{"example.com/a/b/c", "example.com/a/b/c", "example.com/a/b/c"},
		{"Foo/bar", "Foo/bar", "Foo/bar"},
		{"[::1]:5000/x", "[::1]:5000/x", "[::1]:5000/x"},
		{"x/a__b--c.d/e_f", "docker.io/x/a__b--c.d/e_f", "x/a__b--c.d/e_f"},
		{"busybox@sha256:" HEX, "docker.io/library/busybox@sha256:" HEX, "busybox@sha256:" HEX},
		{"busybox:x@sha256:" HEX, "docker.io/library/busybox:x@sha256:" HEX, "busybox:x@sha256:" HEX},
		{"0123456789abcdef", "docker.io/library/0123456789abcdef", "0123456789abcdef"},
		{"busybox:_-.A", "docker.io/library/busybox:_-.A", "busybox:_-.A"},
		{"docker.io/a.b/c", "docker.io/a.b/c", "docker.io/a.b/c"},
		{"library/" HEX, "docker.io/library/" HEX, "library/" HEX},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_reference_ struct reference r = {0};
		struct err e = ERR_INIT;

		if (reference_parse(rows[i][0], &r, &e) < 0)
			fail_msg("%s: %s", rows[i][0], e.msg);
		_cleanup_free_ char *full = reference_full(&r);
		_cleanup_free_ char *familiar = reference_familiar(&r);
		assert_string_equal(full, rows[i][1]);
		assert_string_equal(familiar, rows[i][2]);
	}
}

static void refuses(void **state)
{
	static const char *const rows[][2] = {
		{"", "invalid reference format"},
		{":", "invalid reference format"},
		{"a:", "invalid reference format"},
		{"a@", "invalid reference format"},
		{"-a", "invalid reference format"},
		{"a-", "invalid reference format"},
		{"a..b", "invalid reference format"},
		{"a___b", "invalid reference format"},
		{"a//b", "invalid reference format"},
		{"/a", "invalid reference format"},
		{"a/", "invalid reference format"},
		{"a b", "invalid reference format"},
		{"a\nb", "invalid reference format"},
		{"../../etc/passwd", "invalid reference format"},
		{"a:..", "invalid reference format"},
		{"a:-x", "invalid reference format"},
		{"-x.com/a", "invalid reference format"},
		{"a.com:x/b", "invalid reference format"},
		{"[::1/b", "invalid reference format"},
		{"Busybox", "invalid reference format: repository name (library/Busybox) must be lowercase"},
		{"foo/Bar:tag", "invalid reference format: repository name (foo/Bar) must be lowercase"},
		{HEX, "invalid reference format: invalid repository name (" HEX
		      "), cannot specify 64-byte hexadecimal strings"},
		{"a@sha256:abc", "invalid reference format"},
		{"a@sha256:0123456789abcdef0123456789abcdef", "invalid checksum digest length"},
		{"a@md5:0123456789abcdef0123456789abcdef", "unsupported digest algorithm"},
		{"a@sha256:../../0123456789abcdef0123456789abcdef", "invalid reference format"},
		{"a:"
		 "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
		 "01234567890123456789012345678",
		 "invalid reference format"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct reference r = {0};
		struct err e = ERR_INIT;

		if (reference_parse(rows[i][0], &r, &e) == 0)
			fail_msg("accepted: %s", rows[i][0]);
		assert_int_equal(e.kind, ERR_INVALID);
		assert_string_equal(e.msg, rows[i][1]);
	}
}

static void long_names(void **state)
{
	char name[LIMIT_REFERENCE + 2];
	struct reference r = {0};

	memset(name, 'a', sizeof(name));
	name[247] = 0; /* "library/" and 247 are 255 */
	assert_int_equal(reference_parse(name, &r, NULL), 0);
	reference_done(&r);
	name[247] = 'a';
	name[248] = 0;
	assert_int_equal(reference_parse(name, &r, NULL), -1);
	name[248] = 'a';
	name[sizeof(name) - 1] = 0;
	assert_int_equal(reference_parse(name, &r, NULL), -1);
}

static void repo_and_tag(void **state)
{
	_cleanup_reference_ struct reference r = {0}, s = {0};
	struct err e = ERR_INIT;

	assert_int_equal(reference_parse_repo_tag("foo/bar", NULL, &r, &e), 0);
	assert_string_equal(r.tag, "latest");
	assert_int_equal(reference_parse_repo_tag("foo:old", "new", &s, &e), 0);
	assert_string_equal(s.tag, "new");
	reference_done(&s);
	assert_int_equal(reference_parse_repo_tag("foo", "no/tag", &s, &e), -1);
	assert_string_equal(e.msg, "invalid tag format");
	assert_int_equal(reference_parse_repo_tag("a@sha256:" HEX, NULL, &s, &e), -1);
}

static bool matches(const char *ref, const char *pattern)
{
	_cleanup_reference_ struct reference r = {0};
	bool yes = false;

	assert_int_equal(reference_parse(ref, &r, NULL), 0);
	assert_int_equal(reference_match(&r, pattern, &yes), 0);
	return yes;
}

static void filter(void **state)
{
	_cleanup_reference_ struct reference r = {0};
	bool yes;

	assert_true(matches("busybox:1.0", "busybox"));
	assert_true(matches("busybox:1.0", "busy*"));
	assert_true(matches("busybox:1.0", "*:1.0"));
	assert_true(matches("busybox:1.0", "busybox:1.?"));
	assert_true(matches("busybox:1.0", "[a-c]usybox"));
	assert_true(matches("foo/bar:x", "*/*"));
	assert_true(matches("foo/bar:x", "foo/b\\ar"));
	assert_false(matches("foo/bar:x", "*"));
	assert_false(matches("foo/bar:x", "foo"));
	assert_false(matches("busybox:1.0", "[^b]usybox"));
	assert_int_equal(reference_parse("busybox", &r, NULL), 0);
	assert_int_equal(reference_match(&r, "a[", &yes), -22);
	/* many stars do not take for ever */
	assert_false(matches("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
			     "*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepts),      cmocka_unit_test(refuses), cmocka_unit_test(long_names),
		cmocka_unit_test(repo_and_tag), cmocka_unit_test(filter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
