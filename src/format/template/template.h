/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Go's text/template over JSON documents: what people write behind --format. Actions, pipelines, variables, if, with,
 * range (else, break, continue), trim markers, comments, parentheses; the standard functions and docker's (json, split,
 * join, title, lower, upper, pad, truncate). Not offered: define, template, block. Pure: text and tree in, text out.
 */
#pragma once

#include "format/json/json.h"
#include <stdbool.h>

#include "base/err.h"
#include "base/macros.h"
#include "base/strbuf.h"

#define TEMPLATE_MAX_TEXT  (256 * 1024)
#define TEMPLATE_MAX_DEPTH 64
#define TEMPLATE_MAX_OUT   (64 * 1024 * 1024)

struct template; /* parsed, immutable */

struct template_options {
	/* A field that is no member: a method of the document, called with its arguments. Returns 1 and a new reference
	 * (or NULL for nil) when it knows the name, 0 when not, -1 with e. May be NULL. */
	int (*method)(void *user, json_object *self, const char *name, json_object *const *args, size_t n,
		      json_object **ret, struct err *e);
	void *user;
	/* Printed for a null member of this name; NULL (or no function): "<no value>". */
	const char *(*null_text)(const char *field);
	/* True for a member that may be absent and then is nil rather than an error. */
	bool (*may_be_absent)(const char *field);
	const char *type_name; /* of the root in "can't evaluate field X in type T"; NULL: it is a map */
	bool fold_case;        /* try members without regard to case when the exact one is absent */
};

/* ERR_INVALID with Go's wording where it is known ("template: :1: function \"x\" not defined"). */
int template_parse(const char *text, struct template **ret, struct err *e);
void template_free(struct template *t);
/* Appends to out. data is borrowed. On failure out may hold what was written before. */
int template_execute(const struct template *t, json_object *data, const struct template_options *o, struct strbuf *out,
		     struct err *e);

/* A value as Go's fmt prints it with %v. */
void template_print_value(struct strbuf *out, json_object *o);
/* Go's json.Marshal: keys in their order (or sorted), HTML characters escaped when asked. */
void template_print_json(struct strbuf *out, json_object *o, bool sort, bool escape_html);

DEFINE_CLEANUP(struct template, template_free)
