/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hash tables are uthash's; this is where it is included, so that all of them allocate through mem.h and hash with a
 * seed that differs from run to run (keys come from archives and clients).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"
#include "base/mem.h"

/* FNV-1a; the seed is where the program happens to lie in memory. */
static inline unsigned map_hash(const void *key, size_t n)
{
	const unsigned char *p = key;
	uint64_t h = 14695981039346656037u ^ (uintptr_t)&bug_abort;

	for (size_t i = 0; i < n; i++)
		h = (h ^ p[i]) * 1099511628211u;
	return (unsigned)(h ^ (h >> 32));
}

#define HASH_FUNCTION(key, len, hashv) ((hashv) = map_hash((key), (len)))
#define uthash_malloc(n)               xmalloc(n)
#include <uthash.h>
