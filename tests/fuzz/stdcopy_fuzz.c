/* SPDX-License-Identifier: Apache-2.0 */
/* Frames in whole and byte by byte give the same output. */
#include <stdint.h>
#include <string.h>

#include "base/macros.h"
#include "base/strbuf.h"
#include "client/demux.h"

static void feed(const char *p, size_t n, size_t step, struct strbuf *out)
{
	struct demux d;

	demux_init(&d);
	for (size_t i = 0; i < n;) {
		const char *piece;
		size_t len;
		int stream;
		ssize_t used = demux_feed(&d, p + i, MIN(step, n - i), &stream, &piece, &len, NULL);

		if (used < 0)
			break;
		ASSERT(used > 0);
		i += (size_t)used;
		if (stream)
			strbuf_add(out, piece, len);
	}
	demux_done(&d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_strbuf_ struct strbuf whole = STRBUF_INIT, pieces = STRBUF_INIT;

	feed((const char *)data, size, size, &whole);
	feed((const char *)data, size, 1, &pieces);
	ASSERT(whole.len == pieces.len && memcmp(whole.data, pieces.data, whole.len) == 0);
	return 0;
}
