/* SPDX-License-Identifier: Apache-2.0 */
/* Content digests as text: exactly "sha256:" and 64 lower-case hex digits, nothing else (rules D8, D21). */
#pragma once

#include <stdbool.h>

#include "base/err.h"

#define DIGEST_MAX    80 /* "sha256:" + 64 hex + NUL, rounded up */
#define DIGEST_PREFIX "sha256:"
#define DIGEST_LEN    71
#define DIGEST_HEX    64

bool digest_is_valid(const char *digest);
/* ERR_INVALID that shows the start of what was given. */
int digest_check(const char *digest, struct err *e);
/* The 64 hex digits behind the prefix; the digest must be valid. */
const char *digest_hex(const char *digest);
/* "sha256:" + hex into ret. hex: 64 digits. */
void digest_from_hex(const char *hex, char ret[DIGEST_MAX]);
