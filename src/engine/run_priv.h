/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files that carry a container's run share: start, stop, exit, wait, attach, exec, recover. The story:
 * run_start (slot held)
 * -> RUNNING and a listening monitor_client -> exit_news from the loop's thread -> EXITED or RESTARTING, waiters wake
 * -> a job that tears down (slot held), removes or restarts.
 */
#pragma once

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "engine/container_priv.h"
#include "engine/jobs.h"
#include "engine/monitor_client.h"
#include "monitor/launch.h"

/* A supervisor that got its end told goes within milliseconds; longer means that something is badly wrong. */
#define RELEASE_TIMEOUT_MS 5000
/* SIGKILL works at once unless the process hangs in the kernel. */
#define KILL_TIMEOUT_MS 10000

/* --- table.c --- */
int table_load(struct engine *g, struct container_record *rec, struct err *e);
void table_sort(struct engine *g);
struct container *container_new(struct engine *g, struct container_record *rec);

/* --- start.c --- */

/* Starts a container that does not run; the slot is held. On failure all is undone, and error and exit code are
 * recorded. policy: the restart policy does it, its counters go on. */
int run_start(struct container *c, bool policy, struct err *e);
/* <exec_root>/c/<id>, made when missing; O_DIRECTORY or -1. */
int run_dir_open(struct container *c, bool make, struct err *e);
/* Ends what is left of the last run: waits for the supervisor, unmounts, removes the run directory. Slot held. */
void run_teardown(struct container *c);
/* One supervisor process with its launch document; started but not told START. */
struct supervisor_fds { /* borrowed */
	int state;
	int log;       /* -1: none is written */
	int container; /* for an exec: the container's state directory; else -1 */
};
int supervisor_spawn(struct engine *g, const struct monitor_launch *l, const struct supervisor_fds *in,
		     struct monitor_client **ret, int *ret_pidfd, struct err *e);
/* Hears replies until STARTED (0; *ret is filled) or FAILED (-1; the code is in *ret_code, e->msg is the supervisor's
 * text). */
int supervisor_await_start(struct monitor_client *mc, struct monitor_packet *ret, int *ret_code, struct err *e);

/* --- recover.c --- */

/* Has a supervisor that said hello end: kills its process, hears its end, lets it go. It cleans up behind itself. */
void supervisor_end(struct monitor_client *mc, const struct monitor_packet *hello);

/* --- launch.c --- */

/* The launch document of a container's own process; host facts are gathered, namespaces to join are looked up. */
int launch_build(struct container *c, const struct container_snapshot *s, struct monitor_launch *ret, struct err *e);
int launch_build_exec(struct container *c, const struct container_snapshot *s, const struct exec_create *x,
		      const char *id, struct monitor_launch *ret, struct err *e);
/* "/docker/<id>" */
char *run_cgroup_path(const struct engine *g, const struct container_record *rec);
/* <dir>/mounts/shm when this container has a shared /dev/shm of its own, else NULL. */
char *run_shm_dir(const struct engine *g, const struct container_record *rec);
/* Where the log is and how it is kept, from the record's LogConfig. */
struct log_plan {
	enum monitor_log_driver driver;
	char *dir;  /* NULL for none */
	char *name; /* of the current file */
	int64_t max_size;
	int32_t max_files;
	bool compress;
	char **attrs; /* K=V */
};
int log_plan_make(const struct engine_config *cfg, const struct container_record *rec, struct log_plan *ret,
		  struct err *e);
void log_plan_done(struct log_plan *p);

/* --- exit.c --- */

/* The news handler of containers; owner is a struct exit_owner. */
struct run_owner {
	struct container *c; /* a reference */
	uint64_t run;
};
struct run_owner *run_owner_new(struct container *c, uint64_t run);
void run_owner_free(void *owner);
void run_news(void *owner, struct monitor_client *mc, const struct monitor_packet *p);
/* The end of run `run`: state, events, waiters, row, and the job for the rest. Nothing when it is known already. */
void run_ended(struct container *c, uint64_t run, const struct monitor_exit *x);
/* The supervisor has gone without a word: what became of the process, from the exit record or the kernel. */
void run_supervisor_lost(struct container *c, uint64_t run);
/* After a failed start of an auto-remove container, and for recovery. */
void run_follow_up(struct container *c, bool remove, int64_t restart_after_ms);

/* --- stop.c --- */

/* Stops a running one, slot held; events included but not "stop". */
int run_stop(struct container *c, int timeout_s, int sig, struct err *e);
/* Stop signal and timeout of the container. */
int run_stop_signal(const struct container *c);
int run_thaw(struct container *c, struct err *e);
/* For a clean stop of the daemon: the stop signal, and waiting for the end; true when nothing runs. */
void run_stop_signal_send(struct container *c);
bool run_await_end(struct container *c, int64_t timeout_ms);

/* --- logs.c --- */

/* A log file was rotated: compress it in the background. */
void logs_compress_later(struct container *c);

/* --- wait.c --- */

/* Readable once the condition is met. */
int engine_waiter_fd(const struct engine_waiter *w);
DEFINE_CLEANUP(struct engine_waiter, engine_wait_end)
/* With the lock held: */
void wait_wake_exit(struct container *c);
void wait_wake_removed(struct container *c);
void wait_removal_failed(struct container *c, const char *why);
/* Without it: those who wait for the removal are told that it has failed. */
void wait_tell_failure(struct container *c, const char *why);

/* --- attach.c --- */

/* Frees clients that wait for a start. Lock held, or nobody else can see c. */
void attach_drop_pending(struct container *c);
/* Sends all that wait, before START: *ret_n replies will come. */
int attach_send_pending(struct container *c, struct monitor_client *mc, struct err *e);
/* After the start: those that came meanwhile. */
void attach_flush_pending(struct container *c, struct monitor_client *mc);

/* --- exec.c --- */

/* The container has ended or is removed: sessions that have not started are forgotten. Lock not held. */
void exec_forget(struct container *c, bool all);
/* Sessions of a former daemon that still run: adopted; those that ended: cleared away. */
void exec_recover(struct container *c, int rundirfd);
