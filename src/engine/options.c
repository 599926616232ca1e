/* SPDX-License-Identifier: Apache-2.0 */
/* Parsers of the small texts inside HostConfig. Each takes one string and says what is wrong with it as Docker does. */
#include "engine/options.h"

#include <arpa/inet.h>
#include <errno.h>
#include <strings.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/strutil.h"
#include "base/strv.h"

/* --- security options --- */

/* Go's strconv.ParseBool. */
static int parse_go_bool(const char *s, bool *ret)
{
	static const char *const yes[] = {"1", "t", "T", "TRUE", "true", "True"};
	static const char *const no[] = {"0", "f", "F", "FALSE", "false", "False"};

	for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
		if (str_eq(s, yes[i]) || str_eq(s, no[i])) {
			*ret = str_eq(s, yes[i]);
			return 0;
		}
	}
	return -EINVAL;
}

static int security_value(const char *option, const char *key, size_t n, const char *value, struct security_options *o,
			  struct err *e)
{
	if (n == 8 && memcmp(key, "apparmor", n) == 0) {
		if (str_eq(value, "unconfined"))
			return 0;
		return err_set(e, ERR_UNSUPPORTED, "apparmor profiles are not supported on this host: \"%.100s\"",
			       option);
	}
	if (n == 5 && memcmp(key, "label", n) == 0) {
		if (str_eq(value, "disable"))
			return 0;
		return err_set(e, ERR_UNSUPPORTED, "SELinux labels are not supported on this host: \"%.100s\"", option);
	}
	if (n == 7 && memcmp(key, "seccomp", n) == 0) {
		o->seccomp = value;
		return 0;
	}
	if (n == 17 && memcmp(key, "no-new-privileges", n) == 0 && parse_go_bool(value, &o->no_new_privileges) == 0) {
		o->no_new_privileges_set = true;
		return 0;
	}
	if (n == 16 && memcmp(key, "writable-cgroups", n) == 0 && parse_go_bool(value, &o->writable_cgroups) == 0)
		return 0;
	return err_set(e, ERR_INVALID, "invalid --security-opt 2: \"%.100s\"", option);
}

int security_options_parse(char *const *list, struct security_options *ret, struct err *e)
{
	struct security_options o = {0};

	STRV_FOREACH (s, list) {
		const char *sep;

		if (str_eq(*s, "no-new-privileges")) {
			o.no_new_privileges_set = o.no_new_privileges = true;
			continue;
		}
		if (str_eq(*s, "disable"))
			continue; /* an old spelling of label=disable */
		sep = strchr(*s, '=');
		if (!sep)
			sep = strchr(*s, ':'); /* the separator of old clients */
		if (!sep)
			return err_set(e, ERR_INVALID, "invalid --security-opt 1: \"%.100s\"", *s);
		if (security_value(*s, *s, (size_t)(sep - *s), sep + 1, &o, e) < 0)
			return -1;
	}
	*ret = o;
	return 0;
}

/* --- sysctls --- */

static bool sysctl_chars(const char *s, const char *also)
{
	for (; *s; s++) {
		bool plain = (*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') || (*s >= '0' && *s <= '9');

		if (!plain && !strchr(also, *s))
			return false;
	}
	return true;
}

#define SYSCTL_TEXT_MAX 256

int sysctl_check(const char *key, const char *value, bool host_net, bool host_ipc, bool host_uts, struct err *e)
{
	static const char *const ipc[] = {"kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem",
					  "kernel.shmall", "kernel.shmmax", "kernel.shmmni", "kernel.shm_rmid_forced"};
	bool of_ipc = str_starts(key, "fs.mqueue.");

	if (str_empty(key) || strlen(key) > SYSCTL_TEXT_MAX || !sysctl_chars(key, "._-") || strstr(key, "..") ||
	    str_ends(key, "."))
		return err_set(e, ERR_INVALID, "invalid sysctl \"%.100s\"", key);
	if (str_empty(value) || strlen(value) > SYSCTL_TEXT_MAX || !sysctl_chars(value, " .,:/_-"))
		return err_set(e, ERR_INVALID, "invalid value for sysctl \"%s\"", key);
	for (size_t i = 0; i < ARRAY_SIZE(ipc); i++)
		of_ipc = of_ipc || str_eq(key, ipc[i]);
	if (of_ipc) {
		if (host_ipc)
			return err_set(e, ERR_INVALID, "sysctl \"%s\" is not allowed in the hosts ipc namespace", key);
		return 0;
	}
	if (str_starts(key, "net.")) {
		if (host_net)
			return err_set(e, ERR_INVALID, "sysctl \"%s\" not allowed in host network namespace", key);
		return 0;
	}
	if (str_eq(key, "kernel.domainname")) {
		if (host_uts)
			return err_set(e, ERR_INVALID, "sysctl \"%s\" is not allowed in the hosts uts namespace", key);
		return 0;
	}
	return err_set(e, ERR_INVALID, "sysctl \"%s\" is not in a separate kernel namespace", key);
}

/* --- ulimits --- */

static const struct {
	const char *name, *rlimit;
} rlimits[] = {
	{"core", "RLIMIT_CORE"},         {"cpu", "RLIMIT_CPU"},
	{"data", "RLIMIT_DATA"},         {"fsize", "RLIMIT_FSIZE"},
	{"locks", "RLIMIT_LOCKS"},       {"memlock", "RLIMIT_MEMLOCK"},
	{"msgqueue", "RLIMIT_MSGQUEUE"}, {"nice", "RLIMIT_NICE"},
	{"nofile", "RLIMIT_NOFILE"},     {"nproc", "RLIMIT_NPROC"},
	{"rss", "RLIMIT_RSS"},           {"rtprio", "RLIMIT_RTPRIO"},
	{"rttime", "RLIMIT_RTTIME"},     {"sigpending", "RLIMIT_SIGPENDING"},
	{"stack", "RLIMIT_STACK"},       {"as", "RLIMIT_AS"},
};

const char *ulimit_rlimit(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(rlimits); i++) {
		if (strcasecmp(rlimits[i].name, name) == 0)
			return rlimits[i].rlimit;
	}
	return NULL;
}

int ulimit_check(const struct ulimit *u, struct err *e)
{
	if (!ulimit_rlimit(str_or_empty(u->name)))
		return err_set(e, ERR_INVALID, "invalid ulimit type: %.100s", str_or_empty(u->name));
	if (u->soft < -1 || u->hard < -1)
		return err_set(e, ERR_INVALID, "invalid ulimit %s: %lld:%lld", u->name, (long long)u->soft,
			       (long long)u->hard);
	if (u->hard != -1 && (u->soft == -1 || u->soft > u->hard))
		return err_set(e, ERR_INVALID,
			       "ulimit soft limit must be less than or equal to hard limit: %lld > %lld",
			       (long long)u->soft, (long long)u->hard);
	return 0;
}

void ulimit_done(struct ulimit *u)
{
	free(u->name);
	*u = (struct ulimit){0};
}

int ulimit_parse(const char *text, struct ulimit *ret, struct err *e)
{
	const char *eq = strchr(text, '=');
	_cleanup_strv_ char **v = NULL;
	struct ulimit u = {0};
	size_t n;

	if (!eq)
		return err_set(e, ERR_INVALID, "invalid ulimit argument: %.100s", text);
	v = strv_split(eq + 1, ':');
	n = strv_len(v);
	if (n > 2 || parse_i64(v[0], &u.soft) < 0 || (n == 2 && parse_i64(v[1], &u.hard) < 0))
		return err_set(e, ERR_INVALID, "invalid ulimit argument: %.100s", text);
	if (n == 1)
		u.hard = u.soft;
	u.name = xstrndup(text, (size_t)(eq - text));
	if (ulimit_check(&u, e) < 0) {
		ulimit_done(&u);
		return -1;
	}
	*ret = u;
	return 0;
}

/* --- cpu and memory node lists --- */

/* Sets bits of "0-3,5" in a map of LIMIT_CPUSET bits. 0, -EINVAL (not a list) or -ERANGE. */
static int cpu_list_parse(const char *list, uint8_t map[LIMIT_CPUSET / 8])
{
	_cleanup_strv_ char **parts = NULL;

	memset(map, 0, LIMIT_CPUSET / 8);
	parts = strv_split(list, ',');
	STRV_FOREACH (p, parts) {
		char *dash = strchr(*p, '-');
		uint64_t from, to;

		if (dash)
			*dash = 0;
		if (!str_is_digits(*p) || (dash && !str_is_digits(dash + 1)))
			return -EINVAL;
		if (parse_u64(*p, &from) < 0 || parse_u64(dash ? dash + 1 : *p, &to) < 0)
			return -ERANGE;
		if (from >= LIMIT_CPUSET || to >= LIMIT_CPUSET)
			return -ERANGE;
		if (from > to)
			return -EINVAL;
		for (; from <= to; from++)
			map[from / 8] |= (uint8_t)(1 << (from % 8));
	}
	return 0;
}

int cpu_list_check(const char *list, const char *available, const char *what, const char *things, struct err *e)
{
	uint8_t want[LIMIT_CPUSET / 8], have[LIMIT_CPUSET / 8];
	int r = cpu_list_parse(list, want);

	if (r == -ERANGE)
		return err_set(e, ERR_INVALID, "Invalid value %.100s for %s: value of out range, maximum is %d", list,
			       what, LIMIT_CPUSET);
	if (r < 0)
		return err_set(e, ERR_INVALID, "Invalid value %.100s for %s: invalid format: %.100s", list, what, list);
	if (!available || cpu_list_parse(available, have) < 0)
		return 0;
	for (size_t i = 0; i < sizeof(want); i++) {
		if (want[i] & ~have[i])
			return err_set(e, ERR_INVALID,
				       "Requested %s are not available - requested %.100s, available: %s", things, list,
				       available);
	}
	return 0;
}

unsigned cpu_list_count(const char *list)
{
	uint8_t map[LIMIT_CPUSET / 8];
	unsigned n = 0;

	if (cpu_list_parse(list, map) < 0)
		return 0;
	for (size_t i = 0; i < sizeof(map); i++)
		n += (unsigned)__builtin_popcount(map[i]);
	return n;
}

/* --- devices --- */

static int device_part(const char *s, int64_t *ret)
{
	uint32_t v;

	if (str_eq(s, "*")) {
		*ret = -1;
		return 0;
	}
	if (parse_u32(s, &v) < 0 || v > INT32_MAX)
		return -EINVAL;
	*ret = v;
	return 0;
}

int device_rule_parse(const char *text, struct device_rule *ret, struct err *e)
{
	_cleanup_strv_ char **v = strv_split(text, ' ');
	struct device_rule r = {0};
	char *colon;
	size_t n = 0;

	if (strv_len(v) != 3 || strlen(v[0]) != 1 || !strchr("abc", v[0][0]))
		goto bad;
	r.type = v[0][0];
	colon = strchr(v[1], ':');
	if (!colon)
		goto bad;
	*colon = 0;
	if (device_part(v[1], &r.major) < 0 || device_part(colon + 1, &r.minor) < 0)
		goto bad;
	if (!*v[2] || strlen(v[2]) > 3)
		goto bad;
	for (const char *s = v[2]; *s; s++) {
		if (!strchr("rwm", *s) || memchr(r.access, *s, n))
			goto bad;
		r.access[n++] = *s;
	}
	*ret = r;
	return 0;
bad:
	return err_set(e, ERR_INVALID, "invalid device cgroup rule format: '%.100s'", text);
}

/* --- ports and hosts --- */

int port_range_parse(const char *text, uint16_t *ret_first, uint16_t *ret_last)
{
	_cleanup_free_ char *copy = xstrdup(str_or_empty(text));
	char *dash = strchr(copy, '-');
	uint32_t first, last;

	if (!*copy) {
		*ret_first = *ret_last = 0;
		return 0;
	}
	if (dash)
		*dash = 0;
	if (parse_u32(copy, &first) < 0 || parse_u32(dash ? dash + 1 : copy, &last) < 0)
		return -EINVAL;
	if (first > UINT16_MAX || last > UINT16_MAX || first > last)
		return -EINVAL;
	*ret_first = (uint16_t)first;
	*ret_last = (uint16_t)last;
	return 0;
}

int port_spec_parse(const char *text, struct port_spec *ret)
{
	const char *slash = strchr(text, '/');
	const char *proto = slash ? slash + 1 : "tcp";
	_cleanup_free_ char *range = slash ? xstrndup(text, (size_t)(slash - text)) : xstrdup(text);
	struct port_spec p = {0};

	if (!*range || port_range_parse(range, &p.first, &p.last) < 0)
		return -EINVAL;
	if (!str_eq_nocase(proto, "tcp") && !str_eq_nocase(proto, "udp") && !str_eq_nocase(proto, "sctp"))
		return -EINVAL;
	for (size_t i = 0; proto[i]; i++)
		p.proto[i] = (char)(proto[i] | 0x20);
	*ret = p;
	return 0;
}

bool is_host_word(const char *s)
{
	if (str_empty(s))
		return false;
	for (; *s; s++) {
		if ((unsigned char)*s <= ' ' || *s == 0x7f || *s == '#')
			return false;
	}
	return true;
}

int extra_host_parse(const char *text, char **ret_name, char **ret_address, struct err *e)
{
	const char *sep = strpbrk(text, ":=");
	_cleanup_free_ char *name = NULL, *address = NULL;
	unsigned char raw[sizeof(struct in6_addr)];
	size_t n;

	if (!sep || sep == text || !sep[1])
		return err_set(e, ERR_INVALID, "bad format for add-host: \"%.200s\"", text);
	name = xstrndup(text, (size_t)(sep - text));
	if (!is_host_word(name))
		return err_set(e, ERR_INVALID, "bad format for add-host: \"%.200s\"", text);
	address = xstrdup(sep + 1);
	n = strlen(address);
	if (n > 2 && address[0] == '[' && address[n - 1] == ']') { /* as URLs write IPv6 addresses */
		memmove(address, address + 1, n - 2);
		address[n - 2] = 0;
	}
	if (!str_eq(address, "host-gateway") && inet_pton(AF_INET, address, raw) != 1 &&
	    inet_pton(AF_INET6, address, raw) != 1)
		return err_set(e, ERR_INVALID, "invalid IP address in add-host: \"%.200s\"", address);
	*ret_name = TAKE_PTR(name);
	*ret_address = TAKE_PTR(address);
	return 0;
}

/* --- logs --- */

static const char *const known_drivers[] = {"syslog", "journald", "gelf",    "fluentd",   "awslogs",
					    "splunk", "etwlogs",  "gcplogs", "logentries"};

static int log_mode_check(const struct json_kv *config, struct err *e)
{
	const char *mode = json_kv_get(config, "mode"), *size = json_kv_get(config, "max-buffer-size");
	int64_t n;

	if (!str_empty(mode) && !str_eq(mode, "blocking") && !str_eq(mode, "non-blocking"))
		return err_set(e, ERR_INVALID, "logger: logging mode not supported: %.100s", mode);
	if (size && !str_eq(mode, "non-blocking"))
		return err_set(e, ERR_INVALID,
			       "logger: max-buffer-size option is only supported with 'mode=non-blocking'");
	if (size && parse_bytes(size, &n) < 0)
		return err_set(e, ERR_INVALID, "error parsing option max-buffer-size: invalid size: '%.100s'", size);
	return 0;
}

/* Docker finds these only when the container starts; whoever mistyped wants to know at once. */
static int log_values_check(const struct json_kv *config, struct err *e)
{
	const char *size = json_kv_get(config, "max-size"), *files = json_kv_get(config, "max-file");
	const char *compress = json_kv_get(config, "compress");
	int64_t n;
	bool on;

	if (size && !str_eq(size, "-1") && (parse_bytes(size, &n) < 0 || n <= 0))
		return err_set(e, ERR_INVALID, "invalid size: '%.100s'", size);
	if (files && parse_i64(files, &n) < 0)
		return err_set(e, ERR_INVALID, "strconv.Atoi: parsing \"%.100s\": invalid syntax", files);
	if (files && n < 1)
		return err_set(e, ERR_INVALID, "max-file cannot be less than 1");
	if (compress && parse_go_bool(compress, &on) < 0)
		return err_set(
			e, ERR_INVALID,
			"error reading compress log option: strconv.ParseBool: parsing \"%.100s\": invalid syntax",
			compress);
	return 0;
}

int log_config_check(const char *type, const struct json_kv *config, struct err *e)
{
	static const char *const json_file[] = {"max-size", "max-file",  "compress", "labels", "labels-regex",
						"env",      "env-regex", "tag",      "mode",   "max-buffer-size",
						NULL};
	static const char *const local[] = {"max-size", "max-file", "compress", "mode", "max-buffer-size", NULL};
	bool is_local = str_eq(type, "local");

	if (str_eq(type, "none"))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(known_drivers); i++) {
		if (str_eq(type, known_drivers[i]))
			return err_set(e, ERR_UNSUPPORTED, "log driver \"%s\" is not supported yet", type);
	}
	if (!is_local && !str_eq(type, "json-file"))
		return err_set(e, ERR_INVALID, "error looking up logging plugin %.100s: plugin \"%.100s\" not found",
			       type, type);
	for (size_t i = 0; i < config->n; i++) {
		const char *key = config->items[i].key;

		if (strv_contains((char *const *)(is_local ? local : json_file), key))
			continue;
		if (is_local)
			return err_set(e, ERR_INVALID, "unknown log opt '%.100s' for log driver local", key);
		return err_set(e, ERR_INVALID, "unknown log opt '%.100s' for json-file log driver", key);
	}
	if (log_mode_check(config, e) < 0)
		return -1;
	return log_values_check(config, e);
}
