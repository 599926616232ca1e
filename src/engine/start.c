/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starting a container. What can outlive us is made in this order and undone in the reverse one:
 *
 *   run directory  <exec_root>/c/<id>     is also the record of the intent: a directory without a running record is a
 *   shared /dev/shm (a mount)             half-made start, which recover.c undoes
 *   supervisor -> cgroup, namespaces, root, first process
 *   record: running
 */
#include <errno.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/file.h"
#include "base/path.h"
#include "base/proc.h"
#include "engine/run_priv.h"
#include "engine/volumes.h"
#include "runtime/cgroup.h"

#define START_UNDO_TIMEOUT_MS 5000

static int failpoint(int errnum, struct err *e)
{
	return errnum == 0 ? 0 : err_sys(e, errnum, "failpoint");
}

int run_dir_open(struct container *c, bool make, struct err *e)
{
	_cleanup_free_ char *path = path_join(c->engine->run_dir, c->id);
	int fd;

	if (make && mkdir(path, 0700) < 0 && errno != EEXIST)
		return err_sys(e, errno, "cannot make %s", path);
	fd = dir_open(path);
	return fd >= 0 ? fd : err_sys(e, -fd, "cannot open %s", path);
}

/* --- shared memory of IpcMode=shareable --- */

static int shm_mount(struct container *c, const struct container_record *rec, struct err *e)
{
	_cleanup_free_ char *dir = run_shm_dir(c->engine, rec);
	_cleanup_free_ char *options = NULL;
	int64_t size = rec->host_config.shm_size;
	int r;

	if (!dir)
		return 0;
	if (size <= 0)
		size = c->engine->cfg.default_shm_size > 0 ? c->engine->cfg.default_shm_size : 64LL * 1024 * 1024;
	r = mkdir_p(dir, 0700);
	if (r < 0)
		return err_sys(e, -r, "cannot make %s", dir);
	options = xasprintf("mode=1777,size=%lld", (long long)size);
	if (mount("shm", dir, "tmpfs", MS_NOEXEC | MS_NOSUID | MS_NODEV, options) < 0)
		return err_sys(e, errno, "cannot mount shared memory of container %s", c->id);
	return 0;
}

static void shm_unmount(struct container *c)
{
	_cleanup_free_ char *dir = run_shm_dir(c->engine, &c->rec);

	if (!dir)
		return;
	/* Lazily: containers that share it may still run. Until none is mounted: a crash may have left one more. */
	while (umount2(dir, MNT_DETACH | UMOUNT_NOFOLLOW) == 0)
		;
}

/* --- the supervisor --- */

static int log_dir_open(const struct container *c, const struct container_snapshot *s, struct err *e)
{
	_cleanup_(log_plan_done) struct log_plan p = {0};
	int fd;

	if (log_plan_make(&c->engine->cfg, &s->rec, &p, e) < 0)
		return -1;
	fd = dir_open(p.dir);
	if (fd == -ENOENT) {
		int r = mkdir_p(p.dir, 0710);

		if (r < 0)
			return err_sys(e, -r, "cannot make %s", p.dir);
		fd = dir_open(p.dir);
	}
	return fd >= 0 ? fd : err_sys(e, -fd, "cannot open the log directory %s", p.dir);
}

int supervisor_spawn(struct engine *g, const struct monitor_launch *l, const struct supervisor_fds *in,
		     struct monitor_client **ret, int *ret_pidfd, struct err *e)
{
	_cleanup_close_ int ours = -1, theirs = -1, launch = -1;
	_cleanup_strbuf_ struct strbuf doc = STRBUF_INIT;
	char *const argv[] = {"hull-runtime", "monitor", NULL};
	char *const env[] = {MONITOR_ENV, NULL};
	pid_t pid;

	monitor_launch_encode(l, &doc);
	launch = fd_memfd_sealed("launch", doc.data, doc.len);
	if (launch < 0)
		return err_sys(e, -launch, "cannot make the launch document");
	if (monitor_pair(&ours, &theirs, e) < 0)
		return -1;

	struct proc_fd fds[5] = {
		{theirs, MONITOR_FD_CONTROL},
		{launch, MONITOR_FD_LAUNCH},
		{in->state, MONITOR_FD_STATE},
	};
	size_t n = 3;

	if (in->log >= 0)
		fds[n++] = (struct proc_fd){in->log, MONITOR_FD_LOG};
	if (in->container >= 0)
		fds[n++] = (struct proc_fd){in->container, MONITOR_FD_CONTAINER};
	const struct proc_spawn spawn = {
		.path = g->cfg.runtime_path,
		.exec_fd = g->cfg.runtime_fd,
		.argv = argv,
		.env = env,
		.fds = fds,
		.n_fds = n,
		.new_session = true,
	};
	if (proc_spawn(&spawn, &pid, ret_pidfd, e) < 0)
		return err_wrap(e, "cannot start the supervisor");
	*ret = monitor_client_new(g->loop, TAKE_FD(ours));
	return 0;
}

int supervisor_await_start(struct monitor_client *mc, struct monitor_packet *ret, int *ret_code, struct err *e)
{
	*ret_code = 128;
	for (;;) {
		struct monitor_packet p;
		int r = monitor_recv(monitor_client_fd(mc), -1, &p, e);

		if (r < 0)
			return -1;
		if (p.type == MONITOR_STARTED) {
			*ret = p;
			return 0;
		}
		if (p.type == MONITOR_FAILED) {
			*ret_code = p.failed.exit_code;
			err_set(e, ERR_SYSTEM, "%s", p.text);
			monitor_packet_done(&p);
			return -1;
		}
		/* Replies to attaches: a client that could not be taken has got its connection closed. */
		monitor_packet_done(&p);
	}
}

/* Docker's words and kinds: what the user can put right is the request's fault. */
static int start_refused(int *code, struct err *e)
{
	static const char hint[] =
		": Are you trying to mount a directory onto a file (or vice-versa)? Check if the specified "
		"host path exists and is the expected type";

	if (*code == 128 && str_ends(e->msg, "ot a directory") && strlen(e->msg) + sizeof(hint) < sizeof(e->msg)) {
		memcpy(e->msg + strlen(e->msg), hint, sizeof(hint));
		*code = 127;
	}
	/* Docker looks the user up by itself, before it asks its runtime for anything */
	if (str_starts(e->msg, "unable to find user ") || str_starts(e->msg, "unable to find group ")) {
		e->kind = ERR_INVALID;
		return -1;
	}
	err_wrap(e, "failed to create task for container: failed to create shim task: OCI runtime create failed: runc "
		    "create "
		    "failed: unable to start container process: error during container init");
	e->kind = *code == 126 || *code == 127 ? ERR_INVALID : ERR_SYSTEM;
	return -1;
}

/* --- start --- */

enum start_step { STEP_RUN_DIR = 1, STEP_SHM = 2, STEP_SPAWNED = 4 };

struct start {
	struct container *c;
	unsigned done; /* enum start_step */
	struct monitor_client *mc;
	int pidfd; /* of the supervisor */
	uint64_t run;
};

static void start_undo(struct start *s)
{
	struct container *c = s->c;
	struct err e = ERR_INIT;

	if (s->done & STEP_SPAWNED) {
		/* It undoes its own work and ends; one that does not, or that died half-way, leaves its cgroup to us.
		 */
		monitor_send(monitor_client_fd(s->mc), MONITOR_ABORT, /* e= */ NULL);
		int r = proc_wait_timeout(s->pidfd, START_UNDO_TIMEOUT_MS);
		if (r == -ETIMEDOUT) {
			pidfd_signal(s->pidfd, SIGKILL);
			proc_wait(s->pidfd);
		}
		_cleanup_free_ char *cgroup = run_cgroup_path(c->engine, &c->rec);
		if (r != 0 && cgroup_remove(cgroup, &e) < 0)
			log_warn("container=%.12s undoing a start: %s", c->id, e.msg);
		fd_close(s->pidfd);
	}
	if (s->done & STEP_SHM)
		shm_unmount(c);
	if (s->done & STEP_RUN_DIR) {
		_cleanup_close_ int dirfd = dir_open(c->engine->run_dir);

		if (dirfd >= 0)
			rm_rf_at(dirfd, c->id);
	}
}

static void record_started(struct start *s, struct monitor_packet *started, bool policy)
{
	struct container *c = s->c;
	/* Reads /proc, so before the lock. A process that has ended already is still a zombie of its supervisor. */
	uint64_t start_time = proc_start_time(started->started.pid);

	LOCK_GUARD(&c->lock);
	c->rec.status = CONTAINER_RUNNING;
	c->rec.pid = started->started.pid;
	c->rec.pid_start_time = start_time;
	c->rec.started_ns = started->started.started_ns;
	c->rec.exit_code = 0;
	c->rec.oom_killed = false;
	free_and_set(&c->rec.error, NULL);
	if (!policy) {
		c->rec.restart_count = c->rec.restart_failures = 0;
		c->backoff_ms = 0;
	}
	c->rec.manually_stopped = false;
	s->run = ++c->runs;
	c->oom_told = false;
	fd_close(c->pidfd);
	c->pidfd = TAKE_FD(started->fd);
	monitor_client_unref(c->monitor);
	c->monitor = monitor_client_ref(s->mc);
	c->needs_teardown = true;
	container_event(c, "start", NULL);
	pthread_cond_broadcast(&c->changed);
}

static int start_steps(struct start *s, const struct container_snapshot *snap, bool policy, int *ret_code,
		       struct err *e)
{
	struct container *c = s->c;
	_cleanup_(monitor_launch_done) struct monitor_launch launch = {0};
	_cleanup_close_ int statefd = -1, logfd = -1;
	struct supervisor_fds fds;
	struct monitor_packet started;

	if (mounts_prepare(c->engine->cfg.data_root, &snap->rec, snap->lower, e) < 0)
		return -1;
	if (launch_build(c, snap, &launch, e) < 0)
		return -1;
	if (launch.log_driver != MONITOR_LOG_NONE) {
		logfd = log_dir_open(c, snap, e);
		if (logfd < 0)
			return -1;
	}
	if (failpoint(FAILPOINT("start.begin"), e) < 0)
		return -1;
	statefd = run_dir_open(c, /* make= */ true, e);
	if (statefd < 0)
		return -1;
	s->done |= STEP_RUN_DIR;
	if (shm_mount(c, &snap->rec, e) < 0)
		return -1;
	s->done |= STEP_SHM;
	if (failpoint(FAILPOINT("start.before-spawn"), e) < 0)
		return -1;
	fds = (struct supervisor_fds){.state = statefd, .log = logfd, .container = -1};
	if (supervisor_spawn(c->engine, &launch, &fds, &s->mc, &s->pidfd, e) < 0)
		return -1;
	s->done |= STEP_SPAWNED;
	if (failpoint(FAILPOINT("start.after-spawn"), e) < 0 || attach_send_pending(c, s->mc, e) < 0)
		return -1;
	if (monitor_send(monitor_client_fd(s->mc), MONITOR_START, e) < 0)
		return -1;
	if (failpoint(FAILPOINT("start.after-order"), e) < 0)
		return -1;
	if (supervisor_await_start(s->mc, &started, ret_code, e) < 0)
		return start_refused(ret_code, e);
	if (failpoint(FAILPOINT("start.after-started"), e) < 0) {
		monitor_packet_done(&started);
		return -1;
	}
	record_started(s, &started, policy);
	monitor_packet_done(&started);
	return 0;
}

static void record_failed(struct container *c, int code, const struct err *why)
{
	LOCK_GUARD(&c->lock);
	free_and_set(&c->rec.error, xstrdup(why->msg));
	c->rec.exit_code = code;
	if (c->rec.status == CONTAINER_RESTARTING)
		c->rec.status = CONTAINER_EXITED;
	/* Whoever attached for this start gets the end of the stream. */
	attach_drop_pending(c);
	pthread_cond_broadcast(&c->changed);
}

int run_start(struct container *c, bool policy, struct err *e)
{
	_cleanup_(container_snapshot_free_p) struct container_snapshot *snap = NULL;
	struct start s = {.c = c, .pidfd = -1};
	struct err local = ERR_INIT;
	int code = 128;

	if (!e)
		e = &local;
	run_teardown(c);
	snap = container_snapshot_take(c);
	if (start_steps(&s, snap, policy, &code, e) < 0) {
		start_undo(&s);
		monitor_client_unref(s.mc);
		record_failed(c, code, e);
		container_persist_or_log(c);
		return -1;
	}
	monitor_loop_reap(c->engine->loop, s.pidfd);
	container_persist_or_log(c);
	(void)FAILPOINT("start.recorded");
	/* Only now: the end of a process as short as `true` is news of a container that is recorded as running. */
	monitor_client_listen(s.mc, run_news, run_owner_new(c, s.run), run_owner_free);
	attach_flush_pending(c, s.mc);
	monitor_client_unref(s.mc);
	return 0;
}

void run_teardown(struct container *c)
{
	_cleanup_free_ char *cgroup = run_cgroup_path(c->engine, &c->rec);
	struct err e = ERR_INIT;
	struct monitor_client *mc;
	_cleanup_close_ int dirfd = -1;

	lock_take(&c->lock);
	ASSERT(c->op != OP_NONE);
	if (!c->needs_teardown || c->rec.pid > 0) {
		lock_release(&c->lock);
		return;
	}
	c->needs_teardown = false;
	mc = TAKE_PTR(c->monitor);
	lock_release(&c->lock);

	if (mc && !monitor_client_release(mc, RELEASE_TIMEOUT_MS))
		log_warn("container=%.12s its supervisor does not end", c->id);
	monitor_client_unref(mc);
	(void)FAILPOINT("exit.before-teardown");
	/* The supervisor has removed it, unless something was in its way. */
	if (cgroup_remove(cgroup, &e) < 0)
		log_warn("container=%.12s cannot clear its control group: %s", c->id, e.msg);
	shm_unmount(c);
	dirfd = dir_open(c->engine->run_dir);
	if (dirfd >= 0)
		rm_rf_at(dirfd, c->id);
}

/* What must hold to start. Lock held. */
static int may_start(const struct container *c, struct err *e)
{
	if (c->rec.status == CONTAINER_PAUSED)
		return err_set(e, ERR_CONFLICT, "cannot start a paused container, try unpause instead");
	if (container_is_running(c))
		return err_set(e, ERR_NOT_MODIFIED, "container is already running");
	if (c->removing || c->rec.status == CONTAINER_REMOVING || c->rec.status == CONTAINER_DEAD)
		return err_set(e, ERR_CONFLICT, "container is marked for removal and cannot be started");
	return 0;
}

int engine_start(struct engine *g, const char *ref, const char *detach_keys, struct err *e)
{
	_cleanup_(container_unref_p) struct container *c = NULL;
	_cleanup_(container_op_guard_end) struct container_op_guard slot = {0};
	bool remove;
	int r;

	if (container_find(g, ref, &c, e) < 0)
		return -1;
	if (container_op_begin(c, OP_START, e) < 0)
		return -1;
	slot.c = c;
	{
		LOCK_GUARD(&c->lock);
		if (may_start(c, e) < 0)
			return -1;
	}
	r = run_start(c, /* policy= */ false, e);
	remove = r < 0 && c->rec.host_config.auto_remove;
	container_op_end(TAKE_PTR(slot.c));
	if (remove)
		run_follow_up(c, /* remove= */ true, /* restart_after_ms= */ -1);
	return r;
}
