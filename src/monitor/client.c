/* SPDX-License-Identifier: Apache-2.0 */
/* hulld's side of the supervisor's protocol. See client.h. */
#include "monitor/client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/path.h"
#include "monitor/exit_record.h"

int monitor_pair(int *ret_ours, int *ret_theirs, struct err *e)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return err_sys(e, errno, "cannot make the supervisor's control socket");
	*ret_ours = fds[0];
	*ret_theirs = fds[1];
	return 0;
}

int monitor_connect(int statedirfd, struct err *e)
{
	/* Through /proc/self/fd, because a state directory's path may be longer than sun_path. */
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	_cleanup_close_ int fd = -1;
	struct ucred cred;
	socklen_t n = sizeof(cred);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "/proc/self/fd/%d/%s", statedirfd, MONITOR_SOCKET_NAME);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_sys(e, errno, "cannot make a socket");
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
		if (errno == ENOENT || errno == ECONNREFUSED)
			return err_set(e, ERR_NOT_FOUND, "no supervisor is running");
		return err_sys(e, errno, "cannot connect to the supervisor");
	}
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &n) < 0)
		return err_sys(e, errno, "cannot tell who the supervisor is");
	if (cred.uid != geteuid())
		return err_set(e, ERR_DENIED, "the supervisor's socket is held by uid %u", (unsigned)cred.uid);
	return TAKE_FD(fd);
}

static int sent(int r, enum monitor_msg_type type, struct err *e)
{
	if (r >= 0)
		return 0;
	if (r == -EPIPE || r == -ECONNRESET || r == -ENOTCONN)
		return err_set(e, ERR_UNAVAILABLE, "the supervisor is gone");
	return err_sys(e, -r, "cannot send %s to the supervisor", message_type_name(type));
}

int monitor_send(int sock, enum monitor_msg_type type, struct err *e)
{
	return sent(message_send(sock, type, NULL, 0, NULL, 0, -1), type, e);
}

int monitor_send_body(int sock, enum monitor_msg_type type, const void *body, size_t n, struct err *e)
{
	return sent(message_send(sock, type, body, n, NULL, 0, -1), type, e);
}

int monitor_send_attach(int sock, const struct monitor_attach *a, int client_fd, const void *leftover,
			size_t n_leftover, struct err *e)
{
	if (n_leftover > MONITOR_LEFTOVER_MAX)
		return err_set(e, ERR_TOO_LARGE, "the client sent %zu bytes ahead of the stream, at most %d are taken",
			       n_leftover, MONITOR_LEFTOVER_MAX);
	return sent(message_send(sock, MONITOR_ATTACH, a, sizeof(*a), leftover, n_leftover, client_fd), MONITOR_ATTACH,
		    e);
}

/* Poll that a signal does not shorten. 1, 0 on timeout, -errno. */
static int wait_readable(int sock, int timeout_ms)
{
	int64_t end = clock_monotonic_ns() + timeout_ms * NS_PER_MS;

	for (;;) {
		struct pollfd p = {.fd = sock, .events = POLLIN};
		int64_t left = end - clock_monotonic_ns();
		int r = poll(&p, 1, timeout_ms < 0 ? -1 : (int)(MAX(left, 0) / NS_PER_MS));

		if (r >= 0)
			return r;
		if (errno != EINTR)
			return -errno;
	}
}

static void packet_fill(const struct message *m, struct monitor_packet *ret)
{
	ret->type = m->type;
	switch (m->type) {
	case MONITOR_HELLO_REPLY:
		message_body(m, &ret->hello, sizeof(ret->hello));
		break;
	case MONITOR_STARTED:
		message_body(m, &ret->started, sizeof(ret->started));
		break;
	case MONITOR_FAILED:
		message_body(m, &ret->failed, sizeof(ret->failed));
		ret->text = xmemdup0(m->body + m->fixed, m->len - m->fixed);
		break;
	case MONITOR_ATTACH_REPLY:
	case MONITOR_RESIZE_REPLY:
	case MONITOR_SIGNAL_REPLY:
	case MONITOR_CLOSE_STDIN_REPLY:
		message_body(m, &ret->result, sizeof(ret->result));
		break;
	case MONITOR_EXITED:
		message_body(m, &ret->exit, sizeof(ret->exit));
		break;
	case MONITOR_DETACHED:
		message_body(m, &ret->detached, sizeof(ret->detached));
		break;
	default:
		break;
	}
}

int monitor_recv(int sock, int timeout_ms, struct monitor_packet *ret, struct err *e)
{
	/* What a supervisor sends is small; only FAILED carries a text. */
	uint8_t buf[sizeof(struct monitor_msg) + sizeof(struct monitor_failed) + ERR_MSG_MAX + 64];
	struct message m;
	int r, fd = -1;

	r = wait_readable(sock, timeout_ms);
	if (r == 0)
		return 0;
	if (r > 0)
		r = message_recv(sock, buf, sizeof(buf), &m, &fd);
	if (r == 0 || r == -ECONNRESET)
		return err_set(e, ERR_UNAVAILABLE, "the supervisor is gone");
	if (r == -EPROTO || r == -EOPNOTSUPP)
		return err_set(e, ERR_INVALID, "the supervisor sent a message that is not understood");
	if (r < 0)
		return err_sys(e, -r, "cannot hear the supervisor");
	if (message_is_request(m.type)) {
		fd_close(fd);
		return err_set(e, ERR_INVALID, "the supervisor sent the request %s", message_type_name(m.type));
	}
	*ret = (struct monitor_packet){.fd = fd};
	packet_fill(&m, ret);
	return 1;
}

void monitor_packet_done(struct monitor_packet *p)
{
	free(p->text);
	p->text = NULL;
	p->fd = fd_close(p->fd);
}

int monitor_read_exit(int statedirfd, struct monitor_exit *ret, struct err *e)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	int r = root_read_file(statedirfd, MONITOR_EXIT_NAME, ROOT_NO_LINKS, EXIT_RECORD_MAX, &sb);

	if (r == -ENOENT)
		return 1;
	if (r < 0)
		return err_sys(e, -r, "cannot read the exit record");
	if (exit_record_decode(sb.data, sb.len, ret) < 0)
		return err_set(e, ERR_INVALID, "the exit record is damaged");
	return 0;
}
