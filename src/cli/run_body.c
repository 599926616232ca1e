/* SPDX-License-Identifier: Apache-2.0 */
/* All options of run and create together as the body of POST /containers/create. */
#include <ctype.h>
#include <string.h>

#include "base/mem.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "cli/run.h"

static bool is_mac(const char *s)
{
	size_t n = strlen(s);

	if (n != 17 && n != 23)
		return false;
	for (size_t i = 0; i < n; i++)
		if (i % 3 == 2 ? s[i] != ':' && s[i] != '-' : !isxdigit((unsigned char)s[i]))
			return false;
	return true;
}

/* Streams to attach: as asked, or stdout and stderr. */
static void add_streams(const struct args *a, json_object *body)
{
	char *const *attach = flag_list(a, "attach");
	bool tty = flag_bool(a, "tty"), interactive = flag_bool(a, "interactive");
	bool in = strv_contains(attach, "stdin"), out = !attach || strv_contains(attach, "stdout");
	bool err = !attach || strv_contains(attach, "stderr");

	in |= interactive;
	if (flag_known(a, "detach") && flag_bool(a, "detach"))
		in = out = err = false;
	put_bool(body, "AttachStdin", in);
	put_bool(body, "AttachStdout", out);
	put_bool(body, "AttachStderr", err);
	put_bool(body, "Tty", tty);
	put_bool(body, "OpenStdin", interactive);
	put_bool(body, "StdinOnce", interactive && in);
}

/* HTTP_PROXY and friends from config.json "proxies", where the user did not set them. */
static void add_proxies(const struct config *config, char ***env)
{
	static const struct {
		const char *key, *variable;
	} vars[] = {{"httpProxy", "HTTP_PROXY"},
		    {"httpsProxy", "HTTPS_PROXY"},
		    {"noProxy", "NO_PROXY"},
		    {"ftpProxy", "FTP_PROXY"},
		    {"allProxy", "ALL_PROXY"}};
	json_object *proxies = config ? json_member(json_member(config->root, "proxies"), "default") : NULL;

	for (size_t i = 0; proxies && i < ARRAY_SIZE(vars); i++) {
		const char *value = json_member_str(proxies, vars[i].key, "");
		_cleanup_free_ char *lower = xstrdup(vars[i].variable);

		for (char *p = lower; *p; p++)
			*p = (char)tolower((unsigned char)*p);
		if (*value && !strv_env_get(*env, vars[i].variable))
			strv_addf(env, "%s=%s", vars[i].variable, value);
		if (*value && !strv_env_get(*env, lower))
			strv_addf(env, "%s=%s", lower, value);
	}
}

static int add_process(const struct args *a, const struct config *config, json_object *body, struct err *e)
{
	_cleanup_strv_ char **env = NULL, **labels = NULL;
	const char *entrypoint = flag_str(a, "entrypoint");
	char *entry[] = {(char *)(uintptr_t)entrypoint, NULL};

	put_str(body, "Hostname", flag_str(a, "hostname"));
	put_str(body, "Domainname", flag_str(a, "domainname"));
	put_str(body, "User", flag_str(a, "user"));
	add_streams(a, body);
	if (run_env(flag_list(a, "env-file"), flag_list(a, "env"), &env, e) < 0)
		return -1;
	add_proxies(config, &env);
	put_strv(body, "Env", env);
	put_strv(body, "Cmd", a->rest[1] ? a->rest + 1 : NULL);
	put_str(body, "Image", a->rest[0]);
	put_str(body, "WorkingDir", flag_str(a, "workdir"));
	/* "--entrypoint=" clears the image's */
	put_strv(body, "Entrypoint", flag_is_set(a, "entrypoint") ? entry : NULL);
	json_object_object_add(body, "OnBuild", NULL);
	STRV_FOREACH (f, flag_list(a, "label-file")) {
		if (run_read_kv_file(*f, false, &labels, e) < 0)
			return -1;
	}
	strv_extend(&labels, flag_list(a, "label"));
	json_object_object_add(body, "Labels", kv_object(labels));
	if (*flag_str(a, "stop-signal"))
		put_str(body, "StopSignal", flag_str(a, "stop-signal"));
	if (flag_is_set(a, "stop-timeout"))
		put_int(body, "StopTimeout", flag_num(a, "stop-timeout"));
	return run_add_health(a, body, e);
}

/* "name[:retries]" */
static int add_restart(const struct args *a, json_object *host, struct err *e)
{
	const char *value = flag_str(a, "restart"), *colon = strchr(value, ':');
	_cleanup_free_ char *name = colon ? xstrndup(value, (size_t)(colon - value)) : xstrdup(value);
	json_object *o = json_object_new_object();
	int32_t retries = 0;

	json_object_object_add(host, "RestartPolicy", o);
	if (colon && !*name)
		return err_set(e, ERR_INVALID, "invalid restart policy format: no policy provided before colon");
	if (colon && parse_i32(colon + 1, &retries) < 0)
		return err_set(e, ERR_INVALID, "invalid restart policy format: maximum retry count must be an integer");
	put_str(o, "Name", name);
	put_int(o, "MaximumRetryCount", retries);
	if (flag_bool(a, "rm") && *name && !str_eq(name, "no"))
		return err_set(e, ERR_INVALID, "conflicting options: cannot specify both --restart and --rm");
	return 0;
}

static int add_logging(const struct args *a, json_object *host, struct err *e)
{
	const char *driver = flag_str(a, "log-driver");
	char *const *opts = flag_list(a, "log-opt");
	json_object *o = json_object_new_object();

	json_object_object_add(host, "LogConfig", o);
	if (str_eq(driver, "none") && opts)
		return err_set(e, ERR_INVALID, "invalid logging opts for driver %s", driver);
	put_str(o, "Type", driver);
	json_object_object_add(o, "Config", kv_object(opts));
	return 0;
}

static bool one_of(const char *s, const char *const *v)
{
	for (; *v; v++)
		if (str_eq(s, *v))
			return true;
	return false;
}

static int add_namespaces(const struct args *a, json_object *host, struct err *e)
{
	static const char *const host_only[] = {"", "host", NULL}, *const cgroup[] = {"", "host", "private", NULL};
	const char *pid = flag_str(a, "pid"), *uts = flag_str(a, "uts"), *userns = flag_str(a, "userns");
	const char *cgroupns = flag_str(a, "cgroupns"), *container = str_after(pid, "container:");

	if (!one_of(pid, host_only) && str_empty(container))
		return err_set(e, ERR_INVALID, "--pid: invalid PID mode");
	if (!one_of(uts, host_only))
		return err_set(e, ERR_INVALID, "--uts: invalid UTS mode");
	if (!one_of(userns, host_only))
		return err_set(e, ERR_INVALID, "--userns: invalid USER mode");
	if (!one_of(cgroupns, cgroup))
		return err_set(e, ERR_INVALID, "--cgroupns: invalid CGROUP mode");
	put_str(host, "CgroupnsMode", cgroupns);
	put_str(host, "IpcMode", flag_str(a, "ipc"));
	put_str(host, "Cgroup", "");
	put_str(host, "PidMode", pid);
	put_str(host, "UTSMode", uts);
	put_str(host, "UsernsMode", userns);
	return 0;
}

/* "name=value" options sorted by name; the last one of a name counts. */
static char **by_name(char *const *v)
{
	char **out = strv_new();

	STRV_FOREACH (s, v)
		strv_env_set(&out, *s);
	strv_sort(out);
	return out;
}

/* Capability names as the engine stores them: upper case, CAP_ in front, sorted, once. */
static char **capabilities(char *const *names)
{
	_cleanup_strv_ char **out = NULL;

	STRV_FOREACH (name, names) {
		_cleanup_free_ char *cap = xstrdup(*name + strspn(*name, " "));

		for (char *p = cap; *p; p++)
			*p = (char)toupper((unsigned char)*p);
		if (!str_eq(cap, "ALL") && !str_eq(cap, "RESET") && !str_starts(cap, "CAP_"))
			free_and_set(&cap, xasprintf("CAP_%s", cap));
		if (!strv_contains(out, cap))
			strv_add(&out, cap);
	}
	if (out)
		strv_sort(out);
	return TAKE_PTR(out);
}

static void add_capabilities(const struct args *a, json_object *host)
{
	_cleanup_strv_ char **add = capabilities(flag_list(a, "cap-add")),
			    **drop = capabilities(flag_list(a, "cap-drop"));

	put_strv(host, "CapAdd", add);
	put_strv(host, "CapDrop", drop);
}

static int add_resources(const struct args *a, json_object *host, struct err *e)
{
	static const struct {
		const char *flag, *key;
	} numbers[] = {{"cpu-shares", "CpuShares"},
		       {"memory", "Memory"},
		       {"cpus", "NanoCpus"},
		       {"blkio-weight", "BlkioWeight"},
		       {"cpu-period", "CpuPeriod"},
		       {"cpu-quota", "CpuQuota"},
		       {"cpu-rt-period", "CpuRealtimePeriod"},
		       {"cpu-rt-runtime", "CpuRealtimeRuntime"},
		       {"memory-reservation", "MemoryReservation"},
		       {"memory-swap", "MemorySwap"},
		       {"memory-swappiness", "MemorySwappiness"},
		       {"pids-limit", "PidsLimit"},
		       {"cpu-count", "CpuCount"},
		       {"cpu-percent", "CpuPercent"},
		       {"io-maxiops", "IOMaximumIOps"},
		       {"io-maxbandwidth", "IOMaximumBandwidth"},
		       {"shm-size", "ShmSize"},
		       {"oom-score-adj", "OomScoreAdj"}};
	int64_t swappiness = flag_num(a, "memory-swappiness");
	_cleanup_strv_ char **last = NULL;
	json_object *ulimits = json_object_new_array();

	json_object_object_add(host, "Ulimits", ulimits);
	if (swappiness != -1 && (swappiness < 0 || swappiness > 100))
		return err_set(e, ERR_INVALID, "invalid value: %lld. Valid memory swappiness range is 0-100",
			       (long long)swappiness);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		put_int(host, numbers[i].key, flag_num(a, numbers[i].flag));
	put_str(host, "CgroupParent", flag_str(a, "cgroup-parent"));
	put_str(host, "CpusetCpus", flag_str(a, "cpuset-cpus"));
	put_str(host, "CpusetMems", flag_str(a, "cpuset-mems"));
	put_bool(host, "OomKillDisable", flag_bool(a, "oom-kill-disable"));
	last = by_name(flag_list(a, "ulimit"));
	STRV_FOREACH (u, last) {
		_cleanup_strbuf_ struct strbuf why = STRBUF_INIT;
		json_object *o = NULL;

		if (run_parse_ulimit(*u, &o, &why) < 0)
			return err_set(e, ERR_INVALID, "%s", why.data);
		json_object_array_add(ulimits, o);
	}
	return 0;
}

/* Members that docker leaves out when they are empty. */
static int add_optional(const struct args *a, json_object *host, struct err *e)
{
	char *const *storage = flag_list(a, "storage-opt");

	if (flag_is_set(a, "init"))
		put_bool(host, "Init", flag_bool(a, "init"));
	if (*flag_str(a, "runtime"))
		put_str(host, "Runtime", flag_str(a, "runtime"));
	if (flag_list(a, "annotation"))
		json_object_object_add(host, "Annotations", kv_object(flag_list(a, "annotation")));
	if (flag_list(a, "sysctl"))
		json_object_object_add(host, "Sysctls", kv_object(flag_list(a, "sysctl")));
	STRV_FOREACH (s, storage) {
		if (!strchr(*s, '='))
			return err_set(e, ERR_INVALID, "invalid storage option");
	}
	if (storage)
		json_object_object_add(host, "StorageOpt", kv_object(storage));
	return 0;
}

static int add_host(const struct args *a, json_object *body, json_object *host, struct err *e)
{
	json_object *size;

	put_str(host, "ContainerIDFile", flag_str(a, "cidfile"));
	if (add_logging(a, host, e) < 0 || add_restart(a, host, e) < 0 || add_namespaces(a, host, e) < 0 ||
	    add_resources(a, host, e) < 0 || add_optional(a, host, e) < 0)
		return -1;
	put_bool(host, "AutoRemove", flag_bool(a, "rm"));
	put_str(host, "VolumeDriver", flag_str(a, "volume-driver"));
	size = json_object_new_array();
	json_object_array_add(size, json_object_new_int(0));
	json_object_array_add(size, json_object_new_int(0));
	json_object_object_add(host, "ConsoleSize", size);
	add_capabilities(a, host);
	put_list(host, "Dns", flag_list(a, "dns"));
	put_list(host, "DnsOptions", flag_list(a, "dns-option"));
	put_list(host, "DnsSearch", flag_list(a, "dns-search"));
	put_strv(host, "ExtraHosts", flag_list(a, "add-host"));
	put_strv(host, "GroupAdd", flag_list(a, "group-add"));
	put_bool(host, "Privileged", flag_bool(a, "privileged"));
	put_bool(host, "PublishAllPorts", flag_bool(a, "publish-all"));
	put_bool(host, "ReadonlyRootfs", flag_bool(a, "read-only"));
	put_str(host, "Isolation", flag_str(a, "isolation"));
	if (run_add_ports(a, body, host, e) < 0 || run_add_mounts(a, body, host, e) < 0 ||
	    run_add_devices(a, host, e) < 0 || run_add_security(a, host, e) < 0)
		return -1;
	return run_add_networks(a, body, host, e);
}

int run_body(const struct args *a, const struct config *config, json_object **ret, struct err *e)
{
	_cleanup_json_ json_object *body = json_object_new_object();
	json_object *host = json_object_new_object();
	const char *mac = flag_str(a, "mac-address");

	json_object_object_add(body, "HostConfig", host);
	if (*mac && !is_mac(mac))
		return err_set(e, ERR_INVALID, "%s is not a valid mac address", mac);
	if (flag_bool(a, "use-api-socket"))
		return err_set(e, ERR_UNSUPPORTED, "--use-api-socket is not supported");
	if (add_process(a, config, body, e) < 0 || add_host(a, body, host, e) < 0)
		return -1;
	*ret = TAKE_PTR(body);
	return 0;
}
