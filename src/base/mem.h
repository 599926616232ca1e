/* SPDX-License-Identifier: Apache-2.0 */
/* Allocation that does not fail: out of memory aborts the program (containers live on under their supervisors). */
#pragma once

#include <stdarg.h>
#include <stddef.h>

#include "base/macros.h"

void *xmalloc(size_t size) __attribute__((malloc, alloc_size(1), returns_nonnull));
void *xcalloc(size_t count, size_t size) __attribute__((malloc, alloc_size(1, 2), returns_nonnull));
void *xrealloc(void *p, size_t size) __attribute__((alloc_size(2), returns_nonnull));
/* Aborts when count * size overflows. */
void *xreallocarray(void *p, size_t count, size_t size) __attribute__((alloc_size(2, 3), returns_nonnull));
/* NULL gives NULL. */
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);
/* Copy of n bytes with a NUL behind. */
char *xmemdup0(const void *p, size_t n);
char *xasprintf(const char *fmt, ...) _printf_(1, 2);
char *xvasprintf(const char *fmt, va_list ap) _printf_(1, 0);
/* Frees what *p holds and stores `value` (owned) in it. */
void free_and_set(char **p, char *value);

#define xnew(type)          ((type *)xcalloc(1, sizeof(type)))
#define xnew_array(type, n) ((type *)xcalloc((n), sizeof(type)))
