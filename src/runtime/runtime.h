/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starting processes in containers: the calls that the supervisor (monitor/) and the OCI command line
 * (bin/hull-runtime) make. Single-threaded callers only: these functions fork without exec and change namespaces in the
 * child.
 *
 * runtime_start makes a container: cgroup, namespaces, root, and its first process, a direct child of the caller.
 * runtime_exec puts one more process into a running container, also as a direct child of the caller. Both return when
 * the program has been exec'ed (or waits at the gate, see `gate_fd`). The caller reaps the child and afterwards calls
 * runtime_cleanup.
 *
 * An exec that fails in the kernel after all checks passed (a script whose interpreter is missing, a wrong format) is,
 * as with runc, no failed start: the text "exec PATH: reason" goes to the program's stderr and it ends with 255.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "format/oci/runtime_config.h"
#include "runtime/cgroup.h"

/* The root as layers, mounted by overlayfs in the container's own mount namespace only: no mount on the host. */
struct runtime_overlay {
	char *const *lower; /* directories, topmost first; empty: root.path of the spec is used as it is */
	const char *upper;  /* NULL: no upper layer, the root is read-only */
	const char *work;
	bool no_sync; /* the upper layer need not survive a power cut: no syncfs when the container ends ("volatile") */
};

struct runtime_start {
	const char *id;
	const struct oci_config *config;
	const char *bundle; /* directory that relative paths of the spec start from; NULL: "/" */
	struct runtime_overlay overlay;
	const char *seccomp_cache; /* directory of compiled filters, made when missing; NULL: no cache */
	/* Without process.terminal: become 0, 1, 2; -1: /dev/null. Borrowed: the caller closes its copies. */
	int stdio[3];
	uint16_t rows, cols; /* initial terminal size; 0: as the spec says */
	int preserve_fds;    /* descriptors 3 .. 3 + n - 1 are passed on */
	/* > 0: a listening unix socket (SOCK_SEQPACKET). The process is ready but waits there for a connection, which
	 * is closed by the exec or gets one packet with the error text (OCI create and start). Borrowed. */
	int gate_fd;
	/* Hierarchies of cgroup v1 where the spec sets no limit only account. Joining one costs an RCU grace period (10
	 * ms); with this set the caller does it by runtime_settle when it has time. */
	bool defer_accounting;
	bool no_pivot; /* MS_MOVE and chroot instead of pivot_root: roots on a ramdisk */
};
#define RUNTIME_START_INIT                                                                                             \
	{                                                                                                              \
		.stdio = {-1, -1, -1}, .gate_fd = -1                                                                   \
	}

/* A started process. `cgroup` is filled by runtime_start only. */
struct runtime_process {
	pid_t pid;   /* in the caller's pid namespace */
	int pidfd;   /* owned */
	int console; /* terminal master with process.terminal, else -1; owned */
	struct cgroup cgroup;
};
#define RUNTIME_PROCESS_INIT                                                                                           \
	{                                                                                                              \
		.pidfd = -1, .console = -1, .cgroup = CGROUP_INIT                                                      \
	}
/* Closes what is open; leaves process and cgroup alone. */
void runtime_process_done(struct runtime_process *p);

/* On failure nothing is left behind (poststop hooks have run, too). e->msg is what runc would say behind "unable to
 * start container process: ", for instance: exec: "nosuch": executable file not found in $PATH */
int runtime_start(const struct runtime_start *in, struct runtime_process *ret, struct err *e);
/* What `defer_accounting` left for later. May block for some 10 ms; does nothing when the container has ended. */
void runtime_settle(struct runtime_process *p);

struct runtime_exec {
	pid_t target;                         /* first process of the container */
	unsigned long long target_start_time; /* field 22 of its stat, 0: not checked */
	const struct oci_process *process;    /* what to run */
	const struct oci_seccomp *seccomp;    /* the container's filter; NULL: none */
	const char *seccomp_cache;
	int stdio[3];
	uint16_t rows, cols;
	int preserve_fds;
	const char *cgroup;    /* sub-cgroup below the container's, NULL: its own */
	bool defer_accounting; /* as in struct runtime_start */
};
#define RUNTIME_EXEC_INIT                                                                                              \
	{                                                                                                              \
		.stdio = { -1, -1, -1 }                                                                                \
	}

int runtime_exec(const struct runtime_exec *in, struct runtime_process *ret, struct err *e);

/* Docker's exit code for a failed start or exec: 126 (permission denied, is a directory), 127 (not found), 128. */
int runtime_exit_code(const struct err *e);

/* After the first process has ended: kills what is left in the cgroup, removes it, runs the poststop hooks. Opens the
 * cgroup by the spec's cgroupsPath (or `id`), so it needs no struct runtime_process. Idempotent. */
int runtime_cleanup(const char *id, const struct oci_config *config, const char *bundle, struct err *e);

/* Called once at the top of main() by programs that start containers: makes the process non-dumpable and makes sure
 * that /proc/self/exe lies on a read-only mount, by executing itself again from one when it does not (rule D4). */
int runtime_protect_self(char *const *argv, struct err *e);
/* Opens /dev/null for each of 0, 1, 2 that the caller closed: our own descriptors must not take their place. */
void runtime_fill_stdio(void);
/* The program at `path` on a read-only clone of its mount, for those who execute it often (proc_spawn's exec_fd); -1
 * and e. */
int runtime_exe_open(const char *path, struct err *e);
