/* SPDX-License-Identifier: Apache-2.0 */
/* Devices, block-I/O rates, security options and health checks of run and create. */
#include <ctype.h>
#include <string.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "cli/run.h"
#include "cli/user_file.h"
#include "format/template/template.h"

#define SECCOMP_MAX (4 * 1024 * 1024)

static bool is_device_mode(const char *s)
{
	unsigned seen = 0;

	for (const char *p = s; *p; p++) {
		const char *at = strchr("rwm", *p);

		if (!at || seen & 1u << (at - "rwm"))
			return false;
		seen |= 1u << (at - "rwm");
	}
	return *s;
}

/* vendor.com/class=name: a device of the Container Device Interface. */
static bool is_cdi(const char *s)
{
	const char *slash = strchr(s, '/'), *eq = strchr(s, '=');

	return *s != '/' && slash && eq && slash < eq && slash > s && eq > slash + 1 && eq[1] && !strchr(s, ':');
}

static int add_device(const char *spec, json_object *list, struct err *e)
{
	_cleanup_strv_ char **part = strv_split(spec, ':');
	size_t n = strv_len(part);
	const char *target = part[0], *mode = "rwm";
	json_object *o;

	if (n < 1 || n > 3 || !*part[0])
		return err_set(e, ERR_INVALID, "bad format for path: %s", spec);
	if (n == 2 && is_device_mode(part[1]))
		mode = part[1];
	else if (n >= 2 && *part[1])
		target = part[1];
	if (n == 3)
		mode = part[2];
	if (!is_device_mode(mode))
		return err_set(e, ERR_INVALID, "bad mode specified: %s", mode);
	if (*target != '/')
		return err_set(e, ERR_INVALID, "%s is not an absolute path", target);
	o = json_object_new_object();
	put_str(o, "PathOnHost", part[0]);
	put_str(o, "PathInContainer", target);
	put_str(o, "CgroupPermissions", mode);
	json_object_array_add(list, o);
	return 0;
}

/* "/dev/x:rate" values as [{"Path","Rate"}] (or Weight); they were checked when parsed. */
static void add_rates(const struct args *a, const char *flag, json_object *host, const char *key, const char *member)
{
	json_object *list = json_object_new_array();

	STRV_FOREACH (s, flag_list(a, flag)) {
		const char *colon = strchr(*s, ':');
		_cleanup_free_ char *path = xstrndup(*s, (size_t)(colon - *s));
		json_object *o = json_object_new_object();
		int64_t v = 0;

		parse_bytes(colon + 1, &v);
		put_str(o, "Path", path);
		put_int(o, member, v);
		json_object_array_add(list, o);
	}
	json_object_object_add(host, key, list);
}

int run_add_devices(const struct args *a, json_object *host, struct err *e)
{
	json_object *devices = json_object_new_array(), *requests = json_object_new_array();
	_cleanup_strv_ char **cdi = NULL;

	json_object_object_add(host, "Devices", devices);
	json_object_object_add(host, "DeviceRequests", requests);
	STRV_FOREACH (g, flag_list(a, "gpus")) {
		_cleanup_strbuf_ struct strbuf why = STRBUF_INIT;
		json_object *o = NULL;

		if (run_parse_gpus(*g, &o, &why) < 0)
			return err_set(e, ERR_INVALID, "%s", why.data);
		json_object_array_add(requests, o);
	}
	STRV_FOREACH (d, flag_list(a, "device")) {
		if (is_cdi(*d))
			strv_add(&cdi, *d);
		else if (add_device(*d, devices, e) < 0)
			return -1;
	}
	if (cdi) {
		json_object *o = json_object_new_object();

		put_str(o, "Driver", "cdi");
		put_int(o, "Count", 0);
		put_strv(o, "DeviceIDs", cdi);
		json_object_object_add(o, "Capabilities", NULL);
		json_object_object_add(o, "Options", NULL);
		json_object_array_add(requests, o);
	}
	if (!json_object_array_length(requests))
		json_object_object_add(host, "DeviceRequests", NULL);
	put_strv(host, "DeviceCgroupRules", flag_list(a, "device-cgroup-rule"));
	add_rates(a, "blkio-weight-device", host, "BlkioWeightDevice", "Weight");
	add_rates(a, "device-read-bps", host, "BlkioDeviceReadBps", "Rate");
	add_rates(a, "device-write-bps", host, "BlkioDeviceWriteBps", "Rate");
	add_rates(a, "device-read-iops", host, "BlkioDeviceReadIOps", "Rate");
	add_rates(a, "device-write-iops", host, "BlkioDeviceWriteIOps", "Rate");
	return 0;
}

/* seccomp=FILE: the profile itself travels to the engine. */
static int read_seccomp(const char *path, char ***out, struct err *e)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT, compact = STRBUF_INIT;
	_cleanup_json_ json_object *o = NULL;
	int r = path_read_file(path, SECCOMP_MAX, &text);

	if (r < 0)
		return user_file_error(e, -r, "opening seccomp profile (%s) failed: open %s", path, path);
	if (json_parse(text.data, text.len, &o, e) < 0)
		return err_wrap(e, "compacting json for seccomp profile (%s) failed", path);
	template_print_json(&compact, o, false, false);
	strv_addf(out, "seccomp=%s", compact.data);
	return 0;
}

int run_add_security(const struct args *a, json_object *host, struct err *e)
{
	_cleanup_strv_ char **opts = NULL;
	bool open_paths = false;

	STRV_FOREACH (s, flag_list(a, "security-opt")) {
		const char *sep = strchr(*s, '=');

		if (!sep)
			sep = strchr(*s, ':');
		if ((!sep || !sep[1]) && !str_eq(*s, "no-new-privileges"))
			return err_set(e, ERR_INVALID, "Invalid --security-opt: \"%s\"", *s);
		if (str_eq(*s, "systempaths=unconfined")) {
			open_paths = true;
		} else if (str_starts(*s, "seccomp") && sep == *s + 7 && !str_eq(sep + 1, "unconfined") &&
			   !str_eq(sep + 1, "builtin")) {
			if (read_seccomp(sep + 1, &opts, e) < 0)
				return -1;
		} else {
			strv_add(&opts, *s);
		}
	}
	if (open_paths && !opts)
		opts = strv_new();
	put_strv(host, "SecurityOpt", opts);
	json_object_object_add(host, "MaskedPaths", open_paths ? json_object_new_array() : NULL);
	json_object_object_add(host, "ReadonlyPaths", open_paths ? json_object_new_array() : NULL);
	return 0;
}

int run_add_health(const struct args *a, json_object *body, struct err *e)
{
	static const struct {
		const char *flag, *key;
	} times[] = {{"health-interval", "Interval"},
		     {"health-timeout", "Timeout"},
		     {"health-start-period", "StartPeriod"},
		     {"health-start-interval", "StartInterval"}};
	const char *cmd = flag_str(a, "health-cmd");
	int64_t retries = flag_num(a, "health-retries");
	_cleanup_json_ json_object *o = json_object_new_object();
	bool any = *cmd || retries != 0;

	for (size_t i = 0; i < ARRAY_SIZE(times); i++)
		any |= flag_num(a, times[i].flag) != 0;
	if (flag_bool(a, "no-healthcheck")) {
		char *none[] = {"NONE", NULL};

		if (any)
			return err_set(e, ERR_INVALID, "--no-healthcheck conflicts with --health-* options");
		put_strv(o, "Test", none);
		json_object_object_add(body, "Healthcheck", TAKE_PTR(o));
		return 0;
	}
	if (!any)
		return 0;
	if (*cmd) {
		char *test[] = {"CMD-SHELL", (char *)(uintptr_t)cmd, NULL};

		put_strv(o, "Test", test);
	}
	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		int64_t v = flag_num(a, times[i].flag);

		if (v < 0)
			return err_set(e, ERR_INVALID, "--%s cannot be negative", times[i].flag);
		if (v)
			put_int(o, times[i].key, v);
	}
	if (retries < 0)
		return err_set(e, ERR_INVALID, "--health-retries cannot be negative");
	if (retries)
		put_int(o, "Retries", retries);
	json_object_object_add(body, "Healthcheck", TAKE_PTR(o));
	return 0;
}
