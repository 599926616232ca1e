/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests, indexes and manifest.json: a manifest that is accepted is accepted again as it is written. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "format/oci/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct archive_manifest a = {0};
	struct manifest m = {0}, again = {0};

	if (manifest_parse((const char *)data, size, NULL, &m, NULL) == 0) {
		if (m.kind == MANIFEST_IMAGE) {
			struct strbuf sb = STRBUF_INIT;

			manifest_write(&m, &sb);
			if (manifest_parse(sb.data, sb.len, NULL, &again, NULL) < 0)
				abort();
			strbuf_done(&sb);
		}
		manifest_done(&m);
		manifest_done(&again);
	}
	if (archive_manifest_parse((const char *)data, size, &a, NULL) == 0)
		archive_manifest_done(&a);
	return 0;
}
