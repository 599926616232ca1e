/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The OCI runtime configuration (config.json) as structs. Parsing checks types and ranges, not whether the host can do
 * it. Unknown members are ignored, as the specification says; null is absent. Strings are owned by the struct; a zeroed
 * struct is the empty configuration. Pure code, fuzzed.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strbuf.h"

/* A number that may be absent. */
struct oci_i64 {
	bool set;
	int64_t v;
};
struct oci_u64 {
	bool set;
	uint64_t v;
};
struct oci_bool {
	bool set;
	bool v;
};

struct oci_kv {
	char *key, *value;
};

struct oci_user {
	uint32_t uid, gid;
	struct oci_u64 umask;
	uint32_t *additional_gids;
	size_t n_additional_gids;
	/* Hull's own, looked up inside the container's root: "name[:group]" as the API gave it when it is not all
	 * numbers, and group names to add. */
	char *username;
	char **additional_group_names;
};

struct oci_capabilities { /* names, "CAP_CHOWN" */
	char **bounding, **effective, **permitted, **inheritable, **ambient;
};

struct oci_rlimit {
	char *type; /* "RLIMIT_NOFILE" */
	uint64_t soft, hard;
};

struct oci_io_priority {
	char *class;
	int64_t priority;
};

struct oci_scheduler {
	char *policy;
	int64_t nice, priority;
	char **flags;
	uint64_t runtime, deadline, period;
};

struct oci_process {
	bool terminal;
	struct {
		uint64_t height, width;
	} console_size;
	struct oci_user user;
	char **args, **env;
	char *cwd;
	struct oci_capabilities *capabilities; /* NULL: all empty */
	struct oci_rlimit *rlimits;
	size_t n_rlimits;
	bool no_new_privileges;
	char *apparmor_profile, *selinux_label;
	struct oci_i64 oom_score_adj;
	struct oci_io_priority *io_priority;
	struct oci_scheduler *scheduler;
	struct {
		char *initial, *final;
	} cpu_affinity;
};

struct oci_id_map {
	uint32_t container_id, host_id, size;
};

struct oci_mount {
	char *destination, *type, *source;
	char **options;
	struct oci_id_map *uid_mappings, *gid_mappings;
	size_t n_uid_mappings, n_gid_mappings;
};

struct oci_hook {
	char *path;
	char **args, **env;
	int64_t timeout; /* seconds, 0: none */
};
struct oci_hook_list {
	struct oci_hook *items;
	size_t n;
};
struct oci_hooks {
	struct oci_hook_list prestart, create_runtime, create_container, start_container, poststart, poststop;
};

enum oci_namespace_type {
	OCI_NS_MOUNT,
	OCI_NS_PID,
	OCI_NS_NETWORK,
	OCI_NS_UTS,
	OCI_NS_IPC,
	OCI_NS_USER,
	OCI_NS_CGROUP,
	OCI_NS_TIME,
	OCI_NS_COUNT,
};
struct oci_namespace {
	int64_t type; /* enum oci_namespace_type */
	char *path;   /* NULL: a new one */
};

struct oci_device {
	char *path, *type; /* type: "c", "b", "u", "p" */
	int64_t major, minor;
	struct oci_u64 file_mode, uid, gid;
};

struct oci_device_rule {
	bool allow;
	char *type;                  /* "a", "b", "c"; NULL: "a" */
	struct oci_i64 major, minor; /* absent or -1: all */
	char *access;                /* of "rwm"; NULL: all */
};

struct oci_weight_device {
	int64_t major, minor;
	struct oci_u64 weight, leaf_weight;
};
struct oci_throttle_device {
	int64_t major, minor;
	uint64_t rate;
};
struct oci_hugepage_limit {
	char *page_size;
	uint64_t limit;
};
struct oci_net_priority {
	char *name;
	uint64_t priority;
};
struct oci_rdma {
	char *name;
	struct oci_u64 hca_handles, hca_objects;
};

struct oci_resources {
	struct oci_device_rule *devices;
	size_t n_devices;
	struct {
		struct oci_i64 limit, reservation, swap, kernel, kernel_tcp;
		struct oci_u64 swappiness;
		struct oci_bool disable_oom_killer, check_before_update;
	} memory;
	struct {
		struct oci_u64 shares, period, burst, realtime_period;
		struct oci_i64 quota, realtime_runtime, idle;
		char *cpus, *mems;
	} cpu;
	struct oci_i64 pids_limit;
	struct {
		struct oci_u64 weight, leaf_weight;
		struct oci_weight_device *weight_devices;
		struct oci_throttle_device *read_bps, *write_bps, *read_iops, *write_iops;
		size_t n_weight_devices, n_read_bps, n_write_bps, n_read_iops, n_write_iops;
	} block_io;
	struct oci_hugepage_limit *hugepage_limits;
	size_t n_hugepage_limits;
	struct {
		struct oci_u64 class_id;
		struct oci_net_priority *priorities;
		size_t n_priorities;
	} network;
	struct oci_rdma *rdma;
	size_t n_rdma;
	struct oci_kv *unified;
	size_t n_unified;
};

struct oci_seccomp_arg {
	uint64_t index, value, value_two;
	char *op;
};
struct oci_seccomp_rule {
	char **names;
	char *action;
	struct oci_u64 errno_ret;
	struct oci_seccomp_arg *args;
	size_t n_args;
};
struct oci_seccomp {
	char *default_action;
	struct oci_u64 default_errno_ret;
	char **architectures, **flags;
	char *listener_path, *listener_metadata;
	struct oci_seccomp_rule *rules;
	size_t n_rules;
};

struct oci_linux {
	struct oci_namespace *namespaces;
	size_t n_namespaces;
	struct oci_id_map *uid_mappings, *gid_mappings;
	size_t n_uid_mappings, n_gid_mappings;
	struct oci_i64 offset_boottime_secs, offset_boottime_nsecs, offset_monotonic_secs, offset_monotonic_nsecs;
	struct oci_device *devices;
	size_t n_devices;
	char *cgroups_path;
	struct oci_resources *resources;
	char *rootfs_propagation;
	struct oci_seccomp *seccomp;
	struct oci_kv *sysctl;
	size_t n_sysctl;
	char **masked_paths, **readonly_paths;
	char *mount_label;
	char *personality_domain;
	bool has_intel_rdt, has_memory_policy, has_net_devices; /* refused by name where asked for */
};

struct oci_config {
	char *oci_version;
	struct {
		char *path;
		bool readonly;
	} root;
	struct oci_process *process; /* NULL only for containers that are never started */
	char *hostname, *domainname;
	struct oci_mount *mounts;
	size_t n_mounts;
	struct oci_hooks hooks;
	struct oci_kv *annotations;
	size_t n_annotations;
	struct oci_linux linux_;
};

/* ERR_INVALID names the member that is wrong. At most LIMIT_RUNTIME_SPEC bytes. */
int oci_config_parse(const char *json, size_t n, struct oci_config *ret, struct err *e);
void oci_config_done(struct oci_config *c);
/* The process object alone, as exec takes it. */
int oci_process_parse(const char *json, size_t n, struct oci_process *ret, struct err *e);
void oci_process_done(struct oci_process *p);
/* The resources object alone, as update takes it. */
int oci_resources_parse(const char *json, size_t n, struct oci_resources *ret, struct err *e);
void oci_resources_done(struct oci_resources *r);

/* "network" -> OCI_NS_NETWORK, -1 when unknown. */
int oci_namespace_parse(const char *name);
const char *oci_namespace_name(enum oci_namespace_type type);
/* The entry of that type, or NULL: the host's is used. */
const struct oci_namespace *oci_namespace_find(const struct oci_config *c, enum oci_namespace_type type);
const char *oci_annotation(const struct oci_config *c, const char *key);

static inline void oci_config_done_p(struct oci_config *c)
{
	oci_config_done(c);
}
static inline void oci_process_done_p(struct oci_process *p)
{
	oci_process_done(p);
}
#define _cleanup_oci_config_  _cleanup_(oci_config_done_p)
#define _cleanup_oci_process_ _cleanup_(oci_process_done_p)
