/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exec sessions: created (data only), started (a supervisor of its own in <exec_root>/c/<container>/x-<id>), ended
 * (kept for a while so that the exit code can be asked for). Fields are guarded by the container's lock, the table of
 * all by the engine's.
 */
#include "engine/exec_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <utlist.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/path.h"
#include "base/proc.h"
#include "engine/detach_keys.h"

#define EXEC_NEWS_NS          (2 * NS_PER_SEC) /* longest wait of an inspect for what the supervisor is about to say */
#define EXEC_KEPT_NS          (300 * NS_PER_SEC) /* an ended session is remembered this long, */
#define EXEC_KEPT_FULL_NS     (5 * NS_PER_SEC)   /* and only this long when there are too many */
#define EXEC_READY_TIMEOUT_MS 10000              /* a resize may come before the start has finished */

static struct exec *exec_ref(struct exec *x)
{
	atomic_fetch_add_explicit(&x->refs, 1, memory_order_relaxed);
	return x;
}

void exec_unref(struct exec *x)
{
	if (!x || atomic_fetch_sub_explicit(&x->refs, 1, memory_order_acq_rel) != 1)
		return;
	json_fields_done(exec_create_fields, &x->config);
	monitor_client_unref(x->monitor);
	fd_close(x->pidfd);
	container_unref(x->c);
	free(x);
}

/* Into both tables; the tables' reference is the caller's. False when the container has gone. */
bool exec_add(struct exec *x)
{
	struct engine *g = x->c->engine;

	LOCK_GUARD(&g->lock);
	LOCK_GUARD(&x->c->lock);
	if (x->c->removed)
		return false;
	HASH_ADD(hh, g->execs, id, ID_LEN, x);
	DL_PREPEND(x->c->execs, x);
	x->c->n_execs++;
	return true;
}

/* Takes out those that `which` names. */
static void exec_drop(struct container *c, bool (*which)(const struct exec *x, int64_t now), int64_t now)
{
	struct engine *g = c->engine;
	struct exec *x, *next, *gone = NULL;

	lock_take(&g->lock);
	lock_take(&c->lock);
	DL_FOREACH_SAFE(c->execs, x, next)
	{
		if (!which(x, now))
			continue;
		HASH_DEL(g->execs, x);
		DL_DELETE(c->execs, x);
		c->n_execs--;
		DL_APPEND(gone, x);
	}
	lock_release(&c->lock);
	lock_release(&g->lock);
	DL_FOREACH_SAFE(gone, x, next)
	exec_unref(x);
}

static bool is_old(const struct exec *x, int64_t now)
{
	return x->state == EXEC_ENDED && now - x->ended_ns > EXEC_KEPT_NS;
}

static bool is_old_when_full(const struct exec *x, int64_t now)
{
	return x->state == EXEC_ENDED && now - x->ended_ns > EXEC_KEPT_FULL_NS;
}

static bool is_unstarted(const struct exec *x, int64_t now)
{
	return x->state == EXEC_CREATED;
}

static bool is_any(const struct exec *x, int64_t now)
{
	return true;
}

static size_t exec_count(struct container *c)
{
	LOCK_GUARD(&c->lock);
	return c->n_execs;
}

void exec_forget(struct container *c, bool all)
{
	exec_drop(c, all ? is_any : is_unstarted, 0);
}

char **container_exec_ids(struct container *c)
{
	char **ids = NULL;
	struct exec *x;

	lock_assert_held(&c->lock);
	DL_FOREACH (c->execs, x) {
		if (x->state != EXEC_ENDED)
			strv_add(&ids, x->id);
	}
	return ids;
}

static int exec_find(struct engine *g, const char *id, struct exec **ret, struct err *e)
{
	struct exec *x = NULL;

	LOCK_GUARD(&g->lock);
	if (strlen(id) == ID_LEN)
		HASH_FIND(hh, g->execs, id, ID_LEN, x);
	if (!x)
		return err_set(e, ERR_NOT_FOUND, "No such exec instance: %s", id);
	*ret = exec_ref(x);
	return 0;
}

/* Lock held. */
static int may_exec(const struct container *c, const char *ref, struct err *e)
{
	if (c->rec.status == CONTAINER_PAUSED)
		return err_set(e, ERR_CONFLICT, "Container %s is paused, unpause the container before exec", ref);
	if (c->rec.status == CONTAINER_RESTARTING)
		return err_set(e, ERR_CONFLICT, "Container %s is restarting, wait until the container is running",
			       c->id);
	if (c->rec.pid <= 0)
		return err_set(e, ERR_CONFLICT, "container %s is not running", c->id);
	return 0;
}

static void exec_event(struct exec *x, const char *action, bool with_command, const char *code)
{
	_cleanup_free_ char *command = with_command ? strv_join(x->config.cmd, " ") : NULL;
	_cleanup_free_ char *text = with_command ? xasprintf("%s: %s", action, command) : xstrdup(action);
	const char *const extra[] = {"execID", x->id, code ? "exitCode" : NULL, code, NULL};

	container_event(x->c, text, extra);
}

int engine_exec_create(struct engine *g, const char *ref, struct exec_create *body, char ret_id[ID_LEN + 1],
		       struct err *e)
{
	_cleanup_(container_unref_p) struct container *c = NULL;
	uint8_t keys[MONITOR_DETACH_KEYS_MAX];
	uint32_t n_keys;
	struct exec *x;

	if (strv_len(body->cmd) == 0)
		return err_set(e, ERR_INVALID, "No exec command specified");
	if (container_find(g, ref, &c, e) < 0)
		return -1;
	if (detach_keys_parse(body->detach_keys, keys, &n_keys, /* e= */ NULL) < 0)
		return err_set(e, ERR_INVALID, "Invalid escape keys (%s) provided", body->detach_keys);
	exec_drop(c, is_old, clock_monotonic_ns());
	if (exec_count(c) >= LIMIT_EXECS)
		exec_drop(c, is_old_when_full, clock_monotonic_ns());
	if (exec_count(c) >= LIMIT_EXECS)
		return err_set(e, ERR_UNAVAILABLE, "container %s has %d exec sessions already", c->id, LIMIT_EXECS);
	{
		LOCK_GUARD(&c->lock);
		if (may_exec(c, ref, e) < 0)
			return -1;
		if (str_empty(body->user)) /* what inspect shows, too */
			free_and_set(&body->user, xstrdup(c->rec.config.user));
	}

	x = xnew(struct exec);
	x->refs = 1;
	x->pidfd = -1;
	random_id(x->id);
	x->c = container_ref(c);
	x->config = *body;
	*body = (struct exec_create){0};
	memcpy(ret_id, x->id, ID_LEN + 1);
	(void)FAILPOINT("exec.create");
	exec_ref(x);
	if (!exec_add(x)) {
		exec_unref(x);
		exec_unref(x);
		return err_set(e, ERR_NOT_FOUND, "No such container: %s", ref);
	}
	lock_take(&c->lock);
	exec_event(x, "exec_create", /* with_command= */ true, NULL);
	lock_release(&c->lock);
	exec_unref(x);
	return 0;
}

/* --- the end of one --- */

static void cleanup_job(void *arg, bool cancelled)
{
	struct exec *x = arg;
	_cleanup_close_ int dirfd = -1;
	char name[EXEC_NAME_SIZE];

	/* A cancelled one leaves its directory to the next daemon. */
	if (!cancelled) {
		exec_dir_name(x->id, name);
		dirfd = run_dir_open(x->c, /* make= */ false, /* e= */ NULL);
		if (dirfd >= 0)
			rm_rf_at(dirfd, name);
	}
	exec_unref(x);
}

static void exec_ended(struct exec *x, int64_t code)
{
	_cleanup_free_ char *text = xasprintf("%lld", (long long)code);
	_cleanup_(monitor_client_unref_p) struct monitor_client *mc = NULL;

	{
		LOCK_GUARD(&x->c->lock);
		if (x->state == EXEC_ENDED)
			return;
		x->state = EXEC_ENDED;
		/* What is remembered is data; the descriptors go now. */
		mc = TAKE_PTR(x->monitor);
		x->pidfd = fd_close(x->pidfd);
		x->exit_code = code;
		x->has_exit_code = true;
		x->ended_ns = clock_monotonic_ns();
		exec_event(x, "exec_die", /* with_command= */ false, text);
		pthread_cond_broadcast(&x->c->changed);
	}
	(void)FAILPOINT("exec.ended");
	jobs_add(x->c->engine->jobs, 0, cleanup_job, exec_ref(x));
}

/* The supervisor has gone without a word: its process has lost its streams and must not go on. */
static void exec_lost(struct exec *x)
{
	int pidfd;

	lock_take(&x->c->lock);
	pidfd = TAKE_FD(x->pidfd);
	lock_release(&x->c->lock);
	if (pidfd >= 0)
		pidfd_signal(pidfd, SIGKILL);
	exec_ended(x, pidfd >= 0 ? 128 + SIGKILL : 255);
	fd_close(pidfd);
}

static void exec_news(void *owner, struct monitor_client *mc, const struct monitor_packet *p)
{
	struct exec *x = owner;

	if (!p) {
		lock_take(&x->c->lock);
		bool running = x->state == EXEC_RUNNING;
		lock_release(&x->c->lock);
		if (running)
			exec_lost(x);
		return;
	}
	if (p->type == MONITOR_EXITED) {
		exec_ended(x, p->exit.code);
		monitor_send(monitor_client_fd(mc), MONITOR_RELEASE, /* e= */ NULL);
	} else if (p->type == MONITOR_DETACHED) {
		LOCK_GUARD(&x->c->lock);
		exec_event(x, "exec_detach", /* with_command= */ false, NULL);
	}
}

static void exec_owner_free(void *owner)
{
	exec_unref(owner);
}

void exec_listen(struct exec *x)
{
	monitor_client_listen(x->monitor, exec_news, exec_ref(x), exec_owner_free);
}

/* --- start --- */

int engine_exec_start_check(struct engine *g, const char *id, const struct exec_start *how, bool *ret_raw,
			    struct err *e)
{
	_cleanup_(exec_unref_p) struct exec *x = NULL;

	if (exec_find(g, id, &x, e) < 0)
		return -1;
	LOCK_GUARD(&x->c->lock);
	if (x->state == EXEC_ENDED)
		return err_set(e, ERR_CONFLICT, "exec command %s has already run", x->id);
	if (x->state != EXEC_CREATED)
		return err_set(e, ERR_CONFLICT, "exec command %s is already running", x->id);
	*ret_raw = x->config.tty;
	return may_exec(x->c, x->c->id, e);
}

/* Takes the session for this start: only one may. *ret_snap: what the launch is built from. */
static int exec_claim(struct exec *x, const struct exec_start *how, struct container_snapshot **ret_snap, struct err *e)
{
	struct container *c = x->c;

	LOCK_GUARD(&c->lock);
	if (x->state != EXEC_CREATED)
		return err_set(e, ERR_CONFLICT, "exec command %s is already running", x->id);
	if (may_exec(c, c->id, e) < 0)
		return -1;
	x->state = EXEC_STARTING;
	if (how->console_size)
		free_and_set(&x->config.console_size, xstrdup(how->console_size));
	exec_event(x, "exec_start", /* with_command= */ true, NULL);
	*ret_snap = container_snapshot_new(&c->rec);
	container_snapshot_set_paths(*ret_snap, c->engine->cfg.data_root);
	return 0;
}

static void exec_unclaim(struct exec *x, int code)
{
	LOCK_GUARD(&x->c->lock);
	x->state = EXEC_ENDED;
	x->exit_code = code;
	x->has_exit_code = true;
	x->ended_ns = clock_monotonic_ns();
	pthread_cond_broadcast(&x->c->changed);
}

void exec_dir_name(const char *id, char ret[EXEC_NAME_SIZE])
{
	snprintf(ret, EXEC_NAME_SIZE, EXEC_PREFIX "%s", id);
}

/* The session's directory, made; *ret_run is the container's run directory. */
static int exec_dir_make(struct exec *x, int *ret_run, struct err *e)
{
	_cleanup_close_ int run = run_dir_open(x->c, /* make= */ false, e);
	char name[EXEC_NAME_SIZE];
	int fd;

	if (run < 0)
		return -1;
	exec_dir_name(x->id, name);
	if (mkdirat(run, name, 0700) < 0)
		return err_sys(e, errno, "cannot make the directory of exec %s", x->id);
	fd = dir_open_at(run, name);
	if (fd < 0) {
		unlinkat(run, name, AT_REMOVEDIR);
		return err_sys(e, -fd, "cannot open the directory of exec %s", x->id);
	}
	*ret_run = TAKE_FD(run);
	return fd;
}

static int exec_refused(int code, struct err *e)
{
	err_wrap(e, "OCI runtime exec failed: exec failed: unable to start container process");
	e->kind = code == 126 || code == 127 ? ERR_INVALID : ERR_SYSTEM;
	return -1;
}

static int send_client(struct exec *x, struct monitor_client *mc, int fd, const void *leftover, size_t n, struct err *e)
{
	struct monitor_attach how = {.client = 1};

	how.flags = (x->config.attach_stdin ? MONITOR_ATTACH_STDIN : 0) |
		    (x->config.attach_stdout ? MONITOR_ATTACH_STDOUT : 0);
	if (x->config.tty) {
		how.flags |= MONITOR_ATTACH_RAW;
		if (detach_keys_parse(x->config.detach_keys, how.keys, &how.n_keys, e) < 0)
			return -1;
	} else if (x->config.attach_stderr) {
		how.flags |= MONITOR_ATTACH_STDERR;
	}
	return monitor_send_attach(monitor_client_fd(mc), &how, fd, leftover, n, e);
}

struct exec_launch {
	struct exec *x;
	struct monitor_client *mc;
	int pidfd; /* of the supervisor; -1: not spawned */
	int runfd, dirfd;
	int code;
};

static void launch_undo(struct exec_launch *l)
{
	if (l->pidfd >= 0) {
		monitor_send(monitor_client_fd(l->mc), MONITOR_ABORT, /* e= */ NULL);
		monitor_client_unref(l->mc);
		monitor_loop_reap(l->x->c->engine->loop, l->pidfd);
	}
	if (l->runfd >= 0) {
		char name[EXEC_NAME_SIZE];

		exec_dir_name(l->x->id, name);
		rm_rf_at(l->runfd, name);
	}
}

static int launch_steps(struct exec_launch *l, const struct container_snapshot *snap, int fd, const void *leftover,
			size_t n, struct monitor_packet *ret_started, struct err *e)
{
	struct exec *x = l->x;
	struct engine *g = x->c->engine;
	_cleanup_(monitor_launch_done) struct monitor_launch launch = {0};
	int r;

	if (launch_build_exec(x->c, snap, &x->config, x->id, &launch, e) < 0)
		return -1;
	l->dirfd = exec_dir_make(x, &l->runfd, e);
	if (l->dirfd < 0)
		return -1;
	r = FAILPOINT("exec.before-spawn");
	if (r != 0)
		return err_sys(e, r, "failpoint");
	const struct supervisor_fds fds = {.state = l->dirfd, .log = -1, .container = l->runfd};
	if (supervisor_spawn(g, &launch, &fds, &l->mc, &l->pidfd, e) < 0)
		return -1;
	if (fd >= 0 && send_client(x, l->mc, fd, leftover, n, e) < 0)
		return -1;
	(void)FAILPOINT("exec.before-order");
	if (monitor_send(monitor_client_fd(l->mc), MONITOR_START, e) < 0)
		return -1;
	if (supervisor_await_start(l->mc, ret_started, &l->code, e) < 0)
		return exec_refused(l->code, e);
	(void)FAILPOINT("exec.after-started");
	return 0;
}

/* The client has its stream already: the error is told in it, as Docker does. */
static void tell_client(const struct exec *x, int fd, const struct err *e)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT, frame = STRBUF_INIT;

	strbuf_addf(&text, "%s\r\n", e->msg);
	if (!x->config.tty) {
		const uint8_t head[] = {
			1, 0, 0, 0, 0, 0, (uint8_t)(text.len >> 8), (uint8_t)text.len,
		};

		strbuf_add(&frame, head, sizeof(head));
	}
	strbuf_add(&frame, text.data, text.len);
	if (fd_write_full(fd, frame.data, frame.len) < 0)
		log_debug("exec=%.12s the client left before its error", x->id);
}

int engine_exec_start(struct engine *g, const char *id, const struct exec_start *how, int fd, const void *leftover,
		      size_t n, struct err *e)
{
	_cleanup_close_ int client = fd;
	_cleanup_(exec_unref_p) struct exec *x = NULL;
	_cleanup_(container_snapshot_free_p) struct container_snapshot *snap = NULL;
	struct exec_launch l = {.pidfd = -1, .runfd = -1, .dirfd = -1, .code = 126};
	struct monitor_packet started;
	struct err local = ERR_INIT;
	int r;

	if (exec_find(g, id, &x, e) < 0 || exec_claim(x, how, &snap, e) < 0)
		return -1;
	l.x = x;
	r = launch_steps(&l, snap, client, leftover, n, &started, &local);
	if (r < 0) {
		exec_unclaim(x, l.code == 127 ? 127 : 126);
		launch_undo(&l);
		if (client >= 0)
			tell_client(x, client, &local);
		if (e)
			*e = local;
	} else {
		lock_take(&x->c->lock);
		x->state = EXEC_RUNNING;
		x->pid = started.started.pid;
		x->pidfd = TAKE_FD(started.fd);
		x->monitor = l.mc;
		pthread_cond_broadcast(&x->c->changed);
		lock_release(&x->c->lock);
		monitor_packet_done(&started);
		exec_record_write(x, l.dirfd);
		monitor_loop_reap(g->loop, l.pidfd);
		exec_listen(x);
	}
	fd_close(l.dirfd);
	fd_close(l.runfd);
	return r;
}

int engine_exec_resize(struct engine *g, const char *id, unsigned rows, unsigned cols, struct err *e)
{
	_cleanup_(exec_unref_p) struct exec *x = NULL;
	_cleanup_(monitor_client_unref_p) struct monitor_client *mc = NULL;
	struct monitor_resize size = {.rows = (uint16_t)MIN(rows, UINT16_MAX), .cols = (uint16_t)MIN(cols, UINT16_MAX)};
	int64_t end = clock_monotonic_ns() + EXEC_READY_TIMEOUT_MS * NS_PER_MS;

	if (exec_find(g, id, &x, e) < 0)
		return -1;
	{
		LOCK_GUARD(&x->c->lock);
		while (x->state == EXEC_CREATED || x->state == EXEC_STARTING) {
			int64_t left_ms = (end - clock_monotonic_ns()) / NS_PER_MS;

			if (left_ms <= 0)
				return err_set(e, ERR_SYSTEM, "timeout waiting for exec session ready");
			lock_cond_wait(&x->c->changed, &x->c->lock, left_ms);
		}
		if (x->state != EXEC_RUNNING)
			return err_set(e, ERR_NOT_FOUND, "NotFound: process does not exist %s: not found", x->id);
		if (!x->config.tty)
			return 0;
		mc = monitor_client_ref(x->monitor);
	}
	return monitor_client_call(mc, MONITOR_RESIZE, &size, sizeof(size), e);
}

/* Is there news of the supervisor that a client may know already, by the end of its stream: of the start or of the end?
 * Lock held. */
static bool news_due(const struct exec *x)
{
	struct pollfd p = {.fd = x->pidfd, .events = POLLIN};

	return x->state == EXEC_STARTING || (x->state == EXEC_RUNNING && x->pidfd >= 0 && poll(&p, 1, 0) == 1);
}

/* A client that has seen the end of the stream asks for the exit code at once: what it gets must not be older than
 * that. */
static void wait_for_news(struct exec *x)
{
	int64_t until = clock_monotonic_ns() + EXEC_NEWS_NS, now;

	while (news_due(x) && (now = clock_monotonic_ns()) < until)
		lock_cond_wait(&x->c->changed, &x->c->lock, (until - now) / NS_PER_MS + 1);
}

int engine_exec_inspect(struct engine *g, const char *id, struct exec_snapshot *ret, struct err *e)
{
	_cleanup_(exec_unref_p) struct exec *x = NULL;

	if (exec_find(g, id, &x, e) < 0)
		return -1;
	LOCK_GUARD(&x->c->lock);
	wait_for_news(x);
	*ret = (struct exec_snapshot){
		.id = xstrdup(x->id),
		.container_id = xstrdup(x->c->id),
		.running = x->state == EXEC_RUNNING,
		.has_exit_code = x->has_exit_code,
		.exit_code = x->exit_code,
		.pid = x->pid,
	};
	json_fields_copy(exec_create_fields, &ret->config, &x->config);
	return 0;
}
