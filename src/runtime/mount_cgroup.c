/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /sys/fs/cgroup of a container. With a cgroup namespace of its own: the real file systems, whose root is the
 * container's cgroup. Else: v2 as it is on the host, v1 and hybrid a tmpfs with the container's own directories. Always
 * read-only where the spec says so (D20).
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/strutil.h"
#include "runtime/cgroup_priv.h"
#include "runtime/runtime_priv.h"

static const struct {
	enum cgroup_hierarchy h;
	const char *name;
} views[] = {
	{CGROUP_CPU, "cpu"},         {CGROUP_CPUACCT, "cpuacct"},   {CGROUP_MEMORY, "memory"},
	{CGROUP_PIDS, "pids"},       {CGROUP_BLKIO, "blkio"},       {CGROUP_CPUSET, "cpuset"},
	{CGROUP_DEVICES, "devices"}, {CGROUP_FREEZER, "freezer"},   {CGROUP_HUGETLB, "hugetlb"},
	{CGROUP_NET_CLS, "net_cls"}, {CGROUP_NET_PRIO, "net_prio"}, {CGROUP_UNIFIED, "unified"},
};

int rootfs_wait(struct rootfs *r, enum step step, struct err *e)
{
	for (int next = MAX(r->heard + 1, STEP_CGROUPS); next <= (int)step; next++) {
		if (step_wait(r->sock, (enum step)next, NULL, e) < 0)
			return -1;
		r->heard = next;
	}
	return 0;
}

/* The namespace's root is the cgroup that one is in when it is made: only after the parent has moved us. */
int cgroup_namespace_enter(struct rootfs *r, struct err *e)
{
	if (!r->ns->new_cgroup || r->in_cgroupns)
		return 0;
	if (rootfs_wait(r, STEP_PREPARED, e) < 0)
		return -1;
	if (unshare(CLONE_NEWCGROUP) < 0)
		return err_sys(e, errno, "make a cgroup namespace");
	r->in_cgroupns = true;
	return 0;
}

static int view_make(int base, const char *name, int view, uint64_t attrs, struct err *e)
{
	if (mkdirat(base, name, 0755) < 0 && errno != EEXIST)
		return err_sys(e, errno, "mkdir %s", name);
	_cleanup_close_ int dir = openat(base, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return err_sys(e, errno, "open %s", name);
	int x = mount_setattrs(view, false, attrs, 0, MS_PRIVATE);
	if (x == 0)
		x = mount_attach(view, dir);
	return x < 0 ? err_sys(e, -x, "mount the cgroup view %s", name) : 0;
}

/* In a namespace the file system itself shows only what is ours; else a clone of the directory, by path: the parent's
 * descriptors are of another mount namespace. */
static int view_open(const struct rootfs *r, enum cgroup_hierarchy h, const char *name, const char *path, struct err *e)
{
	char *controller[] = {(char *)name, NULL};

	if (r->in_cgroupns)
		return h == CGROUP_UNIFIED ? mount_new("cgroup2", "cgroup2", NULL, 0, e)
					   : mount_new("cgroup", "cgroup", controller, 0, e);
	int fd = mount_clone(AT_FDCWD, path, false);
	return fd < 0 ? err_sys(e, -fd, "open the cgroup view %s", name) : fd;
}

/* A tmpfs with one directory for each v1 hierarchy. It is attached first: mounts go onto attached ones only. */
static int v1_make(struct rootfs *r, struct mount_item *m, struct err *e)
{
	char *data[] = {"mode=755", NULL};
	int ret = 0;

	_cleanup_close_ int base = mount_new("tmpfs", "cgroup", data, m->opt.set & ~(uint64_t)MOUNT_ATTR_RDONLY, e);
	if (base < 0)
		return -1;
	_cleanup_close_ int target = root_open(r->root, m->spec->destination, ROOT_IN, O_PATH | O_DIRECTORY, 0);
	if (target < 0)
		target = root_mkdir_p(r->root, m->spec->destination, ROOT_IN, 0755);
	if (target < 0)
		return err_sys(e, -target, "make %s", m->spec->destination);
	int x = mount_attach(base, target);
	if (x < 0)
		return err_sys(e, -x, "mount %s", m->spec->destination);
	for (size_t i = 0; i < ARRAY_SIZE(views) && ret == 0; i++) {
		_cleanup_free_ char *path = cgroup_host_path(views[i].h, r->cgroup->path);
		if (!path || !path_exists(path))
			continue;
		_cleanup_close_ int view = view_open(r, views[i].h, views[i].name, path, e);
		if (view < 0)
			return -1;
		ret = view_make(base, views[i].name, view, m->opt.set, e);
	}
	if (ret == 0 && (m->opt.set & MOUNT_ATTR_RDONLY))
		mount_setattrs(base, false, MOUNT_ATTR_RDONLY, 0, 0);
	return ret;
}

int mount_cgroup(struct rootfs *r, struct mount_item *m, struct err *e)
{
	if (rootfs_wait(r, STEP_CGROUPS, e) < 0 || cgroup_namespace_enter(r, e) < 0)
		return -1;
	if (cgroup_mode() != CGROUP_MODE_V2) {
		if (v1_make(r, m, e) < 0)
			return -1;
		m->done = true;
		return 0;
	}
	m->fd = mount_new("cgroup2", "cgroup", m->opt.data, m->opt.set, e);
	return m->fd < 0 ? err_wrap(e, "error mounting \"cgroup\" to rootfs at \"%s\"", m->spec->destination) : 0;
}
