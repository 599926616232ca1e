/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads and parking. All workers wait in one epoll set, whose entries are one-shot; whoever gets an event serves that
 * connection, after making sure that somebody else waits. So a request needs no hand-over between threads, and an idle
 * connection no thread.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "http/http_priv.h"

/* Workers that stay in epoll when there is nothing to do. */
#define WORKERS_KEPT 4
/* Deep enough for the deepest handler, and only touched pages cost memory. */
#define WORKER_STACK (512 * 1024)

static void *worker_main(void *arg);

/* --- epoll --- */

/* Listeners, timer and stop descriptor have generation 0. */
static uint64_t event_tag(uint32_t generation, int fd)
{
	return ((uint64_t)generation << 32) | (uint32_t)fd;
}

static int epoll_arm(struct http_server *s, int op, int fd, uint32_t generation, uint32_t events)
{
	struct epoll_event ev = {.events = events, .data.u64 = event_tag(generation, fd)};

	return epoll_ctl(s->epoll_fd, op, fd, &ev) < 0 ? -errno : 0;
}

/* --- the parked lists; all with the lock held --- */

static void list_add(struct http_conn **head, struct http_conn **tail, struct http_conn *c)
{
	c->prev = *tail;
	c->next = NULL;
	if (*tail)
		(*tail)->next = c;
	else
		*head = c;
	*tail = c;
}

static void list_del(struct http_conn **head, struct http_conn **tail, struct http_conn *c)
{
	if (c->prev)
		c->prev->next = c->next;
	else
		*head = c->next;
	if (c->next)
		c->next->prev = c->prev;
	else
		*tail = c->prev;
	c->prev = c->next = NULL;
}

static void parked_add(struct http_server *s, struct http_conn *c)
{
	c->parked = true;
	if (c->deadline_ns)
		list_add(&s->slow_head, &s->slow_tail, c);
	else
		list_add(&s->parked_head, &s->parked_tail, c);
}

static void parked_del(struct http_server *s, struct http_conn *c)
{
	c->parked = false;
	if (c->deadline_ns)
		list_del(&s->slow_head, &s->slow_tail, c);
	else
		list_del(&s->parked_head, &s->parked_tail, c);
}

static void conn_forget(struct http_server *s, struct http_conn *c)
{
	if (c->fd >= 0 && (size_t)c->fd < s->n_room && s->conns[c->fd] == c)
		s->conns[c->fd] = NULL;
	s->n_conns--;
}

/* A parked connection that nobody serves. */
static void parked_close(struct http_server *s, struct http_conn *c)
{
	parked_del(s, c);
	conn_forget(s, c);
	conn_free(c);
}

static void timer_set(struct http_server *s, int64_t deadline_ns)
{
	struct itimerspec t = {.it_value = {.tv_sec = deadline_ns / NS_PER_SEC, .tv_nsec = deadline_ns % NS_PER_SEC}};

	timerfd_settime(s->timer_fd, TFD_TIMER_ABSTIME, &t, NULL);
	s->timer_armed = true;
}

/* Closes the connections whose head did not come in time. */
static void slow_sweep(struct http_server *s)
{
	int64_t now = clock_monotonic_ns();
	uint64_t ticks;

	if (read(s->timer_fd, &ticks, sizeof(ticks)) < 0 && errno != EAGAIN)
		log_warn("http: timer: %m");
	LOCK_GUARD(&s->lock);
	s->timer_armed = false;
	while (s->slow_head && s->slow_head->deadline_ns <= now)
		parked_close(s, s->slow_head);
	if (s->slow_head)
		timer_set(s, s->slow_head->deadline_ns);
}

static void conn_drop(struct http_server *s, struct http_conn *c)
{
	LOCK_GUARD(&s->lock);
	conn_forget(s, c);
	conn_free(c);
}

int server_release_fd(struct http_conn *c)
{
	struct http_server *s = c->server;

	LOCK_GUARD(&s->lock);
	s->conns[c->fd] = NULL;
	/* Closing would not do: the socket lives on elsewhere. */
	if (c->in_epoll)
		epoll_ctl(s->epoll_fd, EPOLL_CTL_DEL, c->fd, NULL);
	return TAKE_FD(c->fd);
}

static void conn_park(struct http_server *s, struct http_conn *c)
{
	int op = c->in_epoll ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

	LOCK_GUARD(&s->lock);
	c->in_epoll = true;
	if (s->stopping || epoll_arm(s, op, c->fd, c->generation, EPOLLIN | EPOLLRDHUP | EPOLLONESHOT) < 0) {
		conn_forget(s, c);
		conn_free(c);
		return;
	}
	parked_add(s, c);
	if (c->deadline_ns && !s->timer_armed)
		timer_set(s, s->slow_head->deadline_ns);
}

/* --- accepting --- */

static struct http_listener *listener_find(struct http_server *s, int fd)
{
	for (struct http_listener *l = s->listeners; l; l = l->next)
		if (l->fd == fd)
			return l;
	return NULL;
}

/* Room in the table, made by closing the longest idle connection when all are taken. */
static bool conn_register(struct http_server *s, struct http_conn *c)
{
	size_t room = s->n_room ? s->n_room : 64;

	LOCK_GUARD(&s->lock);
	if (s->stopping)
		return false;
	if (s->n_conns >= LIMIT_HTTP_CONNS) {
		if (!s->parked_head)
			return false;
		parked_close(s, s->parked_head);
	}
	while (room <= (size_t)c->fd)
		room *= 2;
	if (room > s->n_room) {
		s->conns = xreallocarray(s->conns, room, sizeof(*s->conns));
		for (size_t i = s->n_room; i < room; i++)
			s->conns[i] = NULL;
		s->n_room = room;
	}
	if (++s->generation == 0)
		s->generation = 1;
	c->generation = s->generation;
	s->conns[c->fd] = c;
	s->n_conns++;
	return true;
}

static struct http_conn *listener_accept(struct http_server *s, struct http_listener *l)
{
	struct http_conn *c = NULL;
	int fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC), err = errno;

	if (fd < 0 && (err == EMFILE || err == ENFILE || err == ENOBUFS || err == ENOMEM)) {
		log_warn("http: cannot accept connections: %m");
		LOCK_GUARD(&s->lock);
		if (s->parked_head)
			parked_close(s, s->parked_head);
		else
			poll(NULL, 0, 20); /* not in a busy loop until something ends */
	}
	if (fd >= 0) {
		c = conn_new(s, fd, l->tls);
		if (!conn_register(s, c)) {
			conn_free(c);
			c = NULL;
		}
	}
	LOCK_GUARD(&s->lock);
	if (!s->stopping)
		epoll_arm(s, EPOLL_CTL_MOD, l->fd, 0, EPOLLIN | EPOLLONESHOT);
	return c;
}

/* --- workers --- */

/* With the lock held. The new worker counts as waiting from now on, so that no second one is made for it. */
static void worker_spawn(struct http_server *s)
{
	pthread_attr_t attr;
	pthread_t t;
	sigset_t all, old;
	int r;

	s->n_threads++;
	s->n_waiting++;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, WORKER_STACK);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	/* Signals belong to the program's main thread. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&t, &attr, worker_main, s);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	if (r != 0) {
		/* This worker goes on alone; the events wait for it. */
		errno = r;
		log_warn("http: cannot start a thread: %m");
		s->n_threads--;
		s->n_waiting--;
	}
}

/* What one event is about: a connection to serve, or NULL when it has been dealt with. */
static struct http_conn *event_take(struct http_server *s, uint64_t tag)
{
	uint32_t generation = (uint32_t)(tag >> 32);
	int fd = (int)(uint32_t)tag;
	struct http_listener *l;
	struct http_conn *c;

	if (generation == 0) {
		if (fd == s->timer_fd)
			slow_sweep(s);
		l = listener_find(s, fd);
		return l ? listener_accept(s, l) : NULL;
	}
	LOCK_GUARD(&s->lock);
	c = (size_t)fd < s->n_room ? s->conns[fd] : NULL;
	if (!c || c->generation != generation || !c->parked)
		return NULL;
	parked_del(s, c);
	return c;
}

static void event_serve(struct http_server *s, uint64_t tag)
{
	struct http_conn *c = event_take(s, tag);

	if (!c)
		return;
	switch (conn_serve(c)) {
	case CONN_PARK:
		conn_park(s, c);
		break;
	case CONN_CLOSE:
	case CONN_GONE:
		conn_drop(s, c);
		break;
	}
}

static void *worker_main(void *arg)
{
	struct http_server *s = arg;
	struct epoll_event ev;

	for (;;) {
		int n = epoll_wait(s->epoll_fd, &ev, 1, -1);

		if (n < 0 && errno != EINTR)
			bug_abort(__FILE__, __LINE__, "epoll_wait");
		if (n <= 0)
			continue;
		lock_take(&s->lock);
		s->n_waiting--;
		if (s->stopping)
			break;
		__atomic_add_fetch(&s->n_active, 1, __ATOMIC_RELAXED);
		if (s->n_waiting == 0)
			worker_spawn(s);
		lock_release(&s->lock);

		event_serve(s, ev.data.u64);

		lock_take(&s->lock);
		__atomic_sub_fetch(&s->n_active, 1, __ATOMIC_RELAXED);
		if (s->stopping || s->n_waiting >= WORKERS_KEPT)
			break;
		s->n_waiting++;
		lock_release(&s->lock);
	}
	s->n_threads--;
	pthread_cond_broadcast(&s->ended);
	lock_release(&s->lock);
	return NULL;
}

/* --- life --- */

int http_server_new(http_handler handler, void *arg, struct http_server **ret, struct err *e)
{
	struct http_server *s = xnew(struct http_server);

	s->handler = handler;
	s->arg = arg;
	lock_init(&s->lock, LOCK_RANK_HTTP);
	lock_cond_init(&s->ended);
	s->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	s->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	s->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (s->epoll_fd < 0 || s->timer_fd < 0 || s->stop_fd < 0 ||
	    epoll_arm(s, EPOLL_CTL_ADD, s->timer_fd, 0, EPOLLIN | EPOLLET) < 0 ||
	    epoll_arm(s, EPOLL_CTL_ADD, s->stop_fd, 0, EPOLLIN) < 0) {
		err_sys(e, errno, "http server");
		http_server_free(s);
		return -1;
	}
	*ret = s;
	return 0;
}

int http_server_listen(struct http_server *s, int fd, const struct http_tls *tls, struct err *e)
{
	struct tls_context *context = NULL;
	struct http_listener *l, **at = &s->listeners;

	ASSERT(!s->started);
	if (tls && tls_context_new(tls, &context, e) < 0) {
		fd_close(fd);
		return -1;
	}
	fd_set_nonblock(fd, true);
	l = xnew(struct http_listener);
	l->fd = fd;
	l->tls = context;
	while (*at)
		at = &(*at)->next;
	*at = l;
	return 0;
}

int http_server_start(struct http_server *s, struct err *e)
{
	LOCK_GUARD(&s->lock);
	s->started = true;
	for (struct http_listener *l = s->listeners; l; l = l->next) {
		int r = epoll_arm(s, EPOLL_CTL_ADD, l->fd, 0, EPOLLIN | EPOLLONESHOT);

		if (r < 0)
			return err_sys(e, -r, "http server");
	}
	for (int i = 0; i < WORKERS_KEPT; i++)
		worker_spawn(s);
	if (s->n_threads == 0)
		return err_set(e, ERR_UNAVAILABLE, "http server: cannot start a thread");
	return 0;
}

static void wait_until_zero(struct http_server *s, const int *what, int64_t timeout_ms)
{
	int64_t end = clock_monotonic_ns() + timeout_ms * NS_PER_MS;

	while (*what > 0) {
		int64_t left = (end - clock_monotonic_ns()) / NS_PER_MS;

		if (left <= 0 || !lock_cond_wait(&s->ended, &s->lock, left))
			return;
	}
}

void http_server_dump(struct http_server *s)
{
	LOCK_GUARD(&s->lock);
	log_info("dump: connections=%zu threads=%d waiting=%d active=%d", s->n_conns, s->n_threads, s->n_waiting,
		 s->n_active);
}

void http_server_stop(struct http_server *s, int timeout_ms)
{
	if (!s)
		return;
	LOCK_GUARD(&s->lock);
	if (s->stopping)
		return;
	__atomic_store_n(&s->stopping, true, __ATOMIC_RELAXED);
	/* Closed below, when no worker looks at them any more. Not shut down: the init system may keep them for the
	 * next daemon. */
	for (struct http_listener *l = s->listeners; l; l = l->next)
		epoll_ctl(s->epoll_fd, EPOLL_CTL_DEL, l->fd, NULL);
	while (s->parked_head)
		parked_close(s, s->parked_head);
	while (s->slow_head)
		parked_close(s, s->slow_head);
	/* Stays readable, so that every waiting worker wakes up and ends. */
	eventfd_write(s->stop_fd, 1);
	wait_until_zero(s, &s->n_active, timeout_ms);
	for (size_t i = 0; i < s->n_room; i++)
		if (s->conns[i])
			shutdown(s->conns[i]->fd, SHUT_RDWR);
	wait_until_zero(s, &s->n_threads, 2000);
	if (s->n_threads > 0)
		log_warn("http: %d requests did not end", s->n_active);
	else
		for (struct http_listener *l = s->listeners; l; l = l->next)
			l->fd = fd_close(l->fd);
}

void http_server_free(struct http_server *s)
{
	if (!s)
		return;
	if (s->started) {
		http_server_stop(s, 0);
		lock_take(&s->lock);
		if (s->n_threads > 0) {
			/* A handler that hangs still uses it. */
			lock_release(&s->lock);
			return;
		}
		lock_release(&s->lock);
	}
	while (s->listeners) {
		struct http_listener *l = s->listeners;

		s->listeners = l->next;
		fd_close(l->fd);
		tls_context_free(l->tls);
		free(l);
	}
	fd_close(s->epoll_fd);
	fd_close(s->timer_fd);
	fd_close(s->stop_fd);
	pthread_cond_destroy(&s->ended);
	lock_done(&s->lock);
	free(s->conns);
	free(s);
}
