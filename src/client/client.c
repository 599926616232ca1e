/* SPDX-License-Identifier: Apache-2.0 */
/* Sends calls: connections, version negotiation, heads and bodies. */
#include "client/client.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "client/client_priv.h"

int client_new(const struct client_options *o, struct client **ret, struct err *e)
{
	_cleanup_(client_free_p) struct client *c = xnew(struct client);

	c->idle_fd = -1;
	if (endpoint_parse(o->url, &o->tls, &c->endpoint, e) < 0)
		return -1;
	c->headers = strv_dup(o->headers);
	snprintf(c->version, sizeof(c->version), "%s", o->version ? o->version : CLIENT_API_VERSION);
	c->negotiated = o->version != NULL;
	*ret = TAKE_PTR(c);
	return 0;
}

void client_free(struct client *c)
{
	if (!c)
		return;
	fd_close(c->idle_fd);
	endpoint_free(c->endpoint);
	strv_free(c->headers);
	free(c);
}

const char *client_version(const struct client *c)
{
	return c->version;
}

const char *client_url(const struct client *c)
{
	return c->endpoint->url;
}

/* "1.41" as 1041; 0 when it is no version. */
static unsigned version_number(const char *s)
{
	_cleanup_strv_ char **parts = strv_split(s, '.');
	uint32_t major, minor;

	if (strv_len(parts) != 2 || parse_u32(parts[0], &major) < 0 || parse_u32(parts[1], &minor) < 0 || minor > 999 ||
	    major > 999)
		return 0;
	return major * 1000 + minor;
}

bool client_version_at_least(const struct client *c, const char *v)
{
	return version_number(c->version) >= version_number(v);
}

/* The kept connection when it is still open and silent, else a new one. */
static int take_connection(struct client *c, bool own, struct err *e)
{
	struct pollfd p = {.fd = c->idle_fd, .events = POLLIN};

	if (!own && c->idle_fd >= 0) {
		if (poll(&p, 1, 0) == 0)
			return TAKE_FD(c->idle_fd);
		c->idle_fd = fd_close(c->idle_fd);
	}
	return endpoint_connect(c->endpoint, e);
}

static int send_all(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t r = send(fd, p, n, MSG_NOSIGNAL);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -errno;
		p += r;
		n -= (size_t)r;
	}
	return 0;
}

/* A body of unknown length in chunks. An engine that answers before it took all of it ends the sending, not the call.
 */
static int send_stream(int fd, int from, struct err *e)
{
	_cleanup_free_ char *buf = xmalloc(64 * 1024);

	for (;;) {
		ssize_t n = read(from, buf, 64 * 1024);
		char head[32];

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, errno, "cannot read the data to send");
		if (send_all(fd, head, (size_t)snprintf(head, sizeof(head), "%zx\r\n", (size_t)n)) < 0 ||
		    send_all(fd, buf, (size_t)n) < 0 || send_all(fd, "\r\n", 2) < 0)
			return 0;
		if (n == 0)
			return 0;
	}
}

int call_send(struct client *c, const struct call *call, int fd, struct err *e)
{
	_cleanup_strbuf_ struct strbuf head = STRBUF_INIT;
	bool post = str_eq(call->method, "POST");

	strbuf_addf(&head, "%s %s", call->method, str_or_empty(c->endpoint->base));
	if (!call->no_version)
		strbuf_addf(&head, "/v%s", c->version);
	strbuf_add_str(&head, call->path);
	if (call->query && call->query->text.len)
		strbuf_addf(&head, "?%s", call->query->text.data);
	strbuf_addf(&head, " HTTP/1.1\r\nHost: %s\r\nUser-Agent: Docker-Client/hull-%s (linux)\r\n",
		    endpoint_host_header(c->endpoint), HULL_VERSION);
	STRV_FOREACH (h, c->headers)
		strbuf_addf(&head, "%s\r\n", *h);
	if (call->header)
		strbuf_addf(&head, "%s\r\n", call->header);
	if (call->upgrade)
		strbuf_add_str(&head, "Connection: Upgrade\r\nUpgrade: tcp\r\n");
	if (call->json)
		strbuf_addf(&head, "Content-Type: application/json\r\nContent-Length: %zu\r\n", strlen(call->json));
	else if (call->body_fd > 0)
		strbuf_addf(&head, "Content-Type: %s\r\nTransfer-Encoding: chunked\r\n",
			    call->body_type ? call->body_type : "application/x-tar");
	else if (post || str_eq(call->method, "PUT"))
		strbuf_add_str(&head, "Content-Length: 0\r\n");
	strbuf_add_str(&head, "\r\n");
	strbuf_add_str(&head, str_or_empty(call->json));
	if (send_all(fd, head.data, head.len) < 0)
		return 0; /* an early answer may still be there to read; otherwise reading says what happened */
	return call->body_fd > 0 ? send_stream(fd, call->body_fd, e) : 0;
}

int client_call(struct client *c, const struct call *call, struct reply *ret, struct err *e)
{
	_cleanup_reply_ struct reply r = REPLY_INIT;

	if (!call->no_version && client_negotiate(c, e) < 0)
		return -1;
	r.client = c;
	r.fd = take_connection(c, call->own_connection || call->upgrade, e);
	if (r.fd < 0 || call_send(c, call, r.fd, e) < 0 || reply_read_head(&r, str_eq(call->method, "HEAD"), e) < 0)
		return -1;
	if (r.status >= 400 && !call->any_status)
		return reply_to_error(&r, e);
	*ret = r;
	r = (struct reply)REPLY_INIT;
	return 0;
}

int client_negotiate(struct client *c, struct err *e)
{
	_cleanup_reply_ struct reply r = REPLY_INIT;
	struct call call = {.method = "HEAD", .path = "/_ping", .no_version = true, .any_status = true};
	const char *theirs;
	unsigned ours = version_number(CLIENT_API_VERSION), number;

	if (c->negotiated)
		return 0;
	if (client_call(c, &call, &r, e) < 0)
		return -1;
	if (r.status >= 400) { /* an engine or proxy that refuses HEAD */
		reply_done(&r);
		r = (struct reply)REPLY_INIT;
		call.method = "GET";
		if (client_call(c, &call, &r, e) < 0)
			return -1;
	}
	theirs = reply_header(&r, "Api-Version");
	number = version_number(theirs ? theirs : "1.24");
	if (number && number < ours)
		snprintf(c->version, sizeof(c->version), "%u.%u", number / 1000, number % 1000);
	c->negotiated = true;
	return 0;
}

/* Reads the whole answer and parses it when it is wanted. */
static int whole_call(struct client *c, const struct call *call, json_object **ret, struct err *e)
{
	_cleanup_reply_ struct reply r = REPLY_INIT;
	_cleanup_strbuf_ struct strbuf body = STRBUF_INIT_MAX(CLIENT_BODY_MAX);

	if (client_call(c, call, &r, e) < 0 || reply_read_all(&r, &body, e) < 0)
		return -1;
	if (!ret)
		return 0;
	if (!body.len) {
		*ret = NULL;
		return 0;
	}
	if (json_parse(body.data, body.len, ret, e) < 0)
		return err_wrap(e, "the engine's answer to %s", call->path);
	return 0;
}

int client_get(struct client *c, const char *path, const struct query *q, json_object **ret, struct err *e)
{
	return whole_call(c, &(struct call){.method = "GET", .path = path, .query = q}, ret, e);
}

int client_post(struct client *c, const char *path, const struct query *q, const char *json, json_object **ret,
		struct err *e)
{
	return whole_call(c, &(struct call){.method = "POST", .path = path, .query = q, .json = json}, ret, e);
}

int client_delete(struct client *c, const char *path, const struct query *q, json_object **ret, struct err *e)
{
	return whole_call(c, &(struct call){.method = "DELETE", .path = path, .query = q}, ret, e);
}

int client_dial(struct client *c, struct err *e)
{
	return endpoint_connect(c->endpoint, e);
}
