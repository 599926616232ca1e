/* SPDX-License-Identifier: Apache-2.0 */
/* The supervisor's event loop. See loop.h. */
#include "monitor/loop.h"

#include <errno.h>

#include "base/clock.h"
#include "base/macros.h"

int loop_init(struct loop *l)
{
	*l = (struct loop){.epfd = epoll_create1(EPOLL_CLOEXEC)};
	return l->epfd < 0 ? -errno : 0;
}

void loop_watch(struct loop *l, struct loop_source *s, uint32_t events)
{
	struct epoll_event ev = {.events = events, .data.ptr = s};
	int op;

	if (s->fd < 0 || s->events == events)
		return;
	op = !s->events ? EPOLL_CTL_ADD : events ? EPOLL_CTL_MOD : EPOLL_CTL_DEL;
	/* Fails only for a bad descriptor or want of kernel memory: neither can be gone on from. */
	ASSERT(epoll_ctl(l->epfd, op, s->fd, &ev) == 0);
	s->events = events;
}

void loop_timer_set(struct loop *l, enum loop_timer t, int64_t ms)
{
	l->at[t] = clock_monotonic_ns() + ms * NS_PER_MS;
}

void loop_timer_stop(struct loop *l, enum loop_timer t)
{
	l->at[t] = 0;
}

/* The next timer, or -1. */
static int timer_next(const struct loop *l)
{
	int next = -1;

	for (int i = 0; i < LOOP_TIMERS; i++)
		if (l->at[i] && (next < 0 || l->at[i] < l->at[next]))
			next = i;
	return next;
}

int loop_step(struct loop *l)
{
	int timer = timer_next(l), timeout = -1;
	struct epoll_event ev;
	struct loop_source *s;

	if (timer >= 0) {
		int64_t left = l->at[timer] - clock_monotonic_ns();

		if (left <= 0) {
			l->at[timer] = 0;
			return timer;
		}
		timeout = (int)((left + NS_PER_MS - 1) / NS_PER_MS);
	}
	if (epoll_wait(l->epfd, &ev, 1, timeout) == 1) {
		s = ev.data.ptr;
		s->ready(s, ev.events);
	}
	return -1;
}
