/* SPDX-License-Identifier: Apache-2.0 */
/* The store: what was applied is there after a crash, a broken file is set aside, a second process is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <glob.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "state/state.h"

static char dir[64];

static int setup(void **state)
{
	snprintf(dir, sizeof(dir), "/tmp/hull-state-test.XXXXXX");
	*state = mkdtemp(dir) ? xasprintf("%s/hull.db", dir) : NULL;
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	free(*state);
	return rm_rf_at(AT_FDCWD, dir);
}

static void collect(void *arg, const char *key, const char *doc)
{
	struct strbuf *sb = arg;

	strbuf_addf(sb, "%s=%s;", key, doc);
}

static void holds(struct state *s, const char *kind, const char *wanted)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	struct err e = ERR_INIT;

	assert_int_equal(state_each(s, kind, collect, &sb, &e), 0);
	assert_string_equal(sb.data, wanted);
}

static void put_replace_delete(void **state)
{
	const struct state_change first[] = {{"a", "2", "two"}, {"a", "1", "one"}, {"b", "1", "other"}};
	const struct state_change second[] = {{"a", "1", NULL}, {"a", "2", "TWO"}, {"a", "gone", NULL}};
	struct state *s;
	struct err e = ERR_INIT;

	assert_int_equal(state_open(*state, &s, &e), 0);
	assert_int_equal(state_apply(s, first, 3, STATE_DURABLE, &e), 0);
	holds(s, "a", "1=one;2=two;");
	assert_int_equal(state_apply(s, second, 3, STATE_FAST, &e), 0);
	holds(s, "a", "2=TWO;");
	holds(s, "none", "");
	state_close(s);
	assert_int_equal(state_open(*state, &s, &e), 0);
	holds(s, "a", "2=TWO;");
	holds(s, "b", "1=other;");
	state_close(s);
}

static void survives_kill(void **state)
{
	struct state *s;
	struct err e = ERR_INIT;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		const struct state_change c = {"a", "k", "v"};

		if (state_open(*state, &s, NULL) < 0 || state_apply(s, &c, 1, STATE_FAST, NULL) < 0)
			_exit(1);
		_exit(0); /* no close */
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(state_open(*state, &s, &e), 0);
	holds(s, "a", "k=v;");
	state_close(s);
}

static void second_process_is_refused(void **state)
{
	const struct state_change c = {"a", "k", "v"};
	struct state *s, *other;
	struct err e = ERR_INIT;
	int status;
	pid_t pid;

	assert_int_equal(state_open(*state, &s, &e), 0);
	assert_int_equal(state_apply(s, &c, 1, STATE_FAST, &e), 0);
	pid = fork();
	if (pid == 0)
		_exit(state_open(*state, &other, &e) < 0 && e.kind == ERR_CONFLICT ? 0 : 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	holds(s, "a", "k=v;");
	state_close(s);
}

static void broken_file_is_set_aside(void **state)
{
	_cleanup_free_ char *pattern = xasprintf("%s/hull.db.broken-*", dir);
	const struct state_change c = {"a", "k", "v"};
	struct state *s;
	struct err e = ERR_INIT;
	glob_t g;
	int fd;

	fd = open(*state, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_int_equal(
		fd_write_full(fd, "this is no database, it only looks like a file of some length....................",
			      80),
		0);
	fd_close(fd);
	assert_int_equal(state_open(*state, &s, &e), 0);
	holds(s, "a", "");
	assert_int_equal(state_apply(s, &c, 1, STATE_FAST, &e), 0);
	holds(s, "a", "k=v;");
	state_close(s);
	assert_int_equal(glob(pattern, 0, NULL, &g), 0);
	assert_int_equal(g.gl_pathc, 1);
	globfree(&g);
}

/* A page in the middle is overwritten: the rest is still read. */
static void bad_page_costs_its_rows(void **state)
{
	_cleanup_free_ char *doc = xmalloc(3001);
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	struct state *s;
	struct err e = ERR_INIT;
	char key[16], junk[4096];
	size_t n = 0;
	int fd;

	memset(doc, 'x', 3000);
	doc[3000] = '\0';
	assert_int_equal(state_open(*state, &s, &e), 0);
	for (int i = 0; i < 100; i++) {
		const struct state_change c = {"a", key, doc};

		snprintf(key, sizeof(key), "k%03d", i);
		assert_int_equal(state_apply(s, &c, 1, STATE_FAST, &e), 0);
	}
	state_close(s);
	fd = open(*state, O_RDWR | O_CLOEXEC);
	memset(junk, 0x5a, sizeof(junk));
	assert_int_equal(pwrite(fd, junk, sizeof(junk), 50 * 4096), sizeof(junk));
	fd_close(fd);
	/* no log beside it: opened without the check, as after a clean stop */
	assert_int_equal(state_open(*state, &s, &e), 0);
	assert_int_equal(state_each(s, "a", collect, &sb, &e), 0);
	for (const char *p = sb.data; (p = strchr(p, ';')); p++)
		n++;
	assert_in_range(n, 90, 99);
	state_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(put_replace_delete, setup, teardown),
		cmocka_unit_test_setup_teardown(survives_kill, setup, teardown),
		cmocka_unit_test_setup_teardown(second_process_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(broken_file_is_set_aside, setup, teardown),
		cmocka_unit_test_setup_teardown(bad_page_costs_its_rows, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
