/* SPDX-License-Identifier: Apache-2.0 */
/* Durable writes: see file.h. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/random.h"

static int replace(int dirfd, const char *name, const void *p, size_t n, mode_t mode, bool durable)
{
	char id[ID_LEN + 1], temp[32];
	random_id(id);
	snprintf(temp, sizeof(temp), ".tmp-%.16s", id);
	_cleanup_close_ int fd = openat(dirfd, temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	if (fd < 0)
		return -errno;
	int r = fd_write_full(fd, p, n);
	if (r == 0 && durable && fsync(fd) < 0)
		r = -errno;
	if (r == 0 && renameat(dirfd, temp, dirfd, name) < 0)
		r = -errno;
	if (r < 0) {
		unlinkat(dirfd, temp, 0);
		return r;
	}
	return durable ? file_sync_dir(dirfd) : 0;
}

int file_replace(int dirfd, const char *name, const void *p, size_t n, mode_t mode)
{
	return replace(dirfd, name, p, n, mode, true);
}

int file_replace_volatile(int dirfd, const char *name, const void *p, size_t n, mode_t mode)
{
	return replace(dirfd, name, p, n, mode, false);
}

int file_sync_dir(int dirfd)
{
	return fsync(dirfd) < 0 ? -errno : 0;
}

int file_lock(const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return -errno;
	char pid[16];
	int n = snprintf(pid, sizeof(pid), "%d\n", (int)getpid());
	if (ftruncate(fd, 0) < 0)
		return -errno;
	int r = fd_write_full(fd, pid, (size_t)n);
	return r < 0 ? r : TAKE_FD(fd);
}
