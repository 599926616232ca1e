/* SPDX-License-Identifier: Apache-2.0 */
/* The only place of the client that opens files by name; reads of whole files go through base/path.h. */
#include "cli/user_file.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/fd.h"
#include "base/mem.h"

int user_file_error(struct err *e, int errnum, const char *fmt, ...)
{
	_cleanup_free_ char *what = NULL;
	va_list ap;
	char *last = NULL;

	va_start(ap, fmt);
	what = xvasprintf(fmt, ap);
	va_end(ap);
	err_sys(e, errnum, "%s", what);
	if (e)
		for (char *p = e->msg; (p = strstr(p, ": ")); p += 2)
			last = p + 2;
	if (last)
		*last = (char)tolower((unsigned char)*last);
	return -1;
}

/* fd, never one of the standard streams. */
static int above_stdio(int fd)
{
	int moved;

	if (fd < 0 || fd > 2)
		return fd;
	moved = fd_dup(fd);
	fd_close(fd);
	return moved;
}

int user_file_open(const char *path, struct err *e)
{
	int fd = above_stdio(open(path, O_RDONLY | O_CLOEXEC));

	return fd < 0 ? user_file_error(e, errno, "open %s", path) : fd;
}

int user_file_create(const char *path, unsigned mode, bool exclusive, struct err *e)
{
	int fd = above_stdio(open(path, O_WRONLY | O_CREAT | O_CLOEXEC | (exclusive ? O_EXCL : O_TRUNC), mode));

	return fd < 0 ? user_file_error(e, errno, "open %s", path) : fd;
}
