/* SPDX-License-Identifier: Apache-2.0 */
/* Files below a pinned directory: see path.h. The only file that resolves untrusted paths. */
#include "base/path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/strutil.h"

int root_open(int rootfd, const char *path, enum root_how how, int flags, mode_t mode)
{
	struct open_how h = {.flags = (uint64_t)(unsigned)(flags | O_CLOEXEC), .resolve = RESOLVE_NO_MAGICLINKS};
	/* openat2 refuses a mode that open(2) would ignore */
	if ((flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE)
		h.mode = mode & 07777;
	if (how == ROOT_IN) {
		h.resolve |= RESOLVE_IN_ROOT;
	} else {
		h.resolve |= RESOLVE_BENEATH;
		if (how == ROOT_NO_LINKS)
			h.resolve |= RESOLVE_NO_SYMLINKS;
	}
	if (!*path)
		path = ".";
	/* EAGAIN: a rename raced with ".."; EINTR: a signal. Both are worth another try, neither for ever. */
	for (int tries = 0; tries < 128; tries++) {
		int fd = (int)syscall(SYS_openat2, rootfd, path, &h, sizeof(h));
		if (fd >= 0)
			return fd;
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
	}
	return -EAGAIN;
}

/* Opens the next directory of a walk, making it when it is not there. */
static int step_into(int rootfd, const char *path, enum root_how how, mode_t mode)
{
	int fd = root_open(rootfd, path, how, O_PATH | O_DIRECTORY, 0);
	if (fd != -ENOENT)
		return fd;
	const char *name;
	_cleanup_close_ int parent = root_open_parent(rootfd, path, how, &name);
	if (parent < 0)
		return parent;
	if (mkdirat(parent, name, mode) < 0 && errno != EEXIST)
		return -errno;
	return root_open(rootfd, path, how, O_PATH | O_DIRECTORY, 0);
}

int root_mkdir_p(int rootfd, const char *path, enum root_how how, mode_t mode)
{
	if (strlen(path) >= LIMIT_TAR_PATH)
		return -ENAMETOOLONG;
	int fd = root_open(rootfd, path, how, O_PATH | O_DIRECTORY, 0);
	if (fd != -ENOENT)
		return fd;
	_cleanup_free_ char *walk = xstrdup(path);
	for (char *p = walk; *p;) {
		p += strspn(p, "/");
		p += strcspn(p, "/");
		char saved = *p;
		*p = 0;
		if (*walk) {
			_cleanup_close_ int at = step_into(rootfd, walk, how, mode);
			if (at < 0)
				return at;
			if (!saved)
				return TAKE_FD(at);
		}
		*p = saved;
	}
	return root_open(rootfd, path, how, O_PATH | O_DIRECTORY, 0);
}

int root_open_parent(int rootfd, const char *path, enum root_how how, const char **ret_name)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	if (!*name || str_eq(name, ".") || str_eq(name, ".."))
		return -EINVAL;
	if (strlen(path) >= LIMIT_TAR_PATH)
		return -ENAMETOOLONG;
	_cleanup_free_ char *dir = slash ? xmemdup0(path, (size_t)(slash - path)) : xstrdup(".");
	int fd = root_open(rootfd, *dir ? dir : (how == ROOT_IN ? "/" : "."), how, O_PATH | O_DIRECTORY, 0);
	if (fd >= 0)
		*ret_name = name;
	return fd;
}

int root_open_regular(int rootfd, const char *path, enum root_how how, int flags)
{
	_cleanup_close_ int at = root_open(rootfd, path, how, O_PATH, 0);
	if (at < 0)
		return at;
	struct stat st;
	if (fstat(at, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	char proc[64];
	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", at);
	int fd = open(proc, flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

static int read_into(int fd, size_t max, struct strbuf *sb)
{
	size_t old = sb->max;
	sb->max = MIN(old, sb->len + max);
	int r = strbuf_read_fd(sb, fd);
	sb->max = old;
	return r;
}

int root_read_file(int rootfd, const char *path, enum root_how how, size_t max, struct strbuf *sb)
{
	_cleanup_close_ int fd = root_open_regular(rootfd, path, how, O_RDONLY);
	return fd < 0 ? fd : read_into(fd, max, sb);
}

int dir_open(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int dir_open_at(int dirfd, const char *name)
{
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? -errno : fd;
}

int mkdir_p(const char *path, mode_t mode)
{
	_cleanup_free_ char *walk = xstrdup(path);
	for (char *p = walk + 1; *walk; p++) {
		if (*p && *p != '/')
			continue;
		char saved = *p;
		*p = 0;
		if (mkdir(walk, mode) < 0 && errno != EEXIST)
			return -errno;
		if (!saved)
			break;
		*p = saved;
	}
	struct stat st;
	if (stat(path, &st) < 0)
		return -errno;
	return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}

int path_read_file(const char *path, size_t max, struct strbuf *sb)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	return fd < 0 ? -errno : read_into(fd, max, sb);
}

bool path_exists(const char *path)
{
	return faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Deepest directories that rm_rf_at holds open at once; below that the tree is flattened by renaming. */
#define RM_DEPTH_MAX 64

struct rm_level {
	DIR *dir;
	char name[NAME_MAX + 1];
};

/* A directory too deep to hold its ancestors open: move it up to `top` under a fresh name, to be met again there. */
static int hoist(int top, int parent, const char *name, unsigned *serial)
{
	for (;;) {
		char fresh[32];
		snprintf(fresh, sizeof(fresh), ".rm-%08x", (*serial)++);
		if (renameat2(parent, name, top, fresh, RENAME_NOREPLACE) == 0)
			return 0;
		if (errno != EEXIST)
			return -errno;
	}
}

static int rm_level_enter(struct rm_level *lv, int parent, const char *name, dev_t dev)
{
	_cleanup_close_ int fd = dir_open_at(parent, name);
	if (fd < 0)
		return fd;
	struct stat st;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_dev != dev)
		return -EXDEV;
	lv->dir = fdopendir(fd);
	if (!lv->dir)
		return -errno;
	TAKE_FD(fd);
	snprintf(lv->name, sizeof(lv->name), "%s", name);
	return 0;
}

/* Empties the directory levels[0] and removes all below it; it stays itself. */
static int rm_tree(struct rm_level *levels, dev_t dev)
{
	unsigned serial = 0;
	int depth = 0, first_error = 0;
	while (depth >= 0) {
		int fd = dirfd(levels[depth].dir);
		errno = 0;
		struct dirent *d = readdir(levels[depth].dir);
		if (!d) {
			/* entries hoisted into the top while it was read may have been missed: look once more */
			if (depth == 0 && serial) {
				serial = 0;
				rewinddir(levels[0].dir);
				continue;
			}
			closedir(levels[depth].dir);
			if (depth == 0)
				break;
			int up = dirfd(levels[depth - 1].dir);
			if (unlinkat(up, levels[depth].name, AT_REMOVEDIR) < 0 && errno != ENOENT && !first_error)
				first_error = -errno;
			depth--;
			continue;
		}
		if (str_eq(d->d_name, ".") || str_eq(d->d_name, ".."))
			continue;
		if (unlinkat(fd, d->d_name, 0) == 0 || errno == ENOENT)
			continue;
		if (errno != EISDIR && errno != EPERM) {
			first_error = first_error ? first_error : -errno;
			continue;
		}
		if (unlinkat(fd, d->d_name, AT_REMOVEDIR) == 0)
			continue;
		int r;
		if (depth + 1 == RM_DEPTH_MAX) {
			r = hoist(dirfd(levels[0].dir), fd, d->d_name, &serial);
		} else {
			r = rm_level_enter(&levels[depth + 1], fd, d->d_name, dev);
			depth += r == 0;
		}
		if (r < 0 && !first_error)
			first_error = r;
	}
	return first_error;
}

int rm_rf_at(int dirfd_, const char *name)
{
	if (unlinkat(dirfd_, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -errno;
	struct stat st;
	if (fstatat(dirfd_, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISDIR(st.st_mode))
		return -EPERM;
	_cleanup_free_ struct rm_level *levels = xnew_array(struct rm_level, RM_DEPTH_MAX);
	int r = rm_level_enter(&levels[0], dirfd_, name, st.st_dev);
	if (r == 0)
		r = rm_tree(levels, st.st_dev);
	if (r < 0)
		return r;
	return unlinkat(dirfd_, name, AT_REMOVEDIR) < 0 && errno != ENOENT ? -errno : 0;
}

char *path_join(const char *dir, const char *name)
{
	size_t n = strlen(dir);
	while (n > 1 && dir[n - 1] == '/')
		n--;
	while (*name == '/')
		name++;
	return xasprintf("%.*s%s%s", (int)n, dir, n && dir[n - 1] == '/' ? "" : "/", name);
}

char *path_clean(const char *path)
{
	bool rooted = *path == '/';
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	if (rooted)
		strbuf_add_char(&sb, '/');
	size_t floor = sb.len; /* ".." cannot take away what stands before */
	while (*path) {
		path += strspn(path, "/");
		size_t n = strcspn(path, "/");
		if (n == 2 && path[0] == '.' && path[1] == '.') {
			if (sb.len > floor) {
				size_t at = sb.len;
				while (at > floor && sb.data[at - 1] != '/')
					at--;
				strbuf_truncate(&sb, at > floor ? at - 1 : at);
			} else if (!rooted) {
				strbuf_add_str(&sb, sb.len ? "/.." : "..");
				floor = sb.len;
			}
		} else if (n && !(n == 1 && path[0] == '.')) {
			if (sb.len && sb.data[sb.len - 1] != '/')
				strbuf_add_char(&sb, '/');
			strbuf_add(&sb, path, n);
		}
		path += n;
	}
	if (!sb.len)
		strbuf_add_char(&sb, '.');
	return strbuf_steal(&sb);
}
