/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between system.c and system_info.c: the handler of GET /info, and what both answers say about the engine and the
 * machine.
 */
#pragma once

#include <sys/utsname.h>

#include "api/api.h"

/* "28.5.2": the Docker release whose API this is. */
const char *system_server_version(void);
/* GOARCH of the machine. */
const char *system_arch(const struct utsname *u);
int system_info(struct api_call *c, struct err *e);
