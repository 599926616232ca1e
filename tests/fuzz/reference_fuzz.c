/* SPDX-License-Identifier: Apache-2.0 */
/* References: what is accepted prints to a text that is accepted and prints the same, familiar and full. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "format/oci/reference.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *s = xmemdup0(data, size), *full, *again, *familiar, *third;
	struct reference r = {0}, q = {0}, f = {0};
	bool yes;

	if (reference_parse(s, &r, NULL) == 0) {
		full = reference_full(&r);
		familiar = reference_familiar(&r);
		if (reference_parse(full, &q, NULL) < 0 || reference_parse(familiar, &f, NULL) < 0)
			abort();
		again = reference_full(&q);
		third = reference_full(&f);
		if (strcmp(full, again) != 0 || strcmp(full, third) != 0)
			abort();
		(void)reference_match(&r, s, &yes);
		free(full);
		free(again);
		free(familiar);
		free(third);
	}
	reference_done(&r);
	reference_done(&q);
	reference_done(&f);
	memset(&r, 0, sizeof(r));
	if (reference_parse("foo/bar:latest", &r, NULL) == 0)
		(void)reference_match(&r, s, &yes);
	reference_done(&r);
	free(s);
	return 0;
}
