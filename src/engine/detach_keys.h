/* SPDX-License-Identifier: Apache-2.0 */
/* The key sequence that leaves an attached container, as Docker writes it: "ctrl-p,ctrl-q". Pure. */
#pragma once

#include "base/err.h"
#include "monitor/protocol.h"

/* NULL and "" are the default, ctrl-p,ctrl-q. ERR_INVALID in Docker's words. */
int detach_keys_parse(const char *s, uint8_t ret[MONITOR_DETACH_KEYS_MAX], uint32_t *ret_n, struct err *e);
