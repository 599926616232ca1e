/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copies what an image has at a place into the tmpfs that is about to cover it (option tmpcopyup). By descriptors, no
 * link followed, no other mount entered; devices and sockets are left out.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "runtime/runtime_priv.h"

#define COPY_DEPTH_MAX   64
#define COPY_ENTRIES_MAX 100000

static int entry_copy(int from, int to, const char *name, int depth, int *budget);

static int dir_copy(int from, int to, int depth, int *budget)
{
	int copy = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *de;
	int r = 0;

	if (!d)
		return fd_close(copy), -errno;
	while (r >= 0 && (de = readdir(d)))
		if (strcmp(de->d_name, ".") != 0 && strcmp(de->d_name, "..") != 0)
			r = entry_copy(from, to, de->d_name, depth, budget);
	closedir(d);
	return r;
}

static int file_copy(int from, int to, const char *name, mode_t mode)
{
	_cleanup_close_ int in = openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	_cleanup_close_ int out = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode & 0777);

	if (in < 0 || out < 0)
		return -errno;
	int64_t n = fd_copy(in, out, INT64_MAX);
	return n < 0 ? (int)n : 0;
}

/* Calls itself for directories: bounded by depth and number. */
static int entry_copy(int from, int to, const char *name, int depth, int *budget)
{
	struct stat st;
	char link[4096];
	int r = 0;

	if (--*budget < 0 || depth > COPY_DEPTH_MAX)
		return -E2BIG;
	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (S_ISREG(st.st_mode)) {
		r = file_copy(from, to, name, st.st_mode);
	} else if (S_ISLNK(st.st_mode)) {
		ssize_t n = readlinkat(from, name, link, sizeof(link) - 1);
		link[MAX(n, 0)] = '\0';
		r = n < 0 || symlinkat(link, to, name) < 0 ? -errno : 0;
	} else if (S_ISDIR(st.st_mode)) {
		_cleanup_close_ int in = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (in < 0 || mkdirat(to, name, 0700) < 0)
			return -errno;
		_cleanup_close_ int out = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		r = out < 0 ? -errno : dir_copy(in, out, depth + 1, budget);
	} else {
		return 0;
	}
	if (r < 0)
		return r;
	/* Ownership first: it clears the setuid bits that chmod restores. */
	if (fchownat(to, name, st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (!S_ISLNK(st.st_mode) && fchmodat(to, name, st.st_mode & 07777, 0) < 0)
		return -errno;
	return 0;
}

int copy_up(int from, int to)
{
	int budget = COPY_ENTRIES_MAX;
	struct stat st;
	_cleanup_close_ int out = openat(to, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (out < 0 || fstat(from, &st) < 0)
		return -errno;
	int r = dir_copy(from, out, 0, &budget);
	if (r < 0)
		return r;
	if (fchown(out, st.st_uid, st.st_gid) < 0 || fchmod(out, st.st_mode & 07777) < 0)
		return -errno;
	return 0;
}
