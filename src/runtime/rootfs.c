/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The container's root: what comes from the host is opened as detached mounts first, then the root is attached over the
 * child's own copy of "/" and filled, then entered. Nothing is ever mounted in the host's namespace.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "runtime/overlay.h"
#include "runtime/runtime_priv.h"

int rootfs_init(struct rootfs *r, const struct runtime_start *in, const struct ns_plan *ns, struct err *e)
{
	const struct oci_config *c = in->config;

	*r = (struct rootfs){
		.in = in, .ns = ns, .root = -1, .proc = -1, .empty = -1, .console = -1, .terminal = -1, .sock = -1};
	r->n_items = c->n_mounts;
	r->items = xnew_array(struct mount_item, r->n_items + 1);
	for (size_t i = 0; i < r->n_items; i++) {
		struct mount_item *m = &r->items[i];
		m->spec = &c->mounts[i];
		m->fd = -1;
		mount_options_parse(m->spec->type, m->spec->options, &m->opt);
	}
	for (size_t i = 0; i < r->n_items; i++) {
		const char *dst = c->mounts[i].destination;
		if (str_empty(dst) || str_has_control(dst))
			return err_set(e, ERR_INVALID, "mount %zu has no valid destination", i);
	}
	if (str_empty(c->root.path))
		return err_set(e, ERR_INVALID, "the configuration has no root.path");
	return 0;
}

void rootfs_done(struct rootfs *r)
{
	for (size_t i = 0; i < r->n_items; i++) {
		fd_close(r->items[i].fd);
		mount_options_done(&r->items[i].opt);
	}
	free(r->items);
	for (size_t i = 0; i < r->n_devices; i++)
		fd_close(r->devices[i]);
	free(r->devices);
	fd_close(r->root);
	fd_close(r->proc);
	fd_close(r->empty);
	fd_close(r->console);
	fd_close(r->terminal);
	*r = (struct rootfs){.root = -1, .proc = -1, .empty = -1, .console = -1, .terminal = -1, .sock = -1};
}

bool rootfs_sources_by_parent(const struct rootfs *r)
{
	if (ns_is_own(r->ns, OCI_NS_USER))
		return true;
	/* Mapping ids needs a user namespace, which is made with the host's procfs at hand. */
	for (size_t i = 0; i < r->n_items; i++)
		if (r->items[i].spec->n_uid_mappings || r->items[i].opt.idmap)
			return true;
	return false;
}

static char *from_bundle(const struct runtime_start *in, const char *path)
{
	return *path == '/' || str_empty(in->bundle) ? xstrdup(path) : path_join(in->bundle, path);
}

/* Maps the ids of a detached mount. Without mappings of its own ("idmap" alone) the container's are taken. */
static int item_idmap(const struct rootfs *r, struct mount_item *m, struct err *e)
{
	const struct oci_linux *l = &r->in->config->linux_;
	const struct oci_mount *s = m->spec;
	bool own = s->n_uid_mappings && s->n_gid_mappings;

	if (!own && m->opt.idmap == MOUNT_BIND_NONE)
		return 0;
	if (!own && (!l->n_uid_mappings || !l->n_gid_mappings))
		return err_set(e, ERR_INVALID, "mount %s: idmap needs id mappings", s->destination);
	_cleanup_close_ int ns =
		own ? ns_userns_open(s->uid_mappings, s->n_uid_mappings, s->gid_mappings, s->n_gid_mappings, e)
		    : ns_userns_open(l->uid_mappings, l->n_uid_mappings, l->gid_mappings, l->n_gid_mappings, e);
	if (ns < 0)
		return -1;
	struct mount_attr a = {.attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t)ns};
	unsigned flags = AT_EMPTY_PATH | (m->opt.idmap == MOUNT_BIND_TREE ? AT_RECURSIVE : 0u);
	if (mount_setattr(m->fd, "", flags, &a, sizeof(a)) < 0)
		return err_sys(e, errno, "map the ids of mount %s", s->destination);
	return 0;
}

static int item_open_bind(struct rootfs *r, struct mount_item *m, struct err *e)
{
	struct stat st;

	if (str_empty(m->spec->source))
		return err_set(e, ERR_INVALID, "bind mount %s has no source", m->spec->destination);
	_cleanup_free_ char *source = from_bundle(r->in, m->spec->source);
	int fd = mount_clone(AT_FDCWD, source, m->opt.bind == MOUNT_BIND_TREE);
	if (fd < 0)
		return err_set(e, fd == -ENOENT ? ERR_NOT_FOUND : ERR_SYSTEM,
			       "error mounting \"%s\" to rootfs at \"%s\": stat %s: %s", source, m->spec->destination,
			       source, fd == -ENOENT ? "no such file or directory" : strerrordesc_np(-fd));
	m->fd = fd;
	if (fstat(fd, &st) < 0)
		return err_sys(e, errno, "stat %s", source);
	m->is_dir = S_ISDIR(st.st_mode);
	return item_idmap(r, m, e);
}

int rootfs_open_sources(struct rootfs *r, struct err *e)
{
	const struct runtime_start *in = r->in;
	_cleanup_free_ char *path = from_bundle(in, in->config->root.path);

	if (strv_len(in->overlay.lower)) {
		r->root = overlay_open(&in->overlay, path, e);
		if (r->root < 0)
			return err_wrap(e, "error mounting the root of the container");
	} else {
		r->root = mount_clone(AT_FDCWD, path, true);
		if (r->root < 0)
			return err_sys(e, -r->root, "invalid rootfs %s", path);
		struct stat st;
		if (fstat(r->root, &st) < 0 || !S_ISDIR(st.st_mode))
			return err_set(e, ERR_INVALID, "invalid rootfs %s: not a directory", path);
	}
	for (size_t i = 0; i < r->n_items; i++)
		if (r->items[i].opt.bind != MOUNT_BIND_NONE && !r->items[i].opt.remount &&
		    item_open_bind(r, &r->items[i], e) < 0)
			return -1;
	return ns_is_own(r->ns, OCI_NS_USER) ? devices_open_sources(r, e) : 0;
}

int rootfs_attach(struct rootfs *r, struct err *e)
{
	const char *propagation = r->in->config->linux_.rootfs_propagation;
	uint64_t flag = MS_PRIVATE;
	bool rec = true;

	if (!str_empty(propagation) && mount_propagation_parse(propagation, &flag, &rec) < 0)
		return err_set(e, ERR_INVALID, "rootfsPropagation \"%s\" is not a propagation", propagation);
	/* The host's mounts must not hear of what happens here, least of all of the old root's end. Binds were cloned
	 * before this, so those that shall hear from the host still do. */
	_cleanup_close_ int slash = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (slash < 0)
		return err_sys(e, errno, "open /");
	int x = mount_setattrs(slash, true, 0, 0, MS_PRIVATE);
	if (x < 0)
		return err_sys(e, -x, "make the mounts private");
	/* A shared root is told so at the end: pivot_root wants it private. */
	x = mount_setattrs(r->root, true, 0, 0, flag == MS_SHARED ? MS_PRIVATE : flag);
	if (x < 0)
		return err_sys(e, -x, "set the propagation of the root");
	x = mount_attach(r->root, slash);
	return x < 0 ? err_sys(e, -x, "attach the root") : 0;
}

/* The directory the process starts in is made when it is not there, as runc does; inside the root whatever links say.
 */
static int make_cwd(struct rootfs *r, struct err *e)
{
	const struct oci_process *p = r->in->config->process;

	if (!p || str_empty(p->cwd) || str_eq(p->cwd, "/"))
		return 0;
	_cleanup_close_ int fd = root_open(r->root, p->cwd, ROOT_IN, O_PATH, 0);
	if (fd >= 0)
		return 0;
	fd = root_mkdir_p(r->root, p->cwd, ROOT_IN, 0755);
	/* What cannot be made now fails with its own words at chdir. */
	return fd < 0 && fd != -EROFS && fd != -ELOOP && fd != -ENOTDIR && fd != -ENOENT && fd != -EEXIST
		       ? err_sys(e, -fd, "mkdir %s", p->cwd)
		       : 0;
}

static bool wants_proc(const struct oci_config *c)
{
	return c->linux_.n_sysctl > 0 || oci_namespace_find(c, OCI_NS_TIME);
}

int rootfs_populate(struct rootfs *r, struct err *e)
{
	for (size_t i = 0; i < r->n_items; i++)
		if (mount_item_make(r, &r->items[i], e) < 0)
			return -1;
	if (r->proc < 0 && wants_proc(r->in->config)) {
		r->proc = procfs_open(e);
		if (r->proc < 0)
			return -1;
	}
	/* Before read-only views are laid over parts of it. */
	if (sysctl_apply(r->proc, r->in->config, r->ns, e) < 0)
		return -1;
	if (devices_make(r, e) < 0 || console_make(r, e) < 0 || make_cwd(r, e) < 0)
		return -1;
	return masks_apply(r, e);
}

static int pivot(struct rootfs *r, struct err *e)
{
	_cleanup_close_ int old = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (old < 0 || fchdir(r->root) < 0)
		return err_sys(e, errno, "enter the root");
	/* On a ramdisk the old root cannot go away; the new one already lies over it. */
	if (r->in->no_pivot)
		return chroot(".") < 0 ? err_sys(e, errno, "chroot") : 0;
	/* Old and new root at one place: no directory for the old one is needed inside the container. */
	if (syscall(SYS_pivot_root, ".", ".") < 0)
		return err_sys(e, errno, "pivot_root");
	if (fchdir(old) < 0)
		return err_sys(e, errno, "enter the old root");
	if (umount2(".", MNT_DETACH) < 0)
		return err_sys(e, errno, "leave the old root");
	return 0;
}

int rootfs_enter(struct rootfs *r, struct err *e)
{
	uint64_t flag = 0;
	bool rec = false;

	if (pivot(r, e) < 0)
		return -1;
	if (chdir("/") < 0)
		return err_sys(e, errno, "enter the root");
	if (!str_empty(r->in->config->linux_.rootfs_propagation))
		mount_propagation_parse(r->in->config->linux_.rootfs_propagation, &flag, &rec);
	if (flag == MS_SHARED) {
		int x = mount_setattrs(r->root, rec, 0, 0, flag);
		if (x < 0)
			return err_sys(e, -x, "share the root");
	}
	return 0;
}
