/* SPDX-License-Identifier: Apache-2.0 */
/* See reference.h. The grammar is that of distribution/reference, read by hand: one function per production, each
 * giving the number of bytes it takes. */
#include "format/oci/reference.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/strutil.h"
#include "format/oci/digest.h"

#define PATH_MAX_LEN 255 /* of the path, as the distribution project has it */
#define TAG_MAX_LEN  128

static bool is_lower_num(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_alnum(char c)
{
	return is_lower_num(c) || (c >= 'A' && c <= 'Z');
}

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool has_upper(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (is_upper(s[i]))
			return true;
	return false;
}

/* alphanumeric (separator alphanumeric)*, separators being . _ __ and any number of dashes */
static size_t scan_path_component(const char *s)
{
	size_t n = 0, sep;

	for (;;) {
		size_t start = n;

		while (is_lower_num(s[n]))
			n++;
		if (n == start)
			return 0;
		sep = 0;
		if (s[n] == '.')
			sep = 1;
		else if (s[n] == '_')
			sep = s[n + 1] == '_' ? 2 : 1;
		else
			sep = strspn(s + n, "-");
		if (!sep || !is_lower_num(s[n + sep]))
			return n;
		n += sep;
	}
}

static size_t scan_path(const char *s)
{
	size_t n = scan_path_component(s), more;

	if (!n)
		return 0;
	while (s[n] == '/' && (more = scan_path_component(s + n + 1)) > 0)
		n += 1 + more;
	return n;
}

static size_t scan_port(const char *s)
{
	size_t n = *s == ':' ? strspn(s + 1, "0123456789") : 0;

	return n ? n + 1 : 0;
}

static size_t scan_domain(const char *s)
{
	size_t n = 0;

	if (*s == '[') {
		n = strspn(s + 1, "0123456789abcdefABCDEF:");
		if (!n || s[n + 1] != ']')
			return 0;
		n += 2;
		return n + scan_port(s + n);
	}
	for (;;) {
		size_t start = n;

		while (is_alnum(s[n]) || s[n] == '-')
			n++;
		if (n == start || s[start] == '-' || s[n - 1] == '-')
			return 0;
		if (s[n] != '.')
			return n + scan_port(s + n);
		n++;
	}
}

bool reference_tag_is_valid(const char *tag)
{
	size_t n = tag ? strlen(tag) : 0;

	if (!n || n > TAG_MAX_LEN || *tag == '.' || *tag == '-')
		return false;
	for (size_t i = 0; i < n; i++)
		if (!is_alnum(tag[i]) && !strchr("_.-", tag[i]))
			return false;
	return true;
}

void reference_done(struct reference *r)
{
	if (!r)
		return;
	free(r->domain);
	free(r->path);
	free(r->tag);
	free(r->digest);
	memset(r, 0, sizeof(*r));
}

/* What stands before the first slash is a domain only when it cannot be a path component of Docker Hub. */
static size_t domain_length(const char *s)
{
	const char *slash = strchr(s, '/');
	size_t n = slash ? (size_t)(slash - s) : 0;

	if (!n)
		return 0;
	if (memchr(s, '.', n) || memchr(s, ':', n) || has_upper(s, n) || (n == 9 && memcmp(s, "localhost", 9) == 0))
		return n;
	return 0;
}

static int parse_digest(const char *s, struct reference *r, struct err *e)
{
	const char *colon = strchr(s, ':');
	size_t hex = colon ? strspn(colon + 1, "0123456789abcdefABCDEF") : 0;

	if (!colon || !isalpha((unsigned char)*s) || hex < 32 || colon[1 + hex])
		return err_set(e, ERR_INVALID, "invalid reference format");
	if (!str_starts(s, DIGEST_PREFIX))
		return err_set(e, ERR_INVALID, "unsupported digest algorithm");
	if (hex != DIGEST_HEX)
		return err_set(e, ERR_INVALID, "invalid checksum digest length");
	if (!digest_is_valid(s))
		return err_set(e, ERR_INVALID, "invalid checksum digest format");
	r->digest = xstrdup(s);
	return 0;
}

static int parse_rest(const char *s, struct reference *r, struct err *e)
{
	const char *at;

	if (*s == ':') {
		at = strchr(s, '@');
		r->tag = at ? xstrndup(s + 1, (size_t)(at - s - 1)) : xstrdup(s + 1);
		if (!reference_tag_is_valid(r->tag))
			return err_set(e, ERR_INVALID, "invalid reference format");
		s = at ? at : "";
	}
	if (*s == '@')
		return parse_digest(s + 1, r, e);
	return *s ? err_set(e, ERR_INVALID, "invalid reference format") : 0;
}

int reference_parse(const char *s, struct reference *ret, struct err *e)
{
	_cleanup_reference_ struct reference r = {0};
	size_t dom, n, name;
	const char *path;

	if (str_empty(s))
		return err_set(e, ERR_INVALID, "invalid reference format");
	if (strlen(s) > LIMIT_REFERENCE)
		return err_set(e, ERR_INVALID, "invalid reference format: it has more than %d characters",
			       LIMIT_REFERENCE);
	if (str_is_hex(s, DIGEST_HEX))
		return err_set(e, ERR_INVALID,
			       "invalid reference format: invalid repository name (%s), cannot specify 64-byte "
			       "hexadecimal strings",
			       s);
	dom = domain_length(s);
	path = dom ? s + dom + 1 : s;
	name = strcspn(path, ":@");
	if (has_upper(path, strcspn(path, ":")))
		return err_set(e, ERR_INVALID, "invalid reference format: repository name (%s%.*s) must be lowercase",
			       dom || strchr(path, '/') ? "" : "library/", (int)strcspn(path, ":"), path);
	if (dom && scan_domain(s) != dom)
		return err_set(e, ERR_INVALID, "invalid reference format");
	n = scan_path(path);
	if (!n || n != name)
		return err_set(e, ERR_INVALID, "invalid reference format");
	r.domain = dom ? xstrndup(s, dom) : xstrdup(REFERENCE_DEFAULT_DOMAIN);
	if (str_eq(r.domain, "index.docker.io"))
		free_and_set(&r.domain, xstrdup(REFERENCE_DEFAULT_DOMAIN));
	if (str_eq(r.domain, REFERENCE_DEFAULT_DOMAIN) && !memchr(path, '/', n))
		r.path = xasprintf("library/%.*s", (int)n, path);
	else
		r.path = xstrndup(path, n);
	if (strlen(r.path) > PATH_MAX_LEN)
		return err_set(e, ERR_INVALID, "repository name must not be more than %d characters", PATH_MAX_LEN);
	if (parse_rest(path + n, &r, e) < 0)
		return -1;
	*ret = r;
	memset(&r, 0, sizeof(r));
	return 0;
}

int reference_parse_repo_tag(const char *repo, const char *tag, struct reference *ret, struct err *e)
{
	_cleanup_reference_ struct reference r = {0};

	if (reference_parse(repo, &r, e) < 0)
		return -1;
	if (r.digest)
		return err_set(e, ERR_INVALID, "cannot import digest reference");
	if (!str_empty(tag)) {
		if (!reference_tag_is_valid(tag))
			return err_set(e, ERR_INVALID, "invalid tag format");
		free_and_set(&r.tag, xstrdup(tag));
	}
	reference_default_tag(&r);
	*ret = r;
	memset(&r, 0, sizeof(r));
	return 0;
}

void reference_default_tag(struct reference *r)
{
	if (!r->tag && !r->digest)
		r->tag = xstrdup(REFERENCE_DEFAULT_TAG);
}

char *reference_name(const struct reference *r)
{
	return xasprintf("%s/%s", r->domain, r->path);
}

static char *with_rest(char *name, const struct reference *r)
{
	char *s = xasprintf("%s%s%s%s%s", name, r->tag ? ":" : "", str_or_empty(r->tag), r->digest ? "@" : "",
			    str_or_empty(r->digest));

	free(name);
	return s;
}

char *reference_full(const struct reference *r)
{
	return with_rest(reference_name(r), r);
}

/* Cut short only where the short form reads as the same name again: docker.io/a.b/c does not, a.b would be a domain. */
char *reference_familiar_name(const struct reference *r)
{
	const char *official;

	if (!str_eq(r->domain, REFERENCE_DEFAULT_DOMAIN) || domain_length(r->path))
		return reference_name(r);
	official = str_after(r->path, "library/");
	return xstrdup(official && !strchr(official, '/') && !str_is_hex(official, DIGEST_HEX) ? official : r->path);
}

char *reference_familiar(const struct reference *r)
{
	return with_rest(reference_familiar_name(r), r);
}

/* One [set]; *p is behind the bracket and moves behind the closing one. -EINVAL for a bad set. */
static int match_set(const char **p, char c)
{
	bool negated = **p == '^', hit = false;
	const char *s = *p + negated;

	do {
		char lo = *s, hi;

		if (lo == '\\')
			lo = *++s;
		if (!lo || (lo == ']' && s[-1] != '\\') || lo == '-')
			return -EINVAL;
		hi = lo;
		s++;
		if (*s == '-') {
			hi = s[1] == '\\' ? s[2] : s[1];
			s += s[1] == '\\' ? 3 : 2;
			if (!hi || hi == ']')
				return -EINVAL;
		}
		hit |= lo <= c && c <= hi;
		if (!*s)
			return -EINVAL;
	} while (*s != ']');
	*p = s + 1;
	return hit != negated;
}

/* Go's path.Match: '*' and '?' do not take a slash. One star is tried again at a time: no blow-up. */
static int glob(const char *p, const char *s)
{
	const char *star = NULL, *again = NULL;

	for (;;) {
		int r = 0;

		if (*p == '*') {
			star = ++p;
			again = s;
			continue;
		}
		if (!*p && !*s)
			return 1;
		if (*p && *s) {
			const char *next = p + 1;

			if (*p == '[')
				r = match_set(&next, *s);
			else if (*p == '?')
				r = *s != '/';
			else if (*p == '\\')
				r = *next++ == *s;
			else
				r = *p == *s;
			if (r < 0)
				return r;
			if (r) {
				p = next;
				s++;
				continue;
			}
		}
		if (!star || !*again || *again == '/')
			return 0;
		s = ++again;
		p = star;
	}
}

int reference_match(const struct reference *r, const char *pattern, bool *ret)
{
	_cleanup_free_ char *whole = reference_familiar(r);
	_cleanup_free_ char *name = reference_familiar_name(r);
	const char *bracket = strchr(pattern, '[');
	int a, b;

	if (strlen(pattern) > LIMIT_REFERENCE || (bracket && !strchr(bracket, ']')))
		return -EINVAL;
	a = glob(pattern, whole);
	b = glob(pattern, name);
	if (a < 0 || b < 0)
		return -EINVAL;
	*ret = a || b;
	return 0;
}
