/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as a template over a fixed document: parse and run must end, and the output stays within its limit. */
#include <string.h>

#include "base/mem.h"
#include "format/template/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char document[] = "{\"Id\":\"abc\",\"List\":[\"a\",{\"x\":1}],\"Map\":{\"k\":\"v\"},\"N\":7,\"F\":"
				       "1.5,\"B\":true,\"Z\":null}";
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT_MAX(1024 * 1024);
	_cleanup_free_ char *text = xmemdup0(data, size);
	_cleanup_(template_free_p) struct template *t = NULL;
	_cleanup_json_ json_object *doc = NULL;

	json_parse(document, sizeof(document) - 1, &doc, NULL);
	if (template_parse(text, &t, NULL) == 0)
		template_execute(t, doc, NULL, &out, NULL);
	ASSERT(out.len <= 1024 * 1024);
	return 0;
}
