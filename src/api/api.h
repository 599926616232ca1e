/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Docker Engine API: one table of routes per noun (api/<noun>.c), one dispatcher. A handler decodes, calls the
 * engine, encodes; an error it returns becomes {"message": ...} with the status of its kind (api/status.c).
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "format/http/message.h"
#include "format/json/json.h"
#include "http/server.h"

#define API_VERSION_MAX      151 /* 1.51 */
#define API_VERSION_MIN      124 /* 1.24 */
#define API_VERSION_MAX_TEXT "1.51"
#define API_VERSION_MIN_TEXT "1.24"

struct engine;
struct images;
struct events;
struct daemon_config;

/* What the handlers work on. Made once by bin/hulld; outlives the server. */
struct api {
	struct engine *engine;
	struct images *images;
	struct events *events;
	const struct daemon_config *config; /* replaced as a whole by a reload: take it once, by api_config() */
	const char *runtime_path, *init_path;
	const char *runtime_features; /* JSON of `hull-runtime features`, or NULL */
};
const struct daemon_config *api_config(const struct api *a);

struct api_call {
	const struct api *api;
	struct http_conn *conn;
	const struct http_request *req;
	const struct api_route *route;
	struct http_query query;
	int version;   /* 151 for /v1.51/ and for unversioned paths */
	char *args[4]; /* what stood for {name} in the pattern, decoded, in order */
};

/* Answers itself and returns 0, or returns -1 with e filled before any answer was started. */
typedef int (*api_handler)(struct api_call *c, struct err *e);

struct api_route {
	const char *method;
	const char *pattern; /* "/containers/{name}/json"; {name...} takes the rest, slashes and all */
	api_handler handler;
	int since; /* first API version that has it; 0: all */
	int until; /* last one; 0: all */
};

/* Each file of handlers exports one table, ended by a NULL method. api/routes.c lists them: whoever adds a table adds
 * its line there. The first match wins, so a real route hides its 501. */
extern const struct api_route api_routes_system[];
extern const struct api_route api_routes_containers_create[];
extern const struct api_route api_routes_containers_list[];
extern const struct api_route api_routes_containers_inspect[];
extern const struct api_route api_routes_containers_prune[];
extern const struct api_route api_routes_containers_life[];
extern const struct api_route api_routes_containers_streams[];
extern const struct api_route api_routes_execs[];
extern const struct api_route api_routes_images[];
extern const struct api_route api_routes_events[];
extern const struct api_route api_routes_unsupported[]; /* known routes whose subject is not there yet: 501 by name */

/* The http_handler; arg is a struct api. */
void api_serve(struct http_conn *conn, const struct http_request *req, void *arg);

/* --- for handlers --- */

const char *api_query(const struct api_call *c, const char *name); /* or NULL */
bool api_query_bool(const struct api_call *c, const char *name);
/* ERR_INVALID when it is there and no number. */
int api_query_int(const struct api_call *c, const char *name, int64_t fallback, int64_t *ret, struct err *e);
/* The JSON body (Content-Type checked as Docker does); NULL tree for an empty body when `optional`. */
int api_body_json(struct api_call *c, bool optional, json_object **ret, struct err *e);
/* Sends a document with its newline and application/json. */
void api_reply_json(struct api_call *c, int status, struct strbuf *json);
void api_reply_empty(struct api_call *c, int status);
/* {"message": ...} with the status of its kind; 304 has no body. */
void api_reply_error(struct http_conn *conn, const struct err *e);
int api_status_of(enum err_kind kind);

/* --- filters, both encodings: {"k":{"v":true}} and {"k":["v"]} --- */

struct api_filters {
	struct api_filter {
		char *key;
		char **values;
	} * items;
	size_t n;
};
/* Reads ?filters=; allowed NULL takes any key, else a key outside `allowed` (NULL-terminated) is ERR_INVALID "invalid
 * filter 'x'". */
int api_filters_parse(struct api_call *c, const char *const *allowed, struct api_filters *ret, struct err *e);
/* The same from text (NULL or "" is none). */
int api_filters_decode(const char *json, const char *const *allowed, struct api_filters *ret, struct err *e);
void api_filters_done(struct api_filters *f);
/* Values of key, or NULL when it was not given. */
char *const *api_filter_values(const struct api_filters *f, const char *key);
/* Docker's three ways to compare; all true when the key was not given. */
bool api_filter_exact(const struct api_filters *f, const char *key, const char *value);
bool api_filter_prefix(const struct api_filters *f, const char *key, const char *value);
/* Each "k" or "k=v" of the filter is in the map. */
bool api_filter_labels(const struct api_filters *f, const char *key, const struct json_kv *labels);
