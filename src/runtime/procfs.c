/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A procfs that nothing can be mounted over, for writes that must reach the kernel (rule D3): a detached mount of the
 * container's pid namespace, whose files are opened without following a link or crossing a mount. Sysctls go through
 * it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/strutil.h"
#include "runtime/runtime_priv.h"

int procfs_open(struct err *e)
{
	return mount_new("proc", "proc", NULL, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, e);
}

/* Keys that belong to a namespace, and to which. A name ending in '.' is a prefix. */
static const struct {
	const char *key;
	enum oci_namespace_type ns;
} sysctl_table[] = {
	{"net.", OCI_NS_NETWORK},
	{"fs.mqueue.", OCI_NS_IPC},
	{"kernel.msgmax", OCI_NS_IPC},
	{"kernel.msgmnb", OCI_NS_IPC},
	{"kernel.msgmni", OCI_NS_IPC},
	{"kernel.sem", OCI_NS_IPC},
	{"kernel.shmall", OCI_NS_IPC},
	{"kernel.shmmax", OCI_NS_IPC},
	{"kernel.shmmni", OCI_NS_IPC},
	{"kernel.shm_rmid_forced", OCI_NS_IPC},
	{"kernel.domainname", OCI_NS_UTS},
	{"kernel.hostname", OCI_NS_UTS},
	{"user.", OCI_NS_USER},
};

#define SYSCTL_VALUE_MAX 256

static bool key_shape_ok(const char *key)
{
	if (strlen(key) > 128 || *key == '.' || *key == '/' || strstr(key, "..") || strstr(key, "//"))
		return false;
	return strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/@:") == strlen(key);
}

static bool value_ok(const char *v)
{
	size_t n = strlen(v);

	return n > 0 && n <= SYSCTL_VALUE_MAX &&
	       strspn(v, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 \t.,:/_-") == n;
}

/* "net/ipv4/conf/eth0.1/x" keeps its dots, "net.ipv4.x" has none to keep: as sysctl(8), the first separator decides. */
static char *key_to_path(const char *key)
{
	char *path = xstrdup(key);
	const char *sep = strpbrk(key, "./");

	for (char *p = path; sep && *sep == '.' && *p; p++)
		*p = *p == '.' ? '/' : *p == '/' ? '.' : *p;
	return path;
}

int sysctl_check(const struct ns_plan *ns, const char *key, const char *value, struct err *e)
{
	if (!key_shape_ok(key))
		return err_set(e, ERR_INVALID, "invalid sysctl name \"%s\"", key);
	if (!value_ok(value))
		return err_set(e, ERR_INVALID, "invalid value of sysctl \"%s\"", key);
	_cleanup_free_ char *dotted = key_to_path(key);
	for (char *p = dotted; *p; p++)
		*p = *p == '/' ? '.' : *p == '.' ? '/' : *p;
	for (size_t i = 0; i < ARRAY_SIZE(sysctl_table); i++) {
		const char *rest = str_after(dotted, sysctl_table[i].key);
		if (!rest || (*rest && !str_ends(sysctl_table[i].key, ".")))
			continue;
		if (ns_is_own(ns, sysctl_table[i].ns))
			return 0;
		return err_set(e, ERR_INVALID, "sysctl \"%s\" is not allowed in the host's %s namespace", key,
			       oci_namespace_name(sysctl_table[i].ns));
	}
	return err_set(e, ERR_INVALID, "sysctl \"%s\" is not in a separate kernel namespace", key);
}

/* Opens a file below sys/ of the private procfs: no link, no other mount. */
static int sysctl_open(int procfd, const char *path)
{
	struct open_how how = {
		.flags = O_WRONLY | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV,
	};
	_cleanup_free_ char *full = xasprintf("sys/%s", path);
	int fd = (int)syscall(SYS_openat2, procfd, full, &how, sizeof(how));
	struct statfs sfs;

	if (fd < 0)
		return -errno;
	if (fstatfs(fd, &sfs) < 0 || sfs.f_type != PROC_SUPER_MAGIC) {
		fd_close(fd);
		return -EXDEV;
	}
	return fd;
}

int sysctl_apply(int procfd, const struct oci_config *c, const struct ns_plan *ns, struct err *e)
{
	for (size_t i = 0; i < c->linux_.n_sysctl; i++) {
		const char *key = c->linux_.sysctl[i].key;
		const char *value = c->linux_.sysctl[i].value;
		if (sysctl_check(ns, key, value, e) < 0)
			return -1;
		_cleanup_free_ char *path = key_to_path(key);
		_cleanup_close_ int fd = sysctl_open(procfd, path);
		if (fd < 0)
			return err_set(e, ERR_SYSTEM, "open sysctl %s file: open /proc/sys/%s: %s", key, path,
				       fd == -ENOENT ? "no such file or directory" : strerrordesc_np(-fd));
		if (write(fd, value, strlen(value)) < 0)
			return err_sys(e, errno, "write sysctl key %s", key);
	}
	return 0;
}
