/* SPDX-License-Identifier: Apache-2.0 */
/* /containers/{name}/start, stop, restart, kill, pause, unpause, wait, resize, top. */
#include "api/api.h"
#include "base/mem.h"
#include "base/strutil.h"
#include "engine/engine.h"

static int handle_start(struct api_call *c, struct err *e)
{
	_cleanup_json_ json_object *body = NULL;

	/* Before 1.24 the body could carry a HostConfig; now one with content is refused. */
	if (c->req->content_length > 2 || c->req->chunked) {
		if (api_body_json(c, /* optional= */ true, &body, e) < 0)
			return -1;
		if (body && json_object_is_type(body, json_type_object) && json_object_object_length(body) > 0)
			return err_set(e, ERR_INVALID,
				       "starting container with non-empty request body was deprecated since API v1.22 "
				       "and removed in v1.24");
	}
	if (!str_empty(api_query(c, "checkpoint")))
		return err_set(e, ERR_UNSUPPORTED, "checkpoint and restore are not supported");
	if (engine_start(c->api->engine, c->args[0], api_query(c, "detachKeys"), e) < 0)
		return -1;
	api_reply_empty(c, 204);
	return 0;
}

/* t and signal of stop and restart. */
static int stop_query(struct api_call *c, int *ret_timeout, const char **ret_signal, struct err *e)
{
	const char *t = api_query(c, "t");
	int32_t n = ENGINE_TIMEOUT_DEFAULT;

	*ret_signal = c->version >= 142 ? api_query(c, "signal") : NULL;
	if (!str_empty(t) && parse_i32(t, &n) < 0)
		return err_set(e, ERR_SYSTEM, "strconv.Atoi: parsing \"%s\": invalid syntax", t);
	*ret_timeout = n;
	return 0;
}

static int handle_stop(struct api_call *c, struct err *e)
{
	const char *signal;
	int timeout;

	if (stop_query(c, &timeout, &signal, e) < 0 || engine_stop(c->api->engine, c->args[0], timeout, signal, e) < 0)
		return -1;
	api_reply_empty(c, 204);
	return 0;
}

static int handle_restart(struct api_call *c, struct err *e)
{
	const char *signal;
	int timeout;

	if (stop_query(c, &timeout, &signal, e) < 0 ||
	    engine_restart(c->api->engine, c->args[0], timeout, signal, e) < 0)
		return -1;
	api_reply_empty(c, 204);
	return 0;
}

static int handle_kill(struct api_call *c, struct err *e)
{
	if (engine_kill(c->api->engine, c->args[0], api_query(c, "signal"), e) < 0)
		return -1;
	api_reply_empty(c, 204);
	return 0;
}

static int handle_pause(struct api_call *c, struct err *e)
{
	if (engine_pause(c->api->engine, c->args[0], e) < 0)
		return -1;
	api_reply_empty(c, 204);
	return 0;
}

static int handle_unpause(struct api_call *c, struct err *e)
{
	if (engine_unpause(c->api->engine, c->args[0], e) < 0)
		return -1;
	api_reply_empty(c, 204);
	return 0;
}

/* A size in characters; Docker's words for what is no number. */
static int size_query(struct api_call *c, const char *name, unsigned *ret, struct err *e)
{
	const char *s = str_or_empty(api_query(c, name));
	uint32_t n;

	if (parse_u32(s, &n) < 0)
		return err_set(e, ERR_INVALID, "invalid resize %s \"%s\": invalid syntax",
			       str_eq(name, "h") ? "height" : "width", s);
	*ret = n;
	return 0;
}

static int handle_resize(struct api_call *c, struct err *e)
{
	unsigned rows, cols;

	if (size_query(c, "h", &rows, e) < 0 || size_query(c, "w", &cols, e) < 0 ||
	    engine_resize(c->api->engine, c->args[0], rows, cols, e) < 0)
		return -1;
	http_reply(c->conn, 200, NULL, "", 0);
	return 0;
}

/* --- wait --- */

static int wait_condition(const char *s, enum engine_wait_for *ret, struct err *e)
{
	if (str_empty(s) || str_eq(s, "not-running"))
		*ret = ENGINE_WAIT_NOT_RUNNING;
	else if (str_eq(s, "next-exit"))
		*ret = ENGINE_WAIT_NEXT_EXIT;
	else if (str_eq(s, "removed"))
		*ret = ENGINE_WAIT_REMOVED;
	else
		return err_set(e, ERR_INVALID, "invalid condition: \"%s\"", s);
	return 0;
}

static void wait_body(struct strbuf *out, int code, const char *error)
{
	struct json_writer w;

	json_writer_init(&w, out);
	json_object_begin(&w);
	if (error) {
		json_key(&w, "Error");
		json_object_begin(&w);
		json_kstr(&w, "Message", error);
		json_object_close(&w);
	}
	json_kint(&w, "StatusCode", code);
	json_object_close(&w);
	strbuf_add_char(out, '\n');
}

static int handle_wait(struct api_call *c, struct err *e)
{
	enum engine_wait_for what = ENGINE_WAIT_NOT_RUNNING;
	_cleanup_strbuf_ struct strbuf body = STRBUF_INIT;
	_cleanup_free_ char *error = NULL;
	struct engine_waiter *w;
	int code, r;

	if (c->version >= 130 && wait_condition(api_query(c, "condition"), &what, e) < 0)
		return -1;
	if (engine_wait_begin(c->api->engine, c->args[0], what, &w, e) < 0)
		return -1;
	/* The head goes out now: `docker run` sends its start only when it has seen it. */
	r = http_stream_start(c->conn, 200, "application/json");
	if (r == 0 && engine_wait(w, http_conn_fd(c->conn), &code, &error, /* e= */ NULL) == 0) {
		wait_body(&body, code, error);
		if (http_stream_write(c->conn, body.data, body.len) == 0)
			http_stream_end(c->conn);
	}
	engine_wait_end(w);
	return 0;
}

/* --- top --- */

static int handle_top(struct api_call *c, struct err *e)
{
	_cleanup_strbuf_ struct strbuf body = STRBUF_INIT;
	struct engine_top t;
	struct json_writer w;

	if (engine_top(c->api->engine, c->args[0], api_query(c, "ps_args"), &t, e) < 0)
		return -1;
	json_writer_init(&w, &body);
	json_object_begin(&w);
	json_key(&w, "Processes");
	json_array_begin(&w);
	for (size_t i = 0; t.rows && t.rows[i]; i++)
		json_strv(&w, t.rows[i]);
	json_array_close(&w);
	json_kstrv(&w, "Titles", t.titles);
	json_object_close(&w);
	engine_top_done(&t);
	api_reply_json(c, 200, &body);
	return 0;
}

const struct api_route api_routes_containers_life[] = {
	{"POST", "/containers/{name}/start", handle_start},     {"POST", "/containers/{name}/stop", handle_stop},
	{"POST", "/containers/{name}/restart", handle_restart}, {"POST", "/containers/{name}/kill", handle_kill},
	{"POST", "/containers/{name}/pause", handle_pause},     {"POST", "/containers/{name}/unpause", handle_unpause},
	{"POST", "/containers/{name}/wait", handle_wait},       {"POST", "/containers/{name}/resize", handle_resize},
	{"GET", "/containers/{name}/top", handle_top},          {NULL},
};
