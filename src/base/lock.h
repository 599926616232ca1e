/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mutexes with an owner and a rank. A thread takes locks in rising rank only; taking one of a lower or equal rank
 * aborts. Locks guard memory: never held across exec, wait, mount, network or disk I/O (the store's own lock excepted).
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/macros.h"

/* All ranks of all programs, lowest first. */
enum lock_rank {
	LOCK_RANK_ENGINE = 10,    /* the container table */
	LOCK_RANK_CONTAINER = 20, /* one container's fields */
	LOCK_RANK_IMAGE_OPS = 28, /* one change of the image store at a time; held across its I/O, never by readers */
	LOCK_RANK_IMAGES = 30,    /* the image table */
	LOCK_RANK_STORE = 40,     /* the SQLite handle; held across its I/O */
	LOCK_RANK_EVENTS = 50,    /* the event ring */
	LOCK_RANK_HTTP = 60,      /* connection tables */
	LOCK_RANK_LEAF = 90,      /* anything that calls nothing while held */
};

struct lock {
	pthread_mutex_t mutex;
	enum lock_rank rank;
	pthread_t owner;
	bool held;
};

void lock_init(struct lock *l, enum lock_rank rank);
void lock_done(struct lock *l);
void lock_take(struct lock *l);
void lock_release(struct lock *l);
void lock_assert_held(const struct lock *l);
/* Monotonic-clock condition; the lock is released while waiting. timeout_ms < 0 waits for ever; false on timeout. */
void lock_cond_init(pthread_cond_t *c);
bool lock_cond_wait(pthread_cond_t *c, struct lock *l, int64_t timeout_ms);

static inline void lock_guard_release(struct lock **l)
{
	if (*l)
		lock_release(*l);
}
static inline struct lock *lock_guard_take(struct lock *l)
{
	lock_take(l);
	return l;
}
#define LOCK_GUARD_CAT2(a, b) a##b
#define LOCK_GUARD_CAT(a, b)  LOCK_GUARD_CAT2(a, b)
#define LOCK_GUARD(l)                                                                                                  \
	_cleanup_(lock_guard_release) _unused_ struct lock *LOCK_GUARD_CAT(_guard_, __LINE__) = lock_guard_take(l)
