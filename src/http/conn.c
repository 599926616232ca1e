/* SPDX-License-Identifier: Apache-2.0 */
/* One connection: reading heads and bodies, and the loop that serves request after request on it. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "http/http_priv.h"

#define BUF_FIRST (8 * 1024)
#define BUF_BODY  (64 * 1024) /* for chunked bodies */
/* More workers than this and nobody waits for a next request: the connection is parked at once. */
#define LINGER_WORKERS 32
/* What a client may still send after an answer that did not read its body, so that it reads the answer before the
 * reset. */
#define DISCARD_MAX (16LL * 1024 * 1024)
#define DISCARD_MS  1000

static void recv_timeout_set(int fd, int ms)
{
	struct timeval t = {.tv_usec = ms * 1000};

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
}

struct http_conn *conn_new(struct http_server *s, int fd, struct tls_context *tls)
{
	struct http_conn *c = xnew(struct http_conn);
	int on = 1;

	c->server = s;
	c->fd = fd;
	/* A blocking socket with a short timeout: one system call both waits for the next request and reads it. */
	recv_timeout_set(fd, CONN_LINGER_MS);
	c->tcp = setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == 0;
	if (c->tcp)
		setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	if (tls) {
		c->tls = tls_conn_new(tls, fd);
		c->deadline_ns = clock_monotonic_ns() + LIMIT_HTTP_HEAD_TIMEOUT_MS * NS_PER_MS;
	}
	return c;
}

void conn_free(struct http_conn *c)
{
	if (!c)
		return;
	tls_conn_free(c->tls);
	fd_close(c->fd);
	free(c->buf);
	free(c);
}

int conn_wait_readable(struct http_conn *c, int timeout_ms)
{
	struct pollfd p = {.fd = c->fd, .events = POLLIN};
	int r;

	if (c->tls && tls_pending(c->tls))
		return 1;
	r = poll(&p, 1, timeout_ms);
	if (r < 0 && errno == EINTR)
		return 0;
	return r < 0 ? -errno : r;
}

ssize_t conn_recv(struct http_conn *c, void *p, size_t n)
{
	ssize_t r;

	if (c->tls)
		return tls_recv(c->tls, p, n);
	do
		r = recv(c->fd, p, n, 0);
	while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : r;
}

static int tls_send_all(struct http_conn *c, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t r = tls_send(c->tls, p, n);

		if (r == -EAGAIN) {
			/* The peer renegotiates keys and has to be read first. */
			if (conn_wait_readable(c, 1000) < 0)
				return -ECONNRESET;
			continue;
		}
		if (r < 0)
			return (int)r;
		p += r;
		n -= (size_t)r;
	}
	return 0;
}

int conn_send(struct http_conn *c, struct iovec *v, int n)
{
	struct msghdr m = {.msg_iov = v, .msg_iovlen = (size_t)n};

	if (c->tls) {
		for (int i = 0; i < n; i++) {
			int r = tls_send_all(c, v[i].iov_base, v[i].iov_len);

			if (r < 0)
				return r;
		}
		return 0;
	}
	while (m.msg_iovlen > 0) {
		ssize_t r = sendmsg(c->fd, &m, MSG_NOSIGNAL);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -errno;
		while (m.msg_iovlen > 0 && (size_t)r >= m.msg_iov->iov_len) {
			r -= (ssize_t)m.msg_iov->iov_len;
			m.msg_iov++;
			m.msg_iovlen--;
		}
		if (m.msg_iovlen > 0) {
			m.msg_iov->iov_base = (char *)m.msg_iov->iov_base + r;
			m.msg_iov->iov_len -= (size_t)r;
		}
	}
	return 0;
}

/* --- the read buffer --- */

static void buf_room(struct http_conn *c, uint32_t wanted)
{
	if (c->at == c->len)
		c->at = c->len = 0;
	if (c->room < wanted) {
		c->buf = xrealloc(c->buf, wanted);
		c->room = wanted;
	}
	if (c->at > 0 && c->len == c->room) {
		memmove(c->buf, c->buf + c->at, c->len - c->at);
		c->len -= c->at;
		c->at = 0;
	}
}

/* More bytes into the buffer; as conn_recv. */
static ssize_t buf_fill(struct http_conn *c)
{
	ssize_t r = conn_recv(c, c->buf + c->len, c->room - c->len);

	if (r > 0)
		c->len += (uint32_t)r;
	return r;
}

/* Length of a whole head at buf + at; 0 at EOF; -EAGAIN: nothing more for now; -EPROTO, -E2BIG: answer 400. */
static int head_read(struct http_conn *c)
{
	bool waited = false;

	for (;;) {
		int n = c->len > c->at ? http_head_length(c->buf + c->at, c->len - c->at, &c->scanned) : 0;
		ssize_t r;

		if (n != 0)
			return n;
		if (c->len > c->at && !c->deadline_ns)
			c->deadline_ns = clock_monotonic_ns() + LIMIT_HTTP_HEAD_TIMEOUT_MS * NS_PER_MS;
		if (waited && c->deadline_ns && clock_monotonic_ns() >= c->deadline_ns)
			return 0;
		buf_room(c, c->len - c->at >= BUF_FIRST ? LIMIT_HTTP_HEAD + 1 : BUF_FIRST);
		r = buf_fill(c);
		waited = true;
		if (r <= 0)
			return r == -EAGAIN ? -EAGAIN : 0;
	}
}

/* --- bodies --- */

static void body_begin(struct exchange *x)
{
	x->body_left = x->req.chunked || x->req.content_length < 0 ? 0 : x->req.content_length;
	x->body_done = !x->req.chunked && x->body_left == 0;
	x->continue_due = x->req.expect_continue && !x->body_done;
	if (x->req.chunked)
		http_chunked_init(&x->chunked);
}

/* Straight from the buffer or the socket; as conn_recv. */
static ssize_t raw_read(struct http_conn *c, void *p, size_t n)
{
	if (c->len > c->at) {
		n = MIN(n, (size_t)(c->len - c->at));
		memcpy(p, c->buf + c->at, n);
		c->at += (uint32_t)n;
		return (ssize_t)n;
	}
	return conn_recv(c, p, n);
}

static ssize_t length_read(struct http_conn *c, void *p, size_t n)
{
	struct exchange *x = c->x;
	ssize_t r;

	if ((int64_t)n > x->body_left)
		n = (size_t)x->body_left;
	r = raw_read(c, p, n);
	if (r > 0) {
		x->body_left -= r;
		x->body_done = x->body_left == 0;
	}
	return r;
}

/* 0 means EOF of the connection here, or the end of the body when body_done is set. */
static ssize_t chunked_read(struct http_conn *c, void *p, size_t n)
{
	struct exchange *x = c->x;

	for (;;) {
		size_t in = c->len - c->at, out = n;
		uint64_t run = http_chunked_run(&x->chunked);
		ssize_t r;

		if (in == 0 && run > 0) {
			r = conn_recv(c, p, run < n ? (size_t)run : n);
			if (r > 0)
				http_chunked_took(&x->chunked, (uint64_t)r);
			return r;
		}
		if (in > 0) {
			int end = http_chunked_decode(&x->chunked, c->buf + c->at, &in, p, &out);

			if (end < 0)
				return end;
			c->at += (uint32_t)in;
			x->body_done = end == 1;
			if (out > 0 || end == 1)
				return (ssize_t)out;
		}
		buf_room(c, BUF_BODY);
		r = buf_fill(c);
		if (r <= 0)
			return r;
	}
}

/* One read that may give -EAGAIN. */
static ssize_t body_read_once(struct http_conn *c, void *p, size_t n)
{
	struct exchange *x = c->x;
	ssize_t r;

	if (x->body_done || n == 0)
		return 0;
	r = x->req.chunked ? chunked_read(c, p, n) : length_read(c, p, n);
	if (r == 0 && !x->body_done)
		return -ECONNRESET;
	return r;
}

ssize_t http_body_read(struct http_conn *c, void *p, size_t n)
{
	static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
	struct iovec v = {.iov_base = (char *)go_on, .iov_len = sizeof(go_on) - 1};
	struct exchange *x = c->x;
	ssize_t r;

	if (x->body_failed)
		return x->body_failed;
	if (x->continue_due && !x->answered) {
		x->continue_due = false;
		r = c->len > c->at ? 0 : conn_send(c, &v, 1);
		if (r < 0)
			return x->body_failed = (int)r;
	}
	while ((r = body_read_once(c, p, n)) == -EAGAIN) {
		r = conn_wait_readable(c, -1);
		if (r < 0)
			break;
	}
	if (r < 0)
		x->body_failed = (int)r;
	return r;
}

int http_body_read_all(struct http_conn *c, size_t max, struct strbuf *ret, struct err *e)
{
	struct exchange *x = c->x;
	char *p;
	ssize_t r;

	if (!x->req.chunked && x->req.content_length > 0 && (uint64_t)x->req.content_length > max)
		return err_set(e, ERR_TOO_LARGE, "request body too large: at most %zu bytes", max);
	for (;;) {
		size_t want = x->body_done ? 1 : (x->body_left ? MIN((size_t)x->body_left, (size_t)65536) : 8192);

		p = strbuf_reserve(ret, want);
		if (!p && !x->body_done)
			return err_set(e, ERR_TOO_LARGE, "request body too large: at most %zu bytes", max);
		if (x->body_done)
			return 0;
		r = http_body_read(c, p, want);
		if (r < 0)
			return err_set(e, ERR_INVALID,
				       r == -EPROTO ? "malformed chunked request body" : "unexpected EOF");
		strbuf_grew(ret, (size_t)r);
		if (ret->len > max)
			return err_set(e, ERR_TOO_LARGE, "request body too large: at most %zu bytes", max);
	}
}

bool body_drain(struct http_conn *c)
{
	struct exchange *x = c->x;
	char junk[4096];
	int64_t seen = 0;

	if (x->continue_due || x->body_failed)
		return false;
	while (!x->body_done && seen < 256 * 1024) {
		ssize_t r;

		/* Only what is there already: the answer must not wait for the client. */
		if (c->at == c->len && conn_wait_readable(c, 0) <= 0)
			break;
		r = body_read_once(c, junk, sizeof(junk));
		if (r < 0)
			break;
		seen += r;
	}
	return x->body_done;
}

/* --- serving --- */

/* A close with unread bytes makes the kernel send a reset, which can take the answer away from the client. */
static void discard_rest(struct http_conn *c)
{
	int64_t end = clock_monotonic_ns() + DISCARD_MS * NS_PER_MS, seen = 0;
	char junk[16384];

	if (c->tls)
		tls_send_end(c->tls);
	shutdown(c->fd, SHUT_WR);
	while (seen < DISCARD_MAX && clock_monotonic_ns() < end) {
		ssize_t r = recv(c->fd, junk, sizeof(junk), 0);

		if (r == 0 || (r < 0 && errno != EAGAIN && errno != EINTR))
			return;
		if (r > 0)
			seen += r;
	}
}

static void bad_head_answer(struct http_conn *c, int r)
{
	if (r == -E2BIG)
		answer_error(c, 431, "request header too large");
	else
		answer_error(c, 400, "malformed HTTP request");
	discard_rest(c);
}

/* After the handler: may the connection serve another request? */
static bool exchange_finish(struct http_conn *c)
{
	struct exchange *x = c->x;

	if (!x->answered) {
		log_error("http: %s %s was not answered", x->req.method, x->req.path);
		answer_error(c, 500, "the request was not answered");
	}
	if (x->failed || (x->streaming && !x->finished))
		return false;
	if (!x->body_done && !body_drain(c)) {
		discard_rest(c);
		return false;
	}
	if (!x->keep_alive && c->tls)
		tls_send_end(c->tls);
	return x->keep_alive;
}

/* One whole request. n bytes of head stand at buf + at. */
static enum conn_next exchange_run(struct http_conn *c, size_t n)
{
	struct http_server *s = c->server;
	struct exchange *x = c->x;
	_cleanup_free_ char *head = NULL;
	enum conn_next next = CONN_CLOSE;
	int r;

	/* The request points into its head, and the buffer is used again for the body. */
	head = xmemdup0(c->buf + c->at, n);
	c->at += (uint32_t)n;
	r = http_request_parse(head, n, &x->req);
	if (r < 0) {
		bad_head_answer(c, r);
		return CONN_CLOSE;
	}
	c->scanned = 0;
	c->deadline_ns = 0;
	x->keep_alive = x->req.keep_alive && !__atomic_load_n(&s->stopping, __ATOMIC_RELAXED);
	body_begin(x);
	s->handler(c, &x->req, s->arg);
	if (x->hijacked) {
		if (x->relay_fd >= 0)
			hijack_relay(c);
		next = CONN_GONE;
	} else if (exchange_finish(c)) {
		next = CONN_PARK;
	}
	http_request_done(&x->req);
	return next;
}

static enum conn_next serve_loop(struct http_conn *c)
{
	enum conn_next next;

	for (;;) {
		int n;

		answer_init(c->x);
		n = head_read(c);
		if (n == -EAGAIN)
			return CONN_PARK;
		if (n == 0)
			return CONN_CLOSE;
		if (n < 0) {
			bad_head_answer(c, n);
			return CONN_CLOSE;
		}
		next = exchange_run(c, (size_t)n);
		if (next != CONN_PARK)
			return next;
		if (c->at == c->len && __atomic_load_n(&c->server->n_active, __ATOMIC_RELAXED) > LINGER_WORKERS &&
		    conn_wait_readable(c, 0) <= 0)
			return CONN_PARK;
	}
}

enum conn_next conn_serve(struct http_conn *c)
{
	struct exchange x = {.headers = STRBUF_INIT, .out = STRBUF_INIT};
	enum conn_next next;
	int r;

	if (c->tls && !c->tls_ready) {
		r = tls_handshake(c->tls);
		if (r == -EAGAIN)
			return clock_monotonic_ns() < c->deadline_ns ? CONN_PARK : CONN_CLOSE;
		if (r < 0)
			return CONN_CLOSE;
		c->tls_ready = true;
		c->deadline_ns = 0;
	}
	c->x = &x;
	next = serve_loop(c);
	c->x = NULL;
	answer_done(&x);
	if (next == CONN_PARK && c->at == c->len) {
		free(c->buf);
		c->buf = NULL;
		c->at = c->len = c->room = 0;
	}
	return next;
}

/* --- questions of handlers --- */

int http_conn_fd(const struct http_conn *c)
{
	return c->fd;
}

bool http_conn_gone(const struct http_conn *c)
{
	struct pollfd p = {.fd = c->fd, .events = POLLRDHUP};

	return poll(&p, 1, 0) > 0 && (p.revents & (POLLRDHUP | POLLHUP | POLLERR));
}

bool http_conn_peer(const struct http_conn *c, uid_t *uid, pid_t *pid)
{
	struct ucred u;
	socklen_t n = sizeof(u);

	if (c->tcp || getsockopt(c->fd, SOL_SOCKET, SO_PEERCRED, &u, &n) < 0)
		return false;
	*uid = u.uid;
	*pid = u.pid;
	return true;
}
