/* SPDX-License-Identifier: Apache-2.0 */
/* The gzip decoder behind decompress.c: isa-l where it is there (inflate_isal.c), else zlib (inflate_zlib.c). */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct gunzip;
struct gunzip *gunzip_new(void);
void gunzip_free(struct gunzip *g);
/* Ready for the next member; input that was given and not used stays. */
void gunzip_reset(struct gunzip *g);
/* Decodes from in (*n_in: given, then left over) to out (*n_out: room, then written). 1: the member has ended and its
 * check sum is right; 0: more input or room is needed; -1: damaged. */
int gunzip_step(struct gunzip *g, const uint8_t *in, size_t *n_in, uint8_t *out, size_t *n_out);
