/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime_start, the parent's side: cgroup, filter, clone, then answers the child's steps until it has executed. The
 * child's side is init.c. While the child builds its root, the parent moves it into the v1 hierarchies, which takes an
 * RCU grace period.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/failpoint.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/strutil.h"
#include "format/json/json.h"
#include "runtime/cgroup_priv.h"
#include "runtime/init.h"
#include "runtime/runtime_priv.h"

/* Everything of a start that has to be given back, whatever happens. */
struct starting {
	struct ns_plan ns;
	struct rootfs root;
	struct seccomp_filter filter;
	struct cgroup cgroup;
	bool cgroup_made;
	char *cgroup_path;
	int stdio[3];
	int sock; /* the parent's end */
	pid_t pid;
	int pidfd;
	int console;
};

void runtime_process_done(struct runtime_process *p)
{
	p->pidfd = fd_close(p->pidfd);
	p->console = fd_close(p->console);
	cgroup_done(&p->cgroup);
}

int stdio_resolve(const int in[3], int out[3], struct err *e)
{
	for (int i = 0; i < 3; i++) {
		/* Of the host, before any container file can be meant by that name. */
		out[i] = in[i] >= 0 ? fd_dup(in[i]) : open("/dev/null", O_RDWR | O_CLOEXEC | O_NOCTTY);
		if (out[i] < 0)
			return err_sys(e, in[i] >= 0 ? -out[i] : errno, "prepare stdio");
	}
	return 0;
}

char *cgroup_path_of(const struct oci_config *c, const char *id)
{
	const char *path = c->linux_.cgroups_path;

	if (str_empty(path))
		return xasprintf("/%s", id);
	return *path == '/' ? xstrdup(path) : xasprintf("/%s", path);
}

static int config_check(const struct runtime_start *in, struct err *e)
{
	const struct oci_config *c = in->config;

	if (process_check(c->process, e) < 0)
		return -1;
	if (c->linux_.has_intel_rdt)
		return err_set(e, ERR_UNSUPPORTED, "linux.intelRdt is not supported");
	if (c->linux_.has_memory_policy)
		return err_set(e, ERR_UNSUPPORTED, "linux.memoryPolicy is not supported");
	if (c->linux_.has_net_devices)
		return err_set(e, ERR_UNSUPPORTED, "linux.netDevices is not supported");
	if (!str_empty(c->linux_.mount_label))
		return err_set(e, ERR_UNSUPPORTED, "mount label \"%s\": SELinux is not supported on this host",
			       c->linux_.mount_label);
	if (!str_empty(c->linux_.personality_domain) && !str_eq(c->linux_.personality_domain, "LINUX") &&
	    !str_eq(c->linux_.personality_domain, "LINUX32"))
		return err_set(e, ERR_INVALID, "unknown personality \"%s\"", c->linux_.personality_domain);
	return 0;
}

static void own_namespaces_check(const struct starting *s, const struct oci_config *c)
{
	if (!str_empty(c->hostname) && !ns_is_own(&s->ns, OCI_NS_UTS))
		log_debug("hostname without a uts namespace of its own, ignoring");
}

/* While the child is building its root: the other hierarchies, limits, the device filter; then the child goes in. */
static int cgroup_complete(struct starting *s, const struct runtime_start *in, struct err *e)
{
	const struct oci_resources *r = in->config->linux_.resources;
	unsigned v1 = 0;

	if (cgroup_finish(&s->cgroup, r, e) < 0 || step_send(s->sock, STEP_CGROUPS, 0, -1, e) < 0)
		return -1;
	for (int h = CGROUP_UNIFIED + 1; h < CGROUP_HIERARCHIES; h++)
		if (s->cgroup.fd[h] >= 0)
			v1 |= 1u << h;
	unsigned join = v1;
	/* Only where a v2 tree holds the container together, and where no namespace shows the place. */
	if (in->defer_accounting && s->cgroup.fd[CGROUP_UNIFIED] >= 0 && !s->ns.new_cgroup) {
		join = r ? v1 & cgroup_v1_wanted(r) : 0;
		s->cgroup.deferred = v1 & ~join;
	}
	return cgroup_join(&s->cgroup, s->pid, join, e);
}

/* Runs the child's side in the new process; never returns there. */
static pid_t child_clone(struct starting *s, const struct runtime_start *in, int child_sock, struct err *e)
{
	int into = s->cgroup.fd[CGROUP_UNIFIED];
	bool joins_user = s->ns.join[OCI_NS_USER] >= 0;
	pid_t pid = ns_clone(joins_user ? 0 : s->ns.clone_flags, into, &s->pidfd, e);

	if (pid != 0)
		return pid;
	fd_close(s->sock);
	s->root.sock = child_sock;
	if (joins_user)
		init_in_user_namespace(in, &s->ns, &s->root, s->stdio, &s->filter, child_sock);
	init_main(in, &s->ns, &s->root, s->stdio, &s->filter, child_sock);
}

/* The child of a joined user namespace is a grandchild that became our child (CLONE_PARENT). */
static int adopt(struct starting *s, struct err *e)
{
	int fd = -1, value = 0;
	pid_t helper = s->pid;
	int step = step_next(s->sock, &value, &fd, e);

	fd_close(s->pidfd);
	s->pidfd = fd;
	s->pid = step == STEP_SPAWNED ? value : 0;
	if (step != STEP_SPAWNED)
		kill(helper, SIGKILL);
	waitpid(helper, NULL, 0);
	if (step < 0)
		return -1;
	return step == STEP_SPAWNED ? 0 : err_set(e, ERR_SYSTEM, "the joining process ended");
}

/* A joined pid namespace holds for children only: entered for the moment of the clone. */
static int spawn(struct starting *s, const struct runtime_start *in, struct err *e)
{
	_cleanup_close_ int own = -1;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(e, errno, "socketpair");
	s->sock = pair[0];
	if (s->ns.join[OCI_NS_PID] >= 0) {
		own = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
		if (own < 0 || setns(s->ns.join[OCI_NS_PID], CLONE_NEWPID) < 0) {
			fd_close(pair[1]);
			return err_sys(e, errno, "join the pid namespace");
		}
	}
	pid_t pid = child_clone(s, in, pair[1], e);
	fd_close(pair[1]);
	if (own >= 0 && setns(own, CLONE_NEWPID) < 0 && pid > 0)
		log_warn("cannot return to the own pid namespace: %s", strerrordesc_np(errno));
	if (pid < 0)
		return -1;
	s->pid = pid;
	return s->ns.join[OCI_NS_USER] >= 0 ? adopt(s, e) : 0;
}

static int listener_send(const struct runtime_start *in, pid_t pid, int fd, struct err *e)
{
	const struct oci_seccomp *sc = in->config->linux_.seccomp;
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	struct json_writer w;

	if (strlen(sc->listener_path) >= sizeof(addr.sun_path))
		return err_set(e, ERR_INVALID, "seccomp listenerPath is too long");
	memcpy(addr.sun_path, sc->listener_path, strlen(sc->listener_path) + 1);
	_cleanup_close_ int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (sock < 0 || connect(sock, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return err_sys(e, errno, "connect to the seccomp agent %s", sc->listener_path);
	_cleanup_free_ char *state = state_json(in->config, in->id, "creating", pid, in->bundle);
	json_writer_init(&w, &sb);
	json_object_begin(&w);
	json_kstr(&w, "ociVersion", "1.0.2");
	json_key(&w, "fds");
	json_raw(&w, "[\"seccompFd\"]");
	json_kint(&w, "pid", pid);
	if (!str_empty(sc->listener_metadata))
		json_kstr(&w, "metadata", sc->listener_metadata);
	json_key(&w, "state");
	json_raw(&w, state);
	json_object_close(&w);
	ssize_t n = fd_send(sock, sb.data, sb.len, &fd, 1);
	return n < 0 ? err_sys(e, (int)-n, "send the seccomp listener") : 0;
}

static int creation_hooks(const struct starting *s, const struct runtime_start *in, struct err *e)
{
	const struct oci_hooks *h = &in->config->hooks;
	_cleanup_free_ char *state = state_json(in->config, in->id, "creating", s->pid, in->bundle);

	if (hooks_run("prestart", &h->prestart, state, e) < 0)
		return -1;
	return hooks_run("createRuntime", &h->create_runtime, state, e);
}

/* Answers the child until it has executed (no gate) or waits at the gate. */
static int converse(struct starting *s, const struct runtime_start *in, struct err *e)
{
	bool ready = false;

	for (;;) {
		int fd = -1, value = 0;
		int step = step_next(s->sock, &value, &fd, e);
		_cleanup_close_ int got = fd;
		switch (step) {
		case -1:
			return -1;
		case 0:
			return ready ? 0
				     : err_set(e, ERR_SYSTEM,
					       "the container's first process ended before it was started");
		case STEP_MOUNTED:
			if (creation_hooks(s, in, e) < 0 || step_send(s->sock, STEP_HOOKS_DONE, 0, -1, e) < 0)
				return -1;
			break;
		case STEP_CONSOLE:
			fd_close(s->console);
			s->console = TAKE_FD(got);
			break;
		case STEP_LISTENER:
			if (listener_send(in, s->pid, got, e) < 0 ||
			    step_send(s->sock, STEP_LISTENER_DONE, 0, -1, e) < 0)
				return -1;
			break;
		case STEP_READY:
			ready = true;
			if (in->gate_fd >= 0)
				return 0;
			break;
		default:
			return err_set(e, ERR_BUG, "unexpected step %d", step);
		}
	}
}

static int start(struct starting *s, const struct runtime_start *in, struct err *e)
{
	const struct oci_config *c = in->config;
	struct err why = ERR_INIT;

	if (config_check(in, e) < 0 || ns_plan_make(c, &s->ns, e) < 0)
		return -1;
	own_namespaces_check(s, c);
	if (rootfs_init(&s->root, in, &s->ns, e) < 0 || stdio_resolve(in->stdio, s->stdio, e) < 0 ||
	    cgroup_begin(s->cgroup_path = cgroup_path_of(c, in->id), &s->cgroup, e) < 0)
		return -1;
	s->cgroup_made = true;
	int fp = FAILPOINT("runtime.cgroup");
	if (fp)
		return err_sys(e, fp, "failpoint");
	s->root.cgroup = &s->cgroup;
	if (c->linux_.seccomp && seccomp_filter_prepare(c->linux_.seccomp, in->seccomp_cache, &s->filter, e) < 0)
		return -1;
	if (rootfs_sources_by_parent(&s->root) && rootfs_open_sources(&s->root, e) < 0)
		return -1;
	if (spawn(s, in, e) < 0)
		return -1;
	fp = FAILPOINT("runtime.cloned");
	if (fp)
		return err_sys(e, fp, "failpoint");
	/* A child that fails says why itself; a broken conversation on our side only shows that it did. */
	if ((s->ns.clone_flags & CLONE_NEWUSER) &&
	    (ns_write_maps(s->pid, &c->linux_, e) < 0 || step_send(s->sock, STEP_MAPPED, 0, -1, e) < 0))
		return -1;
	if (cgroup_complete(s, in, &why) < 0 || process_prepare(s->pid, c->process, &why) < 0 ||
	    step_send(s->sock, STEP_PREPARED, 0, -1, &why) < 0) {
		if (step_other_gone(&why))
			return converse(s, in, e) < 0 ? -1 : err_set(e, why.kind, "%s", why.msg);
		if (e)
			*e = why;
		return -1;
	}
	if (converse(s, in, e) < 0)
		return -1;
	if (in->gate_fd < 0 && hooks_any(&c->hooks.poststart)) {
		_cleanup_free_ char *state = state_json(c, in->id, "running", s->pid, in->bundle);
		return hooks_run("poststart", &c->hooks.poststart, state, e);
	}
	return 0;
}

static void undo(struct starting *s, const struct runtime_start *in)
{
	struct err why = ERR_INIT;

	if (s->pid > 0) {
		pidfd_signal(s->pidfd, SIGKILL);
		waitpid(s->pid, NULL, 0);
	}
	if (!s->cgroup_made)
		return;
	if (cgroup_remove(s->cgroup_path, &why) < 0)
		log_warn("%s", why.msg);
	_cleanup_free_ char *state = state_json(in->config, in->id, "stopped", 0, in->bundle);
	if (hooks_run("poststop", &in->config->hooks.poststop, state, &why) < 0)
		log_warn("%s", why.msg);
}

static void starting_done(struct starting *s)
{
	ns_plan_done(&s->ns);
	rootfs_done(&s->root);
	seccomp_filter_done(&s->filter);
	cgroup_done(&s->cgroup);
	free(s->cgroup_path);
	for (int i = 0; i < 3; i++)
		fd_close(s->stdio[i]);
	fd_close(s->sock);
	fd_close(s->pidfd);
	fd_close(s->console);
}

int runtime_start(const struct runtime_start *in, struct runtime_process *ret, struct err *e)
{
	struct starting s = {
		.ns = NS_PLAN_INIT,
		.root = {.root = -1, .proc = -1, .empty = -1, .console = -1, .terminal = -1, .sock = -1},
		.cgroup = CGROUP_INIT,
		.stdio = {-1, -1, -1},
		.sock = -1,
		.pidfd = -1,
		.console = -1,
	};
	int r = start(&s, in, e);

	if (r < 0) {
		undo(&s, in);
	} else {
		*ret = (struct runtime_process){
			.pid = s.pid, .pidfd = TAKE_FD(s.pidfd), .console = TAKE_FD(s.console), .cgroup = s.cgroup};
		s.cgroup = (struct cgroup)CGROUP_INIT;
	}
	starting_done(&s);
	return r;
}

void runtime_settle(struct runtime_process *p)
{
	struct err why = ERR_INIT;

	if (p->cgroup.deferred && cgroup_settle(&p->cgroup, &why) < 0)
		log_debug("%s", why.msg);
}

int runtime_cleanup(const char *id, const struct oci_config *config, const char *bundle, struct err *e)
{
	_cleanup_free_ char *path = cgroup_path_of(config, id);
	struct err why = ERR_INIT;
	int r = cgroup_remove(path, e);

	if (hooks_any(&config->hooks.poststop)) {
		_cleanup_free_ char *state = state_json(config, id, "stopped", 0, bundle);
		if (hooks_run("poststop", &config->hooks.poststop, state, &why) < 0)
			log_warn("%s", why.msg);
	}
	return r;
}

static bool has(const char *msg, const char *text)
{
	return strcasestr(msg, text) != NULL;
}

int runtime_exit_code(const struct err *e)
{
	/* By the same words that Docker looks for in runc's message. */
	if (has(e->msg, "permission denied") || has(e->msg, "is a directory"))
		return 126;
	if (has(e->msg, "executable file not found") || has(e->msg, "no such file or directory") ||
	    has(e->msg, "not a directory"))
		return 127;
	return 128;
}
