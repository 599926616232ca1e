/* SPDX-License-Identifier: Apache-2.0 */
/* Which route a request is for: version prefix, patterns. Pure code. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "api/api_priv.h"
#include "base/mem.h"
#include "base/strutil.h"

int api_version_cut(const char **path, char text[16])
{
	const char *p = *path;
	size_t n;
	unsigned long major, minor;
	char *end;

	text[0] = '\0';
	if (p[0] != '/' || p[1] != 'v')
		return API_VERSION_MAX;
	n = strspn(p + 2, "0123456789.");
	if (n == 0 || p[2 + n] != '/')
		return API_VERSION_MAX;
	if (n > 15)
		n = 15; /* the text is only shown; whatever is so long is no version */
	memcpy(text, p + 2, n);
	text[n] = '\0';
	*path = strchr(p + 2, '/');
	major = strtoul(text, &end, 10);
	minor = *end == '.' ? strtoul(end + 1, &end, 10) : 0;
	if (major > 9 || minor > 99)
		return 9999;
	return (int)(major * 100 + minor);
}

bool api_host_is_local(const char *host)
{
	_cleanup_free_ char *name = NULL;
	unsigned char b[16];

	if (*host == '[') {
		name = xstrndup(host + 1, strcspn(host + 1, "]"));
		return inet_pton(AF_INET6, name, b) == 1;
	}
	name = xstrndup(host, strcspn(host, ":"));
	return str_eq_nocase(name, "localhost") || inet_pton(AF_INET, name, b) == 1;
}

/* Length of the {name} or {name...} at p, 0 when there is none; *rest tells them apart. */
static size_t placeholder(const char *p, bool *rest)
{
	const char *end;

	if (*p != '{')
		return 0;
	end = strchr(p, '}');
	*rest = strncmp(end - 3, "...", 3) == 0;
	return (size_t)(end - p) + 1;
}

static bool pattern_match(const char *pattern, const char *path, const char *starts[], size_t lens[], size_t *n)
{
	bool rest = false;
	size_t len;

	while (*pattern && *pattern != '{') {
		if (*pattern++ != *path++)
			return false;
	}
	if (!*pattern)
		return !*path;
	len = placeholder(pattern, &rest);
	ASSERT(*n < API_ARGS_MAX);
	if (!rest) {
		size_t name = strcspn(path, "/");

		if (name == 0)
			return false;
		starts[*n] = path;
		lens[(*n)++] = name;
		return pattern_match(pattern + len, path + name, starts, lens, n);
	}
	/* As much as possible, at least one byte, so that the rest of the pattern still fits. */
	for (size_t name = strlen(path); name > 0; name--) {
		size_t before = *n;

		starts[*n] = path;
		lens[(*n)++] = name;
		if (pattern_match(pattern + len, path + name, starts, lens, n))
			return true;
		*n = before;
	}
	return false;
}

const struct api_route *api_route_find(const char *method, const char *path, char *args[API_ARGS_MAX])
{
	for (size_t t = 0; api_route_tables[t]; t++) {
		for (const struct api_route *r = api_route_tables[t]; r->method; r++) {
			const char *starts[API_ARGS_MAX];
			size_t lens[API_ARGS_MAX], n = 0;

			if (strcmp(r->method, method) != 0 || !pattern_match(r->pattern, path, starts, lens, &n))
				continue;
			for (size_t i = 0; i < n; i++)
				args[i] = xstrndup(starts[i], lens[i]);
			return r;
		}
	}
	return NULL;
}
