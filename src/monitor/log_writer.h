/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The supervisor's writing end of a container's log: records, rotation by renaming, nothing else (rotated files are
 * compressed by hulld). What cannot be written is dropped: a container never waits for its log. One thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strbuf.h"
#include "format/log/json_file.h"
#include "format/log/line.h"
#include "format/log/line_split.h"
#include "monitor/launch.h"

struct log_writer {
	enum monitor_log_driver driver;
	int dirfd; /* owned */
	int fd;    /* owned */
	char *name;
	char *attrs;
	int64_t size, max_size; /* max_size -1: never rotated */
	int32_t max_files;
	bool rotated;      /* since log_writer_take_rotated */
	struct strbuf out; /* encoded, not yet written */
	struct json_file_time time;
	struct line_split split[2];
};

/* Empty, so that log_writer_done and the rest may be called; nothing is logged. */
void log_writer_init(struct log_writer *w);
/* Opens the log; dirfd is owned from the call on. */
int log_writer_open(struct log_writer *w, int dirfd, const struct monitor_launch *l, struct err *e);
void log_writer_done(struct log_writer *w);
void log_writer_add(struct log_writer *w, enum log_stream stream, int64_t now_ns, const char *p, size_t n);
/* The end of a stream: its unfinished line is written. */
void log_writer_end(struct log_writer *w, enum log_stream stream);
bool log_writer_take_rotated(struct log_writer *w);
/* Gives memory back. */
void log_writer_trim(struct log_writer *w);
