/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP/1.1 messages as data (RFC 9110, RFC 9112): parsing of heads and chunk framing, without any I/O. Strict: bare LF,
 * obs-fold, NUL, conflicting or repeated Content-Length, Content-Length beside Transfer-Encoding, and over-long heads
 * are errors.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "base/strbuf.h"

struct http_field {
	const char *name; /* borrowed from the head buffer, NUL-terminated */
	const char *value;
};

struct http_request {
	const char *method;
	const char *target; /* as sent */
	char *path;         /* decoded, owned; no query */
	const char *query;  /* raw, behind '?', or "" */
	int minor;          /* HTTP/1.minor */
	struct http_field fields[LIMIT_HTTP_HEADERS];
	size_t n_fields;
	int64_t content_length; /* -1: none given */
	bool chunked;
	bool keep_alive;
	bool expect_continue;
	const char *upgrade; /* the Upgrade header when Connection names it, else NULL */
};

struct http_response {
	int status;
	int minor;
	const char *reason;
	struct http_field fields[LIMIT_HTTP_HEADERS];
	size_t n_fields;
	int64_t content_length;
	bool chunked;
	bool keep_alive;
};

/* Length of the head including the empty line when it is whole in the n bytes, 0 when more is needed, -EPROTO (bad) or
 * -E2BIG (longer than LIMIT_HTTP_HEAD). `scanned` is kept by the caller between calls, 0 at first. */
int http_head_length(const char *p, size_t n, size_t *scanned);
/* Parses a whole head in place (buffer is changed and must outlive r). 0 or -EPROTO / -E2BIG. */
int http_request_parse(char *head, size_t n, struct http_request *r);
void http_request_done(struct http_request *r);
int http_response_parse(char *head, size_t n, struct http_response *r);
/* Case-insensitive; the first one, or NULL. */
const char *http_field_get(const struct http_field *f, size_t n, const char *name);

/* Incremental chunked decoder: consumes framing from in, copies payload to out. */
struct http_chunked {
	uint64_t left;
	int state;
	size_t line;
};
void http_chunked_init(struct http_chunked *c);
/* *n_in: bytes available, out: bytes consumed; *n_out: room, out: bytes produced. 1 when the body has ended, 0 when
 * not, -EPROTO on bad framing. */
int http_chunked_decode(struct http_chunked *c, const char *in, size_t *n_in, char *out, size_t *n_out);
/* Payload bytes that come next without framing: they may be read past the decoder, which is then told how many were. */
uint64_t http_chunked_run(const struct http_chunked *c);
void http_chunked_took(struct http_chunked *c, uint64_t n);

/* Percent-decoding; '+' is a blank only in queries. Owned; NULL for bad escapes or a decoded NUL. */
char *http_percent_decode(const char *s, size_t n, bool plus_is_blank);
void http_percent_encode(struct strbuf *out, const char *s);

/* Query parameters in order of appearance. */
struct http_query {
	struct http_query_pair {
		char *name, *value;
	} * pairs;
	size_t n;
};
/* 0 or -EINVAL. */
int http_query_parse(const char *raw, struct http_query *ret);
void http_query_done(struct http_query *q);
/* First value, or NULL. */
const char *http_query_get(const struct http_query *q, const char *name);
