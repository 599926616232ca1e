/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packets of monitor/protocol.h: bounded decoding against one table of types, and sending. Used by both ends. Pure but
 * for message_send and message_recv. A decoded packet borrows the bytes it was decoded from.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fd.h"
#include "base/limits.h"
#include "monitor/protocol.h"

#define MESSAGE_FDS_MAX 1

struct message {
	uint32_t type;       /* enum monitor_msg_type, one of the table */
	const uint8_t *body; /* fixed part and tail; unaligned */
	size_t len;
	size_t fixed; /* bytes of the fixed part; the tail is body + fixed, len - fixed bytes */
};

/* Checks one packet: header complete, length exact, type known, size right for the type. n_fds is how many descriptors
 * came with it. 0, or -EPROTO (-EOPNOTSUPP for a type that this version does not know). */
int message_decode(const void *packet, size_t n, size_t n_fds, struct message *ret);
/* Whether it is a request of hulld (even) rather than an answer or news. */
bool message_is_request(uint32_t type);
const char *message_type_name(uint32_t type);

/* Copies the fixed part out; `size` must be the type's. */
void message_body(const struct message *m, void *out, size_t size);

/* One packet of type with body and tail (either may be NULL); fd -1: none. 0 or -errno (-EAGAIN when the socket is
 * non-blocking and full, -EMSGSIZE past LIMIT_MONITOR_MSG). */
int message_send(int sock, uint32_t type, const void *body, size_t n_body, const void *tail, size_t n_tail, int fd);
/* One packet into buf (LIMIT_MONITOR_MSG bytes). *ret_fd: the descriptor that came with it, owned, or -1.
 * 1, 0 at the end of the connection, or -errno (-EPROTO: what came is no message; nothing is owned). */
int message_recv(int sock, void *buf, size_t size, struct message *ret, int *ret_fd);
