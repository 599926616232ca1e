/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is a create request one that can be kept? Pure: what depends on the host comes in struct host_facts. Wording and
 * status are Docker's where it refuses too.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "format/api/container_types.h"

struct host_facts {
	const char *cpus; /* "0-7", or NULL when unknown */
	const char *mems; /* memory nodes */
	bool cgroup_v2;
	bool memory_limit, swap_limit, swappiness, oom_kill_disable, memory_reservation;
	bool cpu_cfs, cpu_shares, cpu_realtime, cpuset, pids, blkio, blkio_weight;
};

int config_check(const struct container_config *c, struct err *e);
/* Warnings are appended. */
int host_config_check(const struct host_config *h, const struct container_config *c, const struct host_facts *f,
		      char ***warnings, struct err *e);
/* Settings that this host cannot give are taken out, with a warning each, as Docker does. */
void host_config_drop_unsupported(struct host_config *h, const struct host_facts *f, char ***warnings);

/* "container:<ref>": the ref, else NULL. */
const char *mode_container(const char *mode);
