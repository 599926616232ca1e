/* SPDX-License-Identifier: Apache-2.0 */
/* stdcopy frames: one byte of stream number, three zero bytes, length, payload. */
#include "client/demux.h"

#include <string.h>

void demux_init(struct demux *d)
{
	*d = (struct demux){.message = STRBUF_INIT_MAX(DEMUX_MESSAGE_MAX)};
}

void demux_done(struct demux *d)
{
	strbuf_done(&d->message);
}

/* The header is whole: stream number and length. */
static int begin_frame(struct demux *d, struct err *e)
{
	if (d->head[0] > 3)
		return err_set(e, ERR_INVALID, "Unrecognized input header: %d", d->head[0]);
	d->left = (uint32_t)d->head[4] << 24 | (uint32_t)d->head[5] << 16 | (uint32_t)d->head[6] << 8 | d->head[7];
	return 0;
}

static void end_frame(struct demux *d)
{
	d->n_head = 0;
}

ssize_t demux_feed(struct demux *d, const char *p, size_t n, int *ret_stream, const char **ret_p, size_t *ret_n,
		   struct err *e)
{
	size_t take;

	*ret_stream = 0;
	if (d->n_head < sizeof(d->head)) {
		take = MIN(n, sizeof(d->head) - d->n_head);
		memcpy(d->head + d->n_head, p, take);
		d->n_head += take;
		if (d->n_head < sizeof(d->head))
			return (ssize_t)take;
		if (begin_frame(d, e) < 0)
			return -1;
		if (!d->left) {
			if (d->head[0] == 3)
				return err_set(e, ERR_UNAVAILABLE, "error from daemon in stream: %s", d->message.data);
			end_frame(d);
		}
		return (ssize_t)take;
	}
	take = MIN(n, (size_t)d->left);
	d->left -= (uint32_t)take;
	if (d->head[0] == 3) {
		strbuf_add(&d->message, p, take);
		if (!d->left)
			return err_set(e, ERR_UNAVAILABLE, "error from daemon in stream: %s", d->message.data);
	} else {
		*ret_stream = d->head[0] == 2 ? 2 : 1; /* Docker writes stream 0 to stdout as well */
		*ret_p = p;
		*ret_n = take;
	}
	if (!d->left)
		end_frame(d);
	return (ssize_t)take;
}
