/* SPDX-License-Identifier: Apache-2.0 */
/* The `local` log codec. See local_file.h. */
#include "format/log/local_file.h"

#include <endian.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

static void add_u32(struct strbuf *out, uint32_t v)
{
	v = htole32(v);
	strbuf_add(out, &v, sizeof(v));
}

static uint32_t get_u32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return le32toh(v);
}

void local_file_encode(struct strbuf *out, const struct log_line *l)
{
	uint64_t time = htole64((uint64_t)l->time_ns);
	uint32_t len = (uint32_t)(sizeof(time) + 1 + l->len);

	add_u32(out, len);
	strbuf_add(out, &time, sizeof(time));
	strbuf_add_char(out, (char)l->stream);
	strbuf_add(out, l->text, l->len);
	add_u32(out, len);
}

/* Whole size of a record with this length field, or -EINVAL. */
static ssize_t record_size(uint32_t len)
{
	if (len < 9 || len > 9 + LIMIT_LOG_LINE)
		return -EINVAL;
	return (ssize_t)len + 8;
}

ssize_t local_file_decode(const void *data, size_t n, struct log_line *ret)
{
	const uint8_t *p = data;
	uint64_t time;
	ssize_t size;

	if (n < 4)
		return 0;
	size = record_size(get_u32(p));
	if (size < 0)
		return size;
	if (n < (size_t)size)
		return 0;
	if (get_u32(p + size - 4) != get_u32(p) || (p[12] != LOG_STDOUT && p[12] != LOG_STDERR))
		return -EINVAL;
	memcpy(&time, p + 4, sizeof(time));
	*ret = (struct log_line){
		.stream = p[12] == LOG_STDERR ? LOG_STDERR : LOG_STDOUT,
		.time_ns = (int64_t)le64toh(time),
		.text = (const char *)p + 13,
		.len = (size_t)size - LOCAL_FILE_OVERHEAD,
	};
	return size;
}

ssize_t local_file_size_before(const void *data, size_t n)
{
	if (n < 4)
		return 0;
	return record_size(get_u32((const uint8_t *)data + n - 4));
}
