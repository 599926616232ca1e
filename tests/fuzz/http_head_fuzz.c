/* SPDX-License-Identifier: Apache-2.0 */
/* Heads of requests and answers: parsing stays inside, and what is taken obeys the rules that keep requests apart. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "format/http/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct http_request r;
	static struct http_response a;
	size_t scanned = 0;
	char *copy;
	int n = http_head_length((const char *)data, size, &scanned);

	if (n > 0 && ((size_t)n > size || memcmp(data + n - 4, "\r\n\r\n", 4) != 0))
		abort();
	if (n <= 0)
		n = (int)(size < 100000 ? size : 100000); /* the parser must not rely on it */
	copy = xmemdup0(data, (size_t)n);
	if (http_request_parse(copy, (size_t)n, &r) == 0) {
		if ((r.chunked && r.content_length >= 0) || r.n_fields > LIMIT_HTTP_HEADERS || !r.path || !*r.method)
			abort();
		for (size_t i = 0; i < r.n_fields; i++)
			if (strpbrk(r.fields[i].value, "\r\n") || strpbrk(r.fields[i].name, "\r\n: \t"))
				abort();
		http_request_done(&r);
	}
	free(copy);
	copy = xmemdup0(data, (size_t)n);
	if (http_response_parse(copy, (size_t)n, &a) == 0 && (a.status < 100 || a.status > 999))
		abort();
	free(copy);
	return 0;
}
