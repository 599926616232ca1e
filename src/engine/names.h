/* SPDX-License-Identifier: Apache-2.0 */
/* Container names: what is allowed, and made-up ones. Pure but for random numbers. */
#pragma once

#include "base/err.h"

#define CONTAINER_NAME_MAX 255

/* Without its leading slash, borrowed; ERR_INVALID in Docker's words. */
int name_check(const char *name, const char **ret, struct err *e);
/* "adjective_surname", with a digit behind it from the second try on. Owned. */
char *name_make(unsigned try);
