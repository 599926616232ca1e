/* SPDX-License-Identifier: Apache-2.0 */
/* Signal names as Docker takes them. Pure. */
#pragma once

#include <stdbool.h>

/* "KILL", "sigkill", "9", "SIGRTMIN+3": the number, or -EINVAL. 0 is invalid; numbers that Linux does not have come
 * back as they are, for signal_valid to refuse. */
int signal_parse(const char *s);
/* Does Linux have it? */
bool signal_valid(int sig);
