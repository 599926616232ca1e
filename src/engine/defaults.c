/* SPDX-License-Identifier: Apache-2.0 */
/* Filling in what a request leaves open, by Docker's rules. */
#include "engine/defaults.h"

#include <pthread.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "engine/validate.h"

#define SHM_SIZE_DEFAULT (64LL * 1024 * 1024)
#define CPUS_LOOKED_AT   8192

/* --- image --- */

static void merge_set(struct json_kv *to, const struct json_kv *from)
{
	for (size_t i = 0; i < from->n; i++) {
		if (!json_kv_get(to, from->items[i].key))
			json_kv_put(to, from->items[i].key, str_or_empty(from->items[i].value));
	}
}

/* Sets have no values: membership is by key. */
static bool kv_has(const struct json_kv *m, const char *key)
{
	for (size_t i = 0; i < m->n; i++) {
		if (str_eq(m->items[i].key, key))
			return true;
	}
	return false;
}

static void merge_keys(struct json_kv *to, const struct json_kv *from)
{
	for (size_t i = 0; i < from->n; i++) {
		if (!kv_has(to, from->items[i].key))
			json_kv_put(to, from->items[i].key, "");
	}
}

static bool env_names(char *const *env, const char *assignment)
{
	size_t n = strcspn(assignment, "=");

	STRV_FOREACH (s, env) {
		if (strncmp(*s, assignment, n) == 0 && ((*s)[n] == '=' || (*s)[n] == 0))
			return true;
	}
	return false;
}

/* The image's variables stand behind the request's own; a bare name in the request takes one away. */
static void merge_env(struct container_config *c, char *const *image)
{
	STRV_FOREACH (s, image) {
		if (!env_names(c->env, *s))
			strv_add(&c->env, *s);
	}
}

static void merge_healthcheck(struct container_config *c, const struct image_healthcheck *image)
{
	struct healthcheck *h = c->healthcheck;

	if (!image)
		return;
	if (!h)
		h = c->healthcheck = xnew(struct healthcheck);
	if (strv_len(h->test) == 0) {
		strv_free(h->test);
		h->test = strv_dup(image->test);
	}
	if (h->interval == 0)
		h->interval = image->interval;
	if (h->timeout == 0)
		h->timeout = image->timeout;
	if (h->start_period == 0)
		h->start_period = image->start_period;
	if (h->start_interval == 0)
		h->start_interval = image->start_interval;
	if (h->retries == 0)
		h->retries = image->retries;
}

static void merge_command(struct container_config *c, const struct image_run_config *image)
{
	if (strv_len(c->entrypoint) > 0)
		return; /* the image's Cmd was meant for its own entrypoint */
	if (strv_len(c->cmd) == 0 && strv_len(image->cmd) > 0) {
		strv_free(c->cmd);
		c->cmd = strv_dup(image->cmd);
		c->args_escaped = image->args_escaped;
	}
	if (!c->entrypoint)
		c->entrypoint = strv_dup(image->entrypoint);
}

int config_merge_image(struct container_config *c, const struct image_run_config *image, struct err *e)
{
	if (str_empty(c->user))
		free_and_set(&c->user, xstrdup(image->user));
	merge_keys(&c->exposed_ports, &image->exposed_ports);
	merge_keys(&c->volumes, &image->volumes);
	c->volumes.set = c->volumes.n > 0; /* null rather than {}, as Docker says it */
	merge_env(c, image->env);
	merge_set(&c->labels, &image->labels);
	c->labels.set = true;
	merge_command(c, image);
	merge_healthcheck(c, image->healthcheck);
	if (str_empty(c->working_dir))
		free_and_set(&c->working_dir, xstrdup(image->working_dir));
	if (!str_empty(c->working_dir) && c->working_dir[0] == '/')
		free_and_set(&c->working_dir, path_clean(c->working_dir));
	if (str_empty(c->stop_signal))
		free_and_set(&c->stop_signal, xstrdup(image->stop_signal));
	if (strv_len(c->shell) == 0 && strv_len(image->shell) > 0) {
		strv_free(c->shell);
		c->shell = strv_dup(image->shell);
	}
	if (strv_len(c->entrypoint) == 1 && !*c->entrypoint[0]) {
		strv_free(c->entrypoint); /* [""] means: none, not even the image's */
		c->entrypoint = NULL;
	}
	if (strv_len(c->entrypoint) + strv_len(c->cmd) == 0)
		return err_set(e, ERR_INVALID, "no command specified");
	return 0;
}

void config_command(const struct container_config *c, char **ret_path, char ***ret_args)
{
	_cleanup_strv_ char **all = NULL;

	strv_extend(&all, c->entrypoint);
	strv_extend(&all, c->cmd);
	*ret_path = xstrdup(all && all[0] ? all[0] : "");
	*ret_args = strv_new();
	if (all && all[0])
		strv_extend(ret_args, all + 1);
}

/* --- host config --- */

static void fill(char **s, const char *value)
{
	if (str_empty(*s))
		free_and_set(s, xstrdup(value));
}

/* Counters that tell neighbours about each other's load; where the processor has them. */
static char **throttles;
static pthread_once_t throttles_once = PTHREAD_ONCE_INIT;

static void throttles_find(void)
{
	for (unsigned i = 0; i < CPUS_LOOKED_AT; i++) {
		_cleanup_free_ char *cpu = xasprintf("/sys/devices/system/cpu/cpu%u", i);
		_cleanup_free_ char *throttle = path_join(cpu, "thermal_throttle");

		if (!path_exists(cpu))
			break;
		if (path_exists(throttle))
			strv_add(&throttles, throttle);
	}
}

static void fill_paths(struct host_config *h)
{
	static const char *const masked[] = {
		"/proc/asound",      "/proc/acpi",          "/proc/interrupts", "/proc/kcore",
		"/proc/keys",        "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats",
		"/proc/sched_debug", "/proc/scsi",          "/sys/firmware",    "/sys/devices/virtual/powercap",
	};
	static const char *const readonly[] = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
					       "/proc/sysrq-trigger"};

	if (h->privileged) {
		strv_free(h->masked_paths);
		strv_free(h->readonly_paths);
		h->masked_paths = h->readonly_paths = NULL;
		return;
	}
	if (!h->masked_paths) {
		for (size_t i = 0; i < ARRAY_SIZE(masked); i++)
			strv_add(&h->masked_paths, masked[i]);
		pthread_once(&throttles_once, throttles_find);
		strv_extend(&h->masked_paths, throttles);
	}
	if (!h->readonly_paths) {
		for (size_t i = 0; i < ARRAY_SIZE(readonly); i++)
			strv_add(&h->readonly_paths, readonly[i]);
	}
}

static void fill_log(struct log_config *l, const struct engine_config *cfg)
{
	const char *type = str_empty(cfg->default_log_driver) ? "json-file" : cfg->default_log_driver;
	bool same = str_empty(l->type) || str_eq(l->type, type);

	fill(&l->type, type);
	l->config.set = true;
	for (size_t i = 0; same && i < cfg->default_log_opts.n; i++) {
		const struct json_kv_item *o = &cfg->default_log_opts.items[i];

		if (!json_kv_get(&l->config, o->key))
			json_kv_put(&l->config, o->key, str_or_empty(o->value));
	}
}

void host_config_fill(struct host_config *h, const struct engine_config *cfg, bool cgroup_v2)
{
	const char *cgroupns = cfg->default_cgroupns_mode;

	/* Private on both cgroup versions (rule D20); privileged containers on v1 see the host's tree, as systemd and
	 * nested engines inside expect. */
	if (str_empty(cgroupns))
		cgroupns = h->privileged && !cgroup_v2 ? "host" : "private";
	if (str_empty(h->network_mode) || str_eq(h->network_mode, "default"))
		free_and_set(&h->network_mode, xstrdup("bridge"));
	fill(&h->ipc_mode, str_empty(cfg->default_ipc_mode) ? "private" : cfg->default_ipc_mode);
	fill(&h->cgroupns_mode, cgroupns);
	fill(&h->restart_policy.name, "no");
	fill(&h->runtime, "runc");
	fill(&h->console_size, "[0,0]");
	if (h->shm_size == 0)
		h->shm_size = cfg->default_shm_size > 0 ? cfg->default_shm_size : SHM_SIZE_DEFAULT;
	if (h->memory > 0 && h->memory_swap == 0 && h->memory <= INT64_MAX / 2)
		h->memory_swap = h->memory * 2;
	if (!h->oom_kill_disable)
		h->oom_kill_disable = xnew(bool);
	if (h->pids_limit && *h->pids_limit <= 0) {
		free(h->pids_limit);
		h->pids_limit = NULL;
	}
	fill_log(&h->log_config, cfg);
	fill_paths(h);
}
