/* SPDX-License-Identifier: Apache-2.0 */
/* Pulls an image by POST /images/create: for pull and for run. */
#pragma once

#include <stdio.h>

#include "cli/cli.h"
#include "format/oci/reference.h"

/* progress NULL shows none. all_tags leaves the tag out. */
int image_pull(struct cli *cli, const struct reference *ref, const char *platform, bool all_tags, FILE *progress,
	       struct err *e);
