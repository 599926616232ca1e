/* SPDX-License-Identifier: Apache-2.0 */
/* `local` log records, forwards and backwards. */
#include "base/macros.h"
#include "format/log/local_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t at = 0;
	struct log_line l;
	ssize_t n;

	while ((n = local_file_decode(data + at, size - at, &l)) > 0) {
		ASSERT((size_t)n <= size - at && l.len <= LIMIT_LOG_LINE);
		at += (size_t)n;
		ASSERT(local_file_size_before(data, at) == n);
	}
	local_file_size_before(data, size);
	return 0;
}
