/* SPDX-License-Identifier: Apache-2.0 */
/* Small string questions and strict number parsing. No locale, no allocation unless said. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline bool str_eq(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}
static inline bool str_empty(const char *s)
{
	return !s || !*s;
}
/* "" for NULL. */
static inline const char *str_or_empty(const char *s)
{
	return s ? s : "";
}
/* The rest behind the prefix, or NULL. */
const char *str_after(const char *s, const char *prefix);
static inline bool str_starts(const char *s, const char *prefix)
{
	return str_after(s, prefix) != NULL;
}
bool str_ends(const char *s, const char *suffix);
bool str_eq_nocase(const char *a, const char *b); /* ASCII */
bool str_is_hex(const char *s, size_t n);         /* n lower-case hex digits and no more */
bool str_is_digits(const char *s);                /* one or more */
bool str_is_utf8(const char *s, size_t n);
bool str_has_control(const char *s); /* a byte < 0x20 or 0x7f */

/* Whole-string decimal; no sign for the unsigned ones, no blanks, no overflow. 0, or -EINVAL / -ERANGE. */
int parse_u64(const char *s, uint64_t *ret);
int parse_i64(const char *s, int64_t *ret);
int parse_u32(const char *s, uint32_t *ret);
int parse_i32(const char *s, int32_t *ret);
/* 0 .. 2^32-2 (rule D10): 2^32-1 is "no id" to the kernel. */
int parse_id(const char *s, uint32_t *ret);
/* Docker's query booleans: "", "0", "no", "false", "none" (any case) and NULL are false, the rest is true. */
bool parse_query_bool(const char *s);
/* "64m", "1.5GiB", "1024": bytes, binary units in any spelling docker/go-units takes. 0 or -EINVAL. */
int parse_bytes(const char *s, int64_t *ret);
/* Go durations: "1h2m3.5s", "100ms", "-1s". Nanoseconds. 0 or -EINVAL. */
int parse_duration(const char *s, int64_t *ret_ns);

/* Lower-case hex of n bytes into out (2n + 1). */
void hex_encode(const uint8_t *p, size_t n, char *out);
/* n bytes of 2n hex digits. 0 or -EINVAL. */
int hex_decode(const char *s, uint8_t *out, size_t n);
