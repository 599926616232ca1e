/* SPDX-License-Identifier: Apache-2.0 */
/* From a request to its handler and back: version gate, route, errors; and what handlers use to read and answer. */
#include "api/api.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/api_priv.h"
#include "api/daemon_config.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/strutil.h"

#define JSON_TYPE "application/json"

const struct daemon_config *api_config(const struct api *a)
{
	return __atomic_load_n(&a->config, __ATOMIC_ACQUIRE);
}

static void message_reply(struct http_conn *conn, int status, const char *message)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	struct json_writer w;

	json_writer_init(&w, &sb);
	json_object_begin(&w);
	json_kstr(&w, "message", message);
	json_object_close(&w);
	strbuf_add_char(&sb, '\n');
	http_reply(conn, status, JSON_TYPE, sb.data, sb.len);
}

void api_reply_error(struct http_conn *conn, const struct err *e)
{
	int status = api_status_of(e->kind);

	if (status == 304)
		http_reply(conn, status, NULL, NULL, 0);
	else
		message_reply(conn, status, e->msg);
}

/* `experimental` NULL: an answer that came before the configuration was asked, which has no such header in Docker
 * either. */
static void version_headers(struct http_conn *conn, const char *experimental)
{
	http_header(conn, "Api-Version", API_VERSION_MAX_TEXT);
	if (experimental)
		http_header(conn, "Docker-Experimental", experimental);
	http_header(conn, "Ostype", "linux");
	http_header(conn, "Server", "Hull/" HULL_VERSION " (linux)");
}

/* Docker refuses old versions in plain text, as the API of that time did. */
static bool version_refuse(struct http_conn *conn, int version, const char *text)
{
	_cleanup_free_ char *message = NULL;

	if (version < API_VERSION_MIN) {
		message = xasprintf(
			"client version %s is too old. Minimum supported API version is %s, please upgrade your "
			"client to a newer version\n",
			text, API_VERSION_MIN_TEXT);
		version_headers(conn, NULL);
		http_reply(conn, 400, "text/plain; charset=utf-8", message, strlen(message));
		return true;
	}
	if (version > API_VERSION_MAX) {
		message = xasprintf("client version %s is too new. Maximum supported API version is %s", text,
				    API_VERSION_MAX_TEXT);
		version_headers(conn, NULL);
		message_reply(conn, 400, message);
		return true;
	}
	return false;
}

static void call_run(struct api_call *c)
{
	struct err e = ERR_INIT;

	version_headers(c->conn, api_config(c->api)->experimental ? "true" : "false");
	if (http_query_parse(c->req->query, &c->query) < 0) {
		err_set(&e, ERR_INVALID, "invalid URL escape in the query");
		api_reply_error(c->conn, &e);
		return;
	}
	if (c->route->handler(c, &e) == 0)
		return;
	if (api_status_of(e.kind) == 500 && e.kind != ERR_CANCELLED)
		log_error("%s %s: %s", c->req->method, c->req->path, e.msg);
	/* After the answer has begun, only a cut connection can tell of a failure: the server does that. */
	if (!http_answer_started(c->conn))
		api_reply_error(c->conn, &e);
}

/*
 * A web page that its reader's browser sends here is no client. Over TCP, browsers give themselves away by Origin or
 * Sec-Fetch-Site; a page whose name was rebound to a loopback address, by a Host that is neither localhost nor an
 * address.
 */
static bool comes_from_a_page(const struct api_call *c)
{
	const struct daemon_config *cfg = api_config(c->api);
	const struct http_request *r = c->req;
	const char *site = http_field_get(r->fields, r->n_fields, "Sec-Fetch-Site");
	const char *host = http_field_get(r->fields, r->n_fields, "Host");
	uid_t uid;
	pid_t pid;

	if (http_conn_peer(c->conn, &uid, &pid))
		return false;
	if (http_field_get(r->fields, r->n_fields, "Origin") || (site && !str_eq(site, "none")))
		return true;
	return !cfg->tls_verify && !cfg->insecure_tcp && host && !api_host_is_local(host);
}

void api_serve(struct http_conn *conn, const struct http_request *req, void *arg)
{
	struct api_call c = {.api = arg, .conn = conn, .req = req};
	const char *path = req->path;
	char version[16];

	log_debug("%s %s", req->method, req->target);
	if (comes_from_a_page(&c)) {
		message_reply(conn, 403, "requests of web pages are refused");
		return;
	}
	c.version = api_version_cut(&path, version);
	if (str_eq(req->method, "OPTIONS")) {
		version_headers(conn, NULL);
		http_reply(conn, 200, NULL, NULL, 0);
		return;
	}
	c.route = api_route_find(req->method, path, c.args);
	if (!c.route)
		message_reply(conn, 404, "page not found");
	else if (version_refuse(conn, c.version, version))
		; /* answered */
	else if ((c.route->since && c.version < c.route->since) || (c.route->until && c.version > c.route->until))
		message_reply(conn, 404, "page not found");
	else
		call_run(&c);
	http_query_done(&c.query);
	for (size_t i = 0; i < API_ARGS_MAX; i++)
		free(c.args[i]);
}

/* --- for handlers --- */

const char *api_query(const struct api_call *c, const char *name)
{
	return http_query_get(&c->query, name);
}

bool api_query_bool(const struct api_call *c, const char *name)
{
	return parse_query_bool(api_query(c, name));
}

int api_query_int(const struct api_call *c, const char *name, int64_t fallback, int64_t *ret, struct err *e)
{
	const char *s = api_query(c, name);

	if (str_empty(s)) {
		*ret = fallback;
		return 0;
	}
	if (parse_i64(s, ret) < 0)
		return err_set(e, ERR_INVALID, "strconv.Atoi: parsing \"%.100s\": invalid syntax", s);
	return 0;
}

/* Docker's CheckForJSON. */
static int content_type_check(const struct http_request *req, struct err *e)
{
	const char *type = http_field_get(req->fields, req->n_fields, "Content-Type");
	_cleanup_free_ char *bare = NULL;
	size_t n;

	if (str_empty(type)) {
		if (req->content_length <= 0 && !req->chunked)
			return 0;
		return err_set(e, ERR_INVALID, "malformed Content-Type header (): mime: no media type");
	}
	n = strcspn(type, ";");
	while (n > 0 && (type[n - 1] == ' ' || type[n - 1] == '\t'))
		n--;
	bare = xstrndup(type, n);
	if (!str_eq_nocase(bare, JSON_TYPE))
		return err_set(e, ERR_INVALID, "unsupported Content-Type header (%.200s): must be 'application/json'",
			       type);
	return 0;
}

int api_body_json(struct api_call *c, bool optional, json_object **ret, struct err *e)
{
	_cleanup_strbuf_ struct strbuf body = STRBUF_INIT_MAX(LIMIT_API_BODY);

	if (content_type_check(c->req, e) < 0 || http_body_read_all(c->conn, LIMIT_API_BODY, &body, e) < 0)
		return -1;
	if (body.data[strspn(body.data, " \t\r\n")] == '\0' && body.len == strlen(body.data)) {
		*ret = NULL;
		if (optional)
			return 0;
		return err_set(e, ERR_INVALID, "invalid JSON: got EOF while reading request body");
	}
	if (json_parse(body.data, body.len, ret, e) < 0) {
		if (e && !str_starts(e->msg, "unexpected content"))
			err_wrap(e, "invalid JSON");
		return -1;
	}
	return 0;
}

void api_reply_json(struct api_call *c, int status, struct strbuf *json)
{
	struct err e = ERR_INIT;

	strbuf_add_char(json, '\n');
	if (json->overflow) {
		err_set(&e, ERR_TOO_LARGE, "the answer is too large");
		api_reply_error(c->conn, &e);
		return;
	}
	http_reply(c->conn, status, JSON_TYPE, json->data, json->len);
}

void api_reply_empty(struct api_call *c, int status)
{
	http_reply(c->conn, status, NULL, NULL, 0);
}
