/* SPDX-License-Identifier: Apache-2.0 */
/* Capabilities by the names that the OCI runtime configuration uses; capabilities(7). Any thread. */
#pragma once

#define CAP_COUNT 41 /* CAP_CHOWN .. CAP_CHECKPOINT_RESTORE */

/* "CAP_CHOWN"; NULL past the last. */
const char *cap_name(int cap);
/* The number of "CAP_CHOWN", in any case; -1 when unknown. */
int cap_parse(const char *name);
