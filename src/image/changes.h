/* SPDX-License-Identifier: Apache-2.0 */
/* The Dockerfile instructions that import and commit take as changes to an image's configuration. */
#pragma once

#include "base/err.h"
#include "format/oci/image_config.h"

/* CMD ENTRYPOINT ENV EXPOSE LABEL ONBUILD STOPSIGNAL USER VOLUME WORKDIR HEALTHCHECK SHELL; ERR_INVALID names another.
 */
int image_change_apply(struct image_run_config *c, const char *line, struct err *e);
