/* SPDX-License-Identifier: Apache-2.0 */
/* From the clients to the process's stdin: a pipe, or the terminal. See stdio_hub.h. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "monitor/stdio_priv.h"

void input_close(struct stdio_input *in)
{
	if (in->src.fd >= 0) {
		loop_watch(in->hub->loop, &in->src, 0);
		in->src.fd = fd_close(in->src.fd);
	}
	free_and_set(&in->pending, NULL);
	in->at = in->len = 0;
	attached_input_resume(in->hub); /* what clients still send is thrown away */
}

void input_close_soon(struct stdio_input *in)
{
	in->close_when_written = true;
	if (in->len == 0)
		input_close(in);
}

bool input_ready(const struct stdio_input *in)
{
	return in->started && in->len == 0;
}

/* A pipe without a reader says EPOLLERR even when nothing is to be written; a terminal without a user says EPOLLHUP all
 * the time, so it is watched only when there is something to write. */
static void input_update(struct stdio_input *in)
{
	loop_watch(in->hub->loop, &in->src, in->len ? EPOLLOUT : in->hub->tty ? 0 : EPOLLERR);
}

/* How much of it the process took, -errno when it will never take any. */
static ssize_t input_try(struct stdio_input *in, const void *p, size_t n)
{
	ssize_t w = write(in->src.fd, p, n);

	if (w >= 0)
		return w;
	return errno == EAGAIN || errno == EINTR ? 0 : -errno;
}

void input_write(struct stdio_input *in, const uint8_t *p, size_t n)
{
	ssize_t w;

	if (in->src.fd < 0 || n == 0)
		return;
	ASSERT(in->len == 0);
	w = input_try(in, p, n);
	if (w < 0) {
		input_close(in);
		return;
	}
	if ((size_t)w < n) {
		in->pending = xmalloc(n - (size_t)w);
		memcpy(in->pending, p + w, n - (size_t)w);
		in->at = 0;
		in->len = n - (size_t)w;
	}
	input_update(in);
}

static void input_event(struct loop_source *s, uint32_t events)
{
	struct stdio_input *in = CONTAINER_OF(s, struct stdio_input, src);
	ssize_t w = 0;

	if (in->len)
		w = input_try(in, in->pending + in->at, in->len);
	if (w < 0 || (events & (EPOLLERR | EPOLLHUP))) {
		input_close(in);
		return;
	}
	in->at += (size_t)w;
	in->len -= (size_t)w;
	if (in->len)
		return;
	free_and_set(&in->pending, NULL);
	if (in->close_when_written) {
		input_close(in);
		return;
	}
	input_update(in);
	attached_input_resume(in->hub);
}

void stdio_start(struct stdio_hub *h, int in, int out, int err)
{
	h->out[0].src.fd = out;
	h->out[1].src.fd = err;
	h->in.src.fd = in;
	h->in.src.ready = input_event;
	h->in.started = true;
	output_flow(h);
	if (in >= 0)
		input_update(&h->in);
	attached_input_resume(h);
}

void stdio_close_stdin(struct stdio_hub *h)
{
	input_close_soon(&h->in);
}
