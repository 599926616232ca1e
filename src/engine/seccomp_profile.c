/* SPDX-License-Identifier: Apache-2.0 */
/* Profiles to OCI seccomp sections: the built-in tables, and Docker's conditional JSON format. */
#include "engine/seccomp_profile.h"

#include <stdbool.h>
#include <stdlib.h>
#include <sys/utsname.h>

#include "base/limits.h"
#include "base/strutil.h"
#include "engine/caps.h"

#define ERRNO_ENOSYS         38
#define CAP_SYS_ADMIN_NUMBER 21

static bool has_cap(uint64_t caps, const char *name)
{
	int cap = cap_number(name);

	return cap >= 0 && caps & ((uint64_t)1 << cap);
}

/* --- built in --- */

static void names_write(struct json_writer *w, const char *const *names)
{
	json_key(w, "names");
	json_array_begin(w);
	for (; *names; names++)
		json_str(w, *names);
	json_array_close(w);
}

static void allow_write(struct json_writer *w, const char *const *names)
{
	json_object_begin(w);
	names_write(w, names);
	json_kstr(w, "action", "SCMP_ACT_ALLOW");
	json_object_close(w);
}

static void arg_rule_write(struct json_writer *w, const struct seccomp_arg_rule *r)
{
	json_object_begin(w);
	names_write(w, (const char *const[]){r->call, NULL});
	json_kstr(w, "action", "SCMP_ACT_ALLOW");
	json_key(w, "args");
	json_array_begin(w);
	json_object_begin(w);
	json_kint(w, "index", r->index);
	json_kint(w, "value", (int64_t)r->value);
	if (r->value_two)
		json_kint(w, "valueTwo", (int64_t)r->value_two);
	json_kstr(w, "op", r->op);
	json_object_close(w);
	json_array_close(w);
	json_object_close(w);
}

static void errno_write(struct json_writer *w, const char *const *names, int errnum)
{
	json_object_begin(w);
	names_write(w, names);
	json_kstr(w, "action", "SCMP_ACT_ERRNO");
	json_kint(w, "errnoRet", errnum);
	json_object_close(w);
}

void seccomp_default_write(struct json_writer *w, uint64_t caps)
{
	bool admin = caps & ((uint64_t)1 << CAP_SYS_ADMIN_NUMBER);

	json_object_begin(w);
	json_kstr(w, "defaultAction", "SCMP_ACT_ERRNO");
	json_kint(w, "defaultErrnoRet", 1);
	json_key(w, "architectures");
	json_array_begin(w);
	for (const char *const *a = seccomp_default_archs; *a; a++)
		json_str(w, *a);
	json_array_close(w);
	json_key(w, "syscalls");
	json_array_begin(w);
	allow_write(w, seccomp_default_calls);
	for (const struct seccomp_arg_rule *r = seccomp_default_arg_rules; r->call; r++)
		arg_rule_write(w, r);
	for (const struct seccomp_cap_calls *c = seccomp_default_cap_calls; c->cap; c++) {
		if (has_cap(caps, c->cap))
			allow_write(w, c->calls);
	}
	if (!admin) {
		arg_rule_write(w, &seccomp_default_clone_rule);
		/* clone3 takes its flags in memory, out of a filter's sight; libc falls back to clone. */
		errno_write(w, (const char *const[]){"clone3", NULL}, ERRNO_ENOSYS);
	}
#if defined(__x86_64__)
	errno_write(w, (const char *const[]){"ipc", "socketcall", NULL}, ERRNO_ENOSYS);
#endif
	json_array_close(w);
	json_object_close(w);
}

/* --- Docker's format --- */

unsigned seccomp_kernel(void)
{
	struct utsname u;
	unsigned major, minor;
	char *end;

	if (uname(&u) < 0)
		return 0;
	major = (unsigned)strtoul(u.release, &end, 10);
	minor = *end == '.' ? (unsigned)strtoul(end + 1, NULL, 10) : 0;
	return major * 1000 + (minor < 1000 ? minor : 999);
}

static const char *go_arch(void)
{
#if defined(__x86_64__)
	return "amd64";
#elif defined(__aarch64__)
	return "arm64";
#elif defined(__s390x__)
	return "s390x";
#elif defined(__powerpc64__)
	return "ppc64le";
#else
	return "riscv64";
#endif
}

static int bad(struct err *e, const char *what)
{
	return err_set(e, ERR_INVALID, "Decoding seccomp profile failed: %s", what);
}

static bool list_has_arch(json_object *list)
{
	for (size_t i = 0; list && i < json_object_array_length(list); i++) {
		if (str_eq(json_object_get_string(json_object_array_get_idx(list, i)), go_arch()))
			return true;
	}
	return false;
}

/* How many of the listed capabilities the container has; *ret_n: how many are listed. */
static size_t caps_had(json_object *list, uint64_t caps, size_t *ret_n)
{
	size_t had = 0;

	*ret_n = list ? json_object_array_length(list) : 0;
	for (size_t i = 0; i < *ret_n; i++) {
		const char *name = json_object_get_string(json_object_array_get_idx(list, i));

		had += name && has_cap(caps, name);
	}
	return had;
}

static int kernel_of(json_object *filter, unsigned *ret, struct err *e)
{
	const char *text = json_member_str(filter, "minKernel", NULL);
	char *end;
	unsigned long major, minor;

	*ret = 0;
	if (str_empty(text))
		return 0;
	major = strtoul(text, &end, 10);
	if (end == text || *end != '.' || major > 1000)
		return bad(e, "minKernel is no kernel version");
	minor = strtoul(end + 1, &end, 10);
	*ret = (unsigned)(major * 1000 + (minor < 1000 ? minor : 999));
	return 0;
}

static int array_member(json_object *o, const char *name, json_object **ret, struct err *e)
{
	*ret = json_member(o, name);
	if (*ret && !json_object_is_type(*ret, json_type_array))
		return err_set(e, ERR_INVALID, "Decoding seccomp profile failed: %s is no array", name);
	return 0;
}

/* 1: the rule applies, 0: it does not. */
static int rule_applies(json_object *rule, const struct seccomp_host *host, struct err *e)
{
	json_object *inc = json_member(rule, "includes"), *exc = json_member(rule, "excludes"), *list;
	unsigned kernel;
	size_t n;

	if (array_member(exc, "arches", &list, e) < 0)
		return -1;
	if (list && list_has_arch(list))
		return 0;
	if (array_member(exc, "caps", &list, e) < 0)
		return -1;
	if (caps_had(list, host->caps, &n) > 0)
		return 0;
	if (kernel_of(exc, &kernel, e) < 0)
		return -1;
	if (kernel && host->kernel >= kernel)
		return 0;
	if (array_member(inc, "arches", &list, e) < 0)
		return -1;
	if (list && json_object_array_length(list) > 0 && !list_has_arch(list))
		return 0;
	if (array_member(inc, "caps", &list, e) < 0)
		return -1;
	if (caps_had(list, host->caps, &n) < n)
		return 0;
	if (kernel_of(inc, &kernel, e) < 0)
		return -1;
	return kernel <= host->kernel;
}

static int args_write(struct json_writer *w, json_object *args, struct err *e)
{
	json_key(w, "args");
	json_array_begin(w);
	for (size_t i = 0; i < json_object_array_length(args); i++) {
		json_object *a = json_object_array_get_idx(args, i);
		const char *op = json_member_str(a, "op", NULL);

		if (!op || !json_object_is_type(a, json_type_object))
			return bad(e, "an argument rule without op");
		json_object_begin(w);
		json_kint(w, "index", json_member_int(a, "index", 0));
		json_key(w, "value");
		json_uint(w, json_object_get_uint64(json_member(a, "value")));
		json_key(w, "valueTwo");
		json_uint(w, json_object_get_uint64(json_member(a, "valueTwo")));
		json_kstr(w, "op", op);
		json_object_close(w);
	}
	json_array_close(w);
	return 0;
}

static int rule_write(struct json_writer *w, json_object *rule, struct err *e)
{
	const char *name = json_member_str(rule, "name", NULL), *action = json_member_str(rule, "action", NULL);
	json_object *names, *args;

	if (array_member(rule, "names", &names, e) < 0 || array_member(rule, "args", &args, e) < 0)
		return -1;
	if (!str_empty(name) && names && json_object_array_length(names) > 0)
		return bad(e, "'name' and 'names' were specified in the seccomp profile, use either 'name' or 'names'");
	if (str_empty(name) && (!names || json_object_array_length(names) == 0))
		return bad(e, "a rule without names");
	if (!action)
		return bad(e, "a rule without action");
	json_object_begin(w);
	json_key(w, "names");
	json_array_begin(w);
	if (!str_empty(name))
		json_str(w, name);
	for (size_t i = 0; names && i < json_object_array_length(names); i++) {
		json_object *s = json_object_array_get_idx(names, i);

		if (!json_object_is_type(s, json_type_string))
			return bad(e, "a name that is no string");
		json_str(w, json_object_get_string(s));
	}
	json_array_close(w);
	json_kstr(w, "action", action);
	if (json_member(rule, "errnoRet"))
		json_kint(w, "errnoRet", json_member_int(rule, "errnoRet", 0));
	if (args && json_object_array_length(args) > 0 && args_write(w, args, e) < 0)
		return -1;
	json_object_close(w);
	return 0;
}

static void strings_write(struct json_writer *w, json_object *list)
{
	for (size_t i = 0; list && i < json_object_array_length(list); i++) {
		const char *s = json_object_get_string(json_object_array_get_idx(list, i));

		if (s)
			json_str(w, s);
	}
}

/* archMap names an architecture and those that come with it; the entry of this machine is taken. */
static int archs_write(struct json_writer *w, json_object *profile, struct err *e)
{
	json_object *plain, *map;

	if (array_member(profile, "architectures", &plain, e) < 0 || array_member(profile, "archMap", &map, e) < 0)
		return -1;
	if (plain && map && json_object_array_length(plain) > 0 && json_object_array_length(map) > 0)
		return bad(e, "'architectures' and 'archMap' were specified in the seccomp profile, use either "
			      "'architectures' or "
			      "'archMap'");
	json_key(w, "architectures");
	json_array_begin(w);
	strings_write(w, plain);
	for (size_t i = 0; map && i < json_object_array_length(map); i++) {
		json_object *entry = json_object_array_get_idx(map, i), *subs;

		if (!str_eq(json_member_str(entry, "architecture", NULL), seccomp_default_archs[0]))
			continue;
		if (array_member(entry, "subArchitectures", &subs, e) < 0)
			return -1;
		json_str(w, seccomp_default_archs[0]);
		strings_write(w, subs);
	}
	json_array_close(w);
	return 0;
}

static int rules_write(struct json_writer *w, json_object *profile, const struct seccomp_host *host, struct err *e)
{
	json_object *rules;

	if (array_member(profile, "syscalls", &rules, e) < 0)
		return -1;
	json_key(w, "syscalls");
	json_array_begin(w);
	for (size_t i = 0; rules && i < json_object_array_length(rules); i++) {
		json_object *rule = json_object_array_get_idx(rules, i);
		int applies;

		if (!json_object_is_type(rule, json_type_object))
			return bad(e, "a rule that is no object");
		applies = rule_applies(rule, host, e);
		if (applies < 0 || (applies && rule_write(w, rule, e) < 0))
			return -1;
	}
	json_array_close(w);
	return 0;
}

int seccomp_custom_write(struct json_writer *w, const char *profile, const struct seccomp_host *host, struct err *e)
{
	_cleanup_json_ json_object *o = NULL;
	json_object *flags;

	if (json_parse(profile, strlen(profile), &o, e) < 0)
		return err_wrap(e, "Decoding seccomp profile failed");
	if (!json_object_is_type(o, json_type_object))
		return bad(e, "it is no object");
	json_object_begin(w);
	/* Docker takes an empty profile as one that allows all. */
	json_kstr(w, "defaultAction", json_member_str(o, "defaultAction", "SCMP_ACT_ALLOW"));
	if (json_member(o, "defaultErrnoRet"))
		json_kint(w, "defaultErrnoRet", json_member_int(o, "defaultErrnoRet", 1));
	if (archs_write(w, o, e) < 0 || array_member(o, "flags", &flags, e) < 0)
		return -1;
	if (flags) {
		json_key(w, "flags");
		json_array_begin(w);
		strings_write(w, flags);
		json_array_close(w);
	}
	if (json_member(o, "listenerPath"))
		return bad(e, "listenerPath is not supported");
	if (rules_write(w, o, host, e) < 0)
		return -1;
	json_object_close(w);
	return 0;
}

int seccomp_custom_check(const char *profile, struct err *e)
{
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT_MAX(LIMIT_RUNTIME_SPEC);
	const struct seccomp_host host = {.caps = 0, .kernel = seccomp_kernel()};
	struct json_writer w;

	json_writer_init(&w, &out);
	return seccomp_custom_write(&w, profile, &host, e);
}
