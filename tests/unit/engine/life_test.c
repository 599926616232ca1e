/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of containers from the engine down to real supervisor processes: start, attach, wait, exit, stop, restart
 * policies, exec, adoption by a later engine. The runtime and the image store are played by the test, a "container" is
 * a shell script without any isolation, so no root is needed. This program is also the supervisor that the engine
 * spawns.
 */
#include "unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/path.h"
#include "engine/engine.h"
#include "engine/run_priv.h"
#include "engine/spec.h"
#include "image/image.h"
#include "monitor/monitor.h"
#include "runtime/runtime.h"

/* --- the runtime, played; in the supervisor --- */

int oci_config_parse(const char *json, size_t n, struct oci_config *ret, struct err *e)
{
	*ret = (struct oci_config){.process = xnew(struct oci_process)};
	strv_add(&ret->process->args, json);
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
	return 0;
}

/* --- control groups, images and specs, played --- */

int cgroup_oom_watch(const struct cgroup *cg, struct err *e)
{
	return -1;
}
bool cgroup_oom_check(const struct cgroup *cg, int watch_fd)
{
	return false;
}
enum cgroup_mode cgroup_mode(void)
{
	return CGROUP_MODE_V2;
}
void cgroup_done(struct cgroup *cg)
{
}
int cgroup_open(const char *path, struct cgroup *ret, struct err *e)
{
	return err_set(e, ERR_NOT_FOUND, "no control groups here");
}
int cgroup_remove(const char *path, struct err *e)
{
	return 0;
}
int cgroup_freeze(const struct cgroup *cg, struct err *e)
{
	return 0;
}
int cgroup_thaw(const struct cgroup *cg, struct err *e)
{
	return 0;
}
bool cgroup_frozen(const struct cgroup *cg)
{
	return false;
}
int cgroup_kill(const struct cgroup *cg, struct err *e)
{
	return 0;
}
ssize_t cgroup_pids(const struct cgroup *cg, pid_t **ret, struct err *e)
{
	return 0;
}

int image_get(struct images *s, const char *ref, struct image **ret, struct err *e)
{
	*ret = NULL;
	return 0;
}
void image_unref(struct image *i)
{
}
int image_lower_dirs(struct images *s, const struct image *i, char ***ret, struct err *e)
{
	*ret = NULL;
	strv_add(ret, "/");
	return 0;
}
int spec_build(const struct spec_input *in, struct strbuf *ret, struct err *e)
{
	strbuf_add_str(ret, in->rec->config.cmd[0]);
	return 0;
}
int spec_build_exec(const struct spec_input *in, const struct exec_create *x, struct strbuf *ret, struct err *e)
{
	strbuf_add_str(ret, x->cmd[0]);
	return 0;
}

void image_drop_unused(struct images *s, bool (*used)(void *arg, const char *image_id), void *arg)
{
}

int container_remove(struct container *c, struct engine_remove how, struct err *e)
{
	if (how.force && container_kill_and_wait(c, e) < 0)
		return -1;
	if (container_op_begin(c, OP_REMOVE, e) < 0)
		return -1;
	container_release_run(c);
	if (container_delete_row(c, e) < 0) {
		container_op_end(c);
		return -1;
	}
	lock_take(&c->lock);
	container_event(c, "destroy", NULL);
	lock_release(&c->lock);
	container_drop(c);
	return 0;
}

/* --- the fixture: an engine on directories of its own --- */

struct fixture {
	char root[64], exe[256], exec_root[96], db[96];
	struct engine_config cfg;
	struct state *state;
	struct events *events;
	struct engine *g;
};

static void engine_up(struct fixture *f)
{
	struct err e = ERR_INIT;

	assert_int_equal(state_open(f->db, &f->state, &e), 0);
	f->events = events_new();
	assert_int_equal(engine_open(&f->cfg, f->state, NULL, f->events, &f->g, &e), 0);
	assert_int_equal(engine_recover(f->g, &e), 0);
}

static void engine_down(struct fixture *f)
{
	engine_shutdown(f->g);
	engine_close(f->g);
	events_free(f->events);
	state_close(f->state);
}

static int setup(void **state)
{
	struct fixture *f = xnew(struct fixture);
	ssize_t n = readlink("/proc/self/exe", f->exe, sizeof(f->exe) - 1);

	assert_true(n > 0);
	strcpy(f->root, "/tmp/life_test.XXXXXX");
	assert_non_null(mkdtemp(f->root));
	snprintf(f->exec_root, sizeof(f->exec_root), "%s/run", f->root);
	snprintf(f->db, sizeof(f->db), "%s/db", f->root);
	f->cfg = (struct engine_config){
		.data_root = f->root,
		.exec_root = f->exec_root,
		.runtime_path = f->exe,
		.live_restore = true,
	};
	engine_up(f);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	struct container **all = container_all(f->g);
	int tmp;

	for (size_t i = 0; all[i]; i++)
		container_remove(all[i], (struct engine_remove){.force = true}, NULL);
	container_free_all(all);
	engine_down(f);
	tmp = dir_open("/tmp");
	rm_rf_at(tmp, f->root + strlen("/tmp/"));
	close(tmp);
	free(f);
	return 0;
}

struct options {
	const char *restart;
	int64_t max;
	bool stdin, remove;
};

static struct container *make(struct fixture *f, const char *name, const char *script, struct options o)
{
	struct container_record r = {.created_ns = clock_realtime_ns()};
	struct container *c;
	struct err e = ERR_INIT;
	char id[ID_LEN + 1];
	_cleanup_free_ char *dir = NULL;

	random_id(id);
	r.id = xstrdup(id);
	r.name = xstrdup(name);
	r.image_id = xstrdup("sha256:0");
	strv_add(&r.config.cmd, script);
	r.config.open_stdin = r.config.stdin_once = o.stdin;
	r.host_config.restart_policy.name = xstrdup(o.restart);
	r.host_config.restart_policy.maximum_retry_count = o.max;
	r.host_config.auto_remove = o.remove;
	dir = xasprintf("%s/containers/%s", f->root, id);
	assert_int_equal(mkdir_p(dir, 0700), 0);
	assert_int_equal(container_reserve(f->g, &r, &c, &e), 0);
	assert_int_equal(container_persist(c, STATE_DURABLE, &e), 0);
	container_publish(c);
	container_unref(c); /* the table has its own */
	return c;
}

static int64_t status_of(struct container *c)
{
	LOCK_GUARD(&c->lock);
	return c->rec.status;
}

static void sleep_ms(long ms)
{
	nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * NS_PER_MS}, NULL);
}

static void await_status(struct container *c, int64_t want)
{
	for (int i = 0; i < 1000 && status_of(c) != want; i++)
		sleep_ms(10);
	assert_int_equal(status_of(c), want);
}

/* Waits for the end of a container that runs or has run. */
static int code_of(struct fixture *f, const char *ref, enum engine_wait_for what)
{
	_cleanup_free_ char *error = NULL;
	struct engine_waiter *w;
	struct err e = ERR_INIT;
	int code = -1;

	assert_int_equal(engine_wait_begin(f->g, ref, what, &w, &e), 0);
	assert_int_equal(engine_wait(w, -1, &code, &error, &e), 0);
	engine_wait_end(w);
	return code;
}

/* All that comes until the end, with a NUL behind. */
static size_t read_all(int fd, char *buf, size_t size)
{
	ssize_t n = fd_read_full(fd, buf, size - 1);

	assert_true(n >= 0);
	buf[n] = '\0';
	return (size_t)n;
}

/* The actions so far, without ids. */
static char *actions_of(struct events_listener *l)
{
	struct strbuf s = STRBUF_INIT;
	struct event *ev;
	bool overrun;

	while ((ev = events_next(l, &overrun))) {
		strbuf_addf(&s, "%s%s", s.len > 0 ? " " : "", ev->action);
		event_unref(ev);
	}
	return strbuf_steal(&s);
}

/* --- tests --- */

static void test_run(void **state)
{
	struct fixture *f = *state;
	struct events_listener *l = events_listen(f->events, 0);
	struct container *c = make(f, "one", "cat; echo oops >&2; exit 3", (struct options){.stdin = true});
	const struct engine_attach how = {.stream = true, .in = true, .out = true, .err = true};
	struct engine_waiter *w;
	struct err e = ERR_INIT;
	_cleanup_free_ char *error = NULL, *actions = NULL;
	char buf[256];
	int pair[2], code;
	bool raw;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(engine_attach_check(f->g, "one", &how, &raw, &e), 0);
	assert_false(raw);
	assert_int_equal(engine_attach(f->g, "one", &how, pair[1], "ab", 2, &e), 0);
	assert_int_equal(engine_wait_begin(f->g, c->id, ENGINE_WAIT_NEXT_EXIT, &w, &e), 0);
	assert_int_equal(engine_start(f->g, "/one", NULL, &e), 0);
	assert_int_equal(engine_start(f->g, "one", NULL, &e), -1);
	assert_int_equal(e.kind, ERR_NOT_MODIFIED);
	assert_int_equal(write(pair[0], "cd\n", 3), 3);
	shutdown(pair[0], SHUT_WR);
	assert_int_equal(engine_wait(w, -1, &code, &error, &e), 0);
	assert_int_equal(code, 3);
	assert_null(error);
	engine_wait_end(w);

	size_t n = read_all(pair[0], buf, sizeof(buf));
	assert_memory_equal(buf, "\1\0\0\0\0\0\0", 7);
	assert_non_null(memmem(buf, n, "cd\n", 3));
	assert_non_null(memmem(buf, n, "\2\0\0\0\0\0\0\5oops\n", 13));
	close(pair[0]);
	actions = actions_of(l);
	assert_string_equal(actions, "attach start die");
	assert_int_equal(status_of(c), CONTAINER_EXITED);
	/* A waiter that comes late hears the same, and the log has it all. */
	assert_int_equal(code_of(f, "one", ENGINE_WAIT_NOT_RUNNING), 3);
	events_unlisten(l);
}

static void test_failed_start(void **state)
{
	struct fixture *f = *state;
	struct container *c = make(f, "bad", "nosuch", (struct options){0});
	const struct engine_attach how = {.stream = true, .out = true};
	struct err e = ERR_INIT;
	char buf[16];
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(engine_attach(f->g, "bad", &how, pair[1], NULL, 0, &e), 0);
	assert_int_equal(engine_start(f->g, "bad", NULL, &e), -1);
	assert_int_equal(e.kind, ERR_INVALID);
	assert_string_equal(
		e.msg, "failed to create task for container: failed to create shim task: OCI runtime create failed: "
		       "runc create failed: unable to start container process: error during container init: exec: "
		       "\"nosuch\": executable file not found in $PATH");
	assert_int_equal(status_of(c), CONTAINER_CREATED);
	assert_int_equal(c->rec.exit_code, 127);
	assert_string_equal(c->rec.error, e.msg);
	/* The client's stream ends, and nothing is left to undo. */
	assert_int_equal(read_all(pair[0], buf, sizeof(buf)), 0);
	close(pair[0]);
	_cleanup_free_ char *dir = xasprintf("%s/c/%s", f->exec_root, c->id);
	assert_false(path_exists(dir));
}

static void test_auto_remove(void **state)
{
	struct fixture *f = *state;
	struct engine_waiter *w;
	struct err e = ERR_INIT;
	char *error;
	int code;

	make(f, "gone", "exit 5", (struct options){.remove = true});
	assert_int_equal(engine_wait_begin(f->g, "gone", ENGINE_WAIT_REMOVED, &w, &e), 0);
	assert_int_equal(engine_start(f->g, "gone", NULL, &e), 0);
	assert_int_equal(engine_wait(w, -1, &code, &error, &e), 0);
	assert_int_equal(code, 5);
	engine_wait_end(w);
	assert_int_equal(engine_stop(f->g, "gone", 0, NULL, &e), -1);
	assert_int_equal(e.kind, ERR_NOT_FOUND);
	assert_string_equal(e.msg, "No such container: gone");

	make(f, "never", "nosuch", (struct options){.remove = true});
	assert_int_equal(engine_wait_begin(f->g, "never", ENGINE_WAIT_REMOVED, &w, &e), 0);
	assert_int_equal(engine_start(f->g, "never", NULL, &e), -1);
	assert_int_equal(engine_wait(w, -1, &code, &error, &e), 0);
	engine_wait_end(w);
}

static void test_stop(void **state)
{
	struct fixture *f = *state;
	struct container *c =
		make(f, "two", "trap '' TERM; while :; do sleep 0.01; done", (struct options){.restart = "always"});
	struct err e = ERR_INIT;

	assert_int_equal(engine_start(f->g, "two", NULL, &e), 0);
	sleep_ms(50);
	assert_int_equal(engine_kill(f->g, "two", "NOSUCH", &e), -1);
	assert_string_equal(e.msg, "cannot kill container: two: invalid signal: NOSUCH");
	assert_int_equal(engine_stop(f->g, "two", 0, NULL, &e), 0);
	assert_int_equal(status_of(c), CONTAINER_EXITED);
	assert_int_equal(c->rec.exit_code, 137);
	assert_int_equal(engine_stop(f->g, "two", 0, NULL, &e), -1);
	assert_int_equal(e.kind, ERR_NOT_MODIFIED);
	assert_int_equal(engine_kill(f->g, "two", NULL, &e), -1);
	assert_int_equal(e.kind, ERR_CONFLICT);
	/* A restart by hand brings it up whatever state it is in. */
	assert_int_equal(engine_restart(f->g, "two", 0, NULL, &e), 0);
	assert_int_equal(status_of(c), CONTAINER_RUNNING);
	assert_int_equal(engine_restart(f->g, "two", 0, NULL, &e), 0);
	assert_int_equal(status_of(c), CONTAINER_RUNNING);
	assert_int_equal(c->rec.restart_count, 0);
}

static void test_policy(void **state)
{
	struct fixture *f = *state;
	struct events_listener *l = events_listen(f->events, 0);
	struct container *c = make(f, "three", "exit 1", (struct options){.restart = "on-failure", .max = 2});
	_cleanup_free_ char *actions = NULL;
	struct err e = ERR_INIT;

	assert_int_equal(engine_start(f->g, "three", NULL, &e), 0);
	await_status(c, CONTAINER_EXITED);
	actions = actions_of(l);
	assert_string_equal(actions, "start die start die start die");
	assert_int_equal(c->rec.restart_count, 2);
	events_unlisten(l);

	/* A stop ends one that waits for its next restart. */
	c = make(f, "four", "exit 1", (struct options){.restart = "always"});
	assert_int_equal(engine_start(f->g, "four", NULL, &e), 0);
	await_status(c, CONTAINER_RESTARTING);
	assert_int_equal(engine_stop(f->g, "four", 5, NULL, &e), 0);
	sleep_ms(300);
	assert_int_equal(status_of(c), CONTAINER_EXITED);
}

static struct exec_snapshot exec_of(struct fixture *f, const char *id)
{
	struct exec_snapshot x;

	for (int i = 0; i < 1000; i++) {
		assert_int_equal(engine_exec_inspect(f->g, id, &x, NULL), 0);
		if (x.has_exit_code)
			break;
		exec_snapshot_done(&x);
		sleep_ms(5);
	}
	assert_true(x.has_exit_code);
	return x;
}

static void exec_one(struct fixture *f, const char *script, const char *in, int want_code, const char *want_out)
{
	struct exec_create body = {.attach_stdin = true, .attach_stdout = true, .attach_stderr = true};
	const struct exec_start how = {0};
	struct exec_snapshot x;
	struct err e = ERR_INIT;
	char id[ID_LEN + 1], buf[1024];
	int pair[2];
	bool raw;

	strv_add(&body.cmd, script);
	assert_int_equal(engine_exec_create(f->g, "five", &body, id, &e), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(engine_exec_start_check(f->g, id, &how, &raw, &e), 0);
	engine_exec_start(f->g, id, &how, pair[1], in, strlen(in), &e);
	shutdown(pair[0], SHUT_WR);
	size_t n = read_all(pair[0], buf, sizeof(buf));
	assert_int_equal(buf[0], 1);
	assert_string_equal(buf + 8, want_out);
	assert_int_equal(n, 8 + strlen(want_out));
	close(pair[0]);
	x = exec_of(f, id);
	assert_int_equal(x.exit_code, want_code);
	assert_false(x.running);
	exec_snapshot_done(&x);
	assert_int_equal(engine_exec_start_check(f->g, id, &how, &raw, &e), -1);
	assert_int_equal(e.kind, ERR_CONFLICT);
}

static void test_exec(void **state)
{
	struct fixture *f = *state;
	struct container *c = make(f, "five", "exec sleep 1000", (struct options){0});
	struct exec_create body = {0};
	struct err e = ERR_INIT;
	char id[ID_LEN + 1];

	strv_add(&body.cmd, "true");
	assert_int_equal(engine_exec_create(f->g, "five", &body, id, &e), -1);
	assert_int_equal(e.kind, ERR_CONFLICT);
	json_fields_done(exec_create_fields, &body);
	assert_int_equal(engine_start(f->g, "five", NULL, &e), 0);
	exec_one(f, "cat; exit 4", "hello", 4, "hello");
	exec_one(f, "nosuch", "", 127,
		 "OCI runtime exec failed: exec failed: unable to start container process: exec: \"nosuch\": "
		 "executable file not "
		 "found in $PATH\r\n");
	assert_int_equal(engine_kill(f->g, "five", NULL, &e), 0);
	assert_int_equal(c->rec.exit_code, 137);
}

/* The engine goes and comes back: one container runs on, one ends meanwhile, one waits for its restart. */
static void test_adopt(void **state)
{
	struct fixture *f = *state;
	struct err e = ERR_INIT;
	char on[ID_LEN + 1], ended[ID_LEN + 1], script[128];
	struct container *c;
	int64_t pid;

	c = make(f, "on", "exec sleep 1000", (struct options){0});
	memcpy(on, c->id, sizeof(on));
	assert_int_equal(engine_start(f->g, "on", NULL, &e), 0);
	pid = c->rec.pid;
	snprintf(script, sizeof(script), "until [ -e %s/go ]; do sleep 0.01; done; exit 9", f->root);
	c = make(f, "ended", script, (struct options){0});
	memcpy(ended, c->id, sizeof(ended));
	assert_int_equal(engine_start(f->g, "ended", NULL, &e), 0);
	pid_t ended_pid = (pid_t)c->rec.pid;

	engine_down(f);
	snprintf(script, sizeof(script), "%s/go", f->root);
	close(open(script, O_CREAT | O_WRONLY, 0600));
	for (int i = 0; i < 1000 && kill(ended_pid, 0) == 0; i++)
		sleep_ms(10);
	engine_up(f);

	assert_int_equal(container_find(f->g, on, &c, &e), 0);
	assert_int_equal(status_of(c), CONTAINER_RUNNING);
	assert_int_equal(c->rec.pid, pid);
	container_unref(c);
	assert_int_equal(code_of(f, ended, ENGINE_WAIT_NOT_RUNNING), 9);
	/* It is as much ours as before. */
	assert_int_equal(engine_stop(f->g, on, 5, NULL, &e), 0);
	assert_int_equal(code_of(f, on, ENGINE_WAIT_NOT_RUNNING), 143);
}

/* A start that the last daemon did not live to record. */
static void test_undo(void **state)
{
	struct fixture *f = *state;
	struct container *c = make(f, "half", "exec sleep 1000", (struct options){0});
	struct err e = ERR_INIT;
	char id[ID_LEN + 1];
	pid_t pid;

	memcpy(id, c->id, sizeof(id));
	assert_int_equal(engine_start(f->g, "half", NULL, &e), 0);
	lock_take(&c->lock);
	pid = (pid_t)c->rec.pid;
	c->rec.status = CONTAINER_CREATED;
	c->rec.pid = 0;
	lock_release(&c->lock);
	assert_int_equal(container_persist(c, STATE_FAST, &e), 0);
	engine_down(f);
	engine_up(f);
	assert_int_equal(kill(pid, 0), -1);
	_cleanup_free_ char *dir = xasprintf("%s/c/%s", f->exec_root, id);
	assert_false(path_exists(dir));
	assert_int_equal(engine_start(f->g, id, NULL, &e), 0);
}

static void *meddle(void *arg)
{
	struct fixture *f = arg;
	unsigned seed = (unsigned)(uintptr_t)pthread_self();

	for (int i = 0; i < 30; i++) {
		const char *ref = rand_r(&seed) % 2 ? "m1" : "m2";

		switch (rand_r(&seed) % 5) {
		case 0:
			engine_start(f->g, ref, NULL, NULL);
			break;
		case 1:
			engine_stop(f->g, ref, 0, NULL, NULL);
			break;
		case 2:
			engine_kill(f->g, ref, "KILL", NULL);
			break;
		case 3:
			engine_restart(f->g, ref, 0, NULL, NULL);
			break;
		default:
			code_of(f, ref, rand_r(&seed) % 2 ? ENGINE_WAIT_NOT_RUNNING : ENGINE_WAIT_NOT_RUNNING);
		}
	}
	return NULL;
}

/* Everybody at once, for the sanitizers: afterwards it is one of the states that somebody wanted. */
static void test_many_hands(void **state)
{
	struct fixture *f = *state;
	struct container *c[] = {
		make(f, "m1", "exec sleep 0.05", (struct options){.restart = "always"}),
		make(f, "m2", "exit 1", (struct options){.restart = "on-failure"}),
	};
	pthread_t t[6];

	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		pthread_create(&t[i], NULL, meddle, f);
	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		pthread_join(t[i], NULL);
	for (size_t i = 0; i < ARRAY_SIZE(c); i++) {
		engine_stop(f->g, c[i]->id, 0, NULL, NULL);
		await_status(c[i], CONTAINER_EXITED);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_run, setup, teardown),
		cmocka_unit_test_setup_teardown(test_failed_start, setup, teardown),
		cmocka_unit_test_setup_teardown(test_auto_remove, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stop, setup, teardown),
		cmocka_unit_test_setup_teardown(test_policy, setup, teardown),
		cmocka_unit_test_setup_teardown(test_exec, setup, teardown),
		cmocka_unit_test_setup_teardown(test_adopt, setup, teardown),
		cmocka_unit_test_setup_teardown(test_undo, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many_hands, setup, teardown),
	};

	signal(SIGPIPE, SIG_IGN);
	if (argc == 2 && str_eq(argv[1], "monitor"))
		return monitor_main();
	return RUN_TESTS(tests);
}
