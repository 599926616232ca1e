/* SPDX-License-Identifier: Apache-2.0 */
/* json-file records: anything may be read; what was read, written and read again is the same. */
#include <string.h>

#include "base/limits.h"
#include "base/macros.h"
#include "base/strutil.h"
#include "format/log/json_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT_MAX(LIMIT_LOG_LINE), again = STRBUF_INIT_MAX(LIMIT_LOG_LINE);
	_cleanup_strbuf_ struct strbuf record = STRBUF_INIT, details = STRBUF_INIT;
	struct log_line l, l2;

	if (json_file_decode((const char *)data, size, &text, &l) < 0)
		return 0;
	json_file_details(&details, l.attrs, l.n_attrs);
	if (!str_is_utf8(l.text, l.len))
		return 0;
	json_file_encode(&record, &l, &(struct json_file_time){0});
	ASSERT(json_file_decode(record.data, record.len, &again, &l2) == 0);
	ASSERT(l2.time_ns == l.time_ns && l2.stream == l.stream && l2.len == l.len);
	ASSERT(memcmp(l2.text, l.text, l.len) == 0);
	return 0;
}
