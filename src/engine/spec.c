/* SPDX-License-Identifier: Apache-2.0 */
/* The OCI runtime configuration of a container, put together from its parts; and the process object of an exec. */
#include "engine/spec.h"

#include "base/limits.h"
#include "base/mem.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "engine/caps.h"
#include "engine/options.h"
#include "engine/spec_priv.h"
#include "engine/users.h"

#define DEFAULT_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define INIT_TARGET  "/sbin/docker-init"

int spec_plan_make(const struct spec_input *in, bool privileged, struct spec_plan *ret, struct err *e)
{
	const struct host_config *h = &in->rec->host_config;
	struct security_options o;

	if (security_options_parse(h->security_opt, &o, e) < 0)
		return -1;
	*ret = (struct spec_plan){
		.in = in,
		.no_new_privileges = o.no_new_privileges_set ? o.no_new_privileges : in->no_new_privileges,
		.writable_cgroups = o.writable_cgroups || h->privileged,
	};
	if (o.seccomp)
		ret->seccomp = str_eq(o.seccomp, "builtin") ? NULL : o.seccomp;
	else
		ret->seccomp = h->privileged ? "unconfined" : in->seccomp_profile;
	return caps_of(h->cap_add, h->cap_drop, privileged || h->privileged, (int)in->kernel_caps_last, &ret->caps, e);
}

/* --- process --- */

static void env_write(struct json_writer *w, const struct container_record *rec, bool tty, char *const *more)
{
	_cleanup_strv_ char **env = NULL;

	strv_add(&env, DEFAULT_PATH);
	strv_addf(&env, "HOSTNAME=%s", str_or_empty(rec->config.hostname));
	if (tty)
		strv_add(&env, "TERM=xterm");
	STRV_FOREACH (s, rec->config.env)
		strv_env_set(&env, *s);
	STRV_FOREACH (s, more)
		strv_env_set(&env, *s);
	json_kstrv(w, "env", env);
}

static void caps_set_write(struct json_writer *w, const char *set, uint64_t caps)
{
	json_key(w, set);
	json_array_begin(w);
	for (int i = 0; i < CAP_COUNT; i++) {
		if (caps & ((uint64_t)1 << i))
			json_str(w, cap_name(i));
	}
	json_array_close(w);
}

/* Inheritable and ambient stay empty; somebody who is not root starts with no capability but may gain those of the
 * bounding set (D11). */
static void caps_write(struct json_writer *w, uint64_t caps, const struct user_spec *user)
{
	uint64_t held = user->uid_known && user->uid != 0 ? 0 : caps;

	json_key(w, "capabilities");
	json_object_begin(w);
	caps_set_write(w, "bounding", caps);
	caps_set_write(w, "effective", held);
	caps_set_write(w, "permitted", held);
	json_object_close(w);
}

static int user_write(struct json_writer *w, const char *text, char *const *group_add, struct user_spec *user,
		      struct err *e)
{
	_cleanup_strv_ char **names = NULL;
	bool any = false;

	if (user_parse(text, user, e) < 0)
		return -1;
	json_key(w, "user");
	json_object_begin(w);
	json_kint(w, "uid", user->uid);
	json_kint(w, "gid", user->gid);
	STRV_FOREACH (g, group_add) {
		uint32_t gid;

		if (parse_id(*g, &gid) < 0) {
			if (group_name_check(*g, e) < 0)
				return -1;
			strv_add(&names, *g);
			continue;
		}
		if (!any) {
			json_key(w, "additionalGids");
			json_array_begin(w);
			any = true;
		}
		json_int(w, gid);
	}
	if (any)
		json_array_close(w);
	/* The runtime looks it up in the container's root, also for numbers: groups and home come from there. */
	json_kstr(w, "username", str_empty(text) ? "0" : text);
	if (names)
		json_kstrv(w, "additionalGroupNames", names);
	json_object_close(w);
	return 0;
}

static void rlimit_write(struct json_writer *w, const struct ulimit *u)
{
	json_object_begin(w);
	json_kstr(w, "type", ulimit_rlimit(u->name));
	json_key(w, "soft");
	json_uint(w, (uint64_t)u->soft);
	json_key(w, "hard");
	json_uint(w, (uint64_t)u->hard);
	json_object_close(w);
}

/* The daemon's defaults where the container has none of its own. */
static int rlimits_write(struct json_writer *w, const struct spec_input *in, struct err *e)
{
	const struct json_array *own = &in->rec->host_config.ulimits;
	const struct ulimit *u = own->items;

	if (own->n == 0 && strv_len(in->default_ulimits) == 0)
		return 0;
	json_key(w, "rlimits");
	json_array_begin(w);
	for (size_t i = 0; i < own->n; i++) {
		if (ulimit_check(&u[i], e) < 0)
			return -1;
		rlimit_write(w, &u[i]);
	}
	STRV_FOREACH (s, in->default_ulimits) {
		struct ulimit d;
		bool taken = false;

		if (ulimit_parse(*s, &d, e) < 0)
			return -1;
		for (size_t i = 0; i < own->n; i++)
			taken = taken || str_eq_nocase(u[i].name, d.name);
		if (!taken)
			rlimit_write(w, &d);
		ulimit_done(&d);
	}
	json_array_close(w);
	return 0;
}

static void args_write(struct json_writer *w, const struct spec_input *in)
{
	const struct container_record *rec = in->rec;

	json_key(w, "args");
	json_array_begin(w);
	if (in->init_path) {
		json_str(w, INIT_TARGET);
		json_str(w, "--");
	}
	json_str(w, str_or_empty(rec->path));
	STRV_FOREACH (s, rec->args)
		json_str(w, *s);
	json_array_close(w);
}

static void process_tail(struct json_writer *w, const struct spec_plan *p, const struct user_spec *user)
{
	caps_write(w, p->caps, user);
	json_kbool(w, "noNewPrivileges", p->no_new_privileges);
	json_kint(w, "oomScoreAdj", p->in->rec->host_config.oom_score_adj);
}

int spec_process_write(struct json_writer *w, const struct spec_plan *p, struct err *e)
{
	const struct container_config *c = &p->in->rec->config;
	struct user_spec user;

	json_kbool(w, "terminal", c->tty);
	if (user_write(w, c->user, p->in->rec->host_config.group_add, &user, e) < 0)
		return -1;
	args_write(w, p->in);
	env_write(w, p->in->rec, c->tty, NULL);
	json_kstr(w, "cwd", str_empty(c->working_dir) ? "/" : c->working_dir);
	process_tail(w, p, &user);
	return rlimits_write(w, p->in, e);
}

/* --- the whole --- */

static void root_write(struct json_writer *w, const struct spec_input *in)
{
	json_key(w, "root");
	json_object_begin(w);
	json_kstr(w, "path", in->rootfs);
	if (in->rec->host_config.readonly_rootfs)
		json_kbool(w, "readonly", true);
	json_object_close(w);
}

static int document_write(struct json_writer *w, const struct spec_plan *p, struct err *e)
{
	const struct container_record *rec = p->in->rec;

	json_object_begin(w);
	json_kstr(w, "ociVersion", "1.2.1");
	json_key(w, "process");
	json_object_begin(w);
	if (spec_process_write(w, p, e) < 0)
		return -1;
	json_object_close(w);
	root_write(w, p->in);
	if (!str_eq(rec->host_config.uts_mode, "host")) {
		json_kstr(w, "hostname", str_or_empty(rec->config.hostname));
		if (!str_empty(rec->config.domainname))
			json_kstr(w, "domainname", rec->config.domainname);
	}
	json_key(w, "mounts");
	spec_mounts_write(w, p);
	if (rec->host_config.annotations.n > 0) {
		json_key(w, "annotations");
		json_kv_write(w, &rec->host_config.annotations);
	}
	json_key(w, "linux");
	json_object_begin(w);
	if (spec_linux_write(w, p, e) < 0)
		return -1;
	json_object_close(w);
	json_object_close(w);
	return 0;
}

static int finish(struct strbuf *out, struct strbuf *ret, struct err *e)
{
	if (out->overflow || out->len > LIMIT_RUNTIME_SPEC)
		return err_set(e, ERR_TOO_LARGE, "the configuration of the container is larger than %d bytes",
			       LIMIT_RUNTIME_SPEC);
	strbuf_add(ret, out->data, out->len);
	return 0;
}

int spec_build(const struct spec_input *in, struct strbuf *ret, struct err *e)
{
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT_MAX(LIMIT_RUNTIME_SPEC);
	struct json_writer w;
	struct spec_plan p;

	if (spec_plan_make(in, /* privileged= */ false, &p, e) < 0)
		return -1;
	json_writer_init(&w, &out);
	if (document_write(&w, &p, e) < 0)
		return -1;
	return finish(&out, ret, e);
}

int spec_build_exec(const struct spec_input *in, const struct exec_create *x, struct strbuf *ret, struct err *e)
{
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT_MAX(LIMIT_RUNTIME_SPEC);
	const struct container_config *c = &in->rec->config;
	const char *cwd = str_empty(x->working_dir) ? c->working_dir : x->working_dir;
	struct json_writer w;
	struct spec_plan p;
	struct user_spec user;

	if (strv_len(x->cmd) == 0)
		return err_set(e, ERR_INVALID, "No exec command specified");
	if (!str_empty(cwd) && cwd[0] != '/')
		return err_set(e, ERR_INVALID,
			       "the working directory '%.300s' is invalid, it needs to be an absolute path", cwd);
	if (spec_plan_make(in, x->privileged, &p, e) < 0)
		return -1;
	json_writer_init(&w, &out);
	json_object_begin(&w);
	json_kbool(&w, "terminal", x->tty);
	if (user_write(&w, str_empty(x->user) ? c->user : x->user, in->rec->host_config.group_add, &user, e) < 0)
		return -1;
	json_kstrv(&w, "args", x->cmd);
	env_write(&w, in->rec, x->tty, x->env);
	json_kstr(&w, "cwd", str_empty(cwd) ? "/" : cwd);
	process_tail(&w, &p, &user);
	if (rlimits_write(&w, in, e) < 0)
		return -1;
	json_object_close(&w);
	return finish(&out, ret, e);
}
