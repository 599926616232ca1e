/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Overlayfs as a detached mount. Kernels since 6.8 take layers one by one ("lowerdir+"); older ones want one string,
 * which fsconfig cuts at 256 bytes, so there the layers are named by short descriptor numbers relative to
 * /proc/self/fd, or, when even that is too long, mounted with mount(2) by a helper in a mount namespace of its own that
 * hands back a clone.
 */
#include "runtime/overlay.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "runtime/runtime_priv.h"

#define FSCONFIG_STRING_MAX 255 /* and the NUL */

/* Every directory open, as numbers: "4:5:6" relative to /proc/self/fd. */
struct layer_fds {
	int *fds;
	size_t n;
};

static void layer_fds_done(struct layer_fds *l)
{
	for (size_t i = 0; i < l->n; i++)
		fd_close(l->fds[i]);
	free(l->fds);
}

static int layers_open(const struct runtime_overlay *o, struct layer_fds *ret, struct err *e)
{
	ret->fds = xnew_array(int, strv_len(o->lower) + 2);
	STRV_FOREACH (dir, o->lower) {
		int fd = open(*dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			return err_sys(e, errno, "open layer %s", *dir);
		ret->fds[ret->n++] = fd;
	}
	for (int i = 0; o->upper && i < 2; i++) {
		const char *dir = i == 0 ? o->upper : o->work;
		int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			return err_sys(e, errno, "open layer %s", dir);
		ret->fds[ret->n++] = fd;
	}
	return 0;
}

static void option_str(const struct layer_fds *l, size_t n_lower, struct strbuf *lower)
{
	for (size_t i = 0; i < n_lower; i++)
		strbuf_addf(lower, "%s%d", i ? ":" : "", l->fds[i]);
}

/* Fills an fs context; false: this kernel has no "lowerdir+". */
static bool set_layers_one_by_one(int fs, const struct runtime_overlay *o)
{
	STRV_FOREACH (dir, o->lower) {
		if (strlen(*dir) > FSCONFIG_STRING_MAX || fsconfig(fs, FSCONFIG_SET_STRING, "lowerdir+", *dir, 0) < 0)
			return false;
	}
	return true;
}

static int set_str(int fs, const char *key, const char *value, struct err *e)
{
	if (fsconfig(fs, FSCONFIG_SET_STRING, key, value, 0) < 0)
		return err_sys(e, errno, "overlay: option %s=%s", key, value);
	return 0;
}

static int create(int fs, const struct runtime_overlay *o, const char *upper, const char *work, struct err *e)
{
	char buf[256];

	if (upper && (set_str(fs, "upperdir", upper, e) < 0 || set_str(fs, "workdir", work, e) < 0))
		return -1;
	if (upper && o->no_sync)
		fsconfig(fs, FSCONFIG_SET_FLAG, "volatile", NULL, 0);
	fsconfig(fs, FSCONFIG_SET_STRING, "source", "overlay", 0); /* what /proc/mounts calls it */
	/* As Docker mounts them: a layer may be part of several roots at a time. */
	fsconfig(fs, FSCONFIG_SET_STRING, "index", "off", 0);
	fsconfig(fs, FSCONFIG_SET_STRING, "metacopy", "off", 0);
	if (fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0) {
		int errnum = errno;
		ssize_t n = read(fs, buf, sizeof(buf) - 1);
		buf[MAX(n, 0)] = '\0';
		return err_sys(e, errnum, "mount overlay%s%s", n > 2 ? ": " : "", n > 2 ? buf + 2 : "");
	}
	int fd = fsmount(fs, FSMOUNT_CLOEXEC, 0);
	return fd < 0 ? err_sys(e, errno, "mount overlay") : fd;
}

/* -ENAMETOOLONG: not possible with these names or this kernel. Before 6.5 overlayfs took its options as one string, and
 * any name passed for an option until the mount was made: EINVAL then may mean just that. */
static int open_by_names(const struct runtime_overlay *o, struct err *e)
{
	static bool known; /* this kernel has "lowerdir+" */
	struct err why = ERR_INIT;
	_cleanup_close_ int fs = fsopen("overlay", FSOPEN_CLOEXEC);

	if (fs < 0)
		return err_sys(e, errno, "overlay");
	if (o->upper && (strlen(o->upper) > FSCONFIG_STRING_MAX || strlen(o->work) > FSCONFIG_STRING_MAX))
		return -ENAMETOOLONG;
	if (!set_layers_one_by_one(fs, o))
		return -ENAMETOOLONG;
	int fd = create(fs, o, o->upper, o->work, &why);
	if (fd < 0 && why.errnum == EINVAL && !known)
		return -ENAMETOOLONG;
	if (fd < 0 && e)
		*e = why;
	known |= fd >= 0;
	return fd;
}

static int open_by_numbers(const struct runtime_overlay *o, const char *lower, const struct layer_fds *l, struct err *e)
{
	_cleanup_close_ int fs = fsopen("overlay", FSOPEN_CLOEXEC);
	char upper[16], work[16];

	if (fs < 0)
		return err_sys(e, errno, "overlay");
	if (set_str(fs, "lowerdir", lower, e) < 0)
		return -1;
	if (o->upper) {
		snprintf(upper, sizeof(upper), "%d", l->fds[l->n - 2]);
		snprintf(work, sizeof(work), "%d", l->fds[l->n - 1]);
	}
	return create(fs, o, o->upper ? upper : NULL, work, e);
}

/* The helper: mounts in its own mount namespace and sends a clone. Layers are opened there: overlayfs takes none whose
 * mount is in another one. */
_noreturn_ static void mount_helper(int sock, const struct runtime_overlay *o, const char *place)
{
	_cleanup_strbuf_ struct strbuf options = STRBUF_INIT_MAX(4000);
	struct layer_fds l = {0};
	struct err e = ERR_INIT;
	int fd = -1, errnum = 0;

	strbuf_add_str(&options, "lowerdir=");
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) {
		errnum = errno;
	} else if (layers_open(o, &l, &e) < 0) {
		errnum = e.errnum;
	} else {
		option_str(&l, strv_len(o->lower), &options);
		if (o->upper)
			strbuf_addf(&options, ",upperdir=%d,workdir=%d", l.fds[l.n - 2], l.fds[l.n - 1]);
		if (options.overflow)
			errnum = E2BIG;
		else if (chdir("/proc/self/fd") < 0 || mount("overlay", place, "overlay", 0, options.data) < 0 ||
			 (fd = open_tree(AT_FDCWD, place, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC)) < 0)
			errnum = errno;
	}
	fd_send(sock, &errnum, sizeof(errnum), &fd, fd >= 0 ? 1 : 0);
	_exit(0);
}

static int open_by_helper(const struct runtime_overlay *o, const char *place, struct err *e)
{
	int pair[2], pidfd = -1, fd = -1, errnum = 0;
	size_t n_fds = 1;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(e, errno, "socketpair");
	pid_t pid = ns_clone(0, 0, &pidfd, e);
	if (pid == 0)
		mount_helper(pair[1], o, place);
	fd_close(pair[1]);
	if (pid > 0) {
		ssize_t n = fd_recv(pair[0], &errnum, sizeof(errnum), &fd, &n_fds);
		waitpid(pid, NULL, 0);
		fd_close(pidfd);
		if (n != sizeof(errnum) || errnum || n_fds != 1)
			fd = err_sys(e, errnum ? errnum : EPROTO, "mount overlay");
	}
	fd_close(pair[0]);
	return fd;
}

/* "lowerdir+" is of Linux 6.8. Older kernels would write a line to their log for each try. */
static bool kernel_has_lowerdir_plus(void)
{
	struct utsname u;
	char *end;

	if (uname(&u) < 0)
		return false;
	long major = strtol(u.release, &end, 10);
	long minor = *end == '.' ? strtol(end + 1, NULL, 10) : 0;
	return major > 6 || (major == 6 && minor >= 8);
}

int overlay_open(const struct runtime_overlay *o, const char *place, struct err *e)
{
	_cleanup_(layer_fds_done) struct layer_fds l = {0};
	_cleanup_strbuf_ struct strbuf lower = STRBUF_INIT_MAX(4000);
	_cleanup_close_ int cwd = -1;

	if (strv_len(o->lower) > LIMIT_LAYERS + 4)
		return err_set(e, ERR_TOO_LARGE, "more than %d layers", LIMIT_LAYERS);
	int fd = kernel_has_lowerdir_plus() ? open_by_names(o, e) : -ENAMETOOLONG;
	if (fd != -ENAMETOOLONG)
		return fd;
	if (layers_open(o, &l, e) < 0)
		return -1;
	option_str(&l, strv_len(o->lower), &lower);
	/* The caller's working directory is restored: relative layers are looked up in it. */
	cwd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (cwd < 0 || chdir("/proc/self/fd") < 0)
		return err_sys(e, errno, "enter /proc/self/fd");
	fd = lower.len <= FSCONFIG_STRING_MAX ? open_by_numbers(o, lower.data, &l, e) : open_by_helper(o, place, e);
	if (fchdir(cwd) < 0) {
		fd_close(fd);
		return err_sys(e, errno, "return to the working directory");
	}
	return fd;
}
