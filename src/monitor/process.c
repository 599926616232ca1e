/* SPDX-License-Identifier: Apache-2.0 */
/* Making the supervised process, and what remains to be done when it has ended. See process.h. */
#include "monitor/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/strutil.h"
#include "monitor/protocol.h"

void process_init(struct process *p)
{
	*p = (struct process){.rt = RUNTIME_PROCESS_INIT, .in = -1, .out = -1, .err = -1};
}

void process_done(struct process *p)
{
	runtime_process_done(&p->rt);
	fd_close(p->in);
	fd_close(p->out);
	fd_close(p->err);
	free(p->id);
	oci_config_done(&p->rest);
	process_init(p);
}

/* Both ends of the process's pipes. */
struct pipes {
	int ours[3], theirs[3];
};
#define PIPES_INIT                                                                                                     \
	{                                                                                                              \
		.ours = {-1, -1, -1}, .theirs = { -1, -1, -1 }                                                         \
	}

static void pipes_done(struct pipes *p)
{
	for (int i = 0; i < 3; i++) {
		p->ours[i] = fd_close(p->ours[i]);
		p->theirs[i] = fd_close(p->theirs[i]);
	}
}

static int pipes_make(struct pipes *p, bool with_stdin, struct err *e)
{
	for (int i = with_stdin ? 0 : 1; i < 3; i++) {
		int fds[2], r;

		if (pipe2(fds, O_CLOEXEC) < 0)
			return err_sys(e, errno, "cannot make a pipe");
		p->ours[i] = i == 0 ? fds[1] : fds[0];
		p->theirs[i] = i == 0 ? fds[0] : fds[1];
		r = fd_set_nonblock(p->ours[i], true);
		if (r < 0)
			return err_sys(e, -r, "cannot set up a pipe");
	}
	return 0;
}

static int start_container(const struct monitor_launch *l, int dirfd, const int stdio[3], struct process *p,
			   struct err *e)
{
	_cleanup_oci_config_ struct oci_config config = {0};
	struct runtime_start in = RUNTIME_START_INIT;
	int r;

	if (oci_config_parse(l->spec, strlen(l->spec), &config, e) < 0)
		return -1;
	if (!config.process)
		return err_set(e, ERR_INVALID, "the configuration has no process");
	r = file_replace_volatile(dirfd, MONITOR_CONFIG_NAME, l->spec, strlen(l->spec), 0600);
	if (r < 0)
		return err_sys(e, -r, "cannot keep the configuration");
	config.process->terminal = l->tty;
	in.id = l->id;
	in.config = &config;
	in.overlay.lower = l->lower;
	in.overlay.upper = str_empty(l->upper) ? NULL : l->upper;
	in.overlay.work = str_empty(l->work) ? NULL : l->work;
	in.seccomp_cache = l->seccomp_cache;
	memcpy(in.stdio, stdio, sizeof(in.stdio));
	in.rows = l->rows;
	in.cols = l->cols;
	in.defer_accounting = true;
	if (runtime_start(&in, &p->rt, e) < 0) {
		unlinkat(dirfd, MONITOR_CONFIG_NAME, 0);
		return -1;
	}
	p->rest.linux_.cgroups_path = TAKE_PTR(config.linux_.cgroups_path);
	p->rest.hooks.poststop = config.hooks.poststop;
	config.hooks.poststop = (struct oci_hook_list){0};
	return 0;
}

static int start_exec(const struct monitor_launch *l, int dirfd, const int stdio[3], struct process *p, struct err *e)
{
	_cleanup_oci_config_ struct oci_config config = {0};
	_cleanup_oci_process_ struct oci_process process = {0};
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	struct runtime_exec in = RUNTIME_EXEC_INIT;
	int r;

	/* Without the container's configuration there is no telling its seccomp filter: then nothing is run. */
	r = root_read_file(dirfd, MONITOR_CONFIG_NAME, ROOT_NO_LINKS, LIMIT_RUNTIME_SPEC, &text);
	if (r < 0)
		return err_sys(e, -r, "cannot read the container's configuration");
	if (oci_config_parse(text.data, text.len, &config, e) < 0 ||
	    oci_process_parse(l->spec, strlen(l->spec), &process, e) < 0)
		return -1;
	process.terminal = l->tty;
	in.target = l->target_pid;
	in.target_start_time = l->target_start_time;
	in.process = &process;
	in.seccomp = config.linux_.seccomp;
	in.seccomp_cache = l->seccomp_cache;
	memcpy(in.stdio, stdio, sizeof(in.stdio));
	in.rows = l->rows;
	in.cols = l->cols;
	in.defer_accounting = true;
	return runtime_exec(&in, &p->rt, e);
}

/* The terminal's master, twice: epoll takes each descriptor for one purpose. */
static int take_console(struct process *p, bool with_stdin, struct err *e)
{
	int r = fd_set_nonblock(p->rt.console, true);

	if (r < 0)
		return err_sys(e, -r, "cannot set up the terminal");
	if (with_stdin) {
		p->in = fd_dup(p->rt.console);
		if (p->in < 0)
			return err_sys(e, -p->in, "cannot set up the terminal");
	}
	p->out = TAKE_FD(p->rt.console);
	return 0;
}

int process_start(const struct monitor_launch *l, int config_dirfd, struct process *ret, struct err *e)
{
	_cleanup_(pipes_done) struct pipes pipes = PIPES_INIT;
	bool is_exec = !str_empty(l->container);

	if (!l->tty && pipes_make(&pipes, l->open_stdin, e) < 0)
		return -1;
	ret->is_exec = is_exec;
	if ((is_exec ? start_exec : start_container)(l, config_dirfd, pipes.theirs, ret, e) < 0)
		return -1;
	ret->id = xstrdup(l->id);
	if (l->tty) {
		if (take_console(ret, l->open_stdin, e) == 0)
			return 0;
		pidfd_signal(ret->rt.pidfd, SIGKILL);
		process_reap(ret);
		process_cleanup(ret);
		return -1;
	}
	ret->in = TAKE_FD(pipes.ours[0]);
	ret->out = TAKE_FD(pipes.ours[1]);
	ret->err = TAKE_FD(pipes.ours[2]);
	return 0;
}

bool process_has_hooks(const struct process *p)
{
	return p->rest.hooks.poststop.n > 0;
}

int process_reap(struct process *p)
{
	siginfo_t si = {0};
	int r;

	do {
		r = waitid(P_PIDFD, (id_t)p->rt.pidfd, &si, WEXITED);
	} while (r < 0 && errno == EINTR);
	if (r < 0)
		return 255; /* someone else has reaped our child: its status is lost */
	return si.si_code == CLD_EXITED ? si.si_status : 128 + si.si_status;
}

void process_cleanup(struct process *p)
{
	/* What cannot be removed now is hulld's to remove: it finds the cgroup by the container's id. */
	if (!p->is_exec)
		runtime_cleanup(p->id, &p->rest, NULL, NULL);
}
