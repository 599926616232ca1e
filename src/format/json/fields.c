/* SPDX-License-Identifier: Apache-2.0 */
/* Field tables: writing, copying and freeing the structs that they describe. Reading is in decode.c. */
#include <string.h>

#include "base/mem.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "format/json/json.h"
#include "format/json/json_priv.h"

static bool field_empty(const struct json_field *f, const void *p)
{
	switch (f->type) {
	case JSON_T_STR:
	case JSON_T_STR_NULL:
		return str_empty(*(char *const *)p);
	case JSON_T_BOOL:
		return !*(const bool *)p;
	case JSON_T_INT:
		return *(const int64_t *)p == 0;
	case JSON_T_DOUBLE:
		return *(const double *)p == 0;
	case JSON_T_BOOL_PTR:
	case JSON_T_INT_PTR:
	case JSON_T_OBJ_PTR:
	case JSON_T_RAW:
		return !*(void *const *)p;
	case JSON_T_STRV:
	case JSON_T_STR_OR_STRV:
		return strv_len(*(char **const *)p) == 0;
	case JSON_T_KV:
	case JSON_T_SET:
		return ((const struct json_kv *)p)->n == 0;
	case JSON_T_OBJ_ARRAY:
		return ((const struct json_array *)p)->n == 0;
	case JSON_T_OBJ:
		return false; /* Go never leaves out a struct */
	}
	UNREACHABLE("json field type");
}

static void set_write(struct json_writer *w, const struct json_kv *m)
{
	_cleanup_free_ const struct json_kv_item **v = NULL;

	if (m->n == 0 && !m->set) {
		json_null(w);
		return;
	}
	v = kv_sorted(m);
	json_object_begin(w);
	for (size_t i = 0; v[i]; i++) {
		json_key(w, v[i]->key);
		json_raw(w, "{}");
	}
	json_object_close(w);
}

static void obj_write(struct json_writer *w, const struct json_field *fields, const void *p)
{
	if (!p) {
		json_null(w);
		return;
	}
	json_object_begin(w);
	json_fields_write(w, fields, p);
	json_object_close(w);
}

static void array_write(struct json_writer *w, const struct json_field *f, const struct json_array *a)
{
	if (a->n == 0 && !a->set) {
		json_null(w);
		return;
	}
	json_array_begin(w);
	for (size_t i = 0; i < a->n; i++)
		obj_write(w, f->fields, (const char *)a->items + i * f->size);
	json_array_close(w);
}

static void field_write(struct json_writer *w, const struct json_field *f, const void *p)
{
	switch (f->type) {
	case JSON_T_STR:
		json_str(w, str_or_empty(*(char *const *)p));
		break;
	case JSON_T_STR_NULL:
		json_str(w, *(char *const *)p);
		break;
	case JSON_T_BOOL:
		json_bool(w, *(const bool *)p);
		break;
	case JSON_T_BOOL_PTR:
		if (*(bool *const *)p)
			json_bool(w, **(bool *const *)p);
		else
			json_null(w);
		break;
	case JSON_T_INT:
		json_int(w, *(const int64_t *)p);
		break;
	case JSON_T_INT_PTR:
		if (*(int64_t *const *)p)
			json_int(w, **(int64_t *const *)p);
		else
			json_null(w);
		break;
	case JSON_T_DOUBLE:
		json_double(w, *(const double *)p);
		break;
	case JSON_T_STRV:
	case JSON_T_STR_OR_STRV:
		json_strv(w, *(char **const *)p);
		break;
	case JSON_T_KV:
		json_kv_write(w, p);
		break;
	case JSON_T_SET:
		set_write(w, p);
		break;
	case JSON_T_OBJ:
		obj_write(w, f->fields, p);
		break;
	case JSON_T_OBJ_PTR:
		obj_write(w, f->fields, *(void *const *)p);
		break;
	case JSON_T_OBJ_ARRAY:
		array_write(w, f, p);
		break;
	case JSON_T_RAW:
		if (*(char *const *)p)
			json_raw(w, *(char *const *)p);
		else
			json_null(w);
		break;
	}
}

void json_fields_write(struct json_writer *w, const struct json_field *f, const void *in)
{
	for (; f->name; f++) {
		const void *p = (const char *)in + f->offset;

		if ((f->flags & JSON_F_READ_ONLY) || ((f->flags & JSON_F_OMIT_EMPTY) && field_empty(f, p)))
			continue;
		json_key(w, f->name);
		field_write(w, f, p);
	}
}

void field_done(const struct json_field *f, void *p)
{
	switch (f->type) {
	case JSON_T_BOOL:
		*(bool *)p = false;
		break;
	case JSON_T_INT:
		*(int64_t *)p = 0;
		break;
	case JSON_T_DOUBLE:
		*(double *)p = 0;
		break;
	case JSON_T_STR:
	case JSON_T_STR_NULL:
	case JSON_T_RAW:
	case JSON_T_BOOL_PTR:
	case JSON_T_INT_PTR:
		free(*(void **)p);
		*(void **)p = NULL;
		break;
	case JSON_T_STRV:
	case JSON_T_STR_OR_STRV:
		strv_free(*(char ***)p);
		*(char ***)p = NULL;
		break;
	case JSON_T_KV:
	case JSON_T_SET:
		json_kv_done(p);
		break;
	case JSON_T_OBJ:
		json_fields_done(f->fields, p);
		break;
	case JSON_T_OBJ_PTR:
		if (*(void **)p)
			json_fields_done(f->fields, *(void **)p);
		free(*(void **)p);
		*(void **)p = NULL;
		break;
	case JSON_T_OBJ_ARRAY:
		array_done(f, p);
		break;
	}
}

void json_fields_done(const struct json_field *f, void *s)
{
	for (; f->name; f++)
		field_done(f, (char *)s + f->offset);
}

static void array_copy(const struct json_field *f, struct json_array *to, const struct json_array *from)
{
	*to = (struct json_array){.set = from->set, .n = from->n};
	if (from->n == 0)
		return;
	to->items = xcalloc(from->n, f->size);
	for (size_t i = 0; i < from->n; i++)
		json_fields_copy(f->fields, (char *)to->items + i * f->size, (const char *)from->items + i * f->size);
}

static void field_copy(const struct json_field *f, void *to, const void *from)
{
	switch (f->type) {
	case JSON_T_BOOL:
		*(bool *)to = *(const bool *)from;
		break;
	case JSON_T_INT:
		*(int64_t *)to = *(const int64_t *)from;
		break;
	case JSON_T_DOUBLE:
		*(double *)to = *(const double *)from;
		break;
	case JSON_T_STR:
	case JSON_T_STR_NULL:
	case JSON_T_RAW:
		*(char **)to = xstrdup(*(char *const *)from);
		break;
	case JSON_T_BOOL_PTR:
		if (*(bool *const *)from) {
			*(bool **)to = xnew(bool);
			**(bool **)to = **(bool *const *)from;
		}
		break;
	case JSON_T_INT_PTR:
		if (*(int64_t *const *)from) {
			*(int64_t **)to = xnew(int64_t);
			**(int64_t **)to = **(int64_t *const *)from;
		}
		break;
	case JSON_T_STRV:
	case JSON_T_STR_OR_STRV:
		*(char ***)to = *(char **const *)from ? strv_dup(*(char **const *)from) : NULL;
		break;
	case JSON_T_KV:
	case JSON_T_SET:
		json_kv_copy(to, from);
		break;
	case JSON_T_OBJ:
		json_fields_copy(f->fields, to, from);
		break;
	case JSON_T_OBJ_PTR:
		if (*(void *const *)from) {
			*(void **)to = xcalloc(1, f->size);
			json_fields_copy(f->fields, *(void **)to, *(void *const *)from);
		}
		break;
	case JSON_T_OBJ_ARRAY:
		array_copy(f, to, from);
		break;
	}
}

void json_fields_copy(const struct json_field *f, void *to, const void *from)
{
	for (; f->name; f++)
		field_copy(f, (char *)to + f->offset, (const char *)from + f->offset);
}
