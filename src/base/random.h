/* SPDX-License-Identifier: Apache-2.0 */
/* Random bytes and identifiers from getrandom(2). */
#pragma once

#include <stddef.h>

#define ID_LEN 64
/* 64 lower-case hex digits; never one whose first 12 are all decimal digits, as Docker avoids. out is ID_LEN + 1. */
void random_id(char *out);
void random_bytes(void *p, size_t n);
