/* SPDX-License-Identifier: Apache-2.0 */
/* `run` and `exec` without --detach: we stand between the caller's terminal and the process, pass signals on, and take
 * its exit code. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "runtime/oci.h"

#define SETTLE_MS 50

struct bridge {
	int master;
	bool in_open, out_open;
	bool raw;
	struct termios saved;
};

static void size_copy(int master)
{
	struct winsize ws;

	if (ioctl(0, TIOCGWINSZ, &ws) == 0)
		ioctl(master, TIOCSWINSZ, &ws);
}

static void bridge_open(struct bridge *b, int master)
{
	struct termios raw;

	*b = (struct bridge){.master = master, .in_open = master >= 0, .out_open = master >= 0};
	if (master < 0)
		return;
	size_copy(master);
	if (tcgetattr(0, &b->saved) == 0) {
		raw = b->saved;
		cfmakeraw(&raw);
		b->raw = tcsetattr(0, TCSANOW, &raw) == 0;
	}
}

static void bridge_close(struct bridge *b)
{
	if (b->raw)
		tcsetattr(0, TCSANOW, &b->saved);
}

/* false: this direction has ended. */
static bool pump(int from, int to)
{
	char buf[4096];
	ssize_t n = read(from, buf, sizeof(buf));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	return n > 0 && fd_write_full(to, buf, (size_t)n) >= 0;
}

static void signals_take(int sfd, const struct runtime_process *p)
{
	struct signalfd_siginfo si;

	while (read(sfd, &si, sizeof(si)) == sizeof(si)) {
		if (si.ssi_signo == SIGCHLD)
			continue;
		if (si.ssi_signo == SIGWINCH && p->console >= 0)
			size_copy(p->console);
		else
			pidfd_signal(p->pidfd, (int)si.ssi_signo);
	}
}

static bool process_ended(pid_t pid, int *ret_code)
{
	int status;

	if (waitpid(pid, &status, WNOHANG) != pid)
		return false;
	*ret_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return true;
}

int oci_foreground(struct runtime_process *p, struct err *e)
{
	struct bridge b;
	sigset_t all, old;
	int code = 0;

	sigfillset(&all);
	sigdelset(&all, SIGTTOU);
	sigprocmask(SIG_BLOCK, &all, &old);
	_cleanup_close_ int sfd = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	if (sfd < 0)
		return err_sys(e, errno, "signalfd");
	bridge_open(&b, p->console);
	bool ended = process_ended(p->pid, &code);
	bool settled = false;
	while (!ended) {
		struct pollfd fds[] = {
			{.fd = sfd, .events = POLLIN},
			{.fd = p->pidfd, .events = POLLIN},
			{.fd = b.in_open ? 0 : -1, .events = POLLIN},
			{.fd = b.out_open ? b.master : -1, .events = POLLIN},
		};
		/* Off the way of a program that only runs for a moment. */
		int n = poll(fds, 4, settled ? -1 : SETTLE_MS);
		if (n < 0 && errno != EINTR)
			break;
		if (n == 0) {
			runtime_settle(p);
			settled = true;
			continue;
		}
		if (fds[0].revents)
			signals_take(sfd, p);
		if (fds[2].revents)
			b.in_open = pump(0, b.master);
		if (fds[3].revents)
			b.out_open = pump(b.master, 1);
		if (fds[1].revents)
			ended = process_ended(p->pid, &code);
	}
	/* What the terminal still holds. */
	while (b.out_open) {
		struct pollfd last = {.fd = b.master, .events = POLLIN};
		b.out_open = poll(&last, 1, 0) > 0 && pump(b.master, 1);
	}
	bridge_close(&b);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return code;
}
