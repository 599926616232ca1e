/* SPDX-License-Identifier: Apache-2.0 */
/* Capabilities as bit masks, and the set that a container gets. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "format/oci/capability.h"

/* Any case, with or without CAP_; -1 when unknown. */
int cap_number(const char *name);
/* Docker's rules: privileged gives all, "ALL" in add means all but the dropped ones, "ALL" in drop means only the added
 * ones. last: the last capability that the kernel knows. ERR_INVALID: invalid CapAdd: unknown capability: "CAP_FOO". */
int caps_of(char *const *add, char *const *drop, bool privileged, int last, uint64_t *ret, struct err *e);
