/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attaching: the client's connection is handed to the supervisor and never comes back, so that a stream outlives this
 * daemon. Clients that come before the start wait in container.pending.
 */
#include <errno.h>
#include <poll.h>
#include <utlist.h>

#include "base/path.h"
#include "engine/detach_keys.h"
#include "engine/run_priv.h"
#include "monitor/log_reader.h"

#define PENDING_MAX 64 /* clients of one container that wait for its start */

struct container_attach {
	struct container_attach *prev, *next;
	int fd;
	struct monitor_attach how;
	char *leftover;
	size_t n;
};

static void attach_free(struct container_attach *a)
{
	fd_close(a->fd);
	free(a->leftover);
	free(a);
}

void attach_drop_pending(struct container *c)
{
	struct container_attach *a, *next;

	DL_FOREACH_SAFE(c->pending, a, next)
	{
		DL_DELETE(c->pending, a);
		attach_free(a);
	}
	c->n_pending = 0;
}

/* Clients that went away again: both directions of their connection are closed. Lock held. */
static void pending_sweep(struct container *c)
{
	struct container_attach *a, *next;

	DL_FOREACH_SAFE(c->pending, a, next)
	{
		struct pollfd p = {.fd = a->fd};

		if (poll(&p, 1, 0) == 1 && (p.revents & (POLLHUP | POLLERR))) {
			DL_DELETE(c->pending, a);
			attach_free(a);
			c->n_pending--;
		}
	}
}

static struct container_attach *pending_take(struct container *c)
{
	LOCK_GUARD(&c->lock);
	c->n_pending = 0;
	return TAKE_PTR(c->pending);
}

int attach_send_pending(struct container *c, struct monitor_client *mc, struct err *e)
{
	struct container_attach *all = pending_take(c), *a, *next;
	int r = 0;

	DL_FOREACH_SAFE(all, a, next)
	{
		if (r == 0)
			r = monitor_send_attach(monitor_client_fd(mc), &a->how, a->fd, a->leftover, a->n, e);
		DL_DELETE(all, a);
		attach_free(a);
	}
	return r;
}

void attach_flush_pending(struct container *c, struct monitor_client *mc)
{
	struct container_attach *all = pending_take(c), *a, *next;
	struct err e = ERR_INIT;

	DL_FOREACH_SAFE(all, a, next)
	{
		if (monitor_client_attach(mc, &a->how, a->fd, a->leftover, a->n, &e) < 0)
			log_debug("container=%.12s a client cannot be attached: %s", c->id, e.msg);
		DL_DELETE(all, a);
		attach_free(a);
	}
}

/* What the supervisor is told. Lock held. */
static int attach_plan(struct container *c, const struct engine_attach *how, struct monitor_attach *ret, struct err *e)
{
	bool tty = c->rec.config.tty;

	*ret = (struct monitor_attach){0};
	if (how->in && c->rec.config.open_stdin)
		ret->flags |= MONITOR_ATTACH_STDIN;
	if (how->out)
		ret->flags |= MONITOR_ATTACH_STDOUT;
	if (how->err && !tty)
		ret->flags |= MONITOR_ATTACH_STDERR;
	if (how->unframed)
		ret->flags |= MONITOR_ATTACH_RAW;
	if (!tty)
		return 0;
	/* A terminal has one stream; whoever asks for any output gets it. */
	ret->flags |= MONITOR_ATTACH_RAW | (how->err ? MONITOR_ATTACH_STDOUT : 0);
	return detach_keys_parse(how->detach_keys, ret->keys, &ret->n_keys, e);
}

int engine_attach_check(struct engine *g, const char *ref, const struct engine_attach *how, bool *ret_raw,
			struct err *e)
{
	_cleanup_(container_unref_p) struct container *c = NULL;
	struct monitor_attach plan;

	if (container_find(g, ref, &c, e) < 0)
		return -1;
	LOCK_GUARD(&c->lock);
	/* Keys are checked for all, used for terminals only. */
	if (detach_keys_parse(how->detach_keys, plan.keys, &plan.n_keys, e) < 0 || attach_plan(c, how, &plan, e) < 0)
		return -1;
	if (c->rec.status == CONTAINER_PAUSED)
		return err_set(e, ERR_CONFLICT, "container %s is paused, unpause the container before attach", ref);
	if (c->rec.status == CONTAINER_RESTARTING)
		return err_set(e, ERR_CONFLICT, "container %s is restarting, wait until the container is running", ref);
	*ret_raw = c->rec.config.tty;
	return 0;
}

static int write_fd(void *arg, const void *p, size_t n)
{
	return fd_write_full(*(int *)arg, p, n);
}

static int attach_replay(struct container *c, const struct engine_attach *how, int fd, struct err *e)
{
	_cleanup_(container_snapshot_free_p) struct container_snapshot *snap = container_snapshot_take(c);
	_cleanup_(log_plan_done) struct log_plan plan = {0};
	_cleanup_close_ int dirfd = -1;
	const struct log_query query = {
		.out = how->out,
		.err = how->err,
		.raw = snap->rec.config.tty || how->unframed,
		.tail = -1,
		.gone_fd = -1,
		.ended_fd = -1,
	};

	if (log_plan_make(&c->engine->cfg, &snap->rec, &plan, e) < 0)
		return -1;
	if (plan.driver != MONITOR_LOG_NONE) {
		dirfd = dir_open(plan.dir);
		if (dirfd < 0)
			return 0; /* it has never run */
	}
	const struct log_source source = {
		.dirfd = dirfd, .name = plan.name, .driver = plan.driver, .max_files = plan.max_files};
	return log_read(&source, &query, write_fd, &fd, e);
}

int engine_attach(struct engine *g, const char *ref, const struct engine_attach *how, int fd, const void *leftover,
		  size_t n, struct err *e)
{
	_cleanup_(container_unref_p) struct container *c = NULL;
	_cleanup_(monitor_client_unref_p) struct monitor_client *mc = NULL;
	_cleanup_close_ int client = fd;
	struct container_attach *a;
	struct monitor_attach plan;

	if (container_find(g, ref, &c, e) < 0)
		return -1;
	if (how->logs && attach_replay(c, how, client, e) < 0)
		return -1;
	{
		LOCK_GUARD(&c->lock);
		if (attach_plan(c, how, &plan, e) < 0)
			return -1;
		plan.client = ++c->next_client;
		container_event(c, "attach", NULL);
		if (!how->stream)
			return 0;
		if (c->rec.pid > 0 && c->monitor) {
			mc = monitor_client_ref(c->monitor);
		} else {
			pending_sweep(c);
			if (c->removed || c->n_pending >= PENDING_MAX)
				return err_set(e, ERR_UNAVAILABLE, "container %s: too many clients wait for its start",
					       c->id);
			a = xnew(struct container_attach);
			a->fd = TAKE_FD(client);
			a->how = plan;
			a->leftover = xmemdup0(leftover, n);
			a->n = n;
			DL_APPEND(c->pending, a);
			c->n_pending++;
			return 0;
		}
	}
	return monitor_client_attach(mc, &plan, client, leftover, n, e);
}
