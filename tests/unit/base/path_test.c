/* SPDX-License-Identifier: Apache-2.0 */
/* Rooted paths: links, dot-dot, special files, deep removal, durable replace. */
#include "unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/path.h"

static char top[] = "/tmp/hull-path-XXXXXX";
static int topfd;

static int setup(void **state)
{
	if (!mkdtemp(top))
		return -1;
	topfd = dir_open(top);
	return topfd < 0;
}

static int teardown(void **state)
{
	close(topfd);
	int r = rm_rf_at(AT_FDCWD, top);
	return r;
}

static void links_stay_inside(void **state)
{
	assert_int_equal(mkdirat(topfd, "root", 0755), 0);
	int root = dir_open_at(topfd, "root");
	assert_int_equal(symlinkat("/etc", root, "abs"), 0);
	assert_int_equal(symlinkat("../../..", root, "up"), 0);
	int fd = root_open(root, "abs/passwd", ROOT_IN, O_RDONLY, 0);
	assert_int_equal(fd, -ENOENT);
	assert_int_equal(root_open(root, "up", ROOT_BENEATH, O_PATH, 0), -EXDEV);
	assert_int_equal(root_open(root, "abs", ROOT_NO_LINKS, O_PATH | O_DIRECTORY, 0), -ELOOP);
	fd = root_mkdir_p(root, "/abs/made/here", ROOT_IN, 0755); /* lands in root/etc */
	assert_int_equal(fd, -ENOENT);                            /* the dangling link is not made up */
	fd = root_mkdir_p(root, "up/x/y", ROOT_IN, 0755);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(faccessat(root, "x/y", F_OK, 0), 0);
	close(root);
}

static void special_files_do_not_block(void **state)
{
	assert_int_equal(mkfifoat(topfd, "fifo", 0600), 0);
	assert_int_equal(root_open_regular(topfd, "fifo", ROOT_IN, O_RDONLY), -EINVAL);
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	assert_int_equal(root_read_file(topfd, "fifo", ROOT_IN, 10, &sb), -EINVAL);
	assert_int_equal(file_replace(topfd, "file", "0123456789", 10, 0600), 0);
	assert_int_equal(root_read_file(topfd, "file", ROOT_IN, 9, &sb), -EFBIG);
	strbuf_clear(&sb);
	assert_int_equal(root_read_file(topfd, "/file", ROOT_IN, 10, &sb), 0);
	assert_string_equal(sb.data, "0123456789");
}

static void deep_trees_are_removed(void **state)
{
	assert_int_equal(mkdirat(topfd, "deep", 0755), 0);
	int at = dir_open_at(topfd, "deep");
	for (int i = 0; i < 3000; i++) {
		assert_int_equal(mkdirat(at, "d", 0755), 0);
		int f = openat(at, "f", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
		assert_true(f >= 0);
		close(f);
		int next = dir_open_at(at, "d");
		close(at);
		at = next;
	}
	close(at);
	assert_int_equal(rm_rf_at(topfd, "deep"), 0);
	assert_int_equal(faccessat(topfd, "deep", F_OK, AT_SYMLINK_NOFOLLOW), -1);
	assert_int_equal(rm_rf_at(topfd, "deep"), 0);
}

static void removal_does_not_follow(void **state)
{
	assert_int_equal(mkdirat(topfd, "keep", 0755), 0);
	int keep = dir_open_at(topfd, "keep");
	assert_int_equal(file_replace_volatile(keep, "canary", "x", 1, 0600), 0);
	close(keep);
	assert_int_equal(mkdirat(topfd, "go", 0755), 0);
	int go = dir_open_at(topfd, "go");
	assert_int_equal(symlinkat("../keep", go, "link"), 0);
	close(go);
	assert_int_equal(rm_rf_at(topfd, "go"), 0);
	assert_int_equal(faccessat(topfd, "keep/canary", F_OK, 0), 0);
}

static void one_holder_per_lock(void **state)
{
	char path[64];
	snprintf(path, sizeof(path), "%s/lock", top);
	int a = file_lock(path);
	assert_true(a >= 0);
	assert_int_equal(file_lock(path), -EWOULDBLOCK);
	close(a);
	a = file_lock(path);
	assert_true(a >= 0);
	close(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(links_stay_inside),      cmocka_unit_test(special_files_do_not_block),
		cmocka_unit_test(deep_trees_are_removed), cmocka_unit_test(removal_does_not_follow),
		cmocka_unit_test(one_holder_per_lock),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
