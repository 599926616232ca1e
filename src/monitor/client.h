/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hulld's side of the talk with a supervisor (monitor/protocol.h). A connection is a plain SOCK_SEQPACKET descriptor
 * owned by the caller: either the parent's end of the pair given to the supervisor at its start (monitor_pair), or one
 * made by monitor_connect. Sending is thread-safe; one thread receives.
 *
 * The usual loop: poll the descriptor, monitor_recv, switch (msg.type) { ... monitor_packet_done }.
 */
#pragma once

#include "base/err.h"
#include "base/limits.h"
#include "monitor/message.h"
#include "monitor/protocol.h"

/* ours: for hulld; theirs: to be MONITOR_FD_CONTROL of the supervisor. Both close-on-exec. */
int monitor_pair(int *ret_ours, int *ret_theirs, struct err *e);
/* Connects to monitor.sock in the state directory. ERR_NOT_FOUND: there is no supervisor (no socket, or nobody behind
 * it); read the exit record then. ERR_DENIED: the one who listens is not of our uid. The descriptor, or -1. */
int monitor_connect(int statedirfd, struct err *e);

/* A request without, and with, a body. 0 or -1 (ERR_UNAVAILABLE: the supervisor is gone). */
int monitor_send(int sock, enum monitor_msg_type type, struct err *e);
int monitor_send_body(int sock, enum monitor_msg_type type, const void *body, size_t n, struct err *e);
/* ATTACH: client_fd is passed on, and still the caller's to close. leftover: what was read from it already, at most
 * MONITOR_LEFTOVER_MAX bytes. */
#define MONITOR_LEFTOVER_MAX (LIMIT_MONITOR_MSG - 1024)
int monitor_send_attach(int sock, const struct monitor_attach *a, int client_fd, const void *leftover,
			size_t n_leftover, struct err *e);

struct monitor_packet {
	uint32_t type; /* enum monitor_msg_type */
	union {
		struct monitor_hello_reply hello; /* HELLO_REPLY */
		struct monitor_started started;   /* STARTED */
		struct monitor_failed failed;     /* FAILED; text below */
		struct monitor_result result;     /* ATTACH_REPLY, RESIZE_REPLY, SIGNAL_REPLY, CLOSE_STDIN_REPLY */
		struct monitor_exit exit;         /* EXITED */
		struct monitor_detached detached; /* DETACHED */
	};
	char *text; /* FAILED: the message, owned */
	int fd;     /* HELLO_REPLY, STARTED: the pidfd, owned; else -1 */
};

/* Waits up to timeout_ms (-1: for ever) for one packet. 1: *ret is filled, to be put with monitor_packet_done; 0:
 * timeout; -1: ERR_UNAVAILABLE when the supervisor closed the connection, ERR_INVALID when it sent nonsense. */
int monitor_recv(int sock, int timeout_ms, struct monitor_packet *ret, struct err *e);
void monitor_packet_done(struct monitor_packet *p);

/* The exit record in the state directory: 0; 1 when there is none; -1. */
int monitor_read_exit(int statedirfd, struct monitor_exit *ret, struct err *e);
