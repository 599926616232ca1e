/* SPDX-License-Identifier: Apache-2.0 */
/* String maps (labels, options): small, so an array in order of appearance; written sorted, as Go prints maps. */
#include <string.h>

#include "base/mem.h"
#include "base/strutil.h"
#include "format/json/json.h"
#include "format/json/json_priv.h"

void json_kv_done(struct json_kv *m)
{
	for (size_t i = 0; i < m->n; i++) {
		free(m->items[i].key);
		free(m->items[i].value);
	}
	free(m->items);
	*m = (struct json_kv){0};
}

const char *json_kv_get(const struct json_kv *m, const char *key)
{
	for (size_t i = 0; i < m->n; i++)
		if (str_eq(m->items[i].key, key))
			return m->items[i].value;
	return NULL;
}

void kv_append(struct json_kv *m, const char *key, const char *value)
{
	/* Room grows in powers of two: no field holds the capacity. */
	if ((m->n & (m->n - 1)) == 0)
		m->items = xreallocarray(m->items, m->n ? 2 * m->n : 1, sizeof(*m->items));
	m->items[m->n].key = xstrdup(key);
	m->items[m->n].value = xstrdup(value);
	m->n++;
	m->set = true;
}

void json_kv_put(struct json_kv *m, const char *key, const char *value)
{
	for (size_t i = 0; i < m->n; i++) {
		if (str_eq(m->items[i].key, key)) {
			free_and_set(&m->items[i].value, xstrdup(value));
			return;
		}
	}
	kv_append(m, key, value);
}

void json_kv_copy(struct json_kv *to, const struct json_kv *from)
{
	struct json_kv copy = {.set = from->set};

	for (size_t i = 0; i < from->n; i++)
		kv_append(&copy, from->items[i].key, from->items[i].value);
	json_kv_done(to);
	*to = copy;
}

static int item_compare(const void *a, const void *b)
{
	const struct json_kv_item *const *x = a, *const *y = b;

	return strcmp((*x)->key, (*y)->key);
}

const struct json_kv_item **kv_sorted(const struct json_kv *m)
{
	const struct json_kv_item **v = xreallocarray(NULL, m->n + 1, sizeof(*v));

	for (size_t i = 0; i < m->n; i++)
		v[i] = &m->items[i];
	v[m->n] = NULL;
	if (m->n > 1)
		qsort(v, m->n, sizeof(*v), item_compare);
	return v;
}

void json_kv_write(struct json_writer *w, const struct json_kv *m)
{
	_cleanup_free_ const struct json_kv_item **v = NULL;

	if (m->n == 0 && !m->set) {
		json_null(w);
		return;
	}
	v = kv_sorted(m);
	json_object_begin(w);
	for (size_t i = 0; v[i]; i++)
		json_kstr(w, v[i]->key, str_or_empty(v[i]->value));
	json_object_close(w);
}
