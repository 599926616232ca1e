/* SPDX-License-Identifier: Apache-2.0 */
/* The progress streams of pull, push, load and import: JSON lines in, status lines out. */
#pragma once

#include <stdio.h>

#include "client/client.h"

/* Shows the stream on `to` (bars that are redrawn on a terminal, plain lines elsewhere; NULL shows nothing). The error
 * that a stream may end with is returned as ours. */
int progress_show(struct reply *r, FILE *to, struct err *e);
/* Only the error of a stream. */
int progress_line(const char *line, size_t n, FILE *to, struct err *e);
