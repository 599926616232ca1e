/* SPDX-License-Identifier: Apache-2.0 */
/* Detach keys against a plain search: found at the same place, whatever the pieces; what is in front comes through. */
#include <string.h>

#include "base/macros.h"
#include "base/strbuf.h"
#include "monitor/detach_keys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;
	struct detach_keys d;
	const uint8_t *typed, *at;
	size_t n_keys, step, n;
	bool found = false;

	if (size < 2)
		return 0;
	n_keys = 1 + data[0] % 4;
	step = 1 + data[1] % 7;
	if (size < 2 + n_keys)
		return 0;
	typed = data + 2 + n_keys;
	n = size - 2 - n_keys;
	detach_keys_init(&d, data + 2, (uint32_t)n_keys);
	for (size_t i = 0; i < n && !found; i += step) {
		uint8_t room[8 + MONITOR_DETACH_KEYS_MAX];
		size_t got;

		found = detach_keys_feed(&d, typed + i, MIN(step, n - i), room, &got);
		strbuf_add(&out, room, got);
	}
	at = n ? memmem(typed, n, data + 2, n_keys) : NULL;
	ASSERT(found == (at != NULL));
	ASSERT(found ? out.len == (size_t)(at - typed) : out.len + d.matched == n);
	ASSERT(memcmp(out.data, typed, out.len) == 0);
	return 0;
}
