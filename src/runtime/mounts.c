/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mounts of the spec, one by one, in the child: find or make the target inside the root, make or take the detached
 * mount, attach it to the target's descriptor (rules D1, D2, D6).
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "runtime/runtime_priv.h"

#ifndef MQUEUE_MAGIC
#define MQUEUE_MAGIC 0x19800202
#endif

/* Single files of /proc that lxcfs and others replace; anything else below /proc stays the kernel's. */
static const char *const proc_allowed[] = {
	"/proc/cpuinfo",
	"/proc/diskstats",
	"/proc/meminfo",
	"/proc/stat",
	"/proc/swaps",
	"/proc/uptime",
	"/proc/loadavg",
	"/proc/slabinfo",
	"/proc/sys/kernel/ns_last_pid",
	"/proc/sys/crypto/fips_enabled",
};

static int target_fail(const struct mount_item *m, int errnum, struct err *e)
{
	const char *source = str_empty(m->spec->source) ? str_or_empty(m->spec->type) : m->spec->source;

	return err_set(e, ERR_SYSTEM, "error mounting \"%s\" to rootfs at \"%s\": %s", source, m->spec->destination,
		       errnum == ELOOP     ? "a symbolic link is in the way"
		       : errnum == ENOTDIR ? "not a directory"
		       : errnum == ENOENT  ? "no such file or directory"
					   : strerrordesc_np(errnum));
}

/* Where a link would lead to a place of our own, none may be: rule D6. */
static bool is_engine_place(const char *path)
{
	return str_eq(path, "/dev") || str_starts(path, "/dev/") || str_eq(path, "/proc") ||
	       str_starts(path, "/proc/") || str_eq(path, "/sys") || str_starts(path, "/sys/");
}

static int file_make(int rootfd, const char *path, enum root_how how)
{
	const char *slash = strrchr(path, '/');
	_cleanup_free_ char *dir = slash && slash != path ? xmemdup0(path, (size_t)(slash - path)) : xstrdup(".");
	const char *name = slash ? slash + 1 : path;
	_cleanup_close_ int parent = root_mkdir_p(rootfd, dir, how, 0755);

	if (parent < 0)
		return parent;
	_cleanup_close_ int fd = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0755);
	if (fd < 0)
		return -errno;
	return openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

/* O_PATH descriptor of the target, made when it is missing; -errno. */
static int target_open(int rootfd, const char *path, bool dir)
{
	enum root_how how = is_engine_place(path) ? ROOT_NO_LINKS : ROOT_IN;

	while (how == ROOT_NO_LINKS && *path == '/')
		path++;
	int fd = root_open(rootfd, path, how, O_PATH, 0);
	if (fd == -ENOENT)
		fd = dir ? root_mkdir_p(rootfd, path, how, 0755) : file_make(rootfd, path, how);
	if (fd < 0)
		return fd;
	struct stat st;
	if (fstat(fd, &st) < 0 || S_ISDIR(st.st_mode) != dir) {
		fd_close(fd);
		return -ENOTDIR;
	}
	return fd;
}

/* Whatever the names said: a target on procfs must be one of the few files, and /proc itself takes a procfs only. */
static int proc_check(const struct mount_item *m, const char *path, int target, struct err *e)
{
	struct statfs sfs;

	if (fstatfs(target, &sfs) < 0)
		return err_sys(e, errno, "statfs %s", path);
	bool on_proc = sfs.f_type == PROC_SUPER_MAGIC;
	if (!on_proc && !str_eq(path, "/proc"))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(proc_allowed); i++)
		if (str_eq(path, proc_allowed[i]))
			return 0;
	if (str_eq(path, "/proc")) {
		if (str_eq(m->spec->type, "proc"))
			return 0;
		if (m->opt.bind != MOUNT_BIND_NONE && m->fd >= 0 && fstatfs(m->fd, &sfs) == 0 &&
		    sfs.f_type == PROC_SUPER_MAGIC)
			return 0;
	}
	return err_set(e, ERR_DENIED,
		       "error mounting \"%s\" to rootfs at \"%s\": it is inside /proc, which is not allowed",
		       str_or_empty(m->spec->source), m->spec->destination);
}

static int attributes_set(const struct mount_item *m, int fd, bool read_only_later, struct err *e)
{
	uint64_t set = m->opt.set;

	if (read_only_later)
		set &= ~(uint64_t)MOUNT_ATTR_RDONLY;
	int r = mount_setattrs(fd, false, set, m->opt.clr & ~set, 0);
	if (r == 0)
		r = mount_setattrs(fd, true, m->opt.rec_set, m->opt.rec_clr, 0);
	if (r == 0) {
		/* What is not asked for hears from the host but tells it nothing. */
		uint64_t propagation = m->opt.propagation ? m->opt.propagation : MS_SLAVE;
		bool rec = m->opt.propagation ? m->opt.propagation_rec : true;
		if (m->opt.propagation || m->opt.bind != MOUNT_BIND_NONE)
			r = mount_setattrs(fd, rec, 0, 0, propagation);
	}
	return r < 0 ? err_sys(e, -r, "error mounting \"%s\" to rootfs at \"%s\": set the mount's attributes",
			       str_or_empty(m->spec->source), m->spec->destination)
		     : 0;
}

static int remount(struct rootfs *r, struct mount_item *m, const char *path, struct err *e)
{
	_cleanup_close_ int fd = root_open(r->root, path, ROOT_IN, O_PATH, 0);

	if (fd < 0)
		return target_fail(m, -fd, e);
	return attributes_set(m, fd, false, e);
}

/* New file systems get their flags at birth. */
static int item_create(struct rootfs *r, struct mount_item *m, const char *path, struct err *e)
{
	const char *type = m->spec->type;
	bool dev = str_eq(path, "/dev");
	uint64_t attrs = m->opt.set;

	if (dev || m->opt.copy_up)
		attrs &= ~(uint64_t)MOUNT_ATTR_RDONLY;
	if (str_empty(type))
		return err_set(e, ERR_INVALID, "mount %s has no type", path);
	/* Without a pid namespace of its own sysfs and others may be refused in a user namespace: the host says why. */
	m->fd = mount_new(type, str_empty(m->spec->source) ? type : m->spec->source, m->opt.data, attrs, e);
	if (m->fd < 0)
		return err_wrap(e, "error mounting \"%s\" to rootfs at \"%s\"", str_or_empty(m->spec->source), path);
	m->is_dir = true;
	if (str_eq(type, "proc") && r->proc < 0)
		r->proc = fd_dup(m->fd);
	if (m->opt.propagation) {
		int x = mount_setattrs(m->fd, m->opt.propagation_rec, 0, 0, m->opt.propagation);
		if (x < 0)
			return err_sys(e, -x, "set the propagation of mount %s", path);
	}
	return 0;
}

static int item_copy_up(struct rootfs *r, struct mount_item *m, const char *path, struct err *e)
{
	_cleanup_close_ int from = root_open(r->root, path, ROOT_IN, O_RDONLY | O_DIRECTORY, 0);
	int x = from < 0 ? from : copy_up(from, m->fd);

	if (x < 0 && x != -ENOENT)
		return err_sys(e, -x, "copy files of %s to its tmpfs", path);
	if (m->opt.set & MOUNT_ATTR_RDONLY)
		mount_setattrs(m->fd, false, MOUNT_ATTR_RDONLY, 0, 0);
	return 0;
}

int mount_item_make(struct rootfs *r, struct mount_item *m, struct err *e)
{
	_cleanup_free_ char *absolute =
		*m->spec->destination == '/' ? xstrdup(m->spec->destination) : xasprintf("/%s", m->spec->destination);
	_cleanup_free_ char *path = path_clean(absolute);
	bool bind = m->opt.bind != MOUNT_BIND_NONE;

	if (m->opt.remount)
		return remount(r, m, path, e);
	if (!bind && (str_eq(m->spec->type, "cgroup") || str_eq(m->spec->type, "cgroup2"))) {
		if (mount_cgroup(r, m, e) < 0)
			return -1;
		if (m->done)
			return 0;
		m->is_dir = true;
	} else if (!bind && item_create(r, m, path, e) < 0) {
		return -1;
	} else if (bind && attributes_set(m, m->fd, str_eq(path, "/dev"), e) < 0) {
		return -1;
	}
	if (m->opt.copy_up && !bind && item_copy_up(r, m, path, e) < 0)
		return -1;
	_cleanup_close_ int target = target_open(r->root, path, m->is_dir);
	if (target < 0)
		return target_fail(m, -target, e);
	if (proc_check(m, path, target, e) < 0)
		return -1;
	int x = mount_attach(m->fd, target);
	if (x < 0)
		return target_fail(m, -x, e);
	/* The mounts of a cgroup v1 view go inside it, the nodes inside /dev; all others are done. */
	if (!str_eq(path, "/dev"))
		m->fd = fd_close(m->fd);
	return 0;
}
