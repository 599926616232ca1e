/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The event ring: the last EVENTS_KEPT messages and whoever listens. Publishing never blocks: a listener that
 * does not read loses its connection, not the engine's time. Any thread (LOCK_RANK_EVENTS).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "format/json/json.h"

#define EVENTS_KEPT 256

struct event {
	char *type, *action, *id; /* "container", "start", actor id */
	struct json_kv attributes;
	int64_t time_ns;
	unsigned refs;
};
void event_unref(struct event *ev);

struct events;
struct events *events_new(void);
void events_free(struct events *s);
/* Copies everything. extra is "key", "value", ... NULL and may be NULL itself. */
void events_publish(struct events *s, const char *type, const char *action, const char *id,
		    const struct json_kv *attributes, const char *const *extra);

struct events_listener;
/* Starts to listen; backlog events at or after since_ns (0: none) are queued first, without a gap. NULL when there is
 * no descriptor left. */
struct events_listener *events_listen(struct events *s, int64_t since_ns);
void events_unlisten(struct events_listener *l);
int events_listener_count(struct events *s);
/* Readable while an event waits; for poll. */
int events_listener_fd(const struct events_listener *l);
/* The next event (a reference) or NULL when none waits now; *overrun when the listener was too slow and must end. */
struct event *events_next(struct events_listener *l, bool *overrun);
/* One line of JSON without newline, as GET /events sends it to API `version` (1.51 is 151). */
void event_write(const struct event *ev, int version, struct strbuf *out);
