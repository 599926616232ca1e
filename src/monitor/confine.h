/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the supervisor gives up once its process runs: capabilities, system calls, memory. See SECURITY notes in
 * docs/monitor-protocol.md.
 */
#pragma once

#include "base/err.h"

/* Ignores the signals by which a terminal or an administrator ends programs: the container must not be lost to them. */
void confine_signals(void);
/* Keeps CAP_KILL alone (to signal processes of other users), sets no_new_privs. */
int confine_capabilities(struct err *e);
/* The list in confine.c, at most 45 system calls; others fail with EPERM. Does nothing in sanitizer builds. */
int confine_syscalls(struct err *e);
/* Returns to the kernel what the start, or a busy time, has used of heap, stack and program pages. */
void confine_memory(void);
