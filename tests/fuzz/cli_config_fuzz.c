/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as config.json: read or refused, and every question about it answered. */
#include <stdint.h>

#include "base/mem.h"
#include "cli/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config c = {.dir = NULL};

	if (config_parse((const char *)data, size, &c.root, NULL) < 0)
		return 0;
	config_str(&c, "psFormat");
	free(config_registry_auth(&c, "docker.io/library/x"));
	free(config_registry_auth(&c, "localhost:5000/x"));
	json_object_put(c.root);
	return 0;
}
