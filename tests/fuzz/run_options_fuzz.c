/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of text as the arguments of run: parsed, checked and made into a body, or refused. */
#include <stdint.h>
#include <string.h>

#include "base/mem.h"
#include "base/strv.h"
#include "cli/run.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = xmemdup0(data, size);
	_cleanup_strv_ char **argv = strv_split(text, '\n');
	_cleanup_json_ json_object *body = NULL;
	struct args a;

	if (args_parse(&a, run_flags, argv, false, NULL) == 0 && !a.help && a.rest[0] && !flag_list(&a, "env-file") &&
	    !flag_list(&a, "label-file") && !flag_list(&a, "security-opt"))
		run_body(&a, NULL, &body, NULL);
	args_done(&a);
	return 0;
}
