/* SPDX-License-Identifier: Apache-2.0 */
/* The checks of a create request, subject by subject, each as Docker makes it and says it. */
#include "engine/validate.h"

#include "base/clock.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "engine/caps.h"
#include "engine/options.h"
#include "engine/signals.h"
#include "engine/users.h"

#define MEMORY_MIN         (6 * 1024 * 1024)
#define MEMORY_MIN_TEXT    "6MB"
#define HOSTNAME_MAX       64
#define CFS_PERIOD_MIN     1000
#define CFS_PERIOD_MAX     1000000
#define CFS_QUOTA_MIN      1000
#define HEALTH_SHORTEST_NS NS_PER_MS

const char *mode_container(const char *mode)
{
	return str_after(str_or_empty(mode), "container:");
}

/* --- Config --- */

static int healthcheck_check(const struct healthcheck *h, struct err *e)
{
	const struct {
		const char *name;
		int64_t ns;
	} times[] = {{"Interval", h->interval},
		     {"Timeout", h->timeout},
		     {"StartPeriod", h->start_period},
		     {"StartInterval", h->start_interval}};

	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		if (times[i].ns != 0 && times[i].ns < HEALTH_SHORTEST_NS)
			return err_set(e, ERR_INVALID, "%s in Healthcheck cannot be less than 1ms", times[i].name);
	}
	if (h->retries < 0)
		return err_set(e, ERR_INVALID, "Retries in Healthcheck cannot be negative");
	return 0;
}

static int env_check(char *const *env, struct err *e)
{
	STRV_FOREACH (s, env) {
		if (!**s || **s == '=')
			return err_set(e, ERR_INVALID, "invalid environment variable: %.200s", *s);
	}
	return 0;
}

int config_check(const struct container_config *c, struct err *e)
{
	struct user_spec user;

	if (!str_empty(c->working_dir) && c->working_dir[0] != '/')
		return err_set(e, ERR_INVALID,
			       "the working directory '%.300s' is invalid, it needs to be an absolute path",
			       c->working_dir);
	if (env_check(c->env, e) < 0)
		return -1;
	if (c->healthcheck && healthcheck_check(c->healthcheck, e) < 0)
		return -1;
	if (user_parse(c->user, &user, e) < 0)
		return -1;
	if (!str_empty(c->stop_signal) && signal_parse(c->stop_signal) < 0)
		return err_set(e, ERR_INVALID, "invalid signal: %.100s", c->stop_signal);
	/* They go into files line by line and to sethostname: nothing may break out of its line. */
	if (!str_empty(c->hostname) && (!is_host_word(c->hostname) || strlen(c->hostname) > HOSTNAME_MAX))
		return err_set(e, ERR_INVALID, "invalid hostname: %.100s", c->hostname);
	if (!str_empty(c->domainname) && (!is_host_word(c->domainname) || strlen(c->domainname) > HOSTNAME_MAX))
		return err_set(e, ERR_INVALID, "invalid domainname: %.100s", c->domainname);
	return 0;
}

/* --- resources --- */

static int memory_check(const struct host_config *h, struct err *e)
{
	if (h->memory != 0 && h->memory < MEMORY_MIN)
		return err_set(e, ERR_INVALID, "Minimum memory limit allowed is " MEMORY_MIN_TEXT);
	if (h->memory > 0 && h->memory_swap > 0 && h->memory_swap < h->memory)
		return err_set(e, ERR_INVALID,
			       "Minimum memoryswap limit should be larger than memory limit, see usage");
	if (h->memory == 0 && h->memory_swap > 0)
		return err_set(e, ERR_INVALID,
			       "You should always set the Memory limit when using Memoryswap limit, see usage");
	if (h->memory_swap < -1)
		return err_set(e, ERR_INVALID,
			       "Minimum memoryswap limit should be larger than memory limit, see usage");
	if (h->memory_swappiness && (*h->memory_swappiness < -1 || *h->memory_swappiness > 100))
		return err_set(e, ERR_INVALID, "Invalid value: %lld, valid memory swappiness range is 0-100",
			       (long long)*h->memory_swappiness);
	if (h->memory_reservation != 0 && h->memory_reservation < MEMORY_MIN)
		return err_set(e, ERR_INVALID, "Minimum memory reservation allowed is " MEMORY_MIN_TEXT);
	if (h->memory > 0 && h->memory_reservation > 0 && h->memory < h->memory_reservation)
		return err_set(e, ERR_INVALID,
			       "Minimum memory limit can not be less than memory reservation limit, see usage");
	return 0;
}

static int cpu_check(const struct host_config *h, const struct host_facts *f, struct err *e)
{
	unsigned n = f->cpus ? cpu_list_count(f->cpus) : 0;

	if (h->nano_cpus != 0 && h->cpu_period > 0)
		return err_set(e, ERR_INVALID, "Conflicting options: Nano CPUs and CPU Period cannot both be set");
	if (h->nano_cpus != 0 && h->cpu_quota > 0)
		return err_set(e, ERR_INVALID, "Conflicting options: Nano CPUs and CPU Quota cannot both be set");
	if (h->nano_cpus < 0 || (n > 0 && h->nano_cpus > (int64_t)n * 1000000000LL))
		return err_set(e, ERR_INVALID,
			       "range of CPUs is from 0.01 to %u.00, as there are only %u CPUs available", n, n);
	if (h->cpu_shares < 0)
		return err_set(e, ERR_INVALID, "invalid CPU shares (%lld): value must be a positive integer",
			       (long long)h->cpu_shares);
	if (h->cpu_period != 0 && (h->cpu_period < CFS_PERIOD_MIN || h->cpu_period > CFS_PERIOD_MAX))
		return err_set(e, ERR_INVALID,
			       "CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)");
	if (h->cpu_quota > 0 && h->cpu_quota < CFS_QUOTA_MIN)
		return err_set(e, ERR_INVALID, "CPU cfs quota can not be less than 1ms (i.e. 1000)");
	if (h->cpu_realtime_runtime != 0 && h->cpu_realtime_runtime > h->cpu_realtime_period &&
	    h->cpu_realtime_period != 0)
		return err_set(e, ERR_INVALID, "cpu real-time runtime cannot be higher than cpu real-time period");
	if (h->cpu_realtime_runtime < 0 || h->cpu_realtime_period < 0)
		return err_set(e, ERR_INVALID, "cpu real-time period and runtime cannot be negative");
	if (!str_empty(h->cpuset_cpus) && cpu_list_check(h->cpuset_cpus, f->cpus, "cpuset cpus", "CPUs", e) < 0)
		return -1;
	if (!str_empty(h->cpuset_mems) && cpu_list_check(h->cpuset_mems, f->mems, "cpuset mems", "memory nodes", e) < 0)
		return -1;
	if (h->cpu_count != 0 || h->cpu_percent != 0)
		return 0; /* of Windows; Docker drops them */
	return 0;
}

static int throttle_check(const struct json_array *a, const char *name, struct err *e)
{
	const struct throttle_device *d = a->items;

	for (size_t i = 0; i < a->n; i++) {
		if (d[i].rate < 0)
			return err_set(e, ERR_INVALID, "invalid %s rate for %.200s: %lld", name,
				       str_or_empty(d[i].path), (long long)d[i].rate);
		if (str_empty(d[i].path) || d[i].path[0] != '/')
			return err_set(e, ERR_INVALID, "bad format for device path: %.200s", str_or_empty(d[i].path));
	}
	return 0;
}

static int blkio_check(const struct host_config *h, struct err *e)
{
	const struct weight_device *w = h->blkio_weight_device.items;

	if (h->io_maximum_iops != 0)
		return err_set(e, ERR_INVALID,
			       "invalid option: QoS maximum IOPs configuration is not supported on linux");
	if (h->io_maximum_bandwidth != 0)
		return err_set(e, ERR_INVALID,
			       "invalid option: QoS maximum bandwidth configuration is not supported on linux");
	if (h->blkio_weight != 0 && (h->blkio_weight < 10 || h->blkio_weight > 1000))
		return err_set(e, ERR_INVALID, "Range of blkio weight is from 10 to 1000");
	for (size_t i = 0; i < h->blkio_weight_device.n; i++) {
		if (w[i].weight < 0 || w[i].weight > 1000)
			return err_set(e, ERR_INVALID, "Range of blkio weight is from 10 to 1000");
	}
	if (throttle_check(&h->blkio_device_read_bps, "BlkioDeviceReadBps", e) < 0 ||
	    throttle_check(&h->blkio_device_write_bps, "BlkioDeviceWriteBps", e) < 0 ||
	    throttle_check(&h->blkio_device_read_iops, "BlkioDeviceReadIOps", e) < 0)
		return -1;
	return throttle_check(&h->blkio_device_write_iops, "BlkioDeviceWriteIOps", e);
}

static int resources_check(const struct host_config *h, const struct host_facts *f, struct err *e)
{
	const struct ulimit *u = h->ulimits.items;

	if (memory_check(h, e) < 0 || cpu_check(h, f, e) < 0 || blkio_check(h, e) < 0)
		return -1;
	if (h->oom_score_adj < -1000 || h->oom_score_adj > 1000)
		return err_set(e, ERR_INVALID, "Invalid value %lld, range for oom score adj is [-1000, 1000]",
			       (long long)h->oom_score_adj);
	if (h->shm_size < 0)
		return err_set(e, ERR_INVALID, "SHM size can not be less than 0");
	for (size_t i = 0; i < h->ulimits.n; i++) {
		if (ulimit_check(&u[i], e) < 0)
			return -1;
	}
	return 0;
}

static void drop(bool *unused, bool wanted, bool offered, const char *text, char ***warnings)
{
	*unused = wanted && !offered;
	if (*unused)
		strv_add(warnings, text);
}

static void array_drop(const struct json_field *fields, size_t size, struct json_array *a)
{
	for (size_t i = 0; i < a->n; i++)
		json_fields_done(fields, (char *)a->items + i * size);
	free(a->items);
	*a = (struct json_array){.set = true};
}

void host_config_drop_unsupported(struct host_config *h, const struct host_facts *f, char ***warnings)
{
	bool gone;

	drop(&gone, h->memory > 0, f->memory_limit,
	     "Your kernel does not support memory limit capabilities or the cgroup is not mounted. Limitation "
	     "discarded.",
	     warnings);
	if (gone)
		h->memory = h->memory_swap = 0;
	drop(&gone, h->memory > 0 && h->memory_swap > 0, f->swap_limit,
	     "Your kernel does not support swap limit capabilities or the cgroup is not mounted. Memory limited "
	     "without swap.",
	     warnings);
	if (gone)
		h->memory_swap = -1;
	drop(&gone, h->memory_swappiness && *h->memory_swappiness != -1, f->swappiness,
	     "Your kernel does not support memory swappiness capabilities or the cgroup is not mounted. Memory "
	     "swappiness discarded.",
	     warnings);
	if (gone || (h->memory_swappiness && *h->memory_swappiness == -1)) {
		free(h->memory_swappiness);
		h->memory_swappiness = NULL;
	}
	drop(&gone, h->oom_kill_disable && *h->oom_kill_disable, f->oom_kill_disable,
	     "Your kernel does not support OomKillDisable. OomKillDisable discarded.", warnings);
	if (gone)
		*h->oom_kill_disable = false;
	if (h->oom_kill_disable && *h->oom_kill_disable && h->memory == 0)
		strv_add(warnings,
			 "OOM killer is disabled for the container, but no memory limit is set, this can result in "
			 "the system running out of resources.");
	drop(&gone, h->pids_limit && *h->pids_limit > 0, f->pids,
	     "Your kernel does not support PIDs limit capabilities or the cgroup is not mounted. PIDs limit discarded.",
	     warnings);
	if (gone)
		*h->pids_limit = 0;
	drop(&gone, h->cpu_shares > 0, f->cpu_shares,
	     "Your kernel does not support CPU shares or the cgroup is not mounted. Shares discarded.", warnings);
	if (gone)
		h->cpu_shares = 0;
	drop(&gone, h->nano_cpus > 0 || h->cpu_period > 0 || h->cpu_quota > 0, f->cpu_cfs,
	     "Your kernel does not support CPU CFS scheduler. CPU period/quota discarded.", warnings);
	if (gone)
		h->nano_cpus = h->cpu_period = h->cpu_quota = 0;
	drop(&gone, !str_empty(h->cpuset_cpus) || !str_empty(h->cpuset_mems), f->cpuset,
	     "Your kernel does not support cpuset or the cgroup is not mounted. Cpuset discarded.", warnings);
	if (gone) {
		free(h->cpuset_cpus);
		free(h->cpuset_mems);
		h->cpuset_cpus = h->cpuset_mems = NULL;
	}
	drop(&gone, h->blkio_weight > 0, f->blkio_weight,
	     "Your kernel does not support Block I/O weight or the cgroup is not mounted. Weight discarded.", warnings);
	if (gone)
		h->blkio_weight = 0;
	drop(&gone, h->blkio_weight_device.n > 0, f->blkio_weight,
	     "Your kernel does not support Block I/O weight_device or the cgroup is not mounted. Weight-device "
	     "discarded.",
	     warnings);
	if (gone)
		array_drop(weight_device_fields, sizeof(struct weight_device), &h->blkio_weight_device);
}

/* --- namespaces and network --- */

static bool mode_is(const char *mode, const char *const *allowed)
{
	for (; *allowed; allowed++) {
		if (str_eq(str_or_empty(mode), *allowed))
			return true;
	}
	return false;
}

static int namespaces_check(const struct host_config *h, const struct container_config *c, struct err *e)
{
	static const char *const ipc[] = {"", "none", "private", "shareable", "host", NULL};
	static const char *const host_only[] = {"", "host", NULL};
	static const char *const cgroupns[] = {"", "private", "host", NULL};

	if (!mode_is(h->ipc_mode, ipc) && str_empty(mode_container(h->ipc_mode)))
		return err_set(e, ERR_INVALID, "invalid IPC mode: %.100s", h->ipc_mode);
	if (!mode_is(h->pid_mode, host_only) && str_empty(mode_container(h->pid_mode)))
		return err_set(e, ERR_INVALID, "invalid PID mode: %.100s", h->pid_mode);
	if (!mode_is(h->uts_mode, host_only))
		return err_set(e, ERR_INVALID, "invalid UTS mode: %.100s", h->uts_mode);
	if (str_eq(h->uts_mode, "host") && !str_empty(c->hostname))
		return err_set(e, ERR_INVALID, "conflicting options: hostname and the UTS mode");
	if (!mode_is(h->userns_mode, host_only))
		return err_set(e, ERR_UNSUPPORTED, "user namespaces are not supported yet: UsernsMode %.100s",
			       h->userns_mode);
	if (!mode_is(h->cgroupns_mode, cgroupns))
		return err_set(e, ERR_INVALID, "invalid cgroup namespace mode: %.100s", h->cgroupns_mode);
	if (!str_empty(h->isolation) && !str_eq_nocase(h->isolation, "default"))
		return err_set(e, ERR_INVALID, "invalid isolation (%.100s): linux only supports 'default'",
			       h->isolation);
	if (!str_empty(h->cgroup))
		return err_set(e, ERR_UNSUPPORTED,
			       "joining the cgroup of another container is not supported: Cgroup %.100s", h->cgroup);
	return 0;
}

static int network_conflicts(const struct host_config *h, const struct container_config *c, bool bindings,
			     struct err *e)
{
	if (mode_container(h->network_mode)) {
		if (!str_empty(c->hostname))
			return err_set(e, ERR_INVALID, "conflicting options: hostname and the network mode");
		if (strv_len(h->links) > 0)
			return err_set(
				e, ERR_INVALID,
				"conflicting options: container type network can't be used with links. This would "
				"result in undefined behavior");
		if (strv_len(h->dns) > 0)
			return err_set(e, ERR_INVALID, "conflicting options: dns and the network mode");
		if (strv_len(h->extra_hosts) > 0)
			return err_set(e, ERR_INVALID,
				       "conflicting options: custom host-to-IP mapping and the network mode");
		if (bindings || h->publish_all_ports)
			return err_set(e, ERR_INVALID,
				       "conflicting options: port publishing and the container type network mode");
		if (c->exposed_ports.n > 0)
			return err_set(e, ERR_INVALID,
				       "conflicting options: port exposing and the container type network mode");
	}
	if (str_eq(h->network_mode, "host") && strv_len(h->links) > 0)
		return err_set(
			e, ERR_INVALID,
			"conflicting options: host type networking can't be used with links. This would result in "
			"undefined behavior");
	return 0;
}

static int ports_check(const struct host_config *h, bool *ret_any, char ***warnings, struct err *e)
{
	struct port_bindings b;
	bool host = str_eq(h->network_mode, "host");
	int r = 0;

	if (port_bindings_parse(h->port_bindings, &b, e) < 0)
		return -1;
	for (size_t i = 0; i < b.n && r == 0; i++) {
		struct port_spec spec;
		uint16_t first, last;

		if (port_spec_parse(b.items[i].port, &spec) < 0)
			r = err_set(e, ERR_INVALID, "invalid port specification: \"%.100s\"", b.items[i].port);
		else if (port_range_parse(b.items[i].host_port, &first, &last) < 0)
			r = err_set(e, ERR_INVALID, "invalid port specification: \"%.100s\"", b.items[i].host_port);
	}
	*ret_any = b.n > 0;
	port_bindings_done(&b);
	if (r < 0)
		return -1;
	if (host && *ret_any)
		strv_add(warnings, "Published ports are discarded when using host network mode");
	else if ((*ret_any || h->publish_all_ports) && !mode_container(h->network_mode))
		strv_add(warnings,
			 "Publishing ports is not supported yet: the container is not reachable from outside");
	return 0;
}

static int network_check(const struct host_config *h, const struct container_config *c, char ***warnings, struct err *e)
{
	static const char *const modes[] = {"", "default", "bridge", "none", "host", NULL};
	const char *ref = mode_container(h->network_mode);
	bool bindings;

	if (ref && !*ref)
		return err_set(e, ERR_INVALID, "invalid network mode: invalid container format container:<name|id>");
	if (!ref && str_starts(str_or_empty(h->network_mode), "container"))
		return err_set(e, ERR_INVALID, "invalid network mode: invalid container format container:<name|id>");
	if (ports_check(h, &bindings, warnings, e) < 0 || network_conflicts(h, c, bindings, e) < 0)
		return -1;
	if (!ref && !mode_is(h->network_mode, modes))
		return err_set(e, ERR_UNSUPPORTED, "user-defined networks are not supported yet: network %.100s",
			       h->network_mode);
	if (strv_len(h->links) > 0)
		return err_set(e, ERR_UNSUPPORTED, "links are not supported yet: %.100s", h->links[0]);
	if (!str_empty(c->mac_address))
		return err_set(e, ERR_UNSUPPORTED, "MAC addresses are not supported yet: %.100s", c->mac_address);
	return 0;
}

static int hosts_check(const struct host_config *h, char ***warnings, struct err *e)
{
	char *const *const lists[] = {h->dns, h->dns_search};

	STRV_FOREACH (s, h->extra_hosts) {
		char *name, *address;

		if (extra_host_parse(*s, &name, &address, e) < 0)
			return -1;
		if (str_eq(address, "host-gateway") && !str_eq(h->network_mode, "host"))
			strv_add(warnings, "host-gateway is not available without bridge networking");
		free(name);
		free(address);
	}
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		STRV_FOREACH (s, lists[i]) {
			if (!is_host_word(*s))
				return err_set(e, ERR_INVALID, "invalid DNS name or address: \"%.100s\"", *s);
		}
	}
	STRV_FOREACH (s, h->dns_options) {
		if (!is_host_word(*s))
			return err_set(e, ERR_INVALID, "invalid DNS option: \"%.100s\"", *s);
	}
	return 0;
}

/* --- the rest --- */

static int restart_check(const struct host_config *h, struct err *e)
{
	static const char *const names[] = {"", "no", "always", "unless-stopped", "on-failure", NULL};
	const struct restart_policy *p = &h->restart_policy;

	if (!mode_is(p->name, names))
		return err_set(
			e, ERR_INVALID,
			"invalid restart policy: unknown policy '%.100s'; use one of 'no', 'always', 'on-failure', or "
			"'unless-stopped'",
			p->name);
	if (p->maximum_retry_count != 0 && !str_eq(p->name, "on-failure"))
		return err_set(e, ERR_INVALID,
			       "invalid restart policy: maximum retry count can only be used with 'on-failure'");
	if (p->maximum_retry_count < 0)
		return err_set(e, ERR_INVALID, "invalid restart policy: maximum retry count cannot be negative");
	if (h->auto_remove && !str_empty(p->name) && !str_eq(p->name, "no"))
		return err_set(e, ERR_INVALID, "can't create 'AutoRemove' container with restart policy");
	return 0;
}

static int device_permissions_check(const struct device_mapping *d, struct err *e)
{
	if (str_empty(d->path_on_host) || d->path_on_host[0] != '/')
		return err_set(e, ERR_INVALID, "%.200s is not an absolute path", str_or_empty(d->path_on_host));
	if (!str_empty(d->path_in_container) && d->path_in_container[0] != '/')
		return err_set(e, ERR_INVALID, "%.200s is not an absolute path", d->path_in_container);
	for (const char *s = str_or_empty(d->cgroup_permissions); *s; s++) {
		if (!strchr("rwm", *s))
			return err_set(e, ERR_INVALID, "invalid device mode: %.100s", d->cgroup_permissions);
	}
	return 0;
}

static int devices_check(const struct host_config *h, struct err *e)
{
	const struct device_mapping *d = h->devices.items;
	const struct device_request *r = h->device_requests.items;

	for (size_t i = 0; i < h->devices.n; i++) {
		if (device_permissions_check(&d[i], e) < 0)
			return -1;
	}
	STRV_FOREACH (s, h->device_cgroup_rules) {
		struct device_rule rule;

		if (device_rule_parse(*s, &rule, e) < 0)
			return -1;
	}
	if (h->device_requests.n > 0)
		return err_set(e, ERR_UNSUPPORTED,
			       "could not select device driver \"%.100s\" with capabilities: %.200s",
			       str_or_empty(r[0].driver), r[0].capabilities ? r[0].capabilities : "[]");
	return 0;
}

static int sysctls_check(const struct host_config *h, struct err *e)
{
	bool host_net = str_eq(h->network_mode, "host"), host_ipc = str_eq(h->ipc_mode, "host");

	for (size_t i = 0; i < h->sysctls.n; i++) {
		if (sysctl_check(h->sysctls.items[i].key, str_or_empty(h->sysctls.items[i].value), host_net, host_ipc,
				 str_eq(h->uts_mode, "host"), e) < 0)
			return -1;
	}
	return 0;
}

static int paths_check(char *const *list, const char *what, struct err *e)
{
	STRV_FOREACH (s, list) {
		if (**s != '/')
			return err_set(e, ERR_INVALID, "invalid %s: '%.200s' is not an absolute path", what, *s);
	}
	return 0;
}

static int security_check(const struct host_config *h, struct err *e)
{
	struct security_options o;
	uint64_t caps;

	STRV_FOREACH (g, h->group_add) {
		if (group_name_check(*g, e) < 0)
			return -1;
	}
	if (caps_of(h->cap_add, h->cap_drop, /* privileged= */ false, CAP_COUNT - 1, &caps, e) < 0)
		return -1;
	if (security_options_parse(h->security_opt, &o, e) < 0)
		return -1;
	if (paths_check(h->masked_paths, "masked path", e) < 0 ||
	    paths_check(h->readonly_paths, "read-only path", e) < 0)
		return -1;
	for (size_t i = 0; i < h->annotations.n; i++) {
		if (str_empty(h->annotations.items[i].key))
			return err_set(e, ERR_INVALID,
				       "invalid Annotations: the empty string is not permitted as an annotation key");
	}
	return sysctls_check(h, e);
}

int host_config_check(const struct host_config *h, const struct container_config *c, const struct host_facts *f,
		      char ***warnings, struct err *e)
{
	if (namespaces_check(h, c, e) < 0 || network_check(h, c, warnings, e) < 0 || hosts_check(h, warnings, e) < 0)
		return -1;
	if (restart_check(h, e) < 0 || security_check(h, e) < 0)
		return -1;
	if (!str_empty(h->runtime) && !str_eq(h->runtime, "runc") && !str_eq(h->runtime, "hull") &&
	    !str_eq(h->runtime, "io.containerd.runc.v2"))
		return err_set(e, ERR_INVALID, "unknown or invalid runtime name: %.100s", h->runtime);
	if (!str_empty(h->volume_driver) && !str_eq(h->volume_driver, "local"))
		return err_set(e, ERR_NOT_FOUND, "error looking up volume plugin %.100s: plugin \"%.100s\" not found",
			       h->volume_driver, h->volume_driver);
	if (h->storage_opt.n > 0)
		return err_set(e, ERR_UNSUPPORTED, "--storage-opt is not supported: %.100s",
			       h->storage_opt.items[0].key);
	if (c->healthcheck && strv_len(c->healthcheck->test) > 0 && !str_eq(c->healthcheck->test[0], "NONE"))
		strv_add(warnings, "Health checks are not run yet: the health of the container stays \"starting\"");
	if (devices_check(h, e) < 0)
		return -1;
	return resources_check(h, f, e);
}
