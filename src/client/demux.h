/* SPDX-License-Identifier: Apache-2.0 */
/* Takes stdcopy frames (stdout and stderr on one connection) apart. Incremental, pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strbuf.h"

/* Longest message of the engine's own stream (3) that is kept. */
#define DEMUX_MESSAGE_MAX 8192

struct demux {
	uint8_t head[8];
	size_t n_head;
	uint32_t left;         /* of the payload */
	struct strbuf message; /* of stream 3 */
};

void demux_init(struct demux *d);
void demux_done(struct demux *d);
/* One step over p[0..n): returns how many bytes were consumed (n > 0 consumes at least one) and gives the payload piece
 * among them, if any: *ret_stream 1 or 2 with *ret_p, *ret_n, else *ret_stream 0. -1 with e: a bad frame, or the
 * engine's own error message (ended by its frame). */
ssize_t demux_feed(struct demux *d, const char *p, size_t n, int *ret_stream, const char **ret_p, size_t *ret_n,
		   struct err *e);
