/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks and the time texts of Docker's API: see clock.h. */
#include "base/clock.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/macros.h"
#include "base/strutil.h"

static int64_t clock_ns(clockid_t id)
{
	struct timespec ts;
	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * NS_PER_SEC + ts.tv_nsec;
}

int64_t clock_realtime_ns(void)
{
	return clock_ns(CLOCK_REALTIME);
}

int64_t clock_monotonic_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

/* Seconds and a non-negative rest. */
static int64_t split_ns(int64_t ns, int64_t *rest)
{
	int64_t sec = ns / NS_PER_SEC;
	*rest = ns % NS_PER_SEC;
	if (*rest < 0) {
		*rest += NS_PER_SEC;
		sec--;
	}
	return sec;
}

static int format_seconds(int64_t sec, char out[RFC3339_MAX])
{
	time_t t = (time_t)sec;
	struct tm tm;
	gmtime_r(&t, &tm);
	return snprintf(out, RFC3339_MAX, "%04d-%02d-%02dT%02d:%02d:%02d", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
			tm.tm_hour, tm.tm_min, tm.tm_sec);
}

void clock_format_rfc3339_fixed(int64_t ns, char out[RFC3339_MAX])
{
	int64_t rest, sec = split_ns(ns, &rest);
	int n = format_seconds(sec, out);
	snprintf(out + n, RFC3339_MAX - (size_t)n, ".%09dZ", (int)rest);
}

void clock_format_rfc3339(int64_t ns, char out[RFC3339_MAX])
{
	if (!ns) {
		snprintf(out, RFC3339_MAX, "0001-01-01T00:00:00Z");
		return;
	}
	clock_format_rfc3339_fixed(ns, out);
	char *p = strchr(out, 'Z') - 1;
	while (*p == '0')
		p--;
	if (*p != '.')
		p++;
	p[0] = 'Z';
	p[1] = 0;
}

/* n digits as a number, or -1. */
static int take_digits(const char **s, int n)
{
	int v = 0;
	for (int i = 0; i < n; i++, (*s)++) {
		if (**s < '0' || **s > '9')
			return -1;
		v = v * 10 + (**s - '0');
	}
	return v;
}

/* ".123456789" (up to nine digits, more are cut); 0 when there is none. */
static int take_fraction(const char **s, int64_t *ret)
{
	*ret = 0;
	if (**s != '.')
		return 0;
	(*s)++;
	int64_t scale = NS_PER_SEC;
	if (**s < '0' || **s > '9')
		return -EINVAL;
	for (; **s >= '0' && **s <= '9'; (*s)++)
		if (scale > 1)
			*ret += (**s - '0') * (scale /= 10);
	return 0;
}

static int take_zone(const char **s, int64_t *ret_seconds)
{
	*ret_seconds = 0;
	if (**s == 'Z' || **s == 'z') {
		(*s)++;
		return 0;
	}
	if (**s != '+' && **s != '-')
		return -EINVAL;
	int sign = **s == '-' ? -1 : 1;
	(*s)++;
	int h = take_digits(s, 2);
	if (h < 0 || *(*s)++ != ':')
		return -EINVAL;
	int m = take_digits(s, 2);
	if (m < 0 || h > 23 || m > 59)
		return -EINVAL;
	*ret_seconds = sign * (h * 3600 + m * 60);
	return 0;
}

/* Date, then optionally time, fraction and zone; what may be missing is up to `loose`. */
static int parse_date(const char *s, bool loose, int64_t *ret_ns)
{
	struct tm tm = {0};
	int64_t fraction = 0, zone = 0;
	int y = take_digits(&s, 4);
	if (y < 0 || *s++ != '-')
		return -EINVAL;
	int mon = take_digits(&s, 2);
	if (mon < 1 || mon > 12 || *s++ != '-')
		return -EINVAL;
	int d = take_digits(&s, 2);
	if (d < 1 || d > 31)
		return -EINVAL;
	tm.tm_year = y - 1900;
	tm.tm_mon = mon - 1;
	tm.tm_mday = d;
	if (*s == 'T' || *s == 't') {
		s++;
		tm.tm_hour = take_digits(&s, 2);
		if (tm.tm_hour < 0 || tm.tm_hour > 23)
			return -EINVAL;
		if (*s == ':') {
			s++;
			tm.tm_min = take_digits(&s, 2);
			if (tm.tm_min < 0 || tm.tm_min > 59)
				return -EINVAL;
		} else if (!loose) {
			return -EINVAL;
		}
		if (*s == ':') {
			s++;
			tm.tm_sec = take_digits(&s, 2);
			if (tm.tm_sec < 0 || tm.tm_sec > 60)
				return -EINVAL;
		} else if (!loose) {
			return -EINVAL;
		}
		if (take_fraction(&s, &fraction) < 0)
			return -EINVAL;
	} else if (!loose) {
		return -EINVAL;
	}
	if (*s || !loose)
		if (take_zone(&s, &zone) < 0)
			return -EINVAL;
	if (*s)
		return -EINVAL;
	if (y == 1 && mon == 1 && d == 1) { /* Go's zero time */
		*ret_ns = 0;
		return 0;
	}
	if (y < 1678 || y > 2261) /* what int64 nanoseconds hold */
		return -EINVAL;
	*ret_ns = ((int64_t)timegm(&tm) - zone) * NS_PER_SEC + fraction;
	return 0;
}

int clock_parse_rfc3339(const char *s, int64_t *ret_ns)
{
	return s ? parse_date(s, false, ret_ns) : -EINVAL;
}

int clock_parse_docker(const char *s, int64_t now_ns, int64_t *ret_ns)
{
	if (!s || !*s)
		return -EINVAL;
	const char *p = s + (*s == '-');
	size_t digits = strspn(p, "0123456789");
	if (digits && (!p[digits] || p[digits] == '.') && digits <= 10) {
		int64_t sec = 0, fraction = 0;
		for (size_t i = 0; i < digits; i++)
			sec = sec * 10 + (p[i] - '0');
		const char *rest = p + digits;
		if (take_fraction(&rest, &fraction) == 0 && !*rest && sec < INT64_MAX / NS_PER_SEC) {
			int64_t ns = sec * NS_PER_SEC + fraction;
			*ret_ns = *s == '-' ? -ns : ns;
			return 0;
		}
		return -EINVAL;
	}
	int64_t ago;
	if (parse_duration(s, &ago) == 0) {
		*ret_ns = now_ns - ago;
		return 0;
	}
	return parse_date(s, true, ret_ns);
}
