/* SPDX-License-Identifier: Apache-2.0 */
/* Field tables, reading: a JSON object into a struct, with the rules and error texts of Go's encoding/json. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "format/json/json.h"
#include "format/json/json_priv.h"

/* Where we are, for error texts: Go says "<innermost struct type>.<path of fields>". */
struct place {
	const struct place *up;
	const char *name; /* of the field; of the root: its type */
};

static void path_add(struct strbuf *sb, const struct place *at)
{
	if (!at->up)
		return;
	path_add(sb, at->up);
	if (sb->len)
		strbuf_add_char(sb, '.');
	strbuf_add_str(sb, at->name);
}

/* What Go calls the JSON value in its texts. */
static void value_name(json_object *v, bool literal, char *buf, size_t n)
{
	switch (json_object_get_type(v)) {
	case json_type_boolean:
		snprintf(buf, n, "bool");
		break;
	case json_type_int:
	case json_type_double:
		if (literal)
			snprintf(buf, n, "number %.60s", json_object_to_json_string_ext(v, JSON_C_TO_STRING_PLAIN));
		else
			snprintf(buf, n, "number");
		break;
	case json_type_string:
		snprintf(buf, n, "string");
		break;
	case json_type_array:
		snprintf(buf, n, "array");
		break;
	case json_type_object:
		snprintf(buf, n, "object");
		break;
	case json_type_null:
		snprintf(buf, n, "null");
		break;
	}
}

static int fail_type(const struct place *at, json_object *v, bool literal, const char *type, struct err *e)
{
	_cleanup_strbuf_ struct strbuf path = STRBUF_INIT_MAX(512);
	char name[80];

	value_name(v, literal, name, sizeof(name));
	path_add(&path, at);
	return err_set(e, ERR_INVALID, "json: cannot unmarshal %s into Go struct field %s.%s of type %s", name,
		       at->up ? at->up->name : at->name, path.data, type);
}

static int str_decode(json_object *v, const struct place *at, char **ret, struct err *e)
{
	if (!json_object_is_type(v, json_type_string))
		return fail_type(at, v, false, "string", e);
	free_and_set(ret, xstrdup(json_object_get_string(v)));
	return 0;
}

static int bool_decode(json_object *v, const struct place *at, bool *ret, struct err *e)
{
	if (!json_object_is_type(v, json_type_boolean))
		return fail_type(at, v, false, "bool", e);
	*ret = json_object_get_boolean(v);
	return 0;
}

static int int_decode(json_object *v, const struct place *at, int64_t *ret, struct err *e)
{
	bool number = json_object_is_type(v, json_type_int);

	if (!number || (json_object_get_int64(v) == INT64_MAX && json_object_get_uint64(v) > INT64_MAX))
		return fail_type(at, v, number || json_object_is_type(v, json_type_double), "int64", e);
	*ret = json_object_get_int64(v);
	return 0;
}

static int double_decode(json_object *v, const struct place *at, double *ret, struct err *e)
{
	if (!json_object_is_type(v, json_type_int) && !json_object_is_type(v, json_type_double))
		return fail_type(at, v, false, "float64", e);
	*ret = json_object_get_double(v);
	return 0;
}

static int strv_decode(json_object *v, const struct place *at, bool or_str, char ***ret, struct err *e)
{
	_cleanup_strv_ char **list = NULL;
	size_t n;

	if (or_str && json_object_is_type(v, json_type_string)) {
		strv_add(&list, json_object_get_string(v));
	} else if (!json_object_is_type(v, json_type_array)) {
		return fail_type(at, v, false, or_str ? "string" : "[]string", e);
	} else {
		n = json_object_array_length(v);
		list = xcalloc(n + 1, sizeof(*list));
		for (size_t i = 0; i < n; i++) {
			json_object *s = json_object_array_get_idx(v, i);

			if (s && !json_object_is_type(s, json_type_string))
				return fail_type(at, s, false, "string", e);
			list[i] = xstrdup(s ? json_object_get_string(s) : "");
		}
	}
	strv_free(*ret);
	*ret = TAKE_PTR(list);
	return 0;
}

static int kv_decode(json_object *v, const struct place *at, bool is_set, struct json_kv *ret, struct err *e)
{
	const char *type = is_set ? "map[string]struct {}" : "map[string]string";

	if (!json_object_is_type(v, json_type_object))
		return fail_type(at, v, false, type, e);
	/* Go decodes into the map that is there: defaults stay. */
	ret->set = true;
	json_object_object_foreach(v, key, member)
	{
		if (is_set) {
			if (member && !json_object_is_type(member, json_type_object))
				return fail_type(at, member, false, "struct {}", e);
			json_kv_put(ret, key, "");
			continue;
		}
		if (member && !json_object_is_type(member, json_type_string))
			return fail_type(at, member, false, "string", e);
		json_kv_put(ret, key, member ? json_object_get_string(member) : "");
	}
	return 0;
}

static int struct_decode(json_object *v, const struct place *at, const struct json_field *table, void *out,
			 struct err *e);

static int obj_decode(json_object *v, const struct place *at, const struct json_field *f, void *out, struct err *e)
{
	if (!json_object_is_type(v, json_type_object))
		return fail_type(at, v, false, f->name, e);
	return struct_decode(v, at, f->fields, out, e);
}

static int obj_ptr_decode(json_object *v, const struct place *at, const struct json_field *f, void **ret, struct err *e)
{
	if (!*ret)
		*ret = xcalloc(1, f->size);
	return obj_decode(v, at, f, *ret, e);
}

void array_done(const struct json_field *f, struct json_array *a)
{
	for (size_t i = 0; i < a->n; i++)
		json_fields_done(f->fields, (char *)a->items + i * f->size);
	free(a->items);
	*a = (struct json_array){0};
}

static int obj_array_decode(json_object *v, const struct place *at, const struct json_field *f, struct json_array *ret,
			    struct err *e)
{
	size_t n;

	if (!json_object_is_type(v, json_type_array))
		return fail_type(at, v, false, f->name, e);
	array_done(f, ret);
	n = json_object_array_length(v);
	ret->set = true;
	if (n == 0)
		return 0;
	ret->items = xcalloc(n, f->size);
	ret->n = n; /* all zeroed: the caller's json_fields_done works at any point */
	for (size_t i = 0; i < n; i++) {
		json_object *item = json_object_array_get_idx(v, i);

		if (item && obj_decode(item, at, f, (char *)ret->items + i * f->size, e) < 0)
			return -1;
	}
	return 0;
}

static void raw_decode(json_object *v, char **ret)
{
	struct strbuf sb = STRBUF_INIT;
	struct json_writer w;

	json_writer_init(&w, &sb);
	json_tree(&w, v);
	free_and_set(ret, strbuf_steal(&sb));
}

/* null: pointers, slices and maps become nil, everything else keeps what it has. */
static void null_decode(const struct json_field *f, void *p)
{
	switch (f->type) {
	case JSON_T_STR:
	case JSON_T_BOOL:
	case JSON_T_INT:
	case JSON_T_DOUBLE:
	case JSON_T_OBJ:
		return;
	default:
		field_done(f, p);
	}
}

static int field_decode(json_object *v, const struct place *at, const struct json_field *f, void *p, struct err *e)
{
	switch (f->type) {
	case JSON_T_STR:
	case JSON_T_STR_NULL:
		return str_decode(v, at, p, e);
	case JSON_T_BOOL:
		return bool_decode(v, at, p, e);
	case JSON_T_BOOL_PTR:
		if (!*(bool **)p)
			*(bool **)p = xnew(bool);
		return bool_decode(v, at, *(bool **)p, e);
	case JSON_T_INT:
		return int_decode(v, at, p, e);
	case JSON_T_INT_PTR:
		if (!*(int64_t **)p)
			*(int64_t **)p = xnew(int64_t);
		return int_decode(v, at, *(int64_t **)p, e);
	case JSON_T_STRV:
	case JSON_T_STR_OR_STRV:
		return strv_decode(v, at, f->type == JSON_T_STR_OR_STRV, p, e);
	case JSON_T_KV:
	case JSON_T_SET:
		return kv_decode(v, at, f->type == JSON_T_SET, p, e);
	case JSON_T_OBJ:
		return obj_decode(v, at, f, p, e);
	case JSON_T_OBJ_PTR:
		return obj_ptr_decode(v, at, f, p, e);
	case JSON_T_OBJ_ARRAY:
		return obj_array_decode(v, at, f, p, e);
	case JSON_T_RAW:
		raw_decode(v, p);
		return 0;
	case JSON_T_DOUBLE:
		return double_decode(v, at, p, e);
	}
	UNREACHABLE("json field type");
}

static const struct json_field *field_find(const struct json_field *table, const char *name)
{
	const struct json_field *f;

	for (f = table; f->name; f++)
		if (strcmp(f->name, name) == 0)
			return f;
	for (f = table; f->name; f++)
		if (str_eq_nocase(f->name, name))
			return f;
	return NULL;
}

static int struct_decode(json_object *v, const struct place *at, const struct json_field *table, void *out,
			 struct err *e)
{
	json_object_object_foreach(v, key, member)
	{
		const struct json_field *f = field_find(table, key);
		struct place below;

		if (!f)
			continue;
		below = (struct place){.up = at, .name = f->name};
		if (!member)
			null_decode(f, (char *)out + f->offset);
		else if (field_decode(member, &below, f, (char *)out + f->offset, e) < 0)
			return -1;
	}
	return 0;
}

int json_fields_decode(json_object *obj, const char *type_name, const struct json_field *f, void *out, struct err *e)
{
	struct place root = {.name = type_name};
	char name[80];

	if (!obj) /* null */
		return 0;
	if (!json_object_is_type(obj, json_type_object)) {
		value_name(obj, false, name, sizeof(name));
		return err_set(e, ERR_INVALID, "json: cannot unmarshal %s into Go value of type %s", name, type_name);
	}
	return struct_decode(obj, &root, f, out, e);
}
