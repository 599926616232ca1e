/* SPDX-License-Identifier: Apache-2.0 */
/* Logs written by the supervisor's writer and read by the daemon's reader: rotation, compression, queries, following.
 */
#include "unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/strv.h"
#include "monitor/log_reader.h"
#include "monitor/log_writer.h"

#define T0 1700000000000000000LL /* 2023-11-14T22:13:20Z */

struct fixture {
	char dir[64];
	int dirfd;
	struct log_writer w;
	struct log_source src;
	int64_t now, step;
};

static void setup(struct fixture *f, enum monitor_log_driver driver, int64_t max_size, int max_files)
{
	struct monitor_launch l = {
		.log_driver = driver,
		.log_name = (char *)(uintptr_t) "x.log",
		.log_max_size = max_size,
		.log_max_files = max_files,
	};
	struct err e = ERR_INIT;

	strcpy(f->dir, "/tmp/log_reader_test.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	f->dirfd = dir_open(f->dir);
	f->now = T0;
	f->step = 1000000000;
	f->src = (struct log_source){f->dirfd, "x.log", driver, max_files};
	strv_add(&l.log_attrs, "tag=a b");
	log_writer_init(&f->w);
	if (log_writer_open(&f->w, fd_dup(f->dirfd), &l, &e) < 0)
		fail_msg("%s", e.msg);
	strv_free(l.log_attrs);
}

static void teardown(struct fixture *f)
{
	log_writer_done(&f->w);
	close(f->dirfd);
	assert_int_equal(rm_rf_at(AT_FDCWD, f->dir), 0);
}

static void say(struct fixture *f, enum log_stream stream, const char *text)
{
	log_writer_add(&f->w, stream, f->now, text, strlen(text));
	f->now += f->step;
}

/* "line 0\n" ... in seconds from T0 */
static void say_lines(struct fixture *f, int from, int to)
{
	char line[32];

	for (int i = from; i < to; i++) {
		snprintf(line, sizeof(line), "line %d\n", i);
		say(f, LOG_STDOUT, line);
	}
}

static int collect(void *arg, const void *p, size_t n)
{
	strbuf_add(arg, p, n);
	return 0;
}

#define QUERY ((struct log_query){.out = true, .err = true, .raw = true, .tail = -1, .gone_fd = -1, .ended_fd = -1})

static char *query(struct fixture *f, struct log_query how)
{
	struct strbuf out = STRBUF_INIT;
	struct err e = ERR_INIT;

	if (log_read(&f->src, &how, collect, &out, &e) < 0)
		fail_msg("%s", e.msg);
	return strbuf_steal(&out);
}

static void expect(struct fixture *f, struct log_query how, const char *want)
{
	_cleanup_free_ char *got = query(f, how);

	assert_string_equal(got, want);
}

/* "line <from>" ... "line <to - 1>" */
static void expect_lines(struct fixture *f, struct log_query how, int from, int to)
{
	_cleanup_strbuf_ struct strbuf want = STRBUF_INIT;

	for (int i = from; i < to; i++)
		strbuf_addf(&want, "line %d\n", i);
	expect(f, how, want.data);
}

static const enum monitor_log_driver drivers[] = {MONITOR_LOG_JSON_FILE, MONITOR_LOG_LOCAL};

static void dresses(void **state)
{
	for (size_t d = 0; d < ARRAY_SIZE(drivers); d++) {
		bool local = drivers[d] == MONITOR_LOG_LOCAL;
		struct log_query how = QUERY;
		struct fixture f;

		setup(&f, drivers[d], -1, 1);
		expect(&f, how, "");
		say(&f, LOG_STDOUT, "out\n");
		say(&f, LOG_STDERR, "err\nrest");
		log_writer_end(&f.w, LOG_STDERR);
		expect(&f, how, "out\nerr\nrest");
		how.out = false;
		expect(&f, how, "err\nrest");
		how.timestamps = true;
		expect(&f, how, "2023-11-14T22:13:21.000000000Z err\n2023-11-14T22:13:21.000000000Z rest");
		how.details = true;
		expect(&f, how,
		       local ? "2023-11-14T22:13:21.000000000Z  err\n2023-11-14T22:13:21.000000000Z  rest"
			     : "2023-11-14T22:13:21.000000000Z tag=a+b err\n2023-11-14T22:13:21.000000000Z tag=a+b "
			       "rest");
		how = QUERY;
		how.raw = false;
		how.err = false;
		_cleanup_free_ char *framed = query(&f, how);
		assert_memory_equal(framed, "\1\0\0\0\0\0\0\4out\n", 13);
		teardown(&f);
	}
}

static void when(void **state)
{
	for (size_t d = 0; d < ARRAY_SIZE(drivers); d++) {
		struct log_query how = QUERY;
		struct fixture f;

		setup(&f, drivers[d], -1, 1);
		say_lines(&f, 0, 20);
		how.since_ns = T0 + 5000000000;
		expect_lines(&f, how, 5, 20);
		how.until_ns = T0 + 7000000000;
		expect_lines(&f, how, 5, 8);
		how.tail = 15; /* of all records, before since and until */
		expect_lines(&f, how, 5, 8);
		how.tail = 13;
		expect_lines(&f, how, 7, 8);
		how.tail = 2;
		expect(&f, how, "");
		teardown(&f);
	}
}

static bool exists(struct fixture *f, const char *name)
{
	return faccessat(f->dirfd, name, F_OK, 0) == 0;
}

static void rotates(void **state)
{
	for (size_t d = 0; d < ARRAY_SIZE(drivers); d++)
		for (int compress = 0; compress < 2; compress++) {
			struct log_query how = QUERY;
			struct err e = ERR_INIT;
			struct fixture f;
			struct stat st;

			setup(&f, drivers[d], 400, 3);
			say_lines(&f, 0, 200);
			assert_true(log_writer_take_rotated(&f.w));
			assert_false(log_writer_take_rotated(&f.w));
			assert_true(exists(&f, "x.log.2") && !exists(&f, "x.log.3"));
			assert_int_equal(fstatat(f.dirfd, "x.log.1", &st, 0), 0);
			assert_true(st.st_size >= 400 && st.st_size < 520);
			if (compress) {
				assert_int_equal(log_compress_rotated(&f.src, &e), 0);
				assert_true(exists(&f, "x.log.1.gz") && exists(&f, "x.log.2.gz"));
				assert_false(exists(&f, "x.log.1") || exists(&f, "x.log.2") ||
					     exists(&f, "x.log.gz.tmp"));
			}
			_cleanup_free_ char *all = query(&f, how);
			int first = atoi(all + 5);
			assert_true(first > 140 && first < 195);
			expect_lines(&f, how, first, 200);
			for (int tail = 0; tail < 200 - first + 3; tail++) {
				how.tail = tail;
				expect_lines(&f, how, MAX(200 - tail, first), 200);
			}
			/* goes on, compressed or not */
			say_lines(&f, 200, 203);
			how.tail = 200;
			_cleanup_free_ char *more = query(&f, how);
			assert_non_null(strstr(more, "line 202\n"));
			expect_lines(&f, how, atoi(more + 5), 203);
			teardown(&f);
		}
}

static void one_file_only(void **state)
{
	struct fixture f;

	setup(&f, MONITOR_LOG_JSON_FILE, 400, 1);
	say_lines(&f, 0, 100);
	_cleanup_free_ char *all = query(&f, QUERY);
	assert_true(atoi(all + 5) > 90);
	expect_lines(&f, QUERY, atoi(all + 5), 100);
	assert_false(exists(&f, "x.log.1"));
	teardown(&f);
}

static void busy_directory(void **state)
{
	struct fixture f;
	struct stat st;
	int lock;

	setup(&f, MONITOR_LOG_LOCAL, 100, 2);
	lock = dir_open(f.dir);
	assert_int_equal(flock(lock, LOCK_SH), 0);
	say_lines(&f, 0, 50); /* must not wait */
	assert_false(exists(&f, "x.log.1"));
	assert_int_equal(fstatat(f.dirfd, "x.log", &st, 0), 0);
	assert_true(st.st_size > 1000);
	close(lock);
	say_lines(&f, 50, 51);
	assert_true(exists(&f, "x.log.1"));
	expect_lines(&f, QUERY, 0, 51);
	teardown(&f);
}

static void damage(void **state)
{
	struct monitor_launch l = {.log_driver = MONITOR_LOG_JSON_FILE,
				   .log_name = (char *)(uintptr_t) "x.log",
				   .log_max_size = -1,
				   .log_max_files = 2};
	struct fixture f;
	int fd;

	/* half a record at the end, as a power cut leaves it */
	setup(&f, MONITOR_LOG_JSON_FILE, -1, 2);
	say_lines(&f, 0, 2);
	fd = openat(f.dirfd, "x.log", O_WRONLY | O_APPEND);
	assert_int_equal(write(fd, "{\"log\":\"half", 12), 12);
	log_writer_done(&f.w);
	assert_int_equal(log_writer_open(&f.w, fd_dup(f.dirfd), &l, NULL), 0);
	say_lines(&f, 2, 4);
	expect_lines(&f, QUERY, 0, 4);
	assert_int_equal(write(fd, "{nonsense}\n", 11), 11);
	say_lines(&f, 4, 5);
	expect_lines(&f, QUERY, 0, 5);
	close(fd);
	teardown(&f);

	setup(&f, MONITOR_LOG_LOCAL, -1, 2);
	say_lines(&f, 0, 2);
	fd = openat(f.dirfd, "x.log", O_WRONLY | O_APPEND);
	assert_int_equal(write(fd, "\x20\0\0\0half", 8), 8);
	close(fd);
	log_writer_done(&f.w);
	l.log_driver = MONITOR_LOG_LOCAL;
	assert_int_equal(log_writer_open(&f.w, fd_dup(f.dirfd), &l, NULL), 0);
	say_lines(&f, 2, 4);
	expect_lines(&f, QUERY, 0, 4);
	teardown(&f);
}

static void no_log(void **state)
{
	struct log_source src = {.dirfd = -1, .driver = MONITOR_LOG_NONE};
	struct log_query how = QUERY;
	struct err e = ERR_INIT;

	assert_int_equal(log_read(&src, &how, collect, NULL, &e), -1);
	assert_int_equal(e.kind, ERR_UNSUPPORTED);
	assert_string_equal(e.msg, "configured logging driver does not support reading");
}

/* --- follow --- */

struct follower {
	struct fixture *f;
	struct log_query how;
	pthread_t thread;
	pthread_mutex_t lock;
	struct strbuf out;
};

static int collect_locked(void *arg, const void *p, size_t n)
{
	struct follower *fo = arg;

	pthread_mutex_lock(&fo->lock);
	strbuf_add(&fo->out, p, n);
	pthread_mutex_unlock(&fo->lock);
	return 0;
}

static void *follower_run(void *arg)
{
	struct follower *fo = arg;
	struct err e = ERR_INIT;

	if (log_read(&fo->f->src, &fo->how, collect_locked, fo, &e) < 0)
		strbuf_addf(&fo->out, "error: %s", e.msg);
	return NULL;
}

static void wait_for(struct follower *fo, const char *text)
{
	for (int i = 0; i < 1000; i++) {
		pthread_mutex_lock(&fo->lock);
		bool there = strstr(fo->out.data, text) != NULL;
		pthread_mutex_unlock(&fo->lock);
		if (there)
			return;
		poll(NULL, 0, 10);
	}
	fail_msg("\"%s\" does not come", text);
}

static void follow_one(enum monitor_log_driver driver, int64_t max_size, int max_files, bool compress)
{
	struct fixture f;
	struct follower fo = {.f = &f, .how = QUERY, .lock = PTHREAD_MUTEX_INITIALIZER, .out = STRBUF_INIT};
	_cleanup_strbuf_ struct strbuf want = STRBUF_INIT;
	char mark[32];

	setup(&f, driver, max_size, max_files);
	f.step = 0; /* as the lines of one read have */
	say_lines(&f, 0, 3);
	fo.how.follow = true;
	fo.how.ended_fd = eventfd(0, EFD_CLOEXEC);
	assert_int_equal(pthread_create(&fo.thread, NULL, follower_run, &fo), 0);
	for (int i = 3; i < 300; i += 3) {
		say_lines(&f, i, i + 3);
		snprintf(mark, sizeof(mark), "line %d\n", i + 2);
		/* With files that stay for two rotations it may lag behind; a single file is truncated under it. */
		if (max_files == 1 || i % 9 == 0)
			wait_for(&fo, mark);
		if (compress)
			assert_int_equal(log_compress_rotated(&f.src, NULL), 0);
	}
	say_lines(&f, 300, 302);
	assert_int_equal(eventfd_write(fo.how.ended_fd, 1), 0);
	pthread_join(fo.thread, NULL);
	for (int i = 0; i < 302; i++)
		strbuf_addf(&want, "line %d\n", i);
	assert_string_equal(fo.out.data, want.data);
	strbuf_done(&fo.out);
	close(fo.how.ended_fd);
	teardown(&f);
}

static void follows(void **state)
{
	for (size_t d = 0; d < ARRAY_SIZE(drivers); d++) {
		follow_one(drivers[d], -1, 1, false);
		follow_one(drivers[d], 400, 5, false);
		follow_one(drivers[d], 400, 5, true);
	}
}

static void follow_ends(void **state)
{
	struct fixture f;
	struct log_query how = QUERY;
	int pipes[2];

	setup(&f, MONITOR_LOG_JSON_FILE, -1, 1);
	say_lines(&f, 0, 3);
	how.follow = true;
	expect_lines(&f, how, 0, 3); /* the container has ended already */
	assert_int_equal(pipe(pipes), 0);
	how.ended_fd = eventfd(0, 0);
	how.gone_fd = pipes[0];
	close(pipes[1]);
	expect_lines(&f, how, 0, 3); /* the client has gone */
	how.gone_fd = -1;
	how.until_ns = T0 + 1000000000; /* long past */
	expect_lines(&f, how, 0, 2);
	close(pipes[0]);
	close(how.ended_fd);
	teardown(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dresses),       cmocka_unit_test(when),           cmocka_unit_test(rotates),
		cmocka_unit_test(one_file_only), cmocka_unit_test(busy_directory), cmocka_unit_test(damage),
		cmocka_unit_test(no_log),        cmocka_unit_test(follows),        cmocka_unit_test(follow_ends),
	};
	return RUN_TESTS(tests);
}
