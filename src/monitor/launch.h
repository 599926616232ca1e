/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The launch document: what a supervisor is told once, as JSON in a sealed memfd. hulld encodes, the supervisor
 * decodes; both use the field names given in the comments. Strings are owned by the struct.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strbuf.h"

enum monitor_log_driver { MONITOR_LOG_NONE, MONITOR_LOG_JSON_FILE, MONITOR_LOG_LOCAL };

struct monitor_launch {
	char *id;        /* "id": container id, or exec id */
	char *container; /* "container": empty for a container's own process; for an exec, the container's id */
	char *spec;      /* "spec": for a container, the whole OCI runtime config as JSON text; for an exec, the OCI
			    process object */
	/* container only: the root file system, mounted by overlayfs in the container's own mount namespace. The OCI
	 * root.path is the directory where it is mounted (MergedDir). No lower: root.path is used as it is. */
	char **lower;        /* "lower": directories, topmost first */
	char *upper;         /* "upper" */
	char *work;          /* "work" */
	char *runtime_root;  /* "runtime_root": where the runtime keeps its state, shared by all containers */
	char *seccomp_cache; /* "seccomp_cache": directory of compiled filters */
	/* exec only */
	int32_t target_pid;                 /* "target_pid": first process of the container */
	uint64_t target_start_time;         /* "target_start_time": field 22 of its stat, guards against re-use */
	bool tty;                           /* "tty" */
	bool open_stdin;                    /* "open_stdin": keep stdin open without a client */
	bool stdin_once;                    /* "stdin_once": close it when the first client that had it leaves */
	uint16_t rows, cols;                /* "rows", "cols": initial terminal size, 0: unset */
	enum monitor_log_driver log_driver; /* "log_driver": "none", "json-file", "local" */
	char *log_name;                     /* "log_name": file in the log directory */
	int64_t log_max_size;               /* "log_max_size": bytes, -1 unlimited */
	int32_t log_max_files;              /* "log_max_files" */
	bool log_compress;                  /* "log_compress" */
	char **log_attrs;                   /* "log_attrs": K=V, written with each line (json-file) */
};

void monitor_launch_done(struct monitor_launch *l);
void monitor_launch_encode(const struct monitor_launch *l, struct strbuf *out);
int monitor_launch_decode(const char *json, size_t n, struct monitor_launch *ret, struct err *e);
