/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The live container and the table it stands in; private to engine/. Three rules carry everything here:
 *
 *  - Fields are guarded by container.lock (memory only; never held across I/O, exec or a wait), those of the table by
 *    engine.lock. `changed` is broadcast whenever anything below the lock changes that somebody may wait for.
 *  - Who starts, stops, pauses, renames or removes takes the operation slot first: one mutator at a time. Signals,
 * attaching, execs and the news of a supervisor do not take it: they must work while a slow stop is under way.
 *  - Memory first, then the row: change under the lock, then container_persist. Rows of one container are written in
 * the order of the changes.
 *
 * References: container_find gives one, container_unref ends it; the table holds one of its own.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/lock.h"
#include "base/map.h"
#include "base/random.h"
#include "engine/container.h"
#include "engine/engine.h"
#include "engine/events.h"
#include "state/state.h"

struct exec;
struct jobs;
struct monitor_client;
struct monitor_loop;
struct container_attach; /* attach.c: a client that came before the start */

enum container_op {
	OP_NONE,
	OP_CREATE, /* not visible yet: see container_reserve */
	OP_START,
	OP_STOP,
	OP_RESTART, /* an exit in its course is not the restart policy's business */
	OP_PAUSE,
	OP_CHANGE,   /* rename, update */
	OP_TEARDOWN, /* after an exit */
	OP_REMOVE,
};

struct container {
	char id[ID_LEN + 1]; /* never changes */
	struct engine *engine;
	atomic_uint refs;

	/* engine.lock */
	UT_hash_handle by_id, by_name;
	struct container *prev, *next; /* newest first */
	char *name;                    /* key of by_name; the same text as rec.name */
	bool in_table;
	bool visible; /* false while it is created: its name is taken, nobody finds it */

	struct lock lock; /* guards all below; LOCK_RANK_CONTAINER */
	pthread_cond_t changed;

	enum container_op op;
	bool removed;  /* gone for good; whoever waited for the slot gets ERR_NOT_FOUND */
	bool removing; /* a remove has begun (the status may still say what it was) */
	struct container_record rec;

	/* writing the row: see container_persist */
	uint64_t row_wanted, row_written;
	bool row_writing;

	/* the run */
	struct monitor_client *monitor; /* NULL when nothing runs; a reference */
	int pidfd;                      /* of the first process, or -1 */
	uint64_t runs;                  /* counts starts: tells news of an old run from one of this run */
	uint64_t exits;                 /* counts ends */
	bool needs_teardown;            /* a run directory and perhaps a supervisor are left: run_teardown */
	bool oom_told;                  /* the event of this run has been sent */
	char *wait_error;               /* what waiters are told besides the code: a failed removal or start */
	struct engine_waiter *waiters;  /* wait.c */
	struct container_attach *pending;
	size_t n_pending;
	uint64_t next_client;
	struct exec *execs; /* exec.c; newest first */
	size_t n_execs;

	/* restart policy */
	int64_t backoff_ms;
	uint64_t restart_ticket; /* a delayed restart with another number is void */
};

struct engine {
	struct engine_config cfg;
	struct state *state;
	struct images *images;
	struct events *events;
	char *run_dir;            /* <exec_root>/c: one directory for each running container */
	char *runtime_root;       /* <exec_root>/runtime */
	char *seccomp_dir;        /* <exec_root>/seccomp */
	int64_t kernel_caps_last; /* of /proc/sys/kernel/cap_last_cap */

	struct lock lock; /* LOCK_RANK_ENGINE: the table */
	struct container *by_id, *by_name, *all;
	struct exec *execs; /* exec.c: all sessions by id */

	struct jobs *jobs;         /* jobs.c: background work */
	struct monitor_loop *loop; /* monitor_client.c: the thread that hears the supervisors */
	atomic_bool stopping;      /* a clean stop is under way: no restarts */
};

/* --- references and lookup (engine.c) --- */

struct container *container_ref(struct container *c);
void container_unref(struct container *c);
DEFINE_CLEANUP(struct container, container_unref)

/* Full id, then name (with or without slash), then unique id prefix, as Docker resolves. */
int container_find(struct engine *g, const char *ref, struct container **ret, struct err *e);
/* Calls fn for each visible container, newest first, under its lock. fn must not call back into the engine. */
void container_each(struct engine *g, void (*fn)(void *arg, struct container *c), void *arg);
/* References to all visible containers, newest first, NULL-terminated; container_free_all ends them. */
struct container **container_all(struct engine *g);
void container_free_all(struct container **all);
DEFINE_CLEANUP(struct container *, container_free_all)

/* --- create, rename, remove (engine.c; used by create.c and remove) --- */

/* A container for a record, whose pieces move into it. Holds OP_CREATE and stands in the table under its id and name,
 * but nobody finds it before container_publish. *ret is a reference of the caller's. ERR_CONFLICT in Docker's words
 * when the name is taken. */
int container_reserve(struct engine *g, struct container_record *rec, struct container **ret, struct err *e);
/* The end of a create: visible from now on, the slot is free. */
void container_publish(struct container *c);
/* Name in the table, in the record, and nothing else; the caller holds the slot and persists. *ret_old is owned.
 * ERR_CONFLICT when it is taken; ERR_INVALID when it is the name that it has. */
int container_set_name(struct container *c, const char *name, char **ret_old, struct err *e);
/* Out of the table: id and name are free, waiters for removal wake, `removed` is set, the slot is free. Also undoes
 * container_reserve. */
void container_drop(struct container *c);

/* --- the operation slot (engine.c) --- */

/* Waits for the slot. ERR_NOT_FOUND when the container has gone meanwhile; with OP_REMOVE, ERR_CONFLICT "removal of
 * container ... is already in progress" at once when another remove has it; sets `removing` for OP_REMOVE. */
int container_op_begin(struct container *c, enum container_op op, struct err *e);
void container_op_end(struct container *c);
struct container_op_guard {
	struct container *c;
};
static inline void container_op_guard_end(struct container_op_guard *g)
{
	if (g->c)
		container_op_end(g->c);
}
/* _cleanup_(container_op_guard_end) struct container_op_guard slot = {0}; ... slot.c = c after a begin that succeeded.
 */

/* --- record (engine.c) --- */

/* Writes the row as it is now; when it returns 0, this change or a later one is on disk. Without the lock. */
int container_persist(struct container *c, enum state_sync sync, struct err *e);
/* The same where nobody could do anything about a failure: it is logged. */
void container_persist_or_log(struct container *c);
/* Deletes the row, durably. After it no other row of this container is written. */
int container_delete_row(struct container *c, struct err *e);
/* Publishes an event of the container with image, name and all labels; extra as events_publish. With the lock held, so
 * that events of one container have the order of its changes. */
void container_event(struct container *c, const char *action, const char *const *extra);
/* RUNNING, PAUSED or RESTARTING: what Docker calls running. Lock held. */
bool container_is_running(const struct container *c);

/* --- record <-> snapshot (container.c) --- */

/* Removes <data_root>/{overlay2,containers}/<id>; what cannot go is logged (create.c). */
void container_remove_files(const struct engine *g, const char *id);
void engine_release_images(struct engine *g);

/* A deep copy with its paths; lower is NULL when the image is gone. Takes the lock. */
struct container_snapshot *container_snapshot_take(struct container *c);
/* dir, upper, work and merged of a copied record. */
void container_snapshot_set_paths(struct container_snapshot *s, const char *data_root);
/* Ids of the sessions that a reader of inspect sees, NULL when there are none; lock held (exec.c). */
char **container_exec_ids(struct container *c);

/* --- for remove (stop.c, exec.c) --- */

/* SIGKILL and wait until it has ended; 0 when it did not run. For rm -f, before the slot is taken. */
int container_kill_and_wait(struct container *c, struct err *e);
/* Cancels a delayed restart: the container becomes EXITED. Part of container_kill_and_wait. Lock held. */
void container_cancel_restart(struct container *c);
/* With OP_REMOVE held and the container stopped: forgets execs and clients that wait, removes its run directory. */
void container_release_run(struct container *c);
/* What an auto-remove calls: engine_remove of a container that has ended, volumes included (create.c or remove.c). */
int container_remove(struct container *c, struct engine_remove how, struct err *e);
