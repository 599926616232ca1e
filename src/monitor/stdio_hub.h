/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process's stdin, stdout and stderr (pipes or a terminal) and the clients attached to them. Output goes to the log
 * and to every client that wants it; when a client is slow, the streams it wants stand still until it has read what
 * waits for it (at most one read is queued per client). Input comes from any client that has stdin.
 *
 *   output.c   from the process to log and clients
 *   input.c    to the process
 *   attached.c one client: its queue, what it sends, its end
 *
 * The owner polls for what happened after each step of the loop. One thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/log/line.h"
#include "monitor/log_writer.h"
#include "monitor/loop.h"
#include "monitor/protocol.h"

#define STDIO_SCRATCH (64 * 1024) /* == LIMIT_MONITOR_MSG; half of it is one read of output */

struct attached;
struct stdio_hub;

struct stdio_output {
	struct loop_source src; /* src.fd owned; -1: at its end */
	struct stdio_hub *hub;
	enum log_stream stream;
};

struct stdio_input {
	struct loop_source src; /* src.fd owned; -1: closed, or the process has none */
	struct stdio_hub *hub;
	char *pending; /* owned; what the process has not taken yet */
	size_t at, len;
	bool close_when_written;
	bool started; /* before that, clients are not read */
};

struct stdio_hub {
	struct loop *loop;
	struct log_writer *log;
	uint8_t *scratch; /* STDIO_SCRATCH bytes, borrowed; holds nothing between two events */
	bool tty, has_stdin, stdin_once;
	struct stdio_output out[2];
	struct stdio_input in;
	struct attached *clients; /* newest first */
	size_t n_clients;
	bool draining; /* the process has ended: slow clients do not hold its last output up */
	int64_t last_output_ns;
	bool detached; /* a client left by its keys: stdio_take_detached */
	uint64_t detached_client;
};

void stdio_init(struct stdio_hub *h, struct loop *loop, struct log_writer *log, uint8_t *scratch);
/* The process runs: our ends of its streams, owned; -1 where it has none. A terminal is `out` alone. */
void stdio_start(struct stdio_hub *h, int in, int out, int err);
/* fd is owned on success. 0, -EMFILE, -EINVAL. */
int stdio_attach(struct stdio_hub *h, const struct monitor_attach *a, int fd, const void *leftover, size_t n);
void stdio_close_stdin(struct stdio_hub *h);
bool stdio_take_detached(struct stdio_hub *h, uint64_t *ret_client);

/* The process has ended. */
void stdio_drain(struct stdio_hub *h);
bool stdio_drained(const struct stdio_hub *h);
/* Closes what is still open, drained or not: the log is complete then. */
void stdio_stop(struct stdio_hub *h);
/* Ends each client once it has read what waits for it. */
void stdio_finish(struct stdio_hub *h);
/* Frees clients that have ended; after each step of the loop. */
void stdio_sweep(struct stdio_hub *h);
bool stdio_flushed(const struct stdio_hub *h);
/* Closes the clients' descriptors without a shutdown of their connections. */
void stdio_abandon(struct stdio_hub *h);
