/* SPDX-License-Identifier: Apache-2.0 */
/* Finding, opening and compressing the files of a log. See log_files.h. */
#include "monitor/log_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/strutil.h"

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

#define COMMENT "inode " /* of a compressed file's header, with the number behind it */

/* The inode number in the comment of a gzip header (RFC 1952) as gzip_copy writes it; 0: there is none. */
static ino_t comment_inode(int fd)
{
	char head[10 + sizeof(COMMENT) + 20] = {0};
	uint64_t ino;

	if (pread(fd, head, sizeof(head) - 1, 0) < 10 || head[0] != '\x1f' || head[1] != '\x8b' || head[3] != 0x10)
		return 0;
	if (!str_starts(head + 10, COMMENT) || parse_u64(head + 10 + strlen(COMMENT), &ino) < 0)
		return 0;
	return (ino_t)ino;
}

/* One file by its number, plain before compressed. -ENOENT, -errno. */
static int open_number(const struct log_source *src, int i, bool *ret_gzip, struct log_file_id *ret_id)
{
	char name[NAME_BUF];
	int fd = -ENOENT;
	struct stat st;

	for (int gzip = 0; gzip <= (i > 0) && fd == -ENOENT; gzip++) {
		file_name(name, src->name, i, gzip);
		fd = root_open_regular(src->dirfd, name, ROOT_NO_LINKS, O_RDONLY);
		*ret_gzip = gzip;
	}
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0) {
		int r = -errno;

		fd_close(fd);
		return r;
	}
	*ret_id = (struct log_file_id){*ret_gzip ? comment_inode(fd) : st.st_ino, st.st_mtim};
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
		struct log_file_id id;
		bool gzip;
		int fd = open_number(src, i, &gzip, &id);

		if (fd == -ENOENT)
			continue;
		if (fd < 0)
			return err_sys(e, -fd, "cannot open the log");
		if (i > 0 && id.mtime.tv_sec * NS_PER_SEC + id.mtime.tv_nsec < since_ns) {
			fd_close(fd);
			continue;
		}
		f.newest = id;
		if (log_cursor_open(&f.items[f.n], src->driver, fd, gzip) < 0)
			return err_set(e, ERR_SYSTEM, "cannot read a compressed log file");
		f.n++;
	}
	*ret = f;
	f = (struct log_files){0};
	return 0;
}

/* The number that the file has now, or -1. */
static int number_of(const struct log_source *src, const struct log_file_id *id)
{
	for (int i = 0; i < MAX(src->max_files, 1); i++) {
		struct log_file_id there;
		bool gzip;
		int fd = open_number(src, i, &gzip, &there);

		if (fd < 0)
			continue;
		fd_close(fd);
		if (there.ino == id->ino &&
		    (!gzip || (there.mtime.tv_sec == id->mtime.tv_sec && there.mtime.tv_nsec == id->mtime.tv_nsec)))
			return i;
	}
	return -1;
}

int log_files_next(const struct log_source *src, const struct log_file_id *id, struct log_cursor *ret,
		   struct log_file_id *ret_id, struct err *e)
{
	_cleanup_close_ int lock = lock_dir(src, LOCK_SH);
	bool gzip;
	int i, fd;

	if (lock < 0)
		return err_sys(e, -lock, "cannot lock the log directory");
	i = number_of(src, id);
	if (i <= 0)
		return i < 0 ? 2 : 0;
	fd = open_number(src, i - 1, &gzip, ret_id);
	if (fd < 0)
		return fd == -ENOENT ? 0 : err_sys(e, -fd, "cannot open the log");
	if (log_cursor_open(ret, src->driver, fd, gzip) < 0)
		return err_set(e, ERR_SYSTEM, "cannot read a compressed log file");
	return 1;
}

/* --- compressing --- */

/* Deflates what is in z's input and writes it. */
static int gzip_some(z_stream *z, int flush, uint8_t *out, size_t size, int to)
{
	int done;

	do {
		int r;

		z->next_out = out;
		z->avail_out = (uInt)size;
		done = deflate(z, flush);
		r = fd_write_full(to, out, size - z->avail_out);
		if (r < 0)
			return r;
	} while (z->avail_out == 0 || (flush == Z_FINISH && done != Z_STREAM_END));
	return 0;
}

static int gzip_copy(int from, ino_t ino, int to)
{
	enum { BLOCK = 64 * 1024 };
	_cleanup_free_ uint8_t *in = xmalloc(BLOCK), *out = xmalloc(BLOCK);
	char comment[sizeof(COMMENT) + 20];
	gz_header head = {.os = 3, .comment = (Bytef *)comment};
	z_stream z = {0};
	off_t at = 0;
	ssize_t n;
	int r = 0;

	snprintf(comment, sizeof(comment), COMMENT "%ju", (uintmax_t)ino);
	if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return -ENOMEM;
	deflateSetHeader(&z, &head);
	do {
		n = pread(from, in, BLOCK, at);
		if (n < 0) {
			r = -errno;
			break;
		}
		at += n;
		z.next_in = in;
		z.avail_in = (uInt)n;
		r = gzip_some(&z, n ? Z_NO_FLUSH : Z_FINISH, out, BLOCK, to);
	} while (r == 0 && n > 0);
	deflateEnd(&z);
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
	r = ftruncate(to, 0) < 0 ? -errno : gzip_copy(from, st.st_ino, to);
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
