/* SPDX-License-Identifier: Apache-2.0 */
/* gzip by zlib, where isa-l is not there: see decompress_priv.h. */
#include <zlib.h>

#include "base/macros.h"
#include "base/mem.h"
#include "image/decompress_priv.h"

struct gunzip {
	z_stream s;
};

struct gunzip *gunzip_new(void)
{
	struct gunzip *g = xnew(struct gunzip);

	ASSERT(inflateInit2(&g->s, 16 + MAX_WBITS) == Z_OK);
	return g;
}

void gunzip_free(struct gunzip *g)
{
	if (!g)
		return;
	inflateEnd(&g->s);
	free(g);
}

void gunzip_reset(struct gunzip *g)
{
	inflateReset(&g->s);
}

int gunzip_step(struct gunzip *g, const uint8_t *in, size_t *n_in, uint8_t *out, size_t *n_out)
{
	int r;

	g->s.next_in = (uint8_t *)in;
	g->s.avail_in = (unsigned)*n_in;
	g->s.next_out = out;
	g->s.avail_out = (unsigned)*n_out;
	r = inflate(&g->s, Z_NO_FLUSH);
	*n_in = g->s.avail_in;
	*n_out -= g->s.avail_out;
	if (r == Z_STREAM_END)
		return 1;
	return r == Z_OK || r == Z_BUF_ERROR ? 0 : -1;
}
