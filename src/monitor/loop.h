/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The supervisor's event loop: epoll, one event at a time (so that a handler may close and free any source), and a few
 * timers. One thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

struct loop_source {
	int fd;          /* borrowed; -1: none */
	uint32_t events; /* EPOLLIN ..., 0: not watched at all, not even for EPOLLHUP */
	void (*ready)(struct loop_source *s, uint32_t events);
};

enum loop_timer {
	LOOP_TIMER_SETTLE, /* soon after the start */
	LOOP_TIMER_QUIET,  /* some time after the last event: give memory back */
	LOOP_TIMER_DRAIN,  /* the end of waiting for output */
	LOOP_TIMER_ALONE,  /* hulld has stayed away */
	LOOP_TIMERS,
};

struct loop {
	int epfd;
	int64_t at[LOOP_TIMERS]; /* monotonic ns, 0: off */
};

int loop_init(struct loop *l);
/* Watches for events from now on, instead of what was watched before; 0 stops it. Before the descriptor is closed it
 * must be stopped. */
void loop_watch(struct loop *l, struct loop_source *s, uint32_t events);
void loop_timer_set(struct loop *l, enum loop_timer t, int64_t ms);
void loop_timer_stop(struct loop *l, enum loop_timer t);
/* Waits for one event and handles it. The timer that fired (it is off then), or -1. */
int loop_step(struct loop *l);
