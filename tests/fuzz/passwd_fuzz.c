/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of an image's passwd file. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"
#include "runtime/user.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint32_t uid = 1000;
	struct passwd_entry p;

	for (int by_name = 0; by_name < 2; by_name++) {
		char *text = xmemdup0(data, size);
		passwd_find(text, by_name ? "bob" : NULL, &uid, &p);
		free(text);
	}
	return 0;
}
