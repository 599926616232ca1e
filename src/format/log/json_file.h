/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Docker's json-file log: one JSON object and a newline per record,
 * {"log":"text\n","stream":"stdout","attrs":{...},"time":"2006-01-02T15:04:05.999999999Z"}.
 * Encoding is byte for byte Docker's (bytes that are no UTF-8 become U+FFFD).
 * Pure.
 */
#pragma once

#include "base/clock.h"
#include "base/strbuf.h"
#include "format/log/line.h"

/* Longest record that is read: a line that is all escapes, and room for
 * attributes. */
#define JSON_FILE_RECORD_MAX (1024 * 1024)

/* The last time that was formatted: the lines of one read have the same. Zeroed at first. */
struct json_file_time {
	int64_t ns;
	char text[RFC3339_MAX];
};

void json_file_encode(struct strbuf *out, const struct log_line *l, struct json_file_time *t);
/* The value of log_line.attrs for K=V strings: a JSON object sorted by key;
 * NULL when there are none. Owned. */
char *json_file_attrs(char *const *attrs);

/* One record, n bytes with or without its newline. ret->text points into
 * `text`, which is overwritten; ret->attrs into `record`. Members that are not
 * known are skipped. 0 or -EINVAL. */
int json_file_decode(const char *record, size_t n, struct strbuf *text, struct log_line *ret);
/* log_line.attrs as `docker logs --details` prints them: k=v,k=v, both
 * query-escaped. */
void json_file_details(struct strbuf *out, const char *attrs, size_t n_attrs);
