/* SPDX-License-Identifier: Apache-2.0 */
/* SIGHUP: the configuration file read again. */
#pragma once

#include "api/api.h"
#include "bin/hulld_config.h"
#include "engine/events.h"

/* Replaces *config and api->config by what the file says now, and publishes `daemon reload`; a broken file changes
 * nothing and is logged. */
void reload(struct config_source *source, struct daemon_config **config, struct api *api, struct events *events);
/* Handlers may still have looked at earlier configurations: they are freed at the end. */
void reload_free_old(void);
