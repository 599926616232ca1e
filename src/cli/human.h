/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers and texts for people, as docker prints them. Returned strings are owned by the caller. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"

/* "About an hour", "3 days", "Less than a second"; negative durations count as none. */
char *human_duration(int64_t ns);
/* Decimal units, `digits` significant ones: "1.23MB". */
char *human_size(double bytes, int digits);
/* Binary units, four digits: "1.953GiB". */
char *human_bytes(double bytes);
/* At most `width` columns with "…" at the end of what was cut. */
char *human_ellipsis(const char *s, size_t width);
/* The 12 digits of an id, without "sha256:". */
char *human_short_id(const char *id);
/* Columns a terminal uses for s: code points, wide ones twice. */
size_t human_width(const char *s, size_t n);
/* 0 when the text holds no terminal control; otherwise appended with controls as \xNN and direction marks as \u{NNNN}
 * (rule D26). Newline and tab stay. */
void human_escape(struct strbuf *out, const char *s, size_t n);
/* Local time as Go prints it: "2006-01-02 15:04:05 -0700 MST". */
char *human_time(int64_t ns);
