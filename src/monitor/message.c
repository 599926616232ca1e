/* SPDX-License-Identifier: Apache-2.0 */
/* Packets between hulld and a supervisor: the table of types, the check against it, send and receive. See message.h. */
#include "monitor/message.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/macros.h"

static const struct message_type {
	uint32_t type;
	uint16_t size;   /* of the fixed body */
	bool tail;       /* bytes may follow it */
	uint8_t min_fds; /* descriptors on the packet */
	uint8_t max_fds;
	const char *name;
} message_types[] = {
	{MONITOR_HELLO, 0, false, 0, 0, "HELLO"},
	{MONITOR_HELLO_REPLY, sizeof(struct monitor_hello_reply), false, 0, 1, "HELLO_REPLY"},
	{MONITOR_ATTACH, sizeof(struct monitor_attach), true, 1, 1, "ATTACH"},
	{MONITOR_ATTACH_REPLY, sizeof(struct monitor_result), false, 0, 0, "ATTACH_REPLY"},
	{MONITOR_START, 0, false, 0, 0, "START"},
	{MONITOR_STARTED, sizeof(struct monitor_started), false, 1, 1, "STARTED"},
	{MONITOR_ABORT, 0, false, 0, 0, "ABORT"},
	{MONITOR_FAILED, sizeof(struct monitor_failed), true, 0, 0, "FAILED"},
	{MONITOR_RESIZE, sizeof(struct monitor_resize), false, 0, 0, "RESIZE"},
	{MONITOR_RESIZE_REPLY, sizeof(struct monitor_result), false, 0, 0, "RESIZE_REPLY"},
	{MONITOR_SIGNAL, sizeof(struct monitor_signal), false, 0, 0, "SIGNAL"},
	{MONITOR_SIGNAL_REPLY, sizeof(struct monitor_result), false, 0, 0, "SIGNAL_REPLY"},
	{MONITOR_CLOSE_STDIN, 0, false, 0, 0, "CLOSE_STDIN"},
	{MONITOR_CLOSE_STDIN_REPLY, sizeof(struct monitor_result), false, 0, 0, "CLOSE_STDIN_REPLY"},
	{MONITOR_RELEASE, 0, false, 0, 0, "RELEASE"},
	{MONITOR_EXITED, sizeof(struct monitor_exit), false, 0, 0, "EXITED"},
	{MONITOR_OOM, 0, false, 0, 0, "OOM"},
	{MONITOR_DETACHED, sizeof(struct monitor_detached), false, 0, 0, "DETACHED"},
	{MONITOR_ROTATED, 0, false, 0, 0, "ROTATED"},
};

static const struct message_type *type_find(uint32_t type)
{
	for (size_t i = 0; i < ARRAY_SIZE(message_types); i++)
		if (message_types[i].type == type)
			return &message_types[i];
	return NULL;
}

bool message_is_request(uint32_t type)
{
	return type % 2 == 0;
}

const char *message_type_name(uint32_t type)
{
	const struct message_type *t = type_find(type);

	return t ? t->name : "unknown";
}

int message_decode(const void *packet, size_t n, size_t n_fds, struct message *ret)
{
	const struct message_type *t;
	struct monitor_msg head;

	if (n < sizeof(head) || n > LIMIT_MONITOR_MSG)
		return -EPROTO;
	memcpy(&head, packet, sizeof(head));
	if (head.len != n - sizeof(head))
		return -EPROTO;
	t = type_find(head.type);
	if (!t)
		return -EOPNOTSUPP;
	if (head.len < t->size || (head.len > t->size && !t->tail))
		return -EPROTO;
	if (n_fds < t->min_fds || n_fds > t->max_fds)
		return -EPROTO;
	*ret = (struct message){
		.type = head.type,
		.body = (const uint8_t *)packet + sizeof(head),
		.len = head.len,
		.fixed = t->size,
	};
	return 0;
}

void message_body(const struct message *m, void *out, size_t size)
{
	ASSERT(size == m->fixed);
	memcpy(out, m->body, size);
}

int message_send(int sock, uint32_t type, const void *body, size_t n_body, const void *tail, size_t n_tail, int fd)
{
	struct monitor_msg head = {.type = type, .len = (uint32_t)(n_body + n_tail)};
	struct iovec iov[3] = {
		{.iov_base = &head, .iov_len = sizeof(head)},
		{.iov_base = (void *)(uintptr_t)body, .iov_len = n_body},
		{.iov_base = (void *)(uintptr_t)tail, .iov_len = n_tail},
	};
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	struct msghdr mh = {.msg_iov = iov, .msg_iovlen = ARRAY_SIZE(iov)};

	if (n_body > LIMIT_MONITOR_MSG || n_tail > LIMIT_MONITOR_MSG ||
	    sizeof(head) + n_body + n_tail > LIMIT_MONITOR_MSG)
		return -EMSGSIZE;
	if (fd >= 0) {
		struct cmsghdr *c;

		mh.msg_control = control.buf;
		mh.msg_controllen = sizeof(control.buf);
		c = CMSG_FIRSTHDR(&mh);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(int));
	}
	for (;;) {
		if (sendmsg(sock, &mh, MSG_NOSIGNAL) >= 0)
			return 0;
		if (errno != EINTR)
			return -errno;
	}
}

int message_recv(int sock, void *buf, size_t size, struct message *ret, int *ret_fd)
{
	int fds[FD_PASS_MAX];
	size_t n_fds = ARRAY_SIZE(fds);
	ssize_t n = fd_recv(sock, buf, size, fds, &n_fds);
	int r;

	if (n == -EMSGSIZE)
		return -EPROTO;
	if (n <= 0)
		return (int)n;
	r = message_decode(buf, (size_t)n, n_fds, ret);
	if (r < 0) {
		for (size_t i = 0; i < n_fds; i++)
			fd_close(fds[i]);
		return r;
	}
	*ret_fd = n_fds ? fds[0] : -1;
	return 1;
}
