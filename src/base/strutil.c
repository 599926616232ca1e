/* SPDX-License-Identifier: Apache-2.0 */
/* Small string questions and strict numbers: see strutil.h. */
#include "base/strutil.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <strings.h>

#include "base/macros.h"

const char *str_after(const char *s, const char *prefix)
{
	size_t n = strlen(prefix);
	return s && strncmp(s, prefix, n) == 0 ? s + n : NULL;
}

bool str_ends(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);
	return n >= m && strcmp(s + n - m, suffix) == 0;
}

static unsigned char ascii_lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

bool str_eq_nocase(const char *a, const char *b)
{
	while (*a && ascii_lower(*a) == ascii_lower(*b)) {
		a++;
		b++;
	}
	return ascii_lower(*a) == ascii_lower(*b);
}

bool str_is_hex(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!((s[i] >= '0' && s[i] <= '9') || (s[i] >= 'a' && s[i] <= 'f')))
			return false;
	return s[n] == 0;
}

bool str_is_digits(const char *s)
{
	if (!*s)
		return false;
	for (; *s; s++)
		if (*s < '0' || *s > '9')
			return false;
	return true;
}

/* Length of the UTF-8 sequence at s, 0 when it is none: no overlong forms, surrogates or values past U+10FFFF. */
static size_t utf8_sequence(const unsigned char *s, size_t n)
{
	if (s[0] < 0x80)
		return 1;
	size_t len = s[0] >= 0xf0 && s[0] <= 0xf4 ? 4 : s[0] >= 0xe0 ? 3 : s[0] >= 0xc2 ? 2 : 0;
	if (s[0] > 0xf4 || !len || len > n)
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) ||
	    (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return len;
}

bool str_is_utf8(const char *s, size_t n)
{
	for (size_t i = 0; i < n;) {
		size_t len = utf8_sequence((const unsigned char *)s + i, n - i);
		if (!len)
			return false;
		i += len;
	}
	return true;
}

bool str_has_control(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return true;
	return false;
}

int parse_u64(const char *s, uint64_t *ret)
{
	if (!s || !str_is_digits(s))
		return -EINVAL;
	uint64_t v = 0;
	for (; *s; s++)
		if (__builtin_mul_overflow(v, 10u, &v) || __builtin_add_overflow(v, (uint64_t)(*s - '0'), &v))
			return -ERANGE;
	*ret = v;
	return 0;
}

int parse_i64(const char *s, int64_t *ret)
{
	if (!s)
		return -EINVAL;
	bool negative = *s == '-';
	uint64_t v;
	int r = parse_u64(s + (negative || *s == '+'), &v);
	if (r < 0)
		return r;
	if (v > (uint64_t)INT64_MAX + negative)
		return -ERANGE;
	*ret = negative ? (int64_t)(0 - v) : (int64_t)v;
	return 0;
}

int parse_u32(const char *s, uint32_t *ret)
{
	uint64_t v;
	int r = parse_u64(s, &v);
	if (r < 0)
		return r;
	if (v > UINT32_MAX)
		return -ERANGE;
	*ret = (uint32_t)v;
	return 0;
}

int parse_i32(const char *s, int32_t *ret)
{
	int64_t v;
	int r = parse_i64(s, &v);
	if (r < 0)
		return r;
	if (v > INT32_MAX || v < INT32_MIN)
		return -ERANGE;
	*ret = (int32_t)v;
	return 0;
}

int parse_id(const char *s, uint32_t *ret)
{
	uint32_t v;
	int r = parse_u32(s, &v);
	if (r < 0)
		return r;
	if (v == UINT32_MAX)
		return -ERANGE;
	*ret = v;
	return 0;
}

bool parse_query_bool(const char *s)
{
	static const char *const no[] = {"", "0", "no", "false", "none"};
	if (!s)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(no); i++)
		if (str_eq_nocase(s, no[i]))
			return false;
	return true;
}

/* A decimal fraction "12", "1.5", ".5" as a double; *end behind it. */
static int parse_fraction(const char *s, double *ret, const char **end)
{
	double v = 0, scale = 1;
	bool digits = false;
	for (; *s >= '0' && *s <= '9'; s++, digits = true)
		v = v * 10 + (*s - '0');
	if (*s == '.')
		for (s++; *s >= '0' && *s <= '9'; s++, digits = true)
			v += (*s - '0') * (scale /= 10);
	if (!digits)
		return -EINVAL;
	*ret = v;
	*end = s;
	return 0;
}

int parse_bytes(const char *s, int64_t *ret)
{
	static const char units[] = "bkmgtp";
	double v;
	const char *end;
	if (!s || parse_fraction(s, &v, &end) < 0)
		return -EINVAL;
	if (*end == ' ')
		end++;
	if (*end) {
		const char *unit = strchr(units, ascii_lower(*end));
		if (!unit)
			return -EINVAL;
		v *= (double)(1ULL << (10 * (unit - units)));
		end++;
		if (unit != units && ascii_lower(*end) == 'i') {
			end++;
			if (ascii_lower(*end) != 'b')
				return -EINVAL;
		}
		if (unit != units && ascii_lower(*end) == 'b')
			end++;
		if (*end)
			return -EINVAL;
	}
	if (v > 9.2e18)
		return -EINVAL;
	*ret = (int64_t)v;
	return 0;
}

int parse_duration(const char *s, int64_t *ret_ns)
{
	static const struct {
		const char *name;
		double ns;
	} units[] = {{"ns", 1},   {"us", 1e3}, {"\xc2\xb5s", 1e3}, {"\xce\xbcs", 1e3},
		     {"ms", 1e6}, {"s", 1e9},  {"m", 60e9},        {"h", 3600e9}};
	if (!s || !*s)
		return -EINVAL;
	bool negative = *s == '-';
	if (*s == '-' || *s == '+')
		s++;
	if (str_eq(s, "0")) {
		*ret_ns = 0;
		return 0;
	}
	double total = 0;
	do {
		double v;
		if (parse_fraction(s, &v, &s) < 0)
			return -EINVAL;
		size_t i;
		for (i = 0; i < ARRAY_SIZE(units); i++) {
			const char *rest = str_after(s, units[i].name);
			/* "m" must not take the m of "ms" */
			if (rest && (!*rest || *rest == '.' || isdigit((unsigned char)*rest))) {
				s = rest;
				break;
			}
		}
		if (i == ARRAY_SIZE(units))
			return -EINVAL;
		total += v * units[i].ns;
	} while (*s);
	if (total > 9.2e18)
		return -EINVAL;
	*ret_ns = (int64_t)(negative ? -total : total);
	return 0;
}

void hex_encode(const uint8_t *p, size_t n, char *out)
{
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < n; i++) {
		out[2 * i] = digits[p[i] >> 4];
		out[2 * i + 1] = digits[p[i] & 15];
	}
	out[2 * n] = 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int hex_decode(const char *s, uint8_t *out, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int hi = hex_digit(s[2 * i]);
		int lo = hi < 0 ? -1 : hex_digit(s[2 * i + 1]);
		if (lo < 0)
			return -EINVAL;
		out[i] = (uint8_t)(hi << 4 | lo);
	}
	return 0;
}
