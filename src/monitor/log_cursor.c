/* SPDX-License-Identifier: Apache-2.0 */
/* Records of one log file. See log_cursor.h. */
#include "monitor/log_cursor.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/fd.h"
#include "base/limits.h"
#include "format/log/json_file.h"
#include "format/log/local_file.h"

#define BLOCK (64 * 1024)

int log_cursor_open(struct log_cursor *c, enum monitor_log_driver driver, int fd, bool gzip)
{
	*c = (struct log_cursor){.driver = driver, .fd = fd};
	strbuf_init(&c->buf, JSON_FILE_RECORD_MAX + BLOCK);
	strbuf_init(&c->text, LIMIT_LOG_LINE);
	if (!gzip)
		return 0;
	c->gz = gzdopen(fd, "rb");
	if (!c->gz) {
		c->fd = fd_close(fd);
		return -ENOMEM;
	}
	c->fd = -1; /* gzclose closes it */
	return 0;
}

void log_cursor_done(struct log_cursor *c)
{
	if (c->gz)
		gzclose_r(c->gz);
	fd_close(c->fd);
	strbuf_done(&c->buf);
	strbuf_done(&c->text);
	*c = (struct log_cursor){.fd = -1};
	strbuf_init(&c->buf, 0);
	strbuf_init(&c->text, 0);
}

void log_cursor_rewind(struct log_cursor *c)
{
	if (c->gz)
		gzrewind(c->gz);
	c->at = 0;
	c->used = 0;
	c->lost = false;
	strbuf_clear(&c->buf);
}

/* One more block into buf: bytes, 0 at the end, -errno. */
static ssize_t more(struct log_cursor *c)
{
	char *room;
	ssize_t n;

	if (c->used) {
		strbuf_consume(&c->buf, c->used);
		c->used = 0;
	}
	room = strbuf_reserve(&c->buf, BLOCK);
	if (!room)
		return -EFBIG;
	n = c->gz ? gzread(c->gz, room, BLOCK) : pread(c->fd, room, BLOCK, c->at);
	if (n < 0)
		return c->gz ? -EBADMSG : -errno;
	strbuf_grew(&c->buf, (size_t)n);
	c->at += n;
	return n;
}

/* One record from what is in buf: 1, 0 when more bytes are needed. */
static int take_json(struct log_cursor *c, struct log_line *ret)
{
	for (;;) {
		const char *p = c->buf.data + c->used, *nl = memchr(p, '\n', c->buf.len - c->used);
		bool lost = c->lost;

		if (!nl) {
			if (c->buf.len - c->used > JSON_FILE_RECORD_MAX) {
				c->lost = true;
				c->used = c->buf.len;
			}
			return 0;
		}
		c->lost = false;
		c->used += (size_t)(nl - p) + 1;
		if (!lost && json_file_decode(p, (size_t)(nl - p), &c->text, ret) == 0)
			return 1;
	}
}

static int take_local(struct log_cursor *c, struct log_line *ret)
{
	const char *p = c->buf.data + c->used;
	size_t n = c->buf.len - c->used;
	ssize_t size;

	if (c->lost) {
		c->used = c->buf.len;
		return 0;
	}
	if (c->at == (off_t)c->buf.len && c->used == 0) { /* the file's start is in buf */
		if (n < LOCAL_FILE_MAGIC_LEN)
			return 0;
		c->lost = memcmp(p, LOCAL_FILE_MAGIC, LOCAL_FILE_MAGIC_LEN) != 0;
		c->used = LOCAL_FILE_MAGIC_LEN;
		return take_local(c, ret);
	}
	size = local_file_decode(p, n, ret);
	if (size > 0) {
		c->used += (size_t)size;
		return 1;
	}
	if (size < 0)
		c->lost = true;
	return 0;
}

int log_cursor_next(struct log_cursor *c, struct log_line *ret)
{
	for (;;) {
		ssize_t n = 0;

		if (c->buf.len > c->used)
			n = c->driver == MONITOR_LOG_JSON_FILE ? take_json(c, ret) : take_local(c, ret);
		if (n != 0)
			return (int)n;
		n = more(c);
		if (n <= 0)
			return (int)n;
	}
}

/* Offset of the n-th last line; the last byte of the file is a newline, or belongs to a line that is being written. */
static int tail_json(struct log_cursor *c, off_t size, int64_t n, int64_t *ret_found)
{
	static const size_t block = BLOCK;
	char *buf = strbuf_reserve(&c->buf, block);
	off_t at = size;
	int64_t found = 0;

	while (at > 0) {
		size_t len = (size_t)MIN((off_t)block, at);
		ssize_t got = pread(c->fd, buf, len, at - (off_t)len);

		if (got < 0)
			return -errno;
		if ((size_t)got < len)
			break; /* it was emptied just now */
		for (size_t i = len; i > 0; i--) {
			if (buf[i - 1] != '\n' || at - (off_t)(len - i) == size)
				continue;
			if (++found == n) {
				c->at = at - (off_t)(len - i);
				*ret_found = found;
				return 0;
			}
		}
		at -= (off_t)len;
	}
	c->at = 0;
	*ret_found = size > 0 ? found + 1 : 0;
	return 0;
}

static int tail_local(struct log_cursor *c, off_t size, int64_t n, int64_t *ret_found)
{
	off_t at = size;
	int64_t found = 0;

	while (found < n && at > LOCAL_FILE_MAGIC_LEN) {
		uint8_t len[4];
		ssize_t record;

		if (pread(c->fd, len, sizeof(len), at - 4) != sizeof(len))
			return -EBADMSG;
		record = local_file_size_before(len, sizeof(len));
		if (record < 0 || record > at - LOCAL_FILE_MAGIC_LEN)
			break; /* damaged: all that is readable is given */
		at -= record;
		found++;
	}
	*ret_found = found;
	c->at = found == n ? at : 0;
	return 0;
}

/* A compressed file has no way back: count, then pass over. */
static int tail_gzip(struct log_cursor *c, int64_t n, int64_t *ret_found)
{
	struct log_line l;
	int64_t all = 0;
	int r;

	while ((r = log_cursor_next(c, &l)) == 1)
		all++;
	log_cursor_rewind(c);
	for (int64_t i = 0; i < all - n; i++)
		if (log_cursor_next(c, &l) != 1)
			break;
	*ret_found = MIN(all, n);
	return r < 0 && all == 0 ? r : 0;
}

int log_cursor_tail(struct log_cursor *c, int64_t n, int64_t *ret_found)
{
	struct stat st;

	if (c->gz)
		return tail_gzip(c, n, ret_found);
	if (fstat(c->fd, &st) < 0)
		return -errno;
	if (n == 0) {
		c->at = st.st_size;
		*ret_found = 0;
		return 0;
	}
	return c->driver == MONITOR_LOG_JSON_FILE ? tail_json(c, st.st_size, n, ret_found)
						  : tail_local(c, st.st_size, n, ret_found);
}
