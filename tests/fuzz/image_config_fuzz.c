/* SPDX-License-Identifier: Apache-2.0 */
/* Image configurations: one that is accepted is accepted again as it is written. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "format/oci/image_config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct image_config c = {0}, again = {0};
	struct strbuf sb = STRBUF_INIT;

	if (image_config_parse((const char *)data, size, &c, NULL) < 0)
		return 0;
	image_config_write(&c, &sb);
	if (image_config_parse(sb.data, sb.len, &again, NULL) < 0)
		abort();
	strbuf_done(&sb);
	image_config_done(&c);
	image_config_done(&again);
	return 0;
}
