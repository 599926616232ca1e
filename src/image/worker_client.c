/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon's side of hull-worker: starts one, feeds it, reads its report. The protocol is worker.h. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/strutil.h"
#include "image/image_priv.h"
#include "image/worker.h"

#define PUMP_SIZE   (256 * 1024)
#define RESERVE     (64LL * 1024 * 1024) /* of disk space that no image takes */
#define PROGRESS_MS 100

int64_t worker_room(struct images *s)
{
	struct statvfs v;
	int64_t room;

	if (fstatvfs(s->staging, &v) < 0)
		return LIMIT_LAYER_BYTES;
	room = (int64_t)v.f_bavail * (int64_t)v.f_frsize - RESERVE;
	return MAX(0, MIN(room, LIMIT_LAYER_BYTES));
}

static int send_all(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t k = send(fd, p, n, MSG_NOSIGNAL);

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return -errno;
		p += k;
		n -= (size_t)k;
	}
	return 0;
}

/* Feeds the worker. When it ends early, the rest is read all the same: a client that still writes would see its
 * connection break instead of the reason. */
static int pump(const struct image_input *in, int fd)
{
	_cleanup_free_ char *buf = xmalloc(PUMP_SIZE);
	bool gone = false;
	ssize_t n;

	while ((n = in->read(in->arg, buf, PUMP_SIZE)) > 0)
		if (!gone && send_all(fd, buf, (size_t)n) < 0)
			gone = true;
	return (int)n;
}

static enum err_kind kind_of(const char *name)
{
	static const enum err_kind kinds[] = {ERR_INVALID, ERR_TOO_LARGE};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (str_eq(name, err_kind_name(kinds[i])))
			return kinds[i];
	return str_eq(name, err_kind_name(ERR_NOT_FOUND)) ? ERR_INVALID : ERR_SYSTEM;
}

static int read_report(int fd, json_object **ret, struct err *e)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT_MAX(WORKER_REPORT_MAX);
	_cleanup_json_ json_object *root = NULL;
	const char *text;
	int r;

	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(e, errno, "read the worker's report");
	r = strbuf_read_fd(&sb, fd);
	if (r < 0)
		return err_sys(e, -r, "read the worker's report");
	if (json_parse(sb.data, sb.len, &root, e) < 0)
		return err_wrap(e, "read the worker's report");
	text = json_member_str(root, "error", NULL);
	if (text)
		return err_set(e, kind_of(json_member_str(root, "kind", "")), "%s", text);
	*ret = TAKE_PTR(root);
	return 0;
}

static int wait_for(int pidfd, int in_fd, void (*progress)(void *arg, int64_t at), void *arg)
{
	int r;

	if (!progress)
		return proc_wait(pidfd);
	/* the descriptor's offset is shared with the worker: it shows how far it has read */
	while ((r = proc_wait_timeout(pidfd, PROGRESS_MS)) == -ETIMEDOUT)
		progress(arg, lseek(in_fd, 0, SEEK_CUR));
	return r;
}

int worker_run(struct images *s, char *const *argv, int in_fd, const struct image_input *in, int dir_fd,
	       void (*progress)(void *arg, int64_t at), void *arg, json_object **ret, struct err *e)
{
	_cleanup_close_ int report = memfd_create("report", MFD_CLOEXEC);
	_cleanup_close_ int ours = -1, theirs = -1, pidfd = -1;
	struct proc_fd fds[4];
	struct proc_spawn spawn = {.path = s->worker, .argv = argv, .fds = fds, .die_with_parent = true};
	int pair[2], code, pumped = 0;
	pid_t pid;

	if (report < 0)
		return err_sys(e, errno, "make room for the worker's report");
	if (in) {
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
			return err_sys(e, errno, "make a stream to the worker");
		ours = pair[0];
		theirs = pair[1];
		(void)setsockopt(ours, SOL_SOCKET, SO_SNDBUF, &(int){1 << 20}, sizeof(int));
	}
	fds[spawn.n_fds++] = (struct proc_fd){.parent = in ? theirs : in_fd, .child = WORKER_IN};
	fds[spawn.n_fds++] = (struct proc_fd){.parent = dir_fd, .child = WORKER_DIR};
	fds[spawn.n_fds++] = (struct proc_fd){.parent = report, .child = WORKER_REPORT};
	fds[spawn.n_fds++] = (struct proc_fd){.parent = STDERR_FILENO, .child = STDERR_FILENO};
	if (proc_spawn(&spawn, &pid, &pidfd, e) < 0)
		return err_wrap(e, "start %s", s->worker);
	theirs = fd_close(theirs);
	if (in)
		pumped = pump(in, ours);
	ours = fd_close(ours);
	code = wait_for(pidfd, in_fd, progress, arg);
	if (pumped < 0)
		return err_set(e, ERR_CANCELLED, "the image's stream broke off: %s",
			       pumped == -EPROTO ? "bad framing" : "the client is gone");
	if (code != 0)
		return err_set(e, ERR_SYSTEM, "the worker that reads the image ended with code %d", code);
	return read_report(report, ret, e);
}
