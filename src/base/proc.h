/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one way the programs start another program. Safe in a threaded process: between clone and exec only
 * async-signal-safe calls are made, signals are blocked around it and reset to default in the child.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

struct proc_fd {
	int parent; /* descriptor here, or -1 for /dev/null */
	int child;  /* number in the child; 0, 1 and 2 default to /dev/null unless named */
};

struct proc_spawn {
	const char *path; /* absolute; never searched in PATH */
	int exec_fd;      /* used instead of path when > 0 */
	char *const *argv;
	char *const *env;          /* exactly this; NULL is empty */
	const struct proc_fd *fds; /* all others are closed */
	size_t n_fds;
	int cgroup_fd;        /* > 0: cgroup v2 directory to be born in */
	int cwd_fd;           /* > 0: working directory; otherwise "/" */
	bool new_session;     /* setsid */
	bool die_with_parent; /* SIGKILL when the spawning thread ends: only for threads that outlive the child */
};

/* Starts it and returns when exec has succeeded; a failed exec is an error here with its errno.
 * *ret_pidfd is owned by the caller, who waits with proc_wait. */
int proc_spawn(const struct proc_spawn *s, pid_t *ret_pid, int *ret_pidfd, struct err *e);

/* Waits for the child behind pidfd and reaps it. Returns its exit code, 128 + signal, or -errno. */
int proc_wait(int pidfd);
/* As proc_wait but gives up after timeout_ms (-ETIMEDOUT); the child lives on. */
int proc_wait_timeout(int pidfd, int timeout_ms);
/* Directory of the running program (owned), to find its siblings. */
char *proc_self_dir(void);
/* Start time of a process in clock ticks since boot, field 22 of /proc/<pid>/stat: tells a pid from its re-use.
 * 0 when there is no such process. */
unsigned long long proc_start_time(pid_t pid);
