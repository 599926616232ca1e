/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The container's first process from its clone to its exec: namespaces, root, names, terminal, privileges. It only
 * talks to its parent, by the steps of runtime_priv.h, and ends itself on every failure.
 */
#include "runtime/init.h"

#include <errno.h>
#include <linux/keyctl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/strutil.h"
#include "base/strv.h"

void keyring_join(const char *id)
{
	char name[96];

	snprintf(name, sizeof(name), "_ses.%.64s", id);
	/* Without keys in the kernel, or past the quota of keyrings, there is nothing to hide or nothing to do. */
	syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, name);
}

static int ids_root(struct err *e)
{
	if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		return err_sys(e, errno, "become root of the user namespace");
	/* The change of ids hides /proc/self; nobody else is in here yet. */
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	return 0;
}

static int namespaces_enter(const struct ns_plan *ns, int sock, struct err *e)
{
	if (setsid() < 0)
		return err_sys(e, errno, "setsid");
	if (ns->clone_flags & CLONE_NEWUSER) {
		if (step_wait(sock, STEP_MAPPED, NULL, e) < 0 || ids_root(e) < 0)
			return -1;
	} else if (ns->join[OCI_NS_USER] >= 0 && ids_root(e) < 0) {
		return -1;
	}
	return ns_join(ns, 1u << OCI_NS_CGROUP | 1u << OCI_NS_TIME, e);
}

static int root_make(const struct runtime_start *in, struct rootfs *root, struct err *e)
{
	const struct oci_hooks *h = &in->config->hooks;

	if (!rootfs_sources_by_parent(root) && rootfs_open_sources(root, e) < 0)
		return -1;
	if (rootfs_attach(root, e) < 0 || rootfs_populate(root, e) < 0)
		return -1;
	if (!hooks_any(&h->prestart) && !hooks_any(&h->create_runtime) && !hooks_any(&h->create_container))
		return 0;
	if (rootfs_wait(root, STEP_PREPARED, e) < 0 || step_send(root->sock, STEP_MOUNTED, 0, -1, e) < 0 ||
	    step_wait(root->sock, STEP_HOOKS_DONE, NULL, e) < 0)
		return -1;
	_cleanup_free_ char *state = state_json(in->config, in->id, "creating", getpid(), in->bundle);
	return hooks_run("createContainer", &h->create_container, state, e);
}

static int names_set(const struct oci_config *c, const struct ns_plan *ns, struct err *e)
{
	if (!ns_is_own(ns, OCI_NS_UTS))
		return 0;
	if (!str_empty(c->hostname) && sethostname(c->hostname, strlen(c->hostname)) < 0)
		return err_sys(e, errno, "sethostname");
	if (!str_empty(c->domainname) && setdomainname(c->domainname, strlen(c->domainname)) < 0)
		return err_sys(e, errno, "setdomainname");
	return 0;
}

/* A network namespace is born with its loopback down, and programs take for granted that it is up. */
static int loopback_up(const struct ns_plan *ns, struct err *e)
{
	struct ifreq r = {.ifr_name = "lo"};
	_cleanup_close_ int fd = -1;

	if (!ns_is_own(ns, OCI_NS_NETWORK))
		return 0;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_sys(e, errno, "socket");
	if (ioctl(fd, SIOCGIFFLAGS, &r) < 0)
		return err_sys(e, errno, "read the flags of the loopback link");
	r.ifr_flags |= IFF_UP;
	return ioctl(fd, SIOCSIFFLAGS, &r) < 0 ? err_sys(e, errno, "bring the loopback link up") : 0;
}

static int late_namespaces(const struct runtime_start *in, const struct ns_plan *ns, struct rootfs *root, struct err *e)
{
	if (rootfs_wait(root, STEP_PREPARED, e) < 0 || cgroup_namespace_enter(root, e) < 0)
		return -1;
	if (ns->join[OCI_NS_CGROUP] >= 0 && setns(ns->join[OCI_NS_CGROUP], CLONE_NEWCGROUP) < 0)
		return err_sys(e, errno, "join the cgroup namespace");
	if (ns->join[OCI_NS_TIME] >= 0 && setns(ns->join[OCI_NS_TIME], 0) < 0)
		return err_sys(e, errno, "join the time namespace");
	return ns->new_time ? ns_enter_time(&in->config->linux_, root->proc, e) : 0;
}

static int terminal_take(struct rootfs *root, struct err *e)
{
	if (root->terminal < 0)
		return 0;
	if (step_send(root->sock, STEP_CONSOLE, 0, root->console, e) < 0)
		return -1;
	root->console = fd_close(root->console);
	return ioctl(root->terminal, TIOCSCTTY, 0) < 0 ? err_sys(e, errno, "take the terminal") : 0;
}

static int init_run(const struct runtime_start *in, struct ns_plan *ns, struct rootfs *root, const int stdio[3],
		    const struct seccomp_filter *filter, int sock, struct err *e)
{
	const struct oci_config *c = in->config;
	const struct oci_process *spec = c->process;
	struct process_plan p = {.spec = spec,
				 .filter = filter->n ? filter : NULL,
				 .sock = sock,
				 .preserve_fds = in->preserve_fds,
				 .gate_fd = in->gate_fd,
				 .hooks = &c->hooks.start_container};

	umask(0); /* modes are as they are said */
	if (namespaces_enter(ns, sock, e) < 0)
		return -1;
	keyring_join(in->id);
	if (root_make(in, root, e) < 0)
		return -1;
	if (user_resolve(&spec->user, root->root, !strv_env_get(spec->env, "HOME"), &p.user, e) < 0)
		return -1;
	if (late_namespaces(in, ns, root, e) < 0)
		return -1;
	if (rootfs_enter(root, e) < 0 || names_set(c, ns, e) < 0 || loopback_up(ns, e) < 0)
		return -1;
	if (terminal_take(root, e) < 0 || process_stdio(stdio, root->terminal, p.user.uid, e) < 0)
		return -1;
	if (str_eq(c->linux_.personality_domain, "LINUX32") && personality(PER_LINUX32) < 0)
		return err_sys(e, errno, "set the personality");
	p.env = process_env(spec, p.user.home);
	_cleanup_free_ char *state = hooks_any(p.hooks) ? state_json(c, in->id, "created", getpid(), in->bundle) : NULL;
	p.hook_state = state;
	if (process_confine(&p, e) < 0)
		return -1;
	int r = process_exec(&p, e);
	/* The starter may be the one who listens by now. */
	step_fail(p.sock, r < 0 && e ? e : &(struct err){.kind = ERR_BUG, .msg = "no exec"});
}

void init_main(const struct runtime_start *in, struct ns_plan *ns, struct rootfs *root, const int stdio[3],
	       const struct seccomp_filter *filter, int sock)
{
	struct err e = ERR_INIT;

	init_run(in, ns, root, stdio, filter, sock, &e);
	step_fail(sock, &e);
}

void init_in_user_namespace(const struct runtime_start *in, struct ns_plan *ns, struct rootfs *root, const int stdio[3],
			    const struct seccomp_filter *filter, int sock)
{
	struct err e = ERR_INIT;
	int pidfd = -1;

	if (setns(ns->join[OCI_NS_USER], CLONE_NEWUSER) < 0) {
		err_sys(&e, errno, "join the user namespace");
		step_fail(sock, &e);
	}
	pid_t pid = ns_clone(ns->clone_flags | CLONE_PARENT, 0, &pidfd, &e);
	if (pid == 0)
		init_main(in, ns, root, stdio, filter, sock);
	if (pid < 0 || step_send(sock, STEP_SPAWNED, pid, pidfd, &e) < 0)
		step_fail(sock, &e);
	_exit(0);
}
