/* SPDX-License-Identifier: Apache-2.0 */
/* The content store: verified in, verified out, nothing left of what failed. */
#include "content/content.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/strutil.h"
#include "unit/test.h"

#define HELLO "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824" /* "hello" */

static char dir[64];
static struct content *c;

static int setup(void **state)
{
	snprintf(dir, sizeof(dir), "/tmp/content-test.XXXXXX");
	assert_non_null(mkdtemp(dir));
	return content_open(dir, &c, NULL);
}

static int teardown(void **state)
{
	content_close(c);
	return rm_rf_at(AT_FDCWD, dir);
}

static int entries(const char *sub)
{
	_cleanup_free_ char *path = path_join(dir, sub);
	DIR *d = opendir(path);
	int n = 0;

	while (readdir(d))
		n++;
	closedir(d);
	return n - 2;
}

static void put_and_get(void **state)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	_cleanup_close_ int fd = -1;
	char digest[DIGEST_MAX];
	int64_t size;

	assert_false(content_has(c, HELLO));
	assert_int_equal(content_put(c, "hello", 5, digest, NULL), 0);
	assert_string_equal(digest, HELLO);
	assert_true(content_has(c, HELLO));
	assert_int_equal(content_put(c, "hello", 5, digest, NULL), 0); /* again */
	assert_int_equal(content_read(c, HELLO, 5, &sb, NULL), 0);
	assert_string_equal(sb.data, "hello");
	assert_int_equal(content_get(c, HELLO, &fd, &size, NULL), 0);
	assert_int_equal(size, 5);
	assert_int_equal(entries("ingest"), 0);
	assert_int_equal(content_remove(c, HELLO, NULL), 0);
	assert_int_equal(content_remove(c, HELLO, NULL), 0);
	assert_false(content_has(c, HELLO));
}

static void wrong_digest_or_size(void **state)
{
	struct content_writer *w;
	struct err e = ERR_INIT;

	assert_int_equal(content_write_begin(c, &w, &e), 0);
	assert_int_equal(content_write(w, "hallo", 5, &e), 0);
	assert_int_equal(content_write_commit(w, HELLO, 5, NULL, &e), -1);
	assert_int_equal(e.kind, ERR_INVALID);
	assert_int_equal(content_write_begin(c, &w, &e), 0);
	assert_int_equal(content_write(w, "hello", 5, &e), 0);
	assert_int_equal(content_write_commit(w, HELLO, 6, NULL, &e), -1);
	assert_int_equal(entries("ingest"), 0);
	assert_int_equal(entries("blobs/sha256"), 0);
}

static void bad_digests(void **state)
{
	static const char *const rows[] = {"",
					   "sha256:",
					   "sha256:../../x",
					   "hello",
					   NULL,
					   "sha256:2CF24DBA5FB0A30E26E83B2AC5B9E29E1B161E5C1FA7425E73043362938B9824",
					   "sha512:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
					   "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b98240"};
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int fd;

		assert_false(content_has(c, rows[i]));
		assert_int_equal(content_get(c, rows[i], &fd, NULL, NULL), -1);
		assert_int_equal(content_read(c, rows[i], 10, &sb, NULL), -1);
		assert_int_equal(content_remove(c, rows[i], NULL), -1);
	}
}

static void damage_is_seen(void **state)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	_cleanup_free_ char *path =
		path_join(dir, "blobs/sha256/2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
	struct err e = ERR_INIT;
	FILE *f;

	assert_int_equal(content_put(c, "hello", 5, NULL, NULL), 0);
	assert_int_equal(content_read(c, HELLO, 4, &sb, &e), -1);
	assert_int_equal(e.kind, ERR_TOO_LARGE);
	f = fopen(path, "w");
	fputs("hellO", f);
	fclose(f);
	assert_int_equal(content_read(c, HELLO, 5, &sb, &e), -1);
	assert_non_null(strstr(e.msg, "damaged"));
	assert_int_equal(sb.len, 0);
	unlink(path);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	assert_false(content_has(c, HELLO));
	assert_int_equal(content_read(c, HELLO, 1 << 20, &sb, &e), -1);
	unlink(path);
}

static void adopts_files(void **state)
{
	_cleanup_close_ int root = dir_open(dir);
	_cleanup_free_ char *path = path_join(dir, "f"), *other = path_join(dir, "g");
	char digest[DIGEST_MAX];
	int64_t size;
	FILE *f = fopen(path, "w");

	fputs("hello", f);
	fclose(f);
	assert_int_equal(content_adopt(c, root, "f", NULL, 6, digest, &size, NULL), -1);
	assert_int_equal(link(path, other), 0);
	assert_int_equal(content_adopt(c, root, "f", HELLO, 5, digest, &size, NULL),
			 -1); /* someone else has a name for it */
	unlink(other);
	assert_int_equal(content_adopt(c, root, "f", HELLO, 5, digest, &size, NULL), 0);
	assert_false(path_exists(path));
	assert_true(content_has(c, HELLO));
	assert_int_equal(symlink("/etc/passwd", path), 0);
	assert_int_equal(content_adopt(c, root, "f", NULL, -1, digest, &size, NULL), -1);
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(content_adopt(c, root, "f", NULL, -1, digest, &size, NULL), -1);
	unlink(path);
	assert_int_equal(content_remove(c, HELLO, NULL), 0);
}

static int count(void *arg, const char *digest, int64_t size)
{
	assert_string_equal(digest, HELLO);
	assert_int_equal(size, 5);
	++*(int *)arg;
	return 0;
}

static void sweeps_and_lists(void **state)
{
	struct content_writer *w;
	struct content *second;
	int n = 0;

	assert_int_equal(content_put(c, "hello", 5, NULL, NULL), 0);
	assert_int_equal(content_write_begin(c, &w, NULL), 0);
	assert_int_equal(entries("ingest"), 1);
	assert_int_equal(content_open(dir, &second, NULL), 0); /* as after a crash */
	assert_int_equal(entries("ingest"), 0);
	content_close(second);
	content_write_abort(w);
	assert_int_equal(content_each(c, count, &n, NULL), 0);
	assert_int_equal(n, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(put_and_get),  cmocka_unit_test(wrong_digest_or_size),
		cmocka_unit_test(bad_digests),  cmocka_unit_test(damage_is_seen),
		cmocka_unit_test(adopts_files), cmocka_unit_test(sweeps_and_lists),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
