/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See content.h. Bytes are written below ingest/ and renamed into blobs/sha256/ when they were hashed and synced; what
 * a crash leaves in ingest/ goes when the store is opened next.
 */
#include "content/content.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/failpoint.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/random.h"
#include "base/sha256.h"
#include "base/strutil.h"

#define OCI_LAYOUT_TEXT "{\"imageLayoutVersion\":\"1.0.0\"}"
#define COPY_CHUNK      (256 * 1024)

struct content {
	int root, blobs, ingest;
};

struct content_writer {
	struct content *c;
	char name[ID_LEN + 1];
	int fd;
	int64_t size;
	struct sha256 *hash;
};

static int subdir(int dirfd, const char *path, struct err *e)
{
	_cleanup_close_ int at = root_mkdir_p(dirfd, path, ROOT_NO_LINKS, 0700);
	int fd;

	if (at < 0)
		return err_sys(e, -at, "make the content store's directory %s", path);
	fd = dir_open_at(at, ".");
	return fd < 0 ? err_sys(e, -fd, "open the content store's directory %s", path) : fd;
}

static void sweep_ingest(struct content *c)
{
	int fd = fd_dup(c->ingest);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *de;

	if (!d) {
		fd_close(fd);
		return;
	}
	while ((de = readdir(d)) != NULL)
		if (!str_eq(de->d_name, ".") && !str_eq(de->d_name, ".."))
			(void)unlinkat(c->ingest, de->d_name, 0);
	closedir(d);
}

int content_open(const char *root, struct content **ret, struct err *e)
{
	struct content *c = xnew(struct content);
	int r;

	*c = (struct content){.root = -1, .blobs = -1, .ingest = -1};
	r = mkdir_p(root, 0711);
	if (r >= 0)
		r = c->root = dir_open(root);
	if (r < 0) {
		err_sys(e, -r, "open the content store %s", root);
		goto fail;
	}
	c->blobs = subdir(c->root, "blobs/sha256", e);
	c->ingest = c->blobs < 0 ? -1 : subdir(c->root, "ingest", e);
	if (c->ingest < 0)
		goto fail;
	if (faccessat(c->root, "oci-layout", F_OK, 0) < 0) {
		r = file_replace(c->root, "oci-layout", OCI_LAYOUT_TEXT, strlen(OCI_LAYOUT_TEXT), 0644);
		if (r < 0) {
			err_sys(e, -r, "write %s/oci-layout", root);
			goto fail;
		}
	}
	sweep_ingest(c);
	*ret = c;
	return 0;
fail:
	content_close(c);
	return -1;
}

void content_close(struct content *c)
{
	if (!c)
		return;
	fd_close(c->ingest);
	fd_close(c->blobs);
	fd_close(c->root);
	free(c);
}

/* The blob's file and its size; -errno. A name is always 64 hex digits, so it cannot lead anywhere. */
static int open_blob(struct content *c, const char *digest, int64_t *ret_size)
{
	_cleanup_close_ int fd = root_open(c->blobs, digest_hex(digest), ROOT_NO_LINKS, O_RDONLY | O_NONBLOCK, 0);
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	*ret_size = st.st_size;
	return TAKE_FD(fd);
}

bool content_has(struct content *c, const char *digest)
{
	struct stat st;

	return digest_is_valid(digest) && fstatat(c->blobs, digest_hex(digest), &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISREG(st.st_mode);
}

int content_get(struct content *c, const char *digest, int *ret_fd, int64_t *ret_size, struct err *e)
{
	int64_t size = 0;
	int fd;

	if (digest_check(digest, e) < 0)
		return -1;
	fd = open_blob(c, digest, &size);
	if (fd == -ENOENT)
		return err_set(e, ERR_NOT_FOUND, "content digest %s: not found", digest);
	if (fd < 0)
		return err_sys(e, -fd, "open blob %s", digest);
	*ret_fd = fd;
	if (ret_size)
		*ret_size = size;
	return 0;
}

int content_read(struct content *c, const char *digest, size_t max, struct strbuf *ret, struct err *e)
{
	_cleanup_close_ int fd = -1;
	char hex[SHA256_HEX_SIZE];
	int64_t size = 0;
	ssize_t n;
	char *p;

	if (content_get(c, digest, &fd, &size, e) < 0)
		return -1;
	if (size > (int64_t)max)
		return err_set(e, ERR_TOO_LARGE, "blob %s has %lld bytes, at most %zu are allowed", digest,
			       (long long)size, max);
	p = strbuf_reserve(ret, (size_t)size);
	if (!p)
		return err_set(e, ERR_TOO_LARGE, "blob %s is too large", digest);
	n = fd_read_full(fd, p, (size_t)size);
	if (n < 0)
		return err_sys(e, (int)-n, "read blob %s", digest);
	sha256_hex_of(p, (size_t)n, hex);
	if (n != size || !str_eq(hex, digest_hex(digest)))
		return err_set(e, ERR_SYSTEM, "blob %s is damaged: its content has the digest sha256:%s", digest, hex);
	strbuf_grew(ret, (size_t)n);
	return 0;
}

int content_remove(struct content *c, const char *digest, struct err *e)
{
	if (digest_check(digest, e) < 0)
		return -1;
	if (unlinkat(c->blobs, digest_hex(digest), 0) < 0 && errno != ENOENT)
		return err_sys(e, errno, "remove blob %s", digest);
	return 0;
}

int content_each(struct content *c, int (*fn)(void *arg, const char *digest, int64_t size), void *arg, struct err *e)
{
	int fd = dir_open_at(c->blobs, ".");
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *de;

	if (!d) {
		int err = fd < 0 ? -fd : errno;

		fd_close(fd);
		return err_sys(e, err, "list the content store");
	}
	while ((de = readdir(d)) != NULL) {
		char digest[DIGEST_MAX];
		struct stat st;

		if (!str_is_hex(de->d_name, DIGEST_HEX))
			continue;
		if (fstatat(c->blobs, de->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
			continue;
		digest_from_hex(de->d_name, digest);
		if (fn(arg, digest, st.st_size))
			break;
	}
	closedir(d);
	return 0;
}

/* --- writing --- */

int content_write_begin(struct content *c, struct content_writer **ret, struct err *e)
{
	struct content_writer *w = xnew(struct content_writer);

	w->c = c;
	random_id(w->name);
	w->fd = root_open(c->ingest, w->name, ROOT_NO_LINKS, O_RDWR | O_CREAT | O_EXCL, 0600);
	if (w->fd < 0) {
		err_sys(e, -w->fd, "make a file in the content store");
		free(w);
		return -1;
	}
	w->hash = sha256_new();
	*ret = w;
	return 0;
}

int content_write(struct content_writer *w, const void *p, size_t n, struct err *e)
{
	int r = -FAILPOINT("content.write");

	if (r == 0)
		r = fd_write_full(w->fd, p, n);
	if (r < 0)
		return err_sys(e, -r, "write to the content store");
	sha256_add(w->hash, p, n);
	w->size += (int64_t)n;
	return 0;
}

/* Makes a synced file dirfd/name the blob of its digest. */
static int publish(struct content *c, int dirfd, const char *name, int fd, const char *digest, struct err *e)
{
	int r = FAILPOINT("content.sync");

	if (r)
		return err_sys(e, r, "sync blob %s", digest);
	if (fdatasync(fd) < 0)
		return err_sys(e, errno, "sync blob %s", digest);
	r = FAILPOINT("content.rename");
	if (r)
		return err_sys(e, r, "store blob %s", digest);
	if (renameat(dirfd, name, c->blobs, digest_hex(digest)) < 0)
		return err_sys(e, errno, "store blob %s", digest);
	r = file_sync_dir(c->blobs);
	return r < 0 ? err_sys(e, -r, "sync the content store") : 0;
}

static int check_expected(const char *digest, int64_t size, const char *expected, int64_t expected_size, struct err *e)
{
	if (expected_size >= 0 && size != expected_size)
		return err_set(e, ERR_INVALID, "wrong size of blob %s: it has %lld bytes, not %lld",
			       expected ? expected : digest, (long long)size, (long long)expected_size);
	if (expected && !str_eq(digest, expected))
		return err_set(e, ERR_INVALID, "wrong digest of a blob: it should be %s and is %s", expected, digest);
	return 0;
}

int content_write_commit(struct content_writer *w, const char *expected, int64_t expected_size, char ret[DIGEST_MAX],
			 struct err *e)
{
	char hex[SHA256_HEX_SIZE], digest[DIGEST_MAX];

	sha256_finish_hex(w->hash, hex);
	digest_from_hex(hex, digest);
	if (check_expected(digest, w->size, expected, expected_size, e) < 0) {
		content_write_abort(w);
		return -1;
	}
	if (!content_has(w->c, digest) && publish(w->c, w->c->ingest, w->name, w->fd, digest, e) < 0) {
		content_write_abort(w);
		return -1;
	}
	if (ret)
		memcpy(ret, digest, sizeof(digest));
	content_write_abort(w); /* a blob that was there already: the new file goes */
	return 0;
}

void content_write_abort(struct content_writer *w)
{
	if (!w)
		return;
	(void)unlinkat(w->c->ingest, w->name, 0);
	fd_close(w->fd);
	sha256_free(w->hash);
	free(w);
}

int content_put(struct content *c, const void *p, size_t n, char ret[DIGEST_MAX], struct err *e)
{
	struct content_writer *w;

	if (content_write_begin(c, &w, e) < 0)
		return -1;
	if (content_write(w, p, n, e) < 0) {
		content_write_abort(w);
		return -1;
	}
	return content_write_commit(w, NULL, (int64_t)n, ret, e);
}

static int hash_file(int fd, char digest[DIGEST_MAX], int64_t *ret_size, struct err *e)
{
	_cleanup_(sha256_free_p) struct sha256 *h = sha256_new();
	_cleanup_free_ char *buf = xmalloc(COPY_CHUNK);
	char hex[SHA256_HEX_SIZE];
	int64_t size = 0;
	ssize_t n;

	while ((n = fd_read_full(fd, buf, COPY_CHUNK)) > 0) {
		sha256_add(h, buf, (size_t)n);
		size += n;
	}
	if (n < 0)
		return err_sys(e, (int)-n, "read a file to be stored");
	sha256_finish_hex(h, hex);
	digest_from_hex(hex, digest);
	*ret_size = size;
	return 0;
}

int content_adopt(struct content *c, int dirfd, const char *name, const char *expected, int64_t expected_size,
		  char ret[DIGEST_MAX], int64_t *ret_size, struct err *e)
{
	_cleanup_close_ int fd = root_open(dirfd, name, ROOT_NO_LINKS, O_RDWR | O_NONBLOCK, 0);
	char digest[DIGEST_MAX];
	struct stat st;
	int64_t size = 0;

	if (fd < 0)
		return err_sys(e, -fd, "open the file of a blob");
	if (fstat(fd, &st) < 0)
		return err_sys(e, errno, "look at the file of a blob");
	if (!S_ISREG(st.st_mode) || st.st_nlink != 1)
		return err_set(e, ERR_INVALID, "the file of a blob is not a plain file of its own");
	if (hash_file(fd, digest, &size, e) < 0 || check_expected(digest, size, expected, expected_size, e) < 0)
		return -1;
	if (fchmod(fd, 0600) < 0 || fchown(fd, geteuid(), getegid()) < 0)
		return err_sys(e, errno, "set the owner of a blob");
	if (content_has(c, digest))
		(void)unlinkat(dirfd, name, 0);
	else if (publish(c, dirfd, name, fd, digest, e) < 0)
		return -1;
	memcpy(ret, digest, sizeof(digest));
	if (ret_size)
		*ret_size = size;
	return 0;
}
