/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One attached client: a stream socket that was handed over. Its descriptor may be shared with hulld, so its blocking
 * mode is left alone and MSG_DONTWAIT is used. See stdio_hub.h.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/fd.h"
#include "base/mem.h"
#include "format/log/stdcopy.h"
#include "monitor/stdio_priv.h"

#define WANTS_OUTPUT (MONITOR_ATTACH_STDOUT | MONITOR_ATTACH_STDERR)

void stdio_sweep(struct stdio_hub *h)
{
	struct attached **at = &h->clients;

	while (*at) {
		struct attached *c = *at;

		if (!c->dead) {
			at = &c->next;
			continue;
		}
		*at = c->next;
		h->n_clients--;
		free(c->leftover);
		free(c->queue);
		free(c);
	}
}

/* Ends the connection so that the client reads EOF: with input of it unread, a plain close would give it ECONNRESET.
 * The memory goes with stdio_sweep, so that whoever is looking at the client or at the list is not surprised. */
static void attached_close(struct attached *c)
{
	struct stdio_hub *h = c->hub;

	c->dead = true;
	c->flags = 0;
	loop_watch(h->loop, &c->src, 0);
	shutdown(c->src.fd, SHUT_RDWR);
	while (recv(c->src.fd, h->scratch + STDIO_SCRATCH - STDIO_WASTE, STDIO_WASTE, MSG_DONTWAIT) > 0)
		;
	c->src.fd = fd_close(c->src.fd);
	output_flow(h);
}

bool attached_is_full(const struct attached *c, size_t limit)
{
	return c->len > limit;
}

/* Nothing can be sent any more. What the client has sent before may still be read. */
static void attached_set_gone(struct attached *c)
{
	c->gone = true;
	c->flags &= ~(uint32_t)WANTS_OUTPUT;
	free_and_set(&c->queue, NULL);
	c->at = c->len = c->room = 0;
	output_flow(c->hub);
}

static bool attached_has_input(const struct attached *c)
{
	return (c->flags & MONITOR_ATTACH_STDIN) && !c->eof && !c->closing;
}

/* Watches for what the client's state asks for; closes it when it has come to its end. */
void attached_update(struct attached *c)
{
	bool input = attached_has_input(c);
	uint32_t want = EPOLLERR | EPOLLHUP; /* reported in any case, but the source must be watched */

	if (c->dead)
		return;
	if ((c->gone && !input) || (c->closing && c->len == 0)) {
		attached_close(c);
		return;
	}
	if (c->len)
		want |= EPOLLOUT;
	if (input && input_ready(&c->hub->in))
		want |= EPOLLIN;
	else if (c->gone)
		want = 0; /* EPOLLHUP stays: not watched until the process takes input again */
	loop_watch(c->hub->loop, &c->src, want);
}

void attached_end(struct attached *c)
{
	c->closing = true;
	c->flags &= ~(uint32_t)WANTS_OUTPUT;
	attached_update(c);
}

/* --- output --- */

static void queue_add(struct attached *c, const void *p, size_t n)
{
	if (n == 0)
		return;
	if (c->at + c->len + n > c->room) {
		if (c->at) {
			memmove(c->queue, c->queue + c->at, c->len);
			c->at = 0;
		}
		if (c->len + n > c->room) {
			c->room = c->len + n;
			c->queue = xrealloc(c->queue, c->room);
		}
	}
	memcpy(c->queue + c->at + c->len, p, n);
	c->len += n;
}

/* Bytes sent, 0 when the socket is full, -errno when the client is gone. */
static ssize_t send_some(struct attached *c, struct iovec *iov, size_t n_iov)
{
	struct msghdr mh = {.msg_iov = iov, .msg_iovlen = n_iov};
	ssize_t n = sendmsg(c->src.fd, &mh, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n >= 0)
		return n;
	return errno == EAGAIN || errno == EINTR || errno == ENOBUFS ? 0 : -errno;
}

void attached_send(struct attached *c, enum log_stream stream, const uint8_t *p, size_t n)
{
	uint8_t head[STDCOPY_HEADER];
	size_t n_head = c->flags & MONITOR_ATTACH_RAW ? 0 : STDCOPY_HEADER;
	struct iovec iov[2] = {{head, n_head}, {(void *)(uintptr_t)p, n}};
	ssize_t sent = 0;

	stdcopy_header(stream, (uint32_t)n, head);
	if (c->len == 0)
		sent = send_some(c, iov, 2);
	if (sent < 0) {
		attached_set_gone(c);
		attached_update(c);
		return;
	}
	if ((size_t)sent == n_head + n)
		return;
	if ((size_t)sent < n_head)
		queue_add(c, head + sent, n_head - (size_t)sent);
	sent = MAX(sent - (ssize_t)n_head, 0);
	queue_add(c, p + sent, n - (size_t)sent);
	attached_update(c);
}

static void queue_flush(struct attached *c)
{
	struct iovec iov = {c->queue + c->at, c->len};
	ssize_t sent = send_some(c, &iov, 1);

	if (sent < 0) {
		attached_set_gone(c);
		return;
	}
	c->at += (size_t)sent;
	c->len -= (size_t)sent;
	if (c->len == 0) {
		free_and_set(&c->queue, NULL);
		c->at = c->room = 0;
	}
	output_flow(c->hub);
}

/* --- input --- */

/* The client sends nothing any more. Docker closes stdin for a container made with StdinOnce, and ends the whole
 * attachment otherwise (a container without stdin does not listen to its clients at all). */
static void attached_input_end(struct attached *c)
{
	struct stdio_hub *h = c->hub;

	c->eof = true;
	if (!h->has_stdin)
		return;
	if (h->stdin_once && !h->tty)
		input_close_soon(&h->in);
	else
		attached_end(c);
}

/* `room` is for what the keys let through. */
static void attached_typed(struct attached *c, const uint8_t *p, size_t n, uint8_t *room)
{
	struct stdio_hub *h = c->hub;
	size_t n_out;
	bool detach = detach_keys_feed(&c->keys, p, n, room, &n_out);

	input_write(&h->in, room, n_out);
	if (!detach || c->dead)
		return;
	h->detached = true;
	h->detached_client = c->id;
	attached_end(c);
}

static void attached_read(struct attached *c)
{
	uint8_t *p = c->hub->scratch;
	ssize_t n = recv(c->src.fd, p, STDIO_INPUT_READ, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0)
		attached_typed(c, p, (size_t)n, p + STDIO_INPUT_READ);
	else
		attached_input_end(c);
}

static void attached_event(struct loop_source *s, uint32_t events)
{
	struct attached *c = CONTAINER_OF(s, struct attached, src);

	if ((events & (EPOLLERR | EPOLLHUP)) && !c->gone)
		attached_set_gone(c);
	if ((events & EPOLLOUT) && c->len)
		queue_flush(c);
	if (attached_has_input(c) && input_ready(&c->hub->in)) {
		if (events & EPOLLIN)
			attached_read(c);
		else if (c->gone)
			attached_input_end(c);
	}
	attached_update(c);
}

void attached_input_resume(struct stdio_hub *h)
{
	for (struct attached *c = h->clients; c; c = c->next) {
		if (c->leftover && attached_has_input(c) && input_ready(&h->in)) {
			_cleanup_free_ uint8_t *p = TAKE_PTR(c->leftover);

			attached_typed(c, p, c->n_leftover, h->scratch);
		}
		attached_update(c);
	}
}

int stdio_attach(struct stdio_hub *h, const struct monitor_attach *a, int fd, const void *leftover, size_t n)
{
	static const uint32_t known =
		MONITOR_ATTACH_STDIN | MONITOR_ATTACH_STDOUT | MONITOR_ATTACH_STDERR | MONITOR_ATTACH_RAW;
	struct attached *c;

	if ((a->flags & ~known) || a->n_keys > MONITOR_DETACH_KEYS_MAX || n > STDIO_SCRATCH - MONITOR_DETACH_KEYS_MAX)
		return -EINVAL;
	if (h->n_clients >= STDIO_CLIENTS_MAX)
		return -EMFILE;
	c = xnew(struct attached);
	*c = (struct attached){
		.src = {.fd = fd, .ready = attached_event},
		.hub = h,
		.next = h->clients,
		.id = a->client,
		.flags = a->flags,
	};
	/* Only a terminal has detach keys: what comes through a pipe is data. */
	detach_keys_init(&c->keys, a->keys, h->tty && h->has_stdin ? a->n_keys : 0);
	if (n > 0 && (a->flags & MONITOR_ATTACH_STDIN)) {
		c->leftover = xmalloc(n);
		memcpy(c->leftover, leftover, n);
		c->n_leftover = n;
	}
	h->clients = c;
	h->n_clients++;
	attached_input_resume(h);
	return 0;
}

void stdio_abandon(struct stdio_hub *h)
{
	for (struct attached *c = h->clients; c; c = c->next) {
		if (c->dead)
			continue;
		loop_watch(h->loop, &c->src, 0);
		c->src.fd = fd_close(c->src.fd);
		c->dead = true;
	}
	stdio_sweep(h);
}
