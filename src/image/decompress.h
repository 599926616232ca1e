/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gzip, zstd or plain bytes, told apart by their first bytes, as one stream of plain bytes. Runs in the worker only:
 * its input is hostile. Stops at decompression bombs (IMAGE_BOMB_*).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/* More than this many bytes that are more than this many times their compressed size are no honest layer. */
#define IMAGE_BOMB_BYTES (1LL << 30)
#define IMAGE_BOMB_RATIO 200

/* The next bytes into p; count, 0 at the end, -errno. */
typedef ssize_t (*byte_source)(void *arg, void *p, size_t n);

struct decompress;
struct decompress *decompress_new(byte_source source, void *arg, int64_t max_bytes);
void decompress_free(struct decompress *d);
/* The next plain bytes, valid until the next call; count, 0 at the end, -errno with a text in decompress_error. */
ssize_t decompress_next(struct decompress *d, const uint8_t **p);
const char *decompress_error(const struct decompress *d);
bool decompress_failed(const struct decompress *d);
int64_t decompress_out_bytes(const struct decompress *d);

DEFINE_CLEANUP(struct decompress, decompress_free)
