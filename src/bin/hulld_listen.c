/* SPDX-License-Identifier: Apache-2.0 */
/* Listening sockets of the daemon: made, or handed over by the init system (sd_listen_fds(3)). */
#include "bin/hulld_listen.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/strutil.h"
#include "base/strv.h"

#define DEFAULT_SOCKET  "/var/run/docker.sock"
#define FIRST_PASSED_FD 3

void host_address_done(struct host_address *a)
{
	free(a->path);
	free(a->host);
	free(a->port);
	*a = (struct host_address){0};
}

static int tcp_parse(const char *s, const char *whole, bool tls, struct host_address *a, struct err *e)
{
	const char *port = NULL, *end;
	uint32_t n;

	if (*s == '[') {
		end = strchr(s, ']');
		if (!end || (end[1] && end[1] != ':'))
			return err_set(e, ERR_INVALID, "invalid bind address format: %s", whole);
		a->host = xstrndup(s + 1, (size_t)(end - s - 1));
		port = end[1] ? end + 2 : NULL;
	} else {
		end = strrchr(s, ':');
		if (end && memchr(s, ':', (size_t)(end - s)))
			return err_set(e, ERR_INVALID, "invalid bind address format: %s", whole);
		a->host = end ? xstrndup(s, (size_t)(end - s)) : xstrdup(s);
		port = end ? end + 1 : NULL;
	}
	if (strpbrk(a->host, "/?#@ "))
		return err_set(e, ERR_INVALID, "invalid bind address format: %s", whole);
	if (str_empty(port))
		port = tls ? "2376" : "2375";
	if (parse_u32(port, &n) < 0 || n > 65535)
		return err_set(e, ERR_INVALID, "invalid bind address format: %s", whole);
	a->port = xstrdup(port);
	/* As dockerd: no host means this machine alone. */
	if (!*a->host)
		free_and_set(&a->host, xstrdup("localhost"));
	return 0;
}

int host_address_parse(const char *s, bool tls, struct host_address *ret, struct err *e)
{
	struct host_address a = {0};
	const char *rest;
	int r = 0;

	if ((rest = str_after(s, "unix://"))) {
		a.kind = HOST_UNIX;
		a.path = xstrdup(*rest ? rest : DEFAULT_SOCKET);
	} else if ((rest = str_after(s, "fd://"))) {
		a.kind = HOST_FD;
		a.path = xstrdup(rest);
	} else if ((rest = str_after(s, "tcp://"))) {
		a.kind = HOST_TCP;
		r = tcp_parse(rest, s, tls, &a, e);
	} else if (strstr(s, "://") || !*s) {
		r = err_set(e, ERR_INVALID, "invalid bind address format: %s", s);
	} else {
		a.kind = HOST_TCP;
		r = tcp_parse(s, s, tls, &a, e);
	}
	if (r < 0)
		host_address_done(&a);
	else
		*ret = a;
	return r;
}

bool host_is_loopback(const char *host)
{
	return str_eq(host, "localhost") || str_eq(host, "::1") ||
	       (str_starts(host, "127.") && strspn(host, "0123456789.") == strlen(host));
}

static const struct http_tls *tls_of(const struct daemon_config *cfg, struct http_tls *t)
{
	if (!cfg->tls)
		return NULL;
	*t = (struct http_tls){
		.cert = cfg->tls_cert, .key = cfg->tls_key, .ca = cfg->tls_ca, .verify_client = cfg->tls_verify};
	return t;
}

static int unix_open(struct http_server *s, const struct daemon_config *cfg, const char *path, char ***paths,
		     struct err *e)
{
	const char *group = cfg->group;
	int fd;

	/* "docker" is the default where it exists; a group that was asked for must. */
	if (!group) {
		if (http_group_exists("docker"))
			group = "docker";
		else
			log_warn("could not change group of %s to docker: group docker not found", path);
	}
	if (http_listen_unix(path, str_empty(group) ? NULL : group, &fd, e) < 0)
		return -1;
	strv_add(paths, path);
	return http_server_listen(s, fd, NULL, e);
}

static int tcp_open(struct http_server *s, const struct daemon_config *cfg, const struct host_address *a, struct err *e)
{
	struct http_tls tls;
	int fd;

	if (!cfg->tls_verify && !host_is_loopback(a->host)) {
		if (!cfg->insecure_tcp)
			return err_set(e, ERR_INVALID,
				       "refusing to listen on tcp://%s:%s without client certificates: whoever can "
				       "connect is root "
				       "here; use --tlsverify, or --insecure-tcp if that is what you want",
				       a->host, a->port);
		log_warn("the API on tcp://%s:%s is open to whoever can connect, who is root here", a->host, a->port);
	}
	if (http_listen_tcp(a->host, a->port, &fd, e) < 0)
		return -1;
	return http_server_listen(s, fd, tls_of(cfg, &tls), e);
}

/* A socket from the init system; TCP ones obey the same rule. */
static int passed_use(struct http_server *s, const struct daemon_config *cfg, int fd, struct err *e)
{
	struct sockaddr_storage a;
	socklen_t n = sizeof(a);
	struct http_tls tls;

	if (getsockname(fd, (struct sockaddr *)&a, &n) < 0)
		return err_sys(e, errno, "passed descriptor %d", fd);
	fd_set_cloexec(fd, true);
	if (a.ss_family == AF_UNIX)
		return http_server_listen(s, fd, NULL, e);
	if (!cfg->tls_verify && !cfg->insecure_tcp)
		return err_set(e, ERR_INVALID,
			       "refusing to serve a passed TCP socket without client certificates; use --tlsverify");
	return http_server_listen(s, fd, tls_of(cfg, &tls), e);
}

static int passed_open(struct http_server *s, const struct daemon_config *cfg, const char *which, struct err *e)
{
	const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS"), *names = getenv("LISTEN_FDNAMES");
	_cleanup_strv_ char **list = names ? strv_split(names, ':') : NULL;
	uint32_t n = 0, want;
	uint32_t used = 0;
	int32_t us;

	if (!pid || parse_i32(pid, &us) < 0 || us != getpid() || !count || parse_u32(count, &n) < 0 || n == 0)
		return err_set(e, ERR_INVALID,
			       "no sockets found via socket activation: make sure the service was started by systemd");
	for (uint32_t i = 0; i < n && i < 64; i++) {
		bool all = str_empty(which) || str_eq(which, "*");
		bool named = list && i < strv_len(list) && str_eq(list[i], which);
		bool numbered = parse_u32(which, &want) == 0 && want == FIRST_PASSED_FD + i;

		if (!all && !named && !numbered)
			continue;
		if (passed_use(s, cfg, (int)(FIRST_PASSED_FD + i), e) < 0)
			return -1;
		used++;
	}
	return used ? 0 : err_set(e, ERR_INVALID, "failed to find passed socket %s", which);
}

static int host_open(struct http_server *s, const struct daemon_config *cfg, const char *host, char ***paths,
		     struct err *e)
{
	struct host_address a;
	int r = -1;

	if (host_address_parse(host, cfg->tls, &a, e) < 0)
		return -1;
	switch (a.kind) {
	case HOST_UNIX:
		r = unix_open(s, cfg, a.path, paths, e);
		break;
	case HOST_TCP:
		r = tcp_open(s, cfg, &a, e);
		break;
	case HOST_FD:
		r = passed_open(s, cfg, a.path, e);
		break;
	}
	host_address_done(&a);
	return r;
}

int hosts_listen(struct http_server *s, const struct daemon_config *cfg, char ***ret_paths, struct err *e)
{
	STRV_FOREACH (host, cfg->hosts)
		if (host_open(s, cfg, *host, ret_paths, e) < 0)
			return err_wrap(e, "failed to load listeners");
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	return 0;
}

void notify_send(const char *text)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	_cleanup_close_ int fd = -1;
	size_t n;

	if (str_empty(path) || strlen(path) >= sizeof(a.sun_path))
		return;
	n = strlen(path);
	memcpy(a.sun_path, path, n);
	if (*path == '@')
		a.sun_path[0] = '\0'; /* abstract */
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || sendto(fd, text, strlen(text), MSG_NOSIGNAL, (struct sockaddr *)&a,
			     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)) < 0)
		log_warn("cannot notify %s: %m", path);
}
