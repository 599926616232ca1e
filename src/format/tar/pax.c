/* SPDX-License-Identifier: Apache-2.0 */
/* Pax extended headers: "LENGTH KEY=VALUE\n" records, read as Go's archive/tar reads them. See header.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/strutil.h"
#include "format/tar/header.h"
#include "format/tar/tar.h"

#define XATTR_PREFIX    "SCHILY.xattr."
#define XATTRS_MAX      256
#define XATTR_NAME_MAX_ 255

static void xattrs_free(struct tar_xattr *x, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(x[i].name);
		free(x[i].value);
	}
	free(x);
}

void tar_pax_done(struct tar_pax *p)
{
	free(p->path);
	free(p->linkpath);
	free(p->uname);
	free(p->gname);
	free(p->sparse_name);
	free(p->sparse_map);
	free(p->map);
	xattrs_free(p->xattrs, p->n_xattrs);
	memset(p, 0, sizeof(*p));
}

static int parse_time(const char *s, int64_t *ret_s, uint32_t *ret_ns)
{
	const char *dot = strchr(s, '.');
	_cleanup_free_ char *whole = dot ? xstrndup(s, (size_t)(dot - s)) : xstrdup(s);
	bool negative = *s == '-';
	uint32_t ns = 0, scale = 100000000;
	int64_t sec;

	if (parse_i64(whole, &sec) < 0)
		return -EPROTO;
	for (const char *p = dot ? dot + 1 : ""; *p; p++, scale /= 10) {
		if (*p < '0' || *p > '9')
			return -EPROTO;
		ns += (uint32_t)(*p - '0') * scale; /* scale becomes 0: more digits are cut */
	}
	if (negative && ns) { /* -1.25 is 0.75 s after -2 */
		if (sec == INT64_MIN)
			return -EPROTO;
		sec--;
		ns = 1000000000u - ns;
	}
	*ret_s = sec;
	*ret_ns = ns;
	return 0;
}

static int number(const char *s, int64_t *ret)
{
	return parse_i64(s, ret) < 0 ? -EPROTO : 0;
}

static int set_text(char **to, const char *value, size_t n)
{
	if (memchr(value, 0, n))
		return -EPROTO;
	if (n >= LIMIT_TAR_PATH)
		return -E2BIG;
	free_and_set(to, *value ? xstrdup(value) : NULL);
	return 0;
}

static int add_xattr(struct tar_pax *p, const char *name, const char *value, size_t n)
{
	if (!*name || strlen(name) > XATTR_NAME_MAX_)
		return -EPROTO;
	for (size_t i = 0; i < p->n_xattrs; i++)
		if (str_eq(p->xattrs[i].name, name)) {
			free(p->xattrs[i].value);
			p->xattrs[i].value = xmemdup0(value, n);
			p->xattrs[i].len = n;
			return 0;
		}
	if (p->n_xattrs == XATTRS_MAX)
		return -E2BIG;
	p->xattrs = xreallocarray(p->xattrs, p->n_xattrs + 1, sizeof(*p->xattrs));
	p->xattrs[p->n_xattrs++] = (struct tar_xattr){.name = xstrdup(name), .value = xmemdup0(value, n), .len = n};
	return 0;
}

/* Format 0.0 has one record per number: offset and numbytes in turn. */
static int add_extent(struct tar_pax *p, bool is_offset, const char *value)
{
	int64_t v;

	if (number(value, &v) < 0 || (is_offset ? p->n_map != p->n_numbytes : p->n_map != p->n_numbytes + 1))
		return -EPROTO;
	if (!is_offset) {
		p->map[p->n_numbytes++].size = v;
		return 0;
	}
	if (p->n_map == LIMIT_TAR_SPARSE)
		return -E2BIG;
	if ((p->n_map & (p->n_map - 1)) == 0)
		p->map = xreallocarray(p->map, p->n_map ? 2 * p->n_map : 1, sizeof(*p->map));
	p->map[p->n_map++] = (struct tar_extent){.offset = v};
	return 0;
}

static int sparse_record(struct tar_pax *p, const char *key, const char *value, size_t n)
{
	p->sparse = true;
	if (str_eq(key, "major"))
		return number(value, &p->sparse_major);
	if (str_eq(key, "minor"))
		return number(value, &p->sparse_minor);
	if (str_eq(key, "name"))
		return set_text(&p->sparse_name, value, n);
	if (str_eq(key, "size") || str_eq(key, "realsize")) {
		p->has_real_size = true;
		return number(value, &p->real_size);
	}
	if (str_eq(key, "map")) {
		if (memchr(value, 0, n))
			return -EPROTO;
		free_and_set(&p->sparse_map, xstrdup(value));
		return 0;
	}
	if (str_eq(key, "offset") || str_eq(key, "numbytes"))
		return add_extent(p, *key == 'o', value);
	return 0;
}

static int record(struct tar_pax *p, const char *key, const char *value, size_t n)
{
	const char *rest;

	if ((rest = str_after(key, XATTR_PREFIX)))
		return add_xattr(p, rest, value, n);
	if ((rest = str_after(key, "GNU.sparse.")))
		return sparse_record(p, rest, value, n);
	if (str_eq(key, "path"))
		return set_text(&p->path, value, n);
	if (str_eq(key, "linkpath"))
		return set_text(&p->linkpath, value, n);
	if (str_eq(key, "uname"))
		return set_text(&p->uname, value, n);
	if (str_eq(key, "gname"))
		return set_text(&p->gname, value, n);
	if (!n)
		return 0; /* an empty value takes back an earlier one; the header's own then holds */
	if (str_eq(key, "size"))
		return p->has_size = true, number(value, &p->size);
	if (str_eq(key, "uid"))
		return p->has_uid = true, number(value, &p->uid);
	if (str_eq(key, "gid"))
		return p->has_gid = true, number(value, &p->gid);
	if (str_eq(key, "mtime"))
		return p->has_mtime = true, parse_time(value, &p->mtime_s, &p->mtime_ns);
	return 0;
}

int tar_pax_parse(struct tar_pax *p, const char *text, size_t n)
{
	_cleanup_free_ char *copy = xmemdup0(text, n);
	char *at = copy;

	while (n) {
		char *space = memchr(at, ' ', n), *eq;
		uint32_t len;
		size_t head;
		int r;

		if (!space || space - at > 9)
			return -EPROTO;
		*space = 0;
		head = (size_t)(space - at) + 1;
		if (parse_u32(at, &len) < 0 || len <= head || len > n || at[len - 1] != '\n')
			return -EPROTO;
		at[len - 1] = 0;
		eq = memchr(space + 1, '=', len - head);
		if (!eq || eq == space + 1)
			return -EPROTO;
		*eq = 0;
		if (strlen(space + 1) != (size_t)(eq - space - 1))
			return -EPROTO; /* a NUL in the key */
		r = record(p, space + 1, eq + 1, len - (size_t)(eq - at) - 2);
		if (r < 0)
			return r;
		at += len;
		n -= len;
	}
	return 0;
}

int tar_sparse_map_parse(const char *text, struct tar_extent **ret, size_t *ret_n)
{
	struct tar_extent *map = NULL;
	size_t n = 0, numbers = 0;

	while (*text) {
		size_t len = strcspn(text, ",");
		_cleanup_free_ char *word = xstrndup(text, len);
		int64_t v;

		if (number(word, &v) < 0) {
			free(map);
			return -EPROTO;
		}
		if (n == LIMIT_TAR_SPARSE && numbers % 2 == 0) {
			free(map);
			return -E2BIG;
		}
		if (numbers++ % 2) {
			map[n - 1].size = v;
		} else {
			if ((n & (n - 1)) == 0)
				map = xreallocarray(map, n ? 2 * n : 1, sizeof(*map));
			map[n++] = (struct tar_extent){.offset = v};
		}
		text += len + (text[len] == ',');
	}
	if (numbers % 2) {
		free(map);
		return -EPROTO;
	}
	*ret = map;
	*ret_n = n;
	return 0;
}
