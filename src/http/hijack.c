/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Leaving HTTP: the connection becomes a byte stream. A plain connection is handed over as it is; TLS and websockets
 * need a translator, so the handler gets one end of a socket pair and the worker that served the request shovels until
 * both sides ended.
 */
#include <errno.h>
#include <openssl/evp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/strutil.h"
#include "format/http/websocket.h"
#include "http/http_priv.h"

#define RELAY_BUF (16 * 1024)

/* The request's body must be out of the way: what follows it is the stream. */
static int body_finish(struct http_conn *c, struct err *e)
{
	char junk[4096];
	size_t seen = 0;

	while (!c->x->body_done) {
		ssize_t r = http_body_read(c, junk, sizeof(junk));

		if (r < 0)
			return err_set(e, ERR_INVALID, "malformed request body");
		seen += (size_t)r;
		if (seen > LIMIT_API_BODY)
			return err_set(e, ERR_TOO_LARGE, "request body too large");
	}
	return 0;
}

static int head_send(struct http_conn *c, struct err *e)
{
	struct exchange *x = c->x;
	struct iovec v = {.iov_base = x->out.data, .iov_len = x->out.len};
	int r;

	x->answered = x->finished = true;
	r = conn_send(c, &v, 1);
	if (r < 0) {
		x->failed = r;
		return err_set(e, ERR_CANCELLED, "the client went away");
	}
	return 0;
}

static int pair_make(struct http_conn *c, int *ret_fd, struct err *e)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(e, errno, "socketpair");
	c->x->relay_fd = pair[0];
	*ret_fd = pair[1];
	return 0;
}

static void recv_timeout_clear(int fd)
{
	struct timeval t = {0};

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
}

int http_hijack(struct http_conn *c, const char *content_type, int *ret_fd, struct strbuf *leftover, struct err *e)
{
	struct exchange *x = c->x;
	const char *upgrade = x->req.upgrade;

	ASSERT(!x->answered);
	if (body_finish(c, e) < 0)
		return -1;
	if (c->tls && pair_make(c, ret_fd, e) < 0)
		return -1;
	strbuf_clear(&x->out);
	strbuf_add_str(&x->out, upgrade ? "HTTP/1.1 101 UPGRADED\r\n" : "HTTP/1.1 200 OK\r\n");
	strbuf_addf(&x->out, "Content-Type: %s\r\n", content_type);
	if (upgrade)
		strbuf_addf(&x->out, "Connection: Upgrade\r\nUpgrade: %s\r\n", upgrade);
	strbuf_add(&x->out, x->headers.data, x->headers.len);
	strbuf_add(&x->out, "\r\n", 2);
	x->hijacked = true;
	if (head_send(c, e) < 0) {
		if (c->tls)
			*ret_fd = fd_close(*ret_fd);
		return -1;
	}
	if (c->tls)
		return 0; /* leftover bytes go through the relay */
	strbuf_add(leftover, c->buf + c->at, c->len - c->at);
	recv_timeout_clear(c->fd);
	*ret_fd = server_release_fd(c);
	return 0;
}

/* base64(sha1(key + GUID)), RFC 6455 section 4.2.2. */
static int accept_key(const char *key, char out[64])
{
	_cleanup_free_ char *text = xasprintf("%s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key);
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned n;

	if (EVP_Digest(text, strlen(text), digest, &n, EVP_sha1(), NULL) != 1)
		return -1;
	EVP_EncodeBlock((unsigned char *)out, digest, (int)n);
	return 0;
}

int http_hijack_websocket(struct http_conn *c, int *ret_fd, struct err *e)
{
	struct exchange *x = c->x;
	const struct http_request *r = &x->req;
	const char *key = http_field_get(r->fields, r->n_fields, "Sec-WebSocket-Key");
	const char *version = http_field_get(r->fields, r->n_fields, "Sec-WebSocket-Version");
	char accept[64];

	ASSERT(!x->answered);
	if (!r->upgrade || !str_eq_nocase(r->upgrade, "websocket") || !key || strlen(key) != 24 ||
	    !str_eq(version, "13") || !str_eq(r->method, "GET"))
		return err_set(e, ERR_INVALID, "not a websocket handshake");
	if (body_finish(c, e) < 0)
		return -1;
	if (accept_key(key, accept) < 0)
		return err_set(e, ERR_UNAVAILABLE, "no SHA-1 for the websocket handshake");
	if (pair_make(c, ret_fd, e) < 0)
		return -1;
	strbuf_clear(&x->out);
	strbuf_addf(&x->out,
		    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
		    "Sec-WebSocket-Accept: %s\r\n",
		    accept);
	strbuf_add(&x->out, x->headers.data, x->headers.len);
	strbuf_add(&x->out, "\r\n", 2);
	x->hijacked = x->websocket = true;
	if (head_send(c, e) < 0) {
		*ret_fd = fd_close(*ret_fd);
		return -1;
	}
	return 0;
}

/* --- the relay --- */

struct relay {
	struct http_conn *c;
	int fd; /* our end of the pair */
	struct websocket_decoder ws;
	char in[RELAY_BUF]; /* from the client, for the stream: [at, n) is still to be written */
	size_t at, n;
	bool client_ended; /* nothing more comes from the client */
	bool told;         /* and the stream knows */
	bool stream_ended; /* nothing more comes from the stream */
	bool input_dead;   /* nobody reads what the client sends */
	bool over;
};

static void client_write(struct relay *r, int opcode, const void *p, size_t n)
{
	uint8_t head[WEBSOCKET_HEAD_MAX];
	struct iovec v[2] = {
		{.iov_base = head, .iov_len = websocket_head(head, (enum websocket_opcode)opcode, n)},
		{.iov_base = (void *)p, .iov_len = n},
	};
	bool ws = r->c->x->websocket;

	if (conn_send(r->c, ws ? v : v + 1, ws ? 2 : 1) < 0)
		r->over = true;
}

/* Raw bytes in [0, n) of r->in become payload in place. */
static void frames_decode(struct relay *r, size_t n)
{
	size_t at = 0;

	r->n = 0;
	while (at < n && !r->client_ended) {
		size_t in = n - at, out = sizeof(r->in) - r->n;
		/* Payload is never longer than its frames, so writing never overtakes reading. */
		int what = websocket_decode(&r->ws, (uint8_t *)r->in + at, &in, (uint8_t *)r->in + r->n, &out);

		at += in;
		r->n += out;
		if (what == WEBSOCKET_PING) {
			client_write(r, WEBSOCKET_PONG, r->ws.control, r->ws.n_control);
		} else if (what == WEBSOCKET_CLOSE) {
			client_write(r, WEBSOCKET_CLOSE, r->ws.control, r->ws.n_control);
			r->client_ended = true;
		} else if (what < 0) {
			static const uint8_t protocol_error[] = {0x03, 0xea}; /* 1002 */

			client_write(r, WEBSOCKET_CLOSE, protocol_error, sizeof(protocol_error));
			r->over = true;
			return;
		}
	}
}

static void client_read(struct relay *r)
{
	struct http_conn *c = r->c;
	ssize_t n;

	if (c->len > c->at) {
		n = (ssize_t)MIN(sizeof(r->in), (size_t)(c->len - c->at));
		memcpy(r->in, c->buf + c->at, (size_t)n);
		c->at += (uint32_t)n;
	} else {
		n = conn_recv(c, r->in, sizeof(r->in));
	}
	if (n == -EAGAIN)
		return;
	if (n < 0)
		r->over = true;
	if (n <= 0) {
		r->client_ended = true;
		return;
	}
	r->at = 0;
	if (c->x->websocket)
		frames_decode(r, (size_t)n);
	else
		r->n = (size_t)n;
	if (r->input_dead)
		r->n = 0;
}

static void stream_write(struct relay *r)
{
	ssize_t n = send(r->fd, r->in + r->at, r->n - r->at, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n >= 0) {
		r->at += (size_t)n;
	} else if (errno != EAGAIN && errno != EINTR) {
		r->input_dead = true;
		r->at = r->n;
	}
	if (r->at == r->n)
		r->at = r->n = 0;
}

static void stream_read(struct relay *r)
{
	char buf[RELAY_BUF];
	ssize_t n = recv(r->fd, buf, sizeof(buf), MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0) {
		client_write(r, WEBSOCKET_BINARY, buf, (size_t)n);
		return;
	}
	r->stream_ended = true;
	if (r->c->x->websocket)
		client_write(r, WEBSOCKET_CLOSE, "\x03\xe8", 2); /* 1000, normal closure */
	if (r->c->tls)
		tls_send_end(r->c->tls);
	shutdown(r->c->fd, SHUT_WR);
}

static void relay_step(struct relay *r)
{
	struct http_conn *c = r->c;
	bool want_client = !r->client_ended && r->n == 0;
	bool ready = want_client && (c->len > c->at || (c->tls && tls_pending(c->tls)));
	struct pollfd p[2] = {
		{.fd = c->fd, .events = want_client ? POLLIN : 0},
		{.fd = r->fd, .events = (short)((r->n ? POLLOUT : 0) | (r->stream_ended ? 0 : POLLIN))},
	};

	if (poll(p, 2, ready ? 0 : -1) < 0 && errno != EINTR) {
		r->over = true;
		return;
	}
	if (p[1].revents & POLLIN)
		stream_read(r);
	else if (p[1].revents & (POLLHUP | POLLERR)) {
		if (!r->stream_ended)
			stream_read(r);
		r->input_dead = true;
		r->n = 0;
	}
	if (r->n && (p[1].revents & POLLOUT))
		stream_write(r);
	if (ready || (p[0].revents & POLLIN))
		client_read(r);
	else if (p[0].revents & (POLLHUP | POLLERR))
		r->over = true;
	if (r->client_ended && r->n == 0 && !r->told) {
		shutdown(r->fd, SHUT_WR);
		r->told = true;
		if (c->x->websocket) /* knows no half-open state */
			r->over = true;
	}
	if (r->stream_ended && (r->input_dead || r->client_ended))
		r->over = true;
}

void hijack_relay(struct http_conn *c)
{
	struct relay *r = xnew(struct relay);

	r->c = c;
	r->fd = c->x->relay_fd;
	websocket_decoder_init(&r->ws);
	while (!r->over)
		relay_step(r);
	fd_close(r->fd);
	c->x->relay_fd = -1;
	free(r);
}
