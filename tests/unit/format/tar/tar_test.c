/* SPDX-License-Identifier: Apache-2.0 */
/* Tar: what the writer writes the reader reads, in chunks of any size; the dialects; and damage of every kind. */
#include "format/tar/tar.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/strutil.h"
#include "format/tar/header.h"
#include "unit/test.h"

struct source {
	const uint8_t *p;
	size_t n, chunk;
};

static ssize_t fill(void *arg, const uint8_t **p)
{
	struct source *s = arg;
	size_t k = MIN(s->n, s->chunk);

	*p = s->p;
	s->p += k;
	s->n -= k;
	return (ssize_t)k;
}

/* Everything an archive holds as text, or "error: ...". */
static char *describe(const void *p, size_t n, size_t chunk)
{
	struct source s = {.p = p, .n = n, .chunk = chunk};
	_cleanup_(tar_reader_free_p) struct tar_reader *r = tar_reader_new(fill, &s);
	struct strbuf out = STRBUF_INIT;
	const struct tar_entry *t;
	int rc;

	while ((rc = tar_next(r, &t)) == 1) {
		const uint8_t *d;
		int64_t at;
		ssize_t k;

		strbuf_addf(&out, "%d %s%s%s %o %lld:%lld %lld @%lld.%u", t->type, t->name, t->link ? "->" : "",
			    str_or_empty(t->link), t->mode, (long long)t->uid, (long long)t->gid, (long long)t->size,
			    (long long)t->mtime_s, t->mtime_ns);
		for (size_t i = 0; i < t->n_xattrs; i++)
			strbuf_addf(&out, " %s=%zu", t->xattrs[i].name, t->xattrs[i].len);
		int64_t expect = -1;
		while ((k = tar_data(r, &d, &at)) > 0) {
			if (at != expect)
				strbuf_addf(&out, " [%lld]", (long long)at);
			strbuf_add(&out, d, (size_t)k);
			expect = at + k;
		}
		strbuf_add_char(&out, '\n');
		if (k < 0) {
			rc = (int)k;
			break;
		}
	}
	if (rc < 0) {
		strbuf_clear(&out);
		strbuf_addf(&out, "error: %s", tar_reader_error(r));
	}
	return strbuf_steal(&out);
}

static void add_entry(struct strbuf *out, const struct tar_entry *t, const char *data)
{
	static const char zero[512];

	tar_write_header(out, t);
	if (data) {
		strbuf_add_str(out, data);
		strbuf_add(out, zero, tar_padding((int64_t)strlen(data)));
	}
}

static void round_trip(void **state)
{
	_cleanup_strbuf_ struct strbuf a = STRBUF_INIT;
	char name[301], split[200];
	struct tar_xattr x = {.name = (char *)"security.capability", .value = (char *)"\1\0\2", .len = 3};

	memset(name, 'n', 300);
	name[300] = 0;
	memset(split, 's', 150);
	split[60] = '/';
	split[150] = 0;
	add_entry(&a, &(struct tar_entry){.type = TAR_DIRECTORY, .name = (char *)"d/", .mode = 01777, .mtime_s = 5},
		  NULL);
	add_entry(&a,
		  &(struct tar_entry){.name = (char *)"d/f",
				      .mode = 04755,
				      .uid = 4000000000,
				      .gid = 7,
				      .size = 5,
				      .mtime_s = 9,
				      .mtime_ns = 120000000,
				      .xattrs = &x,
				      .n_xattrs = 1},
		  "hello");
	add_entry(&a, &(struct tar_entry){.type = TAR_SYMLINK, .name = (char *)"l", .link = name}, NULL);
	add_entry(&a, &(struct tar_entry){.type = TAR_HARDLINK, .name = name, .link = (char *)"d/f"}, NULL);
	add_entry(&a, &(struct tar_entry){.type = TAR_FIFO, .name = split}, NULL);
	add_entry(&a, &(struct tar_entry){.type = TAR_CHAR, .name = (char *)"c", .dev_major = 1, .dev_minor = 3}, NULL);
	add_entry(&a, &(struct tar_entry){.name = (char *)"\303\244", .size = 0}, "");
	tar_write_end(&a);

	_cleanup_free_ char *want =
		xasprintf("1 d/ 1777 0:0 0 @5.0\n"
			  "0 d/f 4755 4000000000:7 5 @9.120000000 security.capability=3 [0]hello\n"
			  "2 l->%s 0 0:0 0 @0.0\n3 %s->d/f 0 0:0 0 @0.0\n6 %s 0 0:0 0 @0.0\n4 c 0 0:0 0 @0.0\n"
			  "0 \303\244 0 0:0 0 @0.0\n",
			  name, name, split);
	for (size_t chunk = 1; chunk < 2000; chunk += chunk < 8 ? 1 : 171) {
		_cleanup_free_ char *got = describe(a.data, a.len, chunk);

		assert_string_equal(got, want);
	}
}

static void numbers(void **state)
{
	int64_t v;
	char f[12];
	static const int64_t values[] = {0,         1,  07777777777LL, 077777777777LL, 0100000000000LL, 1LL << 62,
					 INT64_MAX, -1, -5000,         INT64_MIN};

	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		tar_number_write(f, sizeof(f), values[i]);
		assert_int_equal(tar_number_parse(f, sizeof(f), &v), 0);
		assert_true(v == values[i]);
	}
	assert_int_equal(tar_number_parse("  0644 \0\0\0", 8, &v), 0);
	assert_int_equal(v, 0644);
	assert_int_equal(tar_number_parse("\0\0\0\0\0\0\0\0", 8, &v), 0);
	assert_int_equal(v, 0);
	assert_int_equal(tar_number_parse("00x\0\0\0\0\0", 8, &v), -EPROTO);
	assert_int_equal(tar_number_parse("-0000001", 8, &v), -EPROTO);
	assert_int_equal(tar_number_parse("0008\0\0\0\0", 8, &v), -EPROTO);
	assert_int_equal(tar_number_parse("\x80\x01\0\0\0\0\0\0\0\0\0\0", 12, &v), -EPROTO); /* 2^80 */
	assert_int_equal(tar_number_parse("\x80\0\0\0\x80\0\0\0\0\0\0\0", 12, &v), -EPROTO); /* 2^63 */
}

static void pax_records(void **state)
{
	static const struct {
		const char *text;
		int want;
	} rows[] = {
		{"12 path=abc\n", 0},
		{"11 path=abc\n", -EPROTO},
		{"13 path=abc\n", -EPROTO},
		{"12 path=abc", -EPROTO},
		{"x2 path=abc\n", -EPROTO},
		{"-2 path=abc\n", -EPROTO},
		{"99999999999 path=abc\n", -EPROTO},
		{" path=abc\n", -EPROTO},
		{"5 a=\n", 0},
		{"4 =\n", -EPROTO},
		{"6 abc\n", -EPROTO},
		{"0 \n", -EPROTO},
		{"10 size=x\n", -EPROTO},
		{"17 mtime=-1.5e9\n", -EPROTO},
		{"14 mtime=-1.5\n", 0},
		{"20 SCHILY.xattr.=abc\n", -EPROTO},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct tar_pax p = {0};
		int r = tar_pax_parse(&p, rows[i].text, strlen(rows[i].text));

		/* a wrong sum of ours must not hide a wrong answer */
		if (r != rows[i].want)
			fail_msg("row %zu: %d", i, r);
		if (i == 14) {
			assert_int_equal(p.mtime_s, -2);
			assert_int_equal(p.mtime_ns, 500000000);
		}
		tar_pax_done(&p);
	}
	struct tar_pax p = {0};
	assert_int_equal(tar_pax_parse(&p, "13 path=a\0bc\n", 13), -EPROTO);
	tar_pax_done(&p);
}

/* GNU tar's own files, by the program itself. */
static void dialect(const char *command, const char *want)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	char buf[4096];
	size_t n;
	FILE *f = popen(command, "r");

	assert_non_null(f);
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		strbuf_add(&sb, buf, n);
	assert_int_equal(pclose(f), 0);
	for (size_t chunk = 500; chunk < 100000; chunk *= 13) {
		_cleanup_free_ char *got = describe(sb.data, sb.len, chunk);

		assert_string_equal(got, want);
	}
}

#define MAKE_SPARSE                                                                                                    \
	"set -e; d=$(mktemp -d); cd $d; truncate -s 1M s; printf hello | dd of=s bs=1 seek=524288 conv=notrunc "       \
	"status=none;"                                                                                                 \
	"tar -cf - --sparse --owner=1 --group=2 --mode=644 --mtime=@77 %s s; rm -r $d"

static void sparse(void **state)
{
	static const char *const how[] = {"--format=gnu", "--format=pax --sparse-version=0.0",
					  "--format=pax --sparse-version=0.1", "--format=pax --sparse-version=1.0"};

	for (size_t i = 0; i < ARRAY_SIZE(how); i++) {
		_cleanup_free_ char *cmd = xasprintf(MAKE_SPARSE, how[i]);
		_cleanup_strbuf_ struct strbuf want = STRBUF_INIT;

		strbuf_add_str(&want, "0 s 644 1:2 1048576 @77.0 [524288]hello");
		for (int z = 5; z < 4096; z++)
			strbuf_add_char(&want, 0);
		strbuf_add_char(&want, '\n');
		dialect(cmd, want.data);
	}
}

static void gnu_names(void **state)
{
	char name[201];
	_cleanup_free_ char *cmd = NULL, *want = NULL;

	memset(name, 'g', 200);
	name[200] = 0;
	cmd = xasprintf("set -e; d=$(mktemp -d); cd $d; ln -s %s %s; tar -cf - --format=gnu --owner=0 --group=0 "
			"--mtime=@1 %s; rm -r $d",
			name, name, name);
	want = xasprintf("2 %s->%s 777 0:0 0 @1.0\n", name, name);
	dialect(cmd, want);
}

static void cut_anywhere(void **state)
{
	_cleanup_strbuf_ struct strbuf a = STRBUF_INIT;

	add_entry(&a, &(struct tar_entry){.name = (char *)"f", .size = 600, .uid = 1LL << 40}, NULL);
	for (int i = 0; i < 600; i++)
		strbuf_add_char(&a, 'x');
	for (size_t i = tar_padding(600); i; i--)
		strbuf_add_char(&a, 0);
	size_t whole = a.len;
	tar_write_end(&a);
	for (size_t n = 1; n < whole; n++) {
		_cleanup_free_ char *got = describe(a.data, n, 512);

		if (n >= whole - tar_padding(600))
			assert_null(strstr(got, "error"));
		else
			assert_string_equal(got, "error: the archive is cut off");
	}
}

static void damage(void **state)
{
	_cleanup_strbuf_ struct strbuf a = STRBUF_INIT;
	_cleanup_free_ char *got = NULL;

	add_entry(&a, &(struct tar_entry){.name = (char *)"f"}, NULL);
	a.data[0] = 'g';
	got = describe(a.data, a.len, 512);
	assert_string_equal(got, "error: a header has a wrong check sum");
	free_and_set(&got, NULL);

	/* what the check sum does not catch */
	static const struct {
		size_t at;
		const char *bytes;
		size_t n;
		const char *want;
	} rows[] = {
		{156, "Z", 1, "error: an entry has an unknown type"},
		{124, "zzz", 3, "error: a header has a malformed number"},
		{124, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 12, "error: an entry has a negative size"},
		{124, "\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff", 12, "error: an entry has an impossible size"},
		{0, "\0", 1, "error: an entry has no name"},
		{156, "2", 1, "error: a link has no target"},
		{156, "S", 1, "error: an entry has an unknown type"},
		{124, "77777777777", 11, "error: the archive is cut off"},
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		strbuf_clear(&a);
		add_entry(&a, &(struct tar_entry){.name = (char *)"f"}, NULL);
		memcpy(a.data + rows[i].at, rows[i].bytes, rows[i].n);
		tar_number_write(a.data + 148, 7, tar_checksum((uint8_t *)a.data, NULL));
		free_and_set(&got, describe(a.data, a.len, 512));
		assert_string_equal(got, rows[i].want);
	}
}

static void caps(void **state)
{
	for (int over = 0; over < 2; over++) {
		_cleanup_strbuf_ struct strbuf a = STRBUF_INIT;
		_cleanup_free_ char *name = xmalloc(LIMIT_TAR_PATH + 1), *got = NULL;

		memset(name, 'a', LIMIT_TAR_PATH);
		name[LIMIT_TAR_PATH - 1 + over] = 0;
		add_entry(&a, &(struct tar_entry){.name = name}, NULL);
		got = describe(a.data, a.len, 512);
		assert_int_equal(strstr(got, "error: a pax record is too large") != NULL, over);
	}
	/* an extension header that announces more than is allowed is not read at all */
	_cleanup_strbuf_ struct strbuf a = STRBUF_INIT;
	_cleanup_free_ char *got = NULL;
	add_entry(&a, &(struct tar_entry){.name = (char *)"f"}, NULL);
	a.data[156] = 'x';
	tar_number_write(a.data + 124, 12, LIMIT_TAR_PAX + 1);
	tar_number_write(a.data + 148, 7, tar_checksum((uint8_t *)a.data, NULL));
	got = describe(a.data, a.len, 512);
	assert_string_equal(got, "error: an extension header is too large");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip), cmocka_unit_test(numbers),   cmocka_unit_test(pax_records),
		cmocka_unit_test(sparse),     cmocka_unit_test(gnu_names), cmocka_unit_test(cut_anywhere),
		cmocka_unit_test(damage),     cmocka_unit_test(caps),
	};

	return RUN_TESTS(tests);
}
