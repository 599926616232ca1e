/* SPDX-License-Identifier: Apache-2.0 */
/* The frame in front of each piece of output when one connection carries stdout
 * and stderr ("stdcopy"). Pure. */
#pragma once

#include <stdint.h>

#include "format/log/line.h"

#define STDCOPY_HEADER 8

/* Stream number, three zero bytes, length big-endian. */
static inline void stdcopy_header(enum log_stream stream, uint32_t len, uint8_t out[STDCOPY_HEADER])
{
	out[0] = (uint8_t)stream;
	out[1] = out[2] = out[3] = 0;
	out[4] = (uint8_t)(len >> 24);
	out[5] = (uint8_t)(len >> 16);
	out[6] = (uint8_t)(len >> 8);
	out[7] = (uint8_t)len;
}
