/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of option values while they are parsed; they may replace the value by its normal form. No I/O but getenv. */
#include <arpa/inet.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "cli/run.h"

static bool is_ip(const char *s)
{
	struct in6_addr a;

	return inet_pton(AF_INET, s, &a) == 1 || inet_pton(AF_INET6, s, &a) == 1;
}

static bool complain(struct strbuf *why, const char *fmt, ...) _printf_(2, 3);
static bool complain(struct strbuf *why, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(why, fmt, ap);
	va_end(ap);
	return false;
}

bool run_check_attach(const char *value, struct strbuf *why, char **ret)
{
	static const char *const streams[] = {"stdin", "stdout", "stderr"};

	for (size_t i = 0; i < ARRAY_SIZE(streams); i++) {
		if (str_eq_nocase(value, streams[i])) {
			*ret = xstrdup(streams[i]);
			return true;
		}
	}
	return complain(why, "valid streams are STDIN, STDOUT and STDERR");
}

bool run_check_env(const char *value, struct strbuf *why, char **ret)
{
	const char *own;

	if (!*value || *value == '=')
		return complain(why, "invalid environment variable: %s", value);
	own = strchr(value, '=') ? NULL : getenv(value);
	if (own)
		*ret = xasprintf("%s=%s", value, own);
	return true;
}

bool run_check_label(const char *value, struct strbuf *why, char **ret)
{
	const char *p = value + strspn(value, " \t");

	(void)ret;
	if (!*p || *p == '=')
		return complain(why, "invalid label '%s': empty name", value);
	return true;
}

bool run_check_ip(const char *value, struct strbuf *why, char **ret)
{
	_cleanup_free_ char *trimmed = xstrdup(value + strspn(value, " "));
	size_t n = strcspn(trimmed, " ");

	trimmed[n] = 0;
	if (!is_ip(trimmed))
		return complain(why, "IP address is not correctly formatted: %s", value);
	*ret = TAKE_PTR(trimmed);
	return true;
}

bool run_check_search(const char *value, struct strbuf *why, char **ret)
{
	bool letter = false;

	(void)ret;
	if (str_eq(value, "."))
		return true;
	for (const char *p = value; *p; p++) {
		letter |= isalpha((unsigned char)*p) != 0;
		if (!isalnum((unsigned char)*p) && !strchr("-_.", *p))
			return complain(why, "%s is not a valid domain", value);
	}
	if (!letter || *value == '.' || *value == '-' || strstr(value, ".."))
		return complain(why, "%s is not a valid domain", value);
	return true;
}

bool run_check_link(const char *value, struct strbuf *why, char **ret)
{
	_cleanup_strv_ char **parts = strv_split(value, ':');

	(void)ret;
	if (!*value)
		return complain(why, "empty string specified for links");
	if (strv_len(parts) > 2)
		return complain(why, "bad format for links: %s", value);
	return true;
}

bool run_check_host(const char *value, struct strbuf *why, char **ret)
{
	const char *sep = strpbrk(value, "=:"), *ip;
	_cleanup_free_ char *bare = NULL;

	if (!sep || sep == value)
		return complain(why, "bad format for add-host: \"%s\"", value);
	if (strchr(value, '='))
		sep = strchr(value, '=');
	ip = sep + 1;
	bare = xstrdup(ip);
	if (*bare == '[' && str_ends(bare, "]")) {
		memmove(bare, bare + 1, strlen(bare));
		bare[strlen(bare) - 1] = 0;
	}
	if (!str_eq(bare, "host-gateway") && !is_ip(bare))
		return complain(why, "invalid IP address in add-host: \"%s\"", ip);
	*ret = xasprintf("%.*s:%s", (int)(sep - value), value, bare);
	return true;
}

/* "/dev/x:value" cut in two. */
static bool split_device(const char *value, struct strbuf *why, const char **ret_rest)
{
	const char *colon = strchr(value, ':');

	if (!colon || colon == value)
		return complain(why, "bad format: %s", value);
	if (!str_starts(value, "/dev/"))
		return complain(why, "bad format for device path: %s", value);
	*ret_rest = colon + 1;
	return true;
}

bool run_check_rate_bps(const char *value, struct strbuf *why, char **ret)
{
	const char *rest = NULL;
	int64_t v;

	(void)ret;
	if (!split_device(value, why, &rest))
		return false;
	if (parse_bytes(rest, &v) < 0 || v < 0)
		return complain(why,
				"invalid rate for device: %s. The correct format is <device-path>:<number>[<unit>]. "
				"Number must be a positive integer. Unit is optional and can be kb, mb, or gb",
				value);
	return true;
}

bool run_check_rate_iops(const char *value, struct strbuf *why, char **ret)
{
	const char *rest = NULL;
	uint64_t v;

	(void)ret;
	if (!split_device(value, why, &rest))
		return false;
	if (parse_u64(rest, &v) < 0)
		return complain(why,
				"invalid rate for device: %s. The correct format is <device-path>:<number>. "
				"Number must be a positive integer",
				value);
	return true;
}

bool run_check_weight(const char *value, struct strbuf *why, char **ret)
{
	const char *rest = NULL;
	uint32_t v;

	(void)ret;
	if (!split_device(value, why, &rest))
		return false;
	if (parse_u32(rest, &v) < 0 || (v > 0 && (v < 10 || v > 1000)))
		return complain(why, "invalid weight for device: %s", value);
	return true;
}

bool run_check_sysctl(const char *value, struct strbuf *why, char **ret)
{
	static const char *const known[] = {"kernel.msgmax", "kernel.msgmnb",         "kernel.msgmni",
					    "kernel.sem",    "kernel.shmall",         "kernel.shmmax",
					    "kernel.shmmni", "kernel.shm_rmid_forced"};
	const char *eq = strchr(value, '=');

	(void)ret;
	if (eq) {
		for (size_t i = 0; i < ARRAY_SIZE(known); i++)
			if (strlen(known[i]) == (size_t)(eq - value) &&
			    strncmp(value, known[i], (size_t)(eq - value)) == 0)
				return true;
		if (str_starts(value, "net.") || str_starts(value, "fs.mqueue."))
			return true;
	}
	return complain(why, "sysctl '%s' is not allowed", value);
}

int run_parse_ulimit(const char *value, json_object **ret, struct strbuf *why)
{
	static const char *const names[] = {"core",    "cpu",      "data",   "fsize",      "locks",
					    "memlock", "msgqueue", "nice",   "nofile",     "nproc",
					    "rss",     "rtprio",   "rttime", "sigpending", "stack"};
	const char *eq = strchr(value, '=');
	_cleanup_free_ char *name = NULL;
	_cleanup_strv_ char **limits = NULL;
	int64_t soft, hard;
	bool known = false;

	if (!eq) {
		strbuf_addf(why, "invalid ulimit argument: %s", value);
		return -1;
	}
	name = xstrndup(value, (size_t)(eq - value));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		known |= str_eq(names[i], name);
	if (!known) {
		strbuf_addf(why, "invalid ulimit type: %s", name);
		return -1;
	}
	limits = strv_split(eq + 1, ':');
	if (strv_len(limits) > 2) {
		strbuf_addf(why, "too many limit value arguments - %s, can only have up to two, `soft[:hard]`", eq + 1);
		return -1;
	}
	for (size_t i = 0; limits[i]; i++) {
		if (parse_i64(limits[i], i ? &hard : &soft) < 0) {
			strbuf_addf(why, "strconv.ParseInt: parsing \"%s\": invalid syntax", limits[i]);
			return -1;
		}
	}
	if (strv_len(limits) == 1)
		hard = soft;
	if (hard != -1 && (soft == -1 || soft > hard)) {
		if (soft == -1)
			strbuf_addf(why,
				    "ulimit soft limit must be less than or equal to hard limit: soft: -1 (unlimited), "
				    "hard: %" PRId64,
				    hard);
		else
			strbuf_addf(why,
				    "ulimit soft limit must be less than or equal to hard limit: %" PRId64
				    " > %" PRId64,
				    soft, hard);
		return -1;
	}
	*ret = json_object_new_object();
	put_str(*ret, "Name", name);
	put_int(*ret, "Hard", hard);
	put_int(*ret, "Soft", soft);
	return 0;
}

bool run_check_ulimit(const char *value, struct strbuf *why, char **ret)
{
	_cleanup_json_ json_object *o = NULL;

	(void)ret;
	return run_parse_ulimit(value, &o, why) == 0;
}

bool run_check_mount(const char *value, struct strbuf *why, char **ret)
{
	_cleanup_json_ json_object *o = NULL;

	(void)ret;
	return run_parse_mount(value, &o, why) == 0;
}

bool run_check_network(const char *value, struct strbuf *why, char **ret)
{
	_cleanup_json_ json_object *o = NULL;

	(void)ret;
	return run_parse_network(value, &o, why) == 0;
}

bool run_check_gpus(const char *value, struct strbuf *why, char **ret)
{
	_cleanup_json_ json_object *o = NULL;

	(void)ret;
	return run_parse_gpus(value, &o, why) == 0;
}

/* "c 1:3 rwm" */
bool run_check_rule(const char *value, struct strbuf *why, char **ret)
{
	const char *p = value;
	size_t n;

	(void)ret;
	if (!strchr("acb", *p) || !*p || p[1] != ' ')
		goto bad;
	p += 2;
	for (int i = 0; i < 2; i++) {
		n = *p == '*' ? 1 : strspn(p, "0123456789");
		if (!n || p[n] != (i ? ' ' : ':'))
			goto bad;
		p += n + 1;
	}
	n = strspn(p, "rwm");
	if (n >= 1 && n <= 3 && !p[n])
		return true;
bad:
	return complain(why, "invalid device cgroup format '%s'", value);
}

int run_parse_gpus(const char *value, json_object **ret, struct strbuf *why)
{
	_cleanup_json_ json_object *o = json_object_new_object();
	_cleanup_strv_ char **fields = NULL, **caps = NULL, **ids = NULL, **options = NULL;
	const char *driver = "";
	int64_t count = 0;
	bool counted = false;

	if (csv_split(value, &fields) < 0) {
		strbuf_add_str(why, "parse error on line 1: bare \" in non-quoted-field");
		return -1;
	}
	STRV_FOREACH (f, fields) {
		const char *v = strchr(*f, '=');

		if (!v || str_starts(*f, "count=")) {
			const char *number = v ? v + 1 : *f;

			counted = true;
			if (str_eq(number, "all")) {
				count = -1;
			} else if (parse_i64(number, &count) < 0) {
				strbuf_addf(why,
					    "invalid count (%s): value must be either \"all\" or an integer: invalid "
					    "syntax",
					    number);
				return -1;
			}
		} else if (str_starts(*f, "driver=")) {
			driver = v + 1;
		} else if (str_starts(*f, "device=")) {
			ids = strv_split(v + 1, ',');
		} else if (str_starts(*f, "capabilities=")) {
			caps = strv_split(v + 1, ',');
			strv_add(&caps, "gpu");
		} else if (str_starts(*f, "options=")) {
			if (csv_split(v + 1, &options) < 0) {
				strbuf_addf(why, "failed to read gpu options: %s", v + 1);
				return -1;
			}
		} else {
			strbuf_addf(why, "unexpected key '%.*s' in '%s'", (int)(v - *f), *f, *f);
			return -1;
		}
	}
	if (!counted && !ids)
		count = 1;
	put_str(o, "Driver", driver);
	put_int(o, "Count", count);
	put_strv(o, "DeviceIDs", ids);
	if (!caps)
		strv_add(&caps, "gpu");
	json_object_object_add(o, "Capabilities", json_object_new_array());
	json_object_array_add(json_member(o, "Capabilities"), json_object_new_array());
	STRV_FOREACH (c, caps)
		json_object_array_add(json_object_array_get_idx(json_member(o, "Capabilities"), 0),
				      json_object_new_string(*c));
	json_object_object_add(o, "Options", kv_object(options));
	*ret = TAKE_PTR(o);
	return 0;
}
