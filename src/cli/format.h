/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --format of listings: a table of columns (name for templates, heading, how it is made from the engine's object) gives
 * the default table, "table TEMPLATE", "json" and free templates.
 */
#pragma once

#include <stdbool.h>

#include "cli/cli.h"
#include "format/json/json.h"

struct listing;

struct row {
	json_object *raw; /* the engine's object */
	const struct listing *list;
	bool trunc;
	bool human;
	int64_t now_ns;
};

struct column {
	const char *name, *heading;
	json_object *(*get)(const struct row *row); /* a new reference, NULL for null */
	const char *raw_heading;                    /* instead of heading when the listing is not_human */
};

struct listing {
	const struct column *columns; /* ends with a NULL name */
	const char *type_name;        /* Go's, in messages */
	const char *table;            /* the default table: "{{.ID}}\t{{.Name}}" */
	bool no_trunc;
	bool not_human;
	size_t min_width, padding; /* 0: docker's usual layout */
};

/* Prints raws (a JSON array) as --format says; "" is the default table. Exit code. */
int format_list(const struct listing *l, const char *format, json_object *raws);
/* One line per id. */
void format_quiet(json_object *raws, const char *member, bool trunc);
/* Runs a template (or "json") over one document and prints the result and a newline. Exit code (64 for a bad template).
 */
int format_document(const char *format, json_object *doc);
/* The same for a stream of documents: parse once. */
struct formatter;
struct formatter *formatter_new(const char *format, struct err *e);
int formatter_print(struct formatter *f, json_object *doc, struct err *e);
void formatter_free(struct formatter *f);

/* Helpers for columns. */
json_object *col_str(const char *s);
json_object *col_take(char *s); /* owns s */
/* "k=v,k2=v2" of an object's members, sorted by key. Owned. */
char *format_labels(json_object *labels);
/* Pretty JSON as docker prints it (four blanks, HTML characters as they are). */
void format_json_indent(struct strbuf *out, json_object *o, int depth);
