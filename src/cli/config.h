/* SPDX-License-Identifier: Apache-2.0 */
/* The user's config.json (DOCKER_CONFIG, --config, ~/.docker): formats, detach keys, headers, proxies, credentials. */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "format/json/json.h"

struct config {
	char *dir;
	json_object *root; /* {} when there is no file */
};

/* dir: --config or NULL. A file that is no JSON object is an error; a missing one is not. */
int config_load(const char *dir, struct config **ret, struct err *e);
void config_free(struct config *c);
/* From text, for the loader and tests. */
int config_parse(const char *text, size_t n, json_object **ret, struct err *e);
/* A string member, or NULL: "psFormat", "detachKeys", … */
const char *config_str(const struct config *c, const char *key);
/* Where the engine is: the current context's endpoint from contexts/meta, NULL for the default one. */
int config_context_host(const struct config *c, const char *context, char **ret, struct err *e);
/* X-Registry-Auth for the registry of an image reference (base64url of JSON, "{}" when nothing is known). Owned. */
char *config_registry_auth(const struct config *c, const char *image);
/* base64 with the URL alphabet, padded. Owned. */
char *config_base64url(const char *s);

DEFINE_CLEANUP(struct config, config_free)
