/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config.json -> struct oci_config by field tables: one line per member, walked once to read and once to free. Called
 * by the runtime and the supervisor; never looks at the host. json-c does the parsing, with the depth and size limits
 * set here.
 */
#include "format/oci/runtime_config.h"

#include <json-c/json.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/strutil.h"
#include "base/strv.h"

#define ID_MAX (UINT32_MAX - 1) /* the kernel's "no id" is one more */

enum type {
	T_STR,
	T_STRV,
	T_BOOL,
	T_OPT_BOOL,
	T_ID,  /* uint32_t, not 2^32-1 */
	T_U32, /* uint32_t */
	T_I64,
	T_U64,
	T_OPT_I64,
	T_OPT_U64,
	T_OBJ,     /* struct in place */
	T_OBJ_PTR, /* heap struct, NULL when absent */
	T_ARRAY,   /* heap array of structs, count at .count */
	T_MAP,     /* as T_ARRAY, of an object's members; the key goes to the struct's first member, a char * */
	T_KV,      /* as T_ARRAY of struct oci_kv */
	T_IDS,     /* heap array of uint32_t, count at .count */
	T_NS_TYPE, /* int64_t */
	T_PRESENT, /* bool: is there and not empty */
};

struct field {
	const char *name;
	enum type type;
	size_t offset;
	const struct field *sub;
	size_t size;  /* of the struct behind a pointer or in an array */
	size_t count; /* offset of the number of elements */
};

/* Where we are in the document, for error texts: "linux.namespaces[2].type". */
struct where {
	const struct where *up;
	const char *name; /* NULL: index */
	size_t index;
};

#define F(T, json, member, kind)                                                                                       \
	{                                                                                                              \
		.name = json, .type = kind, .offset = offsetof(T, member)                                              \
	}
#define F_SUB(T, json, member, kind, table)                                                                            \
	{                                                                                                              \
		.name = json, .type = kind, .offset = offsetof(T, member), .sub = table,                               \
		.size = sizeof(*((T *)0)->member)                                                                      \
	}
#define F_IN(T, json, member, table)                                                                                   \
	{                                                                                                              \
		.name = json, .type = T_OBJ, .offset = offsetof(T, member), .sub = table                               \
	}
#define F_AT(T, json, off, table)                                                                                      \
	{                                                                                                              \
		.name = json, .type = T_OBJ, .offset = off, .sub = table                                               \
	}
#define F_ARR(T, json, member, n_member, kind, table)                                                                  \
	{                                                                                                              \
		.name = json, .type = kind, .offset = offsetof(T, member), .sub = table,                               \
		.size = sizeof(*((T *)0)->member), .count = offsetof(T, n_member)                                      \
	}
#define F_END                                                                                                          \
	{                                                                                                              \
		.name = NULL                                                                                           \
	}

static const struct field user_fields[] = {
	F(struct oci_user, "uid", uid, T_ID),
	F(struct oci_user, "gid", gid, T_ID),
	F(struct oci_user, "umask", umask, T_OPT_U64),
	F_ARR(struct oci_user, "additionalGids", additional_gids, n_additional_gids, T_IDS, NULL),
	F(struct oci_user, "username", username, T_STR),
	F(struct oci_user, "additionalGroupNames", additional_group_names, T_STRV),
	F_END,
};

static const struct field capabilities_fields[] = {
	F(struct oci_capabilities, "bounding", bounding, T_STRV),
	F(struct oci_capabilities, "effective", effective, T_STRV),
	F(struct oci_capabilities, "permitted", permitted, T_STRV),
	F(struct oci_capabilities, "inheritable", inheritable, T_STRV),
	F(struct oci_capabilities, "ambient", ambient, T_STRV),
	F_END,
};

static const struct field rlimit_fields[] = {
	F(struct oci_rlimit, "type", type, T_STR),
	F(struct oci_rlimit, "soft", soft, T_U64),
	F(struct oci_rlimit, "hard", hard, T_U64),
	F_END,
};

static const struct field io_priority_fields[] = {
	F(struct oci_io_priority, "class", class, T_STR),
	F(struct oci_io_priority, "priority", priority, T_I64),
	F_END,
};

static const struct field scheduler_fields[] = {
	F(struct oci_scheduler, "policy", policy, T_STR),     F(struct oci_scheduler, "nice", nice, T_I64),
	F(struct oci_scheduler, "priority", priority, T_I64), F(struct oci_scheduler, "flags", flags, T_STRV),
	F(struct oci_scheduler, "runtime", runtime, T_U64),   F(struct oci_scheduler, "deadline", deadline, T_U64),
	F(struct oci_scheduler, "period", period, T_U64),     F_END,
};

static const struct field console_size_fields[] = {
	F(struct oci_process, "height", console_size.height, T_U64),
	F(struct oci_process, "width", console_size.width, T_U64),
	F_END,
};

static const struct field affinity_fields[] = {
	F(struct oci_process, "initial", cpu_affinity.initial, T_STR),
	F(struct oci_process, "final", cpu_affinity.final, T_STR),
	F_END,
};

static const struct field process_fields[] = {
	F(struct oci_process, "terminal", terminal, T_BOOL),
	F_AT(struct oci_process, "consoleSize", 0, console_size_fields),
	F_IN(struct oci_process, "user", user, user_fields),
	F(struct oci_process, "args", args, T_STRV),
	F(struct oci_process, "env", env, T_STRV),
	F(struct oci_process, "cwd", cwd, T_STR),
	F_SUB(struct oci_process, "capabilities", capabilities, T_OBJ_PTR, capabilities_fields),
	F_ARR(struct oci_process, "rlimits", rlimits, n_rlimits, T_ARRAY, rlimit_fields),
	F(struct oci_process, "noNewPrivileges", no_new_privileges, T_BOOL),
	F(struct oci_process, "apparmorProfile", apparmor_profile, T_STR),
	F(struct oci_process, "selinuxLabel", selinux_label, T_STR),
	F(struct oci_process, "oomScoreAdj", oom_score_adj, T_OPT_I64),
	F_SUB(struct oci_process, "ioPriority", io_priority, T_OBJ_PTR, io_priority_fields),
	F_SUB(struct oci_process, "scheduler", scheduler, T_OBJ_PTR, scheduler_fields),
	F_AT(struct oci_process, "execCPUAffinity", 0, affinity_fields),
	F_END,
};

static const struct field id_map_fields[] = {
	F(struct oci_id_map, "containerID", container_id, T_ID),
	F(struct oci_id_map, "hostID", host_id, T_ID),
	F(struct oci_id_map, "size", size, T_U32),
	F_END,
};

static const struct field mount_fields[] = {
	F(struct oci_mount, "destination", destination, T_STR),
	F(struct oci_mount, "type", type, T_STR),
	F(struct oci_mount, "source", source, T_STR),
	F(struct oci_mount, "options", options, T_STRV),
	F_ARR(struct oci_mount, "uidMappings", uid_mappings, n_uid_mappings, T_ARRAY, id_map_fields),
	F_ARR(struct oci_mount, "gidMappings", gid_mappings, n_gid_mappings, T_ARRAY, id_map_fields),
	F_END,
};

static const struct field hook_fields[] = {
	F(struct oci_hook, "path", path, T_STR),
	F(struct oci_hook, "args", args, T_STRV),
	F(struct oci_hook, "env", env, T_STRV),
	F(struct oci_hook, "timeout", timeout, T_I64),
	F_END,
};

#define HOOKS(json, member) F_ARR(struct oci_hooks, json, member.items, member.n, T_ARRAY, hook_fields)
static const struct field hooks_fields[] = {
	HOOKS("prestart", prestart),
	HOOKS("createRuntime", create_runtime),
	HOOKS("createContainer", create_container),
	HOOKS("startContainer", start_container),
	HOOKS("poststart", poststart),
	HOOKS("poststop", poststop),
	F_END,
};

static const struct field namespace_fields[] = {
	F(struct oci_namespace, "type", type, T_NS_TYPE),
	F(struct oci_namespace, "path", path, T_STR),
	F_END,
};

static const struct field device_fields[] = {
	F(struct oci_device, "path", path, T_STR),
	F(struct oci_device, "type", type, T_STR),
	F(struct oci_device, "major", major, T_I64),
	F(struct oci_device, "minor", minor, T_I64),
	F(struct oci_device, "fileMode", file_mode, T_OPT_U64),
	F(struct oci_device, "uid", uid, T_OPT_U64),
	F(struct oci_device, "gid", gid, T_OPT_U64),
	F_END,
};

static const struct field device_rule_fields[] = {
	F(struct oci_device_rule, "allow", allow, T_BOOL),    F(struct oci_device_rule, "type", type, T_STR),
	F(struct oci_device_rule, "major", major, T_OPT_I64), F(struct oci_device_rule, "minor", minor, T_OPT_I64),
	F(struct oci_device_rule, "access", access, T_STR),   F_END,
};

static const struct field weight_device_fields[] = {
	F(struct oci_weight_device, "major", major, T_I64),
	F(struct oci_weight_device, "minor", minor, T_I64),
	F(struct oci_weight_device, "weight", weight, T_OPT_U64),
	F(struct oci_weight_device, "leafWeight", leaf_weight, T_OPT_U64),
	F_END,
};

static const struct field throttle_fields[] = {
	F(struct oci_throttle_device, "major", major, T_I64),
	F(struct oci_throttle_device, "minor", minor, T_I64),
	F(struct oci_throttle_device, "rate", rate, T_U64),
	F_END,
};

static const struct field hugepage_fields[] = {
	F(struct oci_hugepage_limit, "pageSize", page_size, T_STR),
	F(struct oci_hugepage_limit, "limit", limit, T_U64),
	F_END,
};

static const struct field net_priority_fields[] = {
	F(struct oci_net_priority, "name", name, T_STR),
	F(struct oci_net_priority, "priority", priority, T_U64),
	F_END,
};

static const struct field rdma_fields[] = {
	F(struct oci_rdma, "hcaHandles", hca_handles, T_OPT_U64),
	F(struct oci_rdma, "hcaObjects", hca_objects, T_OPT_U64),
	F_END,
};

static const struct field memory_fields[] = {
	F(struct oci_resources, "limit", memory.limit, T_OPT_I64),
	F(struct oci_resources, "reservation", memory.reservation, T_OPT_I64),
	F(struct oci_resources, "swap", memory.swap, T_OPT_I64),
	F(struct oci_resources, "kernel", memory.kernel, T_OPT_I64),
	F(struct oci_resources, "kernelTCP", memory.kernel_tcp, T_OPT_I64),
	F(struct oci_resources, "swappiness", memory.swappiness, T_OPT_U64),
	F(struct oci_resources, "disableOOMKiller", memory.disable_oom_killer, T_OPT_BOOL),
	F(struct oci_resources, "checkBeforeUpdate", memory.check_before_update, T_OPT_BOOL),
	F_END,
};

static const struct field cpu_fields[] = {
	F(struct oci_resources, "shares", cpu.shares, T_OPT_U64),
	F(struct oci_resources, "quota", cpu.quota, T_OPT_I64),
	F(struct oci_resources, "period", cpu.period, T_OPT_U64),
	F(struct oci_resources, "burst", cpu.burst, T_OPT_U64),
	F(struct oci_resources, "realtimePeriod", cpu.realtime_period, T_OPT_U64),
	F(struct oci_resources, "realtimeRuntime", cpu.realtime_runtime, T_OPT_I64),
	F(struct oci_resources, "idle", cpu.idle, T_OPT_I64),
	F(struct oci_resources, "cpus", cpu.cpus, T_STR),
	F(struct oci_resources, "mems", cpu.mems, T_STR),
	F_END,
};

static const struct field pids_fields[] = {
	F(struct oci_resources, "limit", pids_limit, T_OPT_I64),
	F_END,
};

#define BLKIO(json, member)                                                                                            \
	F_ARR(struct oci_resources, json, block_io.member, block_io.n_##member, T_ARRAY, throttle_fields)
static const struct field block_io_fields[] = {
	F(struct oci_resources, "weight", block_io.weight, T_OPT_U64),
	F(struct oci_resources, "leafWeight", block_io.leaf_weight, T_OPT_U64),
	F_ARR(struct oci_resources, "weightDevice", block_io.weight_devices, block_io.n_weight_devices, T_ARRAY,
	      weight_device_fields),
	BLKIO("throttleReadBpsDevice", read_bps),
	BLKIO("throttleWriteBpsDevice", write_bps),
	BLKIO("throttleReadIOPSDevice", read_iops),
	BLKIO("throttleWriteIOPSDevice", write_iops),
	F_END,
};

static const struct field network_fields[] = {
	F(struct oci_resources, "classID", network.class_id, T_OPT_U64),
	F_ARR(struct oci_resources, "priorities", network.priorities, network.n_priorities, T_ARRAY,
	      net_priority_fields),
	F_END,
};

static const struct field resources_fields[] = {
	F_ARR(struct oci_resources, "devices", devices, n_devices, T_ARRAY, device_rule_fields),
	F_AT(struct oci_resources, "memory", 0, memory_fields),
	F_AT(struct oci_resources, "cpu", 0, cpu_fields),
	F_AT(struct oci_resources, "pids", 0, pids_fields),
	F_AT(struct oci_resources, "blockIO", 0, block_io_fields),
	F_ARR(struct oci_resources, "hugepageLimits", hugepage_limits, n_hugepage_limits, T_ARRAY, hugepage_fields),
	F_AT(struct oci_resources, "network", 0, network_fields),
	F_ARR(struct oci_resources, "rdma", rdma, n_rdma, T_MAP, rdma_fields),
	F_ARR(struct oci_resources, "unified", unified, n_unified, T_KV, NULL),
	F_END,
};

static const struct field seccomp_arg_fields[] = {
	F(struct oci_seccomp_arg, "index", index, T_U64),
	F(struct oci_seccomp_arg, "value", value, T_U64),
	F(struct oci_seccomp_arg, "valueTwo", value_two, T_U64),
	F(struct oci_seccomp_arg, "op", op, T_STR),
	F_END,
};

static const struct field seccomp_rule_fields[] = {
	F(struct oci_seccomp_rule, "names", names, T_STRV),
	F(struct oci_seccomp_rule, "action", action, T_STR),
	F(struct oci_seccomp_rule, "errnoRet", errno_ret, T_OPT_U64),
	F_ARR(struct oci_seccomp_rule, "args", args, n_args, T_ARRAY, seccomp_arg_fields),
	F_END,
};

static const struct field seccomp_fields[] = {
	F(struct oci_seccomp, "defaultAction", default_action, T_STR),
	F(struct oci_seccomp, "defaultErrnoRet", default_errno_ret, T_OPT_U64),
	F(struct oci_seccomp, "architectures", architectures, T_STRV),
	F(struct oci_seccomp, "flags", flags, T_STRV),
	F(struct oci_seccomp, "listenerPath", listener_path, T_STR),
	F(struct oci_seccomp, "listenerMetadata", listener_metadata, T_STR),
	F_ARR(struct oci_seccomp, "syscalls", rules, n_rules, T_ARRAY, seccomp_rule_fields),
	F_END,
};

static const struct field boottime_fields[] = {
	F(struct oci_linux, "secs", offset_boottime_secs, T_OPT_I64),
	F(struct oci_linux, "nanosecs", offset_boottime_nsecs, T_OPT_I64),
	F_END,
};
static const struct field monotonic_fields[] = {
	F(struct oci_linux, "secs", offset_monotonic_secs, T_OPT_I64),
	F(struct oci_linux, "nanosecs", offset_monotonic_nsecs, T_OPT_I64),
	F_END,
};
static const struct field time_offsets_fields[] = {
	F_AT(struct oci_linux, "boottime", 0, boottime_fields),
	F_AT(struct oci_linux, "monotonic", 0, monotonic_fields),
	F_END,
};
static const struct field personality_fields[] = {
	F(struct oci_linux, "domain", personality_domain, T_STR),
	F_END,
};

static const struct field linux_fields[] = {
	F_ARR(struct oci_linux, "namespaces", namespaces, n_namespaces, T_ARRAY, namespace_fields),
	F_ARR(struct oci_linux, "uidMappings", uid_mappings, n_uid_mappings, T_ARRAY, id_map_fields),
	F_ARR(struct oci_linux, "gidMappings", gid_mappings, n_gid_mappings, T_ARRAY, id_map_fields),
	F_AT(struct oci_linux, "timeOffsets", 0, time_offsets_fields),
	F_ARR(struct oci_linux, "devices", devices, n_devices, T_ARRAY, device_fields),
	F(struct oci_linux, "cgroupsPath", cgroups_path, T_STR),
	F_SUB(struct oci_linux, "resources", resources, T_OBJ_PTR, resources_fields),
	F(struct oci_linux, "rootfsPropagation", rootfs_propagation, T_STR),
	F_SUB(struct oci_linux, "seccomp", seccomp, T_OBJ_PTR, seccomp_fields),
	F_ARR(struct oci_linux, "sysctl", sysctl, n_sysctl, T_KV, NULL),
	F(struct oci_linux, "maskedPaths", masked_paths, T_STRV),
	F(struct oci_linux, "readonlyPaths", readonly_paths, T_STRV),
	F(struct oci_linux, "mountLabel", mount_label, T_STR),
	F_AT(struct oci_linux, "personality", 0, personality_fields),
	F(struct oci_linux, "intelRdt", has_intel_rdt, T_PRESENT),
	F(struct oci_linux, "memoryPolicy", has_memory_policy, T_PRESENT),
	F(struct oci_linux, "netDevices", has_net_devices, T_PRESENT),
	F_END,
};

static const struct field root_fields[] = {
	F(struct oci_config, "path", root.path, T_STR),
	F(struct oci_config, "readonly", root.readonly, T_BOOL),
	F_END,
};

static const struct field config_fields[] = {
	F(struct oci_config, "ociVersion", oci_version, T_STR),
	F_AT(struct oci_config, "root", 0, root_fields),
	F_SUB(struct oci_config, "process", process, T_OBJ_PTR, process_fields),
	F(struct oci_config, "hostname", hostname, T_STR),
	F(struct oci_config, "domainname", domainname, T_STR),
	F_ARR(struct oci_config, "mounts", mounts, n_mounts, T_ARRAY, mount_fields),
	F_IN(struct oci_config, "hooks", hooks, hooks_fields),
	F_ARR(struct oci_config, "annotations", annotations, n_annotations, T_KV, NULL),
	F_IN(struct oci_config, "linux", linux_, linux_fields),
	F_END,
};

static const char *const namespace_names[OCI_NS_COUNT] = {
	[OCI_NS_MOUNT] = "mount", [OCI_NS_PID] = "pid",   [OCI_NS_NETWORK] = "network", [OCI_NS_UTS] = "uts",
	[OCI_NS_IPC] = "ipc",     [OCI_NS_USER] = "user", [OCI_NS_CGROUP] = "cgroup",   [OCI_NS_TIME] = "time",
};

static int fields_read(json_object *obj, const struct field *f, void *out, const struct where *up, struct err *e);

static void where_add(const struct where *w, struct strbuf *sb)
{
	if (!w)
		return;
	where_add(w->up, sb);
	if (!w->name)
		strbuf_addf(sb, "[%zu]", w->index);
	else
		strbuf_addf(sb, "%s%s", sb->len ? "." : "", w->name);
}

static int bad(const struct where *w, const char *wanted, struct err *e)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT_MAX(512);

	where_add(w, &sb);
	return err_set(e, ERR_INVALID, "invalid runtime configuration: %s: expected %s", sb.data, wanted);
}

static int str_read(json_object *v, char **ret, const struct where *w, struct err *e)
{
	if (json_object_get_type(v) != json_type_string)
		return bad(w, "a string", e);
	/* A NUL inside would make the checked string another one than the used string. */
	if (strlen(json_object_get_string(v)) != (size_t)json_object_get_string_len(v))
		return bad(w, "a string without NUL", e);
	free_and_set(ret, xstrdup(json_object_get_string(v)));
	return 0;
}

static int strv_read(json_object *v, char ***ret, const struct where *up, struct err *e)
{
	if (json_object_get_type(v) != json_type_array)
		return bad(up, "an array of strings", e);
	strv_free(*ret);
	size_t n = json_object_array_length(v);
	*ret = xnew_array(char *, n + 1);
	for (size_t i = 0; i < n; i++) {
		struct where w = {.up = up, .index = i};
		if (str_read(json_object_array_get_idx(v, i), &(*ret)[i], &w, e) < 0)
			return -1;
	}
	return 0;
}

static int i64_read(json_object *v, int64_t *ret, const struct where *w, struct err *e)
{
	if (json_object_get_type(v) != json_type_int)
		return bad(w, "an integer", e);
	/* json-c clamps; numbers above the range are only known by their unsigned value. */
	if (json_object_get_int64(v) == INT64_MAX && json_object_get_uint64(v) > INT64_MAX)
		return bad(w, "a 64-bit integer", e);
	*ret = json_object_get_int64(v);
	return 0;
}

static int u64_read(json_object *v, uint64_t *ret, const struct where *w, struct err *e)
{
	if (json_object_get_type(v) != json_type_int || json_object_get_int64(v) < 0)
		return bad(w, "an unsigned integer", e);
	*ret = json_object_get_uint64(v);
	return 0;
}

static int u32_read(json_object *v, uint32_t max, uint32_t *ret, const struct where *w, struct err *e)
{
	uint64_t u = 0;

	if (u64_read(v, &u, w, e) < 0)
		return -1;
	if (u > max)
		return bad(w, max == UINT32_MAX ? "a 32-bit number" : "an id from 0 to 4294967294", e);
	*ret = (uint32_t)u;
	return 0;
}

/* Zeroed memory for n elements, stored before it is filled so that a failure frees what there is. */
static void *array_make(const struct field *f, char *out, size_t n)
{
	void *items = n ? xcalloc(n, f->size) : NULL;

	*(void **)(out + f->offset) = items;
	*(size_t *)(out + f->count) = n;
	return items;
}

static int array_read(json_object *v, const struct field *f, char *out, const struct where *up, struct err *e)
{
	if (json_object_get_type(v) != json_type_array)
		return bad(up, "an array", e);
	size_t n = json_object_array_length(v);
	char *items = array_make(f, out, n);
	for (size_t i = 0; i < n; i++) {
		struct where w = {.up = up, .index = i};
		json_object *item = json_object_array_get_idx(v, i);
		int r = f->type == T_IDS ? u32_read(item, ID_MAX, (uint32_t *)(items + i * f->size), &w, e)
					 : fields_read(item, f->sub, items + i * f->size, &w, e);
		if (r < 0)
			return -1;
	}
	return 0;
}

static int map_read(json_object *v, const struct field *f, char *out, const struct where *up, struct err *e)
{
	if (json_object_get_type(v) != json_type_object)
		return bad(up, "an object", e);
	char *item = array_make(f, out, (size_t)json_object_object_length(v));
	json_object_object_foreach(v, key, val)
	{
		struct where w = {.up = up, .name = key};
		*(char **)item = xstrdup(key);
		int r = f->type == T_KV ? str_read(val, &((struct oci_kv *)item)->value, &w, e)
					: fields_read(val, f->sub, item, &w, e);
		if (r < 0)
			return -1;
		item += f->size;
	}
	return 0;
}

static int ns_type_read(json_object *v, int64_t *ret, const struct where *w, struct err *e)
{
	if (json_object_get_type(v) != json_type_string)
		return bad(w, "a string", e);
	int t = oci_namespace_parse(json_object_get_string(v));
	if (t < 0)
		return bad(w, "a namespace type", e);
	*ret = t;
	return 0;
}

static bool is_present(json_object *v)
{
	return json_object_get_type(v) != json_type_object || json_object_object_length(v) > 0;
}

static int bool_read(json_object *v, bool *ret, const struct where *w, struct err *e)
{
	if (json_object_get_type(v) != json_type_boolean)
		return bad(w, "true or false", e);
	*ret = json_object_get_boolean(v);
	return 0;
}

static int field_read(json_object *v, const struct field *f, char *out, const struct where *w, struct err *e)
{
	void *p = out + f->offset;

	switch (f->type) {
	case T_STR:
		return str_read(v, p, w, e);
	case T_STRV:
		return strv_read(v, p, w, e);
	case T_BOOL:
		return bool_read(v, p, w, e);
	case T_OPT_BOOL:
		((struct oci_bool *)p)->set = true;
		return bool_read(v, &((struct oci_bool *)p)->v, w, e);
	case T_ID:
		return u32_read(v, ID_MAX, p, w, e);
	case T_U32:
		return u32_read(v, UINT32_MAX, p, w, e);
	case T_I64:
		return i64_read(v, p, w, e);
	case T_U64:
		return u64_read(v, p, w, e);
	case T_OPT_I64:
		((struct oci_i64 *)p)->set = true;
		return i64_read(v, &((struct oci_i64 *)p)->v, w, e);
	case T_OPT_U64:
		((struct oci_u64 *)p)->set = true;
		return u64_read(v, &((struct oci_u64 *)p)->v, w, e);
	case T_OBJ:
		return fields_read(v, f->sub, p, w, e);
	case T_OBJ_PTR:
		*(void **)p = xcalloc(1, f->size);
		return fields_read(v, f->sub, *(void **)p, w, e);
	case T_ARRAY:
	case T_IDS:
		return array_read(v, f, out, w, e);
	case T_MAP:
	case T_KV:
		return map_read(v, f, out, w, e);
	case T_NS_TYPE:
		return ns_type_read(v, p, w, e);
	case T_PRESENT:
		*(bool *)p = is_present(v);
		return 0;
	}
	UNREACHABLE("field type");
}

static int fields_read(json_object *obj, const struct field *f, void *out, const struct where *up, struct err *e)
{
	if (json_object_get_type(obj) != json_type_object)
		return bad(up, "an object", e);
	for (; f->name; f++) {
		struct where w = {.up = up, .name = f->name};
		json_object *v;
		if (!json_object_object_get_ex(obj, f->name, &v) || !v)
			continue;
		if (field_read(v, f, out, &w, e) < 0)
			return -1;
	}
	return 0;
}

static void fields_done(const struct field *f, void *s);

static void array_done(const struct field *f, char *s)
{
	char *items = *(char **)(s + f->offset);
	size_t n = *(size_t *)(s + f->count);

	for (size_t i = 0; i < n; i++) {
		char *item = items + i * f->size;
		if (f->sub)
			fields_done(f->sub, item);
		if (f->type == T_MAP || f->type == T_KV)
			free(((struct oci_kv *)item)->key);
		if (f->type == T_KV)
			free(((struct oci_kv *)item)->value);
	}
	free(items);
	*(void **)(s + f->offset) = NULL;
	*(size_t *)(s + f->count) = 0;
}

static void fields_done(const struct field *f, void *s)
{
	for (; f->name; f++) {
		char *p = (char *)s + f->offset;
		switch (f->type) {
		case T_STR:
			free_and_set((char **)p, NULL);
			break;
		case T_STRV:
			strv_free(*(char ***)p);
			*(char ***)p = NULL;
			break;
		case T_OBJ:
			fields_done(f->sub, p);
			break;
		case T_OBJ_PTR:
			if (*(void **)p)
				fields_done(f->sub, *(void **)p);
			free(*(void **)p);
			*(void **)p = NULL;
			break;
		case T_ARRAY:
		case T_MAP:
		case T_KV:
		case T_IDS:
			array_done(f, s);
			break;
		default:
			break;
		}
	}
}

static int document_parse(const char *json, size_t n, const struct field *f, void *ret, size_t size, struct err *e)
{
	if (n > LIMIT_RUNTIME_SPEC)
		return err_set(e, ERR_TOO_LARGE, "the runtime configuration has more than %d bytes",
			       LIMIT_RUNTIME_SPEC);
	struct json_tokener *tok = json_tokener_new_ex(LIMIT_JSON_DEPTH);
	json_object *doc = json_tokener_parse_ex(tok, json, (int)n);
	enum json_tokener_error jerr = json_tokener_get_error(tok);
	json_tokener_free(tok);
	if (jerr != json_tokener_success || !doc) {
		json_object_put(doc);
		return err_set(e, ERR_INVALID, "invalid runtime configuration: %s",
			       jerr == json_tokener_continue ? "unexpected end of JSON input"
							     : json_tokener_error_desc(jerr));
	}
	memset(ret, 0, size);
	int r = fields_read(doc, f, ret, NULL, e);
	json_object_put(doc);
	if (r < 0)
		fields_done(f, ret);
	return r;
}

int oci_config_parse(const char *json, size_t n, struct oci_config *ret, struct err *e)
{
	return document_parse(json, n, config_fields, ret, sizeof(*ret), e);
}

void oci_config_done(struct oci_config *c)
{
	fields_done(config_fields, c);
}

int oci_process_parse(const char *json, size_t n, struct oci_process *ret, struct err *e)
{
	return document_parse(json, n, process_fields, ret, sizeof(*ret), e);
}

void oci_process_done(struct oci_process *p)
{
	fields_done(process_fields, p);
}

int oci_resources_parse(const char *json, size_t n, struct oci_resources *ret, struct err *e)
{
	return document_parse(json, n, resources_fields, ret, sizeof(*ret), e);
}

void oci_resources_done(struct oci_resources *r)
{
	fields_done(resources_fields, r);
}

int oci_namespace_parse(const char *name)
{
	for (int i = 0; i < OCI_NS_COUNT; i++)
		if (str_eq(name, namespace_names[i]))
			return i;
	return -1;
}

const char *oci_namespace_name(enum oci_namespace_type type)
{
	return namespace_names[type];
}

const struct oci_namespace *oci_namespace_find(const struct oci_config *c, enum oci_namespace_type type)
{
	for (size_t i = 0; i < c->linux_.n_namespaces; i++)
		if (c->linux_.namespaces[i].type == type)
			return &c->linux_.namespaces[i];
	return NULL;
}

const char *oci_annotation(const struct oci_config *c, const char *key)
{
	for (size_t i = 0; i < c->n_annotations; i++)
		if (str_eq(c->annotations[i].key, key))
			return c->annotations[i].value;
	return NULL;
}
