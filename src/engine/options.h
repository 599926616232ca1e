/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The little languages inside container options: security options, sysctls, ulimits, cpu lists, device rules, ports,
 * signals of hosts files. All of it is text from outside; everything here is pure and fuzzed.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "format/api/container_types.h"

struct security_options { /* strings are borrowed from the list */
	bool no_new_privileges_set, no_new_privileges;
	bool writable_cgroups;
	const char *seccomp; /* NULL: not given; "unconfined", "builtin", or profile text */
};
/* ERR_INVALID: invalid --security-opt 1: "foo"; ERR_UNSUPPORTED for AppArmor and SELinux labels: a promise of
 * protection that cannot be kept is refused. */
int security_options_parse(char *const *list, struct security_options *ret, struct err *e);

/* Is this key one that belongs to the container's own namespaces, and is the value harmless? (rule D3) */
int sysctl_check(const char *key, const char *value, bool host_net, bool host_ipc, bool host_uts, struct err *e);

/* "nofile=1024:2048", "core=0", "memlock=-1:-1" */
int ulimit_parse(const char *text, struct ulimit *ret, struct err *e);
void ulimit_done(struct ulimit *u);
int ulimit_check(const struct ulimit *u, struct err *e);
/* "RLIMIT_NOFILE"; NULL when unknown. Any case. */
const char *ulimit_rlimit(const char *name);

/* "0-3,5" against a list of what is there ("0-7"). what: "cpuset cpus" and "CPUs", for the messages. */
int cpu_list_check(const char *list, const char *available, const char *what, const char *things, struct err *e);
/* How many numbers a list has; 0 for a bad one. */
unsigned cpu_list_count(const char *list);

struct device_rule {
	char type;            /* 'a', 'b', 'c' */
	int64_t major, minor; /* -1: all */
	char access[4];
};
/* "c 1:3 rwm", "b *:* m" */
int device_rule_parse(const char *text, struct device_rule *ret, struct err *e);

struct port_spec {
	uint16_t first, last;
	char proto[5]; /* "tcp", "udp", "sctp" */
};
/* "80", "80/tcp", "8000-8010/udp". 0 or -EINVAL. */
int port_spec_parse(const char *text, struct port_spec *ret);
/* "8080", "3000-3010". 0 or -EINVAL; an empty text is 0..0. */
int port_range_parse(const char *text, uint16_t *ret_first, uint16_t *ret_last);

/* "name:address" of ExtraHosts, split at the first colon (or at '='). host_gateway: the address is that word. */
int extra_host_parse(const char *text, char **ret_name, char **ret_address, struct err *e);
/* Could this stand in a hosts file, resolv.conf or environment line? No control characters or blanks. */
bool is_host_word(const char *s);

int log_config_check(const char *type, const struct json_kv *config, struct err *e);
