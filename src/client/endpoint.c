/* SPDX-License-Identifier: Apache-2.0 */
/* Parses engine addresses and connects to them. ssh and TLS run as children behind a socket pair. */
#include "client/endpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/strbuf.h"
#include "base/strutil.h"
#include "base/strv.h"

extern char **environ;

void endpoint_free(struct endpoint *ep)
{
	if (!ep)
		return;
	free(ep->url);
	free(ep->host);
	free(ep->port);
	free(ep->user);
	free(ep->path);
	free(ep->base);
	free(ep->ca);
	free(ep->cert);
	free(ep->key);
	free(ep);
}

/* host, [v6], host:port; the port stays NULL when there is none. */
static int parse_host_port(const char *s, size_t n, struct endpoint *ep)
{
	_cleanup_free_ char *text = xstrndup(s, n);
	char *host = text, *port = NULL;

	if (*host == '[') {
		char *close = strchr(host, ']');

		if (!close || (close[1] && close[1] != ':'))
			return -EINVAL;
		port = close[1] ? close + 2 : NULL;
		*close = 0;
		host++;
	} else {
		port = strchr(host, ':');
		if (port)
			*port++ = 0;
	}
	if (port && !str_is_digits(port))
		return -EINVAL;
	ep->host = xstrdup(host);
	ep->port = xstrdup(port);
	return 0;
}

static int parse_authority(const char *rest, struct endpoint *ep, struct err *e)
{
	size_t n = strcspn(rest, "/?#");
	const char *at = memchr(rest, '@', n), *host = at ? at + 1 : rest;
	const char *base = rest + n;

	if (at) {
		if (memchr(rest, ':', (size_t)(at - rest)))
			return err_set(e, ERR_INVALID,
				       "unable to parse docker host `%s`: plain-text password is not supported",
				       ep->url);
		ep->user = xstrndup(rest, (size_t)(at - rest));
	}
	if (parse_host_port(host, n - (size_t)(host - rest), ep) < 0)
		return err_set(e, ERR_INVALID, "unable to parse docker host `%s`", ep->url);
	ep->base = xstrdup(base);
	for (size_t len = strlen(ep->base); len && ep->base[len - 1] == '/'; len--)
		ep->base[len - 1] = 0;
	return 0;
}

int endpoint_parse(const char *url, const struct endpoint_tls *tls, struct endpoint **ret, struct err *e)
{
	_cleanup_(endpoint_free_p) struct endpoint *ep = xnew(struct endpoint);
	const char *rest, *scheme = NULL;

	if (str_empty(url))
		url = tls->on ? "tcp://localhost:2376" : ENDPOINT_DEFAULT;
	ep->url = xstrdup(url);
	ep->tls = tls->on;
	ep->verify = tls->verify;
	ep->ca = xstrdup(tls->ca);
	ep->cert = xstrdup(tls->cert);
	ep->key = xstrdup(tls->key);
	if ((rest = str_after(url, "unix://"))) {
		ep->kind = ENDPOINT_UNIX;
		ep->path = xstrdup(*rest ? rest : "/var/run/docker.sock");
		ep->tls = false;
	} else if ((rest = str_after(url, scheme = "tcp://")) || (rest = str_after(url, scheme = "http://")) ||
		   (rest = str_after(url, scheme = "https://"))) {
		ep->kind = ENDPOINT_TCP;
		if (parse_authority(rest, ep, e) < 0)
			return -1;
		ep->tls |= str_eq(scheme, "https://");
		if (str_empty(ep->host))
			free_and_set(&ep->host, xstrdup("localhost"));
		if (!ep->port)
			ep->port = xstrdup(ep->tls ? "2376" : "2375");
	} else if ((rest = str_after(url, "ssh://"))) {
		ep->kind = ENDPOINT_SSH;
		if (parse_authority(rest, ep, e) < 0)
			return -1;
		if (str_empty(ep->host) || *ep->host == '-')
			return err_set(e, ERR_INVALID, "invalid ssh URL: no host specified");
		if (ep->user && *ep->user == '-')
			return err_set(e, ERR_INVALID, "invalid ssh URL: invalid user");
		ep->path = *ep->base ? xstrdup(ep->base) : NULL;
		free_and_set(&ep->base, xstrdup(""));
		ep->tls = false;
	} else if (strstr(url, "://")) {
		return err_set(e, ERR_INVALID, "unable to parse docker host `%s`: unsupported protocol", url);
	} else if (*url == '/') {
		ep->kind = ENDPOINT_UNIX;
		ep->path = xstrdup(url);
	} else {
		return err_set(e, ERR_INVALID, "unable to parse docker host `%s`", url);
	}
	*ret = TAKE_PTR(ep);
	return 0;
}

const char *endpoint_host_header(const struct endpoint *ep)
{
	return ep->kind == ENDPOINT_TCP ? ep->host : "api.moby.localhost";
}

static int no_daemon(const struct endpoint *ep, int errnum, struct err *e)
{
	if (errnum == EACCES)
		return err_set(e, ERR_UNAVAILABLE,
			       "permission denied while trying to connect to the Docker daemon socket at %s: connect: "
			       "permission denied",
			       ep->url);
	return err_set(e, ERR_UNAVAILABLE, "Cannot connect to the Docker daemon at %s. Is the docker daemon running?",
		       ep->url);
}

static int connect_unix(const struct endpoint *ep, struct err *e)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	_cleanup_close_ int fd = -1;

	if (strlen(ep->path) >= sizeof(sa.sun_path))
		return err_set(e, ERR_INVALID, "unix socket path \"%s\" is too long", ep->path);
	memcpy(sa.sun_path, ep->path, strlen(ep->path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_sys(e, errno, "cannot make a socket");
	if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0)
		return no_daemon(ep, errno, e);
	return TAKE_FD(fd);
}

static int connect_tcp(const struct endpoint *ep, struct err *e)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_family = AF_UNSPEC}, *list = NULL;
	int r = getaddrinfo(ep->host, ep->port, &hints, &list), fd = -1, on = 1;

	if (r != 0)
		return err_set(e, ERR_UNAVAILABLE, "error during connect: lookup %s: %s", ep->host, gai_strerror(r));
	for (struct addrinfo *a = list; a && fd < 0; a = a->ai_next) {
		fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) < 0)
			fd = fd_close(fd);
	}
	freeaddrinfo(list);
	if (fd < 0)
		return no_daemon(ep, ECONNREFUSED, e);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	return fd;
}

/* The program `name` in PATH, owned, or NULL. */
static char *find_program(const char *name)
{
	_cleanup_strv_ char **dirs = strv_split(str_or_empty(getenv("PATH")), ':');

	STRV_FOREACH (dir, dirs) {
		_cleanup_free_ char *path = xasprintf("%s/%s", **dir ? *dir : ".", name);

		if (**dir == '/' && access(path, X_OK) == 0)
			return TAKE_PTR(path);
	}
	return NULL;
}

/* Starts argv with one end of a socket pair as its stdin and stdout; returns the other end. status_fd is its 3, or -1.
 */
static int spawn_behind_socket(const char *path, char *const *argv, int status_fd, struct err *e)
{
	int pair[2], pidfd = -1, r;
	struct proc_fd fds[4];
	struct proc_spawn s = {.path = path,
			       .argv = argv,
			       .env = environ,
			       .fds = fds,
			       .new_session = true}; /* a ^C is for the container, not for the transport */
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(e, errno, "cannot make a socket pair");
	fds[s.n_fds++] = (struct proc_fd){.parent = pair[1], .child = 0};
	fds[s.n_fds++] = (struct proc_fd){.parent = pair[1], .child = 1};
	fds[s.n_fds++] = (struct proc_fd){.parent = STDERR_FILENO, .child = 2};
	if (status_fd >= 0)
		fds[s.n_fds++] = (struct proc_fd){.parent = status_fd, .child = 3};
	r = proc_spawn(&s, &pid, &pidfd, e);
	fd_close(pair[1]);
	fd_close(pidfd); /* it ends when its socket does; we are too short-lived to reap it */
	if (r < 0) {
		fd_close(pair[0]);
		return -1;
	}
	return pair[0];
}

static int connect_ssh(const struct endpoint *ep, struct err *e)
{
	_cleanup_free_ char *ssh = find_program("ssh");
	_cleanup_strv_ char **argv = NULL;

	if (!ssh)
		return err_set(e, ERR_UNSUPPORTED, "ssh:// needs the program ssh, which was not found in PATH");
	strv_add(&argv, "ssh");
	strv_add(&argv, "-o");
	strv_add(&argv, "ConnectTimeout=30");
	strv_add(&argv, "-T");
	if (ep->user) {
		strv_add(&argv, "-l");
		strv_add(&argv, ep->user);
	}
	if (ep->port) {
		strv_add(&argv, "-p");
		strv_add(&argv, ep->port);
	}
	strv_add(&argv, "--");
	strv_add(&argv, ep->host);
	strv_add(&argv, "docker");
	if (ep->path)
		strv_addf(&argv, "--host=unix://%s", ep->path);
	strv_add(&argv, "system");
	strv_add(&argv, "dial-stdio");
	return spawn_behind_socket(ssh, argv, -1, e);
}

static int connect_tls(const struct endpoint *ep, struct err *e)
{
	_cleanup_strv_ char **argv = NULL;
	_cleanup_strbuf_ struct strbuf status = STRBUF_INIT_MAX(4096);
	_cleanup_close_ int fd = -1;
	int pipe_fds[2];

	strv_add(&argv, "hull");
	strv_add(&argv, TLS_RELAY_ARG);
	strv_add(&argv, ep->host);
	strv_add(&argv, ep->port);
	strv_add(&argv, ep->verify ? "1" : "0");
	strv_add(&argv, str_or_empty(ep->ca));
	strv_add(&argv, str_or_empty(ep->cert));
	strv_add(&argv, str_or_empty(ep->key));
	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return err_sys(e, errno, "cannot make a pipe");
	fd = spawn_behind_socket("/proc/self/exe", argv, pipe_fds[1], e);
	fd_close(pipe_fds[1]);
	if (fd >= 0 && strbuf_read_fd(&status, pipe_fds[0]) < 0)
		strbuf_clear(&status);
	fd_close(pipe_fds[0]);
	if (fd < 0)
		return -1;
	if (str_eq(status.data, "ok\n"))
		return TAKE_FD(fd);
	if (str_eq(status.data, "connect\n"))
		return no_daemon(ep, ECONNREFUSED, e);
	return err_set(e, ERR_UNAVAILABLE, "error during connect: %s: %s", ep->url,
		       status.len ? status.data : "the TLS helper ended");
}

int endpoint_connect(const struct endpoint *ep, struct err *e)
{
	switch (ep->kind) {
	case ENDPOINT_UNIX:
		return connect_unix(ep, e);
	case ENDPOINT_TCP:
		return ep->tls ? connect_tls(ep, e) : connect_tcp(ep, e);
	case ENDPOINT_SSH:
		return connect_ssh(ep, e);
	}
	UNREACHABLE("endpoint kind");
}
