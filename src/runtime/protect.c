/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A container must never get a writable handle of the program that made it (CVE-2019-5736): we run from a read-only
 * clone of the mount that our binary lies on. Once the clone's descriptor is closed by the exec, that mount is in no
 * namespace and nobody can change it any more.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "runtime/runtime_priv.h"

#define AGAIN "_HULL_RUNTIME_CLONED"

void runtime_fill_stdio(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR | O_NOCTTY);
	} while (fd >= 0 && fd <= 2);
	if (fd > 2)
		fd_close(fd);
}

#ifdef HULL_SANITIZE
/* The sanitizers find their symbols by path and trace their own process for leaks. */
int runtime_exe_open(const char *path, struct err *e)
{
	return err_set(e, ERR_UNSUPPORTED, "no read-only clones in a build with sanitizers");
}

int runtime_protect_self(char *const *argv, struct err *e)
{
	return 0;
}
#else
int runtime_exe_open(const char *path, struct err *e)
{
	_cleanup_close_ int clone = mount_clone(AT_FDCWD, path, false);

	if (clone < 0)
		return err_sys(e, -clone, "clone the mount of %s", path);
	int r = mount_setattrs(clone, false, MOUNT_ATTR_RDONLY, 0, MS_PRIVATE);
	return r < 0 ? err_sys(e, -r, "make the clone of %s read-only", path) : TAKE_FD(clone);
}

int runtime_protect_self(char *const *argv, struct err *e)
{
	struct statvfs st;

	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return err_sys(e, errno, "PR_SET_DUMPABLE");
	if (statvfs("/proc/self/exe", &st) < 0)
		return err_sys(e, errno, "look at /proc/self/exe");
	if (st.f_flag & ST_RDONLY)
		return unsetenv(AGAIN);
	if (getenv(AGAIN))
		return err_set(e, ERR_BUG, "the clone of our own binary is not read-only");
	_cleanup_close_ int clone = runtime_exe_open("/proc/self/exe", e);
	if (clone < 0)
		return -1;
	if (setenv(AGAIN, "1", 1) < 0)
		return err_sys(e, errno, "setenv");
	execveat(clone, "", argv, environ, AT_EMPTY_PATH);
	return err_sys(e, errno, "execute the clone of our own binary");
}
#endif
