/* SPDX-License-Identifier: Apache-2.0 */
/* Websocket frames: however the bytes are cut, the payload and the control frames are the same; decoding in place is
 * safe. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "format/http/websocket.h"

static int run(const uint8_t *p, size_t n, size_t step, struct strbuf *out)
{
	struct websocket_decoder d;
	uint8_t buf[64];
	size_t at = 0;

	websocket_decoder_init(&d);
	while (at < n) {
		size_t in = MIN(step, n - at), made = step == 1 ? 1 : sizeof(buf);
		int r = websocket_decode(&d, p + at, &in, buf, &made);

		if (r < 0)
			return r;
		strbuf_add(out, buf, made);
		at += in;
		if (r > 0) {
			strbuf_add_char(out, (char)r);
			strbuf_add(out, d.control, d.n_control);
		} else if (in == 0 && made == 0) {
			abort();
		}
	}
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct strbuf a = STRBUF_INIT, b = STRBUF_INIT;
	struct websocket_decoder d;
	uint8_t *copy = xmalloc(size + 1);
	size_t at = 0, made = 0;
	int x, y, r = 0;

	if (size > 65536)
		goto out;
	x = run(data, size, 64, &a);
	y = run(data, size, 1, &b);
	if (x != y || (x == 0 && (a.len != b.len || memcmp(a.data, b.data, a.len) != 0)))
		abort();
	/* as the relay does it */
	memcpy(copy, data, size);
	websocket_decoder_init(&d);
	while (at < size && r >= 0) {
		size_t in = size - at, n = size - made;

		r = websocket_decode(&d, copy + at, &in, copy + made, &n);
		at += in;
		made += n;
		if (made > at)
			abort();
	}
out:
	free(copy);
	strbuf_done(&a);
	strbuf_done(&b);
	return 0;
}
