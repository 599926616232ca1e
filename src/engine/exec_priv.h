/* SPDX-License-Identifier: Apache-2.0 */
/* The live exec session; private to exec.c and exec_recover.c. */
#pragma once

#include "engine/run_priv.h"

#define EXEC_PREFIX "x-"        /* and the id: the session's directory in the container's run directory */
#define EXEC_RECORD "exec.json" /* in the session's: what it runs, for a later daemon */

#define EXEC_NAME_SIZE (sizeof(EXEC_PREFIX) + ID_LEN)
void exec_dir_name(const char *id, char ret[EXEC_NAME_SIZE]);

enum exec_state { EXEC_CREATED, EXEC_STARTING, EXEC_RUNNING, EXEC_ENDED };

struct exec {
	char id[ID_LEN + 1];
	atomic_uint refs;
	struct container *c; /* a reference */
	UT_hash_handle hh;   /* engine.lock: engine.execs */

	/* container.lock: */
	struct exec *prev, *next; /* container.execs */
	enum exec_state state;
	struct exec_create config;
	struct monitor_client *monitor;
	int pidfd; /* of the process, or -1 */
	int64_t pid;
	int64_t exit_code;
	bool has_exit_code;
	int64_t ended_ns; /* monotonic */
};

void exec_unref(struct exec *x);
DEFINE_CLEANUP(struct exec, exec_unref)
/* Into the tables, which take over the caller's reference. False (nothing taken): the container has gone. */
bool exec_add(struct exec *x);
/* Hears its supervisor from now on. */
void exec_listen(struct exec *x);
/* exec_recover.c */
void exec_record_write(const struct exec *x, int dirfd);
