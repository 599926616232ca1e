/* SPDX-License-Identifier: Apache-2.0 */
/* Query strings: what was decoded encodes to something that decodes to the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "format/http/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = xmemdup0(data, size);
	struct http_query q;

	if (http_query_parse(text, &q) == 0) {
		for (size_t i = 0; i < q.n; i++) {
			struct strbuf sb = STRBUF_INIT;
			char *again;

			http_percent_encode(&sb, q.pairs[i].value);
			again = http_percent_decode(sb.data, sb.len, true);
			if (!again || strcmp(again, q.pairs[i].value) != 0)
				abort();
			free(again);
			strbuf_done(&sb);
		}
		http_query_done(&q);
	}
	free(text);
	return 0;
}
