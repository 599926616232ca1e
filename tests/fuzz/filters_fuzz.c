/* SPDX-License-Identifier: Apache-2.0 */
/* ?filters= in both encodings, version prefixes and route patterns. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "api/api_priv.h"
#include "base/mem.h"
#include "base/strv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const allowed[] = {"label", "status", "name", NULL};
	char *text = xmemdup0(data, size);
	struct json_kv labels = {0};
	struct api_filters f;
	struct err e = ERR_INIT;

	if (api_filters_decode(text, allowed, &f, &e) == 0) {
		for (size_t i = 0; i < f.n; i++)
			if (!strv_contains((char *const *)allowed, f.items[i].key))
				abort();
		json_kv_put(&labels, "a", "b");
		api_filter_labels(&f, "label", &labels);
		api_filter_exact(&f, "status", "running");
		api_filter_prefix(&f, "name", "x");
		api_filters_done(&f);
		json_kv_done(&labels);
	} else if (e.kind != ERR_INVALID) {
		abort();
	}
	if (size < 256) {
		char *args[API_ARGS_MAX] = {0}, version[16];
		const char *path = text;

		api_version_cut(&path, version);
		api_route_find("GET", path, args);
		for (size_t i = 0; i < API_ARGS_MAX; i++)
			free(args[i]);
	}
	free(text);
	return 0;
}
