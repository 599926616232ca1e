/* SPDX-License-Identifier: Apache-2.0 */
/* struct host_facts of this machine, found at the first call. Any thread. */
#pragma once

#include "engine/validate.h"

const struct host_facts *host_facts(void);
