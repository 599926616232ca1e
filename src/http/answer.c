/* SPDX-License-Identifier: Apache-2.0 */
/* Writing answers: whole ones in one system call, streams in chunks that are flushed as they come. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/strutil.h"
#include "http/http_priv.h"

/* A body up to this size goes out in one piece with its head. */
#define ONE_PIECE (16 * 1024)
#define COPY_BUF  (128 * 1024)

static const struct {
	int status;
	const char *reason;
} reasons[] = {
	{200, "OK"},
	{201, "Created"},
	{202, "Accepted"},
	{204, "No Content"},
	{304, "Not Modified"},
	{400, "Bad Request"},
	{401, "Unauthorized"},
	{403, "Forbidden"},
	{404, "Not Found"},
	{405, "Method Not Allowed"},
	{406, "Not Acceptable"},
	{409, "Conflict"},
	{413, "Request Entity Too Large"},
	{415, "Unsupported Media Type"},
	{426, "Upgrade Required"},
	{431, "Request Header Fields Too Large"},
	{499, "Client Closed Request"},
	{500, "Internal Server Error"},
	{501, "Not Implemented"},
	{503, "Service Unavailable"},
};

static const char *reason_of(int status)
{
	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "Status";
}

void answer_init(struct exchange *x)
{
	/* What an earlier request pointed into is gone. */
	x->req.method = "";
	x->req.path = NULL;
	x->req.minor = 1;
	x->req.n_fields = 0;
	strbuf_clear(&x->headers);
	strbuf_clear(&x->out);
	x->answered = x->streaming = x->stream_chunked = x->finished = x->hijacked = x->websocket = false;
	x->continue_due = x->keep_alive = false;
	x->body_done = true;
	x->failed = x->body_failed = 0;
	x->relay_fd = -1;
}

void answer_done(struct exchange *x)
{
	strbuf_done(&x->headers);
	strbuf_done(&x->out);
}

void http_header(struct http_conn *c, const char *name, const char *value)
{
	struct exchange *x = c->x;

	ASSERT(!x->answered);
	for (const char *p = value; *p; p++)
		ASSERT((unsigned char)*p >= 0x20);
	strbuf_add_str(&x->headers, name);
	strbuf_add(&x->headers, ": ", 2);
	strbuf_add_str(&x->headers, value);
	strbuf_add(&x->headers, "\r\n", 2);
}

void http_header_clear(struct http_conn *c)
{
	ASSERT(!c->x->answered);
	strbuf_clear(&c->x->headers);
}

void http_headerf(struct http_conn *c, const char *name, const char *fmt, ...)
{
	_cleanup_free_ char *value = NULL;
	va_list ap;

	va_start(ap, fmt);
	value = xvasprintf(fmt, ap);
	va_end(ap);
	http_header(c, name, value);
}

/* "Date: ...", made once per second and thread. */
static void date_add(struct strbuf *out)
{
	static _Thread_local time_t made;
	static _Thread_local char text[48];
	struct timespec ts;
	struct tm tm;

	clock_gettime(CLOCK_REALTIME_COARSE, &ts);
	if (ts.tv_sec != made) {
		made = ts.tv_sec;
		gmtime_r(&made, &tm);
		strftime(text, sizeof(text), "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &tm);
	}
	strbuf_add_str(out, text);
}

static void head_begin(struct exchange *x, int status, const char *content_type)
{
	char line[64];
	int n = snprintf(line, sizeof(line), "HTTP/1.1 %d %s\r\n", status, reason_of(status));

	ASSERT(!x->answered);
	strbuf_clear(&x->out);
	strbuf_add(&x->out, line, (size_t)n);
	strbuf_add(&x->out, x->headers.data, x->headers.len);
	if (content_type) {
		strbuf_add_str(&x->out, "Content-Type: ");
		strbuf_add_str(&x->out, content_type);
		strbuf_add(&x->out, "\r\n", 2);
	}
	date_add(&x->out);
	x->answered = true;
}

static void head_end(struct exchange *x)
{
	if (!x->keep_alive)
		strbuf_add_str(&x->out, "Connection: close\r\n");
	else if (x->req.minor == 0)
		strbuf_add_str(&x->out, "Connection: keep-alive\r\n");
	strbuf_add(&x->out, "\r\n", 2);
}

static int send_now(struct http_conn *c, struct iovec *v, int n)
{
	struct exchange *x = c->x;
	int r;

	if (x->failed)
		return x->failed;
	r = conn_send(c, v, n);
	if (r < 0)
		x->failed = r;
	return r;
}

static void out_flush(struct http_conn *c)
{
	struct iovec v = {.iov_base = c->x->out.data, .iov_len = c->x->out.len};

	send_now(c, &v, 1);
}

void http_reply(struct http_conn *c, int status, const char *content_type, const void *body, size_t n)
{
	struct exchange *x = c->x;
	bool bodiless = status == 204 || status == 304;
	char line[48];

	if (!x->body_done && !body_drain(c))
		x->keep_alive = false;
	head_begin(x, status, content_type);
	if (!bodiless)
		strbuf_add(&x->out, line, (size_t)snprintf(line, sizeof(line), "Content-Length: %zu\r\n", n));
	head_end(x);
	if (bodiless || str_eq(x->req.method, "HEAD"))
		n = 0;
	if (n <= ONE_PIECE) {
		strbuf_add(&x->out, body, n);
		out_flush(c);
	} else {
		struct iovec v[2] = {
			{.iov_base = x->out.data, .iov_len = x->out.len},
			{.iov_base = (void *)body, .iov_len = n},
		};

		send_now(c, v, 2);
	}
	x->finished = true;
}

void answer_error(struct http_conn *c, int status, const char *message)
{
	char body[160];
	int n = snprintf(body, sizeof(body), "{\"message\":\"%s\"}\n", message);

	c->x->keep_alive = false;
	c->x->body_done = true;
	strbuf_clear(&c->x->headers);
	http_reply(c, status, "application/json", body, (size_t)n);
}

int http_stream_start(struct http_conn *c, int status, const char *content_type)
{
	struct exchange *x = c->x;

	/* The handler may go on reading the body while it answers; whether it got to its end is not known now. */
	if (!x->body_done)
		x->keep_alive = false;
	x->streaming = true;
	x->stream_chunked = x->req.minor >= 1;
	if (!x->stream_chunked)
		x->keep_alive = false;
	head_begin(x, status, content_type);
	if (x->stream_chunked)
		strbuf_add_str(&x->out, "Transfer-Encoding: chunked\r\n");
	head_end(x);
	out_flush(c);
	return x->failed;
}

int http_stream_write(struct http_conn *c, const void *p, size_t n)
{
	struct exchange *x = c->x;
	char size[24];
	struct iovec v[3];

	ASSERT(x->streaming && !x->finished);
	if (x->failed || n == 0 || str_eq(x->req.method, "HEAD"))
		return x->failed;
	v[1] = (struct iovec){.iov_base = (void *)p, .iov_len = n};
	if (!x->stream_chunked)
		return send_now(c, &v[1], 1);
	v[0] = (struct iovec){.iov_base = size, .iov_len = (size_t)snprintf(size, sizeof(size), "%zx\r\n", n)};
	v[2] = (struct iovec){.iov_base = (char *)"\r\n", .iov_len = 2};
	if (c->tls && n <= ONE_PIECE) {
		/* one record instead of three */
		strbuf_clear(&x->out);
		for (int i = 0; i < 3; i++)
			strbuf_add(&x->out, v[i].iov_base, v[i].iov_len);
		out_flush(c);
		return x->failed;
	}
	return send_now(c, v, 3);
}

int64_t http_stream_fd(struct http_conn *c, int fd)
{
	_cleanup_free_ char *buf = xmalloc(COPY_BUF);
	int64_t total = 0;

	for (;;) {
		ssize_t n = read(fd, buf, COPY_BUF);
		int r;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			struct pollfd p = {.fd = fd, .events = POLLIN};

			poll(&p, 1, -1);
			continue;
		}
		if (n < 0)
			return -errno;
		if (n == 0)
			return total;
		r = http_stream_write(c, buf, (size_t)n);
		if (r < 0)
			return r;
		total += n;
	}
}

int http_stream_end(struct http_conn *c)
{
	struct exchange *x = c->x;
	struct iovec v = {.iov_base = (char *)"0\r\n\r\n", .iov_len = 5};

	ASSERT(x->streaming && !x->finished);
	x->finished = true;
	if (!x->stream_chunked || str_eq(x->req.method, "HEAD"))
		return x->failed;
	return send_now(c, &v, 1);
}

bool http_answer_started(const struct http_conn *c)
{
	return c->x->answered;
}
