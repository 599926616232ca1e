/* SPDX-License-Identifier: Apache-2.0 */
/* Sizes, durations, shortened texts. No I/O. */
#include "cli/human.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/strutil.h"

char *human_duration(int64_t ns)
{
	int64_t s = ns / NS_PER_SEC, m = s / 60;
	int64_t h = (int64_t)((double)ns / (double)NS_PER_SEC / 3600 + 0.5);

	if (s < 1)
		return xstrdup("Less than a second");
	if (s == 1)
		return xstrdup("1 second");
	if (s < 60)
		return xasprintf("%lld seconds", (long long)s);
	if (m == 1)
		return xstrdup("About a minute");
	if (m < 60)
		return xasprintf("%lld minutes", (long long)m);
	if (h == 1)
		return xstrdup("About an hour");
	if (h < 48)
		return xasprintf("%lld hours", (long long)h);
	if (h < 24 * 7 * 2)
		return xasprintf("%lld days", (long long)(h / 24));
	if (h < 24 * 30 * 2)
		return xasprintf("%lld weeks", (long long)(h / 24 / 7));
	if (h < 24 * 365 * 2)
		return xasprintf("%lld months", (long long)(h / 24 / 30));
	return xasprintf("%lld years", (long long)(s / 3600 / 24 / 365));
}

static char *scaled(double v, double base, const char *const *units, size_t n, int digits)
{
	size_t i = 0;

	for (; v >= base && i + 1 < n; i++)
		v /= base;
	return xasprintf("%.*g%s", digits, v, units[i]);
}

char *human_size(double bytes, int digits)
{
	static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"};

	return scaled(bytes, 1000, units, ARRAY_SIZE(units), digits);
}

char *human_bytes(double bytes)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"};

	return scaled(bytes, 1024, units, ARRAY_SIZE(units), 4);
}

/* One code point at s (n > 0 bytes left); invalid bytes count as themselves. */
static size_t next_rune(const char *s, size_t n, uint32_t *ret)
{
	unsigned char c = (unsigned char)s[0];
	size_t len = c < 0x80 ? 1 : c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1;
	uint32_t v = len == 1 ? c : c & (0xffu >> (len + 1));

	if (len > n)
		len = 1;
	for (size_t i = 1; i < len; i++) {
		if (((unsigned char)s[i] & 0xc0) != 0x80) {
			*ret = c;
			return 1;
		}
		v = v << 6 | ((unsigned char)s[i] & 0x3f);
	}
	*ret = v;
	return len;
}

static bool is_wide(uint32_t c)
{
	return (c >= 0x1100 && c <= 0x115f) || (c >= 0x2e80 && c <= 0xa4cf) || (c >= 0xac00 && c <= 0xd7a3) ||
	       (c >= 0xf900 && c <= 0xfaff) || (c >= 0xfe30 && c <= 0xfe6f) || (c >= 0xff00 && c <= 0xff60) ||
	       (c >= 0xffe0 && c <= 0xffe6) || (c >= 0x1f300 && c <= 0x1faff) || (c >= 0x20000 && c <= 0x3fffd);
}

size_t human_width(const char *s, size_t n)
{
	size_t width = 0;
	uint32_t c;

	for (size_t i = 0; i < n; width += is_wide(c) ? 2 : 1)
		i += next_rune(s + i, n - i, &c);
	return width;
}

char *human_ellipsis(const char *s, size_t width)
{
	size_t n = strlen(s), used = 0, i = 0;
	uint32_t c;

	if (width == 0)
		return xstrdup("");
	if (human_width(s, n) <= width)
		return xstrdup(s);
	if (width == 1)
		return xstrndup(s, next_rune(s, n, &c));
	while (i < n) {
		size_t len = next_rune(s + i, n - i, &c), w = is_wide(c) ? 2 : 1;

		if (used + w > width - 1)
			break;
		used += w;
		i += len;
	}
	return xasprintf("%.*s\xe2\x80\xa6", (int)i, s);
}

char *human_short_id(const char *id)
{
	const char *hex = strchr(id, ':');

	return xstrndup(hex ? hex + 1 : id, 12);
}

static bool is_direction_mark(uint32_t c)
{
	return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || (c >= 0x80 && c < 0xa0) || c == 0x200e ||
	       c == 0x200f;
}

void human_escape(struct strbuf *out, const char *s, size_t n)
{
	size_t len;

	for (size_t i = 0; i < n; i += len) {
		uint32_t c;

		len = next_rune(s + i, n - i, &c);
		if (len == 1 && (c < 0x20 || c == 0x7f || c >= 0x80) && c != '\n' && c != '\t')
			strbuf_addf(out, "\\x%02x", c);
		else if (len > 1 && is_direction_mark(c))
			strbuf_addf(out, "\\u{%04x}", c);
		else
			strbuf_add(out, s + i, len);
	}
}

char *human_time(int64_t ns)
{
	time_t t = (time_t)(ns / NS_PER_SEC);
	struct tm tm;
	char s[64];

	localtime_r(&t, &tm);
	strftime(s, sizeof(s), "%Y-%m-%d %H:%M:%S %z %Z", &tm);
	return xstrdup(s);
}
