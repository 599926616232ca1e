/* SPDX-License-Identifier: Apache-2.0 */
/* GET /events: the backlog since a time, then live until a time or until the client goes. */
#include "engine/events.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "api/api_priv.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/strutil.h"
#include "base/strv.h"

/* "busybox:latest" and "busybox" both name an event of the image; a port is no tag. */
static bool image_matches(const struct api_filters *f, const char *ref)
{
	_cleanup_free_ char *bare = NULL;
	const char *slash, *colon;

	if (api_filter_exact(f, "image", ref))
		return true;
	slash = strrchr(ref, '/');
	colon = strrchr(slash ? slash : ref, ':');
	bare = colon ? xstrndup(ref, (size_t)(colon - ref)) : xstrdup(ref);
	return api_filter_exact(f, "image", bare);
}

static bool action_matches(const struct api_filters *f, const char *action)
{
	static const char *const open_ended[] = {"health_status", "exec_create", "exec_start"};
	char *const *values = api_filter_values(f, "event");

	/* Their action goes on behind a colon. */
	for (size_t i = 0; i < ARRAY_SIZE(open_ended); i++)
		if (strv_contains(values, open_ended[i]))
			return api_filter_prefix(f, "event", action);
	return api_filter_exact(f, "event", action);
}

bool api_event_matches(const struct api_filters *f, const struct event *ev)
{
	static const char *const objects[] = {"container", "daemon",  "network", "volume", "plugin",
					      "node",      "service", "secret",  "config"};
	const char *name = str_or_empty(json_kv_get(&ev->attributes, "name"));
	const char *image = json_kv_get(&ev->attributes, str_eq(ev->type, "image") ? "name" : "image");

	if (f->n == 0)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(objects); i++)
		if (!api_filter_prefix(f, objects[i], ev->id) && !api_filter_prefix(f, objects[i], name))
			return false;
	return action_matches(f, ev->action) && api_filter_exact(f, "type", ev->type) &&
	       api_filter_exact(f, "scope", "local") && api_filter_labels(f, "label", &ev->attributes) &&
	       (image_matches(f, ev->id) || image_matches(f, str_or_empty(image)));
}

static int time_arg(const struct api_call *c, const char *name, int64_t now, int64_t *ret, struct err *e)
{
	const char *s = api_query(c, name);

	*ret = 0;
	if (str_empty(s))
		return 0;
	if (clock_parse_docker(s, now, ret) < 0)
		return err_set(e, ERR_INVALID, "invalid value for '%s': \"%.100s\" is no time", name, s);
	return 0;
}

/* Sends what waits. False at the end: overrun, write failure, or an event past `until`. */
static bool queue_send(struct api_call *c, struct events_listener *l, const struct api_filters *f, int64_t until,
		       struct strbuf *sb)
{
	bool overrun = false, past = false;
	struct event *ev;

	strbuf_clear(sb);
	while (!past && (ev = events_next(l, &overrun))) {
		past = until && ev->time_ns > until;
		if (!past && api_event_matches(f, ev)) {
			event_write(ev, c->version, sb);
			strbuf_add_char(sb, '\n');
		}
		event_unref(ev);
	}
	if (sb->len && http_stream_write(c->conn, sb->data, sb->len) < 0)
		return false;
	return !past && !overrun;
}

static int wait_ms(int64_t until)
{
	int64_t left;

	if (!until)
		return -1;
	left = (until - clock_realtime_ns() + NS_PER_MS - 1) / NS_PER_MS;
	if (left < 0)
		return 0;
	return left > 60000 ? 60000 : (int)left;
}

static void events_follow(struct api_call *c, struct events_listener *l, const struct api_filters *f, int64_t until)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	struct pollfd p[2] = {
		{.fd = events_listener_fd(l), .events = POLLIN},
		{.fd = http_conn_fd(c->conn), .events = POLLRDHUP},
	};

	while (queue_send(c, l, f, until, &sb)) {
		if (until && clock_realtime_ns() >= until)
			return;
		if (poll(p, 2, wait_ms(until)) < 0 && errno != EINTR)
			return;
		if (p[1].revents)
			return;
	}
}

static int events_get(struct api_call *c, struct err *e)
{
	int64_t now = clock_realtime_ns(), since, until;
	struct events_listener *l;
	struct api_filters f;

	if (time_arg(c, "since", now, &since, e) < 0 || time_arg(c, "until", now, &until, e) < 0)
		return -1;
	if (until && since > until)
		return err_set(e, ERR_INVALID, "`since` time (%s) cannot be after `until` time (%s)",
			       api_query(c, "since"), api_query(c, "until"));
	if (api_filters_parse(c, NULL, &f, e) < 0)
		return -1;
	l = events_listen(c->api->events, since);
	if (!l) {
		api_filters_done(&f);
		return err_set(e, ERR_UNAVAILABLE, "too many open files");
	}
	if (http_stream_start(c->conn, 200, "application/json") == 0) {
		events_follow(c, l, &f, until);
		http_stream_end(c->conn);
	}
	events_unlisten(l);
	api_filters_done(&f);
	return 0;
}

const struct api_route api_routes_events[] = {
	{"GET", "/events", events_get},
	{0},
};
