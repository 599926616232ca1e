/* SPDX-License-Identifier: Apache-2.0 */
/* The server over real sockets, spoken to byte by byte. */
#include "http/server.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/macros.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/strutil.h"
#include "unit/test.h"

static char dir[64], path[96];
static struct http_server *server;

/* Echoes what a hijacked client says, in upper case, until it ends its side. */
struct echo {
	int fd;
	ssize_t n; /* of buf, that came early */
	char buf[256];
};

static void *stream_echo(void *arg)
{
	struct echo *x = arg;
	int fd = x->fd;
	char *buf = x->buf;
	ssize_t n = x->n;

	do {
		for (ssize_t i = 0; i < n; i++)
			buf[i] = (char)(buf[i] >= 'a' && buf[i] <= 'z' ? buf[i] - 32 : buf[i]);
		fd_write_full(fd, buf, (size_t)n);
		n = read(fd, buf, sizeof(x->buf));
	} while (n > 0);
	fd_write_full(fd, "BYE", 3);
	fd_close(fd);
	free(x);
	return NULL;
}

static void hijack_serve(struct http_conn *c, const struct http_request *req)
{
	_cleanup_strbuf_ struct strbuf leftover = STRBUF_INIT;
	struct err e = ERR_INIT;
	struct echo *x;
	pthread_t t;
	int fd, r;

	http_header(c, "X-Extra", "yes");
	if (str_eq(req->path, "/ws"))
		r = http_hijack_websocket(c, &fd, &e);
	else
		r = http_hijack(c, "application/vnd.docker.raw-stream", &fd, &leftover, &e);
	if (r < 0) {
		if (!http_answer_started(c))
			http_reply(c, 400, "text/plain", e.msg, strlen(e.msg));
		return;
	}
	/* As the engine does: the stream belongs to somebody else from here on. */
	x = xnew(struct echo);
	x->fd = fd;
	x->n = (ssize_t)leftover.len;
	memcpy(x->buf, leftover.data, leftover.len);
	assert_int_equal(pthread_create(&t, NULL, stream_echo, x), 0);
	pthread_detach(t);
}

static void count_serve(struct http_conn *c)
{
	char buf[65536], text[32];
	int64_t total = 0;
	ssize_t n;

	while ((n = http_body_read(c, buf, sizeof(buf))) > 0)
		total += n;
	if (n < 0)
		snprintf(text, sizeof(text), "error %zd", -n);
	else
		snprintf(text, sizeof(text), "%lld", (long long)total);
	http_reply(c, n < 0 ? 400 : 200, "text/plain", text, strlen(text));
}

static void serve(struct http_conn *c, const struct http_request *req, void *arg)
{
	(void)arg;
	if (str_eq(req->path, "/hello")) {
		http_reply(c, 200, "text/plain", "hello", 5);
	} else if (str_eq(req->path, "/count")) {
		count_serve(c);
	} else if (str_eq(req->path, "/ignore")) {
		http_reply(c, 200, "text/plain", "ignored", 7);
	} else if (str_eq(req->path, "/stream")) {
		http_stream_start(c, 200, "text/plain");
		http_stream_write(c, "one ", 4);
		http_stream_write(c, "two", 3);
		http_stream_end(c);
	} else if (str_eq(req->path, "/cut")) {
		http_stream_start(c, 200, "text/plain");
		http_stream_write(c, "half", 4);
	} else if (str_eq(req->path, "/forgotten")) {
		/* no answer */
	} else if (str_eq(req->path, "/wait")) {
		struct pollfd p = {.fd = http_conn_fd(c), .events = POLLRDHUP};

		http_stream_start(c, 200, "text/plain");
		poll(&p, 1, 10000);
	} else {
		hijack_serve(c, req);
	}
}

static int setup(void **state)
{
	struct err e = ERR_INIT;
	int fd;

	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/hull-http-test.XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/sub/s.sock", dir);
	if (http_server_new(serve, NULL, &server, &e) < 0 || http_listen_unix(path, NULL, &fd, &e) < 0 ||
	    http_server_listen(server, fd, NULL, &e) < 0 || http_server_start(server, &e) < 0) {
		print_error("%s\n", e.msg);
		return -1;
	}
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	http_server_stop(server, 1000);
	http_server_free(server);
	return rm_rf_at(-100, dir);
}

static int dial(void)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	struct timeval t = {.tv_sec = 5};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(a.sun_path, path, strlen(path) + 1);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
	return fd;
}

static void say(int fd, const char *text)
{
	assert_int_equal(fd_write_full(fd, text, strlen(text)), 0);
}

/* Reads until `end` has come. */
static void hear(int fd, const char *end, struct strbuf *sb)
{
	while (!strstr(sb->data, end)) {
		char buf[4096];
		ssize_t n = read(fd, buf, sizeof(buf));

		if (n <= 0)
			fail_msg("the answer ended (%zd) before \"%s\": %s", n, end, sb->data);
		strbuf_add(sb, buf, (size_t)n);
	}
}

/* Everything until EOF. */
static void hear_all(int fd, struct strbuf *sb)
{
	char buf[4096];
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0)
		strbuf_add(sb, buf, (size_t)n);
	if (n < 0 && errno != ECONNRESET)
		fail_msg("no EOF: %s", sb->data);
}

#define GET(p) "GET " p " HTTP/1.1\r\nHost: x\r\n\r\n"

static void keeps_alive(void **state)
{
	int fd = dial();

	(void)state;
	for (int i = 0; i < 3; i++) {
		_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

		say(fd, GET("/hello"));
		hear(fd, "\r\n\r\nhello", &sb);
		assert_true(str_starts(sb.data, "HTTP/1.1 200 OK\r\n"));
		assert_non_null(strstr(sb.data, "Content-Length: 5\r\n"));
		assert_null(strstr(sb.data, "Connection: close"));
	}
	/* parked in between */
	usleep(50000);
	{
		_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

		say(fd, "GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
		hear_all(fd, &sb);
		assert_non_null(strstr(sb.data, "Connection: close"));
	}
	close(fd);
}

static void serves_pipelined_requests_in_order(void **state)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	int fd = dial();

	(void)state;
	say(fd, GET("/hello") "POST /count HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc" GET("/stream"));
	hear(fd, "0\r\n\r\n", &sb);
	assert_true(strstr(sb.data, "hello") < strstr(sb.data, "\r\n\r\n3"));
	assert_true(strstr(sb.data, "\r\n\r\n3") < strstr(sb.data, "one "));
	close(fd);
}

static void head_comes_in_pieces(void **state)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	static const char text[] = GET("/hello");
	int fd = dial();

	(void)state;
	for (size_t i = 0; i < sizeof(text) - 1; i++) {
		assert_int_equal(write(fd, text + i, 1), 1);
		usleep(i % 7 ? 100 : 15000); /* longer than the server lingers */
	}
	hear(fd, "hello", &sb);
	close(fd);
}

static void head_has_no_body(void **state)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	int fd = dial();

	(void)state;
	say(fd, "HEAD /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
	hear_all(fd, &sb);
	assert_non_null(strstr(sb.data, "Content-Length: 5\r\n"));
	assert_true(str_ends(sb.data, "\r\n\r\n"));
	close(fd);
}

static void streams_and_cuts(void **state)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT, cut = STRBUF_INIT, old = STRBUF_INIT;
	int fd = dial();

	(void)state;
	say(fd, GET("/stream"));
	hear(fd, "0\r\n\r\n", &sb);
	assert_non_null(strstr(sb.data, "Transfer-Encoding: chunked\r\n"));
	assert_non_null(strstr(sb.data, "\r\n\r\n4\r\none \r\n3\r\ntwo\r\n0\r\n\r\n"));
	/* a handler that gave up: the last chunk never comes */
	say(fd, GET("/cut"));
	hear_all(fd, &cut);
	assert_true(str_ends(cut.data, "4\r\nhalf\r\n"));
	close(fd);
	fd = dial();
	say(fd, "GET /stream HTTP/1.0\r\n\r\n");
	hear_all(fd, &old);
	assert_true(str_ends(old.data, "\r\n\r\none two"));
	close(fd);
}

static void forgotten_answer_is_500(void **state)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	int fd = dial();

	(void)state;
	say(fd, GET("/forgotten"));
	hear_all(fd, &sb);
	assert_true(str_starts(sb.data, "HTTP/1.1 500 "));
	close(fd);
}

static void chunked_upload(void **state)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	char *block = xmalloc(100000);
	int fd = dial();

	(void)state;
	memset(block, 'z', 100000);
	say(fd, "POST /count HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
	for (int i = 0; i < 50; i++) {
		say(fd, "186A0\r\n");
		assert_int_equal(fd_write_full(fd, block, 100000), 0);
		say(fd, "\r\n");
	}
	say(fd, "0\r\n\r\n" GET("/hello"));
	hear(fd, "hello", &sb);
	assert_non_null(strstr(sb.data, "\r\n\r\n5000000HTTP/1.1 200"));
	free(block);
	close(fd);
}

static void bad_bodies(void **state)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT, half = STRBUF_INIT;
	int fd = dial();

	(void)state;
	say(fd, "POST /count HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloXX");
	hear_all(fd, &sb);
	assert_true(str_starts(sb.data, "HTTP/1.1 400 "));
	close(fd);
	fd = dial();
	say(fd, "POST /count HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345");
	shutdown(fd, SHUT_WR);
	hear_all(fd, &half);
	assert_true(str_starts(half.data, "HTTP/1.1 400 "));
	close(fd);
}

static void continue_is_sent_when_the_body_is_wanted(void **state)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT, none = STRBUF_INIT;
	int fd = dial();

	(void)state;
	say(fd, "POST /count HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
	hear(fd, "HTTP/1.1 100 Continue\r\n\r\n", &sb);
	say(fd, "abcd");
	hear(fd, "\r\n\r\n4", &sb);
	/* and not when it is not: the answer comes at once, and the connection ends */
	say(fd, "POST /ignore HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
	hear_all(fd, &none);
	assert_true(str_starts(none.data, "HTTP/1.1 200 OK"));
	assert_non_null(strstr(none.data, "Connection: close"));
	close(fd);
}

static void unread_bodies_are_drained_or_end_the_connection(void **state)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT, big = STRBUF_INIT;
	char *block = xmalloc(3 << 20);
	int fd = dial();

	(void)state;
	say(fd, "POST /ignore HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n12345" GET("/hello"));
	hear(fd, "hello", &sb);
	assert_non_null(strstr(sb.data, "ignored"));
	close(fd);
	/* a client that sends much and reads only then still gets its answer */
	fd = dial();
	memset(block, 'x', 3 << 20);
	say(fd, "POST /ignore HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\n");
	assert_int_equal(fd_write_full(fd, block, 3 << 20), 0);
	hear_all(fd, &big);
	assert_true(str_starts(big.data, "HTTP/1.1 200 OK"));
	free(block);
	close(fd);
}

static void malformed_requests_get_400_and_a_close(void **state)
{
	static const char *const rows[] = {
		"GET / HTTP/1.1\n\n",
		"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
		"\x16\x03\x01\x02", /* TLS on a plain port */
		"GET / HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
		int fd = dial();

		say(fd, rows[i]);
		hear_all(fd, &sb);
		assert_true(str_starts(sb.data, "HTTP/1.1 400 Bad Request\r\n"));
		assert_non_null(strstr(sb.data, "{\"message\":\"malformed HTTP request\"}\n"));
		close(fd);
	}
}

static void second_request_may_be_the_bad_one(void **state)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	int fd = dial();

	(void)state;
	say(fd, GET("/hello") "\x01");
	hear_all(fd, &sb);
	assert_non_null(strstr(sb.data, "helloHTTP/1.1 400 "));
	close(fd);
}

static void smuggled_request_is_not_served(void **state)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	int fd = dial();

	(void)state;
	say(fd,
	    "POST /count HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" GET(
		    "/hello"));
	hear_all(fd, &sb);
	assert_true(str_starts(sb.data, "HTTP/1.1 400 "));
	assert_null(strstr(sb.data, "hello"));
	close(fd);
}

static void long_heads_get_431(void **state)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT, head = STRBUF_INIT;
	int fd = dial();

	(void)state;
	strbuf_add_str(&head, "GET / HTTP/1.1\r\nHost: x\r\nA: ");
	for (int i = 0; i < LIMIT_HTTP_HEAD; i++)
		strbuf_add_char(&head, 'a');
	/* the server may stop reading before all is written */
	(void)!send(fd, head.data, head.len, MSG_NOSIGNAL);
	hear_all(fd, &sb);
	assert_true(str_starts(sb.data, "HTTP/1.1 431 "));
	close(fd);
}

static void hijack_with_upgrade(void **state)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	int fd = dial();

	(void)state;
	say(fd, "POST /hijack HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: "
		"2\r\n\r\n{}early ");
	hear(fd, "EARLY ", &sb);
	assert_true(str_starts(sb.data, "HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\n"
					"Connection: Upgrade\r\nUpgrade: tcp\r\n"));
	assert_non_null(strstr(sb.data, "X-Extra: yes\r\n"));
	say(fd, "late");
	hear(fd, "LATE", &sb);
	shutdown(fd, SHUT_WR); /* half close: the other direction goes on */
	hear_all(fd, &sb);
	assert_true(str_ends(sb.data, "LATEBYE"));
	close(fd);
}

static void hijack_without_upgrade(void **state)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	int fd = dial();

	(void)state;
	say(fd, "POST /hijack HTTP/1.1\r\nHost: x\r\n\r\n");
	hear(fd, "\r\n\r\n", &sb);
	assert_true(str_starts(sb.data, "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n"));
	assert_null(strstr(sb.data, "Content-Length"));
	assert_null(strstr(sb.data, "chunked"));
	usleep(30000); /* the server's receive timeout is gone from the stream */
	say(fd, "x");
	shutdown(fd, SHUT_WR);
	hear_all(fd, &sb);
	assert_true(str_ends(sb.data, "\r\n\r\nXBYE"));
	close(fd);
}

static void frame_say(int fd, int first, const char *text)
{
	char b[200] = {(char)first, (char)(0x80 | strlen(text)), 9, 8, 7, 6};
	size_t n = strlen(text);

	for (size_t i = 0; i < n; i++)
		b[6 + i] = (char)(text[i] ^ b[2 + (i & 3)]);
	assert_int_equal(fd_write_full(fd, b, n + 6), 0);
}

static void websocket(void **state)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT, bad = STRBUF_INIT;
	int fd = dial();

	(void)state;
	say(fd,
	    "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
	    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
	hear(fd, "\r\n\r\n", &sb);
	assert_true(str_starts(sb.data, "HTTP/1.1 101 Switching Protocols\r\n"));
	/* the example of RFC 6455 */
	assert_non_null(strstr(sb.data, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
	strbuf_clear(&sb);
	frame_say(fd, 0x82, "hello");
	hear(fd, "\x82\x05HELLO", &sb);
	frame_say(fd, 0x89, "pp");
	hear(fd, "\x8a\x02pp", &sb);
	frame_say(fd, 0x88, "");
	hear_all(fd, &sb);
	close(fd);

	fd = dial();
	say(fd,
	    "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 8\r\n"
	    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
	hear(fd, "not a websocket handshake", &bad);
	close(fd);
}

static long pss_kb(void)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	const char *line;

	assert_true(path_read_file("/proc/self/smaps_rollup", 65536, &sb) >= 0);
	line = strstr(sb.data, "Private_Dirty:");
	return line ? strtol(line + 14, NULL, 10) : 0;
}

static void a_thousand_idle_connections_are_cheap(void **state)
{
	enum { N = 1000 };
	int *fds = xnew_array(int, N);
	long before, after;

	(void)state;
	before = pss_kb();
	for (int i = 0; i < N; i++) {
		_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

		fds[i] = dial();
		say(fds[i], GET("/hello"));
		hear(fds[i], "hello", &sb);
	}
	usleep(100000);
	after = pss_kb();
#ifndef HULL_SANITIZE
	assert_in_range(after - before, 0, 3000);
#endif
	(void)before;
	(void)after;
	/* all of them still work */
	for (int i = 0; i < N; i += 97) {
		_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

		say(fds[i], GET("/hello"));
		hear(fds[i], "hello", &sb);
	}
	for (int i = 0; i < N; i++)
		close(fds[i]);
	free(fds);
}

/* Ten seconds are the rule; nobody waits for a head that never ends. */
static void slow_heads_are_dropped(void **state)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	int64_t begun = clock_monotonic_ns(), took;
	struct timeval t = {.tv_sec = 15};
	int fd = dial();

	(void)state;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
	for (int i = 0; i < 20 && send(fd, "G", 1, MSG_NOSIGNAL) == 1; i++)
		usleep(100000);
	hear_all(fd, &sb);
	took = (clock_monotonic_ns() - begun) / NS_PER_MS;
	assert_in_range(took, LIMIT_HTTP_HEAD_TIMEOUT_MS - 500, LIMIT_HTTP_HEAD_TIMEOUT_MS + 2000);
	close(fd);
}

static void stop_cuts_what_waits(void **state)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	int fd = dial(), idle = dial();
	int64_t begun;

	(void)state;
	say(fd, GET("/wait"));
	hear(fd, "\r\n\r\n", &sb);
	begun = clock_monotonic_ns();
	http_server_stop(server, 100);
	assert_in_range((clock_monotonic_ns() - begun) / NS_PER_MS, 90, 1500);
	hear_all(fd, &sb);
	hear_all(idle, &sb);
	close(fd);
	close(idle);
}

static void unix_sockets_are_guarded(void **state)
{
	struct err e = ERR_INIT;
	struct stat st;
	int fd;

	(void)state;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0660);
	assert_int_equal(http_listen_unix(path, NULL, &fd, &e), -1);
	assert_int_equal(e.kind, ERR_CONFLICT);
	http_server_stop(server, 0);
	/* nobody serves it any more: replaced */
	assert_int_equal(http_listen_unix(path, "0", &fd, &e), 0);
	fd_close(fd);
	assert_int_equal(http_listen_unix(path, "no-such-group", &fd, &e), -1);
	assert_int_equal(http_listen_unix("/etc/passwd", NULL, &fd, &e), -1);
}

#define WITH(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(keeps_alive),
		WITH(serves_pipelined_requests_in_order),
		WITH(head_comes_in_pieces),
		WITH(head_has_no_body),
		WITH(streams_and_cuts),
		WITH(forgotten_answer_is_500),
		WITH(chunked_upload),
		WITH(bad_bodies),
		WITH(continue_is_sent_when_the_body_is_wanted),
		WITH(unread_bodies_are_drained_or_end_the_connection),
		WITH(malformed_requests_get_400_and_a_close),
		WITH(second_request_may_be_the_bad_one),
		WITH(smuggled_request_is_not_served),
		WITH(long_heads_get_431),
		WITH(hijack_with_upgrade),
		WITH(hijack_without_upgrade),
		WITH(websocket),
		WITH(a_thousand_idle_connections_are_cheap),
		WITH(slow_heads_are_dropped),
		WITH(stop_cuts_what_waits),
		WITH(unix_sockets_are_guarded),
	};

	return RUN_TESTS(tests);
}
