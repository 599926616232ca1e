/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One record of a container's log: a line of output, or a part of a line longer
 * than LIMIT_LOG_LINE. The text is as it was written, with its newline; a part,
 * or the last line of a stream, may have none.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum log_stream { LOG_STDOUT = 1, LOG_STDERR = 2 }; /* numbers of the stdcopy frame */

struct log_line {
	enum log_stream stream;
	int64_t time_ns;  /* when the line began */
	const char *text; /* borrowed; may hold any bytes */
	size_t len;
	const char *attrs; /* json-file: a JSON object of strings, borrowed; NULL: none */
	size_t n_attrs;
};
