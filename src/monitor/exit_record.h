/* SPDX-License-Identifier: Apache-2.0 */
/* The exit record: how the process ended, as the supervisor leaves it in the state directory and hulld reads it. Pure.
 */
#pragma once

#include <stddef.h>

#include "monitor/protocol.h"

#define EXIT_RECORD_MAX 256

/* JSON text with a newline; its length. */
size_t exit_record_encode(const struct monitor_exit *x, char out[EXIT_RECORD_MAX]);
/* 0 or -EINVAL. */
int exit_record_decode(const char *text, size_t n, struct monitor_exit *ret);
