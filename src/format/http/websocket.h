/* SPDX-License-Identifier: Apache-2.0 */
/* Websocket frames (RFC 6455) as data: an incremental decoder for what a client sends, and heads for what a server
 * sends. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum websocket_opcode {
	WEBSOCKET_CONTINUATION = 0,
	WEBSOCKET_TEXT = 1,
	WEBSOCKET_BINARY = 2,
	WEBSOCKET_CLOSE = 8,
	WEBSOCKET_PING = 9,
	WEBSOCKET_PONG = 10,
};

#define WEBSOCKET_HEAD_MAX    14
#define WEBSOCKET_CONTROL_MAX 125

struct websocket_decoder {
	uint8_t head[WEBSOCKET_HEAD_MAX];
	size_t n_head;
	uint64_t left; /* payload bytes of the frame that are still to come */
	uint64_t at;   /* of the frame's payload, for the mask */
	bool in_frame, in_message, fin;
	uint8_t opcode;
	uint8_t control[WEBSOCKET_CONTROL_MAX]; /* payload of the control frame that was reported */
	size_t n_control;
};

void websocket_decoder_init(struct websocket_decoder *d);
/* Consumes frames from in and puts the payload of text and binary messages, one behind the other, into out. *n_in:
 * bytes available, out: consumed; *n_out: room, out: produced. Returns 0, the opcode of a control frame that has just
 * ended, or -EPROTO (unmasked, reserved bits or opcodes, bad fragments, long control frames). */
int websocket_decode(struct websocket_decoder *d, const uint8_t *in, size_t *n_in, uint8_t *out, size_t *n_out);
/* The head of an unmasked, unfragmented frame of n payload bytes; its length. */
size_t websocket_head(uint8_t out[WEBSOCKET_HEAD_MAX], enum websocket_opcode opcode, uint64_t n);
