/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 through OpenSSL, in a library of its own (base_crypto), so that what does not hash does not link it. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"

#define SHA256_SIZE     32
#define SHA256_HEX_SIZE (2 * SHA256_SIZE + 1)

struct sha256; /* one running hash; one thread */

struct sha256 *sha256_new(void);
void sha256_free(struct sha256 *h);
void sha256_add(struct sha256 *h, const void *p, size_t n);
/* Finishes and resets. */
void sha256_finish(struct sha256 *h, uint8_t out[SHA256_SIZE]);
/* Finishes into lower-case hex. */
void sha256_finish_hex(struct sha256 *h, char out[SHA256_HEX_SIZE]);
void sha256_hex_of(const void *p, size_t n, char out[SHA256_HEX_SIZE]);

DEFINE_CLEANUP(struct sha256, sha256_free)
