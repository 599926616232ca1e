/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP/1.1 server (RFC 9112): listeners, one blocking handler per active request, idle connections parked in one epoll.
 * A handler reads the body, then answers once: http_reply, or http_stream_*, or http_hijack. Everything here that takes
 * a `struct http_conn` is called from the handler's thread only, unless said otherwise.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/strbuf.h"
#include "format/http/message.h"

struct http_server;
struct http_conn;

/* Serves one request. Returning without having answered is a bug (500 is sent). */
typedef void (*http_handler)(struct http_conn *c, const struct http_request *req, void *arg);

struct http_tls {
	const char *cert, *key; /* PEM files */
	const char *ca;         /* client CA; with verify_client, connections without a certificate of it are refused */
	bool verify_client;
};

int http_server_new(http_handler handler, void *arg, struct http_server **ret, struct err *e);
/* Adds a listening socket (owned from here on). tls NULL: plain. */
int http_server_listen(struct http_server *s, int fd, const struct http_tls *tls, struct err *e);
/* Starts the accept/park thread and returns. */
int http_server_start(struct http_server *s, struct err *e);
/* No new connections or requests; waits up to timeout_ms for handlers, then cuts the rest. Listeners close. */
void http_server_stop(struct http_server *s, int timeout_ms);
void http_server_free(struct http_server *s);
/* Logs how many connections and threads there are. */
void http_server_dump(struct http_server *s);

/* Listening sockets. unix: the parent is made; a stale socket is replaced, a live one is an error; mode 0660 and the
 * group set before anyone can connect. group NULL: root. */
int http_listen_unix(const char *path, const char *group, int *ret_fd, struct err *e);
/* In /etc/group, by name or number. */
bool http_group_exists(const char *name);
int http_listen_tcp(const char *host, const char *port, int *ret_fd, struct err *e);

/* --- inside a handler --- */

/* Next bytes of the decoded request body: count, 0 at its end, or -errno (-EPROTO for bad framing). Sends
 * "100 Continue" first when the client waits for it. */
ssize_t http_body_read(struct http_conn *c, void *p, size_t n);
/* The whole body, at most max bytes; ERR_TOO_LARGE past it, ERR_INVALID for bad framing. */
int http_body_read_all(struct http_conn *c, size_t max, struct strbuf *ret, struct err *e);

/* Adds a header to the answer that follows. Value bytes < 0x20 are a bug. */
void http_header(struct http_conn *c, const char *name, const char *value);
void http_headerf(struct http_conn *c, const char *name, const char *fmt, ...) _printf_(3, 4);
/* Takes back what was added so far. */
void http_header_clear(struct http_conn *c);
/* The whole answer. content_type NULL: no such header. HEAD sends the length without the body. 204 and 304 have none.
 */
void http_reply(struct http_conn *c, int status, const char *content_type, const void *body, size_t n);
/* Starts an answer of unknown length; headers are flushed at once. */
int http_stream_start(struct http_conn *c, int status, const char *content_type);
/* Writes and flushes; -errno when the client is gone (later writes fail at once). */
int http_stream_write(struct http_conn *c, const void *p, size_t n);
/* Copies a regular file, pipe or socket to the client until EOF; bytes or -errno. */
int64_t http_stream_fd(struct http_conn *c, int fd);
/* Ends the stream properly; a handler that returns without it cuts the connection, so that the client sees the
 * failure. */
int http_stream_end(struct http_conn *c);
bool http_answer_started(const struct http_conn *c);

/* Readable when the client has closed or reset its connection, for poll() with POLLRDHUP beside other descriptors;
 * borrowed. */
int http_conn_fd(const struct http_conn *c);
bool http_conn_gone(const struct http_conn *c);
/* Peer of a unix socket; false for TCP. */
bool http_conn_peer(const struct http_conn *c, uid_t *uid, pid_t *pid);

/*
 * Takes the connection out of HTTP: answers "101 UPGRADED" when the client asked for an upgrade, else "200 OK", with
 * the given Content-Type and what http_header added, and gives a bidirectional stream descriptor, owned by the caller
 * (pass it to another process if you like). For plain connections it is the connection itself; for TLS and websockets
 * one end of a socket pair that this module relays. `leftover` gets the bytes that the client had already sent behind
 * its request. After success the handler must not touch c again but return.
 */
int http_hijack(struct http_conn *c, const char *content_type, int *ret_fd, struct strbuf *leftover, struct err *e);
/* The same for a websocket request (RFC 6455): the descriptor carries the bare payload. */
int http_hijack_websocket(struct http_conn *c, int *ret_fd, struct err *e);
