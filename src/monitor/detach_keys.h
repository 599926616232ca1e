/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks for a client's detach keys in what it types, across reads. What may be the beginning of the sequence is held
 * back until it is known; it is let through when it was not. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "monitor/protocol.h"

struct detach_keys {
	uint8_t keys[MONITOR_DETACH_KEYS_MAX];
	uint8_t back[MONITOR_DETACH_KEYS_MAX]; /* after i + 1 matched: how many still match when the next one does not
						*/
	uint32_t n;
	uint32_t matched; /* bytes held back */
};

/* n == 0: nothing is looked for. */
void detach_keys_init(struct detach_keys *d, const uint8_t *keys, uint32_t n);
/* Feeds n bytes; what is let through goes to out, which has room for n + MONITOR_DETACH_KEYS_MAX. true: the sequence
 * was complete (the bytes behind it are not looked at). */
bool detach_keys_feed(struct detach_keys *d, const uint8_t *p, size_t n, uint8_t *out, size_t *ret_n);
