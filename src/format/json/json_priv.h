/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shared inside format/json only: string maps without a look-up per key, and freeing one member of a struct described
 * by a field table.
 */
#pragma once

#include "format/json/json.h"

/* Adds without looking for the key. */
void kv_append(struct json_kv *m, const char *key, const char *value);
/* The items by key, NULL-terminated; only the array is owned. */
const struct json_kv_item **kv_sorted(const struct json_kv *m);
/* Frees one member and makes it empty. */
void field_done(const struct json_field *f, void *p);
void array_done(const struct json_field *f, struct json_array *a);
