/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls to an engine that serves the Docker Engine API. One request at a time per connection; a connection that was
 * read to the end of its answer is kept for the next call. One thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "client/endpoint.h"
#include "format/http/message.h"
#include "format/json/json.h"

#define CLIENT_API_VERSION "1.51"
/* Most bytes taken of an answer that is read whole. */
#define CLIENT_BODY_MAX (256 * 1024 * 1024)

struct client;

struct client_options {
	const char *url; /* "" or NULL: the default */
	struct endpoint_tls tls;
	const char *version;  /* fixed API version, or NULL to negotiate */
	char *const *headers; /* "Name: value" sent with every call, or NULL */
};

int client_new(const struct client_options *o, struct client **ret, struct err *e);
void client_free(struct client *c);
DEFINE_CLEANUP(struct client, client_free)

/* Asks the engine for its version by HEAD /_ping, once; done by every call that needs it. */
int client_negotiate(struct client *c, struct err *e);
const char *client_version(const struct client *c); /* "1.51": ours or the lower one agreed on */
const char *client_url(const struct client *c);
/* True when version a.b is at least `v`. */
bool client_version_at_least(const struct client *c, const char *v);

/* --- queries --- */

/* "a=1&b=x%20y" built piece by piece. */
struct query {
	struct strbuf text;
};
#define QUERY_INIT                                                                                                     \
	{                                                                                                              \
		.text = STRBUF_INIT                                                                                    \
	}
void query_add(struct query *q, const char *name, const char *value);
void query_add_int(struct query *q, const char *name, int64_t value);
void query_add_flag(struct query *q, const char *name, bool on); /* name=1 when on */
static inline void query_done_p(struct query *q)
{
	strbuf_done(&q->text);
}
#define _cleanup_query_ _cleanup_(query_done_p)

/* --- calls --- */

struct call {
	const char *method;
	const char *path; /* "/containers/json", already percent-encoded where it holds names: see client_path */
	const struct query *query; /* or NULL */
	const char *json;          /* body, or NULL */
	int body_fd;               /* > 0: body streamed from it, chunked */
	const char *body_type;     /* Content-Type of body_fd; default application/x-tar */
	const char *header;        /* one more "Name: value", or NULL */
	bool upgrade;              /* ask for a raw stream */
	bool no_version;           /* path without /v1.NN */
	bool any_status;           /* answers >= 400 are no error */
	bool own_connection;       /* not the kept one: for answers that stay open beside other calls */
};

/* An answer being read. */
struct reply {
	struct client *client;
	int fd; /* -1 when nothing is left to read */
	int status;
	bool multiplexed; /* Content-Type says stdcopy frames */
	bool chunked, close, ended;
	int64_t left;     /* of Content-Length; -1: until the end */
	struct strbuf in; /* bytes read ahead */
	struct http_chunked decoder;
	char **headers; /* "Name: value" */
};

/* "/containers/%s/json" with every name percent-encoded. Owned. fmt takes %s only. */
char *client_path(const char *fmt, ...);

/* Sends and reads the head. Statuses >= 400 are errors: kind by status, text "Error response from daemon: ...". */
int client_call(struct client *c, const struct call *call, struct reply *ret, struct err *e);
/* Bytes of the body, 0 at its end, -1 with e. */
ssize_t reply_read(struct reply *r, void *p, size_t n, struct err *e);
/* The rest of the body appended to out. */
int reply_read_all(struct reply *r, struct strbuf *out, struct err *e);
/* The next line without its end, in `line`; 1, 0 at the end, -1. */
int reply_read_line(struct reply *r, struct strbuf *line, struct err *e);
/* True when reply_read would give bytes without touching the socket. */
bool reply_has_buffered(const struct reply *r);
const char *reply_header(const struct reply *r, const char *name);
/* Ends the answer; its connection is kept when it was read to the end. */
void reply_done(struct reply *r);
#define REPLY_INIT                                                                                                     \
	{                                                                                                              \
		.fd = -1, .in = STRBUF_INIT                                                                            \
	}
#define _cleanup_reply_ _cleanup_(reply_done)

/* Whole calls: answer read and parsed (*ret may be NULL: thrown away). */
int client_get(struct client *c, const char *path, const struct query *q, json_object **ret, struct err *e);
int client_post(struct client *c, const char *path, const struct query *q, const char *json, json_object **ret,
		struct err *e);
int client_delete(struct client *c, const char *path, const struct query *q, json_object **ret, struct err *e);

/* --- raw streams (attach, exec) --- */

struct hijack {
	int fd;
	struct strbuf in; /* bytes that came behind the head */
	bool multiplexed; /* stdcopy frames */
	bool typed;       /* the engine said which */
};
#define HIJACK_INIT                                                                                                    \
	{                                                                                                              \
		.fd = -1, .in = STRBUF_INIT                                                                            \
	}
int client_hijack(struct client *c, const char *path, const struct query *q, const char *json, struct hijack *ret,
		  struct err *e);
void hijack_done(struct hijack *h);
#define _cleanup_hijack_ _cleanup_(hijack_done)

/* A new connection to the engine, for others to speak on; -1 with e. */
int client_dial(struct client *c, struct err *e);
