/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The TLS side of a connection, as a process of its own: OpenSSL is loaded (dlopen) here and nowhere else in the
 * client. Copies between the socket on descriptors 0/1 and the engine until both directions ended; a half-close becomes
 * close_notify.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/strbuf.h"
#include "base/strutil.h"
#include "client/endpoint.h"

#define STATUS_FD 3

/* The functions used of libssl and libcrypto, bound by name. */
#define TLS_SYMBOLS(X)                                                                                                 \
	X(TLS_client_method)                                                                                           \
	X(SSL_CTX_new)                                                                                                 \
	X(SSL_CTX_free)                                                                                                \
	X(SSL_CTX_ctrl)                                                                                                \
	X(SSL_CTX_set_verify)                                                                                          \
	X(SSL_CTX_load_verify_locations)                                                                               \
	X(SSL_CTX_set_default_verify_paths)                                                                            \
	X(SSL_CTX_use_certificate_chain_file)                                                                          \
	X(SSL_CTX_use_PrivateKey_file)                                                                                 \
	X(SSL_new)                                                                                                     \
	X(SSL_free)                                                                                                    \
	X(SSL_set_fd)                                                                                                  \
	X(SSL_ctrl)                                                                                                    \
	X(SSL_set1_host)                                                                                               \
	X(SSL_get0_param)                                                                                              \
	X(SSL_connect)                                                                                                 \
	X(SSL_read)                                                                                                    \
	X(SSL_write)                                                                                                   \
	X(SSL_pending)                                                                                                 \
	X(SSL_shutdown)                                                                                                \
	X(SSL_get_error)                                                                                               \
	X(SSL_get_verify_result)                                                                                       \
	X(X509_verify_cert_error_string)                                                                               \
	X(X509_VERIFY_PARAM_set1_ip_asc)                                                                               \
	X(ERR_get_error)                                                                                               \
	X(ERR_reason_error_string)

#define X(name) static __typeof__(&name) p_##name;
TLS_SYMBOLS(X)
#undef X

static int say(const char *fmt, ...) _printf_(1, 2);
static int say(const char *fmt, ...)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&sb, fmt, ap);
	va_end(ap);
	fd_write_full(STATUS_FD, sb.data, sb.len);
	return 1;
}

static int load(void)
{
	void *h = dlopen("libssl.so.3", RTLD_NOW | RTLD_GLOBAL);

	if (!h)
		return say("TLS needs libssl 3, which is not installed");
#define X(name)                                                                                                        \
	p_##name = (__typeof__(&name))dlsym(RTLD_DEFAULT, #name);                                                      \
	if (!p_##name)                                                                                                 \
		return say("libssl lacks " #name);
	TLS_SYMBOLS(X)
#undef X
	return 0;
}

static const char *reason(void)
{
	const char *s = p_ERR_reason_error_string(p_ERR_get_error());

	return s ? s : "unknown TLS error";
}

static int dial(const char *host, const char *port)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;
	int fd = -1;

	if (getaddrinfo(host, port, &hints, &list) != 0)
		return -1;
	for (struct addrinfo *a = list; a && fd < 0; a = a->ai_next) {
		fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) < 0)
			fd = fd_close(fd);
	}
	freeaddrinfo(list);
	return fd;
}

/* The connection's objects, as far as they came to be. */
struct tls {
	SSL_CTX *ctx;
	SSL *ssl;
};

static void tls_done(struct tls *t)
{
	if (t->ssl)
		p_SSL_free(t->ssl);
	if (t->ctx)
		p_SSL_CTX_free(t->ctx);
}

/* 0, or -1 when it has said why not. */
static int handshake(struct tls *t, int fd, const char *host, bool verify, const char *ca, const char *cert,
		     const char *key)
{
	SSL_CTX *ctx = t->ctx = p_SSL_CTX_new(p_TLS_client_method());
	SSL *ssl;

	if (!ctx)
		goto fail;
	p_SSL_CTX_ctrl(ctx, SSL_CTRL_SET_MIN_PROTO_VERSION, TLS1_2_VERSION, NULL);
	p_SSL_CTX_set_verify(ctx, verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
	if (verify &&
	    (*ca ? p_SSL_CTX_load_verify_locations(ctx, ca, NULL) : p_SSL_CTX_set_default_verify_paths(ctx)) != 1) {
		say("could not read CA certificate %s: %s", ca, reason());
		return -1;
	}
	if (*cert && (p_SSL_CTX_use_certificate_chain_file(ctx, cert) != 1 ||
		      p_SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1)) {
		say("could not load X509 key pair %s, %s: %s", cert, key, reason());
		return -1;
	}
	ssl = t->ssl = p_SSL_new(ctx);
	if (!ssl || p_SSL_set_fd(ssl, fd) != 1)
		goto fail;
	if (p_X509_VERIFY_PARAM_set1_ip_asc(p_SSL_get0_param(ssl), host) != 1) {
		/* SSL_set_tlsext_host_name is a macro over SSL_ctrl */
		p_SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, (void *)(uintptr_t)host);
		p_SSL_set1_host(ssl, host);
	}
	if (p_SSL_connect(ssl) == 1)
		return 0;
	if (verify && p_SSL_get_verify_result(ssl) != X509_V_OK)
		say("tls: failed to verify certificate: %s",
		    p_X509_verify_cert_error_string(p_SSL_get_verify_result(ssl)));
	else
		say("tls: %s", reason());
	return -1;
fail:
	say("cannot set up TLS: %s", reason());
	return -1;
}

/* Writes all of it although the socket is non-blocking; reading is not needed for it with TLS 1.2 and later. */
static bool write_tls(SSL *ssl, int fd, const char *p, size_t n)
{
	while (n) {
		int r = p_SSL_write(ssl, p, (int)n), why;
		struct pollfd pfd = {.fd = fd};

		if (r > 0) {
			p += r;
			n -= (size_t)r;
			continue;
		}
		why = p_SSL_get_error(ssl, r);
		if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE)
			return false;
		pfd.events = why == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT;
		poll(&pfd, 1, -1);
	}
	return true;
}

/* Engine to client. False when that direction has ended. */
static bool from_engine(SSL *ssl, char *buf, size_t size)
{
	do {
		int r = p_SSL_read(ssl, buf, (int)size), why;

		if (r > 0) {
			if (fd_write_full(STDOUT_FILENO, buf, (size_t)r) < 0)
				return false;
			continue;
		}
		why = p_SSL_get_error(ssl, r);
		return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE;
	} while (p_SSL_pending(ssl) > 0);
	return true;
}

static void relay(SSL *ssl, int fd)
{
	static char buf[64 * 1024];
	bool up = true;

	fd_set_nonblock(fd, true);
	for (;;) {
		struct pollfd p[2] = {{.fd = fd, .events = POLLIN}, {.fd = up ? STDIN_FILENO : -1, .events = POLLIN}};

		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return;
		if (p[0].revents && !from_engine(ssl, buf, sizeof(buf)))
			return;
		if (p[1].revents) {
			ssize_t n = read(STDIN_FILENO, buf, sizeof(buf));

			if (n < 0 && errno == EINTR)
				continue;
			if (n > 0 && write_tls(ssl, fd, buf, (size_t)n))
				continue;
			if (n > 0)
				return;
			up = false;
			p_SSL_shutdown(ssl); /* our direction only: the engine may go on */
		}
	}
}

int tls_relay_main(int argc, char **argv)
{
	_cleanup_(tls_done) struct tls tls = {0};
	int fd;

	if (argc != 6)
		return 1;
	fd_set_cloexec(STATUS_FD, true);
	if (load() != 0)
		return 1;
	fd = dial(argv[0], argv[1]);
	if (fd < 0)
		return say("connect\n");
	if (handshake(&tls, fd, argv[0], *argv[2] == '1', argv[3], argv[4], argv[5]) < 0)
		return 1;
	say("ok\n");
	fd_close(STATUS_FD);
	relay(tls.ssl, fd);
	shutdown(STDOUT_FILENO, SHUT_WR);
	return 0;
}
