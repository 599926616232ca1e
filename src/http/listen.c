/* SPDX-License-Identifier: Apache-2.0 */
/* Listening sockets, unix and TCP. */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/strutil.h"
#include "http/server.h"

/* Read from /etc/group and not through NSS, whose modules would cost the daemon half its memory; as dockerd does. */
static int group_find(const char *name, gid_t *ret)
{
	_cleanup_strbuf_ struct strbuf file = STRBUF_INIT_MAX(LIMIT_PASSWD_FILE);
	size_t n = strlen(name);
	uint32_t id;

	if (parse_id(name, &id) == 0) {
		*ret = id;
		return 0;
	}
	if (path_read_file("/etc/group", LIMIT_PASSWD_FILE, &file) < 0)
		return -ENOENT;
	for (char *line = file.data, *next; line && *line; line = next) {
		char *field;

		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (strncmp(line, name, n) != 0 || line[n] != ':')
			continue;
		field = strchr(line + n + 1, ':'); /* behind the password */
		if (!field)
			continue;
		field[1 + strcspn(field + 1, ":")] = '\0';
		if (parse_id(field + 1, &id) == 0) {
			*ret = id;
			return 0;
		}
	}
	return -ENOENT;
}

bool http_group_exists(const char *name)
{
	gid_t gid;

	return group_find(name, &gid) == 0;
}

/* Removes a socket that nobody serves any more. */
static int stale_remove(const char *path, const struct sockaddr_un *a, struct err *e)
{
	_cleanup_close_ int probe = -1;
	struct stat st;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : err_sys(e, errno, "%s", path);
	if (!S_ISSOCK(st.st_mode))
		return err_set(e, ERR_CONFLICT, "%s is there and is no socket", path);
	probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (probe < 0)
		return err_sys(e, errno, "socket");
	if (connect(probe, (const struct sockaddr *)a, sizeof(*a)) == 0 || errno == EAGAIN)
		return err_set(e, ERR_CONFLICT, "%s is in use by another process", path);
	if (unlink(path) < 0 && errno != ENOENT)
		return err_sys(e, errno, "cannot remove the stale socket %s", path);
	return 0;
}

int http_listen_unix(const char *path, const char *group, int *ret_fd, struct err *e)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	_cleanup_close_ int fd = -1;
	_cleanup_free_ char *dir = NULL;
	gid_t gid = 0;
	char *slash;
	int r;

	if (strlen(path) >= sizeof(a.sun_path))
		return err_set(e, ERR_INVALID, "unix socket path too long: %s", path);
	memcpy(a.sun_path, path, strlen(path) + 1);
	if (group && group_find(group, &gid) < 0)
		return err_set(e, ERR_NOT_FOUND, "group %s not found", group);
	dir = xstrdup(path);
	slash = strrchr(dir, '/');
	if (slash && slash != dir) {
		*slash = '\0';
		r = mkdir_p(dir, 0755);
		if (r < 0)
			return err_sys(e, -r, "cannot make %s", dir);
	}
	if (stale_remove(path, &a, e) < 0)
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		return err_sys(e, errno, "cannot listen on %s", path);
	/* Nobody can connect before listen(2), so the mode is right from the start. */
	if (chmod(path, 0660) < 0 || (geteuid() == 0 && lchown(path, 0, gid) < 0) || listen(fd, SOMAXCONN) < 0) {
		r = errno;
		unlink(path);
		return err_sys(e, r, "cannot listen on %s", path);
	}
	*ret_fd = TAKE_FD(fd);
	return 0;
}

static int tcp_try(const struct addrinfo *a)
{
	_cleanup_close_ int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int on = 1;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (a->ai_family == AF_INET6) {
		/* "[::]" is IPv6 alone; 0.0.0.0 can be bound beside it. */
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	}
	if (bind(fd, a->ai_addr, a->ai_addrlen) < 0 || listen(fd, SOMAXCONN) < 0)
		return -errno;
	return TAKE_FD(fd);
}

int http_listen_tcp(const char *host, const char *port, int *ret_fd, struct err *e)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV};
	struct addrinfo *list = NULL;
	int r, fd = -EADDRNOTAVAIL;

	if (str_empty(host))
		host = "0.0.0.0";
	/* Numbers first: names load the resolver's modules. */
	r = getaddrinfo(str_eq(host, "localhost") ? "127.0.0.1" : host, port, &hints, &list);
	if (r == EAI_NONAME) {
		hints.ai_flags &= ~AI_NUMERICHOST;
		r = getaddrinfo(host, port, &hints, &list);
	}
	if (r != 0)
		return err_set(e, ERR_INVALID, "cannot listen on %s:%s: %s", host, port, gai_strerror(r));
	for (struct addrinfo *a = list; a && fd < 0; a = a->ai_next)
		fd = tcp_try(a);
	freeaddrinfo(list);
	if (fd < 0)
		return err_sys(e, -fd, "cannot listen on %s:%s", host, port);
	*ret_fd = fd;
	return 0;
}
