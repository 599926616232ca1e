/* SPDX-License-Identifier: Apache-2.0 */
/* gzip by isa-l: see decompress_priv.h. */
#include <isa-l/igzip_lib.h>

#include "base/mem.h"
#include "image/decompress_priv.h"

struct gunzip {
	struct inflate_state s;
};

struct gunzip *gunzip_new(void)
{
	struct gunzip *g = xnew(struct gunzip);

	isal_inflate_init(&g->s);
	g->s.crc_flag = ISAL_GZIP;
	return g;
}

void gunzip_free(struct gunzip *g)
{
	free(g);
}

void gunzip_reset(struct gunzip *g)
{
	isal_inflate_reset(&g->s);
	g->s.crc_flag = ISAL_GZIP;
}

int gunzip_step(struct gunzip *g, const uint8_t *in, size_t *n_in, uint8_t *out, size_t *n_out)
{
	int r;

	g->s.next_in = (uint8_t *)in;
	g->s.avail_in = (uint32_t)*n_in;
	g->s.next_out = out;
	g->s.avail_out = (uint32_t)*n_out;
	r = isal_inflate(&g->s);
	*n_in = g->s.avail_in;
	*n_out -= g->s.avail_out;
	if (r < 0)
		return -1;
	return g->s.block_state == ISAL_BLOCK_FINISH;
}
