/* SPDX-License-Identifier: Apache-2.0 */
/* NULL-terminated string vectors: see strv.h. */
#include "base/strv.h"

#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/strutil.h"

size_t strv_len(char *const *v)
{
	size_t n = 0;
	while (v && v[n])
		n++;
	return n;
}

char **strv_new(void)
{
	return xnew_array(char *, 1);
}

void strv_free(char **v)
{
	if (!v)
		return;
	for (char **s = v; *s; s++)
		free(*s);
	free(v);
}

char **strv_dup(char *const *v)
{
	if (!v)
		return NULL;
	size_t n = strv_len(v);
	char **copy = xnew_array(char *, n + 1);
	for (size_t i = 0; i < n; i++)
		copy[i] = xstrdup(v[i]);
	return copy;
}

void strv_push(char ***v, char *s)
{
	size_t n = strv_len(*v);
	*v = xreallocarray(*v, n + 2, sizeof(char *));
	(*v)[n] = s;
	(*v)[n + 1] = NULL;
}

void strv_add(char ***v, const char *s)
{
	strv_push(v, xstrdup(s));
}

void strv_addf(char ***v, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	strv_push(v, xvasprintf(fmt, ap));
	va_end(ap);
}

void strv_extend(char ***v, char *const *more)
{
	STRV_FOREACH (s, more)
		strv_add(v, *s);
}

bool strv_contains(char *const *v, const char *s)
{
	STRV_FOREACH (it, v)
		if (str_eq(*it, s))
			return true;
	return false;
}

bool strv_equal(char *const *a, char *const *b)
{
	size_t n = strv_len(a);
	if (n != strv_len(b))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!str_eq(a[i], b[i]))
			return false;
	return true;
}

char **strv_split(const char *s, char sep)
{
	char **v = NULL;
	for (;;) {
		const char *end = strchr(s, sep);
		if (!end)
			break;
		strv_push(&v, xmemdup0(s, (size_t)(end - s)));
		s = end + 1;
	}
	strv_add(&v, s);
	return v;
}

char *strv_join(char *const *v, const char *sep)
{
	struct strbuf sb = STRBUF_INIT;
	STRV_FOREACH (s, v) {
		if (s != v)
			strbuf_add_str(&sb, sep);
		strbuf_add_str(&sb, *s);
	}
	return strbuf_steal(&sb);
}

static int compare_strings(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void strv_sort(char **v)
{
	size_t n = strv_len(v);
	if (n > 1)
		qsort(v, n, sizeof(*v), compare_strings);
}

static char **env_find(char *const *env, const char *key, size_t n)
{
	for (char *const *s = env; s && *s; s++)
		if (strncmp(*s, key, n) == 0 && (*s)[n] == '=')
			return (char **)s;
	return NULL;
}

const char *strv_env_get(char *const *env, const char *key)
{
	size_t n = strlen(key);
	char **s = env_find(env, key, n);
	return s ? *s + n + 1 : NULL;
}

void strv_env_set(char ***env, const char *assignment)
{
	const char *eq = strchr(assignment, '=');
	size_t n = eq ? (size_t)(eq - assignment) : strlen(assignment);
	char **s = env_find(*env, assignment, n);
	if (!eq) {
		if (!s)
			return;
		free(*s);
		for (; *s; s++)
			s[0] = s[1];
	} else if (s) {
		free_and_set(s, xstrdup(assignment));
	} else {
		strv_add(env, assignment);
	}
}
