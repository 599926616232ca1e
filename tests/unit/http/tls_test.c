/* SPDX-License-Identifier: Apache-2.0 */
/* Mutual TLS: who gets in, that answers and uploads pass, and that a hijacked stream is relayed both ways. */
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <arpa/inet.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/strutil.h"
#include "http/server.h"
#include "unit/test.h"

static char dir[64];
static struct http_server *server;
static uint16_t port;

struct echo {
	int fd;
};

static void *stream_echo(void *arg)
{
	struct echo *x = arg;
	char buf[4096];
	ssize_t n;

	while ((n = read(x->fd, buf, sizeof(buf))) > 0)
		fd_write_full(x->fd, buf, (size_t)n);
	fd_write_full(x->fd, "BYE", 3);
	fd_close(x->fd);
	free(x);
	return NULL;
}

static void serve(struct http_conn *c, const struct http_request *req, void *arg)
{
	_cleanup_strbuf_ struct strbuf body = STRBUF_INIT;
	struct err e = ERR_INIT;
	struct echo *x;
	pthread_t t;

	(void)arg;
	if (str_eq(req->path, "/echo")) {
		if (http_body_read_all(c, 8 << 20, &body, &e) < 0)
			http_reply(c, 400, "text/plain", e.msg, strlen(e.msg));
		else
			http_reply(c, 200, "text/plain", body.data, body.len);
		return;
	}
	x = xnew(struct echo);
	assert_int_equal(http_hijack(c, "application/vnd.docker.raw-stream", &x->fd, &body, &e), 0);
	assert_int_equal(body.len, 0);
	assert_int_equal(pthread_create(&t, NULL, stream_echo, x), 0);
	pthread_detach(t);
}

static int certificates_make(void)
{
	_cleanup_free_ char *cmd = xasprintf("cd %s && exec >log 2>&1 && set -e; for ca in ca other; do openssl req "
					     "-x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 "
					     "-nodes -days 2 -subj /CN=$ca -keyout $ca.key -out $ca.pem; done; for w "
					     "in server:ca client:ca stranger:other; do "
					     "n=${w%%:*} c=${w#*:}; openssl req -newkey ec -pkeyopt "
					     "ec_paramgen_curve:P-256 -nodes -subj /CN=$n -keyout $n.key -out "
					     "$n.csr; openssl x509 -req -in $n.csr -CA $c.pem -CAkey $c.key "
					     "-CAcreateserial -days 2 -out $n.pem; done",
					     dir);

	return system(cmd);
}

static char *file(const char *name)
{
	return path_join(dir, name);
}

static int setup(void **state)
{
	_cleanup_free_ char *cert = NULL, *key = NULL, *ca = NULL;
	struct sockaddr_in a;
	socklen_t n = sizeof(a);
	struct err e = ERR_INIT;
	struct http_tls tls;
	int fd;

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	snprintf(dir, sizeof(dir), "/tmp/hull-tls-test.XXXXXX");
	if (!mkdtemp(dir) || certificates_make() != 0)
		return -1;
	cert = file("server.pem");
	key = file("server.key");
	ca = file("ca.pem");
	tls = (struct http_tls){.cert = cert, .key = key, .ca = ca, .verify_client = true};
	if (http_server_new(serve, NULL, &server, &e) < 0 || http_listen_tcp("127.0.0.1", "0", &fd, &e) < 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &n) < 0 || http_server_listen(server, fd, &tls, &e) < 0 ||
	    http_server_start(server, &e) < 0) {
		print_error("%s\n", e.msg);
		return -1;
	}
	port = a.sin_port;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	http_server_stop(server, 1000);
	http_server_free(server);
	return rm_rf_at(-100, dir);
}

struct client {
	SSL_CTX *ctx;
	SSL *ssl;
	int fd;
};

static int say(struct client *c, const char *text)
{
	return SSL_write(c->ssl, text, (int)strlen(text));
}

/* who: name of the client's certificate, or NULL. False when the server did not let us in. */
static bool dial(struct client *c, const char *who, int max_version)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = port, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct timeval t = {.tv_sec = 5};
	_cleanup_free_ char *ca = file("ca.pem");
	char probe;

	c->ctx = SSL_CTX_new(TLS_client_method());
	SSL_CTX_load_verify_locations(c->ctx, ca, NULL);
	SSL_CTX_set_verify(c->ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_security_level(c->ctx, 0);
	if (max_version)
		SSL_CTX_set_max_proto_version(c->ctx, max_version);
	if (who) {
		_cleanup_free_ char *cert = xasprintf("%s/%s.pem", dir, who), *key = xasprintf("%s/%s.key", dir, who);

		assert_int_equal(SSL_CTX_use_certificate_chain_file(c->ctx, cert), 1);
		assert_int_equal(SSL_CTX_use_PrivateKey_file(c->ctx, key, SSL_FILETYPE_PEM), 1);
	}
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
	assert_int_equal(connect(c->fd, (struct sockaddr *)&a, sizeof(a)), 0);
	c->ssl = SSL_new(c->ctx);
	SSL_set_fd(c->ssl, c->fd);
	if (SSL_connect(c->ssl) != 1)
		return false;
	/* TLS 1.3 tells of a refused certificate only at the first read. */
	if (say(c, "GET /echo HTTP/1.1\r\nHost: x\r\n\r\n") <= 0)
		return false;
	return SSL_peek(c->ssl, &probe, 1) == 1;
}

static void hang_up(struct client *c)
{
	SSL_free(c->ssl);
	SSL_CTX_free(c->ctx);
	close(c->fd);
	ERR_clear_error();
}

static void hear(struct client *c, const char *end, struct strbuf *sb)
{
	char buf[4096];

	while (!strstr(sb->data, end)) {
		int n = SSL_read(c->ssl, buf, sizeof(buf));

		if (n <= 0)
			fail_msg("ended before \"%s\": %s", end, sb->data);
		strbuf_add(sb, buf, (size_t)n);
	}
}

static void only_known_clients_get_in(void **state)
{
	struct client c;

	(void)state;
	assert_true(dial(&c, "client", 0));
	hang_up(&c);
	assert_false(dial(&c, NULL, 0));
	hang_up(&c);
	assert_false(dial(&c, "stranger", 0));
	hang_up(&c);
	assert_true(dial(&c, "client", TLS1_2_VERSION));
	hang_up(&c);
	assert_false(dial(&c, "client", TLS1_1_VERSION));
	hang_up(&c);
}

static void bodies_pass_both_ways(void **state)
{
	enum { N = 3 << 20 };
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	char *block = xmalloc(N);
	struct client c;
	size_t got = 0;

	(void)state;
	for (int i = 0; i < N; i++)
		block[i] = (char)('a' + i % 23);
	assert_true(dial(&c, "client", 0));
	hear(&c, "\r\n\r\n", &sb);
	usleep(50000); /* parked, then again */
	strbuf_clear(&sb);
	assert_true(say(&c, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3145728\r\n\r\n") > 0);
	assert_int_equal(SSL_write(c.ssl, block, N), N);
	hear(&c, "\r\n\r\n", &sb);
	got = sb.len - (size_t)(strstr(sb.data, "\r\n\r\n") + 4 - sb.data);
	assert_memory_equal(strstr(sb.data, "\r\n\r\n") + 4, block, got);
	while (got < N) {
		char buf[16384];
		int n = SSL_read(c.ssl, buf, sizeof(buf));

		assert_true(n > 0);
		assert_memory_equal(buf, block + got, n);
		got += (size_t)n;
	}
	free(block);
	hang_up(&c);
}

static void hijacked_stream_is_relayed(void **state)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	struct client c;

	(void)state;
	assert_true(dial(&c, "client", 0));
	hear(&c, "\r\n\r\n", &sb);
	strbuf_clear(&sb);
	assert_true(say(&c, "POST /x HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nearly") > 0);
	hear(&c, "early", &sb);
	assert_true(str_starts(sb.data, "HTTP/1.1 101 UPGRADED\r\n"));
	assert_true(say(&c, "late") > 0);
	hear(&c, "late", &sb);
	/* half close */
	SSL_shutdown(c.ssl);
	hear(&c, "lateBYE", &sb);
	assert_int_equal(SSL_read(c.ssl, sb.data, 1), 0);
	hang_up(&c);
}

static void bad_files_are_named(void **state)
{
	_cleanup_free_ char *cert = file("none.pem"), *key = file("server.key");
	struct http_tls tls = {.cert = cert, .key = key};
	struct err e = ERR_INIT;
	int fd;

	(void)state;
	assert_int_equal(http_listen_tcp("127.0.0.1", "0", &fd, &e), 0);
	assert_int_equal(http_server_listen(server, fd, &tls, &e), -1);
	assert_non_null(strstr(e.msg, "none.pem"));
}

static int setup_not_started(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/hull-tls-test.XXXXXX");
	return mkdtemp(dir) && http_server_new(serve, NULL, &server, &e) == 0 ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(only_known_clients_get_in, setup, teardown),
		cmocka_unit_test_setup_teardown(bodies_pass_both_ways, setup, teardown),
		cmocka_unit_test_setup_teardown(hijacked_stream_is_relayed, setup, teardown),
		cmocka_unit_test_setup_teardown(bad_files_are_named, setup_not_started, teardown),
	};

	return RUN_TESTS(tests);
}
