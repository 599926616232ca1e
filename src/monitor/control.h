/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The supervisor's control connections: the one it was born with and those that come through monitor.sock. Requests are
 * decoded and handed to the owner one at a time; answers go to a connection, news to all. A connection that does not
 * read what is sent to it is closed. One thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "monitor/loop.h"
#include "monitor/message.h"

#define CONTROL_CONNS_MAX 16

struct control;
struct control_conn {
	struct loop_source src; /* src.fd owned; -1: unused */
	struct control *control;
};

struct control {
	struct loop *loop;
	struct loop_source listen; /* src.fd owned */
	int dirfd;                 /* borrowed: where the socket is */
	struct control_conn conns[CONTROL_CONNS_MAX];
	int n_conns;
	uint8_t *scratch; /* LIMIT_MONITOR_MSG bytes, borrowed */
	/* m and its body are valid during the call; fd is owned by the callee, -1: none came */
	void (*request)(struct control *c, struct control_conn *conn, const struct message *m, int fd);
};

/* first_fd, owned: the connection that is there from the start. */
void control_init(struct control *c, struct loop *loop, int first_fd, uint8_t *scratch,
		  void (*request)(struct control *, struct control_conn *, const struct message *, int));
/* Makes monitor.sock in dirfd (which is kept borrowed). */
int control_listen(struct control *c, int dirfd, struct err *e);
void control_reply(struct control_conn *conn, uint32_t type, const void *body, size_t n, const void *tail,
		   size_t n_tail, int fd);
void control_reply_result(struct control_conn *conn, uint32_t type, int errnum);
void control_news(struct control *c, uint32_t type, const void *body, size_t n);
/* Removes the socket, closes all. */
void control_close(struct control *c);
