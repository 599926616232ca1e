/* SPDX-License-Identifier: Apache-2.0 */
/* The client's parts, for the files of this folder. */
#pragma once

#include "client/client.h"

struct client {
	struct endpoint *endpoint;
	char **headers;
	char version[16];
	bool negotiated; /* or fixed by the user */
	int idle_fd;     /* kept connection, or -1 */
};

/* Reads the head of an answer from r->fd into r. */
int reply_read_head(struct reply *r, bool head_request, struct err *e);
/* Sends the head (and body) of a call on fd. */
int call_send(struct client *c, const struct call *call, int fd, struct err *e);
/* The error that an answer with status >= 400 stands for; reads its body. Returns -1. */
int reply_to_error(struct reply *r, struct err *e);
