/* SPDX-License-Identifier: Apache-2.0 */
/* ?filters=: both JSON encodings, and Docker's ways to compare. */
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "base/mem.h"
#include "base/strutil.h"
#include "base/strv.h"

static struct api_filter *filter_add(struct api_filters *f, const char *key)
{
	f->items = xreallocarray(f->items, f->n + 1, sizeof(*f->items));
	f->items[f->n] = (struct api_filter){.key = xstrdup(key), .values = strv_new()};
	return &f->items[f->n++];
}

static int values_read(json_object *v, char ***values, struct err *e)
{
	if (json_object_is_type(v, json_type_object)) {
		json_object_object_foreach(v, value, on)
		{
			if (!json_object_is_type(on, json_type_boolean))
				return err_set(e, ERR_INVALID, "invalid filter");
			if (json_object_get_boolean(on))
				strv_add(values, value);
		}
		return 0;
	}
	if (!json_object_is_type(v, json_type_array))
		return err_set(e, ERR_INVALID, "invalid filter");
	for (size_t i = 0; i < json_object_array_length(v); i++) {
		json_object *s = json_object_array_get_idx(v, i);

		if (!json_object_is_type(s, json_type_string))
			return err_set(e, ERR_INVALID, "invalid filter");
		strv_add(values, json_object_get_string(s));
	}
	return 0;
}

static int filters_read(json_object *tree, const char *const *allowed, struct api_filters *f, struct err *e)
{
	if (!json_object_is_type(tree, json_type_object))
		return err_set(e, ERR_INVALID, "invalid filter");
	json_object_object_foreach(tree, key, v)
	{
		struct api_filter *item;

		if (allowed && !strv_contains((char *const *)allowed, key))
			return err_set(e, ERR_INVALID, "invalid filter '%.200s'", key);
		item = filter_add(f, key);
		if (values_read(v, &item->values, e) < 0)
			return -1;
	}
	return 0;
}

int api_filters_decode(const char *json, const char *const *allowed, struct api_filters *ret, struct err *e)
{
	_cleanup_json_ json_object *tree = NULL;
	struct api_filters f = {0};

	if (str_empty(json)) {
		*ret = f;
		return 0;
	}
	if (json_parse(json, strlen(json), &tree, NULL) < 0)
		return err_set(e, ERR_INVALID, "invalid filter");
	if (filters_read(tree, allowed, &f, e) < 0) {
		api_filters_done(&f);
		return -1;
	}
	*ret = f;
	return 0;
}

int api_filters_parse(struct api_call *c, const char *const *allowed, struct api_filters *ret, struct err *e)
{
	return api_filters_decode(api_query(c, "filters"), allowed, ret, e);
}

void api_filters_done(struct api_filters *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->items[i].key);
		strv_free(f->items[i].values);
	}
	free(f->items);
	*f = (struct api_filters){0};
}

char *const *api_filter_values(const struct api_filters *f, const char *key)
{
	for (size_t i = 0; i < f->n; i++)
		if (str_eq(f->items[i].key, key))
			return f->items[i].values;
	return NULL;
}

bool api_filter_exact(const struct api_filters *f, const char *key, const char *value)
{
	char *const *values = api_filter_values(f, key);

	return !values || !*values || strv_contains(values, str_or_empty(value));
}

bool api_filter_prefix(const struct api_filters *f, const char *key, const char *value)
{
	char *const *values = api_filter_values(f, key);

	if (!values || !*values)
		return true;
	STRV_FOREACH (v, values)
		if (str_starts(str_or_empty(value), *v))
			return true;
	return false;
}

bool api_filter_labels(const struct api_filters *f, const char *key, const struct json_kv *labels)
{
	STRV_FOREACH (v, api_filter_values(f, key)) {
		const char *eq = strchr(*v, '=');
		_cleanup_free_ char *name = eq ? xstrndup(*v, (size_t)(eq - *v)) : xstrdup(*v);
		const char *have = json_kv_get(labels, name);

		if (!have || (eq && !str_eq(have, eq + 1)))
			return false;
	}
	return true;
}
