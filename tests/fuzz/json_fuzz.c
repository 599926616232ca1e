/* SPDX-License-Identifier: Apache-2.0 */
/* JSON from anyone: whatever parses must print to text that parses to the same print, and decode or refuse by field
 * table. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "format/json/json.h"

struct item {
	char *name;
	struct json_array list;
	char **v;
	struct json_kv kv, set;
	int64_t i, *ip;
	bool *bp;
	char *raw;
	double d;
};
static const struct json_field inner_fields[] = {
	{"Name", JSON_T_STR, offsetof(struct item, name), 0, NULL, 0},
	{"V", JSON_T_STR_OR_STRV, offsetof(struct item, v), 0, NULL, 0},
	{0},
};
static const struct json_field item_fields[] = {
	{"Name", JSON_T_STR, offsetof(struct item, name), 0, NULL, 0},
	{"List", JSON_T_OBJ_ARRAY, offsetof(struct item, list), 0, inner_fields, sizeof(struct item)},
	{"V", JSON_T_STRV, offsetof(struct item, v), 0, NULL, 0},
	{"KV", JSON_T_KV, offsetof(struct item, kv), 0, NULL, 0},
	{"Set", JSON_T_SET, offsetof(struct item, set), 0, NULL, 0},
	{"I", JSON_T_INT, offsetof(struct item, i), 0, NULL, 0},
	{"IP", JSON_T_INT_PTR, offsetof(struct item, ip), 0, NULL, 0},
	{"BP", JSON_T_BOOL_PTR, offsetof(struct item, bp), 0, NULL, 0},
	{"Raw", JSON_T_RAW, offsetof(struct item, raw), 0, NULL, 0},
	{"D", JSON_T_DOUBLE, offsetof(struct item, d), 0, NULL, 0},
	{0},
};

static char *print(json_object *v)
{
	struct strbuf sb = STRBUF_INIT;
	struct json_writer w;

	json_writer_init(&w, &sb);
	json_tree(&w, v);
	return strbuf_steal(&sb);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_object *v = NULL, *again = NULL;
	struct item it = {0}, copy = {0};
	struct err e = ERR_INIT;
	char *a, *b;

	if (json_parse((const char *)data, size, &v, &e) < 0)
		return 0;
	a = print(v);
	if (json_parse(a, strlen(a), &again, &e) < 0)
		abort();
	b = print(again);
	if (strcmp(a, b) != 0)
		abort();
	if (json_fields_decode(v, "Item", item_fields, &it, &e) == 0) {
		struct strbuf sb = STRBUF_INIT;
		struct json_writer w;

		json_fields_copy(item_fields, &copy, &it);
		json_writer_init(&w, &sb);
		json_object_begin(&w);
		json_fields_write(&w, item_fields, &copy);
		json_object_close(&w);
		json_object_put(again);
		again = NULL;
		if (json_parse(sb.data, sb.len, &again, &e) < 0)
			abort();
		strbuf_done(&sb);
	}
	json_fields_done(item_fields, &it);
	json_fields_done(item_fields, &copy);
	json_object_put(again);
	json_object_put(v);
	free(a);
	free(b);
	return 0;
}
