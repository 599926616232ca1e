/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The supervisor's streams, with the test at both ends: as the process (the far ends of its pipes) and as the clients.
 */
#include "unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/limits.h"
#include "base/macros.h"
#include "base/mem.h"
#include "monitor/stdio_hub.h"

static uint8_t scratch[STDIO_SCRATCH];

struct fixture {
	struct loop loop;
	struct log_writer log;
	struct stdio_hub hub;
	int in, out, err; /* the process's ends */
};

static void pipe_nonblock(int *ret_read, int *ret_write)
{
	int fds[2];

	assert_int_equal(pipe2(fds, O_NONBLOCK | O_CLOEXEC), 0);
	*ret_read = fds[0];
	*ret_write = fds[1];
}

static void setup(struct fixture *f, bool with_stdin, bool once)
{
	assert_int_equal(loop_init(&f->loop), 0);
	log_writer_init(&f->log);
	stdio_init(&f->hub, &f->loop, &f->log, scratch);
	f->hub.has_stdin = with_stdin;
	f->hub.stdin_once = once;
	f->in = -1;
}

static void start(struct fixture *f)
{
	int in = -1, out, err;

	if (f->hub.has_stdin)
		pipe_nonblock(&f->in, &in);
	pipe_nonblock(&out, &f->out);
	pipe_nonblock(&err, &f->err);
	stdio_start(&f->hub, in, out, err);
}

/* Lets the hub do all it can. */
static void turn(struct fixture *f)
{
	for (int i = 0; i < 50; i++) {
		loop_timer_set(&f->loop, LOOP_TIMER_QUIET, 1);
		while (loop_step(&f->loop) < 0)
			stdio_sweep(&f->hub);
		stdio_sweep(&f->hub);
		if (i > 1)
			break;
	}
}

static void teardown(struct fixture *f)
{
	fd_close(f->in);
	fd_close(f->out);
	fd_close(f->err);
	stdio_drain(&f->hub);
	stdio_stop(&f->hub);
	stdio_finish(&f->hub);
	stdio_abandon(&f->hub);
	log_writer_done(&f->log);
	close(f->loop.epfd);
}

/* The client's end of an attached connection. */
static int attach(struct fixture *f, uint64_t id, uint32_t flags, const char *keys, const char *leftover)
{
	struct monitor_attach a = {.client = id, .flags = flags, .n_keys = (uint32_t)strlen(keys)};
	int fds[2], small = 4096;

	memcpy(a.keys, keys, a.n_keys);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	fd_set_nonblock(fds[1], true);
	assert_int_equal(stdio_attach(&f->hub, &a, fds[0], leftover, strlen(leftover)), 0);
	return fds[1];
}

#define IN  MONITOR_ATTACH_STDIN
#define OUT MONITOR_ATTACH_STDOUT
#define ERR MONITOR_ATTACH_STDERR
#define RAW MONITOR_ATTACH_RAW

static void expect_bytes(int fd, const void *want, size_t n)
{
	_cleanup_free_ char *got = xcalloc(1, n + 100);
	ssize_t r = read(fd, got, n + 99);

	if (r < 0)
		fail_msg("nothing there: %s", strerror(errno));
	assert_int_equal(r, n);
	assert_memory_equal(got, want, n);
}

static void expect_text(int fd, const char *want)
{
	expect_bytes(fd, want, strlen(want));
}

static void expect_eof(int fd)
{
	char c;

	assert_int_equal(read(fd, &c, 1), 0);
}

static void expect_nothing(int fd)
{
	char c;

	assert_int_equal(read(fd, &c, 1), -1);
	assert_int_equal(errno, EAGAIN);
}

static void put(int fd, const char *s)
{
	assert_int_equal(write(fd, s, strlen(s)), (int)strlen(s));
}

static void output_goes_where_it_is_wanted(void **state)
{
	struct fixture f;
	int both, only_err, raw;

	setup(&f, false, false);
	both = attach(&f, 1, OUT | ERR, "", "");
	start(&f);
	only_err = attach(&f, 2, ERR, "", "");
	raw = attach(&f, 3, OUT | ERR | RAW, "", "");
	put(f.out, "hello");
	turn(&f);
	expect_bytes(both, "\1\0\0\0\0\0\0\5hello", 13);
	expect_nothing(only_err);
	expect_text(raw, "hello");
	put(f.err, "oh");
	turn(&f);
	expect_bytes(both, "\2\0\0\0\0\0\0\2oh", 10);
	expect_bytes(only_err, "\2\0\0\0\0\0\0\2oh", 10);
	expect_text(raw, "oh");
	/* the end */
	put(f.out, "bye");
	f.out = fd_close(f.out);
	f.err = fd_close(f.err);
	turn(&f);
	assert_true(stdio_drained(&f.hub));
	stdio_drain(&f.hub);
	stdio_stop(&f.hub);
	stdio_finish(&f.hub);
	turn(&f);
	assert_true(stdio_flushed(&f.hub));
	expect_text(raw, "bye");
	expect_eof(raw);
	close(both);
	close(only_err);
	close(raw);
	teardown(&f);
}

/* Writes until the pipe is full for good. */
static size_t fill(struct fixture *f, int fd)
{
	static char block[1000];
	size_t total = 0;
	int idle = 0;

	memset(block, 'x', sizeof(block));
	while (idle < 3) {
		ssize_t n = write(fd, block, sizeof(block));

		if (n > 0) {
			total += (size_t)n;
			idle = 0;
			continue;
		}
		turn(f);
		idle++;
	}
	return total;
}

static size_t slurp(struct fixture *f, int fd)
{
	size_t total = 0;
	int idle = 0;

	while (idle < 3) {
		char buf[5000];
		ssize_t n = read(fd, buf, sizeof(buf));

		if (n > 0) {
			total += (size_t)n;
			idle = 0;
			continue;
		}
		turn(f);
		idle++;
	}
	return total;
}

static void a_slow_client_holds_its_streams_up(void **state)
{
	struct fixture f;
	int slow, other;
	size_t n;

	setup(&f, false, false);
	start(&f);
	slow = attach(&f, 1, OUT | RAW, "", "");
	other = attach(&f, 2, ERR | RAW, "", "");
	n = fill(&f, f.out);
	assert_true(n < 64 * 1024 + STDIO_SCRATCH + 64 * 1024); /* pipe, queue, socket */
	put(f.err, "still here");
	turn(&f);
	expect_text(other, "still here");
	/* nothing is lost once it reads */
	assert_int_equal(slurp(&f, slow), n);
	/* a client that dies lets go */
	n = fill(&f, f.out);
	close(slow);
	turn(&f);
	assert_int_equal(f.hub.n_clients, 1);
	put(f.out, "goes nowhere");
	turn(&f);
	expect_nothing(other);
	close(other);
	teardown(&f);
}

static void a_slow_client_gets_all_after_the_end(void **state)
{
	struct fixture f;
	int slow;
	size_t n;

	setup(&f, false, false);
	start(&f);
	slow = attach(&f, 1, OUT | RAW, "", "");
	n = fill(&f, f.out);
	f.out = fd_close(f.out);
	f.err = fd_close(f.err);
	stdio_drain(&f.hub);
	turn(&f);
	assert_true(stdio_drained(&f.hub)); /* the exit is not held up */
	stdio_stop(&f.hub);
	stdio_finish(&f.hub);
	assert_false(stdio_flushed(&f.hub));
	assert_int_equal(slurp(&f, slow), n);
	turn(&f);
	assert_true(stdio_flushed(&f.hub));
	expect_eof(slow);
	close(slow);
	teardown(&f);
}

static void nobody_attached_never_blocks(void **state)
{
	static char block[4096];
	struct fixture f;
	size_t total = 0;

	setup(&f, false, false);
	start(&f);
	for (int i = 0; i < 1000; i++) {
		ssize_t n = write(f.out, block, sizeof(block));

		if (n > 0)
			total += (size_t)n;
		else
			turn(&f);
	}
	assert_true(total > 500 * sizeof(block));
	teardown(&f);
}

static void stdin_once(void **state)
{
	struct fixture f;
	int c;

	setup(&f, true, true);
	c = attach(&f, 1, IN | OUT | RAW, "", "early ");
	put(c, "bird");
	start(&f);
	turn(&f);
	expect_text(f.in, "early bird");
	put(c, "\x10\x11"); /* no detach keys without a terminal */
	turn(&f);
	expect_text(f.in, "\x10\x11");
	shutdown(c, SHUT_WR);
	turn(&f);
	expect_eof(f.in);
	put(f.out, "answer"); /* output goes on */
	turn(&f);
	expect_text(c, "answer");
	expect_nothing(c);
	close(c);
	teardown(&f);
}

static void stdin_once_when_the_client_dies(void **state)
{
	struct fixture f;
	int c;

	setup(&f, true, true);
	start(&f);
	c = attach(&f, 1, IN | OUT | RAW, "", "");
	put(c, "last words");
	close(c);
	turn(&f);
	expect_text(f.in, "last words");
	expect_eof(f.in);
	assert_int_equal(f.hub.n_clients, 0);
	teardown(&f);
}

static void stdin_kept_open(void **state)
{
	struct fixture f;
	int c;

	setup(&f, true, false);
	start(&f);
	c = attach(&f, 1, IN | OUT | RAW, "", "");
	put(c, "one");
	shutdown(c, SHUT_WR);
	turn(&f);
	expect_text(f.in, "one");
	expect_nothing(f.in);
	expect_eof(c); /* as Docker: the end of input ends the attachment */
	close(c);
	c = attach(&f, 2, IN | RAW, "", "");
	put(c, "two");
	turn(&f);
	expect_text(f.in, "two");
	stdio_close_stdin(&f.hub);
	turn(&f);
	expect_eof(f.in);
	put(c, "into the void");
	turn(&f);
	expect_nothing(c);
	close(c);
	teardown(&f);
}

static void no_stdin(void **state)
{
	struct fixture f;
	int c;

	setup(&f, false, false);
	start(&f);
	c = attach(&f, 1, IN | OUT | RAW, "", "x");
	put(c, "ignored");
	shutdown(c, SHUT_WR);
	turn(&f);
	put(f.out, "here");
	turn(&f);
	expect_text(c, "here");
	close(c);
	turn(&f);
	assert_int_equal(f.hub.n_clients, 0);
	teardown(&f);
}

static void much_input_waits_for_the_process(void **state)
{
	struct fixture f;
	size_t sent = 0, got = 0;
	char block[1000];
	int c, idle = 0;

	memset(block, 'y', sizeof(block));
	setup(&f, true, true);
	start(&f);
	c = attach(&f, 1, IN | RAW, "", "");
	while (idle < 3) {
		ssize_t n = write(c, block, sizeof(block));

		if (n > 0)
			sent += (size_t)n;
		else {
			turn(&f);
			idle++;
		}
	}
	assert_true(sent < 1024 * 1024);
	close(c);
	for (idle = 0; idle < 5;) {
		char buf[3000];
		ssize_t n = read(f.in, buf, sizeof(buf));

		if (n > 0)
			got += (size_t)n;
		else {
			turn(&f);
			idle++;
		}
	}
	assert_int_equal(got, sent);
	expect_eof(f.in);
	teardown(&f);
}

static void a_process_that_closes_stdin(void **state)
{
	struct fixture f;
	int c;

	setup(&f, true, true);
	start(&f);
	c = attach(&f, 1, IN | OUT | RAW, "", "");
	f.in = fd_close(f.in);
	turn(&f);
	put(c, "nobody reads this");
	turn(&f);
	put(f.out, "fine");
	turn(&f);
	expect_text(c, "fine");
	close(c);
	teardown(&f);
}

static void terminal(void **state)
{
	struct termios raw;
	struct fixture f;
	int master, slave, c, other;
	uint64_t who = 0;

	setup(&f, true, true);
	f.hub.tty = true;
	f.out = f.err = -1;
	assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
	tcgetattr(slave, &raw);
	cfmakeraw(&raw);
	tcsetattr(slave, TCSANOW, &raw);
	fd_set_nonblock(master, true);
	fd_set_nonblock(slave, true);
	stdio_start(&f.hub, fd_dup(master), master, -1);
	c = attach(&f, 7, IN | OUT | RAW, "\x10\x11", "");
	other = attach(&f, 8, OUT | RAW, "", "");
	put(slave, "$ ");
	turn(&f);
	expect_text(c, "$ ");
	expect_text(other, "$ ");
	put(c, "ls\n\x10");
	turn(&f);
	expect_text(slave, "ls\n");
	assert_false(stdio_take_detached(&f.hub, &who));
	put(c, "\x11");
	turn(&f);
	assert_true(stdio_take_detached(&f.hub, &who));
	assert_int_equal(who, 7);
	expect_eof(c);
	expect_nothing(slave);
	close(c);
	/* a client that goes leaves a terminal open */
	c = attach(&f, 9, IN | RAW, "", "x");
	shutdown(c, SHUT_WR);
	turn(&f);
	expect_text(slave, "x");
	expect_eof(c);
	close(c);
	put(slave, "bye");
	close(slave);
	turn(&f);
	expect_text(other, "bye");
	assert_true(stdio_drained(&f.hub));
	close(other);
	teardown(&f);
}

static void refusals(void **state)
{
	struct monitor_attach a = {.flags = 16};
	struct fixture f;

	setup(&f, false, false);
	assert_int_equal(stdio_attach(&f.hub, &a, 0, NULL, 0), -EINVAL);
	a = (struct monitor_attach){.n_keys = MONITOR_DETACH_KEYS_MAX + 1};
	assert_int_equal(stdio_attach(&f.hub, &a, 0, NULL, 0), -EINVAL);
	f.out = f.err = -1;
	teardown(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(output_goes_where_it_is_wanted),
		cmocka_unit_test(a_slow_client_holds_its_streams_up),
		cmocka_unit_test(a_slow_client_gets_all_after_the_end),
		cmocka_unit_test(nobody_attached_never_blocks),
		cmocka_unit_test(stdin_once),
		cmocka_unit_test(stdin_once_when_the_client_dies),
		cmocka_unit_test(stdin_kept_open),
		cmocka_unit_test(no_stdin),
		cmocka_unit_test(much_input_waits_for_the_process),
		cmocka_unit_test(a_process_that_closes_stdin),
		cmocka_unit_test(terminal),
		cmocka_unit_test(refusals),
	};
	return RUN_TESTS(tests);
}
