/* SPDX-License-Identifier: Apache-2.0 */
/* Tar: the same bytes read in large and in small pieces give the same entries and the same data. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "format/tar/tar.h"

struct source {
	const uint8_t *p;
	size_t n, chunk;
};

static ssize_t fill(void *arg, const uint8_t **p)
{
	struct source *s = arg;
	size_t k = s->n < s->chunk ? s->n : s->chunk;

	*p = s->p;
	s->p += k;
	s->n -= k;
	return (ssize_t)k;
}

static uint64_t add(uint64_t sum, const void *p, size_t n)
{
	const uint8_t *b = p;

	for (size_t i = 0; i < n; i++)
		sum = (sum ^ b[i]) * 1099511628211u;
	return sum;
}

static uint64_t walk(const uint8_t *data, size_t size, size_t chunk)
{
	struct source s = {.p = data, .n = size, .chunk = chunk};
	struct tar_reader *r = tar_reader_new(fill, &s);
	const struct tar_entry *t;
	uint64_t sum = 0;
	int rc;

	while ((rc = tar_next(r, &t)) == 1) {
		const uint8_t *p;
		int64_t at, end = 0;
		ssize_t n;

		sum = add(sum, t->name, strlen(t->name));
		sum = add(sum, &t->size, sizeof(t->size));
		while ((n = tar_data(r, &p, &at)) > 0) {
			if (at < end || at + n > t->size)
				abort();
			end = at + n;
			sum = add(sum, p, (size_t)n);
		}
		if (n < 0)
			break;
	}
	sum = add(sum, &rc, sizeof(rc));
	tar_reader_free(r);
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (walk(data, size, 1 << 20) != walk(data, size, 97))
		abort();
	return 0;
}
