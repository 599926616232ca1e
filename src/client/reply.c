/* SPDX-License-Identifier: Apache-2.0 */
/* Reads answers: head, body by length, chunks or until the end; turns failures into errors worded as docker words them.
 */
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "client/client_priv.h"

static int lost(struct err *e, const char *what)
{
	return err_set(e, ERR_UNAVAILABLE, "error during connect: the connection to the engine %s", what);
}

/* More bytes from the socket behind r->in. Count, 0 at EOF, -1. */
static ssize_t fill(struct reply *r, struct err *e)
{
	char *room = strbuf_reserve(&r->in, 16 * 1024);
	ssize_t n;

	if (!room)
		return err_set(e, ERR_TOO_LARGE, "the engine's answer is too large");
	do
		n = read(r->fd, room, 16 * 1024);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return lost(e, errno == ECONNRESET ? "was reset" : "failed");
	strbuf_grew(&r->in, (size_t)n);
	return n;
}

int reply_read_head(struct reply *r, bool head_request, struct err *e)
{
	_cleanup_free_ char *head = NULL;
	struct http_response resp;
	const char *type;
	size_t scanned = 0;
	int len;

	do {
		for (scanned = 0; (len = http_head_length(r->in.data, r->in.len, &scanned)) == 0;) {
			ssize_t n = fill(r, e);

			if (n < 0)
				return -1;
			if (n == 0)
				return lost(e, "was closed before an answer came");
		}
		if (len < 0)
			return lost(e, "gave something that is no HTTP answer");
		free_and_set(&head, xmemdup0(r->in.data, (size_t)len));
		strbuf_consume(&r->in, (size_t)len);
		if (http_response_parse(head, (size_t)len, &resp) < 0)
			return lost(e, "gave something that is no HTTP answer");
	} while (resp.status >= 100 && resp.status < 200 && resp.status != 101);
	r->status = resp.status;
	r->chunked = resp.chunked;
	r->left = resp.content_length;
	r->close = !resp.keep_alive;
	for (size_t i = 0; i < resp.n_fields; i++)
		strv_addf(&r->headers, "%s: %s", resp.fields[i].name, resp.fields[i].value);
	type = http_field_get(resp.fields, resp.n_fields, "Content-Type");
	r->multiplexed = type && str_eq(type, "application/vnd.docker.multiplexed-stream");
	http_chunked_init(&r->decoder);
	if (head_request || r->status == 204 || r->status == 304 || (!r->chunked && r->left == 0))
		r->ended = true;
	if (!r->chunked && r->left < 0)
		r->close = true;
	return 0;
}

const char *reply_header(const struct reply *r, const char *name)
{
	size_t n = strlen(name);

	STRV_FOREACH (h, r->headers) {
		if (strncasecmp(*h, name, n) == 0 && (*h)[n] == ':')
			return *h + n + 2;
	}
	return NULL;
}

bool reply_has_buffered(const struct reply *r)
{
	return r->ended || r->in.len > 0;
}

static ssize_t read_chunked(struct reply *r, void *p, size_t n, struct err *e)
{
	for (;;) {
		size_t in = r->in.len, out = n;
		int done = http_chunked_decode(&r->decoder, r->in.data, &in, p, &out);

		if (done < 0)
			return lost(e, "broke the framing of an answer");
		strbuf_consume(&r->in, in);
		if (done)
			r->ended = true;
		if (out || done)
			return (ssize_t)out;
		in = r->in.len;
		if (fill(r, e) <= 0)
			return r->in.len == in ? lost(e, "was closed in the middle of an answer") : -1;
	}
}

ssize_t reply_read(struct reply *r, void *p, size_t n, struct err *e)
{
	if (r->ended)
		return 0;
	if (r->chunked)
		return read_chunked(r, p, n, e);
	if (!r->in.len) {
		ssize_t got = fill(r, e);

		if (got < 0)
			return -1;
		if (got == 0) {
			r->ended = true;
			return r->left > 0 ? lost(e, "was closed in the middle of an answer") : 0;
		}
	}
	n = MIN(n, r->in.len);
	if (r->left >= 0)
		n = (size_t)MIN((int64_t)n, r->left);
	memcpy(p, r->in.data, n);
	strbuf_consume(&r->in, n);
	if (r->left >= 0 && (r->left -= (int64_t)n) == 0)
		r->ended = true;
	return (ssize_t)n;
}

int reply_read_all(struct reply *r, struct strbuf *out, struct err *e)
{
	for (;;) {
		char *room = strbuf_reserve(out, 16 * 1024);
		ssize_t n;

		if (!room)
			return err_set(e, ERR_TOO_LARGE, "the engine's answer is too large");
		n = reply_read(r, room, 16 * 1024, e);
		if (n < 0)
			return -1;
		strbuf_grew(out, (size_t)n);
		if (n == 0 && r->ended)
			return 0;
	}
}

int reply_read_line(struct reply *r, struct strbuf *line, struct err *e)
{
	char c;
	ssize_t n;

	/* one byte at a time out of the buffer: these streams are short lines at human speed */
	strbuf_clear(line);
	for (;;) {
		n = reply_read(r, &c, 1, e);
		if (n < 0)
			return -1;
		if (n == 0) {
			if (!r->ended)
				continue;
			return line->len > 0;
		}
		if (c == '\n')
			break;
		strbuf_add_char(line, c);
		if (line->overflow || line->len > CLIENT_BODY_MAX)
			return err_set(e, ERR_TOO_LARGE, "a line of the engine's answer is too long");
	}
	if (line->len && line->data[line->len - 1] == '\r')
		strbuf_truncate(line, line->len - 1);
	return 1;
}

void reply_done(struct reply *r)
{
	if (r->fd >= 0 && r->client && r->ended && !r->close && !r->in.len && r->client->idle_fd < 0)
		r->client->idle_fd = TAKE_FD(r->fd);
	r->fd = fd_close(r->fd);
	strbuf_done(&r->in);
	strv_free(r->headers);
	r->headers = NULL;
	r->ended = true;
}

static enum err_kind kind_of(int status)
{
	switch (status) {
	case 400:
		return ERR_INVALID;
	case 401:
		return ERR_UNAUTHORIZED;
	case 403:
		return ERR_DENIED;
	case 404:
		return ERR_NOT_FOUND;
	case 409:
		return ERR_CONFLICT;
	case 501:
		return ERR_UNSUPPORTED;
	default:
		return status >= 500 ? ERR_UNAVAILABLE : ERR_INVALID;
	}
}

int reply_to_error(struct reply *r, struct err *e)
{
	_cleanup_strbuf_ struct strbuf body = STRBUF_INIT_MAX(1024 * 1024);
	_cleanup_json_ json_object *root = NULL;
	const char *message = NULL;

	if (reply_read_all(r, &body, NULL) == 0 && json_parse(body.data, body.len, &root, NULL) == 0)
		message = json_member_str(root, "message", NULL);
	if (!message && body.len && body.len < 512 && *body.data != '<') {
		while (body.len && body.data[body.len - 1] == '\n')
			strbuf_truncate(&body, body.len - 1);
		message = body.data;
	}
	if (str_empty(message))
		return err_set(
			e, kind_of(r->status),
			"request returned %d for API route; check if the server supports the requested API version",
			r->status);
	return err_set(e, kind_of(r->status), "Error response from daemon: %s", message);
}
