/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting for the end of a container: each waiter has an eventfd, so that it can watch its client as well. */
#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <utlist.h>

#include "engine/run_priv.h"

struct engine_waiter {
	struct engine_waiter *prev, *next; /* in container.waiters while it waits */
	struct container *c;
	enum engine_wait_for what;
	int fd;       /* eventfd: the condition is met */
	bool met;     /* container.lock */
	int64_t code; /* once met */
	char *error;
};

/* Lock held. */
static void waiter_meet(struct engine_waiter *w)
{
	w->met = true;
	w->code = w->c->rec.exit_code;
	w->error = xstrdup(w->c->wait_error);
	DL_DELETE(w->c->waiters, w);
	if (eventfd_write(w->fd, 1) < 0)
		UNREACHABLE("an eventfd of ours cannot be written");
}

void wait_wake_exit(struct container *c)
{
	struct engine_waiter *w, *next;

	lock_assert_held(&c->lock);
	DL_FOREACH_SAFE(c->waiters, w, next)
	{
		if (w->what != ENGINE_WAIT_REMOVED)
			waiter_meet(w);
	}
}

/* A removal that failed may never come: who waits for it is told why, as Docker does. */
void wait_removal_failed(struct container *c, const char *why)
{
	struct engine_waiter *w, *next;

	lock_assert_held(&c->lock);
	free_and_set(&c->wait_error, xstrdup(why));
	DL_FOREACH_SAFE(c->waiters, w, next)
	{
		if (w->what == ENGINE_WAIT_REMOVED)
			waiter_meet(w);
	}
	free_and_set(&c->wait_error, NULL);
}

/* Wakes all: what is gone will neither exit nor run again. */
void wait_wake_removed(struct container *c)
{
	struct engine_waiter *w, *next;

	lock_assert_held(&c->lock);
	DL_FOREACH_SAFE(c->waiters, w, next)
	waiter_meet(w);
}

void wait_tell_failure(struct container *c, const char *why)
{
	struct engine_waiter *w, *next;

	LOCK_GUARD(&c->lock);
	free_and_set(&c->wait_error, xstrdup(why));
	DL_FOREACH_SAFE(c->waiters, w, next)
	{
		if (w->what == ENGINE_WAIT_REMOVED)
			waiter_meet(w);
	}
	free_and_set(&c->wait_error, NULL);
}

int engine_wait_begin(struct engine *g, const char *ref, enum engine_wait_for what, struct engine_waiter **ret,
		      struct err *e)
{
	_cleanup_(container_unref_p) struct container *c = NULL;
	struct engine_waiter *w;
	int fd;

	if (container_find(g, ref, &c, e) < 0)
		return -1;
	fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (fd < 0)
		return err_sys(e, errno, "cannot wait for container %s", c->id);
	w = xnew(struct engine_waiter);
	w->fd = fd;
	w->what = what;
	w->c = TAKE_PTR(c);

	LOCK_GUARD(&w->c->lock);
	DL_APPEND(w->c->waiters, w);
	if (w->c->removed || (what == ENGINE_WAIT_NOT_RUNNING && !container_is_running(w->c)))
		waiter_meet(w);
	*ret = w;
	return 0;
}

int engine_waiter_fd(const struct engine_waiter *w)
{
	return w->fd;
}

int engine_wait(struct engine_waiter *w, int gone_fd, int *ret_code, char **ret_error, struct err *e)
{
	struct pollfd p[] = {
		{.fd = w->fd, .events = POLLIN},
		{.fd = gone_fd, .events = POLLRDHUP}, /* a negative one is passed over */
	};

	while (poll(p, ARRAY_SIZE(p), -1) < 0) {
		if (errno != EINTR)
			return err_sys(e, errno, "cannot wait");
	}
	LOCK_GUARD(&w->c->lock);
	if (!w->met)
		return err_set(e, ERR_CANCELLED, "the client has gone");
	*ret_code = (int)w->code;
	*ret_error = xstrdup(w->error);
	return 0;
}

void engine_wait_end(struct engine_waiter *w)
{
	if (!w)
		return;
	lock_take(&w->c->lock);
	if (!w->met)
		DL_DELETE(w->c->waiters, w);
	lock_release(&w->c->lock);
	container_unref(w->c);
	fd_close(w->fd);
	free(w->error);
	free(w);
}
