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

int runtime_protect_self(char *const *argv, struct err *e)
{
	struct statvfs st;

	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return err_sys(e, errno, "PR_SET_DUMPABLE");
	_cleanup_close_ int exe = open("/proc/self/exe", O_PATH | O_CLOEXEC);
	if (exe < 0 || fstatvfs(exe, &st) < 0)
		return err_sys(e, errno, "look at /proc/self/exe");
	if (st.f_flag & ST_RDONLY)
		return unsetenv(AGAIN);
#ifdef HULL_SANITIZE
	/* AddressSanitizer finds its own symbols by path. */
	(void)argv;
	return 0;
#else
	if (getenv(AGAIN))
		return err_set(e, ERR_BUG, "the clone of our own binary is not read-only");
	_cleanup_close_ int clone = mount_clone(exe, "", false);
	if (clone < 0)
		return err_sys(e, -clone, "clone the mount of our own binary");
	int r = mount_setattrs(clone, false, MOUNT_ATTR_RDONLY, 0, MS_PRIVATE);
	if (r < 0)
		return err_sys(e, -r, "make the clone of our own binary read-only");
	if (setenv(AGAIN, "1", 1) < 0)
		return err_sys(e, errno, "setenv");
	execveat(clone, "", argv, environ, AT_EMPTY_PATH);
	return err_sys(e, errno, "execute the clone of our own binary");
#endif
}
