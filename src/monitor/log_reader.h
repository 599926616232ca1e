/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a container's log in hulld: all its files oldest first (rotated ones, compressed or not, then the current),
 * cut by tail, since and until, and then, with follow, what the supervisor adds, across rotations. Also compresses
 * rotated files, which the supervisor leaves to hulld (docs/monitor-protocol.md). Blocking; any thread.
 *
 * The log directory is a directory of the engine; the files in it are written by the supervisor. Their bytes are
 * the container's words in records: a record that cannot be read is skipped.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "monitor/launch.h"

struct log_source {
	int dirfd;
	const char *name; /* current file; rotated ones are name.1 (newest), name.2, ..., each maybe with .gz behind */
	enum monitor_log_driver driver;
	int max_files;
};

struct log_query {
	bool out, err; /* which streams */
	bool raw;      /* a terminal's log: no stdcopy frames */
	bool timestamps, details, follow;
	int64_t since_ns, until_ns; /* 0: unset */
	int64_t tail;               /* last records of all streams; -1: all */
	int gone_fd;                /* readable (or hung up): the client left; -1: none */
	int ended_fd; /* readable (or hung up): the container has ended and its log is complete; -1: it has already */
};

/* Calls write(arg, p, n) with finished output; a write that returns < 0 ends it with success (the client left).
 * ERR_UNSUPPORTED with Docker's words for the driver "none". A log that does not exist yet is empty. */
int log_read(const struct log_source *src, const struct log_query *how,
	     int (*write)(void *arg, const void *p, size_t n), void *arg, struct err *e);

/* Compresses rotated files that are not yet (news MONITOR_ROTATED, and once after a supervisor has ended). */
int log_compress_rotated(const struct log_source *src, struct err *e);
