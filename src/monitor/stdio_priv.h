/* SPDX-License-Identifier: Apache-2.0 */
/* What output.c, input.c and attached.c share. See stdio_hub.h. */
#pragma once

#include "monitor/detach_keys.h"
#include "monitor/stdio_hub.h"

#define STDIO_READ        (STDIO_SCRATCH / 2)
#define STDIO_INPUT_READ  (STDIO_SCRATCH / 4)
#define STDIO_WASTE       4096 /* at the end of scratch, where nothing else is then */
#define STDIO_CLIENTS_MAX 1024
#define STDIO_DRAIN_QUEUE                                                                                              \
	(1024 * 1024) /* what may wait for a slow client of an ended process: a pipe holds no more                     \
		       */

struct attached {
	struct loop_source src; /* src.fd owned */
	struct stdio_hub *hub;
	struct attached *next;
	uint64_t id;
	uint32_t flags; /* enum monitor_attach_flags */
	struct detach_keys keys;
	uint8_t *leftover; /* owned: input that came with ATTACH */
	size_t n_leftover;
	char *queue; /* owned: output that the client has not taken yet */
	size_t at, len, room;
	bool gone;    /* the connection is broken: nothing can be sent */
	bool eof;     /* no more input */
	bool closing; /* ends when the queue is empty */
	bool dead;    /* closed; stdio_sweep frees it */
};

/* attached.c: may close the client */
void attached_send(struct attached *c, enum log_stream stream, const uint8_t *p, size_t n);
void attached_update(struct attached *c);
void attached_end(struct attached *c);
bool attached_is_full(const struct attached *c, size_t limit);
/* Reads of all clients go on, as far as the process takes input. */
void attached_input_resume(struct stdio_hub *h);

/* output.c: lets streams run or stand still, as the clients' queues say */
void output_flow(struct stdio_hub *h);

/* input.c */
bool input_ready(const struct stdio_input *in);
/* All of it is taken: written, kept, or thrown away when stdin is closed. */
void input_write(struct stdio_input *in, const uint8_t *p, size_t n);
void input_close_soon(struct stdio_input *in); /* when what is pending has been written */
void input_close(struct stdio_input *in);
