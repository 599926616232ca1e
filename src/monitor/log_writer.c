/* SPDX-License-Identifier: Apache-2.0 */
/* Writing and rotating a container's log. See log_writer.h. */
#include "monitor/log_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "format/log/json_file.h"
#include "format/log/local_file.h"

#define FLUSH_AT (32 * 1024)
#define NAME_BUF 256

void log_writer_init(struct log_writer *w)
{
	*w = (struct log_writer){.driver = MONITOR_LOG_NONE, .dirfd = -1, .fd = -1, .max_size = -1};
	strbuf_init(&w->out, STRBUF_NO_LIMIT);
	line_split_init(&w->split[0]);
	line_split_init(&w->split[1]);
}

void log_writer_done(struct log_writer *w)
{
	line_split_done(&w->split[0]);
	line_split_done(&w->split[1]);
	strbuf_done(&w->out);
	free(w->name);
	free(w->attrs);
	fd_close(w->fd);
	fd_close(w->dirfd);
	log_writer_init(w);
}

/* The current file, opened or made, with a magic when it is a new `local` one. -errno. */
static int file_open(struct log_writer *w)
{
	_cleanup_close_ int fd = -1;
	struct stat st;

	fd = root_open(w->dirfd, w->name, ROOT_NO_LINKS, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0640);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	w->size = st.st_size;
	if (w->size == 0 && w->driver == MONITOR_LOG_LOCAL) {
		if (write(fd, LOCAL_FILE_MAGIC, LOCAL_FILE_MAGIC_LEN) != LOCAL_FILE_MAGIC_LEN)
			return -EIO;
		w->size = LOCAL_FILE_MAGIC_LEN;
	}
	fd_close(w->fd);
	w->fd = TAKE_FD(fd);
	return 0;
}

/* Moves name.(n-1) to name.n ..., name to name.1, also where hulld has compressed them, and opens a new file. hulld
 * holds the lock of the directory while it lists or replaces files: then it is done a record later. */
static void rotate(struct log_writer *w)
{
	static const char *const suffixes[] = {"", ".gz"};
	char from[NAME_BUF], to[NAME_BUF];

	if (flock(w->dirfd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
		return;
	if (w->max_files < 2) {
		/* one file only: start it again, as Docker does */
		if (ftruncate(w->fd, 0) == 0) {
			w->size = 0;
			file_open(w);
		}
		flock(w->dirfd, LOCK_UN);
		return;
	}
	for (int i = w->max_files - 1; i > 0; i--) {
		for (size_t s = 0; s < ARRAY_SIZE(suffixes); s++) {
			snprintf(to, sizeof(to), "%s.%d%s", w->name, i, suffixes[s]);
			if (i == w->max_files - 1)
				unlinkat(w->dirfd, to, 0);
			if (i > 1) {
				snprintf(from, sizeof(from), "%s.%d%s", w->name, i - 1, suffixes[s]);
				renameat(w->dirfd, from, w->dirfd, to);
			} else if (s == 0) {
				renameat(w->dirfd, w->name, w->dirfd, to);
			}
		}
	}
	/* On failure the renamed file goes on being written to, and the next record tries again. */
	if (file_open(w) == 0)
		w->rotated = true;
	flock(w->dirfd, LOCK_UN);
}

static void flush(struct log_writer *w)
{
	ssize_t n;

	if (w->out.len == 0)
		return;
	do {
		n = write(w->fd, w->out.data, w->out.len);
	} while (n < 0 && errno == EINTR);
	/* Half a record would spoil the next one (disk full). */
	if (n >= 0 && (size_t)n < w->out.len && ftruncate(w->fd, w->size) == 0)
		n = 0;
	if (n > 0)
		w->size += n;
	strbuf_clear(&w->out);
}

struct emit_to {
	struct log_writer *w;
	enum log_stream stream;
};

static void emit(void *arg, int64_t time_ns, const char *text, size_t len)
{
	const struct emit_to *to = arg;
	struct log_writer *w = to->w;
	struct log_line l = {
		.stream = to->stream,
		.time_ns = time_ns,
		.text = text,
		.len = len,
		.attrs = w->attrs,
		.n_attrs = w->attrs ? strlen(w->attrs) : 0,
	};

	if (w->max_size > 0 && w->size + (int64_t)w->out.len >= w->max_size) {
		flush(w);
		rotate(w);
	}
	if (w->driver == MONITOR_LOG_JSON_FILE)
		json_file_encode(&w->out, &l, &w->time);
	else
		local_file_encode(&w->out, &l);
	if (w->out.len >= FLUSH_AT)
		flush(w);
}

void log_writer_add(struct log_writer *w, enum log_stream stream, int64_t now_ns, const char *p, size_t n)
{
	struct emit_to to = {w, stream};

	if (w->driver == MONITOR_LOG_NONE)
		return;
	line_split_add(&w->split[stream - LOG_STDOUT], now_ns, p, n, emit, &to);
	flush(w);
}

void log_writer_end(struct log_writer *w, enum log_stream stream)
{
	struct emit_to to = {w, stream};

	if (w->driver == MONITOR_LOG_NONE)
		return;
	line_split_finish(&w->split[stream - LOG_STDOUT], emit, &to);
	flush(w);
}

bool log_writer_take_rotated(struct log_writer *w)
{
	bool r = w->rotated;

	w->rotated = false;
	return r;
}

void log_writer_trim(struct log_writer *w)
{
	strbuf_done(&w->out);
	strbuf_init(&w->out, STRBUF_NO_LIMIT);
}

/* A file that a power cut left with half a record at its end: json-file readers resynchronise at a newline, for
 * `local` a new file is begun. */
static void mend_tail(struct log_writer *w)
{
	uint8_t last[4];
	struct log_line line;
	_cleanup_close_ int fd = -1;
	_cleanup_free_ uint8_t *record = NULL;
	ssize_t size;

	if (w->size == 0)
		return;
	fd = root_open_regular(w->dirfd, w->name, ROOT_NO_LINKS, O_RDONLY);
	if (fd < 0)
		return;
	if (w->driver == MONITOR_LOG_JSON_FILE) {
		if (pread(fd, last, 1, w->size - 1) == 1 && last[0] != '\n')
			strbuf_add_char(&w->out, '\n');
		flush(w);
		return;
	}
	if (w->size == LOCAL_FILE_MAGIC_LEN)
		return;
	size = pread(fd, last, 4, w->size - 4) == 4 ? local_file_size_before(last, 4) : -EINVAL;
	if (size > 0 && size <= w->size - LOCAL_FILE_MAGIC_LEN) {
		record = xmalloc((size_t)size);
		if (pread(fd, record, (size_t)size, w->size - size) == size &&
		    local_file_decode(record, (size_t)size, &line) == size)
			return;
	}
	rotate(w);
}

int log_writer_open(struct log_writer *w, int dirfd, const struct monitor_launch *l, struct err *e)
{
	int r;

	w->dirfd = dirfd;
	w->driver = l->log_driver;
	w->name = xstrdup(l->log_name);
	w->attrs = l->log_driver == MONITOR_LOG_JSON_FILE ? json_file_attrs(l->log_attrs) : NULL;
	w->max_size = l->log_max_size;
	w->max_files = l->log_max_files;
	r = file_open(w);
	if (r < 0) {
		w->driver = MONITOR_LOG_NONE;
		return err_sys(e, -r, "cannot open the log file %s", w->name);
	}
	mend_tail(w);
	return 0;
}
