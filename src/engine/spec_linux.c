/* SPDX-License-Identifier: Apache-2.0 */
/* The Linux part of the OCI configuration: namespaces, sysctls, devices, cgroup limits, seccomp, hidden paths. */
#include "base/strutil.h"
#include "base/strv.h"
#include "engine/options.h"
#include "engine/seccomp_profile.h"
#include "engine/spec_priv.h"
#include "engine/validate.h"

#define CFS_PERIOD_DEFAULT 100000
#define NANO_PER_CPU       1000000000LL

/* --- namespaces --- */

static void namespace_write(struct json_writer *w, const char *type, const char *path)
{
	json_object_begin(w);
	json_kstr(w, "type", type);
	if (path)
		json_kstr(w, "path", path);
	json_object_close(w);
}

static void namespaces_write(struct json_writer *w, const struct spec_input *in)
{
	const struct host_config *h = &in->rec->host_config;

	json_key(w, "namespaces");
	json_array_begin(w);
	namespace_write(w, "mount", NULL);
	if (!str_eq(h->network_mode, "host"))
		namespace_write(w, "network", in->join_net);
	if (!str_eq(h->uts_mode, "host"))
		namespace_write(w, "uts", NULL);
	if (!str_eq(h->pid_mode, "host"))
		namespace_write(w, "pid", in->join_pid);
	if (!str_eq(h->ipc_mode, "host"))
		namespace_write(w, "ipc", in->join_ipc);
	if (!str_eq(h->cgroupns_mode, "host"))
		namespace_write(w, "cgroup", NULL);
	json_array_close(w);
}

/* --- sysctls --- */

static void sysctls_write(struct json_writer *w, const struct host_config *h)
{
	bool own_net = !str_eq(h->network_mode, "host") && !mode_container(h->network_mode);
	struct json_kv all = {.set = true};

	if (own_net) {
		/* Ports below 1024 and ping need no privilege where nobody else's are in reach. */
		json_kv_put(&all, "net.ipv4.ip_unprivileged_port_start", "0");
		json_kv_put(&all, "net.ipv4.ping_group_range", "0 2147483647");
	}
	for (size_t i = 0; i < h->sysctls.n; i++)
		json_kv_put(&all, h->sysctls.items[i].key, str_or_empty(h->sysctls.items[i].value));
	if (all.n > 0) {
		json_key(w, "sysctl");
		json_kv_write(w, &all);
	}
	json_kv_done(&all);
}

/* --- devices --- */

static void rule_write(struct json_writer *w, bool allow, char type, int64_t major, int64_t minor, const char *access)
{
	json_object_begin(w);
	json_kbool(w, "allow", allow);
	if (type && type != 'a')
		json_kstr(w, "type", (const char[]){type, 0});
	if (major >= 0)
		json_kint(w, "major", major);
	if (minor >= 0)
		json_kint(w, "minor", minor);
	json_kstr(w, "access", access);
	json_object_close(w);
}

static void default_rules_write(struct json_writer *w)
{
	static const struct {
		int major, minor;
	} nodes[] = {{1, 3}, {1, 5}, {1, 7}, {1, 8}, {1, 9}, {5, 0}, {5, 1}, {5, 2}, {136, -1}};

	rule_write(w, true, 'c', -1, -1, "m");
	rule_write(w, true, 'b', -1, -1, "m");
	for (size_t i = 0; i < ARRAY_SIZE(nodes); i++)
		rule_write(w, true, 'c', nodes[i].major, nodes[i].minor, "rwm");
}

static int devices_collect(const struct spec_input *in, struct spec_devices *all, struct err *e)
{
	const struct device_mapping *d = in->rec->host_config.devices.items;
	int (*find)(const char *, const char *, struct spec_devices *, struct err *) =
		in->devices_find ? in->devices_find : devices_find;

	if (in->rec->host_config.privileged) {
		STRV_FOREACH (s, in->host_devices) {
			struct err gone = ERR_INIT;

			/* one that went away meanwhile is not missed */
			find(*s, *s, all, &gone);
		}
	}
	for (size_t i = 0; i < in->rec->host_config.devices.n; i++) {
		const char *target = str_empty(d[i].path_in_container) ? d[i].path_on_host : d[i].path_in_container;

		if (find(d[i].path_on_host, target, all, e) < 0)
			return -1;
	}
	return 0;
}

static void devices_write(struct json_writer *w, const struct spec_devices *all)
{
	if (all->n == 0)
		return;
	json_key(w, "devices");
	json_array_begin(w);
	for (size_t i = 0; i < all->n; i++) {
		const struct spec_device *d = &all->items[i];

		json_object_begin(w);
		json_kstr(w, "path", d->path);
		json_kstr(w, "type", (const char[]){d->type, 0});
		json_kint(w, "major", d->major);
		json_kint(w, "minor", d->minor);
		json_kint(w, "fileMode", d->mode);
		json_kint(w, "uid", d->uid);
		json_kint(w, "gid", d->gid);
		json_object_close(w);
	}
	json_array_close(w);
}

/* The rules for Devices, each with the permissions that it was given. */
static int given_rules_write(struct json_writer *w, const struct spec_input *in, struct err *e)
{
	const struct device_mapping *d = in->rec->host_config.devices.items;
	int (*find)(const char *, const char *, struct spec_devices *, struct err *) =
		in->devices_find ? in->devices_find : devices_find;

	for (size_t i = 0; i < in->rec->host_config.devices.n; i++) {
		const char *access = str_empty(d[i].cgroup_permissions) ? "rwm" : d[i].cgroup_permissions;
		struct spec_devices found = {0};

		if (find(d[i].path_on_host, d[i].path_on_host, &found, e) < 0)
			return -1;
		for (size_t k = 0; k < found.n; k++)
			rule_write(w, true, found.items[k].type, found.items[k].major, found.items[k].minor, access);
		spec_devices_done(&found);
	}
	STRV_FOREACH (s, in->rec->host_config.device_cgroup_rules) {
		struct device_rule r;

		if (device_rule_parse(*s, &r, e) < 0)
			return -1;
		rule_write(w, true, r.type, r.major, r.minor, r.access);
	}
	return 0;
}

static int device_rules_write(struct json_writer *w, const struct spec_input *in, struct err *e)
{
	json_key(w, "devices");
	json_array_begin(w);
	if (in->rec->host_config.privileged) {
		rule_write(w, true, 'a', -1, -1, "rwm");
	} else {
		rule_write(w, false, 'a', -1, -1, "rwm");
		default_rules_write(w);
		if (given_rules_write(w, in, e) < 0)
			return -1;
	}
	json_array_close(w);
	return 0;
}

/* --- limits --- */

static void memory_write(struct json_writer *w, const struct host_config *h)
{
	json_key(w, "memory");
	json_object_begin(w);
	if (h->memory > 0)
		json_kint(w, "limit", h->memory);
	if (h->memory_reservation > 0)
		json_kint(w, "reservation", h->memory_reservation);
	if (h->memory_swap != 0)
		json_kint(w, "swap", h->memory_swap);
	if (h->kernel_memory_tcp > 0)
		json_kint(w, "kernelTCP", h->kernel_memory_tcp);
	if (h->memory_swappiness && *h->memory_swappiness >= 0)
		json_kint(w, "swappiness", *h->memory_swappiness);
	if (h->oom_kill_disable && *h->oom_kill_disable)
		json_kbool(w, "disableOOMKiller", true);
	json_object_close(w);
}

static void cpu_write(struct json_writer *w, const struct host_config *h)
{
	int64_t period = h->cpu_period, quota = h->cpu_quota;

	if (h->nano_cpus > 0) {
		period = CFS_PERIOD_DEFAULT;
		quota = h->nano_cpus * period / NANO_PER_CPU;
		/* the kernel takes no less than a millisecond */
		quota = MAX(quota, 1000);
	}
	json_key(w, "cpu");
	json_object_begin(w);
	if (h->cpu_shares > 0)
		json_kint(w, "shares", h->cpu_shares);
	if (quota != 0)
		json_kint(w, "quota", quota);
	if (period != 0)
		json_kint(w, "period", period);
	if (h->cpu_realtime_runtime != 0)
		json_kint(w, "realtimeRuntime", h->cpu_realtime_runtime);
	if (h->cpu_realtime_period != 0)
		json_kint(w, "realtimePeriod", h->cpu_realtime_period);
	if (!str_empty(h->cpuset_cpus))
		json_kstr(w, "cpus", h->cpuset_cpus);
	if (!str_empty(h->cpuset_mems))
		json_kstr(w, "mems", h->cpuset_mems);
	json_object_close(w);
}

static int device_at(const struct spec_input *in, struct json_writer *w, const char *path, struct err *e)
{
	uint32_t major, minor;
	int (*number)(const char *, uint32_t *, uint32_t *, struct err *) =
		in->device_number ? in->device_number : device_number;

	if (number(path, &major, &minor, e) < 0)
		return -1;
	json_kint(w, "major", major);
	json_kint(w, "minor", minor);
	return 0;
}

static int throttle_write(struct json_writer *w, const struct spec_input *in, const char *key,
			  const struct json_array *a, struct err *e)
{
	const struct throttle_device *d = a->items;

	if (a->n == 0)
		return 0;
	json_key(w, key);
	json_array_begin(w);
	for (size_t i = 0; i < a->n; i++) {
		json_object_begin(w);
		if (device_at(in, w, d[i].path, e) < 0)
			return -1;
		json_kint(w, "rate", d[i].rate);
		json_object_close(w);
	}
	json_array_close(w);
	return 0;
}

static int block_io_write(struct json_writer *w, const struct spec_input *in, struct err *e)
{
	const struct host_config *h = &in->rec->host_config;
	const struct weight_device *d = h->blkio_weight_device.items;

	json_key(w, "blockIO");
	json_object_begin(w);
	if (h->blkio_weight > 0)
		json_kint(w, "weight", h->blkio_weight);
	if (h->blkio_weight_device.n > 0) {
		json_key(w, "weightDevice");
		json_array_begin(w);
		for (size_t i = 0; i < h->blkio_weight_device.n; i++) {
			json_object_begin(w);
			if (device_at(in, w, d[i].path, e) < 0)
				return -1;
			json_kint(w, "weight", d[i].weight);
			json_object_close(w);
		}
		json_array_close(w);
	}
	if (throttle_write(w, in, "throttleReadBpsDevice", &h->blkio_device_read_bps, e) < 0 ||
	    throttle_write(w, in, "throttleWriteBpsDevice", &h->blkio_device_write_bps, e) < 0 ||
	    throttle_write(w, in, "throttleReadIOPSDevice", &h->blkio_device_read_iops, e) < 0 ||
	    throttle_write(w, in, "throttleWriteIOPSDevice", &h->blkio_device_write_iops, e) < 0)
		return -1;
	json_object_close(w);
	return 0;
}

static int resources_write(struct json_writer *w, const struct spec_input *in, struct err *e)
{
	const struct host_config *h = &in->rec->host_config;
	bool block_io = h->blkio_weight > 0 ||
			h->blkio_weight_device.n + h->blkio_device_read_bps.n + h->blkio_device_write_bps.n +
					h->blkio_device_read_iops.n + h->blkio_device_write_iops.n >
				0;

	json_key(w, "resources");
	json_object_begin(w);
	if (device_rules_write(w, in, e) < 0)
		return -1;
	memory_write(w, h);
	cpu_write(w, h);
	if (h->pids_limit && *h->pids_limit > 0) {
		json_key(w, "pids");
		json_object_begin(w);
		json_kint(w, "limit", *h->pids_limit);
		json_object_close(w);
	}
	if (block_io && block_io_write(w, in, e) < 0)
		return -1;
	json_object_close(w);
	return 0;
}

/* --- all of it --- */

static int seccomp_write(struct json_writer *w, const struct spec_plan *p, struct err *e)
{
	const struct seccomp_host host = {.caps = p->caps, .kernel = seccomp_kernel()};

	if (str_eq(p->seccomp, "unconfined"))
		return 0;
	json_key(w, "seccomp");
	if (str_empty(p->seccomp)) {
		seccomp_default_write(w, p->caps);
		return 0;
	}
	return seccomp_custom_write(w, p->seccomp, &host, e);
}

int spec_linux_write(struct json_writer *w, const struct spec_plan *p, struct err *e)
{
	const struct host_config *h = &p->in->rec->host_config;
	const char *propagation = spec_root_propagation(p->in->rec);
	struct spec_devices devices = {0};
	int r;

	namespaces_write(w, p->in);
	sysctls_write(w, h);
	r = devices_collect(p->in, &devices, e);
	if (r == 0)
		devices_write(w, &devices);
	spec_devices_done(&devices);
	if (r < 0 || resources_write(w, p->in, e) < 0)
		return -1;
	json_kstr(w, "cgroupsPath", p->in->cgroups_path);
	if (propagation)
		json_kstr(w, "rootfsPropagation", propagation);
	if (!h->privileged && strv_len(h->masked_paths) > 0)
		json_kstrv(w, "maskedPaths", h->masked_paths);
	if (!h->privileged && strv_len(h->readonly_paths) > 0)
		json_kstrv(w, "readonlyPaths", h->readonly_paths);
	return seccomp_write(w, p, e);
}
