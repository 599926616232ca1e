/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /dev of a container: nodes made by descriptor in our own tmpfs (or bound from the host where a user namespace forbids
 * mknod), the usual links, and the console, whose other end comes from TIOCGPTPEER and never from a path (rule D6).
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <termios.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/strutil.h"
#include "runtime/runtime_priv.h"

static const struct {
	const char *path;
	unsigned major, minor;
} always[] = {
	{"/dev/null", 1, 3},   {"/dev/zero", 1, 5},    {"/dev/full", 1, 7},
	{"/dev/random", 1, 8}, {"/dev/urandom", 1, 9}, {"/dev/tty", 5, 0},
};

static const struct {
	const char *name, *target;
} links[] = {
	{"fd", "/proc/self/fd"},       {"stdin", "/proc/self/fd/0"}, {"stdout", "/proc/self/fd/1"},
	{"stderr", "/proc/self/fd/2"}, {"ptmx", "pts/ptmx"},
};

/* The default ones and the spec's, as one list; the spec's win. */
struct node {
	const char *path;
	mode_t type, mode;
	dev_t dev;
	uint32_t uid, gid;
	bool default_one;
};

static int node_from_spec(const struct oci_device *d, struct node *ret, struct err *e)
{
	const char *type = str_or_empty(d->type);

	if (str_empty(d->path) || *d->path != '/' || str_has_control(d->path))
		return err_set(e, ERR_INVALID, "invalid device path \"%s\"", str_or_empty(d->path));
	if (strlen(type) != 1 || !strchr("bcup", *type))
		return err_set(e, ERR_INVALID, "device %s: invalid type \"%s\"", d->path, type);
	if (d->major < 0 || d->major > 4095 || d->minor < 0 || d->minor > 1048575)
		return err_set(e, ERR_INVALID, "device %s: invalid number", d->path);
	*ret = (struct node){
		.path = d->path,
		.type = *type == 'b'   ? S_IFBLK
			: *type == 'p' ? S_IFIFO
				       : S_IFCHR,
		.mode = d->file_mode.set ? (mode_t)(d->file_mode.v & 07777) : 0666,
		.dev = *type == 'p' ? 0 : makedev((unsigned)d->major, (unsigned)d->minor),
		.uid = d->uid.set ? (uint32_t)d->uid.v : 0,
		.gid = d->gid.set ? (uint32_t)d->gid.v : 0,
	};
	return 0;
}

static size_t nodes_list(const struct oci_linux *l, struct node **ret, struct err *e)
{
	struct node *nodes = xnew_array(struct node, l->n_devices + ARRAY_SIZE(always));
	size_t n = 0;

	for (size_t i = 0; i < l->n_devices; i++) {
		if (node_from_spec(&l->devices[i], &nodes[n], e) < 0) {
			free(nodes);
			return SIZE_MAX;
		}
		n++;
	}
	for (size_t i = 0; i < ARRAY_SIZE(always); i++) {
		bool given = false;
		for (size_t j = 0; j < l->n_devices; j++)
			given |= str_eq(l->devices[j].path, always[i].path);
		if (!given)
			nodes[n++] = (struct node){.path = always[i].path,
						   .type = S_IFCHR,
						   .mode = 0666,
						   .dev = makedev(always[i].major, always[i].minor),
						   .default_one = true};
	}
	*ret = nodes;
	return n;
}

/* Parent, for user namespaces: clones of the host's nodes, checked to be what their names say. */
int devices_open_sources(struct rootfs *r, struct err *e)
{
	_cleanup_free_ struct node *nodes = NULL;
	size_t n = nodes_list(&r->in->config->linux_, &nodes, e);

	if (n == SIZE_MAX)
		return -1;
	r->devices = xnew_array(int, n + 1);
	for (size_t i = 0; i < n; i++) {
		struct stat st;
		int fd = mount_clone(AT_FDCWD, nodes[i].path, false);
		if (fd < 0)
			return err_sys(e, -fd, "open device %s", nodes[i].path);
		r->devices[r->n_devices++] = fd;
		if (fstat(fd, &st) < 0 || (st.st_mode & S_IFMT) != nodes[i].type || st.st_rdev != nodes[i].dev)
			return err_set(e, ERR_INVALID, "%s of the host is another device", nodes[i].path);
	}
	return 0;
}

/* The directory that a device goes into; names below /dev never go through a link. */
static int parent_open(struct rootfs *r, const char *path, const char **ret_name)
{
	const char *slash = strrchr(path, '/');
	_cleanup_free_ char *dir = xmemdup0(path, (size_t)(slash - path));

	*ret_name = slash + 1;
	if (str_eq(dir, "/dev") || str_starts(dir, "/dev/"))
		return root_mkdir_p(r->root, dir + 1, ROOT_NO_LINKS, 0755);
	return root_mkdir_p(r->root, *dir ? dir : "/", ROOT_IN, 0755);
}

static int node_bind(int dir, const char *name, int source)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);

	if (fd < 0 && errno != EEXIST)
		return -errno;
	fd_close(fd);
	_cleanup_close_ int target = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	if (target < 0 || fstat(target, &st) < 0)
		return -errno;
	if (S_ISLNK(st.st_mode))
		return -ELOOP;
	return mount_attach(source, target);
}

static int node_make(int dir, const char *name, const struct node *n)
{
	struct stat st;

	if (mknodat(dir, name, n->type | n->mode, n->dev) < 0) {
		if (errno != EEXIST)
			return -errno;
		/* A root that is used again, or a device of the image: only the very same one will do. */
		if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			return -errno;
		if ((st.st_mode & S_IFMT) != n->type || (n->type != S_IFIFO && st.st_rdev != n->dev))
			return -EEXIST;
	}
	_cleanup_close_ int fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if ((st.st_mode & S_IFMT) != n->type || (n->type != S_IFIFO && st.st_rdev != n->dev))
		return -EEXIST;
	/* The umask is 0 here, so the mode is right already; the owner seldom needs a call. */
	if ((st.st_uid != n->uid || st.st_gid != n->gid) && fchownat(fd, "", n->uid, n->gid, AT_EMPTY_PATH) < 0)
		return -errno;
	if ((st.st_mode & 07777) != n->mode && fchmodat(dir, name, n->mode, 0) < 0)
		return -errno;
	return 0;
}

/* podman and others bind the host's whole /dev: there is nothing to make then. */
static const struct mount_item *dev_mount(const struct rootfs *r)
{
	for (size_t i = r->n_items; i-- > 0;)
		if (str_eq(r->items[i].spec->destination, "/dev"))
			return &r->items[i];
	return NULL;
}

static int links_make(int dev, struct err *e)
{
	char buf[64];

	for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
		if (symlinkat(links[i].target, dev, links[i].name) == 0)
			continue;
		if (errno != EEXIST)
			return err_sys(e, errno, "make /dev/%s", links[i].name);
		/* An image's own link or file stays, unless it is a link that leads elsewhere. */
		ssize_t n = readlinkat(dev, links[i].name, buf, sizeof(buf) - 1);
		buf[MAX(n, 0)] = '\0';
		if (n >= 0 && !str_eq(buf, links[i].target) && !str_eq(buf, "/dev/pts/ptmx"))
			return err_set(e, ERR_INVALID, "/dev/%s of the root is a link to %s", links[i].name, buf);
	}
	return 0;
}

int devices_make(struct rootfs *r, struct err *e)
{
	const struct mount_item *dev = dev_mount(r);
	_cleanup_free_ struct node *nodes = NULL;
	int last_dir = -1, ret = 0;

	if (dev && dev->opt.bind != MOUNT_BIND_NONE)
		return 0;
	size_t n = nodes_list(&r->in->config->linux_, &nodes, e);
	if (n == SIZE_MAX)
		return -1;
	_cleanup_close_ int devfd = root_mkdir_p(r->root, "dev", ROOT_NO_LINKS, 0755);
	if (devfd < 0)
		return err_sys(e, -devfd, "open /dev of the root");
	for (size_t i = 0; i < n && ret == 0; i++) {
		const char *name = nodes[i].path + strlen("/dev/");
		int dir = devfd;
		if (!str_starts(nodes[i].path, "/dev/") || strchr(name, '/'))
			dir = last_dir = parent_open(r, nodes[i].path, &name);
		int x = dir < 0            ? dir
			: r->n_devices > i ? node_bind(dir, name, r->devices[i])
					   : node_make(dir, name, &nodes[i]);
		if (x < 0)
			ret = err_set(e, ERR_SYSTEM, "make device %s: %s", nodes[i].path,
				      x == -EEXIST ? "something else is there" : strerrordesc_np(-x));
		last_dir = fd_close(last_dir);
	}
	if (ret == 0)
		ret = links_make(devfd, e);
	return ret;
}

static int terminal_size(int master, const struct runtime_start *in, struct err *e)
{
	const struct oci_process *p = in->config->process;
	struct winsize ws = {.ws_row = in->rows ? in->rows : (unsigned short)p->console_size.height,
			     .ws_col = in->cols ? in->cols : (unsigned short)p->console_size.width};

	if ((ws.ws_row || ws.ws_col) && ioctl(master, TIOCSWINSZ, &ws) < 0)
		return err_sys(e, errno, "set the size of the terminal");
	return 0;
}

int terminal_open(int ptsdir, int *ret_master, int *ret_slave, struct err *e)
{
	struct statfs sfs;
	_cleanup_close_ int master = openat(ptsdir, "ptmx", O_RDWR | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC);
	int unlock = 0;

	if (master < 0)
		return err_sys(e, errno, "open /dev/pts/ptmx");
	if (fstatfs(master, &sfs) < 0 || sfs.f_type != DEVPTS_SUPER_MAGIC)
		return err_set(e, ERR_INVALID, "/dev/pts of the container is no devpts");
	if (ioctl(master, TIOCSPTLCK, &unlock) < 0)
		return err_sys(e, errno, "unlock the terminal");
	int slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		return err_sys(e, errno, "open the other end of the terminal");
	*ret_master = TAKE_FD(master);
	*ret_slave = slave;
	return 0;
}

int console_make(struct rootfs *r, struct err *e)
{
	const struct oci_process *p = r->in->config->process;
	struct mount_item *dev = (struct mount_item *)dev_mount(r);

	if (p && p->terminal) {
		_cleanup_close_ int pts = root_open(r->root, "dev/pts", ROOT_NO_LINKS, O_PATH | O_DIRECTORY, 0);
		if (pts < 0)
			return err_sys(e, -pts, "open /dev/pts of the root");
		if (terminal_open(pts, &r->console, &r->terminal, e) < 0 || terminal_size(r->console, r->in, e) < 0)
			return -1;
		_cleanup_close_ int dir = root_open(r->root, "dev", ROOT_NO_LINKS, O_PATH | O_DIRECTORY, 0);
		_cleanup_close_ int copy = mount_clone(r->terminal, "", false);
		if (dir < 0 || copy < 0)
			return err_sys(e, dir < 0 ? -dir : -copy, "open the console");
		int x = node_bind(dir, "console", copy);
		if (x < 0)
			return err_sys(e, -x, "make /dev/console");
	}
	/* Read-only only now that everything is in it. */
	if (dev && dev->fd >= 0 && (dev->opt.set & MOUNT_ATTR_RDONLY)) {
		int x = mount_setattrs(dev->fd, false, MOUNT_ATTR_RDONLY, 0, 0);
		if (x < 0)
			return err_sys(e, -x, "make /dev read-only");
	}
	return 0;
}
