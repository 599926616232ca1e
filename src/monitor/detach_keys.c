/* SPDX-License-Identifier: Apache-2.0 */
/* Detach keys by Knuth, Morris and Pratt: ctrl-p ctrl-p ctrl-q ends with the sequence ctrl-p ctrl-q. See detach_keys.h.
 */
#include "monitor/detach_keys.h"

#include <string.h>

#include "base/macros.h"

void detach_keys_init(struct detach_keys *d, const uint8_t *keys, uint32_t n)
{
	uint32_t k = 0;

	*d = (struct detach_keys){.n = MIN(n, MONITOR_DETACH_KEYS_MAX)};
	memcpy(d->keys, keys, d->n);
	for (uint32_t i = 1; i < d->n; i++) {
		while (k > 0 && d->keys[i] != d->keys[k])
			k = d->back[k - 1];
		if (d->keys[i] == d->keys[k])
			k++;
		d->back[i] = (uint8_t)k;
	}
}

bool detach_keys_feed(struct detach_keys *d, const uint8_t *p, size_t n, uint8_t *out, size_t *ret_n)
{
	size_t o = 0;

	if (d->n == 0) {
		memcpy(out, p, n);
		*ret_n = n;
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		while (d->matched > 0 && p[i] != d->keys[d->matched]) {
			uint32_t keep = d->back[d->matched - 1];

			/* The oldest of the held bytes are not part of it after all. */
			memcpy(out + o, d->keys, d->matched - keep);
			o += d->matched - keep;
			d->matched = keep;
		}
		if (p[i] != d->keys[d->matched]) {
			out[o++] = p[i];
			continue;
		}
		if (++d->matched == d->n) {
			d->matched = 0;
			*ret_n = o;
			return true;
		}
	}
	*ret_n = o;
	return false;
}
