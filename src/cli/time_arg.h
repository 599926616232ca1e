/* SPDX-License-Identifier: Apache-2.0 */
/* --since and --until as the API takes them: unix seconds with a fraction. */
#pragma once

#include "client/client.h"

/* Adds name=SECONDS when value is not "". -1 with e for a bad one. */
int time_arg_add(struct query *q, const char *name, const char *value, struct err *e);
