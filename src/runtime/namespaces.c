/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which namespaces a container makes, joins or shares with the host, and the calls that do it. Called by the starting
 * process and its child; nothing here changes the caller's own namespaces but ns_join and ns_enter_time, which the
 * child calls.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/strutil.h"
#include "runtime/runtime_priv.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

static const struct {
	uint64_t flag;
	const char *file; /* below /proc/<pid>/ns */
} ns_table[OCI_NS_COUNT] = {
	[OCI_NS_MOUNT] = {CLONE_NEWNS, "mnt"},         [OCI_NS_PID] = {CLONE_NEWPID, "pid"},
	[OCI_NS_NETWORK] = {CLONE_NEWNET, "net"},      [OCI_NS_UTS] = {CLONE_NEWUTS, "uts"},
	[OCI_NS_IPC] = {CLONE_NEWIPC, "ipc"},          [OCI_NS_USER] = {CLONE_NEWUSER, "user"},
	[OCI_NS_CGROUP] = {CLONE_NEWCGROUP, "cgroup"}, [OCI_NS_TIME] = {CLONE_NEWTIME, "time"},
};

void ns_plan_done(struct ns_plan *p)
{
	for (int i = 0; i < OCI_NS_COUNT; i++)
		p->join[i] = fd_close(p->join[i]);
}

bool ns_is_own(const struct ns_plan *p, enum oci_namespace_type type)
{
	if (type == OCI_NS_CGROUP && p->new_cgroup)
		return true;
	if (type == OCI_NS_TIME && p->new_time)
		return true;
	return (p->clone_flags & ns_table[type].flag) || p->join[type] >= 0;
}

static int open_joined(const char *path, enum oci_namespace_type type, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return err_sys(e, errno, "open the %s namespace %s", oci_namespace_name(type), path);
	if (ioctl(fd, NS_GET_NSTYPE) != (int)ns_table[type].flag) {
		fd_close(fd);
		return err_set(e, ERR_INVALID, "%s is no %s namespace", path, oci_namespace_name(type));
	}
	return fd;
}

/* Is the namespace the caller's own one? Joining a user namespace that one is in already is an error to the kernel. */
static bool is_own_already(int fd, enum oci_namespace_type type)
{
	char path[64];
	struct stat a, b;

	snprintf(path, sizeof(path), "/proc/self/ns/%s", ns_table[type].file);
	return fstat(fd, &a) == 0 && stat(path, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

int ns_plan_make(const struct oci_config *c, struct ns_plan *ret, struct err *e)
{
	struct ns_plan p = NS_PLAN_INIT;
	unsigned seen = 0;

	for (size_t i = 0; i < c->linux_.n_namespaces; i++) {
		const struct oci_namespace *n = &c->linux_.namespaces[i];
		enum oci_namespace_type t = (enum oci_namespace_type)n->type;
		if (seen & 1u << t) {
			ns_plan_done(&p);
			return err_set(e, ERR_INVALID, "the %s namespace is listed twice", oci_namespace_name(t));
		}
		seen |= 1u << t;
		if (!str_empty(n->path)) {
			p.join[t] = open_joined(n->path, t, e);
			if (p.join[t] < 0) {
				ns_plan_done(&p);
				return -1;
			}
			if (t == OCI_NS_USER && is_own_already(p.join[t], t))
				p.join[t] = fd_close(p.join[t]);
		} else if (t == OCI_NS_CGROUP) {
			p.new_cgroup = true;
		} else if (t == OCI_NS_TIME) {
			p.new_time = true;
		} else {
			p.clone_flags |= ns_table[t].flag;
		}
	}
	if (!(p.clone_flags & CLONE_NEWNS)) {
		ns_plan_done(&p);
		return err_set(e, ERR_UNSUPPORTED, "a container without a new mount namespace is not offered");
	}
	*ret = p;
	return 0;
}

int ns_join(const struct ns_plan *p, unsigned without, struct err *e)
{
	for (int t = 0; t < OCI_NS_COUNT; t++) {
		if (p->join[t] < 0 || t == OCI_NS_USER || t == OCI_NS_PID || (without & 1u << t))
			continue;
		if (setns(p->join[t], (int)ns_table[t].flag) < 0)
			return err_sys(e, errno, "join the %s namespace",
				       oci_namespace_name((enum oci_namespace_type)t));
	}
	return 0;
}

pid_t ns_clone(uint64_t flags, int cgroup_fd, int *ret_pidfd, struct err *e)
{
	int pidfd = -1;
	struct clone_args args = {
		.flags = flags | CLONE_PIDFD,
		.pidfd = (uintptr_t)&pidfd,
		/* The kernel wants no signal of its own with CLONE_PARENT: the first parent's is used. */
		.exit_signal = flags & CLONE_PARENT ? 0 : SIGCHLD,
	};

	if (cgroup_fd > 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)cgroup_fd;
	}
	long pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid < 0)
		return err_sys(e, errno, "make the new process");
	if (pid > 0)
		*ret_pidfd = pidfd;
	return (pid_t)pid;
}

static int write_map(pid_t pid, const char *file, const struct oci_id_map *maps, size_t n, struct err *e)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT_MAX(64 * 1024);
	char path[64];

	for (size_t i = 0; i < n; i++)
		strbuf_addf(&sb, "%" PRIu32 " %" PRIu32 " %" PRIu32 "\n", maps[i].container_id, maps[i].host_id,
			    maps[i].size);
	if (sb.overflow)
		return err_set(e, ERR_TOO_LARGE, "too many id mappings");
	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, sb.data, sb.len) < 0)
		return err_sys(e, errno, "write %s", path);
	return 0;
}

int ns_write_maps(pid_t pid, const struct oci_linux *l, struct err *e)
{
	if (!l->n_uid_mappings || !l->n_gid_mappings)
		return err_set(e, ERR_INVALID, "a new user namespace needs linux.uidMappings and linux.gidMappings");
	if (write_map(pid, "gid_map", l->gid_mappings, l->n_gid_mappings, e) < 0)
		return -1;
	return write_map(pid, "uid_map", l->uid_mappings, l->n_uid_mappings, e);
}

int ns_userns_open(const struct oci_id_map *uids, size_t n_uids, const struct oci_id_map *gids, size_t n_gids,
		   struct err *e)
{
	int pidfd = -1;
	char path[64];
	pid_t pid = ns_clone(CLONE_NEWUSER, 0, &pidfd, e);

	if (pid < 0)
		return -1;
	if (pid == 0) {
		/* Only holds the namespace until it is open. */
		for (;;)
			pause();
	}
	snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int r = fd < 0 ? err_sys(e, errno, "open %s", path) : 0;
	if (r == 0 &&
	    (write_map(pid, "uid_map", uids, n_uids, e) < 0 || write_map(pid, "gid_map", gids, n_gids, e) < 0))
		r = -1;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	fd_close(pidfd);
	if (r < 0)
		fd = fd_close(fd);
	return fd;
}

int ns_enter_time(const struct oci_linux *l, int procfd, struct err *e)
{
	char text[128], path[64];
	int n = 0;

	if (unshare(CLONE_NEWTIME) < 0)
		return err_sys(e, errno, "make a time namespace");
	if (l->offset_monotonic_secs.set || l->offset_monotonic_nsecs.set)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "monotonic %" PRId64 " %" PRId64 "\n",
			      l->offset_monotonic_secs.v, l->offset_monotonic_nsecs.v);
	if (l->offset_boottime_secs.set || l->offset_boottime_nsecs.set)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "boottime %" PRId64 " %" PRId64 "\n",
			      l->offset_boottime_secs.v, l->offset_boottime_nsecs.v);
	if (n > 0) {
		snprintf(path, sizeof(path), "%d/timens_offsets", (int)getpid());
		_cleanup_close_ int fd = root_open(procfd, path, ROOT_NO_LINKS, O_WRONLY, 0);
		if (fd < 0)
			return err_sys(e, -fd, "open timens_offsets");
		if (write(fd, text, (size_t)n) < 0)
			return err_sys(e, errno, "set the offsets of the time namespace");
	}
	/* The caller itself enters: kernels before 6.3 do not do it on exec. */
	snprintf(path, sizeof(path), "%d/ns/time_for_children", (int)getpid());
	_cleanup_close_ int ns = openat(procfd, path, O_RDONLY | O_CLOEXEC);
	if (ns < 0 || setns(ns, CLONE_NEWTIME) < 0)
		return err_sys(e, errno, "enter the time namespace");
	return 0;
}
