/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON: documents are json-c trees behind bounded parsing; struct <-> JSON goes by field tables; big answers are
 * written by a sticky streaming writer that prints as Go's encoding/json does with SetEscapeHTML(false).
 */
#pragma once

/* json-c has a typedef of this name; here it is a writer. Never include json-c's headers elsewhere. */
#define json_bool json_c_bool
#include <json-c/json_object.h>
#include <json-c/linkhash.h>
#undef json_bool
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strbuf.h"

/* One value and nothing behind it; depth <= LIMIT_JSON_DEPTH; UTF-8; no NUL in strings; no duplicate keys in one
 * object. ERR_INVALID with a text that says where. Returns a tree to be put with json_object_put. */
int json_parse(const char *text, size_t n, json_object **ret, struct err *e);

static inline void json_put_p(json_object **o)
{
	json_object_put(*o);
}
#define _cleanup_json_ _cleanup_(json_put_p)

/* Member of an object, borrowed; NULL when absent, null, or obj is no object. */
json_object *json_member(json_object *obj, const char *name);
/* String value of a member, borrowed, or fallback when it is absent or no string. */
const char *json_member_str(json_object *obj, const char *name, const char *fallback);
int64_t json_member_int(json_object *obj, const char *name, int64_t fallback);
bool json_member_bool(json_object *obj, const char *name, bool fallback);

/* --- writer --- */

struct json_writer {
	struct strbuf *out; /* borrowed; its limit is the limit */
	int depth;
	bool comma; /* a value precedes at this level */
	uint64_t stack;
};
void json_writer_init(struct json_writer *w, struct strbuf *out);
void json_object_begin(struct json_writer *w);
void json_object_close(struct json_writer *w);
void json_array_begin(struct json_writer *w);
void json_array_close(struct json_writer *w);
void json_key(struct json_writer *w, const char *key);
void json_str(struct json_writer *w, const char *s); /* NULL: null; invalid UTF-8 becomes U+FFFD */
void json_strn(struct json_writer *w, const char *s, size_t n);
void json_int(struct json_writer *w, int64_t v);
void json_uint(struct json_writer *w, uint64_t v);
void json_double(struct json_writer *w, double v);
void json_bool(struct json_writer *w, bool v);
void json_null(struct json_writer *w);
void json_raw(struct json_writer *w, const char *json); /* trusted JSON text */
void json_tree(struct json_writer *w, json_object *v);  /* numbers as they were written */
void json_strv(struct json_writer *w, char *const *v);  /* NULL: null */
void json_time(struct json_writer *w, int64_t ns);      /* RFC3339Nano string */
/* key and value in one. */
void json_kstr(struct json_writer *w, const char *key, const char *s);
void json_kint(struct json_writer *w, const char *key, int64_t v);
void json_kbool(struct json_writer *w, const char *key, bool v);
void json_kstrv(struct json_writer *w, const char *key, char *const *v);
void json_ktime(struct json_writer *w, const char *key, int64_t ns);

/* --- field tables: one line per field, read both ways --- */

struct json_kv { /* a string map, in order of appearance; NULL items and n == 0 with set == false is null */
	struct json_kv_item {
		char *key, *value;
	} * items;
	size_t n;
	bool set; /* {} rather than null */
};
void json_kv_done(struct json_kv *m);
const char *json_kv_get(const struct json_kv *m, const char *key);
/* Copies; replaces an existing key. */
void json_kv_put(struct json_kv *m, const char *key, const char *value);
void json_kv_copy(struct json_kv *to, const struct json_kv *from);
/* Sorted by key, as Go prints maps. */
void json_kv_write(struct json_writer *w, const struct json_kv *m);

enum json_field_type {
	JSON_T_STR,         /* char *; absent and null give NULL, written as "" */
	JSON_T_STR_NULL,    /* char *; NULL is written as null */
	JSON_T_BOOL,        /* bool */
	JSON_T_BOOL_PTR,    /* bool *, owned; null when NULL */
	JSON_T_INT,         /* int64_t */
	JSON_T_INT_PTR,     /* int64_t *, owned; null when NULL */
	JSON_T_STRV,        /* char **; NULL is null, empty is [] */
	JSON_T_STR_OR_STRV, /* char **; also accepts a bare string */
	JSON_T_KV,          /* struct json_kv: {"k":"v"} */
	JSON_T_SET,         /* struct json_kv: {"k":{}} (values unused) */
	JSON_T_OBJ,         /* embedded struct described by .fields */
	JSON_T_OBJ_PTR,     /* pointer to a heap struct described by .fields; null when NULL */
	JSON_T_OBJ_ARRAY,   /* struct json_array of structs described by .fields */
	JSON_T_RAW,         /* char *: any JSON value, kept as text; NULL is null */
	JSON_T_DOUBLE,      /* double */
};

struct json_array { /* elements of one struct type, side by side */
	void *items;
	size_t n;
	bool set; /* [] rather than null */
};

enum json_field_flags {
	JSON_F_OMIT_EMPTY = 1, /* not written when zero, NULL, or empty */
	JSON_F_READ_ONLY = 2,  /* decoded, never written */
};

struct json_field {
	const char *name;
	enum json_field_type type;
	size_t offset;
	unsigned flags;
	const struct json_field *fields; /* of a nested struct; a table ends with a NULL name */
	size_t size;                     /* sizeof the nested struct, for OBJ_PTR and OBJ_ARRAY */
};

/* Fills the struct (zeroed or holding defaults) from an object; unknown members are ignored, names match as Go's do
 * (exact, else case-insensitive), null leaves the field. A wrong type is ERR_INVALID in Docker's words: "json: cannot
 * unmarshal string into Go struct field <type_name>.<Field> of type int". */
int json_fields_decode(json_object *obj, const char *type_name, const struct json_field *f, void *out, struct err *e);
/* Writes the members (no braces). */
void json_fields_write(struct json_writer *w, const struct json_field *f, const void *in);
/* Frees all owned members and zeroes them. */
void json_fields_done(const struct json_field *f, void *s);
/* Deep copy into zeroed memory. */
void json_fields_copy(const struct json_field *f, void *to, const void *from);
