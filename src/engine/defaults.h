/* SPDX-License-Identifier: Apache-2.0 */
/* What a create request gets that it did not say: from its image, from the daemon's configuration, from Docker's
 * defaults. Pure. */
#pragma once

#include "base/err.h"
#include "engine/engine.h"
#include "format/oci/image_config.h"

/* Merges the image's configuration under the request's. ERR_INVALID "no command specified". */
int config_merge_image(struct container_config *c, const struct image_run_config *image, struct err *e);
/* What inspect shows where nothing was said. */
void host_config_fill(struct host_config *h, const struct engine_config *cfg, bool cgroup_v2);
/* The first word and the rest of what runs. */
void config_command(const struct container_config *c, char **ret_path, char ***ret_args);
