/* SPDX-License-Identifier: Apache-2.0 */
/* --host addresses -> listening sockets of the server, with the rules on who may listen without TLS. */
#pragma once

#include "api/daemon_config.h"
#include "base/err.h"
#include "http/server.h"

enum host_kind { HOST_UNIX, HOST_TCP, HOST_FD };

struct host_address {
	enum host_kind kind;
	char *path; /* unix: path; fd: which ("", "*" or a name or number) */
	char *host, *port;
};
/* "unix:///path", "tcp://host:port", "fd://", "host:port"; ports default to 2375, with TLS 2376. */
int host_address_parse(const char *s, bool tls, struct host_address *ret, struct err *e);
void host_address_done(struct host_address *a);
/* 127.0.0.0/8, ::1 or localhost. */
bool host_is_loopback(const char *host);

/* Opens all of cfg->hosts; paths of unix sockets made go to *ret_paths, to be removed at the end. */
int hosts_listen(struct http_server *s, const struct daemon_config *cfg, char ***ret_paths, struct err *e);
/* Tells the init system, when it asked to be told (sd_notify(3)). */
void notify_send(const char *text);
