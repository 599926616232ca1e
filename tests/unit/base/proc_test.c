/* SPDX-License-Identifier: Apache-2.0 */
/* Starting programs: descriptors, failures, exit codes; and passing descriptors. */
#include "unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/proc.h"
#include "base/strbuf.h"

static int run(const char *script, int out, const struct proc_fd *more)
{
	char *argv[] = {"sh", "-c", (char *)script, NULL};
	struct proc_fd fds[2] = {{.parent = out, .child = 1}};
	struct proc_spawn s = {.path = "/bin/sh", .argv = argv, .fds = fds, .n_fds = 1};
	if (more)
		fds[s.n_fds++] = *more;
	_cleanup_close_ int pidfd = -1;
	struct err e = ERR_INIT;
	if (proc_spawn(&s, NULL, &pidfd, &e) < 0)
		return -1;
	return proc_wait(pidfd);
}

static void exit_codes(void **state)
{
	assert_int_equal(run("exit 7", 1, NULL), 7);
	assert_int_equal(run("kill -9 $$", 1, NULL), 137);
}

static void only_the_named_descriptors(void **state)
{
	int leak = open("/dev/null", O_RDONLY); /* inheritable on purpose */
	int p[2];
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	struct proc_fd more = {.parent = leak, .child = 9};
	assert_int_equal(run("cd /proc/self/fd && echo *", p[1], &more), 0);
	close(p[1]);
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	assert_int_equal(strbuf_read_fd(&sb, p[0]), 0);
	close(p[0]);
	close(leak);
	/* the shell opens the directory itself as one more, the lowest free number */
	assert_true(strstr(sb.data, "0 1 2 ") == sb.data);
	assert_non_null(strstr(sb.data, "9"));
	assert_true(sb.len <= sizeof("0 1 2 3 9\n"));
}

static void missing_program(void **state)
{
	char *argv[] = {"nothing", NULL};
	struct proc_spawn s = {.path = "/nonexistent", .argv = argv};
	int pidfd = -1;
	struct err e = ERR_INIT;
	assert_int_equal(proc_spawn(&s, NULL, &pidfd, &e), -1);
	assert_int_equal(e.errnum, ENOENT);
	assert_int_equal(e.kind, ERR_SYSTEM);
}

static void signals_are_reset(void **state)
{
	signal(SIGTERM, SIG_IGN);
	assert_int_equal(run("kill -TERM $$; exit 0", 1, NULL), 128 + SIGTERM);
	signal(SIGTERM, SIG_DFL);
}

static void descriptors_travel(void **state)
{
	int sv[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv), 0);
	int p[2];
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	assert_int_equal(fd_send(sv[0], "hi", 2, p, 2), 2);
	char buf[8];
	int got[2];
	size_t n = 2;
	assert_int_equal(fd_recv(sv[1], buf, sizeof(buf), got, &n), 2);
	assert_int_equal(n, 2);
	assert_true(fcntl(got[0], F_GETFD) & FD_CLOEXEC);
	close(got[0]);
	close(got[1]);
	assert_int_equal(fd_send(sv[0], "hi", 2, p, 2), 2);
	n = 1; /* too little room: nothing may stay open */
	assert_int_equal(fd_recv(sv[1], buf, sizeof(buf), got, &n), -EMSGSIZE);
	assert_int_equal(n, 0);
	close(p[0]);
	close(p[1]);
	close(sv[0]);
	close(sv[1]);
}

static void memfds_are_sealed(void **state)
{
	int fd = fd_memfd_sealed("test", "abc", 3);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "x", 1), -1);
	assert_int_equal(ftruncate(fd, 0), -1);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exit_codes),         cmocka_unit_test(only_the_named_descriptors),
		cmocka_unit_test(missing_program),    cmocka_unit_test(signals_are_reset),
		cmocka_unit_test(descriptors_travel), cmocka_unit_test(memfds_are_sealed),
	};
	return RUN_TESTS(tests);
}
