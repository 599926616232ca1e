/* SPDX-License-Identifier: Apache-2.0 */
/* The event ring and its listeners: see events.h. Every part of the daemon publishes; api/events.c listens. */
#include "engine/events.h"

#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/lock.h"
#include "base/mem.h"
#include "base/strutil.h"

/* What may wait for one listener; beyond it the listener has stopped reading. */
#define LISTENER_QUEUE 4096

struct events_listener {
	struct events *events;
	struct events_listener *next;
	int fd; /* eventfd, readable while the queue holds something */
	struct event **queue;
	size_t head, n, room;
	bool overrun;
};

struct events {
	struct lock lock;
	struct event *ring[EVENTS_KEPT];
	size_t n_seen; /* ever published */
	struct events_listener *listeners;
	int n_listeners;
};

struct events *events_new(void)
{
	struct events *s = xnew(struct events);

	lock_init(&s->lock, LOCK_RANK_EVENTS);
	return s;
}

void events_free(struct events *s)
{
	if (!s)
		return;
	ASSERT(!s->listeners);
	for (size_t i = 0; i < EVENTS_KEPT; i++)
		event_unref(s->ring[i]);
	lock_done(&s->lock);
	free(s);
}

static struct event *event_ref(struct event *ev)
{
	__atomic_add_fetch(&ev->refs, 1, __ATOMIC_RELAXED);
	return ev;
}

void event_unref(struct event *ev)
{
	if (!ev || __atomic_sub_fetch(&ev->refs, 1, __ATOMIC_ACQ_REL) != 0)
		return;
	free(ev->type);
	free(ev->action);
	free(ev->id);
	json_kv_done(&ev->attributes);
	free(ev);
}

/* With the lock held. */
static void listener_push(struct events_listener *l, struct event *ev)
{
	size_t room;

	if (l->overrun)
		return;
	if (l->n == l->room) {
		struct event **queue;

		if (l->n >= LISTENER_QUEUE) {
			l->overrun = true;
			eventfd_write(l->fd, 1);
			return;
		}
		room = l->room ? 2 * l->room : 16;
		queue = xnew_array(struct event *, room);
		for (size_t i = 0; i < l->n; i++)
			queue[i] = l->queue[(l->head + i) % l->room];
		free(l->queue);
		l->queue = queue;
		l->room = room;
		l->head = 0;
	}
	l->queue[(l->head + l->n++) % l->room] = event_ref(ev);
	if (l->n == 1)
		eventfd_write(l->fd, 1);
}

void events_publish(struct events *s, const char *type, const char *action, const char *id,
		    const struct json_kv *attributes, const char *const *extra)
{
	struct event *ev = xnew(struct event), **slot, *old;

	ev->refs = 1;
	ev->type = xstrdup(type);
	ev->action = xstrdup(action);
	ev->id = xstrdup(str_or_empty(id));
	if (attributes)
		json_kv_copy(&ev->attributes, attributes);
	for (; extra && extra[0]; extra += 2)
		json_kv_put(&ev->attributes, extra[0], str_or_empty(extra[1]));
	ev->attributes.set = true;

	lock_take(&s->lock);
	/* Stamped under the lock, so that times rise in the ring. */
	ev->time_ns = clock_realtime_ns();
	slot = &s->ring[s->n_seen++ % EVENTS_KEPT];
	old = *slot;
	*slot = ev;
	for (struct events_listener *l = s->listeners; l; l = l->next)
		listener_push(l, ev);
	lock_release(&s->lock);
	event_unref(old);
}

struct events_listener *events_listen(struct events *s, int64_t since_ns)
{
	struct events_listener *l = xnew(struct events_listener);

	l->events = s;
	l->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (l->fd < 0) {
		free(l);
		return NULL;
	}
	LOCK_GUARD(&s->lock);
	if (since_ns) {
		size_t first = s->n_seen > EVENTS_KEPT ? s->n_seen - EVENTS_KEPT : 0;

		for (size_t i = first; i < s->n_seen; i++)
			if (s->ring[i % EVENTS_KEPT]->time_ns >= since_ns)
				listener_push(l, s->ring[i % EVENTS_KEPT]);
	}
	l->next = s->listeners;
	s->listeners = l;
	s->n_listeners++;
	return l;
}

void events_unlisten(struct events_listener *l)
{
	struct events *s;

	if (!l)
		return;
	s = l->events;
	lock_take(&s->lock);
	for (struct events_listener **at = &s->listeners; *at; at = &(*at)->next) {
		if (*at == l) {
			*at = l->next;
			s->n_listeners--;
			break;
		}
	}
	lock_release(&s->lock);
	for (size_t i = 0; i < l->n; i++)
		event_unref(l->queue[(l->head + i) % l->room]);
	free(l->queue);
	fd_close(l->fd);
	free(l);
}

int events_listener_count(struct events *s)
{
	LOCK_GUARD(&s->lock);
	return s->n_listeners;
}

int events_listener_fd(const struct events_listener *l)
{
	return l->fd;
}

struct event *events_next(struct events_listener *l, bool *overrun)
{
	struct event *ev = NULL;
	eventfd_t drained;

	LOCK_GUARD(&l->events->lock);
	if (l->n) {
		ev = l->queue[l->head];
		l->head = (l->head + 1) % l->room;
		l->n--;
	}
	*overrun = !ev && l->overrun;
	if (!l->n && !l->overrun)
		eventfd_read(l->fd, &drained);
	return ev;
}

/* API versions below 1.52 also carry the flat keys of the first Docker releases. */
static void flat_keys_write(struct json_writer *w, const struct event *ev)
{
	const char *image;

	if (!str_eq(ev->type, "container") && !str_eq(ev->type, "image"))
		return;
	if (!str_empty(ev->action))
		json_kstr(w, "status", ev->action);
	if (!str_empty(ev->id))
		json_kstr(w, "id", ev->id);
	image = json_kv_get(&ev->attributes, "image");
	if (str_eq(ev->type, "container") && !str_empty(image))
		json_kstr(w, "from", image);
}

void event_write(const struct event *ev, int version, struct strbuf *out)
{
	struct json_writer w;

	json_writer_init(&w, out);
	json_object_begin(&w);
	if (version < 152)
		flat_keys_write(&w, ev);
	json_kstr(&w, "Type", ev->type);
	json_kstr(&w, "Action", ev->action);
	json_key(&w, "Actor");
	json_object_begin(&w);
	json_kstr(&w, "ID", ev->id);
	json_key(&w, "Attributes");
	json_kv_write(&w, &ev->attributes);
	json_object_close(&w);
	json_kstr(&w, "scope", "local");
	json_kint(&w, "time", ev->time_ns / NS_PER_SEC);
	json_kint(&w, "timeNano", ev->time_ns);
	json_object_close(&w);
}
