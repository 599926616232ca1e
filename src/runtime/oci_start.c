/* SPDX-License-Identifier: Apache-2.0 */
/* create, start, run: making a container for another engine. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/strutil.h"
#include "runtime/oci.h"
#include "runtime/runtime_priv.h"

#define GATE_NAME "start.sock"

struct options {
	char *bundle, *pid_file, *console_socket;
	bool detach, no_pivot, ignored, keep;
	int preserve_fds;
};

static void options_done(struct options *o)
{
	free(o->bundle);
	free(o->pid_file);
	free(o->console_socket);
}

static int options_parse(int argc, char **argv, struct options *o, const char **ret_id, struct err *e)
{
	const struct oci_opt opts[] = {
		{"bundle", 'b', OCI_OPT_STR, &o->bundle},
		{"pid-file", 0, OCI_OPT_STR, &o->pid_file},
		{"console-socket", 0, OCI_OPT_STR, &o->console_socket},
		{"preserve-fds", 0, OCI_OPT_INT, &o->preserve_fds},
		{"detach", 'd', OCI_OPT_FLAG, &o->detach},
		{"no-pivot", 0, OCI_OPT_FLAG, &o->no_pivot},
		{"no-new-keyring", 0, OCI_OPT_FLAG, &o->ignored},
		{"no-subreaper", 0, OCI_OPT_FLAG, &o->ignored},
		{"keep", 0, OCI_OPT_FLAG, &o->keep},
		{NULL, 0, OCI_OPT_IGNORE, NULL},
	};
	int first = oci_opts_parse(argc, argv, opts, e);

	if (first < 0)
		return -1;
	if (argc - first != 1)
		return err_set(e, ERR_INVALID, "exactly one container id is needed");
	if (o->preserve_fds < 0 || o->preserve_fds > 65536)
		return err_set(e, ERR_INVALID, "invalid --preserve-fds");
	*ret_id = argv[first];
	return 0;
}

static int address_of(int dir, struct sockaddr_un *ret)
{
	*ret = (struct sockaddr_un){.sun_family = AF_UNIX};
	/* By descriptor: the path itself may be longer than an address. */
	return snprintf(ret->sun_path, sizeof(ret->sun_path), "/proc/self/fd/%d/%s", dir, GATE_NAME);
}

static int gate_make(int dir, struct err *e)
{
	struct sockaddr_un addr;
	_cleanup_close_ int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	address_of(dir, &addr);
	if (sock < 0 || bind(sock, (struct sockaddr *)&addr, sizeof(addr)) < 0 || listen(sock, 1) < 0)
		return err_sys(e, errno, "make the start socket");
	return TAKE_FD(sock);
}

int oci_console_send(const char *path, int master, struct err *e)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	_cleanup_close_ int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	static const char name[] = "/dev/ptmx";

	if (strlen(path) >= sizeof(addr.sun_path))
		return err_set(e, ERR_INVALID, "the path of the console socket is too long");
	memcpy(addr.sun_path, path, strlen(path) + 1);
	if (sock < 0 || connect(sock, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return err_sys(e, errno, "connect to the console socket %s", path);
	ssize_t n = fd_send(sock, name, sizeof(name) - 1, &master, 1);
	return n < 0 ? err_sys(e, (int)-n, "send the terminal") : 0;
}

int oci_pid_file_write(const char *path, pid_t pid, struct err *e)
{
	char text[16];
	_cleanup_free_ char *tmp = xasprintf("%s.tmp", path);
	int n = snprintf(text, sizeof(text), "%d", (int)pid);
	_cleanup_close_ int fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || fd_write_full(fd, text, (size_t)n) < 0 || rename(tmp, path) < 0)
		return err_sys(e, errno, "write %s", path);
	return 0;
}

static int terminal_check(const struct oci_config *c, const struct options *o, bool detached, struct err *e)
{
	bool terminal = c->process && c->process->terminal;

	if (terminal && detached && !o->console_socket)
		return err_set(e, ERR_INVALID,
			       "cannot allocate tty if runc will detach without setting console socket");
	if (!terminal && o->console_socket)
		return err_set(e, ERR_INVALID, "cannot use console socket if the container has no terminal");
	return 0;
}

/* Common part of create (gate >= 0) and run. */
static int make(struct oci_container *c, const struct options *o, int gate, struct runtime_process *p, struct err *e)
{
	struct runtime_start in = RUNTIME_START_INIT;

	in.id = c->id;
	in.config = &c->config;
	in.bundle = c->bundle;
	in.preserve_fds = o->preserve_fds;
	in.gate_fd = gate;
	in.no_pivot = o->no_pivot;
	in.defer_accounting = gate < 0 && !o->detach;
	in.seccomp_cache = OCI_ROOT_DEFAULT "/.seccomp";
	for (int i = 0; i < 3; i++)
		in.stdio[i] = i;
	if (runtime_start(&in, p, e) < 0)
		return err_wrap(e, "unable to start container process");
	c->pid = p->pid;
	if (oci_container_save(c, e) < 0 || (o->pid_file && oci_pid_file_write(o->pid_file, p->pid, e) < 0) ||
	    (o->console_socket && oci_console_send(o->console_socket, p->console, e) < 0)) {
		pidfd_signal(p->pidfd, 9);
		waitpid(p->pid, NULL, 0);
		runtime_cleanup(c->id, &c->config, c->bundle, NULL);
		return -1;
	}
	return 0;
}

int oci_cmd_create(const struct oci_globals *g, int argc, char **argv, struct err *e)
{
	_cleanup_oci_container_ struct oci_container c = OCI_CONTAINER_INIT;
	_cleanup_(options_done) struct options o = {0};
	struct runtime_process p = RUNTIME_PROCESS_INIT;
	const char *id = NULL;

	if (options_parse(argc, argv, &o, &id, e) < 0 || oci_container_new(g, id, o.bundle, &c, e) < 0)
		return -1;
	_cleanup_close_ int gate = -1;
	if (terminal_check(&c.config, &o, true, e) < 0 || (gate = gate_make(c.dir, e)) < 0 ||
	    make(&c, &o, gate, &p, e) < 0) {
		oci_container_remove(g, &c);
		return -1;
	}
	runtime_process_done(&p);
	return 0;
}

int oci_cmd_start(const struct oci_globals *g, int argc, char **argv, struct err *e)
{
	_cleanup_oci_container_ struct oci_container c = OCI_CONTAINER_INIT;
	struct sockaddr_un addr;

	if (argc != 1)
		return err_set(e, ERR_INVALID, "exactly one container id is needed");
	if (oci_container_open(g, argv[0], &c, e) < 0)
		return -1;
	enum oci_status status = oci_container_status(&c);
	if (status == OCI_STOPPED)
		return err_set(e, ERR_CONFLICT, "cannot start a container that has stopped");
	if (status != OCI_CREATED)
		return err_set(e, ERR_CONFLICT, "cannot start an already running container");
	_cleanup_close_ int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	address_of(c.dir, &addr);
	if (sock < 0 || connect(sock, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return err_sys(e, errno, "reach the container");
	/* The end of the conversation is the exec. */
	if (step_next(sock, NULL, NULL, e) != 0)
		return err_wrap(e, "unable to start container process");
	unlinkat(c.dir, GATE_NAME, 0);
	if (!hooks_any(&c.config.hooks.poststart))
		return 0;
	_cleanup_free_ char *state = state_json(&c.config, c.id, "running", c.pid, c.bundle);
	return hooks_run("poststart", &c.config.hooks.poststart, state, e);
}

int oci_cmd_run(const struct oci_globals *g, int argc, char **argv, struct err *e)
{
	_cleanup_oci_container_ struct oci_container c = OCI_CONTAINER_INIT;
	_cleanup_(options_done) struct options o = {0};
	struct runtime_process p = RUNTIME_PROCESS_INIT;
	struct err why = ERR_INIT;
	const char *id = NULL;

	if (options_parse(argc, argv, &o, &id, e) < 0 || oci_container_new(g, id, o.bundle, &c, e) < 0)
		return -1;
	if (terminal_check(&c.config, &o, o.detach, e) < 0 || make(&c, &o, -1, &p, e) < 0) {
		oci_container_remove(g, &c);
		return -1;
	}
	int code = 0;
	if (!o.detach) {
		code = oci_foreground(&p, e);
		if (!o.keep) {
			if (runtime_cleanup(c.id, &c.config, c.bundle, &why) < 0)
				log_warn("%s", why.msg);
			oci_container_remove(g, &c);
		}
	}
	runtime_process_done(&p);
	return code;
}
