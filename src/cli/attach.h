/* SPDX-License-Identifier: Apache-2.0 */
/* What run, start -a and attach share: the hijacked stream of a container, the wait call beside it, and the exit code.
 */
#pragma once

#include "cli/cli.h"
#include "cli/stream.h"

struct attachment {
	struct stream stream;
	struct hijack hijack;
	bool attached; /* false: nothing to stream */
	struct reply wait;
	bool waiting;
};
#define ATTACHMENT_INIT                                                                                                \
	{                                                                                                              \
		.hijack = HIJACK_INIT, .wait = REPLY_INIT                                                              \
	}
void attachment_done(struct attachment *a);
#define _cleanup_attachment_ _cleanup_(attachment_done)

struct attach_options {
	bool in, out, err, logs;
	bool tty;
	bool sig_proxy;
	const char *detach_keys; /* "" or NULL: config.json's, else the default */
};

/* POST attach. */
int attachment_open(struct cli *cli, const char *id, const struct attach_options *o, struct attachment *ret,
		    struct err *e);
/* POST wait?condition=..., headers read; the answer comes when the container ends. condition NULL: the default. */
int attachment_wait(struct cli *cli, const char *id, const char *condition, struct attachment *a, struct err *e);
/* The status of the wait: 0..255 with any error message printed; -1 with e. */
int attachment_status(struct attachment *a, struct err *e);
/* Raw terminal, stream, terminal back. STREAM_ENDED, STREAM_DETACHED, -1. */
int attachment_stream(struct attachment *a, struct err *e);
/* "the input device is not a TTY" and the like. */
int attach_check_tty(bool in, bool tty, struct err *e);
