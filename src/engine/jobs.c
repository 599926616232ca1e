/* SPDX-License-Identifier: Apache-2.0 */
/* Delayed jobs on a few threads that come and go; see jobs.h. */
#include "engine/jobs.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <utlist.h>

#include "base/clock.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/mem.h"

#define JOBS_THREADS 8
#define JOBS_IDLE_MS 1000
#define JOBS_STACK   (256 * 1024)

struct job {
	struct job *prev, *next; /* by due time */
	int64_t due_ns;          /* monotonic */
	void (*fn)(void *arg, bool cancelled);
	void *arg;
};

struct jobs {
	struct lock lock;
	pthread_cond_t changed;
	struct job *waiting;
	unsigned threads, idle;
	bool stopping;
};

struct jobs *jobs_new(void)
{
	struct jobs *j = xnew(struct jobs);

	lock_init(&j->lock, LOCK_RANK_LEAF);
	lock_cond_init(&j->changed);
	return j;
}

void jobs_free(struct jobs *j)
{
	if (!j)
		return;
	jobs_stop(j);
	pthread_cond_destroy(&j->changed);
	lock_done(&j->lock);
	free(j);
}

static int by_due(const struct job *a, const struct job *b)
{
	return a->due_ns < b->due_ns ? -1 : a->due_ns > b->due_ns;
}

/* Lock held. The first job when it is due, else NULL and how long to sleep. */
static struct job *due_job(struct jobs *j, int64_t *ret_sleep_ms)
{
	struct job *job = j->waiting;
	int64_t left;

	*ret_sleep_ms = JOBS_IDLE_MS;
	if (!job)
		return NULL;
	left = job->due_ns - clock_monotonic_ns();
	if (left <= 0 || j->stopping) {
		DL_DELETE(j->waiting, job);
		return job;
	}
	*ret_sleep_ms = (left + NS_PER_MS - 1) / NS_PER_MS;
	return NULL;
}

static void *jobs_thread(void *arg);

/* Lock held. Does nothing when there are enough. */
static void thread_start(struct jobs *j)
{
	pthread_attr_t attr;
	pthread_t t;
	sigset_t all, old;
	int r;

	if (j->threads >= JOBS_THREADS)
		return;
	sigfillset(&all);
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, JOBS_STACK);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&t, &attr, jobs_thread, j);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	if (r == 0) {
		pthread_setname_np(t, "engine-job");
		j->threads++;
	} else if (j->threads == 0) {
		/* Without any thread the job would never run; the next one tries again. */
		log_error("cannot start a background thread: %s", strerror(r));
	}
}

static void *jobs_thread(void *arg)
{
	struct jobs *j = arg;

	lock_take(&j->lock);
	for (;;) {
		int64_t sleep_ms;
		struct job *job = due_job(j, &sleep_ms);
		bool cancelled = j->stopping;

		if (job) {
			/* Somebody must be awake for what still waits. */
			if (j->waiting && j->idle == 0)
				thread_start(j);
			lock_release(&j->lock);
			job->fn(job->arg, cancelled);
			free(job);
			lock_take(&j->lock);
			continue;
		}
		if (j->stopping)
			break;
		j->idle++;
		bool woken = lock_cond_wait(&j->changed, &j->lock, sleep_ms);
		j->idle--;
		if (!woken && !j->waiting)
			break;
	}
	j->threads--;
	pthread_cond_broadcast(&j->changed);
	lock_release(&j->lock);
	return NULL;
}

void jobs_add(struct jobs *j, int64_t delay_ms, void (*fn)(void *arg, bool cancelled), void *arg)
{
	struct job *job;
	unsigned waiting;

	lock_take(&j->lock);
	if (j->stopping) {
		lock_release(&j->lock);
		fn(arg, true);
		return;
	}
	job = xnew(struct job);
	job->due_ns = clock_monotonic_ns() + delay_ms * NS_PER_MS;
	job->fn = fn;
	job->arg = arg;
	DL_INSERT_INORDER(j->waiting, job, by_due);
	/* A thread that was signalled but has not woken yet still counts as idle: compare with all that waits. */
	DL_COUNT(j->waiting, job, waiting);
	if (waiting > j->idle)
		thread_start(j);
	pthread_cond_signal(&j->changed);
	lock_release(&j->lock);
}

void jobs_stop(struct jobs *j)
{
	lock_take(&j->lock);
	j->stopping = true;
	if (j->waiting && j->threads == 0)
		thread_start(j);
	pthread_cond_broadcast(&j->changed);
	while (j->threads > 0)
		lock_cond_wait(&j->changed, &j->lock, -1);
	lock_release(&j->lock);
}
