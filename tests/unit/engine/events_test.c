/* SPDX-License-Identifier: Apache-2.0 */
/* The event ring: order, backlog, slow listeners, and the JSON of GET /events. */
#include "engine/events.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/strutil.h"
#include "unit/test.h"

static int readable(const struct events_listener *l)
{
	struct pollfd p = {.fd = events_listener_fd(l), .events = POLLIN};

	return poll(&p, 1, 0);
}

static void live_and_backlog(void **state)
{
	struct events *s = events_new();
	struct events_listener *live = events_listen(s, 0), *late;
	struct event *ev;
	bool overrun;

	(void)state;
	assert_int_equal(readable(live), 0);
	events_publish(s, "container", "create", "id1", NULL, NULL);
	events_publish(s, "container", "start", "id1", NULL, (const char *const[]){"name", "x", NULL});
	assert_int_equal(readable(live), 1);
	ev = events_next(live, &overrun);
	assert_string_equal(ev->action, "create");
	event_unref(ev);
	ev = events_next(live, &overrun);
	assert_string_equal(json_kv_get(&ev->attributes, "name"), "x");
	/* since the second one */
	late = events_listen(s, ev->time_ns);
	event_unref(ev);
	assert_null(events_next(live, &overrun));
	assert_false(overrun);
	assert_int_equal(readable(live), 0);
	ev = events_next(late, &overrun);
	assert_string_equal(ev->action, "start");
	event_unref(ev);
	assert_null(events_next(late, &overrun));
	assert_int_equal(events_listener_count(s), 2);
	events_unlisten(live);
	events_unlisten(late);
	events_free(s);
}

static void ring_keeps_the_last(void **state)
{
	struct events *s = events_new();
	struct events_listener *l;
	struct event *ev;
	bool overrun;
	char action[16];

	(void)state;
	for (int i = 0; i < EVENTS_KEPT + 10; i++) {
		snprintf(action, sizeof(action), "a%d", i);
		events_publish(s, "image", action, "", NULL, NULL);
	}
	l = events_listen(s, 1);
	for (int i = 10; i < EVENTS_KEPT + 10; i++) {
		snprintf(action, sizeof(action), "a%d", i);
		ev = events_next(l, &overrun);
		assert_string_equal(ev->action, action);
		event_unref(ev);
	}
	assert_null(events_next(l, &overrun));
	events_unlisten(l);
	events_free(s);
}

static void slow_listener_is_told(void **state)
{
	struct events *s = events_new();
	struct events_listener *l = events_listen(s, 0);
	struct event *ev;
	bool overrun = false;
	int n = 0;

	(void)state;
	for (int i = 0; i < 6000; i++)
		events_publish(s, "image", "tag", "", NULL, NULL);
	while ((ev = events_next(l, &overrun))) {
		event_unref(ev);
		n++;
	}
	assert_true(overrun);
	assert_int_equal(n, 4096);
	assert_int_equal(readable(l), 1);
	events_unlisten(l);
	events_free(s);
}

static void written_as_docker_does(void **state)
{
	struct event ev = {.type = "container", .action = "start", .id = "abc", .time_ns = 1700000000123456789LL};
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

	(void)state;
	json_kv_put(&ev.attributes, "name", "web");
	json_kv_put(&ev.attributes, "image", "busybox");
	event_write(&ev, 151, &sb);
	assert_string_equal(
		sb.data,
		"{\"status\":\"start\",\"id\":\"abc\",\"from\":\"busybox\",\"Type\":\"container\",\"Action\":\"start\","
		"\"Actor\":{\"ID\":\"abc\",\"Attributes\":{\"image\":\"busybox\",\"name\":\"web\"}},"
		"\"scope\":\"local\",\"time\":1700000000,\"timeNano\":1700000000123456789}");
	strbuf_clear(&sb);
	event_write(&ev, 152, &sb);
	assert_true(str_starts(sb.data, "{\"Type\":\"container\""));
	strbuf_clear(&sb);
	ev.type = "daemon";
	event_write(&ev, 141, &sb);
	assert_true(str_starts(sb.data, "{\"Type\":\"daemon\""));
	json_kv_done(&ev.attributes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(live_and_backlog),
		cmocka_unit_test(ring_keeps_the_last),
		cmocka_unit_test(slow_listener_is_told),
		cmocka_unit_test(written_as_docker_does),
	};

	return RUN_TESTS(tests);
}
