/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine: containers and what happens to them. Everything that changes a container goes through its operation slot
 * (one mutator at a time per container); readers copy a snapshot. Any thread. `ref` is an id, a unique id prefix, or a
 * name with or without its leading slash; errors carry Docker's wording.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strbuf.h"
#include "engine/container.h"

struct engine;
struct images;
struct state;
struct events;

struct engine_config {             /* borrowed for the engine's life */
	const char *data_root;     /* containers/<id>/ live here */
	const char *exec_root;     /* run-time state: <exec_root>/c/<id>/ */
	const char *runtime_path;  /* hull-runtime */
	int runtime_fd;            /* > 0: the same on a read-only mount (rule D4), executed instead of the path */
	const char *init_path;     /* docker-init or hull's own */
	const char *cgroup_parent; /* "/docker" unless configured */
	const char *default_log_driver;
	struct json_kv default_log_opts;
	int64_t default_shm_size;
	const char *default_ipc_mode;      /* private, shareable */
	const char *default_cgroupns_mode; /* private, host, NULL: by cgroup version */
	const char *seccomp_profile;       /* JSON text, NULL: built in, "unconfined" */
	char *const *default_ulimits;      /* "nofile=1024:2048" */
	bool no_new_privileges;
	bool init;
	bool live_restore;        /* false only when the user said so: containers stop with a clean stop */
	int shutdown_timeout;     /* s */
	int default_stop_timeout; /* s */
};

int engine_open(const struct engine_config *cfg, struct state *st, struct images *images, struct events *events,
		struct engine **ret, struct err *e);
/* Finds what runs, what ended meanwhile and what was half made; applies restart policies. Before the API is served. */
int engine_recover(struct engine *g, struct err *e);
/* What a reload of the configuration may change; called by the thread that calls engine_shutdown. */
void engine_reconfigure(struct engine *g, bool live_restore, int shutdown_timeout);
/* A clean stop: with live_restore false, containers are stopped first. */
void engine_shutdown(struct engine *g);
void engine_close(struct engine *g);

/* --- create.c --- */
struct engine_created {
	char id[ID_LEN + 1];
	char **warnings;
};
/* body: the decoded request (its pieces move into the container). name NULL: one is made up. */
int engine_create(struct engine *g, const char *name, struct container_create *body, const char *platform,
		  struct engine_created *ret, struct err *e);
int engine_rename(struct engine *g, const char *ref, const char *name, struct err *e);
struct engine_remove {
	bool volumes, force, link;
};
int engine_remove(struct engine *g, const char *ref, struct engine_remove how, struct err *e);
/* keep(arg, snapshot) true keeps it. Ids removed, bytes regained. */
int engine_prune(struct engine *g, bool (*keep)(void *arg, const struct container_snapshot *c), void *arg,
		 char ***ret_ids, int64_t *ret_bytes, struct err *e);

/* --- look up --- */
/* A snapshot owned by the caller (container_snapshot_free). */
int engine_get(struct engine *g, const char *ref, struct container_snapshot **ret, struct err *e);
/* For lists: fn reads the record under the container's lock, newest first. It must be quick and not call the engine. */
void engine_each(struct engine *g, void (*fn)(void *arg, const struct container_record *rec, bool removing), void *arg);
/* All, newest first; NULL-terminated; freed with container_snapshot_free_all. */
struct container_snapshot **engine_all(struct engine *g);
/* Bytes in the writable layer, and all bytes of the root file system. */
int engine_size(struct engine *g, const struct container_snapshot *c, int64_t *ret_rw, int64_t *ret_rootfs,
		struct err *e);

/* --- life --- */
int engine_start(struct engine *g, const char *ref, const char *detach_keys, struct err *e);
/* timeout_s: -1 for ever; ENGINE_TIMEOUT_DEFAULT: the container's own. signal NULL: its stop signal. */
#define ENGINE_TIMEOUT_DEFAULT INT32_MIN
int engine_stop(struct engine *g, const char *ref, int timeout_s, const char *signal, struct err *e);
int engine_restart(struct engine *g, const char *ref, int timeout_s, const char *signal, struct err *e);
int engine_kill(struct engine *g, const char *ref, const char *signal, struct err *e);
int engine_pause(struct engine *g, const char *ref, struct err *e);
int engine_unpause(struct engine *g, const char *ref, struct err *e);
int engine_resize(struct engine *g, const char *ref, unsigned rows, unsigned cols, struct err *e);
/* ps_args as POST /top takes them; titles and rows come back. */
struct engine_top {
	char **titles;
	char ***rows; /* NULL-terminated array of string vectors */
};
int engine_top(struct engine *g, const char *ref, const char *ps_args, struct engine_top *ret, struct err *e);
void engine_top_done(struct engine_top *t);

/* Waiting: begin before the answer's head is sent, then wait; gone_fd ends it early (ERR_CANCELLED). */
enum engine_wait_for { ENGINE_WAIT_NOT_RUNNING, ENGINE_WAIT_NEXT_EXIT, ENGINE_WAIT_REMOVED };
struct engine_waiter;
int engine_wait_begin(struct engine *g, const char *ref, enum engine_wait_for what, struct engine_waiter **ret,
		      struct err *e);
int engine_wait(struct engine_waiter *w, int gone_fd, int *ret_code, char **ret_error, struct err *e);
void engine_wait_end(struct engine_waiter *w);

/* --- streams --- */
struct engine_attach {
	bool stream, logs, in, out, err;
	bool unframed;           /* a websocket: both streams come bare, as from a terminal */
	const char *detach_keys; /* NULL: the daemon's */
};
/* In two steps, so that errors come before the hijack. `fd` (owned from the call on) goes to the supervisor, at once
 * when the container runs, else at its start; leftover was already read from it. */
int engine_attach_check(struct engine *g, const char *ref, const struct engine_attach *how, bool *ret_raw,
			struct err *e);
int engine_attach(struct engine *g, const char *ref, const struct engine_attach *how, int fd, const void *leftover,
		  size_t n, struct err *e);

struct engine_logs {
	bool follow, out, err, timestamps, details;
	int64_t since_ns, until_ns; /* 0: unset */
	int64_t tail;               /* -1: all */
};
/* Calls write(arg, bytes) with finished output (framed unless the container has a terminal) until the end, until write
 * fails, or until gone_fd is readable. begin(arg, raw) comes first, when nothing can fail any more. */
int engine_logs(struct engine *g, const char *ref, const struct engine_logs *how, int gone_fd,
		int (*begin)(void *arg, bool raw), int (*write)(void *arg, const void *p, size_t n), void *arg,
		struct err *e);

/* --- exec sessions --- */
int engine_exec_create(struct engine *g, const char *ref, struct exec_create *body, char ret_id[ID_LEN + 1],
		       struct err *e);
/* As engine_attach: check, then start with the hijacked descriptor (-1: detached). */
int engine_exec_start_check(struct engine *g, const char *id, const struct exec_start *how, bool *ret_raw,
			    struct err *e);
int engine_exec_start(struct engine *g, const char *id, const struct exec_start *how, int fd, const void *leftover,
		      size_t n, struct err *e);
int engine_exec_resize(struct engine *g, const char *id, unsigned rows, unsigned cols, struct err *e);
int engine_exec_inspect(struct engine *g, const char *id, struct exec_snapshot *ret, struct err *e);

/* For GET /info. */
struct engine_counts {
	int total, running, paused, stopped;
};
struct engine_counts engine_count(struct engine *g);
