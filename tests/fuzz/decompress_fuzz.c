/* SPDX-License-Identifier: Apache-2.0 */
/* gzip, zstd and plain streams: an answer for every input, the same in large and in small pieces. */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "image/decompress.h"

struct source {
	const uint8_t *p;
	size_t n, chunk;
};

static ssize_t next(void *arg, void *p, size_t n)
{
	struct source *s = arg;
	size_t k = s->n < s->chunk ? s->n : s->chunk;

	if (k > n)
		k = n;
	memcpy(p, s->p, k);
	s->p += k;
	s->n -= k;
	return (ssize_t)k;
}

static uint64_t walk(const uint8_t *data, size_t size, size_t chunk, int *rc)
{
	struct source s = {.p = data, .n = size, .chunk = chunk};
	struct decompress *d = decompress_new(next, &s, 8 << 20);
	uint64_t sum = 0;
	const uint8_t *p;
	ssize_t n;

	while ((n = decompress_next(d, &p)) > 0)
		for (ssize_t i = 0; i < n; i++)
			sum = (sum ^ p[i]) * 1099511628211u;
	*rc = (int)n;
	if (n < 0 && !decompress_failed(d))
		abort();
	decompress_free(d);
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int a, b;
	uint64_t x = walk(data, size, 1 << 20, &a), y = walk(data, size, 3, &b);

	if ((a == 0) != (b == 0) || (a == 0 && x != y))
		abort();
	return 0;
}
