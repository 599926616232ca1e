/* SPDX-License-Identifier: Apache-2.0 */
/* TLS by OpenSSL: one context per listener, made only when one is configured. TLS 1.2 and later. */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>

#include "base/mem.h"
#include "http/http_priv.h"

struct tls_context {
	SSL_CTX *ctx;
};

struct tls_conn {
	SSL *ssl;
};

static int fail_ssl(struct err *e, const char *what, const char *file)
{
	char text[160] = "unknown error";
	unsigned long code = ERR_get_error();

	if (code)
		ERR_error_string_n(code, text, sizeof(text));
	ERR_clear_error();
	return err_set(e, ERR_INVALID, "TLS: %s %s: %s", what, file, text);
}

int tls_context_new(const struct http_tls *t, struct tls_context **ret, struct err *e)
{
	struct tls_context *c = xnew(struct tls_context);
	int r = -1;

	c->ctx = SSL_CTX_new(TLS_server_method());
	if (!c->ctx) {
		fail_ssl(e, "cannot set up", "");
		goto out;
	}
	SSL_CTX_set_min_proto_version(c->ctx, TLS1_2_VERSION);
	SSL_CTX_set_options(c->ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
	/* Parked connections give their buffers back. */
	SSL_CTX_set_mode(c->ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
					 SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_session_cache_mode(c->ctx, SSL_SESS_CACHE_OFF);
	if (SSL_CTX_use_certificate_chain_file(c->ctx, t->cert) != 1) {
		fail_ssl(e, "cannot use the certificate", t->cert);
		goto out;
	}
	if (SSL_CTX_use_PrivateKey_file(c->ctx, t->key, SSL_FILETYPE_PEM) != 1) {
		fail_ssl(e, "cannot use the key", t->key);
		goto out;
	}
	if (t->ca) {
		STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(t->ca);

		if (!names || SSL_CTX_load_verify_locations(c->ctx, t->ca, NULL) != 1) {
			sk_X509_NAME_pop_free(names, X509_NAME_free);
			fail_ssl(e, "cannot use the certificate authority", t->ca);
			goto out;
		}
		SSL_CTX_set_client_CA_list(c->ctx, names);
	}
	if (t->verify_client) {
		if (!t->ca) {
			err_set(e, ERR_INVALID, "TLS: clients cannot be verified without a certificate authority");
			goto out;
		}
		SSL_CTX_set_verify(c->ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	}
	*ret = TAKE_PTR(c);
	r = 0;
out:
	tls_context_free(c);
	return r;
}

void tls_context_free(struct tls_context *t)
{
	if (!t)
		return;
	SSL_CTX_free(t->ctx);
	free(t);
}

struct tls_conn *tls_conn_new(struct tls_context *t, int fd)
{
	struct tls_conn *c = xnew(struct tls_conn);

	c->ssl = SSL_new(t->ctx);
	ASSERT(c->ssl && SSL_set_fd(c->ssl, fd) == 1);
	SSL_set_accept_state(c->ssl);
	return c;
}

void tls_conn_free(struct tls_conn *c)
{
	if (!c)
		return;
	SSL_free(c->ssl);
	free(c);
}

/* The kernel's word for what OpenSSL says of a failed call. */
static int errno_of(struct tls_conn *c, int r)
{
	int saved = errno;

	switch (SSL_get_error(c->ssl, r)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		return -EAGAIN;
	case SSL_ERROR_ZERO_RETURN:
		return 0;
	case SSL_ERROR_SYSCALL:
		ERR_clear_error();
		return saved ? -saved : -ECONNRESET;
	default:
		ERR_clear_error();
		return -EPROTO;
	}
}

int tls_handshake(struct tls_conn *c)
{
	int r;

	errno = 0;
	r = SSL_do_handshake(c->ssl);
	if (r == 1)
		return 0;
	r = errno_of(c, r);
	return r == 0 ? -EPROTO : r;
}

ssize_t tls_recv(struct tls_conn *c, void *p, size_t n)
{
	size_t got;
	int r;

	errno = 0;
	r = SSL_read_ex(c->ssl, p, n, &got);
	return r == 1 ? (ssize_t)got : errno_of(c, r);
}

ssize_t tls_send(struct tls_conn *c, const void *p, size_t n)
{
	size_t sent;
	int r;

	if (n == 0)
		return 0;
	errno = 0;
	r = SSL_write_ex(c->ssl, p, n, &sent);
	if (r == 1)
		return (ssize_t)sent;
	r = errno_of(c, r);
	return r == 0 ? -EPIPE : r;
}

void tls_send_end(struct tls_conn *c)
{
	SSL_shutdown(c->ssl);
	ERR_clear_error();
}

bool tls_pending(const struct tls_conn *c)
{
	return SSL_has_pending(c->ssl);
}
