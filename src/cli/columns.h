/* SPDX-License-Identifier: Apache-2.0 */
/* The listings that more than one command prints (ps, system df -v). */
#pragma once

#include "cli/format.h"

extern const struct column container_columns[];
extern const struct column image_columns[];
/* The engine's images as rows: one for each tag, digest or "<none>". Owned array. */
json_object *image_rows(json_object *images, bool digests, bool quiet);
/* "0.0.0.0:80->80/tcp, 443/tcp". Owned. */
char *format_ports(json_object *ports);
