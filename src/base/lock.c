/* SPDX-License-Identifier: Apache-2.0 */
/* Ranked mutexes: see lock.h. The ranks a thread holds are kept in a list of its own. */
#include "base/lock.h"

#include <errno.h>
#include <time.h>

#include "base/clock.h"

static _Thread_local struct {
	enum lock_rank ranks[8];
	unsigned n;
} holding;

void lock_init(struct lock *l, enum lock_rank rank)
{
	pthread_mutex_init(&l->mutex, NULL);
	l->rank = rank;
	l->held = false;
}

void lock_done(struct lock *l)
{
	ASSERT(!l->held);
	pthread_mutex_destroy(&l->mutex);
}

static void note_taken(struct lock *l)
{
	l->owner = pthread_self();
	l->held = true;
	ASSERT(holding.n < ARRAY_SIZE(holding.ranks));
	holding.ranks[holding.n++] = l->rank;
}

static void note_released(struct lock *l)
{
	lock_assert_held(l);
	l->held = false;
	for (unsigned i = holding.n; i-- > 0;)
		if (holding.ranks[i] == l->rank) {
			for (holding.n--; i < holding.n; i++)
				holding.ranks[i] = holding.ranks[i + 1];
			return;
		}
	UNREACHABLE("a lock is released that this thread does not hold");
}

void lock_take(struct lock *l)
{
	for (unsigned i = 0; i < holding.n; i++)
		ASSERT(holding.ranks[i] < l->rank);
	ASSERT(pthread_mutex_lock(&l->mutex) == 0);
	note_taken(l);
}

void lock_release(struct lock *l)
{
	note_released(l);
	ASSERT(pthread_mutex_unlock(&l->mutex) == 0);
}

void lock_assert_held(const struct lock *l)
{
	ASSERT(l->held && pthread_equal(l->owner, pthread_self()));
}

void lock_cond_init(pthread_cond_t *c)
{
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(c, &attr);
	pthread_condattr_destroy(&attr);
}

bool lock_cond_wait(pthread_cond_t *c, struct lock *l, int64_t timeout_ms)
{
	note_released(l);
	int r;
	if (timeout_ms < 0) {
		r = pthread_cond_wait(c, &l->mutex);
	} else {
		int64_t at = clock_monotonic_ns() + timeout_ms * NS_PER_MS;
		struct timespec ts = {.tv_sec = at / NS_PER_SEC, .tv_nsec = at % NS_PER_SEC};
		r = pthread_cond_timedwait(c, &l->mutex, &ts);
	}
	note_taken(l);
	return r != ETIMEDOUT;
}
