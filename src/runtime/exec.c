/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime_exec: one more process in a running container. Processes of the container may watch every pid that appears
 * among them (A2), so what appears there has nothing to steal: a *helper*, invisible to them because it is in no pid
 * namespace of theirs, joins the other namespaces, drops every privilege and closes every descriptor; only then it
 * clones the *process* into the pid namespace, as our child (CLONE_PARENT), which takes its terminal and executes.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/proc.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "runtime/init.h"
#include "runtime/runtime_priv.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

struct target {
	int pidfd;
	int root;  /* its root directory, for names of users */
	int flags; /* CLONE_NEW*: namespaces that are not ours */
};

static const struct {
	const char *file;
	int flag;
} namespaces[] = {
	{"user", CLONE_NEWUSER}, {"mnt", CLONE_NEWNS},  {"pid", CLONE_NEWPID},       {"net", CLONE_NEWNET},
	{"uts", CLONE_NEWUTS},   {"ipc", CLONE_NEWIPC}, {"cgroup", CLONE_NEWCGROUP}, {"time", CLONE_NEWTIME},
};

static int target_open(const struct runtime_exec *in, struct target *t, struct err *e)
{
	char path[64];
	struct stat a, b;

	t->pidfd = pidfd_open_pid(in->target);
	if (t->pidfd < 0)
		return err_set(e, ERR_CONFLICT, "the container is not running");
	snprintf(path, sizeof(path), "/proc/%d/root", (int)in->target);
	t->root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < ARRAY_SIZE(namespaces); i++) {
		snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)in->target, namespaces[i].file);
		if (stat(path, &a) < 0)
			continue;
		snprintf(path, sizeof(path), "/proc/self/ns/%s", namespaces[i].file);
		if (stat(path, &b) < 0 || a.st_ino != b.st_ino || a.st_dev != b.st_dev)
			t->flags |= namespaces[i].flag;
	}
	/* All of the above was this process's, or it has ended and the number may be somebody else's. */
	if ((in->target_start_time && proc_start_time(in->target) != in->target_start_time) || t->root < 0 ||
	    pidfd_signal(t->pidfd, 0) < 0)
		return err_set(e, ERR_CONFLICT, "the container is not running");
	if (!(t->flags & CLONE_NEWNS))
		return err_set(e, ERR_INVALID, "process %d is in no container", (int)in->target);
	return 0;
}

static void target_done(struct target *t)
{
	fd_close(t->pidfd);
	fd_close(t->root);
}

/* A terminal of the container's own devpts. */
static int terminal_make(const struct runtime_exec *in, uint32_t uid, int sock, int *ret_slave, struct err *e)
{
	const struct oci_process *p = in->process;
	struct winsize ws = {.ws_row = in->rows ? in->rows : (unsigned short)p->console_size.height,
			     .ws_col = in->cols ? in->cols : (unsigned short)p->console_size.width};
	_cleanup_close_ int slash = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int pts = root_open(slash, "dev/pts", ROOT_NO_LINKS, O_PATH | O_DIRECTORY, 0);
	_cleanup_close_ int slave = -1;
	int master_fd;

	if (pts < 0)
		return err_sys(e, -pts, "open /dev/pts of the container");
	if (terminal_open(pts, &master_fd, &slave, e) < 0)
		return -1;
	_cleanup_close_ int master = master_fd;
	if ((ws.ws_row || ws.ws_col) && ioctl(master, TIOCSWINSZ, &ws) < 0)
		return err_sys(e, errno, "set the size of the terminal");
	(void)uid;
	if (step_send(sock, STEP_CONSOLE, 0, master, e) < 0)
		return -1;
	*ret_slave = TAKE_FD(slave);
	return 0;
}

/* The process itself: has no descriptor but stdio and the conversation, no privilege but its final ones. */
_noreturn_ static void process_run(struct process_plan *p)
{
	struct err e = ERR_INIT;

	setsid();
	if (p->spec->terminal && ioctl(0, TIOCSCTTY, 0) < 0) {
		err_sys(&e, errno, "take the terminal");
		step_fail(p->sock, &e);
	}
	if (process_filter(p, &e) < 0)
		step_fail(p->sock, &e);
	process_execve(p);
}

/* Only 0, 1, 2, those to preserve and the conversation stay; the last moves right behind them. */
static int descriptors_drop(struct process_plan *p, struct err *e)
{
	int place = 3 + MAX(p->preserve_fds, 0);

	if (p->sock != place) {
		if (dup3(p->sock, place, O_CLOEXEC) < 0)
			return err_sys(e, errno, "move the conversation");
		p->sock = place;
	}
	return close_range((unsigned)place + 1, ~0u, 0) < 0 ? err_sys(e, errno, "close descriptors") : 0;
}

static int helper_run(const struct runtime_exec *in, const struct target *t, const int stdio[3], struct process_plan *p,
		      struct err *e)
{
	int terminal = -1, pidfd = -1;

	if (step_wait(p->sock, STEP_PREPARED, NULL, e) < 0)
		return -1;
	/* All at once and in the kernel's own order; pid counts for the clone below. Root and working directory become
	 * the container's. */
	if (setns(t->pidfd, t->flags) < 0)
		return err_sys(e, errno, "join the namespaces of the container");
	if ((t->flags & CLONE_NEWUSER) && (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0))
		return err_sys(e, errno, "become root of the user namespace");
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	keyring_join("exec");
	if (in->process->terminal && terminal_make(in, p->user.uid, p->sock, &terminal, e) < 0)
		return -1;
	if (process_stdio(stdio, terminal, p->user.uid, e) < 0)
		return -1;
	fd_close(terminal);
	if (process_confine(p, e) < 0 || descriptors_drop(p, e) < 0)
		return -1;
	/* With no_new_privs the process loads its filter itself; without, that needs a privilege which it must not
	 * have. */
	if (p->filter && !in->process->no_new_privileges && process_filter(p, e) < 0)
		return -1;
	if (step_send(p->sock, STEP_READY, 0, -1, e) < 0)
		return -1;
	/* The old call: filters often allow clone, whose flags they can see, and never clone3. The pidfd goes to the
	 * place of the parent's tid. */
	long pid = syscall(SYS_clone, CLONE_PARENT | CLONE_PIDFD | SIGCHLD, NULL, &pidfd, NULL, NULL);
	if (pid == 0)
		process_run(p);
	if (pid < 0)
		return err_sys(e, errno, "make the process in the container");
	return step_send(p->sock, STEP_SPAWNED, (int)pid, pidfd, e);
}

static int converse(int sock, struct runtime_process *ret, struct err *e)
{
	for (;;) {
		int fd = -1, value = 0;
		int step = step_next(sock, &value, &fd, e);
		_cleanup_close_ int got = fd;
		switch (step) {
		case -1:
			return -1;
		case 0:
			return ret->pid > 0 ? 0 : err_set(e, ERR_SYSTEM, "the process ended before it was started");
		case STEP_CONSOLE:
			fd_close(ret->console);
			ret->console = TAKE_FD(got);
			break;
		case STEP_READY:
			break;
		case STEP_SPAWNED:
			fd_close(ret->pidfd);
			ret->pid = value;
			ret->pidfd = TAKE_FD(got);
			break;
		default:
			return err_set(e, ERR_BUG, "unexpected step %d", step);
		}
	}
}

/* Starts the helper and sees the process executed. */
static int exec_in(const struct runtime_exec *in, const struct target *t, struct process_plan *p, const int stdio[3],
		   struct runtime_process *ret, struct err *e)
{
	int pair[2], helper_fd = -1;
	struct cgroup *cg = &ret->cgroup;
	unsigned v1 = 0;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(e, errno, "socketpair");
	_cleanup_close_ int sock = pair[0];
	pid_t helper = ns_clone(0, cg->fd[CGROUP_UNIFIED], &helper_fd, e);
	if (helper == 0) {
		struct err why = ERR_INIT;
		fd_close(pair[0]);
		p->sock = pair[1];
		if (helper_run(in, t, stdio, p, &why) < 0)
			step_fail(p->sock, &why);
		_exit(0);
	}
	fd_close(pair[1]);
	if (helper < 0)
		return -1;
	fd_close(helper_fd);
	for (int h = CGROUP_UNIFIED + 1; h < CGROUP_HIERARCHIES; h++)
		if (cg->fd[h] >= 0)
			v1 |= 1u << h;
	/* As for the first process: hierarchies without a limit can wait. */
	unsigned join = in->defer_accounting && cg->fd[CGROUP_UNIFIED] >= 0 ? cgroup_limited(cg) : v1;
	cg->deferred = v1 & ~join;
	struct err why = ERR_INIT;
	int r = cgroup_join(cg, helper, join, &why);
	if (r == 0)
		r = process_prepare(helper, in->process, &why);
	if (r == 0)
		r = step_send(sock, STEP_PREPARED, 0, -1, &why);
	if (r < 0 && !step_other_gone(&why))
		err_set(e, why.kind, "%s", why.msg);
	else if (converse(sock, ret, e) < 0)
		r = -1;
	else if (r < 0)
		err_set(e, why.kind, "%s", why.msg);
	if (r < 0) {
		kill(helper, SIGKILL);
		if (ret->pid > 0) {
			pidfd_signal(ret->pidfd, SIGKILL);
			waitpid(ret->pid, NULL, 0);
		}
	}
	waitpid(helper, NULL, 0);
	return r;
}

static int cgroup_of(const struct runtime_exec *in, struct cgroup *ret, struct err *e)
{
	struct err why = ERR_INIT;

	if (in->cgroup)
		return err_set(e, ERR_UNSUPPORTED, "exec into a sub-cgroup is not supported");
	if (cgroup_open_pid(in->target, ret, &why) < 0 && why.kind != ERR_NOT_FOUND)
		return err_set(e, why.kind, "%s", why.msg);
	return 0;
}

int runtime_exec(const struct runtime_exec *in, struct runtime_process *ret, struct err *e)
{
	struct runtime_process made = {.pidfd = -1, .console = -1, .cgroup = CGROUP_INIT};
	struct seccomp_filter filter = {0};
	_cleanup_(target_done) struct target t = {.pidfd = -1, .root = -1};
	struct process_plan p = {.spec = in->process, .sock = -1, .gate_fd = -1, .preserve_fds = in->preserve_fds};
	int stdio[3] = {-1, -1, -1};
	int r = -1;

	if (process_check(in->process, e) == 0 && target_open(in, &t, e) == 0 && cgroup_of(in, &made.cgroup, e) == 0 &&
	    stdio_resolve(in->stdio, stdio, e) == 0 &&
	    (!in->seccomp || seccomp_filter_prepare(in->seccomp, in->seccomp_cache, &filter, e) == 0) &&
	    user_resolve(&in->process->user, t.root, !strv_env_get(in->process->env, "HOME"), &p.user, e) == 0) {
		p.filter = filter.n ? &filter : NULL;
		p.env = process_env(in->process, p.user.home);
		r = filter.notify ? err_set(e, ERR_UNSUPPORTED, "exec with a seccomp listener is not supported")
				  : exec_in(in, &t, &p, stdio, &made, e);
	}
	for (int i = 0; i < 3; i++)
		fd_close(stdio[i]);
	seccomp_filter_done(&filter);
	process_plan_done(&p);
	if (r < 0)
		runtime_process_done(&made);
	else
		*ret = made;
	return r;
}
