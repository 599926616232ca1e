/* SPDX-License-Identifier: Apache-2.0 */
/* See unpack.h. Rules D1, D7, D10 and D22 of the project's security rules decide what is taken and what is refused. */
#include "image/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/strutil.h"
#include "base/strv.h"

#define WHITEOUT_PREFIX ".wh."
#define WHITEOUT_META   ".wh..wh."
#define WHITEOUT_OPAQUE ".wh..wh..opq"
#define DEV_MAJOR_MAX   0xfff
#define DEV_MINOR_MAX   0xfffff
#define ID_MAX          0xfffffffeLL /* 2^32-1 means "no id" */
#define MTIME_MAX       (1LL << 33)

struct dir_time { /* a directory whose times are set when all is there; also: which are opaque */
	char *path;
	struct timespec mtime;
	bool timed, opaque;
	UT_hash_handle hh;
};

struct unpacker {
	int root;
	const struct unpack_limits *limits;
	struct unpack_result result;
	struct dir_time *dirs;
	char *parent_path; /* of the directory that `parent` is */
	int parent;
};

void unpack_result_done(struct unpack_result *r)
{
	strv_free(r->opaque);
	memset(r, 0, sizeof(*r));
}

static int entry_err(struct err *e, int err, const char *name, const char *what)
{
	return err_sys(e, err, "%s \"%.200s\"", what, name);
}

static struct dir_time *dir_note(struct unpacker *u, const char *path)
{
	struct dir_time *d;

	HASH_FIND_STR(u->dirs, path, d);
	if (!d) {
		d = xnew(struct dir_time);
		d->path = xstrdup(path);
		HASH_ADD_KEYPTR(hh, u->dirs, d->path, strlen(d->path), d);
	}
	return d;
}

static void forget_parent(struct unpacker *u)
{
	free_and_set(&u->parent_path, NULL);
	u->parent = fd_close(u->parent);
}

/* The directory that holds path, made where missing; kept open, since entries come sorted by directory. */
static int open_parent(struct unpacker *u, const char *path, const char **ret_name, struct err *e)
{
	const char *slash = strrchr(path, '/');
	_cleanup_free_ char *dir = slash ? xstrndup(path, (size_t)(slash - path)) : xstrdup(".");
	int fd;

	*ret_name = slash ? slash + 1 : path;
	if (u->parent >= 0 && str_eq(u->parent_path, dir))
		return u->parent;
	fd = root_mkdir_p(u->root, dir, ROOT_IN, 0755);
	if (fd < 0)
		return entry_err(e, -fd, path, "make the directory of");
	forget_parent(u);
	u->parent = fd;
	u->parent_path = TAKE_PTR(dir);
	return fd;
}

/* Cleaned and relative to the root; "." is the root. What would leave the root is refused, not bent. */
static int clean_name(const char *name, const char *what, char **ret, struct err *e)
{
	_cleanup_free_ char *clean = path_clean(name);
	const char *p = clean + strspn(clean, "/");

	if (str_eq(p, "..") || str_starts(p, "../"))
		return err_set(e, ERR_INVALID, "%s \"%.200s\" leads out of the layer", what, name);
	if (strlen(p) >= LIMIT_TAR_PATH)
		return err_set(e, ERR_TOO_LARGE, "%s \"%.80s...\" is too long", what, name);
	*ret = xstrdup(*p ? p : ".");
	return 0;
}

static bool is_whiteout(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == 0;
}

/* --- whiteouts --- */

static int do_whiteout(struct unpacker *u, int dirfd, const char *path, const char *name, struct err *e)
{
	const char *hidden = name + strlen(WHITEOUT_PREFIX);
	struct stat st;

	if (!*hidden || str_eq(hidden, ".") || str_eq(hidden, ".."))
		return err_set(e, ERR_INVALID, "whiteout \"%.200s\" names nothing", path);
	if (fstatat(dirfd, hidden, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		/* A whiteout is about lower layers: what this layer brings itself stays, and a directory of it hides
		 * theirs. */
		if (S_ISDIR(st.st_mode)) {
			_cleanup_free_ char *dir = xasprintf("%.*s%s", (int)(name - path), path, hidden);

			dir_note(u, dir)->opaque = true;
		}
		return 0;
	}
	if (mknodat(dirfd, hidden, S_IFCHR, 0) < 0)
		return entry_err(e, errno, path, "make the whiteout");
	return 0;
}

static int do_opaque(struct unpacker *u, const char *path, const char *name)
{
	size_t n = (size_t)(name - path);
	_cleanup_free_ char *dir = n > 1 ? xstrndup(path, n - 1) : xstrdup(".");

	dir_note(u, dir)->opaque = true;
	return 0;
}

/* --- what is there already --- */

/* Makes room for an entry: a directory stays when the new one is a directory too, all else goes. *keep says so. */
static int make_room(struct unpacker *u, int dirfd, const char *path, const char *name, const struct tar_entry *t,
		     bool *keep, struct err *e)
{
	struct stat st;
	int r;

	*keep = false;
	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : entry_err(e, errno, path, "look at");
	if (t->type == TAR_DIRECTORY && S_ISDIR(st.st_mode)) {
		*keep = true;
		return 0;
	}
	/* a whiteout that becomes a directory still hides what lies below */
	if (t->type == TAR_DIRECTORY && is_whiteout(&st))
		dir_note(u, path)->opaque = true;
	r = S_ISDIR(st.st_mode) ? rm_rf_at(dirfd, name) : unlinkat(dirfd, name, 0) < 0 ? -errno : 0;
	if (r < 0)
		return entry_err(e, -r, path, "replace");
	forget_parent(u); /* a name on its way may mean something else now */
	return 0;
}

/* --- metadata --- */

static struct timespec time_of(const struct tar_entry *t)
{
	struct timespec ts = {.tv_sec = t->mtime_s, .tv_nsec = t->mtime_ns};

	return t->mtime_s < 0 || t->mtime_s > MTIME_MAX ? (struct timespec){0} : ts;
}

static int check_owner(const struct tar_entry *t, struct err *e)
{
	if (t->uid < 0 || t->uid > ID_MAX || t->gid < 0 || t->gid > ID_MAX)
		return err_set(e, ERR_INVALID, "the owner of \"%.200s\" is out of range", t->name);
	return 0;
}

/* Only file capabilities: others would speak to this host's kernel (overlayfs, IMA, SELinux), not to the image's
 * programs. */
static int set_xattrs(int fd, const struct tar_entry *t, struct err *e)
{
	for (size_t i = 0; i < t->n_xattrs; i++) {
		const struct tar_xattr *x = &t->xattrs[i];

		if (!str_eq(x->name, "security.capability"))
			continue;
		if (fsetxattr(fd, x->name, x->value, x->len, 0) < 0 && errno != EOPNOTSUPP)
			return entry_err(e, errno, t->name, "set the capabilities of");
	}
	return 0;
}

/* Owner first: changing it clears set-id bits and capabilities. */
static int set_meta_fd(int fd, const struct tar_entry *t, struct err *e)
{
	struct timespec ts[2] = {time_of(t), time_of(t)};

	if (fchown(fd, (uid_t)t->uid, (gid_t)t->gid) < 0)
		return entry_err(e, errno, t->name, "set the owner of");
	if (fchmod(fd, t->mode) < 0)
		return entry_err(e, errno, t->name, "set the mode of");
	if (t->type == TAR_REGULAR && set_xattrs(fd, t, e) < 0)
		return -1;
	if (futimens(fd, ts) < 0)
		return entry_err(e, errno, t->name, "set the time of");
	return 0;
}

static int set_meta_at(int dirfd, const char *name, const struct tar_entry *t, struct err *e)
{
	struct timespec ts[2] = {time_of(t), time_of(t)};

	if (fchownat(dirfd, name, (uid_t)t->uid, (gid_t)t->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return entry_err(e, errno, t->name, "set the owner of");
	if (t->type != TAR_SYMLINK && fchmodat(dirfd, name, t->mode, 0) < 0) /* just made by us: no link */
		return entry_err(e, errno, t->name, "set the mode of");
	if (utimensat(dirfd, name, ts, AT_SYMLINK_NOFOLLOW) < 0)
		return entry_err(e, errno, t->name, "set the time of");
	return 0;
}

/* --- kinds of entries --- */

static int write_data(struct unpacker *u, struct tar_reader *tar, int fd, const struct tar_entry *t, struct err *e)
{
	const uint8_t *p;
	int64_t at;
	ssize_t n;

	while ((n = tar_data(tar, &p, &at)) > 0) {
		int r;

		u->result.bytes += n;
		if (u->result.bytes > u->limits->bytes)
			return err_set(e, ERR_TOO_LARGE, "the layer holds more than the %lld bytes that fit here",
				       (long long)u->limits->bytes);
		if (t->sparse && lseek(fd, at, SEEK_SET) < 0)
			return entry_err(e, errno, t->name, "write");
		r = fd_write_full(fd, p, (size_t)n);
		if (r < 0)
			return entry_err(e, -r, t->name, "write");
	}
	if (n < 0)
		return err_set(e, n == -EPROTO ? ERR_INVALID : ERR_TOO_LARGE, "%s", tar_reader_error(tar));
	if (t->sparse && ftruncate(fd, t->size) < 0)
		return entry_err(e, errno, t->name, "size");
	return 0;
}

static int do_regular(struct unpacker *u, struct tar_reader *tar, int dirfd, const char *name,
		      const struct tar_entry *t, struct err *e)
{
	_cleanup_close_ int fd = -1;

	if (t->size > LIMIT_LAYER_BYTES || (!t->sparse && t->size > u->limits->bytes))
		return err_set(e, ERR_TOO_LARGE, "\"%.200s\" has %lld bytes, more than fits here", t->name,
			       (long long)t->size);
	fd = root_open(dirfd, name, ROOT_NO_LINKS, O_WRONLY | O_CREAT | O_EXCL, 0600);
	if (fd < 0)
		return entry_err(e, -fd, t->name, "make");
	if (write_data(u, tar, fd, t, e) < 0)
		return -1;
	return set_meta_fd(fd, t, e);
}

static int do_directory(struct unpacker *u, int dirfd, const char *path, const char *name, const struct tar_entry *t,
			bool there, struct err *e)
{
	_cleanup_close_ int fd = -1;
	struct dir_time *d;

	if (!there && mkdirat(dirfd, name, 0755) < 0)
		return entry_err(e, errno, t->name, "make");
	fd = root_open(dirfd, name, ROOT_NO_LINKS, O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0)
		return entry_err(e, -fd, t->name, "open");
	if (set_meta_fd(fd, t, e) < 0)
		return -1;
	d = dir_note(u, path);
	d->timed = true;
	d->mtime = time_of(t);
	return 0;
}

static int do_hardlink(struct unpacker *u, int dirfd, const char *name, const struct tar_entry *t, struct err *e)
{
	_cleanup_close_ int parent = -1;
	_cleanup_free_ char *target = NULL;
	const char *target_name;

	if (clean_name(t->link, "hard link target", &target, e) < 0)
		return -1;
	parent = root_open_parent(u->root, target, ROOT_IN, &target_name);
	if (parent < 0)
		return entry_err(e, -parent, t->link, "find the hard link target");
	if (linkat(parent, target_name, dirfd, name, 0) < 0) /* without AT_SYMLINK_FOLLOW: the name itself */
		return entry_err(e, errno, t->name, "link");
	return 0;
}

static int do_special(int dirfd, const char *name, const struct tar_entry *t, struct err *e)
{
	mode_t kind = t->type == TAR_CHAR ? S_IFCHR : t->type == TAR_BLOCK ? S_IFBLK : S_IFIFO;
	dev_t dev = 0;

	if (t->type != TAR_FIFO) {
		if (t->dev_major < 0 || t->dev_major > DEV_MAJOR_MAX || t->dev_minor < 0 ||
		    t->dev_minor > DEV_MINOR_MAX)
			return err_set(e, ERR_INVALID, "the device number of \"%.200s\" is out of range", t->name);
		dev = makedev((unsigned)t->dev_major, (unsigned)t->dev_minor);
	}
	if (mknodat(dirfd, name, kind | 0600, dev) < 0)
		return entry_err(e, errno, t->name, "make the device");
	return set_meta_at(dirfd, name, t, e);
}

static int do_symlink(int dirfd, const char *name, const struct tar_entry *t, struct err *e)
{
	if (symlinkat(t->link, dirfd, name) < 0)
		return entry_err(e, errno, t->name, "make the link");
	return set_meta_at(dirfd, name, t, e);
}

static int do_root(struct unpacker *u, const struct tar_entry *t, struct err *e)
{
	struct dir_time *d;

	if (t->type != TAR_DIRECTORY)
		return err_set(e, ERR_INVALID, "the layer's root is no directory");
	if (set_meta_fd(u->root, t, e) < 0)
		return -1;
	d = dir_note(u, ".");
	d->timed = true;
	d->mtime = time_of(t);
	return 0;
}

static int do_entry(struct unpacker *u, struct tar_reader *tar, const struct tar_entry *t, struct err *e)
{
	_cleanup_free_ char *path = NULL;
	const char *name;
	bool there;
	int dirfd;

	if (clean_name(t->name, "entry", &path, e) < 0 || check_owner(t, e) < 0)
		return -1;
	if (str_eq(path, "."))
		return do_root(u, t, e);
	dirfd = open_parent(u, path, &name, e);
	if (dirfd < 0)
		return -1;
	if (str_eq(name, WHITEOUT_OPAQUE))
		return do_opaque(u, path, name);
	if (str_starts(name, WHITEOUT_META)) /* bookkeeping of aufs */
		return 0;
	if (str_starts(name, WHITEOUT_PREFIX))
		return do_whiteout(u, dirfd, path, name, e);
	if (make_room(u, dirfd, path, name, t, &there, e) < 0)
		return -1;
	if (u->parent < 0 && (dirfd = open_parent(u, path, &name, e)) < 0)
		return -1;
	switch (t->type) {
	case TAR_REGULAR:
		return do_regular(u, tar, dirfd, name, t, e);
	case TAR_DIRECTORY:
		return do_directory(u, dirfd, path, name, t, there, e);
	case TAR_HARDLINK:
		return do_hardlink(u, dirfd, name, t, e);
	case TAR_SYMLINK:
		return do_symlink(dirfd, name, t, e);
	default:
		return do_special(dirfd, name, t, e);
	}
}

/* Directory times last: filling a directory changes its own. One that was replaced since is passed over. */
static int finish_dirs(struct unpacker *u, struct err *e)
{
	size_t n = 0;

	u->result.opaque = xnew_array(char *, HASH_COUNT(u->dirs) + 1);
	for (struct dir_time *d = u->dirs; d; d = d->hh.next) {
		_cleanup_close_ int fd = root_open(u->root, d->path, ROOT_IN, O_RDONLY | O_DIRECTORY, 0);
		struct timespec ts[2] = {d->mtime, d->mtime};

		if (fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP)
			continue;
		if (fd < 0)
			return entry_err(e, -fd, d->path, "open");
		if (d->timed && futimens(fd, ts) < 0)
			return entry_err(e, errno, d->path, "set the time of");
		if (d->opaque)
			u->result.opaque[n++] = xstrdup(d->path);
	}
	return 0;
}

int unpack_layer(struct tar_reader *tar, int rootfd, const struct unpack_limits *limits, struct unpack_result *ret,
		 struct err *e)
{
	struct unpacker u = {.root = rootfd, .limits = limits, .parent = -1};
	const struct tar_entry *t;
	struct dir_time *d, *tmp;
	int r, rc = 0;

	while (rc == 0 && (r = tar_next(tar, &t)) > 0) {
		if (++u.result.entries > limits->entries)
			rc = err_set(e, ERR_TOO_LARGE, "the layer has more than %lld entries",
				     (long long)limits->entries);
		else
			rc = do_entry(&u, tar, t, e);
	}
	if (rc == 0 && r < 0)
		rc = err_set(e, r == -EPROTO ? ERR_INVALID : ERR_TOO_LARGE, "%s", tar_reader_error(tar));
	if (rc == 0)
		rc = finish_dirs(&u, e);
	forget_parent(&u);
	HASH_ITER (hh, u.dirs, d, tmp) {
		HASH_DEL(u.dirs, d);
		free(d->path);
		free(d);
	}
	if (rc == 0)
		*ret = u.result;
	else
		unpack_result_done(&u.result);
	return rc;
}
