/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Masked paths are covered by an empty, read-only file or directory of our own, never by the container's /dev/null
 * (rule D6); read-only paths by a read-only clone of themselves. Both only after everything else is mounted.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "runtime/runtime_priv.h"

#define EMPTY_FILE "file"
#define EMPTY_DIR  "dir"

/* A tmpfs with one empty file and one empty directory, read-only. */
static int empty_make(struct rootfs *r, struct err *e)
{
	char *data[] = {"mode=555", "size=4k", "nr_inodes=4", NULL};

	r->empty = mount_new("tmpfs", "tmpfs", data, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, e);
	if (r->empty < 0)
		return -1;
	_cleanup_close_ int fd = openat(r->empty, EMPTY_FILE, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
	if (fd < 0 || mkdirat(r->empty, EMPTY_DIR, 0555) < 0)
		return err_sys(e, errno, "make the mask");
	fd = fd_close(fd);
	int x = mount_setattrs(r->empty, false, MOUNT_ATTR_RDONLY, 0, MS_PRIVATE);
	if (x < 0)
		return err_sys(e, -x, "make the mask read-only");
	/* Kernels before 6.15 clone attached mounts only: it hangs over /sys of the host tree that is about to go. */
	_cleanup_close_ int place = open("/sys", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (place < 0)
		return err_sys(e, errno, "open /sys");
	x = mount_attach(r->empty, place);
	return x < 0 ? err_sys(e, -x, "attach the mask") : 0;
}

static int open_inside(struct rootfs *r, const char *path, struct err *e)
{
	if (*path != '/' || str_has_control(path))
		return err_set(e, ERR_INVALID, "\"%s\" is no absolute path", path);
	/* /proc and /sys have no links on the way to what is masked; others are refused, not followed. */
	int fd = root_open(r->root, path + strspn(path, "/"), ROOT_NO_LINKS, O_PATH, 0);
	if (fd == -ELOOP || fd == -EXDEV)
		fd = root_open(r->root, path, ROOT_IN, O_PATH, 0);
	return fd;
}

static int mask(struct rootfs *r, const char *path, struct err *e)
{
	_cleanup_close_ int target = open_inside(r, path, e);
	struct stat st;

	if (target == -1)
		return -1;
	if (target == -ENOENT || target == -ENOTDIR)
		return 0;
	if (target < 0 || fstat(target, &st) < 0)
		return err_sys(e, target < 0 ? -target : errno, "mask %s", path);
	_cleanup_close_ int cover = mount_clone(r->empty, S_ISDIR(st.st_mode) ? EMPTY_DIR : EMPTY_FILE, false);
	int x = cover < 0 ? cover : mount_attach(cover, target);
	return x < 0 ? err_sys(e, -x, "mask %s", path) : 0;
}

static int make_readonly(struct rootfs *r, const char *path, struct err *e)
{
	_cleanup_close_ int target = open_inside(r, path, e);

	if (target == -1)
		return -1;
	if (target == -ENOENT || target == -ENOTDIR)
		return 0;
	if (target < 0)
		return err_sys(e, -target, "make %s read-only", path);
	_cleanup_close_ int copy = mount_clone(target, "", true);
	int x = copy < 0 ? copy : mount_setattrs(copy, false, MOUNT_ATTR_RDONLY, 0, 0);
	if (x == 0)
		x = mount_attach(copy, target);
	return x < 0 ? err_sys(e, -x, "make %s read-only", path) : 0;
}

int masks_apply(struct rootfs *r, struct err *e)
{
	const struct oci_config *c = r->in->config;

	STRV_FOREACH (path, c->linux_.readonly_paths) {
		if (make_readonly(r, *path, e) < 0)
			return -1;
	}
	if (strv_len(c->linux_.masked_paths)) {
		if (empty_make(r, e) < 0)
			return -1;
		STRV_FOREACH (path, c->linux_.masked_paths) {
			if (mask(r, *path, e) < 0)
				return -1;
		}
		r->empty = fd_close(r->empty);
	}
	if (c->root.readonly) {
		int x = mount_setattrs(r->root, false, MOUNT_ATTR_RDONLY, 0, 0);
		if (x < 0)
			return err_sys(e, -x, "make the root read-only");
	}
	return 0;
}
