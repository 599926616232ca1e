/* SPDX-License-Identifier: Apache-2.0 */
/* From the process to its log and its clients; and the hub's own life. See stdio_hub.h. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "monitor/stdio_priv.h"

static const uint32_t wants[] = {[LOG_STDOUT] = MONITOR_ATTACH_STDOUT, [LOG_STDERR] = MONITOR_ATTACH_STDERR};

static void output_close(struct stdio_output *o)
{
	struct stdio_hub *h = o->hub;

	if (o->src.fd < 0)
		return;
	loop_watch(h->loop, &o->src, 0);
	o->src.fd = fd_close(o->src.fd);
	log_writer_end(h->log, o->stream);
}

static void output_deliver(struct stdio_output *o, const uint8_t *p, size_t n)
{
	struct stdio_hub *h = o->hub;

	h->last_output_ns = clock_monotonic_ns();
	log_writer_add(h->log, o->stream, clock_realtime_ns(), (const char *)p, n);
	for (struct attached *c = h->clients; c; c = c->next)
		if (c->flags & wants[o->stream])
			attached_send(c, o->stream, p, n);
	output_flow(h);
}

static void output_ready(struct loop_source *s, uint32_t events)
{
	struct stdio_output *o = CONTAINER_OF(s, struct stdio_output, src);
	ssize_t n = read(s->fd, o->hub->scratch, STDIO_READ);

	if (n > 0)
		output_deliver(o, o->hub->scratch, (size_t)n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		output_close(o); /* a terminal whose last user has gone says EIO */
}

void output_flow(struct stdio_hub *h)
{
	size_t limit = h->draining ? STDIO_DRAIN_QUEUE : 0;

	for (size_t i = 0; i < ARRAY_SIZE(h->out); i++) {
		struct stdio_output *o = &h->out[i];
		bool hold = false;

		for (struct attached *c = h->clients; c && !hold; c = c->next)
			hold = (c->flags & wants[o->stream]) && attached_is_full(c, limit);
		loop_watch(h->loop, &o->src, hold ? 0 : EPOLLIN);
	}
}

void stdio_init(struct stdio_hub *h, struct loop *loop, struct log_writer *log, uint8_t *scratch)
{
	*h = (struct stdio_hub){.loop = loop, .log = log, .scratch = scratch};
	for (size_t i = 0; i < ARRAY_SIZE(h->out); i++)
		h->out[i] = (struct stdio_output){
			.src = {.fd = -1, .ready = output_ready},
			.hub = h,
			.stream = i ? LOG_STDERR : LOG_STDOUT,
		};
	h->in = (struct stdio_input){.src = {.fd = -1}, .hub = h};
}

void stdio_drain(struct stdio_hub *h)
{
	h->draining = true;
	h->last_output_ns = clock_monotonic_ns();
	input_close(&h->in);
	output_flow(h);
}

bool stdio_drained(const struct stdio_hub *h)
{
	return h->out[0].src.fd < 0 && h->out[1].src.fd < 0;
}

void stdio_stop(struct stdio_hub *h)
{
	for (size_t i = 0; i < ARRAY_SIZE(h->out); i++)
		output_close(&h->out[i]);
}

void stdio_finish(struct stdio_hub *h)
{
	for (struct attached *c = h->clients; c; c = c->next)
		if (!c->dead)
			attached_end(c);
}

bool stdio_flushed(const struct stdio_hub *h)
{
	return !h->clients;
}

bool stdio_take_detached(struct stdio_hub *h, uint64_t *ret_client)
{
	if (!h->detached)
		return false;
	h->detached = false;
	*ret_client = h->detached_client;
	return true;
}
