/* SPDX-License-Identifier: Apache-2.0 */
/* Time as signed nanoseconds. Intervals use the monotonic clock, records the real-time one. */
#pragma once

#include <stdint.h>

#define NS_PER_SEC 1000000000LL
#define NS_PER_MS  1000000LL

int64_t clock_realtime_ns(void);  /* since 1970-01-01T00:00:00Z */
int64_t clock_monotonic_ns(void); /* since boot; does not jump */

#define RFC3339_MAX 40
/* Go's RFC3339Nano in UTC: trailing zeros cut. ns == 0 gives Go's zero time 0001-01-01T00:00:00Z. */
void clock_format_rfc3339(int64_t ns, char out[RFC3339_MAX]);
/* Always nine digits, as log timestamps have them. */
void clock_format_rfc3339_fixed(int64_t ns, char out[RFC3339_MAX]);
/* Any offset and 0..9 digits; the zero time gives 0. 0 or -EINVAL. */
int clock_parse_rfc3339(const char *s, int64_t *ret_ns);
/* Docker's time arguments: unix seconds with fraction, RFC3339 (also without zone or time), or a Go duration before
 * now. 0 or -EINVAL. */
int clock_parse_docker(const char *s, int64_t now_ns, int64_t *ret_ns);
