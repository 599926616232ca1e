/* SPDX-License-Identifier: Apache-2.0 */
/* A container's root from layers. */
#pragma once

#include "runtime/runtime.h"

/* A detached overlayfs mount; -1 and e. `place`: an engine-owned directory of the host, used only on kernels before 6.8
 * with many layers, in a private mount namespace. */
int overlay_open(const struct runtime_overlay *o, const char *place, struct err *e);
