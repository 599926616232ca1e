/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starting programs: see proc.h. The child shares our memory until it has exec'ed (CLONE_VM|CLONE_VFORK), as
 * posix_spawn(3) does, so that the cost does not grow with the daemon; a stack of its own and blocked signals make that
 * safe.
 */
#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/strutil.h"

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

#define SPAWN_FDS_MAX 16
#define SPAWN_STACK   (64 * 1024)

struct spawn_child {
	const struct proc_spawn *s;
	char *const *env;
	sigset_t mask;
	pid_t parent;
	volatile int error; /* errno of the step that failed, read by the parent: the memory is shared */
};

/* What runs between clone and exec leaves its frames without returning: the sanitizers' marks on that stack would stay
 * for the next mapping at this address. */
#define _in_child_ __attribute__((no_sanitize("address", "thread")))

#ifdef __SANITIZE_THREAD__
/* ThreadSanitizer takes clone for fork: it goes blind in what it believes to be the child, whose memory is ours. */
int __clone(int (*fn)(void *), void *stack, int flags, void *arg, ...);
#define clone __clone
#endif

/* The child makes raw system calls: libc's functions are intercepted by the sanitizers, whose tables it shares with us.
 */
static _in_child_ int child_open_null(void)
{
	return (int)syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDWR | O_CLOEXEC, 0);
}
static _in_child_ int child_dup_above(int fd, int from)
{
	return (int)syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, from);
}
static _in_child_ int child_dup_to(int fd, int to)
{
	/* dup3 refuses equal numbers; there the flag is all that changes. */
	return (int)(fd == to ? syscall(SYS_fcntl, fd, F_SETFD, 0) : syscall(SYS_dup3, fd, to, 0));
}
static _in_child_ void child_close(int fd)
{
	syscall(SYS_close, fd);
}
static _in_child_ void child_default_signals(void)
{
	/* handler, flags, restorer, mask: all zero is SIG_DFL, on every architecture's layout */
	static const unsigned long dfl[8];

	for (int sig = 1; sig < _NSIG; sig++)
		if (sig != SIGKILL && sig != SIGSTOP)
			syscall(SYS_rt_sigaction, sig, dfl, NULL, _NSIG / 8);
}

/* Moves the descriptors to their numbers. In two passes, first above all targets, so that none is overwritten. */
static _in_child_ int place_fds(const struct proc_spawn *s)
{
	int moved[SPAWN_FDS_MAX], top = 3;
	for (size_t i = 0; i < s->n_fds; i++)
		top = MAX(top, s->fds[i].child + 1);
	for (size_t i = 0; i < s->n_fds; i++) {
		int from = s->fds[i].parent;
		moved[i] = from < 0 ? child_open_null() : child_dup_above(from, top);
		if (moved[i] < 0)
			return -errno;
		if (from < 0) {
			int up = child_dup_above(moved[i], top);
			if (up < 0)
				return -errno;
			child_close(moved[i]);
			moved[i] = up;
		}
	}
	for (int fd = 0; fd <= 2; fd++) {
		bool named = false;
		for (size_t i = 0; i < s->n_fds; i++)
			named |= s->fds[i].child == fd;
		if (named)
			continue;
		int null = child_open_null();
		if (null < 0 || child_dup_to(null, fd) < 0)
			return -errno;
		if (null > 2)
			child_close(null);
	}
	for (size_t i = 0; i < s->n_fds; i++)
		if (child_dup_to(moved[i], s->fds[i].child) < 0)
			return -errno;
	return 0;
}

/* Marks everything but the wanted descriptors close-on-exec; the kernel closes them then. */
static _in_child_ int cloexec_others(const struct proc_spawn *s)
{
	unsigned from = 3;
	for (;;) {
		unsigned next = ~0U;
		for (size_t i = 0; i < s->n_fds; i++)
			if ((unsigned)s->fds[i].child >= from)
				next = MIN(next, (unsigned)s->fds[i].child);
		if (next > from && syscall(SYS_close_range, from, next - 1, CLOSE_RANGE_CLOEXEC) < 0)
			return -errno;
		if (next == ~0U)
			return 0;
		from = next + 1;
	}
}

static _in_child_ int child_main(void *arg)
{
	struct spawn_child *c = arg;
	const struct proc_spawn *s = c->s;
	int exec_fd = s->exec_fd > 0 ? child_dup_above(s->exec_fd, 64) : -1;
	int cwd_fd = s->cwd_fd > 0 ? child_dup_above(s->cwd_fd, 64) : -1;

	/* handlers of the parent must not run in the child: everything back to default before the mask opens */
	child_default_signals();
	int r = 0;
	if (s->new_session && setsid() < 0)
		r = -errno;
	if (r == 0 && s->die_with_parent) {
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
			r = -errno;
		else if (getppid() != c->parent) /* it died before we asked */
			_exit(127);
	}
	if (r == 0)
		r = place_fds(s);
	if (r == 0)
		r = cloexec_others(s);
	if (r == 0 && (cwd_fd >= 0 ? fchdir(cwd_fd) : chdir("/")) < 0)
		r = -errno;
	if (r == 0) {
		sigset_t none;
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		if (s->exec_fd > 0)
			syscall(SYS_execveat, exec_fd, "", s->argv, c->env, AT_EMPTY_PATH);
		else
			execve(s->path, s->argv, c->env);
		r = -errno;
	}
	c->error = -r;
	_exit(127);
}

/* Only the calling thread's stack moves: clone(2) with a stack, because clone3 has no libc wrapper that switches it. A
 * cgroup is entered by a helper field of clone3, so that case goes through the raw call with a copied stack frame. */
static pid_t clone_child(struct spawn_child *c, char *stack, int *ret_pidfd)
{
	int pidfd = -1;
	pid_t pid;
	if (c->s->cgroup_fd > 0) {
		/* no CLONE_VM here: the child runs on a copy of this frame; errors come back through shared memory */
		struct clone_args args = {.flags = CLONE_PIDFD | CLONE_INTO_CGROUP,
					  .pidfd = (uint64_t)(uintptr_t)&pidfd,
					  .exit_signal = SIGCHLD,
					  .cgroup = (uint64_t)(unsigned)c->s->cgroup_fd};
		pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
		if (pid == 0)
			child_main(c);
	} else {
		pid = clone(child_main, stack + SPAWN_STACK, CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, c, &pidfd);
	}
	if (pid < 0)
		return -errno;
	*ret_pidfd = pidfd;
	return pid;
}

/* Without CLONE_VFORK: the write end of the pipe closes when the child execs or ends. */
static void wait_for_exec(int status_fd)
{
	char byte;
	while (read(status_fd, &byte, 1) < 0 && errno == EINTR)
		;
}

int proc_spawn(const struct proc_spawn *s, pid_t *ret_pid, int *ret_pidfd, struct err *e)
{
	static char *const no_env[] = {NULL};
	ASSERT(s->n_fds <= SPAWN_FDS_MAX);
	ASSERT(s->path || s->exec_fd > 0);
	/* the child's record lies in shared memory: in the cgroup case the child has a copy of everything else */
	struct spawn_child *c =
		mmap(NULL, sizeof(*c) + SPAWN_STACK, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (c == MAP_FAILED)
		return err_sys(e, errno, "start %s", s->path ? s->path : s->argv[0]);
#ifdef __SANITIZE_ADDRESS__
	/* the frames of an earlier child, which never returned from them, were perhaps at this address */
	ASAN_UNPOISON_MEMORY_REGION(c, sizeof(*c) + SPAWN_STACK);
#endif
	*c = (struct spawn_child){.s = s, .env = s->env ? s->env : no_env, .parent = getpid()};

	_cleanup_close_ int status_r = -1, status_w = -1;
	int status[2];
	if (s->cgroup_fd > 0) { /* closes at exec */
		if (pipe2(status, O_CLOEXEC) < 0) {
			int errnum = errno;
			munmap(c, sizeof(*c) + SPAWN_STACK);
			return err_sys(e, errnum, "start %s", s->path ? s->path : s->argv[0]);
		}
		status_r = status[0];
		status_w = status[1];
	}
	sigset_t all, old;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	int pidfd = -1;
	pid_t pid = clone_child(c, (char *)(c + 1), &pidfd);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	status_w = fd_close(status_w);
	if (pid > 0 && status_r >= 0)
		wait_for_exec(status_r);
	int error = pid < 0 ? -pid : c->error;
	munmap(c, sizeof(*c) + SPAWN_STACK);
	if (error) {
		if (pid > 0)
			proc_wait(pidfd);
		fd_close(pidfd);
		return err_sys(e, error, "start %s", s->path ? s->path : s->argv[0]);
	}
	if (ret_pid)
		*ret_pid = pid;
	*ret_pidfd = pidfd;
	return 0;
}

int proc_wait(int pidfd)
{
	siginfo_t info = {0};
	while (waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED) < 0)
		if (errno != EINTR)
			return -errno;
	return info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
}

int proc_wait_timeout(int pidfd, int timeout_ms)
{
	struct pollfd p = {.fd = pidfd, .events = POLLIN};
	int n = poll(&p, 1, timeout_ms);
	if (n < 0 && errno != EINTR)
		return -errno;
	return n > 0 ? proc_wait(pidfd) : -ETIMEDOUT;
}

char *proc_self_dir(void)
{
	char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	if (n <= 0)
		return NULL;
	path[n] = 0;
	char *slash = strrchr(path, '/');
	return xmemdup0(path, slash == path ? 1 : (size_t)(slash - path));
}

unsigned long long proc_start_time(pid_t pid)
{
	char path[32];
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT_MAX(4096);
	if (path_read_file(path, sb.max, &sb) < 0)
		return 0;
	/* the name in field 2 may hold blanks and parentheses: count from the last ')' */
	char *p = strrchr(sb.data, ')');
	for (int field = 2; p && field < 22; field++) {
		p = strchr(p, ' ');
		p = p ? p + 1 : NULL;
	}
	if (!p)
		return 0;
	p[strcspn(p, " ")] = 0;
	uint64_t ticks;
	return parse_u64(p, &ticks) == 0 ? ticks : 0;
}
