/* SPDX-License-Identifier: Apache-2.0 */
/* /containers/{name}/exec and /exec/{id}/... */
#include "api/api.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "engine/engine.h"

#define RAW_STREAM         "application/vnd.docker.raw-stream"
#define MULTIPLEXED_STREAM "application/vnd.docker.multiplexed-stream"

static void exec_create_done(struct exec_create *x)
{
	json_fields_done(exec_create_fields, x);
}

static void exec_start_done(struct exec_start *s)
{
	json_fields_done(exec_start_fields, s);
}

static int handle_create(struct api_call *c, struct err *e)
{
	_cleanup_json_ json_object *body = NULL;
	_cleanup_(exec_create_done) struct exec_create x = {0};
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;
	char id[ID_LEN + 1];
	struct json_writer w;

	if (api_body_json(c, /* optional= */ false, &body, e) < 0 ||
	    json_fields_decode(body, "ExecOptions", exec_create_fields, &x, e) < 0)
		return -1;
	/* Asked for without any stream, it still runs; Docker fills these in from the start request's Detach. */
	if (engine_exec_create(c->api->engine, c->args[0], &x, id, e) < 0)
		return -1;
	json_writer_init(&w, &out);
	json_object_begin(&w);
	json_kstr(&w, "Id", id);
	json_object_close(&w);
	api_reply_json(c, 201, &out);
	return 0;
}

static int start_detached(struct api_call *c, const struct exec_start *how, struct err *e)
{
	if (engine_exec_start(c->api->engine, c->args[0], how, /* fd= */ -1, NULL, 0, e) < 0)
		return -1;
	http_reply(c->conn, 200, NULL, "", 0);
	return 0;
}

static int handle_start(struct api_call *c, struct err *e)
{
	_cleanup_json_ json_object *body = NULL;
	_cleanup_(exec_start_done) struct exec_start how = {0};
	_cleanup_strbuf_ struct strbuf leftover = STRBUF_INIT;
	struct err late = ERR_INIT;
	const char *type;
	bool raw;
	int fd;

	if (api_body_json(c, /* optional= */ true, &body, e) < 0)
		return -1;
	if (body && json_fields_decode(body, "ExecStartOptions", exec_start_fields, &how, e) < 0)
		return -1;
	if (engine_exec_start_check(c->api->engine, c->args[0], &how, &raw, e) < 0)
		return -1;
	if (how.detach)
		return start_detached(c, &how, e);
	type = !raw && c->version >= 142 && c->req->upgrade ? MULTIPLEXED_STREAM : RAW_STREAM;
	if (http_hijack(c->conn, type, &fd, &leftover, e) < 0)
		return -1;
	/* From here on an error has been told in the stream. */
	if (engine_exec_start(c->api->engine, c->args[0], &how, fd, leftover.data, leftover.len, &late) < 0)
		log_debug("exec=%.12s %s", c->args[0], late.msg);
	return 0;
}

static int handle_resize(struct api_call *c, struct err *e)
{
	const char *h = str_or_empty(api_query(c, "h")), *w = str_or_empty(api_query(c, "w"));
	uint32_t rows, cols;

	if (parse_u32(h, &rows) < 0)
		return err_set(e, ERR_INVALID, "invalid resize height \"%s\": invalid syntax", h);
	if (parse_u32(w, &cols) < 0)
		return err_set(e, ERR_INVALID, "invalid resize width \"%s\": invalid syntax", w);
	if (engine_exec_resize(c->api->engine, c->args[0], rows, cols, e) < 0)
		return -1;
	http_reply(c->conn, 200, NULL, "", 0);
	return 0;
}

static void write_process(struct json_writer *w, const struct exec_create *x)
{
	json_key(w, "ProcessConfig");
	json_object_begin(w);
	json_kbool(w, "tty", x->tty);
	json_kstr(w, "entrypoint", x->cmd && x->cmd[0] ? x->cmd[0] : "");
	json_key(w, "arguments");
	json_array_begin(w);
	for (char **s = x->cmd && x->cmd[0] ? x->cmd + 1 : NULL; s && *s; s++)
		json_str(w, *s);
	json_array_close(w);
	json_kbool(w, "privileged", x->privileged);
	if (!str_empty(x->user))
		json_kstr(w, "user", x->user);
	json_object_close(w);
}

static int handle_inspect(struct api_call *c, struct err *e)
{
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;
	_cleanup_(exec_snapshot_done) struct exec_snapshot x = {0};
	struct json_writer w;

	if (engine_exec_inspect(c->api->engine, c->args[0], &x, e) < 0)
		return -1;
	json_writer_init(&w, &out);
	json_object_begin(&w);
	json_kstr(&w, "ID", x.id);
	json_kbool(&w, "Running", x.running);
	json_key(&w, "ExitCode");
	if (x.has_exit_code)
		json_int(&w, x.exit_code);
	else
		json_null(&w);
	write_process(&w, &x.config);
	json_kbool(&w, "OpenStdin", x.config.attach_stdin);
	json_kbool(&w, "OpenStderr", x.config.attach_stderr);
	json_kbool(&w, "OpenStdout", x.config.attach_stdout);
	json_kbool(&w, "CanRemove", x.can_remove);
	json_kstr(&w, "ContainerID", x.container_id);
	json_kstr(&w, "DetachKeys", str_or_empty(x.config.detach_keys));
	json_kint(&w, "Pid", x.pid);
	json_object_close(&w);
	api_reply_json(c, 200, &out);
	return 0;
}

const struct api_route api_routes_execs[] = {
	{"POST", "/containers/{name}/exec", handle_create},
	{"POST", "/exec/{id}/start", handle_start},
	{"POST", "/exec/{id}/resize", handle_resize},
	{"GET", "/exec/{id}/json", handle_inspect},
	{NULL},
};
