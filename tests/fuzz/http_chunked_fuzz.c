/* SPDX-License-Identifier: Apache-2.0 */
/* Chunked bodies: however the bytes are cut, the outcome is the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "base/strbuf.h"
#include "format/http/message.h"

static int run(const char *p, size_t n, size_t step, size_t room, struct strbuf *out)
{
	struct http_chunked c;
	size_t at = 0;
	char buf[256];

	http_chunked_init(&c);
	while (at < n) {
		size_t in = MIN(step, n - at), made = room;
		int r = http_chunked_decode(&c, p + at, &in, buf, &made);

		if (in > MIN(step, n - at) || made > room)
			abort();
		strbuf_add(out, buf, made);
		at += in;
		if (r != 0)
			return r;
		if (in == 0 && made == 0)
			abort();
	}
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct strbuf a = STRBUF_INIT, b = STRBUF_INIT;
	int x, y;

	if (size > 65536)
		return 0;
	x = run((const char *)data, size, size, 256, &a);
	y = run((const char *)data, size, 1, 1, &b);
	if (x != y || a.len != b.len || memcmp(a.data, b.data, a.len) != 0)
		abort();
	strbuf_done(&a);
	strbuf_done(&b);
	return 0;
}
