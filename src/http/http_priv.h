/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server's inside. A connection is either parked (in the epoll set, costing this struct and its socket) or active:
 * owned by the one worker thread that serves its request, which alone touches it until it parks it again.
 *
 * server.c: threads, epoll, parking. conn.c: reading heads and bodies. answer.c: writing. hijack.c: leaving HTTP.
 */
#pragma once

#include <pthread.h>
#include <sys/uio.h>

#include "base/lock.h"
#include "http/server.h"

struct tls_context;
struct tls_conn;

struct http_listener {
	int fd;
	struct tls_context *tls; /* NULL: plain */
	struct http_listener *next;
};

/* One request and its answer; lives on the worker's stack, used again for the next request of the connection. */
struct exchange {
	struct http_request req;
	/* body */
	int64_t body_left; /* of a body with Content-Length */
	struct http_chunked chunked;
	bool body_done;
	bool continue_due; /* the client waits for "100 Continue" */
	/* answer */
	struct strbuf headers; /* what http_header added */
	struct strbuf out;
	bool answered; /* the head is out */
	bool streaming, stream_chunked, finished;
	bool keep_alive;
	int failed;      /* -errno of the first write that failed */
	int body_failed; /* and of reading the body */
	/* after a hijack of a connection that must be relayed */
	int relay_fd;
	bool websocket;
	bool hijacked;
};

struct http_conn {
	struct http_server *server;
	struct exchange *x; /* while active */
	struct tls_conn *tls;
	int fd;
	uint32_t generation; /* tells this connection from an earlier one with the same fd */
	bool parked;
	bool in_epoll;
	bool tcp;
	bool tls_ready;
	/* bytes read and not used: [at, len) of buf */
	char *buf;
	uint32_t at, len, room;
	size_t scanned;
	int64_t deadline_ns; /* monotonic: a begun head (or TLS handshake) must be whole by then; 0: none begun */
	struct http_conn *prev, *next; /* parked list, longest parked first */
};

struct http_server {
	http_handler handler;
	void *arg;
	struct lock lock;
	pthread_cond_t ended; /* a thread or a request ended */
	struct http_listener *listeners;
	int epoll_fd, timer_fd, stop_fd;
	bool started, stopping;
	bool timer_armed;
	int n_threads, n_waiting, n_active;
	uint32_t generation;
	struct http_conn **conns; /* by fd */
	size_t n_room;
	size_t n_conns;
	struct http_conn *parked_head, *parked_tail;
	struct http_conn *slow_head, *slow_tail; /* parked with a deadline, earliest first */
};

/* server.c: the connection's descriptor leaves the server (it is hijacked). */
int server_release_fd(struct http_conn *c);

/* conn.c */
#define CONN_LINGER_MS 10 /* how long a worker waits for the next request before it parks the connection */
struct http_conn *conn_new(struct http_server *s, int fd, struct tls_context *tls);
void conn_free(struct http_conn *c);
/* Some bytes; 0 at EOF; -EAGAIN after CONN_LINGER_MS without any; -errno. */
ssize_t conn_recv(struct http_conn *c, void *p, size_t n);
/* All of it, or -errno. */
int conn_send(struct http_conn *c, struct iovec *v, int n);
/* Waits until bytes come. */
int conn_wait_readable(struct http_conn *c, int timeout_ms);
enum conn_next { CONN_PARK, CONN_CLOSE, CONN_GONE };
/* Serves requests until the connection is quiet, ended, or hijacked. */
enum conn_next conn_serve(struct http_conn *c);
/* Reads away what is left of the body without waiting; false when there is more. */
bool body_drain(struct http_conn *c);

/* answer.c */
void answer_init(struct exchange *x);
void answer_done(struct exchange *x);
/* An answer of this module's own, for requests no handler saw. */
void answer_error(struct http_conn *c, int status, const char *message);

/* hijack.c: shovels between the client and the socket pair until both directions ended. */
void hijack_relay(struct http_conn *c);

/* tls.c */
int tls_context_new(const struct http_tls *t, struct tls_context **ret, struct err *e);
void tls_context_free(struct tls_context *t);
struct tls_conn *tls_conn_new(struct tls_context *t, int fd);
void tls_conn_free(struct tls_conn *c);
/* 0 when done; -EAGAIN: call again when readable; -EPROTO. */
int tls_handshake(struct tls_conn *c);
/* As recv and send; -EAGAIN: the socket has to be read first. */
ssize_t tls_recv(struct tls_conn *c, void *p, size_t n);
ssize_t tls_send(struct tls_conn *c, const void *p, size_t n);
/* Says that no more bytes come from us. */
void tls_send_end(struct tls_conn *c);
/* Decrypted bytes that wait without the socket being readable. */
bool tls_pending(const struct tls_conn *c);
