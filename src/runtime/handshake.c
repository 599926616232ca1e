/* SPDX-License-Identifier: Apache-2.0 */
/* The conversation between the starting process and the one it makes: see the diagram in runtime_priv.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "runtime/runtime_priv.h"

struct packet {
	int32_t step;
	int32_t value; /* with ERROR: enum err_kind */
	int32_t errnum;
	char text[ERR_MSG_MAX];
};
#define PACKET_HEAD offsetof(struct packet, text)

int step_send(int sock, enum step step, int value, int fd, struct err *e)
{
	struct packet p = {.step = step, .value = value};
	ssize_t n = fd_send(sock, &p, PACKET_HEAD, &fd, fd >= 0 ? 1 : 0);

	return n < 0 ? err_sys(e, (int)-n, "tell step %d", step) : 0;
}

void step_fail(int sock, const struct err *e)
{
	struct packet p = {.step = STEP_ERROR, .value = e->kind, .errnum = e->errnum};
	int n = snprintf(p.text, sizeof(p.text), "%s", e->msg);

	fd_send(sock, &p, PACKET_HEAD + (size_t)MIN(n, (int)sizeof(p.text) - 1), NULL, 0);
	_exit(1);
}

int step_next(int sock, int *ret_value, int *ret_fd, struct err *e)
{
	struct packet p;
	int fd = -1;
	size_t n_fds = 1;
	ssize_t n = fd_recv(sock, &p, sizeof(p) - 1, &fd, &n_fds);

	/* The other end left something of ours unread; what it said before it went is still there. */
	if (n == -ECONNRESET) {
		n_fds = 1;
		n = fd_recv(sock, &p, sizeof(p) - 1, &fd, &n_fds);
	}
	if (n < 0)
		return err_sys(e, (int)-n, "wait for the new process");
	if (n == 0)
		return 0;
	if (n < (ssize_t)PACKET_HEAD || p.step <= 0) {
		fd_close(fd);
		return err_set(e, ERR_BUG, "a broken message from the new process");
	}
	if (p.step == STEP_ERROR) {
		fd_close(fd);
		((char *)&p)[n] = '\0';
		err_set(e, (enum err_kind)p.value, "%s", p.text);
		if (e)
			e->errnum = p.errnum;
		return -1;
	}
	if (ret_value)
		*ret_value = p.value;
	if (ret_fd && n_fds == 1)
		*ret_fd = fd;
	else if (n_fds == 1)
		fd_close(fd);
	return p.step;
}

bool step_other_gone(const struct err *e)
{
	return e->errnum == EPIPE || e->errnum == ECONNRESET || e->errnum == ESRCH;
}

int step_wait(int sock, enum step step, int *ret_fd, struct err *e)
{
	int got = step_next(sock, NULL, ret_fd, e);

	if (got < 0)
		return -1;
	if (got == 0)
		return err_set(e, ERR_CANCELLED, "the process that was being started has ended");
	return got == (int)step ? 0 : err_set(e, ERR_BUG, "step %d came instead of %d", got, step);
}
