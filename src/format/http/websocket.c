/* SPDX-License-Identifier: Apache-2.0 */
/* Websocket framing: see websocket.h. No I/O. */
#include "format/http/websocket.h"

#include <errno.h>
#include <string.h>

#include "base/macros.h"

void websocket_decoder_init(struct websocket_decoder *d)
{
	memset(d, 0, sizeof(*d));
}

static size_t head_size(const struct websocket_decoder *d)
{
	size_t n = 2 + 4;

	if (d->n_head < 2)
		return 2;
	if ((d->head[1] & 0x7f) == 126)
		n += 2;
	else if ((d->head[1] & 0x7f) == 127)
		n += 8;
	return n;
}

static bool is_control(uint8_t opcode)
{
	return opcode & 8;
}

/* The whole head is there. */
static int head_read(struct websocket_decoder *d)
{
	uint8_t len = d->head[1] & 0x7f;
	size_t wide = len == 126 ? 2 : (len == 127 ? 8 : 0);

	d->left = len;
	if (wide) {
		d->left = 0;
		for (size_t i = 0; i < wide; i++)
			d->left = d->left << 8 | d->head[2 + i];
	}
	if (d->left >> 63)
		return -EPROTO;
	d->at = 0;
	d->in_frame = true;
	if (is_control(d->opcode))
		d->n_control = 0;
	return 0;
}

/* The first two bytes are there. */
static int head_check(struct websocket_decoder *d)
{
	uint8_t len = d->head[1] & 0x7f;

	d->opcode = d->head[0] & 0x0f;
	d->fin = d->head[0] & 0x80;
	if ((d->head[0] & 0x70) || !(d->head[1] & 0x80))
		return -EPROTO;
	switch (d->opcode) {
	case WEBSOCKET_CONTINUATION:
		return d->in_message ? 0 : -EPROTO;
	case WEBSOCKET_TEXT:
	case WEBSOCKET_BINARY:
		return d->in_message ? -EPROTO : 0;
	case WEBSOCKET_CLOSE:
	case WEBSOCKET_PING:
	case WEBSOCKET_PONG:
		return d->fin && len <= WEBSOCKET_CONTROL_MAX ? 0 : -EPROTO;
	default:
		return -EPROTO;
	}
}

static void payload_take(struct websocket_decoder *d, const uint8_t *in, size_t n, uint8_t *out)
{
	const uint8_t *mask = d->head + d->n_head - 4;

	for (size_t i = 0; i < n; i++)
		out[i] = in[i] ^ mask[(d->at + i) & 3];
	d->at += n;
	d->left -= n;
}

int websocket_decode(struct websocket_decoder *d, const uint8_t *in, size_t *n_in, uint8_t *out, size_t *n_out)
{
	size_t at = 0, made = 0, avail = *n_in, room = *n_out;
	int r = 0;

	*n_in = *n_out = 0;
	while (r == 0) {
		if (!d->in_frame) {
			if (at == avail)
				break;
			d->head[d->n_head++] = in[at++];
			if (d->n_head == 2)
				r = head_check(d);
			if (r == 0 && d->n_head > 2 && d->n_head == head_size(d))
				r = head_read(d);
			if (!d->in_frame)
				continue;
		}
		if (d->left > 0 && r == 0) {
			size_t n = avail - at;

			if (n > d->left)
				n = (size_t)d->left;
			if (is_control(d->opcode)) {
				payload_take(d, in + at, n, d->control + d->n_control);
				d->n_control += n;
			} else {
				n = MIN(n, room - made);
				payload_take(d, in + at, n, out + made);
				made += n;
			}
			if (n == 0)
				break;
			at += n;
		}
		if (d->left == 0 && r == 0) {
			d->in_frame = false;
			d->n_head = 0;
			if (is_control(d->opcode))
				r = d->opcode;
			else
				d->in_message = !d->fin;
		}
	}
	*n_in = at;
	*n_out = made;
	return r;
}

size_t websocket_head(uint8_t out[WEBSOCKET_HEAD_MAX], enum websocket_opcode opcode, uint64_t n)
{
	size_t wide = n < 126 ? 0 : (n <= 0xffff ? 2 : 8);

	out[0] = (uint8_t)(0x80 | opcode);
	out[1] = (uint8_t)(wide == 0 ? n : (wide == 2 ? 126 : 127));
	for (size_t i = 0; i < wide; i++)
		out[2 + i] = (uint8_t)(n >> (8 * (wide - 1 - i)));
	return 2 + wide;
}
