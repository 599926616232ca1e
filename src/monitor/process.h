/* SPDX-License-Identifier: Apache-2.0 */
/* The supervised process: made from the launch document through runtime/, with its stdio as pipes or a terminal. */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "format/oci/runtime_config.h"
#include "monitor/launch.h"
#include "runtime/runtime.h"

struct process {
	struct runtime_process rt;
	bool is_exec;
	int in, out, err; /* our ends, owned; -1: none. A terminal: in and out are its master */
	/* What runtime_cleanup wants to know: only the members it needs, the rest is empty. */
	char *id;
	struct oci_config rest;
};

void process_init(struct process *p);
void process_done(struct process *p);
/* config_dirfd: the container's state directory, where its configuration is kept (written for a container, read for an
 * exec). On failure nothing is left. */
int process_start(const struct monitor_launch *l, int config_dirfd, struct process *ret, struct err *e);
/* Poststop hooks are programs to be run: then the supervisor has to keep the right to do that. */
bool process_has_hooks(const struct process *p);
/* Takes the exit status of the ended process: its code, or 128 + signal. */
int process_reap(struct process *p);
/* After process_reap, for a container: kills what is left of it, removes the cgroup, runs the hooks. */
void process_cleanup(struct process *p);
