/* SPDX-License-Identifier: Apache-2.0 */
/* Finding, opening and compressing the files of a log. See log_files.h. */
#include "monitor/log_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"

#define NAME_BUF 300

/* "name", "name.3", "name.3.gz" */
static void file_name(char out[NAME_BUF], const char *name, int i, bool gzip)
{
	if (i == 0)
		snprintf(out, NAME_BUF, "%s", name);
	else
		snprintf(out, NAME_BUF, "%s.%d%s", name, i, gzip ? ".gz" : "");
}

/* A descriptor that holds the directory's lock: of its own, because a lock belongs to an open file, and src->dirfd is
 * shared by threads. */
static int lock_dir(const struct log_source *src, int how)
{
	int fd = dir_open_at(src->dirfd, ".");

	if (fd < 0)
		return fd;
	while (flock(fd, how) < 0)
		if (errno != EINTR) {
			int r = -errno;

			fd_close(fd);
			return r;
		}
	return fd;
}

/* One file by its number, plain before compressed. -ENOENT, -errno. */
static int open_number(const struct log_source *src, int i, bool *ret_gzip, struct stat *ret_st)
{
	char name[NAME_BUF];
	int fd = -ENOENT;

	for (int gzip = 0; gzip <= (i > 0) && fd == -ENOENT; gzip++) {
		file_name(name, src->name, i, gzip);
		fd = root_open_regular(src->dirfd, name, ROOT_NO_LINKS, O_RDONLY);
		*ret_gzip = gzip;
	}
	if (fd >= 0 && fstat(fd, ret_st) < 0) {
		int r = -errno;

		fd_close(fd);
		return r;
	}
	return fd;
}

void log_files_done(struct log_files *f)
{
	for (size_t i = 0; i < f->n; i++)
		log_cursor_done(&f->items[i]);
	free(f->items);
	*f = (struct log_files){0};
}

int log_files_open(const struct log_source *src, int64_t since_ns, struct log_files *ret, struct err *e)
{
	_cleanup_(log_files_done_p) struct log_files f = {0};
	_cleanup_close_ int lock = lock_dir(src, LOCK_SH);

	if (lock < 0)
		return err_sys(e, -lock, "cannot lock the log directory");
	f.items = xnew_array(struct log_cursor, (size_t)MAX(src->max_files, 1));
	for (int i = MAX(src->max_files, 1) - 1; i >= 0; i--) {
		struct stat st = {0};
		bool gzip;
		int fd = open_number(src, i, &gzip, &st);

		if (fd == -ENOENT)
			continue;
		if (fd < 0)
			return err_sys(e, -fd, "cannot open the log");
		if (i > 0 && st.st_mtim.tv_sec * NS_PER_SEC + st.st_mtim.tv_nsec < since_ns) {
			fd_close(fd);
			continue;
		}
		if (i == 0)
			f.current = st.st_ino;
		if (log_cursor_open(&f.items[f.n], src->driver, fd, gzip) < 0)
			return err_set(e, ERR_SYSTEM, "cannot read a compressed log file");
		f.n++;
	}
	*ret = f;
	f = (struct log_files){0};
	return 0;
}

int log_files_next(const struct log_source *src, ino_t ino, struct log_cursor *ret, ino_t *ret_ino, struct err *e)
{
	_cleanup_close_ int lock = lock_dir(src, LOCK_SH);

	if (lock < 0)
		return err_sys(e, -lock, "cannot lock the log directory");
	for (int i = 0; i < MAX(src->max_files, 1); i++) {
		char name[NAME_BUF];
		struct stat st;
		bool gzip;
		int fd;

		file_name(name, src->name, i, false);
		if (fstatat(src->dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_ino != ino)
			continue;
		if (i == 0)
			return 0;
		fd = open_number(src, i - 1, &gzip, &st);
		if (fd < 0)
			return fd == -ENOENT ? 0 : err_sys(e, -fd, "cannot open the log");
		if (log_cursor_open(ret, src->driver, fd, gzip) < 0)
			return err_set(e, ERR_SYSTEM, "cannot read a compressed log file");
		*ret_ino = st.st_ino;
		return 1;
	}
	return 2;
}

/* --- compressing --- */

static int gzip_copy(int from, int to)
{
	_cleanup_free_ char *buf = xmalloc(64 * 1024);
	off_t at = 0;
	ssize_t n;
	int dup = fd_dup(to), r = 0;
	gzFile gz;

	if (dup < 0)
		return dup;
	gz = gzdopen(dup, "wb6");
	if (!gz) {
		fd_close(dup);
		return -ENOMEM;
	}
	while (r == 0 && (n = pread(from, buf, 64 * 1024, at)) != 0) {
		if (n < 0)
			r = -errno;
		else if (gzwrite(gz, buf, (unsigned)n) != n)
			r = -EIO;
		at += MAX(n, 0);
	}
	if (gzclose_w(gz) != Z_OK && r == 0)
		r = -EIO;
	return r;
}

/* Puts tmp in the place of the file with this inode, whatever its number is now. Dropped when that has gone. */
static int replace_by_gzip(const struct log_source *src, ino_t ino, const char *tmp)
{
	_cleanup_close_ int lock = lock_dir(src, LOCK_EX);

	if (lock < 0)
		return lock;
	for (int i = 1; i < src->max_files; i++) {
		char plain[NAME_BUF], gz[NAME_BUF];
		struct stat st;

		file_name(plain, src->name, i, false);
		file_name(gz, src->name, i, true);
		if (fstatat(src->dirfd, plain, &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_ino != ino)
			continue;
		if (renameat(src->dirfd, tmp, src->dirfd, gz) < 0)
			return -errno;
		return unlinkat(src->dirfd, plain, 0) < 0 ? -errno : 0;
	}
	unlinkat(src->dirfd, tmp, 0);
	return 0;
}

static int compress_one(const struct log_source *src, int i, struct err *e)
{
	char plain[NAME_BUF], tmp[NAME_BUF];
	_cleanup_close_ int from = -1, to = -1;
	struct stat st;
	int r;

	file_name(plain, src->name, i, false);
	from = root_open_regular(src->dirfd, plain, ROOT_NO_LINKS, O_RDONLY);
	if (from == -ENOENT)
		return 0;
	if (from < 0 || fstat(from, &st) < 0)
		return err_sys(e, from < 0 ? -from : errno, "cannot open %s", plain);
	snprintf(tmp, sizeof(tmp), "%s.gz.tmp", src->name);
	to = root_open(src->dirfd, tmp, ROOT_NO_LINKS, O_WRONLY | O_CREAT | O_NOFOLLOW, 0640);
	if (to < 0)
		return err_sys(e, -to, "cannot make %s", tmp);
	if (flock(to, LOCK_EX | LOCK_NB) < 0)
		return 0; /* another thread is at it, and looks at all files */
	r = ftruncate(to, 0) < 0 ? -errno : gzip_copy(from, to);
	if (r == 0) {
		/* `since` goes by it */
		struct timespec times[2] = {st.st_atim, st.st_mtim};

		r = futimens(to, times) < 0 ? -errno : replace_by_gzip(src, st.st_ino, tmp);
	}
	if (r < 0) {
		unlinkat(src->dirfd, tmp, 0);
		return err_sys(e, -r, "cannot compress %s", plain);
	}
	return 0;
}

int log_compress_rotated(const struct log_source *src, struct err *e)
{
	/* Oldest first: a rotation in between moves files up, out of our way. */
	for (int i = src->max_files - 1; i > 0; i--)
		if (compress_one(src, i, e) < 0)
			return -1;
	return 0;
}
