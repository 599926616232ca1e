/* SPDX-License-Identifier: Apache-2.0 */
/* The parser of passwd lines, fuzzed and unit-tested. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct passwd_entry {
	const char *name, *home; /* point into the text */
	uint32_t uid, gid;
};
/* The first entry with that name, or with that uid when name is NULL. Cuts the text into strings. */
bool passwd_find(char *text, const char *name, const uint32_t *uid, struct passwd_entry *ret);
