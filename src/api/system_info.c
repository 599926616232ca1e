/* SPDX-License-Identifier: Apache-2.0 */
/* GET /info: what this engine is and what the kernel under it can do, read from the kernel at each call. */
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "api/daemon_config.h"
#include "api/system_priv.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "engine/engine.h"
#include "engine/events.h"
#include "image/image.h"

#define CGROUP2_MAGIC 0x63677270

struct host { /* what the kernel says */
	bool cgroup2;
	bool memory, swap, kmem_tcp, cfs, shares, cpuset, pids, oom_disable;
	bool forwarding, seccomp;
	int cpus;
	int64_t memory_total;
	char *os_name, *os_version;
	struct utsname uts;
};

static bool file_has(const char *path, const char *word)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT_MAX(1024 * 1024);

	return path_read_file(path, 1024 * 1024, &sb) >= 0 && strstr(sb.data, word);
}

static void cgroups_probe(struct host *h)
{
	struct statfs fs;

	h->cgroup2 = statfs("/sys/fs/cgroup", &fs) == 0 && fs.f_type == CGROUP2_MAGIC;
	if (h->cgroup2) {
		const char *controllers = "/sys/fs/cgroup/cgroup.controllers";

		h->memory = h->swap = file_has(controllers, "memory");
		h->cfs = h->shares = file_has(controllers, "cpu");
		h->cpuset = file_has(controllers, "cpuset");
		h->pids = file_has(controllers, "pids");
		return;
	}
	h->memory = path_exists("/sys/fs/cgroup/memory/memory.limit_in_bytes");
	h->swap = path_exists("/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes");
	h->kmem_tcp = path_exists("/sys/fs/cgroup/memory/memory.kmem.tcp.limit_in_bytes");
	h->oom_disable = path_exists("/sys/fs/cgroup/memory/memory.oom_control");
	h->cfs = path_exists("/sys/fs/cgroup/cpu/cpu.cfs_quota_us");
	h->shares = path_exists("/sys/fs/cgroup/cpu/cpu.shares");
	h->cpuset = path_exists("/sys/fs/cgroup/cpuset/cpuset.cpus");
	h->pids = path_exists("/sys/fs/cgroup/pids");
}

/* KEY="value" of os-release. */
static char *release_value(const char *text, const char *key)
{
	size_t n = strlen(key);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		const char *value;
		size_t len;

		line += *line == '\n';
		if (strncmp(line, key, n) != 0 || line[n] != '=')
			continue;
		value = line + n + 1;
		len = strcspn(value, "\n");
		if (len >= 2 && (*value == '"' || *value == '\'') && value[len - 1] == *value) {
			value++;
			len -= 2;
		}
		return xstrndup(value, len);
	}
	return NULL;
}

static void host_probe(struct host *h)
{
	_cleanup_strbuf_ struct strbuf release = STRBUF_INIT_MAX(64 * 1024);
	struct sysinfo si;
	cpu_set_t cpus;

	*h = (struct host){0};
	cgroups_probe(h);
	uname(&h->uts);
	h->cpus =
		sched_getaffinity(0, sizeof(cpus), &cpus) == 0 ? CPU_COUNT(&cpus) : (int)sysconf(_SC_NPROCESSORS_ONLN);
	if (sysinfo(&si) == 0)
		h->memory_total = (int64_t)si.totalram * si.mem_unit;
	h->forwarding = file_has("/proc/sys/net/ipv4/ip_forward", "1");
	h->seccomp = path_exists("/proc/sys/kernel/seccomp/actions_avail");
	if (path_read_file("/etc/os-release", 64 * 1024, &release) < 0)
		path_read_file("/usr/lib/os-release", 64 * 1024, &release);
	h->os_name = release_value(release.data, "PRETTY_NAME");
	h->os_version = release_value(release.data, "VERSION_ID");
}

static void host_done(struct host *h)
{
	free(h->os_name);
	free(h->os_version);
}

static int dir_count(const char *path)
{
	DIR *d = opendir(path);
	int n = 0;

	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n > 2 ? n - 2 : 0;
}

static void pair_write(struct json_writer *w, const char *a, const char *b)
{
	json_array_begin(w);
	json_str(w, a);
	json_str(w, b);
	json_array_close(w);
}

/* Docker's names for the file systems that a data root may be on. */
static const char *backing_fs(const char *data_root)
{
	static const struct {
		unsigned long magic;
		const char *name;
	} names[] = {
		{0xef53, "extfs"},         {0x58465342, "xfs"}, {0x9123683e, "btrfs"}, {0x01021994, "tmpfs"},
		{0x794c7630, "overlayfs"}, {0x2fc12fc1, "zfs"}, {0xf2f52010, "f2fs"},
	};
	struct statfs fs;

	if (statfs(data_root, &fs) == 0)
		for (size_t i = 0; i < ARRAY_SIZE(names); i++)
			if ((unsigned long)fs.f_type == names[i].magic)
				return names[i].name;
	return "<unknown>";
}

static void driver_write(struct json_writer *w, const struct daemon_config *cfg)
{
	json_kstr(w, "Driver", "overlay2");
	json_key(w, "DriverStatus");
	json_array_begin(w);
	pair_write(w, "Backing Filesystem", backing_fs(cfg->data_root));
	pair_write(w, "Supports d_type", "true");
	pair_write(w, "Using metacopy", "false");
	pair_write(w, "Native Overlay Diff", "true");
	pair_write(w, "userxattr", "false");
	json_array_close(w);
}

static void plugins_write(struct json_writer *w)
{
	static const char *const logs[] = {"json-file", "local", "none", NULL};
	static const char *const networks[] = {"host", "none", NULL};
	static const char *const volumes[] = {"local", NULL};

	json_key(w, "Plugins");
	json_object_begin(w);
	json_kstrv(w, "Volume", (char *const *)volumes);
	json_kstrv(w, "Network", (char *const *)networks);
	json_kstrv(w, "Authorization", NULL);
	json_kstrv(w, "Log", (char *const *)logs);
	json_object_close(w);
}

static void limits_write(struct json_writer *w, const struct host *h)
{
	json_kbool(w, "MemoryLimit", h->memory);
	json_kbool(w, "SwapLimit", h->swap);
	if (!h->cgroup2)
		json_kbool(w, "KernelMemoryTCP", h->kmem_tcp);
	json_kbool(w, "CpuCfsPeriod", h->cfs);
	json_kbool(w, "CpuCfsQuota", h->cfs);
	json_kbool(w, "CPUShares", h->shares);
	json_kbool(w, "CPUSet", h->cpuset);
	json_kbool(w, "PidsLimit", h->pids);
	json_kbool(w, "IPv4Forwarding", h->forwarding);
}

static void index_write(struct json_writer *w, const char *name, bool official, bool secure, char *const *mirrors)
{
	json_key(w, name);
	json_object_begin(w);
	json_kstr(w, "Name", name);
	if (mirrors)
		json_kstrv(w, "Mirrors", mirrors);
	else
		json_kstrv(w, "Mirrors", (char *const[]){NULL});
	json_kbool(w, "Secure", secure);
	json_kbool(w, "Official", official);
	json_object_close(w);
}

static bool is_cidr(const char *s)
{
	return strchr(s, '/') && strspn(s, "0123456789abcdefABCDEF.:/") == strlen(s);
}

static void registry_write(struct json_writer *w, const struct daemon_config *cfg)
{
	json_kstr(w, "IndexServerAddress", "https://index.docker.io/v1/");
	json_key(w, "RegistryConfig");
	json_object_begin(w);
	json_key(w, "InsecureRegistryCIDRs");
	json_array_begin(w);
	json_str(w, "::1/128");
	json_str(w, "127.0.0.0/8");
	STRV_FOREACH (r, cfg->insecure_registries)
		if (is_cidr(*r))
			json_str(w, *r);
	json_array_close(w);
	json_key(w, "IndexConfigs");
	json_object_begin(w);
	index_write(w, "docker.io", true, true, cfg->registry_mirrors);
	STRV_FOREACH (r, cfg->insecure_registries)
		if (!is_cidr(*r))
			index_write(w, *r, false, false, NULL);
	json_object_close(w);
	json_kstrv(w, "Mirrors", cfg->registry_mirrors);
	json_object_close(w);
}

static void runtime_write(struct json_writer *w, const char *name, const struct api *a)
{
	const char *features = __atomic_load_n(&a->runtime_features, __ATOMIC_ACQUIRE);

	json_key(w, name);
	json_object_begin(w);
	json_kstr(w, "path", a->runtime_path);
	if (features) {
		json_key(w, "status");
		json_object_begin(w);
		json_kstr(w, "org.opencontainers.runtime-spec.features", features);
		json_object_close(w);
	}
	json_object_close(w);
}

static void commit_write(struct json_writer *w, const char *key, const char *id)
{
	json_key(w, key);
	json_object_begin(w);
	json_kstr(w, "ID", id);
	json_object_close(w);
}

static void runtimes_write(struct json_writer *w, const struct api *a, const struct daemon_config *cfg)
{
	json_key(w, "Runtimes");
	json_object_begin(w);
	/* Both names are the one runtime: clients ask for "runc" by habit. */
	runtime_write(w, "hull", a);
	runtime_write(w, "io.containerd.runc.v2", a);
	runtime_write(w, "runc", a);
	json_object_close(w);
	json_kstr(w, "DefaultRuntime", cfg->default_runtime);
	json_key(w, "Swarm");
	json_object_begin(w);
	json_kstr(w, "NodeID", "");
	json_kstr(w, "NodeAddr", "");
	json_kstr(w, "LocalNodeState", "inactive");
	json_kbool(w, "ControlAvailable", false);
	json_kstr(w, "Error", "");
	json_kstr(w, "RemoteManagers", NULL);
	json_object_close(w);
	json_kbool(w, "LiveRestoreEnabled", cfg->live_restore);
	json_kstr(w, "Isolation", "");
	json_kstr(w, "InitBinary", str_empty(cfg->init_path) ? "hull-init" : cfg->init_path);
	commit_write(w, "ContainerdCommit", "");
	commit_write(w, "RuncCommit", HULL_VERSION);
	commit_write(w, "InitCommit", HULL_VERSION);
}

static void security_write(struct json_writer *w, const struct host *h, const struct daemon_config *cfg)
{
	const char *profile = str_empty(cfg->seccomp_profile) ? "builtin" : cfg->seccomp_profile;
	_cleanup_free_ char *seccomp = xasprintf("name=seccomp,profile=%s", profile);

	json_key(w, "SecurityOptions");
	json_array_begin(w);
	if (h->seccomp)
		json_str(w, seccomp);
	if (h->cgroup2)
		json_str(w, "name=cgroupns");
	if (cfg->no_new_privileges)
		json_str(w, "name=no-new-privileges");
	json_array_close(w);
}

static void warnings_write(struct json_writer *w, const struct host *h, const struct daemon_config *cfg)
{
	_cleanup_strv_ char **v = NULL;

	STRV_FOREACH (host, cfg->hosts) {
		const char *addr = str_after(*host, "tcp://");

		if (!addr || cfg->tls_verify)
			continue;
		strv_addf(&v,
			  "[DEPRECATION NOTICE]: API is accessible on http%s://%s without %s. Access to the remote API "
			  "is "
			  "equivalent to root access on the host.",
			  cfg->tls ? "s" : "", addr, cfg->tls ? "client verification" : "encryption");
	}
	if (!h->memory)
		strv_add(&v, "WARNING: No memory limit support");
	if (!h->swap)
		strv_add(&v, "WARNING: No swap limit support");
	if (!h->cfs)
		strv_add(&v, "WARNING: No cpu cfs quota support");
	if (!h->shares)
		strv_add(&v, "WARNING: No cpu shares support");
	if (!h->cpuset)
		strv_add(&v, "WARNING: No cpuset support");
	if (!h->pids)
		strv_add(&v, "WARNING: No pids limit support");
	json_kstrv(w, "Warnings", v);
}

static void counts_write(struct json_writer *w, const struct api *a)
{
	struct engine_counts n = {0};
	int images = 0;

	if (a->engine)
		n = engine_count(a->engine);
	if (a->images) {
		struct image **all = image_all(a->images);

		while (all && all[images])
			images++;
		image_all_free(all);
	}
	json_kint(w, "Containers", n.total);
	json_kint(w, "ContainersRunning", n.running);
	json_kint(w, "ContainersPaused", n.paused);
	json_kint(w, "ContainersStopped", n.stopped);
	json_kint(w, "Images", images);
}

static void host_write(struct json_writer *w, const struct api *a, const struct host *h,
		       const struct daemon_config *cfg)
{
	json_kbool(w, "Debug", cfg->debug);
	json_kint(w, "NFd", dir_count("/proc/self/fd"));
	json_kbool(w, "OomKillDisable", h->oom_disable);
	json_kint(w, "NGoroutines", dir_count("/proc/self/task"));
	json_ktime(w, "SystemTime", clock_realtime_ns());
	json_kstr(w, "LoggingDriver", cfg->log_driver);
	json_kstr(w, "CgroupDriver", "cgroupfs");
	json_kstr(w, "CgroupVersion", h->cgroup2 ? "2" : "1");
	json_kint(w, "NEventsListener", events_listener_count(a->events));
	json_kstr(w, "KernelVersion", h->uts.release);
	json_kstr(w, "OperatingSystem", h->os_name ? h->os_name : "linux");
	json_kstr(w, "OSVersion", str_or_empty(h->os_version));
	json_kstr(w, "OSType", "linux");
	json_kstr(w, "Architecture", h->uts.machine);
}

static void machine_write(struct json_writer *w, const struct host *h, const struct daemon_config *cfg)
{
	json_kint(w, "NCPU", h->cpus);
	json_kint(w, "MemTotal", h->memory_total);
	json_kstr(w, "GenericResources", NULL);
	json_kstr(w, "DockerRootDir", cfg->data_root);
	json_kstr(w, "HttpProxy", str_or_empty(cfg->http_proxy));
	json_kstr(w, "HttpsProxy", str_or_empty(cfg->https_proxy));
	json_kstr(w, "NoProxy", str_or_empty(cfg->no_proxy));
	json_kstr(w, "Name", h->uts.nodename);
	json_kstrv(w, "Labels", cfg->labels ? cfg->labels : (char *const[]){NULL});
	json_kbool(w, "ExperimentalBuild", cfg->experimental);
	json_kstr(w, "ServerVersion", system_server_version());
}

static void containerd_write(struct json_writer *w)
{
	static const char *const cdi[] = {"/etc/cdi", "/var/run/cdi", NULL};

	json_key(w, "FirewallBackend");
	json_object_begin(w);
	json_kstr(w, "Driver", "nftables");
	json_object_close(w);
	json_kstrv(w, "CDISpecDirs", (char *const *)cdi);
	/* Tools look for the key; there is no containerd below. */
	json_key(w, "Containerd");
	json_object_begin(w);
	json_kstr(w, "Address", "");
	json_key(w, "Namespaces");
	json_object_begin(w);
	json_kstr(w, "Containers", "");
	json_kstr(w, "Plugins", "");
	json_object_close(w);
	json_object_close(w);
}

int system_info(struct api_call *c, struct err *e)
{
	const struct daemon_config *cfg = api_config(c->api);
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	struct json_writer w;
	struct host h;

	(void)e;
	host_probe(&h);
	json_writer_init(&w, &sb);
	json_object_begin(&w);
	json_kstr(&w, "ID", cfg->engine_id);
	counts_write(&w, c->api);
	driver_write(&w, cfg);
	plugins_write(&w);
	limits_write(&w, &h);
	host_write(&w, c->api, &h, cfg);
	registry_write(&w, cfg);
	machine_write(&w, &h, cfg);
	runtimes_write(&w, c->api, cfg);
	security_write(&w, &h, cfg);
	containerd_write(&w);
	warnings_write(&w, &h, cfg);
	json_object_close(&w);
	host_done(&h);
	api_reply_json(c, 200, &sb);
	return 0;
}
