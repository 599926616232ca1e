/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signals, stop, restart, pause. A signal goes straight to the first process by its pidfd, under the lock and without
 * the slot, so that kill works while a slow stop waits. The end itself is always recorded by exit.c.
 */
#include <errno.h>
#include <signal.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "engine/run_priv.h"
#include "engine/signals.h"
#include "runtime/cgroup.h"

#define STOP_TIMEOUT_DEFAULT_S 10
/* When the stop signal could not be delivered, SIGKILL need not wait for the whole timeout. */
#define STOP_UNDELIVERED_MS 2000

static int not_running(const struct container *c, struct err *e)
{
	return err_set(e, ERR_CONFLICT, "container %s is not running", c->id);
}

static void kill_event(struct container *c, int sig)
{
	_cleanup_free_ char *number = xasprintf("%d", sig);
	const char *const extra[] = {"signal", number, NULL};

	container_event(c, "kill", extra);
}

int run_stop_signal(const struct container *c)
{
	const char *name = c->rec.config.stop_signal;
	int sig = str_empty(name) ? SIGTERM : signal_parse(name);

	return sig > 0 && signal_valid(sig) ? sig : SIGTERM;
}

static int stop_timeout(const struct container *c)
{
	if (c->rec.config.stop_timeout)
		return (int)MIN(*c->rec.config.stop_timeout, INT32_MAX);
	return c->engine->cfg.default_stop_timeout > 0 ? c->engine->cfg.default_stop_timeout : STOP_TIMEOUT_DEFAULT_S;
}

/* name NULL or "": fallback. */
static int signal_wanted(const char *name, int fallback, int *ret, struct err *e)
{
	int sig = str_empty(name) ? fallback : signal_parse(name);

	if (sig < 0)
		return err_set(e, ERR_INVALID, "invalid signal: %s", name);
	if (!signal_valid(sig))
		return err_set(e, ERR_INVALID, "the linux daemon does not support signal %d", sig);
	*ret = sig;
	return 0;
}

/* Signals that tell a process something rather than end it: they leave the restart policy in force. */
static bool signal_is_message(int sig)
{
	return sig == SIGHUP || sig == SIGUSR1 || sig == SIGUSR2 || sig == SIGWINCH || sig == SIGCONT ||
	       sig == SIGSTOP || sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU || sig == SIGCHLD || sig == SIGURG;
}

void container_cancel_restart(struct container *c)
{
	lock_assert_held(&c->lock);
	if (c->rec.status != CONTAINER_RESTARTING)
		return;
	c->restart_ticket++;
	c->rec.status = CONTAINER_EXITED;
	wait_wake_exit(c);
	pthread_cond_broadcast(&c->changed);
}

struct sent {
	uint64_t exits; /* before the signal */
	bool ended;     /* nothing ran any more: a cancelled restart, or the process had just ended */
	bool thaw;      /* it is paused and cannot take the signal */
};

/* Sends and notes what it means. 0, -1 (ERR_CONFLICT: not running). Lock held. */
static int signal_send(struct container *c, int sig, struct sent *ret, struct err *e)
{
	bool ends = !signal_is_message(sig);
	int r;

	lock_assert_held(&c->lock);
	*ret = (struct sent){.exits = c->exits};
	if (!container_is_running(c))
		return not_running(c, e);
	if (ends && !c->engine->stopping)
		c->rec.manually_stopped = true;
	if (c->rec.status == CONTAINER_RESTARTING) {
		if (ends)
			container_cancel_restart(c);
		ret->ended = ends;
		return 0;
	}
	r = c->pidfd >= 0 ? pidfd_signal(c->pidfd, sig) : -ESRCH;
	if (r < 0 && r != -ESRCH)
		return err_sys(e, -r, "cannot kill container %s", c->id);
	/* As Docker: without a stop signal of its own, any signal wakes a paused container. */
	ret->thaw = c->rec.status == CONTAINER_PAUSED &&
		    (sig == SIGKILL || str_empty(c->rec.config.stop_signal) || sig == run_stop_signal(c));
	kill_event(c, sig);
	return 0;
}

/* Waits for an end after `exits`. False on timeout. Lock held. */
static bool await_exit(struct container *c, uint64_t exits, int64_t timeout_ms)
{
	int64_t end = clock_monotonic_ns() + timeout_ms * NS_PER_MS;

	while (c->exits == exits && container_is_running(c)) {
		int64_t left = -1;

		if (timeout_ms >= 0) {
			left = (end - clock_monotonic_ns() + NS_PER_MS - 1) / NS_PER_MS;
			if (left <= 0)
				return false;
		}
		lock_cond_wait(&c->changed, &c->lock, left);
	}
	return true;
}

static int cgroup_of(struct container *c, struct cgroup *ret, struct err *e)
{
	_cleanup_free_ char *path = run_cgroup_path(c->engine, &c->rec);

	return cgroup_open(path, ret, e);
}

int run_thaw(struct container *c, struct err *e)
{
	_cleanup_(cgroup_done) struct cgroup cg = CGROUP_INIT;

	if (cgroup_of(c, &cg, e) < 0 || cgroup_thaw(&cg, e) < 0)
		return -1;
	LOCK_GUARD(&c->lock);
	if (c->rec.status == CONTAINER_PAUSED) {
		c->rec.status = CONTAINER_RUNNING;
		container_event(c, "unpause", NULL);
		pthread_cond_broadcast(&c->changed);
	}
	return 0;
}

/* SIGKILL, and the whole control group when that is not enough. Lock not held. */
static int kill_hard(struct container *c, struct err *e)
{
	_cleanup_(cgroup_done) struct cgroup cg = CGROUP_INIT;
	struct sent sent;
	bool ended;

	lock_take(&c->lock);
	if (signal_send(c, SIGKILL, &sent, e) < 0) {
		lock_release(&c->lock);
		return -1;
	}
	lock_release(&c->lock);
	if (sent.ended)
		return 0;
	if (sent.thaw && run_thaw(c, e) < 0)
		log_warn("container=%.12s cannot be thawed: %s", c->id, e ? e->msg : "");

	lock_take(&c->lock);
	ended = await_exit(c, sent.exits, KILL_TIMEOUT_MS);
	lock_release(&c->lock);
	if (ended)
		return 0;
	if (cgroup_of(c, &cg, e) == 0)
		cgroup_kill(&cg, e);
	lock_take(&c->lock);
	ended = await_exit(c, sent.exits, KILL_TIMEOUT_MS);
	lock_release(&c->lock);
	if (!ended)
		return err_set(e, ERR_SYSTEM,
			       "container %s: tried to kill container, but did not receive an exit event", c->id);
	return 0;
}

int run_stop(struct container *c, int timeout_s, int sig, struct err *e)
{
	int64_t wait_ms = timeout_s < 0 ? -1 : timeout_s * 1000LL;
	struct sent sent;
	bool ended;

	lock_take(&c->lock);
	if (!container_is_running(c)) { /* it has just ended by itself */
		lock_release(&c->lock);
		return 0;
	}
	if (signal_send(c, sig, &sent, e) < 0) {
		lock_release(&c->lock);
		return -1;
	}
	/* Whatever signal somebody chose for a stop, it is one. */
	c->rec.manually_stopped = !c->engine->stopping;
	container_cancel_restart(c);
	sent.thaw = c->rec.status == CONTAINER_PAUSED;
	lock_release(&c->lock);

	if (FAILPOINT("stop.after-signal"))
		wait_ms = 0;
	if (sent.thaw && run_thaw(c, e) < 0)
		wait_ms = STOP_UNDELIVERED_MS;

	lock_take(&c->lock);
	ended = await_exit(c, sent.exits, wait_ms);
	lock_release(&c->lock);
	if (ended)
		return 0;
	log_debug("container=%.12s did not end within %d s of signal %d, killing it", c->id, timeout_s, sig);
	if (kill_hard(c, e) < 0) {
		LOCK_GUARD(&c->lock);
		/* It may have ended between the two. */
		return container_is_running(c) ? -1 : 0;
	}
	return 0;
}

void run_stop_signal_send(struct container *c)
{
	struct err e = ERR_INIT;
	struct sent sent = {0};

	lock_take(&c->lock);
	if (container_is_running(c) && signal_send(c, run_stop_signal(c), &sent, &e) < 0)
		log_warn("container=%.12s %s", c->id, e.msg);
	container_cancel_restart(c);
	lock_release(&c->lock);
	if (sent.thaw && run_thaw(c, &e) < 0)
		log_warn("container=%.12s cannot be thawed: %s", c->id, e.msg);
}

bool run_await_end(struct container *c, int64_t timeout_ms)
{
	LOCK_GUARD(&c->lock);
	return await_exit(c, c->exits, timeout_ms);
}

static void stop_event(struct container *c)
{
	LOCK_GUARD(&c->lock);
	container_event(c, "stop", NULL);
}

struct stop_how {
	int timeout_s, sig;
};

static int stop_how(struct container *c, int timeout_s, const char *signal, struct stop_how *ret, struct err *e)
{
	LOCK_GUARD(&c->lock);
	ret->timeout_s = timeout_s == ENGINE_TIMEOUT_DEFAULT ? stop_timeout(c) : timeout_s;
	return signal_wanted(signal, run_stop_signal(c), &ret->sig, e);
}

int engine_stop(struct engine *g, const char *ref, int timeout_s, const char *signal, struct err *e)
{
	_cleanup_(container_unref_p) struct container *c = NULL;
	_cleanup_(container_op_guard_end) struct container_op_guard slot = {0};
	struct stop_how how;
	bool running;

	if (container_find(g, ref, &c, e) < 0)
		return -1;
	lock_take(&c->lock);
	running = container_is_running(c);
	lock_release(&c->lock);
	if (!running)
		return err_set(e, ERR_NOT_MODIFIED, "container is already stopped");
	if (stop_how(c, timeout_s, signal, &how, e) < 0) {
		if (e)
			e->kind = ERR_SYSTEM; /* as Docker answers */
		return err_wrap(e, "cannot stop container: %s", ref);
	}
	if (container_op_begin(c, OP_STOP, e) < 0)
		return e && e->kind == ERR_NOT_FOUND ? 0 : -1; /* somebody else has stopped and removed it */
	slot.c = c;
	lock_take(&c->lock);
	running = container_is_running(c);
	lock_release(&c->lock);
	if (!running)
		return 0;
	if (run_stop(c, how.timeout_s, how.sig, e) < 0)
		return err_wrap(e, "cannot stop container: %s", ref);
	(void)FAILPOINT("stop.stopped");
	stop_event(c);
	return 0;
}

int engine_restart(struct engine *g, const char *ref, int timeout_s, const char *signal, struct err *e)
{
	_cleanup_(container_unref_p) struct container *c = NULL;
	_cleanup_(container_op_guard_end) struct container_op_guard slot = {0};
	struct stop_how how;
	bool running;

	if (container_find(g, ref, &c, e) < 0)
		return -1;
	if (stop_how(c, timeout_s, signal, &how, e) < 0 || container_op_begin(c, OP_RESTART, e) < 0)
		return err_wrap(e, "Cannot restart container %s", ref);
	slot.c = c;
	lock_take(&c->lock);
	running = container_is_running(c);
	lock_release(&c->lock);
	if (running) {
		if (run_stop(c, how.timeout_s, how.sig, e) < 0)
			return err_wrap(e, "Cannot restart container %s", ref);
		stop_event(c);
	}
	(void)FAILPOINT("restart.stopped");
	if (run_start(c, /* policy= */ false, e) < 0)
		return err_wrap(e, "Cannot restart container %s", ref);
	LOCK_GUARD(&c->lock);
	container_event(c, "restart", NULL);
	return 0;
}

void container_release_run(struct container *c)
{
	run_teardown(c);
	exec_forget(c, /* all= */ true);
	LOCK_GUARD(&c->lock);
	attach_drop_pending(c);
}

int container_kill_and_wait(struct container *c, struct err *e)
{
	struct err local = ERR_INIT;

	if (kill_hard(c, &local) == 0)
		return 0;
	lock_take(&c->lock);
	bool running = container_is_running(c);
	lock_release(&c->lock);
	if (!running)
		return 0;
	if (e)
		*e = local;
	return -1;
}

int engine_kill(struct engine *g, const char *ref, const char *signal, struct err *e)
{
	_cleanup_(container_unref_p) struct container *c = NULL;
	struct sent sent;
	int sig, r;

	if (signal_wanted(signal, SIGKILL, &sig, e) < 0 || container_find(g, ref, &c, e) < 0)
		return err_wrap(e, "cannot kill container: %s", ref);
	if (sig == SIGKILL) {
		if (kill_hard(c, e) < 0)
			return err_wrap(e, "cannot kill container: %s", ref);
		return 0;
	}
	lock_take(&c->lock);
	r = signal_send(c, sig, &sent, e);
	lock_release(&c->lock);
	if (r < 0)
		return err_wrap(e, "cannot kill container: %s", ref);
	if (sent.thaw && run_thaw(c, e) < 0)
		return err_wrap(e, "cannot kill container: %s", ref);
	return 0;
}

/* --- pause --- */

int engine_pause(struct engine *g, const char *ref, struct err *e)
{
	_cleanup_(container_unref_p) struct container *c = NULL;
	_cleanup_(container_op_guard_end) struct container_op_guard slot = {0};
	_cleanup_(cgroup_done) struct cgroup cg = CGROUP_INIT;
	uint64_t run;

	if (container_find(g, ref, &c, e) < 0 || container_op_begin(c, OP_PAUSE, e) < 0)
		return -1;
	slot.c = c;
	{
		LOCK_GUARD(&c->lock);
		if (c->rec.status == CONTAINER_PAUSED)
			return err_set(e, ERR_CONFLICT, "Container %s is already paused", c->id);
		if (c->rec.status == CONTAINER_RESTARTING)
			return err_set(e, ERR_CONFLICT,
				       "Container %s is restarting, wait until the container is running", c->id);
		if (!container_is_running(c))
			return not_running(c, e);
		run = c->runs;
	}
	if (cgroup_of(c, &cg, e) < 0 || cgroup_freeze(&cg, e) < 0)
		return err_wrap(e, "cannot pause container %s", c->id);
	(void)FAILPOINT("pause.frozen");
	{
		LOCK_GUARD(&c->lock);
		/* It may have ended before it was frozen. */
		if (c->runs != run || c->rec.status != CONTAINER_RUNNING)
			return not_running(c, e);
		c->rec.status = CONTAINER_PAUSED;
		container_event(c, "pause", NULL);
		pthread_cond_broadcast(&c->changed);
	}
	return container_persist(c, STATE_FAST, e);
}

int engine_unpause(struct engine *g, const char *ref, struct err *e)
{
	_cleanup_(container_unref_p) struct container *c = NULL;
	_cleanup_(container_op_guard_end) struct container_op_guard slot = {0};

	if (container_find(g, ref, &c, e) < 0 || container_op_begin(c, OP_PAUSE, e) < 0)
		return -1;
	slot.c = c;
	{
		LOCK_GUARD(&c->lock);
		if (c->rec.status != CONTAINER_PAUSED)
			return err_set(e, ERR_SYSTEM, "Container %s is not paused", c->id);
	}
	if (run_thaw(c, e) < 0)
		return err_wrap(e, "Cannot unpause container %s", c->id);
	return container_persist(c, STATE_FAST, e);
}

int engine_resize(struct engine *g, const char *ref, unsigned rows, unsigned cols, struct err *e)
{
	_cleanup_(container_unref_p) struct container *c = NULL;
	_cleanup_(monitor_client_unref_p) struct monitor_client *mc = NULL;
	struct monitor_resize size = {.rows = (uint16_t)MIN(rows, UINT16_MAX), .cols = (uint16_t)MIN(cols, UINT16_MAX)};
	_cleanup_free_ char *height = xasprintf("%u", rows), *width = xasprintf("%u", cols);
	const char *const extra[] = {"height", height, "width", width, NULL};

	if (container_find(g, ref, &c, e) < 0)
		return -1;
	{
		LOCK_GUARD(&c->lock);
		if (!container_is_running(c) || !c->monitor)
			return not_running(c, e);
		/* Without a terminal there is nothing to do, and that is no error. */
		if (c->rec.config.tty)
			mc = monitor_client_ref(c->monitor);
	}
	if (mc && monitor_client_call(mc, MONITOR_RESIZE, &size, sizeof(size), e) < 0)
		return err_wrap(e, "cannot resize container %s", c->id);
	LOCK_GUARD(&c->lock);
	container_event(c, "resize", extra);
	return 0;
}
