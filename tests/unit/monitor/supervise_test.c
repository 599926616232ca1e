/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole supervisor, from the launch document to the exit record, as hulld sees it. The runtime is played by the
 * test: a "container" is a shell script without any isolation, so no root is needed. The real one is tried by the
 * end-to-end tests.
 */
#include "unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "monitor/client.h"
#include "monitor/launch.h"
#include "monitor/log_reader.h"
#include "monitor/monitor.h"
#include "runtime/runtime.h"

/* --- the runtime, played --- */

int oci_config_parse(const char *json, size_t n, struct oci_config *ret, struct err *e)
{
	*ret = (struct oci_config){.process = xnew(struct oci_process)};
	strv_add(&ret->process->args, json);
	ret->linux_.cgroups_path = xstrdup("/x");
	return 0;
}

void oci_process_done(struct oci_process *p)
{
	strv_free(p->args);
	p->args = NULL;
}

void oci_config_done(struct oci_config *c)
{
	if (c->process)
		oci_process_done(c->process);
	free(c->process);
	free(c->linux_.cgroups_path);
	memset(c, 0, sizeof(*c));
}

int oci_process_parse(const char *json, size_t n, struct oci_process *ret, struct err *e)
{
	*ret = (struct oci_process){0};
	strv_add(&ret->args, json);
	return 0;
}

static int start(const struct oci_process *process, const int stdio[3], struct runtime_process *ret, struct err *e)
{
	char *argv[] = {(char *)(uintptr_t) "sh", (char *)(uintptr_t) "-c", process->args[0], NULL};

	if (str_eq(process->args[0], "nosuch"))
		return err_set(e, ERR_NOT_FOUND, "exec: \"nosuch\": executable file not found in $PATH");
	ret->console = -1;
	ret->pid = process->terminal ? forkpty(&ret->console, NULL, NULL, NULL) : fork();
	if (ret->pid == 0) {
		for (int i = 0; i < 3 && !process->terminal; i++)
			dup2(stdio[i] >= 0 ? stdio[i] : open("/dev/null", O_RDWR), i);
		for (int fd = 3; fd < 64; fd++)
			close(fd);
		execv("/bin/sh", argv);
		_exit(126);
	}
	ret->pidfd = pidfd_open_pid(ret->pid);
	ret->cgroup = (struct cgroup)CGROUP_INIT;
	return 0;
}

int runtime_start(const struct runtime_start *in, struct runtime_process *ret, struct err *e)
{
	return start(in->config->process, in->stdio, ret, e);
}
int runtime_exec(const struct runtime_exec *in, struct runtime_process *ret, struct err *e)
{
	return start(in->process, in->stdio, ret, e);
}
void runtime_process_done(struct runtime_process *p)
{
	fd_close(p->pidfd);
	fd_close(p->console);
	*p = (struct runtime_process)RUNTIME_PROCESS_INIT;
}
void runtime_settle(struct runtime_process *p)
{
}
int runtime_exit_code(const struct err *e)
{
	return 127;
}
int runtime_cleanup(const char *id, const struct oci_config *config, const char *bundle, struct err *e)
{
	/* what the kernel does to a container's processes */
	return str_eq(config->linux_.cgroups_path, "/x") ? 0 : -1;
}
int cgroup_oom_watch(const struct cgroup *cg, struct err *e)
{
	return -1;
}
bool cgroup_oom_check(const struct cgroup *cg, int watch_fd)
{
	return false;
}

/* --- hulld, played --- */

struct fixture {
	char dir[64];
	int statedir;
	pid_t pid; /* the supervisor */
	int control;
	struct monitor_launch l;
};

static void setup(struct fixture *f, const char *script)
{
	*f = (struct fixture){.pid = -1, .control = -1};
	strcpy(f->dir, "/tmp/supervise_test.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	f->statedir = dir_open(f->dir);
	f->l = (struct monitor_launch){
		.id = xstrdup("c1"),
		.container = xstrdup(""),
		.spec = xstrdup(script),
		.log_driver = MONITOR_LOG_JSON_FILE,
		.log_name = xstrdup("x.log"),
		.log_max_size = -1,
		.log_max_files = 1,
	};
}

static void spawn(struct fixture *f)
{
	_cleanup_strbuf_ struct strbuf doc = STRBUF_INIT;
	struct err e = ERR_INIT;
	int theirs, fds[8];

	monitor_launch_encode(&f->l, &doc);
	assert_int_equal(monitor_pair(&f->control, &theirs, &e), 0);
	fds[MONITOR_FD_CONTROL] = fcntl(theirs, F_DUPFD, 20);
	fds[MONITOR_FD_LAUNCH] = fcntl(fd_memfd_sealed("launch", doc.data, doc.len), F_DUPFD, 20);
	fds[MONITOR_FD_STATE] = fcntl(f->statedir, F_DUPFD, 20);
	fds[MONITOR_FD_LOG] = fcntl(f->statedir, F_DUPFD, 20);
	fds[MONITOR_FD_CONTAINER] = fcntl(f->statedir, F_DUPFD, 20);
	close(theirs);
	f->pid = fork();
	if (f->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(f->control);
		for (int i = MONITOR_FD_CONTROL; i <= MONITOR_FD_CONTAINER; i++)
			dup2(fds[i], i);
		for (int i = MONITOR_FD_CONTAINER + 1; i < 64; i++)
			close(i);
		_exit(monitor_main());
	}
	for (int i = MONITOR_FD_CONTROL; i <= MONITOR_FD_CONTAINER; i++)
		close(fds[i]);
}

/* The next packet, which must be of this type. */
static struct monitor_packet expect(int control, uint32_t type)
{
	struct monitor_packet p = {.fd = -1};
	struct err e = ERR_INIT;
	int r = monitor_recv(control, 15000, &p, &e);

	if (r != 1)
		fail_msg("no %s: %s", message_type_name(type), r ? e.msg : "time is over");
	if (p.type != type)
		fail_msg("%s instead of %s: %s", message_type_name(p.type), message_type_name(type),
			 str_or_empty(p.text));
	return p;
}

static void expect_done(int control, uint32_t type)
{
	struct monitor_packet p = expect(control, type);

	monitor_packet_done(&p);
}

static void expect_result(int control, uint32_t type, int errnum)
{
	struct monitor_packet p = expect(control, type);

	assert_int_equal(p.result.errnum, errnum);
}

static void ask(int control, uint32_t type)
{
	struct err e = ERR_INIT;

	if (monitor_send(control, type, &e) < 0)
		fail_msg("%s", e.msg);
}

static int attach(struct fixture *f, uint32_t flags)
{
	struct monitor_attach a = {.client = 1, .flags = flags, .n_keys = 2, .keys = {16, 17}};
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	assert_int_equal(monitor_send_attach(f->control, &a, fds[0], NULL, 0, NULL), 0);
	close(fds[0]);
	expect_result(f->control, MONITOR_ATTACH_REPLY, 0);
	return fds[1];
}

static void expect_text(int fd, const char *want)
{
	size_t n = strlen(want), got = 0;
	_cleanup_free_ char *buf = xcalloc(1, n + 1);

	while (got < n) {
		ssize_t r = read(fd, buf + got, n - got);

		if (r <= 0)
			fail_msg("\"%s\" instead of \"%s\"", buf, want);
		got += (size_t)r;
	}
	assert_string_equal(buf, want);
}

static void expect_eof(int fd)
{
	char c;

	assert_int_equal(read(fd, &c, 1), 0);
	close(fd);
}

/* The supervisor has ended, well, and within this time. */
static void expect_gone(struct fixture *f, int timeout_ms)
{
	int status = -1, pidfd = pidfd_open_pid(f->pid);
	struct pollfd p = {.fd = pidfd, .events = POLLIN};

	assert_int_equal(poll(&p, 1, timeout_ms), 1);
	close(pidfd);
	assert_int_equal(waitpid(f->pid, &status, 0), f->pid);
	assert_int_equal(status, 0);
	f->pid = -1;
	assert_int_equal(faccessat(f->statedir, MONITOR_SOCKET_NAME, F_OK, 0), -1);
}

static void teardown(struct fixture *f)
{
	if (f->pid > 0) {
		kill(f->pid, SIGKILL);
		waitpid(f->pid, NULL, 0);
	}
	fd_close(f->control);
	close(f->statedir);
	monitor_launch_done(&f->l);
	assert_int_equal(rm_rf_at(AT_FDCWD, f->dir), 0);
}

static int collect(void *arg, const void *p, size_t n)
{
	strbuf_add(arg, p, n);
	return 0;
}

static void expect_log(struct fixture *f, const char *want)
{
	struct log_source src = {f->statedir, "x.log", MONITOR_LOG_JSON_FILE, 1};
	struct log_query how = {.out = true, .err = true, .raw = true, .tail = -1, .gone_fd = -1, .ended_fd = -1};
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;

	assert_int_equal(log_read(&src, &how, collect, &out, NULL), 0);
	assert_string_equal(out.data, want);
}

static void from_start_to_release(void **state)
{
	struct monitor_exit record;
	struct monitor_packet p;
	struct fixture f;
	int client;

	setup(&f, "echo out; echo err >&2; exit 7");
	spawn(&f);
	client = attach(&f, MONITOR_ATTACH_STDOUT | MONITOR_ATTACH_STDERR | MONITOR_ATTACH_RAW);
	ask(f.control, MONITOR_HELLO);
	p = expect(f.control, MONITOR_HELLO_REPLY);
	assert_int_equal(p.hello.state, MONITOR_STATE_READY);
	assert_int_equal(p.hello.version, MONITOR_PROTOCOL_VERSION);
	ask(f.control, MONITOR_START);
	p = expect(f.control, MONITOR_STARTED);
	assert_true(p.started.pid > 1 && p.started.started_ns > 1600000000 * NS_PER_SEC && p.fd >= 0);
	monitor_packet_done(&p);
	p = expect(f.control, MONITOR_EXITED);
	assert_int_equal(p.exit.code, 7);
	assert_int_equal(p.exit.oom, 0);
	assert_int_equal(monitor_read_exit(f.statedir, &record, NULL), 0);
	assert_memory_equal(&record, &p.exit, sizeof(record));
	expect_log(&f, "out\nerr\n");
	expect_text(client, "out\nerr\n");
	expect_eof(client);
	ask(f.control, MONITOR_SIGNAL); /* without its body: not understood, the connection ends */
	assert_int_equal(monitor_recv(f.control, 5000, &p, NULL), -1);
	close(f.control);
	f.control = monitor_connect(f.statedir, NULL);
	assert_true(f.control >= 0);
	ask(f.control, MONITOR_HELLO);
	p = expect(f.control, MONITOR_HELLO_REPLY);
	assert_int_equal(p.hello.state, MONITOR_STATE_EXITED);
	p = expect(f.control, MONITOR_EXITED);
	assert_int_equal(p.exit.code, 7);
	ask(f.control, MONITOR_RELEASE);
	expect_gone(&f, 5000);
	assert_int_equal(monitor_connect(f.statedir, NULL), -1);
	teardown(&f);
}

static void a_start_that_fails(void **state)
{
	struct monitor_packet p;
	struct fixture f;
	int client;

	setup(&f, "nosuch");
	spawn(&f);
	client = attach(&f, MONITOR_ATTACH_STDOUT);
	ask(f.control, MONITOR_START);
	p = expect(f.control, MONITOR_FAILED);
	assert_int_equal(p.failed.exit_code, 127);
	assert_string_equal(p.text, "exec: \"nosuch\": executable file not found in $PATH");
	monitor_packet_done(&p);
	expect_gone(&f, 5000);
	expect_eof(client);
	assert_int_equal(faccessat(f.statedir, MONITOR_EXIT_NAME, F_OK, 0), -1);
	assert_int_equal(faccessat(f.statedir, MONITOR_CONFIG_NAME, F_OK, 0), -1);
	teardown(&f);
}

static void a_start_by_hand(void **state)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		for (int fd = 2; fd < 64; fd++)
			close(fd);
		_exit(monitor_main());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
}

static void a_bad_launch_document(void **state)
{
	struct monitor_packet p;
	struct fixture f;

	setup(&f, "true");
	free_and_set(&f.l.log_name, xstrdup("../x"));
	spawn(&f);
	p = expect(f.control, MONITOR_FAILED);
	assert_non_null(strstr(p.text, "bad log name"));
	monitor_packet_done(&p);
	expect_gone(&f, 5000);
	teardown(&f);
}

static void nothing_is_left_without_a_start(void **state)
{
	struct fixture f;

	for (int by_abort = 0; by_abort < 2; by_abort++) {
		setup(&f, "echo never");
		spawn(&f);
		ask(f.control, MONITOR_HELLO);
		expect_done(f.control, MONITOR_HELLO_REPLY);
		if (by_abort)
			ask(f.control, MONITOR_ABORT);
		else
			f.control = fd_close(f.control);
		expect_gone(&f, 5000);
		expect_log(&f, "");
		teardown(&f);
	}
}

static void hulld_dies_and_comes_back(void **state)
{
	struct monitor_exit record;
	struct monitor_packet p;
	struct fixture f;
	int client;

	setup(&f, "trap 'exit 3' USR1; read x; echo got $x; while :; do sleep 0.1; done");
	f.l.open_stdin = true;
	spawn(&f);
	client = attach(&f, MONITOR_ATTACH_STDIN | MONITOR_ATTACH_STDOUT | MONITOR_ATTACH_RAW);
	ask(f.control, MONITOR_START);
	expect_done(f.control, MONITOR_STARTED);
	close(f.control);
	/* the stream goes on */
	assert_int_equal(write(client, "hello\n", 6), 6);
	expect_text(client, "got hello\n");
	kill(f.pid, SIGTERM);
	kill(f.pid, SIGHUP);
	f.control = monitor_connect(f.statedir, NULL);
	ask(f.control, MONITOR_HELLO);
	p = expect(f.control, MONITOR_HELLO_REPLY);
	assert_int_equal(p.hello.state, MONITOR_STATE_RUNNING);
	assert_int_equal(pidfd_signal(p.fd, SIGUSR1), 0);
	monitor_packet_done(&p);
	f.control = fd_close(f.control); /* and is away again when it ends */
	expect_text(client, "");
	expect_eof(client);
	assert_int_equal(monitor_read_exit(f.statedir, &record, NULL), 0);
	assert_int_equal(record.code, 3);
	expect_gone(&f, 15000); /* by itself, after 10 s */
	teardown(&f);
}

static void requests_to_a_running_process(void **state)
{
	struct monitor_signal term = {.signal = SIGTERM}, bad = {.signal = 99};
	struct monitor_resize size = {.rows = 33, .cols = 99};
	struct monitor_packet p;
	struct fixture f;

	setup(&f, "cat; stty size");
	f.l.tty = f.l.open_stdin = true;
	spawn(&f);
	ask(f.control, MONITOR_CLOSE_STDIN);
	expect_result(f.control, MONITOR_CLOSE_STDIN_REPLY, ESRCH);
	ask(f.control, MONITOR_START);
	expect_done(f.control, MONITOR_STARTED);
	ask(f.control, MONITOR_START);
	expect_done(f.control, MONITOR_FAILED);
	assert_int_equal(monitor_send_body(f.control, MONITOR_RESIZE, &size, sizeof(size), NULL), 0);
	expect_result(f.control, MONITOR_RESIZE_REPLY, 0);
	assert_int_equal(monitor_send_body(f.control, MONITOR_SIGNAL, &bad, sizeof(bad), NULL), 0);
	expect_result(f.control, MONITOR_SIGNAL_REPLY, EINVAL);
	int client = attach(&f, MONITOR_ATTACH_STDIN | MONITOR_ATTACH_STDOUT | MONITOR_ATTACH_RAW);
	assert_int_equal(write(client, "\x04", 1), 1);
	expect_text(client, "33 99\r\n");
	expect_eof(client);
	expect_done(f.control, MONITOR_EXITED);
	assert_int_equal(monitor_send_body(f.control, MONITOR_SIGNAL, &term, sizeof(term), NULL), 0);
	expect_result(f.control, MONITOR_SIGNAL_REPLY, ESRCH);
	teardown(&f);

	setup(&f, "exec sleep 100");
	spawn(&f);
	ask(f.control, MONITOR_START);
	expect_done(f.control, MONITOR_STARTED);
	assert_int_equal(monitor_send_body(f.control, MONITOR_SIGNAL, &term, sizeof(term), NULL), 0);
	expect_result(f.control, MONITOR_SIGNAL_REPLY, 0);
	p = expect(f.control, MONITOR_EXITED);
	assert_int_equal(p.exit.code, 128 + SIGTERM);
	teardown(&f);
}

static void detach(void **state)
{
	struct monitor_packet p;
	struct fixture f;
	int client;

	setup(&f, "cat");
	f.l.tty = f.l.open_stdin = true;
	spawn(&f);
	ask(f.control, MONITOR_START);
	expect_done(f.control, MONITOR_STARTED);
	client = attach(&f, MONITOR_ATTACH_STDIN | MONITOR_ATTACH_STDOUT | MONITOR_ATTACH_RAW);
	assert_int_equal(write(client, "\x10\x11", 2), 2);
	p = expect(f.control, MONITOR_DETACHED);
	assert_int_equal(p.detached.client, 1);
	expect_eof(client);
	ask(f.control, MONITOR_HELLO);
	p = expect(f.control, MONITOR_HELLO_REPLY);
	assert_int_equal(p.hello.state, MONITOR_STATE_RUNNING);
	kill(p.hello.pid, SIGKILL);
	monitor_packet_done(&p);
	p = expect(f.control, MONITOR_EXITED);
	assert_int_equal(p.exit.code, 137);
	teardown(&f);
}

static void exec_sessions(void **state)
{
	int64_t before;
	struct monitor_packet p;
	struct fixture f;
	int client;

	/* without the container's configuration nothing is run */
	setup(&f, "true");
	free_and_set(&f.l.container, xstrdup("c0"));
	f.l.target_pid = 1;
	spawn(&f);
	ask(f.control, MONITOR_START);
	p = expect(f.control, MONITOR_FAILED);
	assert_non_null(strstr(p.text, "configuration"));
	monitor_packet_done(&p);
	teardown(&f);

	/* a child left behind holds the pipes; its early words still come, but it is not waited for */
	setup(&f, "(sleep 0.05; echo late; exec sleep 30) & echo early; exit 4");
	free_and_set(&f.l.container, xstrdup("c0"));
	f.l.target_pid = 1;
	f.l.log_driver = MONITOR_LOG_NONE;
	assert_int_equal(fd_close(openat(f.statedir, MONITOR_CONFIG_NAME, O_CREAT | O_WRONLY, 0600)), -1);
	spawn(&f);
	client = attach(&f, MONITOR_ATTACH_STDOUT | MONITOR_ATTACH_RAW);
	before = clock_monotonic_ns();
	ask(f.control, MONITOR_START);
	expect_done(f.control, MONITOR_STARTED);
	p = expect(f.control, MONITOR_EXITED);
	assert_int_equal(p.exit.code, 4);
	assert_true(clock_monotonic_ns() - before < 3 * NS_PER_SEC);
	expect_text(client, "early\nlate\n");
	expect_eof(client);
	teardown(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(from_start_to_release),
		cmocka_unit_test(a_start_that_fails),
		cmocka_unit_test(a_start_by_hand),
		cmocka_unit_test(a_bad_launch_document),
		cmocka_unit_test(nothing_is_left_without_a_start),
		cmocka_unit_test(hulld_dies_and_comes_back),
		cmocka_unit_test(requests_to_a_running_process),
		cmocka_unit_test(detach),
		cmocka_unit_test(exec_sessions),
	};
	return RUN_TESTS(tests);
}
