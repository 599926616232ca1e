/* SPDX-License-Identifier: Apache-2.0 */
/* /containers/{name}/attach, attach/ws and logs. */
#include <string.h>

#include "api/api.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/strutil.h"
#include "engine/engine.h"

#define RAW_STREAM         "application/vnd.docker.raw-stream"
#define MULTIPLEXED_STREAM "application/vnd.docker.multiplexed-stream"

static void attach_query(struct api_call *c, struct engine_attach *ret)
{
	*ret = (struct engine_attach){
		.stream = api_query_bool(c, "stream"),
		.logs = api_query_bool(c, "logs"),
		.in = api_query_bool(c, "stdin"),
		.out = api_query_bool(c, "stdout"),
		.err = api_query_bool(c, "stderr"),
		.detach_keys = api_query(c, "detachKeys"),
	};
}

/* Docker has left HTTP by the time it finds out: the text comes bare, under the status. */
static int attach_refused(struct api_call *c, const struct err *e)
{
	_cleanup_free_ char *text = xasprintf("%s\r\n", e->msg);

	http_reply(c->conn, api_status_of(e->kind), RAW_STREAM, text, strlen(text));
	return 0;
}

static int handle_attach(struct api_call *c, struct err *e)
{
	_cleanup_strbuf_ struct strbuf leftover = STRBUF_INIT;
	struct engine_attach how;
	struct err late = ERR_INIT;
	const char *type;
	bool raw;
	int fd;

	attach_query(c, &how);
	if (engine_attach_check(c->api->engine, c->args[0], &how, &raw, e) < 0)
		return attach_refused(c, e);
	/* The framed type exists since 1.42 and is only told to clients that asked for an upgrade. */
	type = !raw && c->version >= 142 && c->req->upgrade ? MULTIPLEXED_STREAM : RAW_STREAM;
	/* Docker answers this one with the three headers of the switch alone. */
	http_header_clear(c->conn);
	if (http_hijack(c->conn, type, &fd, &leftover, e) < 0)
		return -1;
	if (engine_attach(c->api->engine, c->args[0], &how, fd, leftover.data, leftover.len, &late) < 0)
		log_debug("attach to %s: %s", c->args[0], late.msg);
	return 0;
}

static int handle_attach_ws(struct api_call *c, struct err *e)
{
	struct engine_attach how;
	struct err late = ERR_INIT;
	bool raw;
	int fd;

	attach_query(c, &how);
	if (engine_attach_check(c->api->engine, c->args[0], &how, &raw, e) < 0)
		return -1;
	how.unframed = true;
	if (http_hijack_websocket(c->conn, &fd, e) < 0)
		return -1;
	if (engine_attach(c->api->engine, c->args[0], &how, fd, "", 0, &late) < 0)
		log_debug("attach to %s: %s", c->args[0], late.msg);
	return 0;
}

/* --- logs --- */

struct log_stream {
	struct api_call *call;
	bool started;
};

static int log_begin(void *arg, bool raw)
{
	struct log_stream *s = arg;
	const char *type = !raw && s->call->version >= 142 ? MULTIPLEXED_STREAM : RAW_STREAM;

	s->started = true;
	return http_stream_start(s->call->conn, 200, type);
}

static int log_write_out(void *arg, const void *p, size_t n)
{
	struct log_stream *s = arg;

	return http_stream_write(s->call->conn, p, n);
}

/* since and until: "0" and nothing mean no limit. */
static int time_query(struct api_call *c, const char *name, int64_t *ret, struct err *e)
{
	const char *s = api_query(c, name);

	*ret = 0;
	if (str_empty(s) || str_eq(s, "0"))
		return 0;
	if (clock_parse_docker(s, clock_realtime_ns(), ret) < 0)
		return err_set(e, ERR_INVALID, "invalid value for \"%s\": %s", name, s);
	return 0;
}

static int handle_logs(struct api_call *c, struct err *e)
{
	struct log_stream stream = {.call = c};
	struct err late = ERR_INIT;
	struct engine_logs how = {
		.follow = api_query_bool(c, "follow"),
		.out = api_query_bool(c, "stdout"),
		.err = api_query_bool(c, "stderr"),
		.timestamps = api_query_bool(c, "timestamps"),
		.details = api_query_bool(c, "details"),
		.tail = -1,
	};
	const char *tail = api_query(c, "tail");

	if (!how.out && !how.err)
		return err_set(e, ERR_INVALID, "Bad parameters: you must choose at least one stream");
	if (time_query(c, "since", &how.since_ns, e) < 0 || time_query(c, "until", &how.until_ns, e) < 0)
		return -1;
	/* "all" and whatever is no number mean all. */
	if (!str_empty(tail) && (parse_i64(tail, &how.tail) < 0 || how.tail < 0))
		how.tail = -1;
	if (engine_logs(c->api->engine, c->args[0], &how, http_conn_fd(c->conn), log_begin, log_write_out, &stream,
			&late) < 0) {
		if (!stream.started) {
			*e = late;
			return -1;
		}
		log_warn("logs of %s: %s", c->args[0], late.msg);
		return 0; /* without a proper end, so that the client sees that something is missing */
	}
	http_stream_end(c->conn);
	return 0;
}

const struct api_route api_routes_containers_streams[] = {
	{"POST", "/containers/{name}/attach", handle_attach},
	{"GET", "/containers/{name}/attach/ws", handle_attach_ws},
	{"GET", "/containers/{name}/logs", handle_logs},
	{NULL},
};
