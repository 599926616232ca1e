/* SPDX-License-Identifier: Apache-2.0 */
/* Volumes and bind sources on disk, and the first content of a volume. */
#include "engine/volumes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/strutil.h"
#include "base/strv.h"

#define COPY_DEPTH_MAX   256
#define SYMLINK_TEXT_MAX 4096
#define CAPABILITY_XATTR "security.capability"

struct copy {
	int64_t entries, bytes;
};

/* --- copying a tree by descriptors: nothing is followed, nothing is opened that is no file or directory --- */

static int copy_dir(struct copy *job, int from, int to, int depth);

static int copy_capability(int from, int to)
{
	char value[256];
	ssize_t n = fgetxattr(from, CAPABILITY_XATTR, value, sizeof(value));

	if (n <= 0)
		return 0;
	return fsetxattr(to, CAPABILITY_XATTR, value, (size_t)n, 0) < 0 ? -errno : 0;
}

/* Ownership first: it clears set-id bits. */
static int copy_attributes(int to, const struct stat *st)
{
	const struct timespec times[2] = {st->st_atim, st->st_mtim};

	if (fchown(to, st->st_uid, st->st_gid) < 0 || fchmod(to, st->st_mode & 07777) < 0 || futimens(to, times) < 0)
		return -errno;
	return 0;
}

static int copy_file(struct copy *job, int from, int to, const char *name, const struct stat *st)
{
	_cleanup_close_ int in = root_open_regular(from, name, ROOT_NO_LINKS, O_RDONLY), out = -1;
	int64_t n;
	int r;

	if (in < 0)
		return in;
	out = root_open(to, name, ROOT_NO_LINKS, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
	if (out < 0)
		return out;
	n = fd_copy(in, out, LIMIT_LAYER_BYTES - job->bytes);
	if (n < 0)
		return (int)n;
	job->bytes += n;
	r = copy_attributes(out, st);
	return r < 0 ? r : copy_capability(in, out);
}

static int copy_link(int from, int to, const char *name, const struct stat *st)
{
	const struct timespec times[2] = {st->st_atim, st->st_mtim};
	char text[SYMLINK_TEXT_MAX + 1];
	ssize_t n = readlinkat(from, name, text, SYMLINK_TEXT_MAX);

	if (n < 0)
		return -errno;
	text[n] = 0;
	if (symlinkat(text, to, name) < 0 || fchownat(to, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0 ||
	    utimensat(to, name, times, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return 0;
}

static int copy_subdir(struct copy *job, int from, int to, const char *name, const struct stat *st, int depth)
{
	_cleanup_close_ int in = -1, out = -1;
	int r;

	if (depth >= COPY_DEPTH_MAX)
		return -ELOOP;
	in = dir_open_at(from, name);
	if (in < 0)
		return in;
	if (mkdirat(to, name, 0700) < 0)
		return -errno;
	out = dir_open_at(to, name);
	if (out < 0)
		return out;
	r = copy_dir(job, in, out, depth + 1);
	return r < 0 ? r : copy_attributes(out, st);
}

static int copy_entry(struct copy *job, int from, int to, const char *name, int depth)
{
	struct stat st;

	if (++job->entries > LIMIT_LAYER_ENTRIES)
		return -EFBIG;
	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return copy_subdir(job, from, to, name, &st, depth);
	if (S_ISREG(st.st_mode))
		return copy_file(job, from, to, name, &st);
	if (S_ISLNK(st.st_mode))
		return copy_link(from, to, name, &st);
	return 0; /* devices, sockets and pipes of an image have no business in a host directory */
}

static int copy_dir(struct copy *job, int from, int to, int depth)
{
	_cleanup_close_ int fd = fd_dup(from);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *de;
	int r = 0;

	if (!dir)
		return fd < 0 ? fd : -errno;
	fd = -1;
	while (r == 0 && (de = readdir(dir))) {
		if (!str_eq(de->d_name, ".") && !str_eq(de->d_name, ".."))
			r = copy_entry(job, from, to, de->d_name, depth);
	}
	closedir(dir);
	return r;
}

/* --- the image's content --- */

/* The image as one tree, without a place in the file system: a detached read-only overlay, or the only layer itself. */
static int image_root(char *const *lower, struct err *e)
{
	_cleanup_free_ char *joined = NULL;
	_cleanup_close_ int fs = -1;
	int fd;

	if (strv_len(lower) == 1) {
		fd = dir_open(lower[0]);
		return fd < 0 ? err_sys(e, -fd, "open layer") : fd;
	}
	fs = fsopen("overlay", FSOPEN_CLOEXEC);
	if (fs < 0)
		return err_sys(e, errno, "overlay");
	joined = strv_join(lower, ":");
	if (fsconfig(fs, FSCONFIG_SET_STRING, "lowerdir", joined, 0) < 0) {
		/* kernels before 6.5 take at most 255 bytes here; newer ones take layers one by one */
		STRV_FOREACH (l, lower) {
			if (fsconfig(fs, FSCONFIG_SET_STRING, "lowerdir+", *l, 0) < 0)
				return err_sys(e, errno, "overlay of %zu layers", strv_len(lower));
		}
	}
	if (fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return err_sys(e, errno, "overlay of %zu layers", strv_len(lower));
	fd = fsmount(fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
	return fd < 0 ? err_sys(e, errno, "overlay of %zu layers", strv_len(lower)) : fd;
}

/* Copies what the image has at destination, if that is a directory; its owner and mode become the volume's. */
static int fill_from_image(int data, const char *destination, char *const *lower, struct err *e)
{
	_cleanup_close_ int root = -1, from = -1;
	struct copy job = {0};
	struct stat st;
	int r;

	if (strv_len(lower) == 0)
		return 0;
	root = image_root(lower, e);
	if (root < 0)
		return -1;
	from = root_open(root, destination, ROOT_IN, O_RDONLY | O_DIRECTORY | O_NONBLOCK, 0);
	if (from < 0)
		return 0; /* the image has nothing there */
	if (fstat(from, &st) < 0)
		return err_sys(e, errno, "read %s of the image", destination);
	r = copy_dir(&job, from, data, 0);
	if (r == 0)
		r = copy_attributes(data, &st);
	return r < 0 ? err_sys(e, -r, "copy %s of the image into its volume", destination) : 0;
}

/* --- volumes --- */

static int volume_make(int volumes, const struct mount_point *m, char *const *lower, struct err *e)
{
	_cleanup_free_ char *fresh = xasprintf(".new-%s", m->name);
	_cleanup_close_ int dir = -1, data = -1;
	int r;

	r = rm_rf_at(volumes, fresh); /* of a copy that was cut off */
	if (r < 0)
		return err_sys(e, -r, "volume %s", m->name);
	if (mkdirat(volumes, fresh, 0700) < 0)
		return err_sys(e, errno, "volume %s", m->name);
	dir = dir_open_at(volumes, fresh);
	if (dir < 0 || mkdirat(dir, "_data", 0755) < 0)
		return err_sys(e, dir < 0 ? -dir : errno, "volume %s", m->name);
	data = dir_open_at(dir, "_data");
	if (data < 0 || fchmod(data, 0755) < 0)
		return err_sys(e, data < 0 ? -data : errno, "volume %s", m->name);
	if (!m->no_copy && fill_from_image(data, m->destination, lower, e) < 0) {
		rm_rf_at(volumes, fresh);
		return -1;
	}
	if (renameat(volumes, fresh, volumes, m->name) < 0)
		return err_sys(e, errno, "volume %s", m->name);
	return 0;
}

static int volume_ensure(const char *data_root, const struct mount_point *m, char *const *lower, struct err *e)
{
	_cleanup_free_ char *path = path_join(data_root, "volumes");
	_cleanup_close_ int volumes = -1;
	struct stat st;
	int r = mkdir_p(path, 0700);

	if (r < 0)
		return err_sys(e, -r, "make %s", path);
	volumes = dir_open(path);
	if (volumes < 0)
		return err_sys(e, -volumes, "open %s", path);
	if (fstatat(volumes, m->name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	return volume_make(volumes, m, lower, e);
}

/* As Docker makes them: for everybody to enter, whatever the daemon's umask. */
static int source_make(const char *path, struct err *e)
{
	_cleanup_close_ int fd = -1;
	int r = mkdir_p(path, 0755);

	if (r == 0) {
		fd = dir_open(path);
		r = fd < 0 ? fd : fchmod(fd, 0755) < 0 ? -errno : 0;
	}
	return r < 0 ? err_sys(e, -r, "error while creating mount source path '%.300s'", path) : 0;
}

int mounts_prepare(const char *data_root, const struct container_record *rec, char *const *lower, struct err *e)
{
	const struct mount_point *m = rec->mounts.items;

	for (size_t i = 0; i < rec->mounts.n; i++) {
		if (m[i].anonymous && str_is_hex(str_or_empty(m[i].name), ID_LEN)) {
			if (volume_ensure(data_root, &m[i], lower, e) < 0)
				return -1;
		} else if (m[i].make_source && !path_exists(m[i].source)) {
			if (source_make(m[i].source, e) < 0)
				return -1;
		}
	}
	return 0;
}

int volume_remove(const char *data_root, const char *name, struct err *e)
{
	_cleanup_free_ char *path = path_join(data_root, "volumes");
	_cleanup_close_ int volumes = dir_open(path);
	int r;

	if (volumes == -ENOENT)
		return 0;
	if (volumes < 0)
		return err_sys(e, -volumes, "open %s", path);
	r = rm_rf_at(volumes, name);
	return r < 0 ? err_sys(e, -r, "remove volume %s", name) : 0;
}
