/* SPDX-License-Identifier: Apache-2.0 */
/* What the host knows about device nodes. Paths come from the API, that is, from somebody who is root here anyway. */
#include "engine/devices.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/strutil.h"

void spec_devices_done(struct spec_devices *d)
{
	for (size_t i = 0; i < d->n; i++)
		free(d->items[i].path);
	free(d->items);
	*d = (struct spec_devices){0};
}

/* Go begins its error texts with a small letter. */
static const char *errno_text(int errnum, char buf[128])
{
	return strerror_r(errnum, buf, 128);
}

static int failed(struct err *e, const char *path, int errnum)
{
	char buf[128];
	const char *text = errno_text(errnum, buf);

	return err_set(e, ERR_SYSTEM, "error gathering device information while adding custom device \"%.200s\": %c%s",
		       path, tolower((unsigned char)text[0]), text + 1);
}

static void device_add(struct spec_devices *d, const char *path, const struct stat *st)
{
	d->items = xreallocarray(d->items, d->n + 1, sizeof(*d->items));
	d->items[d->n++] = (struct spec_device){
		.path = xstrdup(path),
		.type = S_ISBLK(st->st_mode) ? 'b' : 'c',
		.major = major(st->st_rdev),
		.minor = minor(st->st_rdev),
		.mode = st->st_mode & 07777,
		.uid = st->st_uid,
		.gid = st->st_gid,
	};
}

/* Mount points of other file systems, and what every container has of its own. */
static bool is_skipped(const char *name)
{
	static const char *const skip[] = {".",      "..",   "pts",         "shm",   "fd",
					   "mqueue", ".lxc", ".lxd-mounts", ".udev", "console"};

	for (size_t i = 0; i < ARRAY_SIZE(skip); i++) {
		if (str_eq(name, skip[i]))
			return true;
	}
	return false;
}

static int walk(int fd, const char *container_path, int depth, struct spec_devices *d, struct err *e)
{
	struct dirent *de;
	DIR *dir = fdopendir(fd);
	int r = 0;

	if (!dir) {
		fd_close(fd);
		return err_sys(e, errno, "read %s", container_path);
	}
	while (r == 0 && (de = readdir(dir))) {
		_cleanup_free_ char *path = NULL;
		struct stat st;

		if (is_skipped(de->d_name) || fstatat(dirfd(dir), de->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		path = path_join(container_path, de->d_name);
		if (S_ISDIR(st.st_mode) && depth < DEVICES_DEPTH_MAX) {
			int sub = dir_open_at(dirfd(dir), de->d_name);

			if (sub >= 0)
				r = walk(sub, path, depth + 1, d, e);
		} else if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)) {
			if (d->n >= DEVICES_MAX)
				r = err_set(e, ERR_TOO_LARGE, "more than %d devices", DEVICES_MAX);
			else
				device_add(d, path, &st);
		}
	}
	closedir(dir);
	return r;
}

int devices_find(const char *host_path, const char *container_path, struct spec_devices *ret, struct err *e)
{
	struct stat st;

	if (stat(host_path, &st) < 0)
		return failed(e, host_path, errno);
	if (S_ISDIR(st.st_mode)) {
		int fd = dir_open(host_path);

		return fd < 0 ? failed(e, host_path, -fd) : walk(fd, container_path, 0, ret, e);
	}
	if (!S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode))
		return err_set(
			e, ERR_INVALID,
			"error gathering device information while adding custom device \"%.200s\": not a device node",
			host_path);
	device_add(ret, container_path, &st);
	return 0;
}

int device_number(const char *path, uint32_t *ret_major, uint32_t *ret_minor, struct err *e)
{
	struct stat st;
	char buf[128];

	if (stat(path, &st) < 0) {
		const char *text = errno_text(errno, buf);

		return err_set(e, ERR_SYSTEM, "stat %.200s: %c%s", path, tolower((unsigned char)text[0]), text + 1);
	}
	*ret_major = major(st.st_rdev);
	*ret_minor = minor(st.st_rdev);
	return 0;
}
