/* SPDX-License-Identifier: Apache-2.0 */
/* NULL-terminated arrays of owned strings. NULL is a valid empty vector for every function but says "null" in JSON. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/macros.h"

size_t strv_len(char *const *v);
/* An empty, allocated vector: "[]" in JSON. */
char **strv_new(void);
void strv_free(char **v);
char **strv_dup(char *const *v);
/* Appends a copy; *v may be NULL. */
void strv_add(char ***v, const char *s);
/* Appends and owns s. */
void strv_push(char ***v, char *s);
void strv_addf(char ***v, const char *fmt, ...) _printf_(2, 3);
/* Appends copies of all of `more`. */
void strv_extend(char ***v, char *const *more);
bool strv_contains(char *const *v, const char *s);
bool strv_equal(char *const *a, char *const *b);
/* Splits at every `sep`; empty parts are kept. "" gives one empty part. */
char **strv_split(const char *s, char sep);
char *strv_join(char *const *v, const char *sep);
void strv_sort(char **v);

/* KEY=VALUE vectors: the value of key, borrowed, or NULL. */
const char *strv_env_get(char *const *env, const char *key);
/* Replaces KEY=... or appends; assignment without '=' removes KEY. */
void strv_env_set(char ***env, const char *assignment);

DEFINE_CLEANUP(char *, strv_free)
#define _cleanup_strv_     _cleanup_(strv_free_p)
#define STRV_FOREACH(s, v) for (char *const *s = (v); s && *s; s++)
