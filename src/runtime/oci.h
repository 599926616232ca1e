/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The OCI runtime's command line (runc's): the state of containers that other engines make with it, and one function
 * per command. hulld does not use it; its supervisors call runtime.h.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "runtime/runtime.h"

#define OCI_ROOT_DEFAULT "/run/hull-runtime"
#define OCI_SPEC_VERSION "1.2.0"

/* Options before the command. */
struct oci_globals {
	char *root;
	char *log, *log_format;
	bool debug;
};

/* Everything behind the program's name. Returns the exit code. */
int oci_main(int argc, char **argv);

/* --- options --- */

enum oci_opt_type { OCI_OPT_FLAG, OCI_OPT_STR, OCI_OPT_INT, OCI_OPT_LIST, OCI_OPT_IGNORE };
struct oci_opt {
	const char *name; /* without dashes */
	char letter;      /* 0: none */
	enum oci_opt_type type;
	void *to; /* bool *, char ** (owned), int *, char *** */
};
/* Reads options up to the first operand; the index of that operand, or -1. The table ends with a NULL name. */
int oci_opts_parse(int argc, char **argv, const struct oci_opt *opts, struct err *e);

/* --- state: <root>/<id>/{state.json,config.json,start.sock} --- */

enum oci_status { OCI_CREATING, OCI_CREATED, OCI_RUNNING, OCI_PAUSED, OCI_STOPPED };
const char *oci_status_name(enum oci_status s);

struct oci_container {
	char *id, *bundle, *cgroup;
	int dir; /* <root>/<id> */
	pid_t pid;
	unsigned long long start_time;
	int64_t created_ns;
	struct oci_config config;
};
/* Makes the directory; ERR_CONFLICT when the id is taken. */
int oci_container_new(const struct oci_globals *g, const char *id, const char *bundle, struct oci_container *ret,
		      struct err *e);
int oci_container_open(const struct oci_globals *g, const char *id, struct oci_container *ret, struct err *e);
int oci_container_save(struct oci_container *c, struct err *e);
void oci_container_remove(const struct oci_globals *g, struct oci_container *c);
void oci_container_done(struct oci_container *c);
enum oci_status oci_container_status(const struct oci_container *c);
/* Signals exactly the process that was started. */
int oci_container_signal(const struct oci_container *c, int sig, struct err *e);
int oci_id_check(const char *id, struct err *e);
/* The ids below the root directory, sorted. */
char **oci_containers_list(const struct oci_globals *g);

/* --- console, waiting --- */

int oci_console_send(const char *socket_path, int master, struct err *e);
int oci_pid_file_write(const char *path, pid_t pid, struct err *e);
/* Passes signals and terminal bytes between us and the process until it ends; its exit code. */
int oci_foreground(struct runtime_process *p, struct err *e);

/* --- commands: the exit code, or -1 and e --- */

int oci_cmd_create(const struct oci_globals *g, int argc, char **argv, struct err *e);
int oci_cmd_run(const struct oci_globals *g, int argc, char **argv, struct err *e);
int oci_cmd_start(const struct oci_globals *g, int argc, char **argv, struct err *e);
int oci_cmd_state(const struct oci_globals *g, int argc, char **argv, struct err *e);
int oci_cmd_kill(const struct oci_globals *g, int argc, char **argv, struct err *e);
int oci_cmd_delete(const struct oci_globals *g, int argc, char **argv, struct err *e);
int oci_cmd_exec(const struct oci_globals *g, int argc, char **argv, struct err *e);
int oci_cmd_list(const struct oci_globals *g, int argc, char **argv, struct err *e);
int oci_cmd_ps(const struct oci_globals *g, int argc, char **argv, struct err *e);
int oci_cmd_pause(const struct oci_globals *g, int argc, char **argv, struct err *e);
int oci_cmd_resume(const struct oci_globals *g, int argc, char **argv, struct err *e);
int oci_cmd_update(const struct oci_globals *g, int argc, char **argv, struct err *e);
int oci_cmd_events(const struct oci_globals *g, int argc, char **argv, struct err *e);
int oci_cmd_spec(const struct oci_globals *g, int argc, char **argv, struct err *e);
int oci_cmd_features(const struct oci_globals *g, int argc, char **argv, struct err *e);

static inline void oci_container_done_p(struct oci_container *c)
{
	oci_container_done(c);
}
#define OCI_CONTAINER_INIT                                                                                             \
	{                                                                                                              \
		.dir = -1                                                                                              \
	}
#define _cleanup_oci_container_ _cleanup_(oci_container_done_p)
