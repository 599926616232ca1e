/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Control groups of a container, behind one interface for v1, v2 and hybrid hosts (v1 controllers and a v2 tree at
 * /sys/fs/cgroup/unified). A container has one path ("/docker/<id>") in every hierarchy that it uses. Where a v2 tree
 * exists, membership, kill, freeze and device filtering are its job and processes are born in it; v1 hierarchies then
 * only limit and account. Any thread may use its own struct cgroup; nothing here forks or changes the caller's own
 * cgroup.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "format/oci/runtime_config.h"

enum cgroup_mode { CGROUP_MODE_V1, CGROUP_MODE_V2, CGROUP_MODE_HYBRID };
/* Found once per process. */
enum cgroup_mode cgroup_mode(void);
/* Is there this controller ("memory", "cpu", "pids", "blkio" (v2: "io"), "cpuset", "devices", "freezer", "hugetlb")? */
bool cgroup_has_controller(const char *name);

/* v1 hierarchies; CGROUP_UNIFIED is the v2 tree. */
enum cgroup_hierarchy {
	CGROUP_UNIFIED,
	CGROUP_CPU,
	CGROUP_CPUACCT,
	CGROUP_MEMORY,
	CGROUP_PIDS,
	CGROUP_BLKIO,
	CGROUP_CPUSET,
	CGROUP_DEVICES,
	CGROUP_FREEZER,
	CGROUP_HUGETLB,
	CGROUP_NET_CLS,
	CGROUP_NET_PRIO,
	CGROUP_HIERARCHIES,
};

struct cgroup {
	char *path;                 /* owned; "/docker/<id>"; NULL: empty struct */
	int fd[CGROUP_HIERARCHIES]; /* directories, O_PATH; -1: this hierarchy is not used */
	unsigned deferred;          /* 1 << hierarchy: made, but the processes are not in it yet */
};
#define CGROUP_INIT                                                                                                    \
	{                                                                                                              \
		.fd = { -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1 }                                               \
	}
void cgroup_done(struct cgroup *cg);

/* Refuses "..", control characters and over-long paths (rule D20). */
int cgroup_path_check(const char *path, struct err *e);

/* Opens an existing cgroup in all hierarchies where it exists; ERR_NOT_FOUND when nowhere. */
int cgroup_open(const char *path, struct cgroup *ret, struct err *e);
/* The cgroup of a running process. */
int cgroup_open_pid(pid_t pid, struct cgroup *ret, struct err *e);
/* Makes it with its parents and sets the limits (NULL: none). Device rules too. */
int cgroup_create(const char *path, const struct oci_resources *r, struct cgroup *ret, struct err *e);
/* The same in two parts: first only the v2 directory where a process can be born, then the rest, which may be done
 * while that process prepares itself. A failed second part leaves the first to cgroup_remove. */
int cgroup_begin(const char *path, struct cgroup *ret, struct err *e);
int cgroup_finish(struct cgroup *cg, const struct oci_resources *r, struct err *e);
/* Moves a process in. `which` is a mask of 1 << enum cgroup_hierarchy; CGROUP_ALL: all that are open. */
#define CGROUP_ALL (~0u)
int cgroup_join(const struct cgroup *cg, pid_t pid, unsigned which, struct err *e);
/* Mask of the v1 hierarchies where a limit is set, that is, where a process must be in before it runs. */
unsigned cgroup_limited(const struct cgroup *cg);
/* Moves everything into the hierarchies that `deferred` names. */
int cgroup_settle(struct cgroup *cg, struct err *e);
/* Changes limits; members that are not set stay as they are. */
int cgroup_update(struct cgroup *cg, const struct oci_resources *r, struct err *e);

/* Returns when all processes stand still (or after 10 s: ERR_UNAVAILABLE, thawed again). */
int cgroup_freeze(const struct cgroup *cg, struct err *e);
int cgroup_thaw(const struct cgroup *cg, struct err *e);
bool cgroup_frozen(const struct cgroup *cg);
/* SIGKILL to everything in it and below, atomically where the kernel can (cgroup.kill), else freeze, kill, thaw. */
int cgroup_kill(const struct cgroup *cg, struct err *e);
/* The signal to every process in it and below. */
int cgroup_signal(const struct cgroup *cg, int sig, struct err *e);
/* Processes in it and below: an owned array, in no order; the count, or -1. */
ssize_t cgroup_pids(const struct cgroup *cg, pid_t **ret, struct err *e);
/* Kills, waits until it is empty, removes it everywhere, sub-cgroups first. A missing cgroup is success. */
int cgroup_remove(const char *path, struct err *e);

/* A descriptor that polls readable (POLLIN; POLLPRI for none) when memory ran out or the cgroup changes; -1 and `e`
 * when the host has no memory controller. cgroup_oom_check drains it and says whether the kernel has killed something
 * since the cgroup was made. */
int cgroup_oom_watch(const struct cgroup *cg, struct err *e);
bool cgroup_oom_check(const struct cgroup *cg, int watch_fd);

/* One number or the text of a control file ("memory.usage_in_bytes"), for statistics. -errno. */
int cgroup_read_u64(const struct cgroup *cg, enum cgroup_hierarchy h, const char *file, uint64_t *ret);
int cgroup_read(const struct cgroup *cg, enum cgroup_hierarchy h, const char *file, char *buf, size_t size);
