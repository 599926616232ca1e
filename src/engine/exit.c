/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of a run. What readers and waiters must know at once happens in the thread that hears the supervisors: state,
 * events, waking, the row. All that takes time (teardown, auto-remove, restarts) is a job that takes the slot.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "engine/restart.h"
#include "engine/run_priv.h"
#include "runtime/cgroup.h"

/* How long an orphan may take to die. */
#define LOST_KILL_WAIT_MS 10000

struct run_owner *run_owner_new(struct container *c, uint64_t run)
{
	struct run_owner *o = xnew(struct run_owner);

	o->c = container_ref(c);
	o->run = run;
	return o;
}

void run_owner_free(void *owner)
{
	struct run_owner *o = owner;

	container_unref(o->c);
	free(o);
}

/* --- what follows --- */

struct follow_up {
	struct container *c;
	bool remove;
	int64_t restart_after_ms; /* -1: no restart */
	uint64_t ticket;
};

static void follow_up_free(struct follow_up *f)
{
	container_unref(f->c);
	free(f);
}

/* The delay is over: start again, unless somebody has stopped, started or removed it meanwhile. */
static void restart_job(void *arg, bool cancelled)
{
	struct follow_up *f = arg;
	struct container *c = f->c;
	struct err e = ERR_INIT;
	bool wanted, remove = false;

	if (!cancelled && container_op_begin(c, OP_START, &e) == 0) {
		lock_take(&c->lock);
		wanted =
			c->rec.status == CONTAINER_RESTARTING && c->restart_ticket == f->ticket && !c->engine->stopping;
		lock_release(&c->lock);
		if (wanted && run_start(c, /* policy= */ true, &e) < 0) {
			log_error("container=%.12s cannot be restarted: %s", c->id, e.msg);
			remove = c->rec.host_config.auto_remove;
		}
		container_op_end(c);
	}
	if (remove)
		run_follow_up(c, /* remove= */ true, /* restart_after_ms= */ -1);
	follow_up_free(f);
}

static void follow_up_job(void *arg, bool cancelled)
{
	struct follow_up *f = arg;
	struct container *c = f->c;
	struct err e = ERR_INIT;

	if (cancelled) {
		follow_up_free(f);
		return;
	}
	if (container_op_begin(c, OP_TEARDOWN, &e) == 0) {
		run_teardown(c);
		container_op_end(c);
	}
	exec_forget(c, /* all= */ false);
	if (f->remove) {
		(void)FAILPOINT("exit.before-auto-remove");
		err_clear(&e);
		if (container_remove(c, (struct engine_remove){.volumes = true, .force = true}, &e) < 0 &&
		    e.kind != ERR_NOT_FOUND && e.kind != ERR_CONFLICT) {
			log_error("container=%.12s cannot be removed: %s", c->id, e.msg);
			wait_tell_failure(c, e.msg);
		}
	}
	if (f->restart_after_ms >= 0)
		jobs_add(c->engine->jobs, f->restart_after_ms, restart_job, f);
	else
		follow_up_free(f);
}

void run_follow_up(struct container *c, bool remove, int64_t restart_after_ms)
{
	struct follow_up *f = xnew(struct follow_up);

	f->c = container_ref(c);
	f->remove = remove;
	f->restart_after_ms = restart_after_ms;
	lock_take(&c->lock);
	f->ticket = c->restart_ticket;
	lock_release(&c->lock);
	jobs_add(c->engine->jobs, 0, follow_up_job, f);
}

/* --- the end --- */

static void oom_event(struct container *c)
{
	lock_assert_held(&c->lock);
	if (c->oom_told)
		return;
	c->oom_told = true;
	c->rec.oom_killed = true;
	container_event(c, "oom", NULL);
}

static void die_event(struct container *c, int64_t ran_ns)
{
	_cleanup_free_ char *code = xasprintf("%lld", (long long)c->rec.exit_code);
	_cleanup_free_ char *secs = xasprintf("%lld", (long long)(MAX(ran_ns, 0) / NS_PER_SEC));
	const char *const extra[] = {"exitCode", code, "execDuration", secs, NULL};

	container_event(c, "die", extra);
}

/* Lock held. The delay before the restart, or -1. */
static int64_t restart_delay(struct container *c, int64_t ran_ns)
{
	const struct restart_input in = {
		.policy = &c->rec.host_config.restart_policy,
		.exit_code = c->rec.exit_code,
		.manually_stopped = c->rec.manually_stopped,
		.daemon_stopping = c->engine->stopping,
		.ran_ns = ran_ns,
		.restarts = c->rec.restart_failures,
		.backoff_ms = c->backoff_ms,
	};

	if (c->op == OP_RESTART || c->op == OP_REMOVE || c->removing || !restart_decide(&in, &c->backoff_ms))
		return -1;
	c->rec.restart_count++;
	c->rec.restart_failures++;
	c->restart_ticket++;
	return c->backoff_ms;
}

void run_ended(struct container *c, uint64_t run, const struct monitor_exit *x)
{
	int64_t ran_ns, delay;
	bool remove;

	lock_take(&c->lock);
	if (c->runs != run || c->rec.pid == 0) {
		lock_release(&c->lock);
		return;
	}
	ran_ns = x->finished_ns - c->rec.started_ns;
	c->rec.pid = 0;
	c->rec.pid_start_time = 0;
	c->rec.exit_code = x->code;
	c->rec.finished_ns = x->finished_ns;
	c->pidfd = fd_close(c->pidfd);
	c->exits++;
	if (x->oom)
		oom_event(c);
	delay = restart_delay(c, ran_ns);
	c->rec.status = delay >= 0 ? CONTAINER_RESTARTING : CONTAINER_EXITED;
	remove = delay < 0 && c->rec.host_config.auto_remove && c->op != OP_RESTART;
	die_event(c, ran_ns);
	wait_wake_exit(c);
	pthread_cond_broadcast(&c->changed);
	lock_release(&c->lock);

	(void)FAILPOINT("exit.before-record");
	container_persist_or_log(c);
	(void)FAILPOINT("exit.recorded");
	run_follow_up(c, remove, delay);
}

/* --- news --- */

static void detached(struct container *c)
{
	LOCK_GUARD(&c->lock);
	container_event(c, "detach", NULL);
}

static void oom_seen(struct container *c, uint64_t run)
{
	LOCK_GUARD(&c->lock);
	if (c->runs == run && c->rec.pid > 0)
		oom_event(c);
}

static void lost_job(void *arg, bool cancelled)
{
	struct run_owner *o = arg;

	if (!cancelled)
		run_supervisor_lost(o->c, o->run);
	run_owner_free(o);
}

void run_news(void *owner, struct monitor_client *mc, const struct monitor_packet *p)
{
	struct run_owner *o = owner;
	bool running;

	if (!p) {
		lock_take(&o->c->lock);
		running = o->c->runs == o->run && o->c->rec.pid > 0;
		lock_release(&o->c->lock);
		/* Killing what it left and waiting for it is nothing for this thread. */
		if (running)
			jobs_add(o->c->engine->jobs, 0, lost_job, run_owner_new(o->c, o->run));
		return;
	}
	switch (p->type) {
	case MONITOR_EXITED:
		run_ended(o->c, o->run, &p->exit);
		break;
	case MONITOR_OOM:
		oom_seen(o->c, o->run);
		break;
	case MONITOR_DETACHED:
		detached(o->c);
		break;
	case MONITOR_ROTATED:
		logs_compress_later(o->c);
		break;
	default:
		break;
	}
}

/* The process of a dead supervisor has lost its terminal, pipes and log: it cannot go on. False when it was not there
 * any more. */
static bool kill_orphan(struct container *c)
{
	_cleanup_free_ char *cgroup = run_cgroup_path(c->engine, &c->rec);
	_cleanup_close_ int pidfd = -1;
	struct err e = ERR_INIT;
	bool alive = false;

	lock_take(&c->lock);
	if (c->pidfd >= 0)
		pidfd = fd_dup(c->pidfd);
	lock_release(&c->lock);
	if (pidfd >= 0) {
		struct pollfd p = {.fd = pidfd, .events = POLLIN};

		alive = poll(&p, 1, 0) == 0;
		if (alive && pidfd_signal(pidfd, SIGKILL) == 0)
			poll(&p, 1, LOST_KILL_WAIT_MS);
	}
	if (cgroup_remove(cgroup, &e) < 0)
		log_warn("container=%.12s cannot clear its control group: %s", c->id, e.msg);
	return alive;
}

void run_supervisor_lost(struct container *c, uint64_t run)
{
	struct monitor_exit x = {0};
	_cleanup_close_ int dirfd = run_dir_open(c, /* make= */ false, /* e= */ NULL);
	struct err e = ERR_INIT;

	if (dirfd >= 0) {
		int r = monitor_read_exit(dirfd, &x, &e);

		if (r == 0) {
			run_ended(c, run, &x);
			return;
		}
		if (r < 0)
			log_warn("container=%.12s %s", c->id, e.msg);
	}
	log_warn("container=%.12s its supervisor has died without a word", c->id);
	/* Killed by us: 137. Ended with nobody there to see how: 255, as Docker says of lost state. */
	x.code = kill_orphan(c) ? 128 + SIGKILL : 255;
	x.finished_ns = clock_realtime_ns();
	run_ended(c, run, &x);
}
