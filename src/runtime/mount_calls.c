/* SPDX-License-Identifier: Apache-2.0 */
/* The new mount API in the four shapes that the runtime needs (rule D2). Descriptors in, descriptors out. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "runtime/runtime_priv.h"

/* File systems that a container may ask for (B26): none that parses an image of somebody. */
static const char *const types_allowed[] = {
	"proc",      "sysfs",   "tmpfs",   "ramfs",   "devpts",   "mqueue",      "cgroup",
	"cgroup2",   "bpf",     "tracefs", "debugfs", "configfs", "securityfs",  "efivarfs",
	"hugetlbfs", "fusectl", "pstore",  "binder",  "overlay",  "binfmt_misc", "rpc_pipefs",
};

int mount_clone(int dirfd, const char *path, bool recursive)
{
	int fd = open_tree(dirfd, path,
			   OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (*path ? 0 : AT_EMPTY_PATH) |
				   (recursive ? (unsigned)AT_RECURSIVE : 0));

	return fd < 0 ? -errno : fd;
}

int mount_attach(int fd, int target)
{
	return move_mount(fd, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0 ? -errno : 0;
}

int mount_setattrs(int fd, bool recursive, uint64_t set, uint64_t clr, uint64_t propagation)
{
	struct mount_attr a = {.attr_set = set, .attr_clr = clr, .propagation = propagation};

	if (!set && !clr && !propagation)
		return 0;
	return mount_setattr(fd, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &a, sizeof(a)) < 0 ? -errno : 0;
}

/* What the file system says about its refusal, "e overlay: No changes allowed ...". */
static const char *fs_message(int fs, char *buf, size_t size)
{
	ssize_t n = read(fs, buf, size - 1);

	if (n <= 2 || buf[1] != ' ')
		return NULL;
	buf[n] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	return buf + 2;
}

static int fs_fail(int fs, const char *type, const char *what, struct err *e)
{
	int errnum = errno;
	char buf[256];
	const char *msg = fs_message(fs, buf, sizeof(buf));

	return msg ? err_sys(e, errnum, "%s%s: %s", type, what, msg) : err_sys(e, errnum, "%s%s", type, what);
}

static int fs_set(int fs, const char *type, const char *word, struct err *e)
{
	const char *eq = strchr(word, '=');
	_cleanup_free_ char *key = eq ? xstrndup(word, (size_t)(eq - word)) : xstrdup(word);
	int r = eq ? fsconfig(fs, FSCONFIG_SET_STRING, key, eq + 1, 0) : fsconfig(fs, FSCONFIG_SET_FLAG, key, NULL, 0);

	return r < 0 ? fs_fail(fs, type, ": mount option", e) : 0;
}

int mount_new(const char *type, const char *source, char *const *data, uint64_t attrs, struct err *e)
{
	bool known = false;

	for (size_t i = 0; i < ARRAY_SIZE(types_allowed); i++)
		known |= str_eq(type, types_allowed[i]);
	if (!known)
		return err_set(e, ERR_UNSUPPORTED, "a file system of type \"%s\" is not mounted for containers", type);
	_cleanup_close_ int fs = fsopen(type, FSOPEN_CLOEXEC);
	if (fs < 0)
		return err_sys(e, errno, "%s", type);
	if (!str_empty(source) && fsconfig(fs, FSCONFIG_SET_STRING, "source", source, 0) < 0)
		return fs_fail(fs, type, ": source", e);
	STRV_FOREACH (word, data) {
		if (fs_set(fs, type, *word, e) < 0)
			return -1;
	}
	if (fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return fs_fail(fs, type, "", e);
	int fd = fsmount(fs, FSMOUNT_CLOEXEC, (unsigned)attrs);
	return fd < 0 ? fs_fail(fs, type, "", e) : fd;
}
