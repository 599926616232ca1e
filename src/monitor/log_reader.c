/* SPDX-License-Identifier: Apache-2.0 */
/* A query on a container's log: which records, in which dress, and what comes later. See log_reader.h. */
#include "monitor/log_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "format/log/json_file.h"
#include "format/log/stdcopy.h"
#include "monitor/log_files.h"

#define WRITE_AT (32 * 1024)

/* What a query does with records. */
struct output {
	const struct log_query *how;
	int (*write)(void *arg, const void *p, size_t n);
	void *arg;
	struct strbuf out; /* finished, not yet written */
	bool done;         /* until is passed, or the client left */
};

static void output_flush(struct output *o)
{
	if (o->out.len > 0 && !o->done && o->write(o->arg, o->out.data, o->out.len) < 0)
		o->done = true;
	strbuf_clear(&o->out);
}

static void output_line(struct output *o, const struct log_line *l)
{
	const struct log_query *how = o->how;
	uint8_t head[STDCOPY_HEADER] = {0};
	char time[RFC3339_MAX];
	size_t start = o->out.len;

	if (!how->raw)
		strbuf_add(&o->out, head, sizeof(head));
	if (how->timestamps) {
		clock_format_rfc3339_fixed(l->time_ns, time);
		strbuf_add_str(&o->out, time);
		strbuf_add_char(&o->out, ' ');
	}
	if (how->details) {
		json_file_details(&o->out, l->attrs, l->n_attrs);
		strbuf_add_char(&o->out, ' ');
	}
	strbuf_add(&o->out, l->text, l->len);
	if (!how->raw) {
		stdcopy_header(l->stream, (uint32_t)(o->out.len - start - sizeof(head)), head);
		memcpy(o->out.data + start, head, sizeof(head));
	}
}

static void output_record(struct output *o, const struct log_line *l)
{
	const struct log_query *how = o->how;

	if (how->since_ns && l->time_ns < how->since_ns)
		return;
	if (how->until_ns && l->time_ns > how->until_ns) {
		output_flush(o);
		o->done = true;
		return;
	}
	if (l->stream == LOG_STDERR ? !how->err : !how->out)
		return;
	output_line(o, l);
	if (o->out.len >= WRITE_AT)
		output_flush(o);
}

/* All records that are there now. A file that cannot be read to its end (damaged gzip) gives what it can. */
static void output_file(struct output *o, struct log_cursor *c)
{
	struct log_line l;

	while (!o->done && log_cursor_next(c, &l) == 1)
		output_record(o, &l);
}

/* --- tail --- */

/* From which of the files to start; their cursors are moved. */
static int tail_start(struct log_files *f, int64_t tail, size_t *ret_first, struct err *e)
{
	size_t i = f->n;

	*ret_first = 0;
	if (tail < 0)
		return 0;
	while (i > 0) {
		int64_t found = 0;
		int r = log_cursor_tail(&f->items[--i], tail, &found);

		if (r < 0)
			return err_sys(e, -r, "cannot read the log");
		*ret_first = i;
		tail -= found;
		if (tail <= 0)
			break;
	}
	return 0;
}

/* --- follow --- */

struct follow {
	const struct log_source *src;
	struct output *out;
	struct log_cursor *cursor;
	struct log_file_id id;
	int inotify;
};

static void follow_to(struct follow *f, struct log_cursor next, const struct log_file_id *id)
{
	log_cursor_done(f->cursor);
	*f->cursor = next;
	f->id = *id;
	output_file(f->out, f->cursor);
}

/* To the files that came after the one being followed, all but the newest to their end. */
static int follow_rotation(struct follow *f, struct err *e)
{
	for (;;) {
		struct log_cursor next;
		struct log_file_id id;
		struct stat st;
		int r;

		if (f->cursor->fd >= 0 && fstat(f->cursor->fd, &st) == 0)
			f->id.mtime = st.st_mtim;
		r = log_files_next(f->src, &f->id, &next, &id, e);
		if (r <= 0)
			return r;
		/* What was written between our last read and the renaming. */
		output_file(f->out, f->cursor);
		if (r == 2) {
			/* Rotated out of reach: what is there is all newer. */
			_cleanup_(log_files_done_p) struct log_files all = {0};

			if (log_files_open(f->src, 0, &all, e) < 0)
				return -1;
			if (all.n == 0)
				return 0;
			for (size_t i = 0; i < all.n - 1; i++)
				output_file(f->out, &all.items[i]);
			next = all.items[--all.n];
			id = all.newest;
		}
		follow_to(f, next, &id);
	}
}

/* A log of one file is emptied instead of renamed. */
static void follow_truncation(struct follow *f)
{
	struct stat st;

	if (f->cursor->fd >= 0 && fstat(f->cursor->fd, &st) == 0 && st.st_size < f->cursor->at)
		log_cursor_rewind(f->cursor);
}

enum woken { WOKEN_CHANGED, WOKEN_ENDED, WOKEN_GONE };

static enum woken follow_wait(struct follow *f)
{
	const struct log_query *how = f->out->how;
	/* poll passes negative descriptors over */
	struct pollfd p[] = {
		{.fd = f->inotify, .events = POLLIN},
		{.fd = how->ended_fd, .events = POLLIN},
		{.fd = how->gone_fd, .events = POLLIN | POLLRDHUP},
	};
	char events[4096] __attribute__((aligned(8)));
	int timeout = -1;

	if (how->until_ns) {
		int64_t left = how->until_ns - clock_realtime_ns();

		if (left < 0)
			return WOKEN_GONE;
		timeout = (int)MIN(left / NS_PER_MS + 1, 60000);
	}
	if (poll(p, ARRAY_SIZE(p), timeout) <= 0)
		return WOKEN_CHANGED;
	if (p[2].revents)
		return WOKEN_GONE;
	if (p[0].revents)
		while (read(f->inotify, events, sizeof(events)) > 0)
			; /* that something happened is all that counts */
	return p[1].revents ? WOKEN_ENDED : WOKEN_CHANGED;
}

static int follow_run(struct follow *f, struct err *e)
{
	enum woken why = WOKEN_CHANGED;

	for (;;) {
		follow_truncation(f);
		output_file(f->out, f->cursor);
		if (follow_rotation(f, e) < 0)
			return -1;
		output_flush(f->out);
		if (f->out->done || why == WOKEN_ENDED)
			return 0;
		why = follow_wait(f);
		if (why == WOKEN_GONE)
			return 0;
	}
}

/* Watches the directory: files in it being written, made and renamed. */
static int watch_dir(const struct log_source *src, struct err *e)
{
	char path[64];
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	if (fd < 0)
		return err_sys(e, errno, "cannot watch the log");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", src->dirfd);
	if (inotify_add_watch(fd, path, IN_MODIFY | IN_CREATE | IN_MOVED_TO) < 0) {
		int r = errno;

		fd_close(fd);
		return err_sys(e, r, "cannot watch the log");
	}
	return fd;
}

int log_read(const struct log_source *src, const struct log_query *how,
	     int (*write)(void *arg, const void *p, size_t n), void *arg, struct err *e)
{
	_cleanup_(log_files_done_p) struct log_files files = {0};
	struct output o = {.how = how, .write = write, .arg = arg, .out = STRBUF_INIT};
	bool follow = how->follow && how->ended_fd >= 0;
	_cleanup_close_ int inotify = -1;
	size_t first;
	int r = 0;

	if (src->driver == MONITOR_LOG_NONE)
		return err_set(e, ERR_UNSUPPORTED, "configured logging driver does not support reading");
	if (follow) { /* before the first look, so that no change is missed */
		inotify = watch_dir(src, e);
		if (inotify < 0)
			return -1;
	}
	if (log_files_open(src, how->since_ns, &files, e) < 0 || tail_start(&files, how->tail, &first, e) < 0)
		return -1;
	for (size_t i = first; i < files.n; i++)
		output_file(&o, &files.items[i]);
	output_flush(&o);
	if (follow && !o.done && files.n > 0) {
		struct follow f = {src, &o, &files.items[files.n - 1], files.newest, inotify};

		r = follow_run(&f, e);
	}
	strbuf_done(&o.out);
	return r;
}
