/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of an attached terminal or pipe: our stdin to the container, its output to our stdout and stderr, window
 * sizes and signals to the engine, until the output ends or the user detaches. One poll loop, one thread.
 */
#pragma once

#include <signal.h>
#include <stdbool.h>

#include "cli/terminal.h"
#include "client/client.h"

struct stream {
	struct client *client;
	struct hijack *hijack;
	const char *id; /* container, or exec session */
	bool exec;      /* id is an exec session */
	bool tty;       /* one raw stream; else frames */
	bool in;        /* forward stdin */
	bool resize;    /* send the terminal's size, now and when it changes */
	bool redraw;    /* change the size for a moment, so that a program that is already there draws its screen */
	bool sig_proxy; /* send caught signals to the container */
	struct detach_keys keys;
};

enum stream_end { STREAM_ENDED, STREAM_DETACHED };

/* Blocks the signals that stream_run will read; call before the container starts, so that none is lost. */
void stream_block_signals(bool tty, bool sig_proxy);
/* Runs until the output ended (STREAM_ENDED) or the detach keys were typed (STREAM_DETACHED); -1 with e. */
int stream_run(struct stream *s, struct err *e);
/* "TERM" for SIGTERM, "RTMIN+1", … ; "" for none. Static. */
const char *signal_name(int sig);
/* Throws away or prints what a plain (not hijacked) reply sends: frames unless raw. */
int stream_copy_reply(struct reply *r, bool raw, struct err *e);
