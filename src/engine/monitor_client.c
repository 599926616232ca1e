/* SPDX-License-Identifier: Apache-2.0 */
/* The thread that hears all supervisors, and requests to them; see monitor_client.h. */
#include "engine/monitor_client.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <utlist.h>

#include "base/fd.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/proc.h"

#define LOOP_EVENTS 64

/* What an epoll event points at. */
enum source_kind { SOURCE_STOP, SOURCE_CLIENT, SOURCE_CHILD };
struct source {
	enum source_kind kind;
	struct source *prev, *next; /* registered ones; loop lock */
};

struct child {
	struct source source;
	int pidfd;
};

struct monitor_client {
	struct source source;
	atomic_uint refs;
	struct monitor_loop *loop;
	int fd;
	monitor_news news;
	void *owner;
	void (*free_owner)(void *owner);

	struct lock lock; /* the request under way */
	pthread_cond_t changed;
	bool busy, answered, gone;
	uint32_t wanted; /* type of the reply */
	int32_t errnum;
};

struct monitor_loop {
	int epfd;
	int stopfd; /* eventfd */
	pthread_t thread;
	struct source stop;
	struct lock lock;
	struct source *sources;
};

static void source_add(struct monitor_loop *l, struct source *s, int fd)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.ptr = s};

	lock_take(&l->lock);
	DL_APPEND(l->sources, s);
	lock_release(&l->lock);
	/* Fails only for want of kernel memory or for a descriptor that was added twice. */
	if (epoll_ctl(l->epfd, EPOLL_CTL_ADD, fd, &ev) < 0)
		log_error("cannot watch descriptor %d: %s", fd, strerror(errno));
}

static void source_remove(struct monitor_loop *l, struct source *s, int fd)
{
	epoll_ctl(l->epfd, EPOLL_CTL_DEL, fd, NULL);
	lock_take(&l->lock);
	DL_DELETE(l->sources, s);
	lock_release(&l->lock);
}

static void child_end(struct monitor_loop *l, struct child *ch)
{
	source_remove(l, &ch->source, ch->pidfd);
	fd_close(ch->pidfd);
	free(ch);
}

/* The end of a registered client: nobody hears from it any more. */
static void client_end(struct monitor_client *mc, bool tell)
{
	source_remove(mc->loop, &mc->source, mc->fd);
	lock_take(&mc->lock);
	mc->gone = true;
	pthread_cond_broadcast(&mc->changed);
	lock_release(&mc->lock);
	if (tell)
		mc->news(mc->owner, mc, NULL);
	if (mc->free_owner)
		mc->free_owner(mc->owner);
	monitor_client_unref(mc);
}

static bool client_take_reply(struct monitor_client *mc, const struct monitor_packet *p)
{
	LOCK_GUARD(&mc->lock);
	if (!mc->busy || mc->answered || p->type != mc->wanted)
		return false;
	mc->errnum = p->result.errnum;
	mc->answered = true;
	pthread_cond_broadcast(&mc->changed);
	return true;
}

/* One packet. The end of the connection and nonsense are the same: this supervisor says nothing more that we
 * understand. */
static void client_hear(struct monitor_client *mc)
{
	struct monitor_packet p;
	struct err e = ERR_INIT;
	int r = monitor_recv(mc->fd, 0, &p, &e);

	if (r == 0)
		return;
	if (r < 0) {
		if (e.kind != ERR_UNAVAILABLE)
			log_warn("a supervisor's connection is cut: %s", e.msg);
		client_end(mc, /* tell= */ true);
		return;
	}
	if (!client_take_reply(mc, &p))
		mc->news(mc->owner, mc, &p);
	monitor_packet_done(&p);
}

static void *loop_thread(void *arg)
{
	struct monitor_loop *l = arg;
	struct epoll_event ev[LOOP_EVENTS];

	for (;;) {
		int n = epoll_wait(l->epfd, ev, LOOP_EVENTS, -1);

		/* Whoever added a source did so under the lock: from here on we see what it had prepared. */
		lock_take(&l->lock);
		lock_release(&l->lock);
		for (int i = 0; i < n; i++) {
			struct source *s = ev[i].data.ptr;

			if (s->kind == SOURCE_STOP)
				return NULL;
			if (s->kind == SOURCE_CLIENT) {
				client_hear(CONTAINER_OF(s, struct monitor_client, source));
			} else {
				struct child *ch = CONTAINER_OF(s, struct child, source);

				proc_wait(ch->pidfd);
				child_end(l, ch);
			}
		}
	}
}

int monitor_loop_new(struct monitor_loop **ret, struct err *e)
{
	struct monitor_loop *l = xnew(struct monitor_loop);
	sigset_t all, old;
	int r;

	lock_init(&l->lock, LOCK_RANK_LEAF);
	l->stop.kind = SOURCE_STOP;
	l->epfd = epoll_create1(EPOLL_CLOEXEC);
	l->stopfd = eventfd(0, EFD_CLOEXEC);
	r = l->epfd < 0 || l->stopfd < 0 ? errno : 0;
	if (r == 0) {
		source_add(l, &l->stop, l->stopfd);
		sigfillset(&all);
		pthread_sigmask(SIG_SETMASK, &all, &old);
		r = pthread_create(&l->thread, NULL, loop_thread, l);
		pthread_sigmask(SIG_SETMASK, &old, NULL);
	}
	if (r != 0) {
		fd_close(l->epfd);
		fd_close(l->stopfd);
		lock_done(&l->lock);
		free(l);
		return err_sys(e, r, "cannot start the thread that hears supervisors");
	}
	pthread_setname_np(l->thread, "engine-news");
	*ret = l;
	return 0;
}

void monitor_loop_free(struct monitor_loop *l)
{
	struct source *s, *next;

	if (!l)
		return;
	if (eventfd_write(l->stopfd, 1) < 0)
		UNREACHABLE("an eventfd of ours cannot be written");
	pthread_join(l->thread, NULL);
	DL_FOREACH_SAFE(l->sources, s, next)
	{
		if (s->kind == SOURCE_CLIENT)
			client_end(CONTAINER_OF(s, struct monitor_client, source), /* tell= */ false);
		else if (s->kind == SOURCE_CHILD)
			child_end(l, CONTAINER_OF(s, struct child, source));
	}
	fd_close(l->epfd);
	fd_close(l->stopfd);
	lock_done(&l->lock);
	free(l);
}

void monitor_loop_reap(struct monitor_loop *l, int pidfd)
{
	struct child *ch = xnew(struct child);

	ch->source.kind = SOURCE_CHILD;
	ch->pidfd = pidfd;
	source_add(l, &ch->source, pidfd);
}

/* --- one client --- */

struct monitor_client *monitor_client_new(struct monitor_loop *l, int fd)
{
	struct monitor_client *mc = xnew(struct monitor_client);

	mc->source.kind = SOURCE_CLIENT;
	mc->refs = 1;
	mc->loop = l;
	mc->fd = fd;
	lock_init(&mc->lock, LOCK_RANK_LEAF);
	lock_cond_init(&mc->changed);
	return mc;
}

struct monitor_client *monitor_client_ref(struct monitor_client *mc)
{
	atomic_fetch_add_explicit(&mc->refs, 1, memory_order_relaxed);
	return mc;
}

void monitor_client_unref(struct monitor_client *mc)
{
	if (!mc || atomic_fetch_sub_explicit(&mc->refs, 1, memory_order_acq_rel) != 1)
		return;
	fd_close(mc->fd);
	pthread_cond_destroy(&mc->changed);
	lock_done(&mc->lock);
	free(mc);
}

int monitor_client_fd(const struct monitor_client *mc)
{
	return mc->fd;
}

void monitor_client_listen(struct monitor_client *mc, monitor_news news, void *owner, void (*free_owner)(void *owner))
{
	mc->news = news;
	mc->owner = owner;
	mc->free_owner = free_owner;
	source_add(mc->loop, &monitor_client_ref(mc)->source, mc->fd);
}

static int call_begin(struct monitor_client *mc, uint32_t type, struct err *e)
{
	LOCK_GUARD(&mc->lock);
	while (mc->busy && !mc->gone)
		lock_cond_wait(&mc->changed, &mc->lock, -1);
	if (mc->gone)
		return err_set(e, ERR_UNAVAILABLE, "the supervisor is gone");
	mc->busy = true;
	mc->answered = false;
	mc->wanted = type + 1;
	return 0;
}

/* sent: what sending gave. Waits for the reply. */
static int call_end(struct monitor_client *mc, int sent, struct err *e)
{
	bool answered;
	int32_t errnum;

	lock_take(&mc->lock);
	while (sent == 0 && !mc->answered && !mc->gone)
		lock_cond_wait(&mc->changed, &mc->lock, -1);
	answered = mc->answered;
	errnum = mc->errnum;
	mc->busy = false;
	pthread_cond_broadcast(&mc->changed);
	lock_release(&mc->lock);

	if (sent < 0)
		return -1;
	if (!answered)
		return err_set(e, ERR_UNAVAILABLE, "the supervisor is gone");
	return errnum == 0 ? 0 : err_sys(e, errnum, "the supervisor refuses");
}

int monitor_client_call(struct monitor_client *mc, enum monitor_msg_type type, const void *body, size_t n,
			struct err *e)
{
	if (call_begin(mc, type, e) < 0)
		return -1;
	return call_end(mc, monitor_send_body(mc->fd, type, body, n, e), e);
}

int monitor_client_attach(struct monitor_client *mc, const struct monitor_attach *a, int fd, const void *leftover,
			  size_t n, struct err *e)
{
	if (call_begin(mc, MONITOR_ATTACH, e) < 0)
		return -1;
	return call_end(mc, monitor_send_attach(mc->fd, a, fd, leftover, n, e), e);
}

bool monitor_client_release(struct monitor_client *mc, int timeout_ms)
{
	struct err e = ERR_INIT;

	if (monitor_send(mc->fd, MONITOR_RELEASE, &e) < 0)
		log_debug("cannot release a supervisor: %s", e.msg);
	LOCK_GUARD(&mc->lock);
	while (!mc->gone) {
		if (!lock_cond_wait(&mc->changed, &mc->lock, timeout_ms))
			return false;
	}
	return true;
}
