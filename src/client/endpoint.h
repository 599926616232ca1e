/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where an engine listens and how a connection to it is made. Every connection is one stream socket, whatever is behind
 * it: TLS and ssh are done by a child process at the other end of a socket pair, so that readers, writers, poll and
 * half-close work the same everywhere and a plain client links neither.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/macros.h"

enum endpoint_kind { ENDPOINT_UNIX, ENDPOINT_TCP, ENDPOINT_SSH };

struct endpoint_tls {
	bool on, verify;
	const char *ca, *cert, *key; /* borrowed paths; NULL: none */
};

struct endpoint {
	enum endpoint_kind kind;
	char *url;  /* as given, for messages */
	char *host; /* TCP, ssh: name or address */
	char *port; /* TCP, ssh; ssh: NULL when not given */
	char *user; /* ssh, or NULL */
	char *path; /* unix socket; of the ssh url: remote socket, or NULL */
	char *base; /* tcp://host:port/base: prefix of every request, "" */
	bool tls, verify;
	char *ca, *cert, *key;
};

#define ENDPOINT_DEFAULT "unix:///var/run/docker.sock"

/* unix://, tcp://, http(s)://, ssh://, fd:// refused; "" is the default. Copies the TLS options. */
int endpoint_parse(const char *url, const struct endpoint_tls *tls, struct endpoint **ret, struct err *e);
void endpoint_free(struct endpoint *ep);
/* A connected stream socket, owned by the caller; -1 with e in docker's words. */
int endpoint_connect(const struct endpoint *ep, struct err *e);
/* Value of the Host header. Borrowed. */
const char *endpoint_host_header(const struct endpoint *ep);

/* argv of the child that endpoint_connect starts from our own program for TLS; main() hands over when argv[1] is it. */
#define TLS_RELAY_ARG "__tls-relay"
/* Speaks TLS to host:port and copies between it and descriptors 0/1 until both sides ended. Writes "ok\n" or a message
 * to descriptor 3 once the handshake is done. argv: host port verify ca cert key ("" for none). Returns an exit code.
 */
int tls_relay_main(int argc, char **argv);

DEFINE_CLEANUP(struct endpoint, endpoint_free)
