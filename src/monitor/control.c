/* SPDX-License-Identifier: Apache-2.0 */
/* The supervisor's control connections. See control.h. */
#include "monitor/control.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"

static void conn_close(struct control_conn *conn)
{
	if (conn->src.fd < 0)
		return;
	loop_watch(conn->control->loop, &conn->src, 0);
	conn->src.fd = fd_close(conn->src.fd);
	conn->control->n_conns--;
}

static void conn_ready(struct loop_source *s, uint32_t events)
{
	struct control_conn *conn = CONTAINER_OF(s, struct control_conn, src);
	struct message m;
	int fd = -1;
	int r = message_recv(s->fd, conn->control->scratch, LIMIT_MONITOR_MSG, &m, &fd);

	if (r == -EAGAIN)
		return;
	if (r == -EOPNOTSUPP)
		return; /* a request of a newer hulld: HELLO has told it our version */
	if (r <= 0 || !message_is_request(m.type)) {
		fd_close(fd);
		conn_close(conn);
		return;
	}
	conn->control->request(conn->control, conn, &m, fd);
}

/* fd is owned; closed when there are too many. */
static void conn_add(struct control *c, int fd)
{
	for (int i = 0; i < CONTROL_CONNS_MAX; i++) {
		struct control_conn *conn = &c->conns[i];

		if (conn->src.fd >= 0)
			continue;
		*conn = (struct control_conn){.src = {.fd = fd, .ready = conn_ready}, .control = c};
		c->n_conns++;
		fd_set_nonblock(fd, true);
		loop_watch(c->loop, &conn->src, EPOLLIN);
		return;
	}
	fd_close(fd);
}

static void listen_ready(struct loop_source *s, uint32_t events)
{
	struct control *c = CONTAINER_OF(s, struct control, listen);
	int fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct ucred cred;
	socklen_t n = sizeof(cred);

	if (fd < 0)
		return;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &n) < 0 || cred.uid != geteuid()) {
		fd_close(fd);
		return;
	}
	conn_add(c, fd);
}

void control_init(struct control *c, struct loop *loop, int first_fd, uint8_t *scratch,
		  void (*request)(struct control *, struct control_conn *, const struct message *, int))
{
	*c = (struct control){
		.loop = loop,
		.listen = {.fd = -1, .ready = listen_ready},
		.dirfd = -1,
		.scratch = scratch,
		.request = request,
	};
	for (int i = 0; i < CONTROL_CONNS_MAX; i++)
		c->conns[i].src.fd = -1;
	conn_add(c, first_fd);
}

int control_listen(struct control *c, int dirfd, struct err *e)
{
	/* Through /proc/self/fd, because the directory's path may be longer than sun_path. */
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	_cleanup_close_ int fd = -1;
	mode_t mask;
	int r;

	snprintf(addr.sun_path, sizeof(addr.sun_path), "/proc/self/fd/%d/%s", dirfd, MONITOR_SOCKET_NAME);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_sys(e, errno, "cannot make the control socket");
	unlinkat(dirfd, MONITOR_SOCKET_NAME, 0);
	mask = umask(0177);
	r = bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 || listen(fd, CONTROL_CONNS_MAX) < 0 ? errno : 0;
	umask(mask);
	if (r)
		return err_sys(e, r, "cannot listen on the control socket");
	c->dirfd = dirfd;
	c->listen.fd = TAKE_FD(fd);
	loop_watch(c->loop, &c->listen, EPOLLIN);
	return 0;
}

void control_reply(struct control_conn *conn, uint32_t type, const void *body, size_t n, const void *tail,
		   size_t n_tail, int fd)
{
	if (conn->src.fd >= 0 && message_send(conn->src.fd, type, body, n, tail, n_tail, fd) < 0)
		conn_close(conn);
}

void control_reply_result(struct control_conn *conn, uint32_t type, int errnum)
{
	struct monitor_result result = {.errnum = errnum};

	control_reply(conn, type, &result, sizeof(result), NULL, 0, -1);
}

void control_news(struct control *c, uint32_t type, const void *body, size_t n)
{
	for (int i = 0; i < CONTROL_CONNS_MAX; i++)
		control_reply(&c->conns[i], type, body, n, NULL, 0, -1);
}

void control_close(struct control *c)
{
	if (c->listen.fd >= 0) {
		unlinkat(c->dirfd, MONITOR_SOCKET_NAME, 0);
		loop_watch(c->loop, &c->listen, 0);
		c->listen.fd = fd_close(c->listen.fd);
	}
	for (int i = 0; i < CONTROL_CONNS_MAX; i++)
		conn_close(&c->conns[i]);
}
