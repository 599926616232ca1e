/* SPDX-License-Identifier: Apache-2.0 */
/* The exit record as one line of JSON. See exit_record.h. */
#include "monitor/exit_record.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/macros.h"
#include "format/json/json.h"

size_t exit_record_encode(const struct monitor_exit *x, char out[EXIT_RECORD_MAX])
{
	int n = snprintf(out, EXIT_RECORD_MAX, "{\"code\":%" PRId32 ",\"oom\":%s,\"finished_ns\":%" PRId64 "}\n",
			 x->code, x->oom ? "true" : "false", x->finished_ns);

	ASSERT(n > 0 && n < EXIT_RECORD_MAX);
	return (size_t)n;
}

int exit_record_decode(const char *text, size_t n, struct monitor_exit *ret)
{
	_cleanup_json_ json_object *doc = NULL;
	int64_t code, finished;

	if (n >= EXIT_RECORD_MAX || json_parse(text, n, &doc, NULL) < 0)
		return -EINVAL;
	code = json_member_int(doc, "code", -1);
	finished = json_member_int(doc, "finished_ns", -1);
	if (code < 0 || code > 255 || finished < 0)
		return -EINVAL;
	*ret = (struct monitor_exit){
		.code = (int32_t)code,
		.oom = json_member_bool(doc, "oom", false),
		.finished_ns = finished,
	};
	return 0;
}
