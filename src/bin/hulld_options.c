/* SPDX-License-Identifier: Apache-2.0 */
/* The option table with the checks of single values, in Docker's words. Pure. */
#include "bin/hulld_options.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/strutil.h"

int option_bool_parse(const char *s)
{
	static const char *const yes[] = {"1", "t", "T", "true", "TRUE", "True"};
	static const char *const no[] = {"0", "f", "F", "false", "FALSE", "False"};

	for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
		if (str_eq(s, yes[i]))
			return 1;
		if (str_eq(s, no[i]))
			return 0;
	}
	return -1;
}

/* --- checks --- */

static int check_ip(const char *s, struct err *e)
{
	unsigned char b[16];

	if (inet_pton(AF_INET, s, b) == 1 || inet_pton(AF_INET6, s, b) == 1)
		return 0;
	return err_set(e, ERR_INVALID, "invalid string being converted to IP address: %s", s);
}

static int check_cidr(const char *s, struct err *e)
{
	_cleanup_free_ char *addr = xstrndup(s, strcspn(s, "/"));
	unsigned char b[16];
	uint32_t bits;
	int family = inet_pton(AF_INET, addr, b) == 1 ? 32 : (inet_pton(AF_INET6, addr, b) == 1 ? 128 : 0);

	if (family && s[strlen(addr)] == '/' && parse_u32(s + strlen(addr) + 1, &bits) == 0 && bits <= (uint32_t)family)
		return 0;
	return err_set(e, ERR_INVALID, "invalid CIDR address: %s", s);
}

static int check_level(const char *s, struct err *e)
{
	enum log_level level;

	return log_level_parse(s, &level) == 0 ? 0 : err_set(e, ERR_INVALID, "invalid logging level: %s", s);
}

static int check_format(const char *s, struct err *e)
{
	return str_eq(s, "text") || str_eq(s, "json") ? 0 : err_set(e, ERR_INVALID, "invalid log format: %s", s);
}

static int check_label(const char *s, struct err *e)
{
	const char *eq = strchr(s, '=');

	return eq && eq != s ? 0 : err_set(e, ERR_INVALID, "bad attribute format: %s", s);
}

static int check_mirror(const char *s, struct err *e)
{
	const char *rest = str_after(s, "https://");

	if (!rest)
		rest = str_after(s, "http://");
	if (!rest && strstr(s, "://"))
		return err_set(e, ERR_INVALID,
			       "invalid mirror: unsupported scheme in \"%s\": must use either 'https://' or 'http://'",
			       s);
	if (!rest)
		return err_set(
			e, ERR_INVALID,
			"invalid mirror: no scheme specified for \"%s\": must use either 'https://' or 'http://'", s);
	if (!*rest || *rest == '/')
		return err_set(e, ERR_INVALID, "invalid mirror: \"%s\" has no host", s);
	if (strpbrk(rest, "?#"))
		return err_set(e, ERR_INVALID, "invalid mirror: query or fragment at end of the URI \"%s\"", s);
	return 0;
}

static int check_insecure(const char *s, struct err *e)
{
	if (strstr(s, "://"))
		return err_set(e, ERR_INVALID, "insecure registry %s should not contain '://'", s);
	return *s ? 0 : err_set(e, ERR_INVALID, "insecure registry must not be empty");
}

static int check_ipc(const char *s, struct err *e)
{
	if (str_eq(s, "") || str_eq(s, "private") || str_eq(s, "shareable"))
		return 0;
	if (str_eq(s, "host") || str_eq(s, "none") || str_starts(s, "container:"))
		return err_set(e, ERR_INVALID,
			       "IPC mode \"%s\" is not supported as default value; use \"shareable\" or \"private\"",
			       s);
	return err_set(e, ERR_INVALID, "default IPC mode setting (%s) is invalid; use \"shareable\" or \"private\"", s);
}

static int check_cgroupns(const char *s, struct err *e)
{
	if (str_eq(s, "") || str_eq(s, "private") || str_eq(s, "host"))
		return 0;
	return err_set(e, ERR_INVALID, "default cgroup namespace mode (%s) is invalid; use \"host\" or \"private\"", s);
}

static int check_downloads(const char *s, struct err *e)
{
	return *s != '-' ? 0 : err_set(e, ERR_INVALID, "invalid max concurrent downloads: %s", s);
}

static int check_uploads(const char *s, struct err *e)
{
	return *s != '-' ? 0 : err_set(e, ERR_INVALID, "invalid max concurrent uploads: %s", s);
}

static int check_attempts(const char *s, struct err *e)
{
	return *s != '-' && !str_eq(s, "0") ? 0 : err_set(e, ERR_INVALID, "invalid max download attempts: %s", s);
}

static int check_mtu(const char *s, struct err *e)
{
	return *s != '-' ? 0 : err_set(e, ERR_INVALID, "invalid default MTU: %s", s);
}

static int check_log_driver(const char *s, struct err *e)
{
	if (str_eq(s, "json-file") || str_eq(s, "local") || str_eq(s, "none"))
		return 0;
	return err_set(e, ERR_INVALID, "logger: no log driver named '%s' is registered", s);
}

static int check_storage(const char *s, struct err *e)
{
	return str_eq(s, "") || str_eq(s, "overlay2") ? 0 : err_set(e, ERR_INVALID, "driver not supported: %s", s);
}

static int check_exec_opt(const char *s, struct err *e)
{
	const char *driver = str_after(s, "native.cgroupdriver=");

	if (str_eq(driver, "cgroupfs"))
		return 0;
	if (str_eq(driver, "systemd"))
		return err_set(e, ERR_UNSUPPORTED,
			       "native.cgroupdriver=systemd is not implemented by this version of Hull");
	return err_set(e, ERR_INVALID, "unknown exec-opt: %s", s);
}

static int check_runtime(const char *s, struct err *e)
{
	const char *eq = strchr(s, '=');

	return eq && eq != s && eq[1] ? 0 : err_set(e, ERR_INVALID, "invalid runtime: %s", s);
}

static int check_default_runtime(const char *s, struct err *e)
{
	static const char *const known[] = {"", "hull", "runc", "io.containerd.runc.v2"};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (str_eq(s, known[i]))
			return 0;
	return err_set(e, ERR_INVALID, "unknown or invalid runtime name: %s", s);
}

static int check_cors(const char *s, struct err *e)
{
	if (!*s)
		return 0;
	return err_set(e, ERR_INVALID, "api-cors-header is not supported: CORS was removed from the Docker API");
}

static int check_min_api(const char *s, struct err *e)
{
	uint32_t minor;

	if (strncmp(s, "1.", 2) == 0 && parse_u32(s + 2, &minor) == 0 && minor >= 24 && minor <= 51)
		return 0;
	return err_set(e, ERR_INVALID, "minimum API version %s is outside 1.24 - 1.51", s);
}

static int check_ulimit(const char *s, struct err *e)
{
	static const char *const names[] = {"core",    "cpu",      "data",   "fsize",      "locks",
					    "memlock", "msgqueue", "nice",   "nofile",     "nproc",
					    "rss",     "rtprio",   "rttime", "sigpending", "stack"};
	_cleanup_free_ char *name = NULL, *soft = NULL;
	const char *eq = strchr(s, '='), *colon;
	int64_t lo, hi;
	bool known = false;

	if (!eq)
		return err_set(e, ERR_INVALID, "invalid ulimit argument: %s", s);
	name = xstrndup(s, (size_t)(eq - s));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		known |= str_eq(name, names[i]);
	if (!known)
		return err_set(e, ERR_INVALID, "invalid ulimit type: %s", name);
	colon = strchr(eq, ':');
	soft = colon ? xstrndup(eq + 1, (size_t)(colon - eq - 1)) : xstrdup(eq + 1);
	if (parse_i64(soft, &lo) < 0)
		return err_set(e, ERR_INVALID, "strconv.ParseInt: parsing \"%s\": invalid syntax", soft);
	hi = lo;
	if (colon && parse_i64(colon + 1, &hi) < 0)
		return err_set(e, ERR_INVALID, "strconv.ParseInt: parsing \"%s\": invalid syntax", colon + 1);
	if (hi != -1 && (lo == -1 || lo > hi))
		return err_set(e, ERR_INVALID,
			       "ulimit soft limit must be less than or equal to hard limit: %lld > %lld", (long long)lo,
			       (long long)hi);
	return 0;
}

#define AT(field) offsetof(struct daemon_config, field)
#define NOWHERE   OPTION_NOWHERE
#define IGNORED   OPTION_IGNORED
#define WARN      OPTION_WARN
#define RELOAD    OPTION_RELOAD
#define REFUSE    OPTION_REFUSE

const struct option_spec option_specs[] = {
	{"add-runtime", 0, "runtimes", OPTION_ANY, NOWHERE, WARN, check_runtime,
	 "Register an additional OCI compatible runtime"},
	{"allow-direct-routing", 0, "allow-direct-routing", OPTION_BOOL, NOWHERE, WARN, NULL,
	 "Allow remote access to published ports on container IP addresses"},
	{"authorization-plugin", 0, "authorization-plugins", OPTION_LIST, NOWHERE, REFUSE, NULL,
	 "Authorization plugins to load"},
	{"bip", 0, "bip", OPTION_STR, NOWHERE, WARN, check_cidr, "IPv4 address for the default bridge"},
	{"bip6", 0, "bip6", OPTION_STR, NOWHERE, WARN, check_cidr, "IPv6 address for the default bridge"},
	{"bridge", 'b', "bridge", OPTION_STR, NOWHERE, WARN, NULL, "Attach containers to a network bridge"},
	{"cdi-spec-dir", 0, "cdi-spec-dirs", OPTION_LIST, NOWHERE, WARN, NULL, "CDI specification directories to use"},
	{"cgroup-parent", 0, "cgroup-parent", OPTION_STR, AT(cgroup_parent), 0, NULL,
	 "Set parent cgroup for all containers"},
	{"config-file", 0, NULL, OPTION_STR, AT(config_file), 0, NULL,
	 "Daemon configuration file (default \"/etc/docker/daemon.json\")"},
	{"containerd", 0, "containerd", OPTION_STR, NOWHERE, IGNORED, NULL,
	 "containerd grpc address (no effect: there is none)"},
	{"containerd-namespace", 0, "containerd-namespace", OPTION_STR, NOWHERE, IGNORED, NULL,
	 "Containerd namespace to use (no effect)"},
	{"containerd-plugins-namespace", 0, "containerd-plugin-namespace", OPTION_STR, NOWHERE, IGNORED, NULL,
	 "Containerd namespace to use for plugins (no effect)"},
	{"cpu-rt-period", 0, "cpu-rt-period", OPTION_INT, NOWHERE, WARN, NULL,
	 "Limit the CPU real-time period in microseconds for the parent cgroup"},
	{"cpu-rt-runtime", 0, "cpu-rt-runtime", OPTION_INT, NOWHERE, WARN, NULL,
	 "Limit the CPU real-time runtime in microseconds for the parent cgroup"},
	{"cri-containerd", 0, "cri-containerd", OPTION_BOOL, NOWHERE, WARN, NULL, "Start containerd with CRI"},
	{"data-root", 0, "data-root", OPTION_STR, AT(data_root), 0, NULL,
	 "Root directory of persistent state (default \"/var/lib/docker\")"},
	{"debug", 'D', "debug", OPTION_BOOL, AT(debug), RELOAD, NULL, "Enable debug mode"},
	{"default-address-pool", 0, "default-address-pools", OPTION_ANY, NOWHERE, WARN, NULL,
	 "Default address pools for node specific local networks"},
	{"default-cgroupns-mode", 0, "default-cgroupns-mode", OPTION_STR, AT(default_cgroupns_mode), 0, check_cgroupns,
	 "Default mode for containers cgroup namespace (\"host\" | \"private\")"},
	{"default-gateway", 0, "default-gateway", OPTION_STR, NOWHERE, WARN, check_ip,
	 "Default gateway IPv4 address for the default bridge network"},
	{"default-gateway-v6", 0, "default-gateway-v6", OPTION_STR, NOWHERE, WARN, check_ip,
	 "Default gateway IPv6 address for the default bridge network"},
	{"default-ipc-mode", 0, "default-ipc-mode", OPTION_STR, AT(default_ipc_mode), 0, check_ipc,
	 "Default mode for containers ipc (\"shareable\" | \"private\")"},
	{"default-network-opt", 0, "default-network-opts", OPTION_ANY, NOWHERE, WARN, NULL, "Default network options"},
	{"default-runtime", 0, "default-runtime", OPTION_STR, AT(default_runtime), RELOAD, check_default_runtime,
	 "Default OCI runtime for containers (default \"runc\")"},
	{"default-shm-size", 0, "default-shm-size", OPTION_BYTES, AT(default_shm_size), 0, NULL,
	 "Default shm size for containers (default 64MiB)"},
	{"default-ulimit", 0, "default-ulimits", OPTION_ULIMIT, AT(default_ulimits), 0, check_ulimit,
	 "Default ulimits for containers"},
	{"dns", 0, "dns", OPTION_LIST, NOWHERE, WARN, check_ip, "DNS server to use"},
	{"dns-opt", 0, "dns-opts", OPTION_LIST, NOWHERE, WARN, NULL, "DNS options to use"},
	{"dns-search", 0, "dns-search", OPTION_LIST, NOWHERE, WARN, NULL, "DNS search domains to use"},
	{"exec-opt", 0, "exec-opts", OPTION_LIST, NOWHERE, 0, check_exec_opt, "Runtime execution options"},
	{"exec-root", 0, "exec-root", OPTION_STR, AT(exec_root), 0, NULL,
	 "Root directory for execution state files (default \"/var/run/docker\")"},
	{"experimental", 0, "experimental", OPTION_BOOL, AT(experimental), 0, NULL, "Enable experimental features"},
	{"feature", 0, "features", OPTION_ANY, NOWHERE, RELOAD, NULL, "Enable feature in the daemon"},
	{"fixed-cidr", 0, "fixed-cidr", OPTION_STR, NOWHERE, WARN, check_cidr,
	 "IPv4 subnet for the default bridge network"},
	{"fixed-cidr-v6", 0, "fixed-cidr-v6", OPTION_STR, NOWHERE, WARN, check_cidr,
	 "IPv6 subnet for the default bridge network"},
	{"group", 'G', "group", OPTION_STR, AT(group), 0, NULL, "Group for the unix socket (default \"docker\")"},
	{"host", 'H', "hosts", OPTION_LIST, AT(hosts), 0, NULL, "Daemon socket(s) to connect to"},
	{"host-gateway-ip", 0, "host-gateway-ips", OPTION_LIST, NOWHERE, WARN, check_ip,
	 "IP addresses that the special 'host-gateway' string resolves to"},
	{"http-proxy", 0, "proxies.http-proxy", OPTION_STR, AT(http_proxy), 0, NULL,
	 "HTTP proxy URL to use for outgoing traffic"},
	{"https-proxy", 0, "proxies.https-proxy", OPTION_STR, AT(https_proxy), 0, NULL,
	 "HTTPS proxy URL to use for outgoing traffic"},
	{"icc", 0, "icc", OPTION_BOOL, NOWHERE, WARN, NULL,
	 "Enable inter-container communication for the default bridge network"},
	{"init", 0, "init", OPTION_BOOL, AT(init), 0, NULL,
	 "Run an init in the container to forward signals and reap processes"},
	{"init-path", 0, "init-path", OPTION_STR, AT(init_path), 0, NULL, "Path to the docker-init binary"},
	{"insecure-registry", 0, "insecure-registries", OPTION_LIST, AT(insecure_registries), RELOAD, check_insecure,
	 "Enable insecure registry communication"},
	{"insecure-tcp", 0, "insecure-tcp", OPTION_BOOL, AT(insecure_tcp), 0, NULL,
	 "Serve TCP beyond loopback without client certificates: gives root to whoever can connect"},
	{"ip", 0, "ip", OPTION_STR, NOWHERE, WARN, check_ip,
	 "Host IP for port publishing from the default bridge network"},
	{"ip-forward", 0, "ip-forward", OPTION_BOOL, NOWHERE, WARN, NULL,
	 "Enable IP forwarding in system configuration"},
	{"ip-forward-no-drop", 0, "ip-forward-no-drop", OPTION_BOOL, NOWHERE, WARN, NULL,
	 "Do not set the filter-FORWARD policy to DROP when enabling IP forwarding"},
	{"ip-masq", 0, "ip-masq", OPTION_BOOL, NOWHERE, WARN, NULL,
	 "Enable IP masquerading for the default bridge network"},
	{"ip6tables", 0, "ip6tables", OPTION_BOOL, NOWHERE, WARN, NULL, "Enable addition of ip6tables rules"},
	{"iptables", 0, "iptables", OPTION_BOOL, NOWHERE, WARN, NULL, "Enable addition of iptables rules"},
	{"ipv6", 0, "ipv6", OPTION_BOOL, NOWHERE, WARN, NULL, "Enable IPv6 networking for the default bridge network"},
	{"label", 0, "labels", OPTION_LIST, AT(labels), RELOAD, check_label, "Set key=value labels to the daemon"},
	{"live-restore", 0, "live-restore", OPTION_BOOL, AT(live_restore), RELOAD, NULL,
	 "Keep containers running while the daemon is down (default true)"},
	{"log-driver", 0, "log-driver", OPTION_STR, AT(log_driver), 0, check_log_driver,
	 "Default driver for container logs (default \"json-file\")"},
	{"log-format", 0, "log-format", OPTION_STR, AT(log_format), 0, check_format,
	 "Set the logging format (\"text\"|\"json\")"},
	{"log-level", 'l', "log-level", OPTION_STR, AT(log_level), RELOAD, check_level,
	 "Set the logging level (\"debug\"|\"info\"|\"warn\"|\"error\"|\"fatal\")"},
	{"log-opt", 0, "log-opts", OPTION_MAP, AT(log_opts), 0, NULL, "Default log driver options for containers"},
	{"max-concurrent-downloads", 0, "max-concurrent-downloads", OPTION_INT, AT(max_concurrent_downloads), RELOAD,
	 check_downloads, "Set the max concurrent downloads"},
	{"max-concurrent-uploads", 0, "max-concurrent-uploads", OPTION_INT, AT(max_concurrent_uploads), RELOAD,
	 check_uploads, "Set the max concurrent uploads"},
	{"max-download-attempts", 0, "max-download-attempts", OPTION_INT, AT(max_download_attempts), RELOAD,
	 check_attempts, "Set the max download attempts for each pull"},
	{"metrics-addr", 0, "metrics-addr", OPTION_STR, NOWHERE, WARN, NULL,
	 "Set default address and port to serve the metrics api on"},
	{"mtu", 0, "mtu", OPTION_INT, NOWHERE, WARN, check_mtu, "Set the MTU for the default \"bridge\" network"},
	{"network-control-plane-mtu", 0, "network-control-plane-mtu", OPTION_INT, NOWHERE, WARN, NULL,
	 "Network Control plane MTU"},
	{"no-new-privileges", 0, "no-new-privileges", OPTION_BOOL, AT(no_new_privileges), 0, NULL,
	 "Set no-new-privileges by default for new containers"},
	{"no-proxy", 0, "proxies.no-proxy", OPTION_STR, AT(no_proxy), 0, NULL,
	 "Comma-separated list of hosts or IP addresses for which the proxy is skipped"},
	{"node-generic-resource", 0, "node-generic-resources", OPTION_LIST, NOWHERE, WARN, NULL,
	 "Advertise user-defined resource"},
	{"pidfile", 'p', "pidfile", OPTION_STR, AT(pidfile), 0, NULL,
	 "Path to use for daemon PID file (default \"/var/run/docker.pid\")"},
	{"raw-logs", 0, "raw-logs", OPTION_BOOL, NOWHERE, IGNORED, NULL,
	 "Full timestamps without ANSI coloring (always so)"},
	{"registry-mirror", 0, "registry-mirrors", OPTION_LIST, AT(registry_mirrors), RELOAD, check_mirror,
	 "Preferred registry mirror"},
	{"rootless", 0, "rootless", OPTION_BOOL, NOWHERE, REFUSE, NULL, "Enable rootless mode"},
	{"seccomp-profile", 0, "seccomp-profile", OPTION_STR, AT(seccomp_profile), 0, NULL,
	 "Path to seccomp profile, or \"unconfined\" (default \"builtin\")"},
	{"selinux-enabled", 0, "selinux-enabled", OPTION_BOOL, NOWHERE, REFUSE, NULL, "Enable selinux support"},
	{"shutdown-timeout", 0, "shutdown-timeout", OPTION_INT, AT(shutdown_timeout), RELOAD, NULL,
	 "Set the default shutdown timeout (default 15)"},
	{"storage-driver", 's', "storage-driver", OPTION_STR, NOWHERE, 0, check_storage,
	 "Storage driver to use (overlay2)"},
	{"storage-opt", 0, "storage-opts", OPTION_LIST, NOWHERE, WARN, NULL, "Storage driver options"},
	{"swarm-default-advertise-addr", 0, "swarm-default-advertise-addr", OPTION_STR, NOWHERE, WARN, NULL,
	 "Set default address or interface for swarm advertised address"},
	{"tls", 0, "tls", OPTION_BOOL, AT(tls), 0, NULL, "Use TLS; implied by --tlsverify"},
	{"tlscacert", 0, "tlscacert", OPTION_STR, AT(tls_ca), 0, NULL, "Trust certs signed only by this CA"},
	{"tlscert", 0, "tlscert", OPTION_STR, AT(tls_cert), 0, NULL, "Path to TLS certificate file"},
	{"tlskey", 0, "tlskey", OPTION_STR, AT(tls_key), 0, NULL, "Path to TLS key file"},
	{"tlsverify", 0, "tlsverify", OPTION_BOOL, AT(tls_verify), 0, NULL, "Use TLS and verify the remote"},
	{"userland-proxy", 0, "userland-proxy", OPTION_BOOL, NOWHERE, IGNORED, NULL,
	 "Use userland proxy for loopback traffic (no effect: none is needed)"},
	{"userland-proxy-path", 0, "userland-proxy-path", OPTION_STR, NOWHERE, IGNORED, NULL,
	 "Path to the userland proxy binary (no effect)"},
	{"userns-remap", 0, "userns-remap", OPTION_STR, NOWHERE, REFUSE, NULL,
	 "User/Group setting for user namespaces"},
	{"firewall-backend", 0, "firewall-backend", OPTION_STR, NOWHERE, WARN, NULL, "Firewall backend to use"},
	{"bridge-accept-fwmark", 0, "bridge-accept-fwmark", OPTION_STR, NOWHERE, WARN, NULL,
	 "Accept packets with this mark on bridges"},
	{"nri-opts", 0, "nri-opts", OPTION_ANY, NOWHERE, WARN, NULL, "Node Resource Interface configuration"},
	{"default-stop-timeout", 0, "default-stop-timeout", OPTION_INT, AT(default_stop_timeout), 0, NULL,
	 "Default stop timeout of containers in seconds (default 10)"},
	{"allow-nondistributable-artifacts", 0, "allow-nondistributable-artifacts", OPTION_LIST, NOWHERE, IGNORED, NULL,
	 NULL},
	{"api-cors-header", 0, "api-cors-header", OPTION_STR, NOWHERE, 0, check_cors, NULL},
	{"restart", 'r', NULL, OPTION_BOOL, NOWHERE, IGNORED, NULL, NULL},
	{"network-diagnostic-port", 0, "network-diagnostic-port", OPTION_INT, NOWHERE, WARN, NULL, NULL},
	/* only in the file */
	{NULL, 0, "builder", OPTION_ANY, NOWHERE, WARN, NULL, NULL},
	{NULL, 0, "default-init", OPTION_STR, NOWHERE, WARN, NULL, NULL},
	{NULL, 0, "resolv-conf", OPTION_STR, NOWHERE, WARN, NULL, NULL},
	{NULL, 0, "host-gateway-ip", OPTION_STR, NOWHERE, WARN, check_ip, NULL},
	{NULL, 0, "swarm-raft-heartbeat-tick", OPTION_INT, NOWHERE, WARN, NULL, NULL},
	{NULL, 0, "swarm-raft-election-tick", OPTION_INT, NOWHERE, WARN, NULL, NULL},
	{NULL, 0, "deprecated-key-path", OPTION_STR, NOWHERE, IGNORED, NULL, NULL},
	{NULL, 0, "min-api-version", OPTION_STR, NOWHERE, WARN, check_min_api, NULL},
	/* only flags that do something else than configure */
	{"help", 0, NULL, OPTION_BOOL, NOWHERE, OPTION_NO_FILE, NULL, "Print usage"},
	{"validate", 0, NULL, OPTION_BOOL, NOWHERE, OPTION_NO_FILE, NULL, "Validate daemon configuration and exit"},
	{"version", 'v', NULL, OPTION_BOOL, NOWHERE, OPTION_NO_FILE, NULL, "Print version information and quit"},
};
const size_t option_specs_n = ARRAY_SIZE(option_specs);
