/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the files of runtime/ only. Words used everywhere: the caller of runtime_start is the *parent*; the process
 * it clones is the *child*, which becomes the container's first process.
 */
#pragma once

#include <linux/sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/strbuf.h"
#include "format/oci/capability.h"
#include "runtime/filter.h"
#include "runtime/mount_options.h"
#include "runtime/runtime.h"

/* --- handshake.c: numbered steps between parent and child --- */

/*
 *      parent                                            child
 *  1   clone3 -------------------------------------------> (user namespace: waits)
 *  2   writes the id maps, MAPPED ------------------------>
 *  3                                                       sources, root, mounts, devices
 *      limits, device filter, CGROUPS -------------------->
 *      joins v1 cgroups, rlimits, oom score, PREPARED ---->
 *  4                          <--------------------------- MOUNTED, only when hooks want to run now
 *      prestart and createRuntime hooks, HOOKS_DONE ------>
 *  5                          <--------------------------- CONSOLE + master, with a terminal
 *  6                          <--------------------------- LISTENER + fd, with a seccomp listener
 *      sends it to the agent, LISTENER_DONE -------------->
 *  7                          <--------------------------- READY: only the gate and the exec are left
 *  8                          <--------------------------- end of file: exec'ed; or ERROR at any point
 */
enum step {
	STEP_MAPPED = 1,
	STEP_CGROUPS,
	STEP_PREPARED,
	STEP_MOUNTED,
	STEP_HOOKS_DONE,
	STEP_CONSOLE,
	STEP_LISTENER,
	STEP_LISTENER_DONE,
	STEP_READY,
	STEP_SPAWNED, /* exec: number and pidfd of the process, from the helper that made it */
	STEP_ERROR,
};
/* fd: -1 none. Return -1 with e: the other side is gone or said ERROR (then e is its error). */
int step_send(int sock, enum step step, int value, int fd, struct err *e);
int step_wait(int sock, enum step step, int *ret_fd, struct err *e);
/* The next step, 0 at the end of the conversation, -1 on error. */
int step_next(int sock, int *ret_value, int *ret_fd, struct err *e);
/* An error of step_send or of a call on the process that only says that it has ended: it will have told why. */
bool step_other_gone(const struct err *e);
/* Tells the other side why and ends the process. */
_noreturn_ void step_fail(int sock, const struct err *e);

/* --- namespaces.c --- */

struct ns_plan {
	uint64_t clone_flags; /* for clone3: new namespaces, without cgroup and time */
	bool new_cgroup, new_time;
	int join[OCI_NS_COUNT]; /* descriptors of namespaces to join, -1 */
};
#define NS_PLAN_INIT                                                                                                   \
	{                                                                                                              \
		.join = { -1, -1, -1, -1, -1, -1, -1, -1 }                                                             \
	}
int ns_plan_make(const struct oci_config *c, struct ns_plan *ret, struct err *e);
void ns_plan_done(struct ns_plan *p);
/* A namespace of its own, made or joined? */
bool ns_is_own(const struct ns_plan *p, enum oci_namespace_type type);
/* setns to all of `join` but user, pid and those in the mask `without` (1 << type). */
int ns_join(const struct ns_plan *p, unsigned without, struct err *e);
/* clone3; 0 in the child, the pid in the parent, -1. cgroup_fd > 0: born there. */
pid_t ns_clone(uint64_t flags, int cgroup_fd, int *ret_pidfd, struct err *e);
int ns_write_maps(pid_t pid, const struct oci_linux *l, struct err *e);
/* A user namespace with these maps, for id-mapped mounts. */
int ns_userns_open(const struct oci_id_map *uids, size_t n_uids, const struct oci_id_map *gids, size_t n_gids,
		   struct err *e);
/* Child: a new time namespace with the offsets of the spec. */
int ns_enter_time(const struct oci_linux *l, int procfd, struct err *e);

/* --- mounts.c, mount_sources.c, rootfs.c, devices.c, masks.c, procfs.c --- */

/* One entry of the spec's mounts while it is being made. */
struct mount_item {
	const struct oci_mount *spec;
	struct mount_options opt;
	int fd;      /* detached mount: bind sources from the start, file systems when they are made; -1 */
	bool is_dir; /* of the source */
	bool done;   /* attached already */
};

/* Everything the child needs to build its root; descriptors only. */
struct rootfs {
	const struct runtime_start *in;
	const struct ns_plan *ns;
	const struct cgroup *cgroup;
	struct mount_item *items;
	size_t n_items;
	int root;     /* the root mount, detached first, then attached */
	int proc;     /* a procfs of the container's pid namespace that nothing is mounted over; -1 */
	int empty;    /* detached read-only tmpfs with an empty file, for masks; -1 */
	int *devices; /* with a user namespace: bind sources of the device nodes */
	size_t n_devices;
	int console;  /* terminal master, -1 */
	int terminal; /* terminal slave, -1 */
	int sock;
	int heard; /* the last of CGROUPS and PREPARED that has come */
	bool in_cgroupns;
};
int rootfs_init(struct rootfs *r, const struct runtime_start *in, const struct ns_plan *ns, struct err *e);
void rootfs_done(struct rootfs *r);
/* Detached mounts of everything that comes from the host: layers, binds, devices of user namespaces. */
int rootfs_open_sources(struct rootfs *r, struct err *e);
/* True when the parent has to do that: the child's user namespace could not. */
bool rootfs_sources_by_parent(const struct rootfs *r);
/* Child, in its mount namespace: host tree private, root attached. */
int rootfs_attach(struct rootfs *r, struct err *e);
/* All mounts of the spec in order, then devices, console, masks. */
int rootfs_populate(struct rootfs *r, struct err *e);
/* CGROUPS: the directories are there. PREPARED: the parent has moved us into them and set our limits. */
int rootfs_wait(struct rootfs *r, enum step step, struct err *e);
int cgroup_namespace_enter(struct rootfs *r, struct err *e);
/* Console, devices, links below /dev. */
int devices_open_sources(struct rootfs *r, struct err *e);
int devices_make(struct rootfs *r, struct err *e);
int console_make(struct rootfs *r, struct err *e);
/* A terminal in a devpts: master and slave. */
int terminal_open(int ptsdir, int *ret_master, int *ret_slave, struct err *e);
/* Masked and read-only paths, read-only root. */
int masks_apply(struct rootfs *r, struct err *e);
/* pivot_root, old tree gone, in "/". */
int rootfs_enter(struct rootfs *r, struct err *e);

/* A detached clone of a directory or file of the host. */
int mount_clone(int dirfd, const char *path, bool recursive);
int mount_attach(int fd, int target);
int mount_setattrs(int fd, bool recursive, uint64_t set, uint64_t clr, uint64_t propagation);
/* A detached new file system; data as in struct mount_options. -1 and e. */
int mount_new(const char *type, const char *source, char *const *data, uint64_t attrs, struct err *e);
/* One mount of the spec; mounts.c */
int mount_item_make(struct rootfs *r, struct mount_item *m, struct err *e);
int mount_cgroup(struct rootfs *r, struct mount_item *m, struct err *e);
/* Copies files of the directory `from` into `to` (tmpcopyup). -errno */
int copy_up(int from, int to);

int procfs_open(struct err *e);
int sysctl_check(const struct ns_plan *ns, const char *key, const char *value, struct err *e);
int sysctl_apply(int procfd, const struct oci_config *c, const struct ns_plan *ns, struct err *e);

/* --- user.c --- */

struct user_ids {
	uint32_t uid, gid;
	uint32_t *groups;
	size_t n_groups;
	char *home; /* of passwd, or "/" */
};
void user_ids_done(struct user_ids *u);
/* Resolves process.user in the tree behind rootfd (rules D8, D10). need_home: also look for the home directory. */
int user_resolve(const struct oci_user *spec, int rootfd, bool need_home, struct user_ids *ret, struct err *e);

/* --- caps.c --- */

int cap_last(void); /* highest one the kernel knows */
struct cap_sets {
	uint64_t bounding, effective, permitted, inheritable, ambient;
};
int caps_resolve(const struct oci_capabilities *c, struct cap_sets *ret, struct err *e);
int caps_drop_bounding(const struct cap_sets *c, struct err *e);
/* Keeps `extra` in permitted and effective for the moment. */
int caps_set(const struct cap_sets *c, uint64_t extra, struct err *e);
int caps_set_ambient(const struct cap_sets *c, struct err *e);

/* --- process.c: what becomes of the child at last --- */

struct process_plan {
	const struct oci_process *spec;
	struct user_ids user;
	struct cap_sets caps;
	const struct seccomp_filter *filter; /* NULL: none */
	char **env;
	int sock; /* conversation with the parent */
	int preserve_fds;
	int gate_fd;                       /* -1: none */
	const struct oci_hook_list *hooks; /* startContainer */
	const char *hook_state;
	char *exe; /* what will be executed */
};
/* Parent: limits and scores that only it may set for the child. */
int process_prepare(pid_t pid, const struct oci_process *spec, struct err *e);
int process_check(const struct oci_process *spec, struct err *e);
/* Descriptors 0, 1, 2; from `stdio` or a terminal slave, which becomes the controlling terminal. */
int process_stdio(const int stdio[3], int terminal, uint32_t uid, struct err *e);
/* Child, inside: drops privileges and finds the program. */
int process_confine(struct process_plan *p, struct err *e);
/* Says READY, waits at the gate, executes. Only returns on failure. */
int process_exec(struct process_plan *p, struct err *e);
void process_plan_done(struct process_plan *p);
/* The parts of process_exec, for exec sessions. */
int process_filter(struct process_plan *p, struct err *e);
_noreturn_ void process_execve(struct process_plan *p);
/* environment with HOME */
char **process_env(const struct oci_process *spec, const char *home);

/* --- hooks.c --- */

/* The state document that hooks get and `state` prints. */
char *state_json(const struct oci_config *c, const char *id, const char *status, pid_t pid, const char *bundle);
int hooks_run(const char *name, const struct oci_hook_list *l, const char *state, struct err *e);
bool hooks_any(const struct oci_hook_list *l);

static inline void rootfs_done_p(struct rootfs *r)
{
	rootfs_done(r);
}
