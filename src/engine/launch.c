/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a container to the launch document of its supervisor: asks the host and the other containers what the pure
 * spec_build must know, and plans the log. Changes nothing.
 */
#include <dirent.h>
#include <errno.h>
#include <regex.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/path.h"
#include "engine/run_priv.h"
#include "engine/spec.h"
#include "format/template/template.h"
#include "runtime/cgroup.h"

#define LOG_MAX_SIZE_DEFAULT  (20LL * 1000 * 1000)
#define LOG_MAX_FILES_DEFAULT 5
#define LOG_MAX_FILES_MOST    1000
#define DEV_DEPTH_MAX         8

char *run_cgroup_path(const struct engine *g, const struct container_record *rec)
{
	const char *parent = rec->host_config.cgroup_parent;

	if (str_empty(parent))
		parent = str_empty(g->cfg.cgroup_parent) ? "/docker" : g->cfg.cgroup_parent;
	return xasprintf("%s%s/%s", parent[0] == '/' ? "" : "/", str_eq(parent, "/") ? "" : parent, rec->id);
}

static const char *ipc_mode(const struct engine *g, const struct container_record *rec)
{
	if (!str_empty(rec->host_config.ipc_mode))
		return rec->host_config.ipc_mode;
	return str_empty(g->cfg.default_ipc_mode) ? "private" : g->cfg.default_ipc_mode;
}

static char *shm_dir_of(const struct engine *g, const char *id)
{
	return xasprintf("%s/containers/%s/mounts/shm", g->cfg.data_root, id);
}

char *run_shm_dir(const struct engine *g, const struct container_record *rec)
{
	return str_eq(ipc_mode(g, rec), "shareable") ? shm_dir_of(g, rec->id) : NULL;
}

/* --- namespaces of other containers --- */

struct target {
	pid_t pid;
	char id[ID_LEN + 1];
	enum container_status status;
	bool shareable_ipc;
};

/* The container behind "container:<ref>"; its pid is 0 when it does not run. */
static int target_find(struct engine *g, const char *ref, struct target *ret, struct err *e)
{
	_cleanup_(container_unref_p) struct container *c = NULL;

	if (container_find(g, ref, &c, e) < 0)
		return -1;
	LOCK_GUARD(&c->lock);
	if (c->rec.status == CONTAINER_RESTARTING)
		return err_set(e, ERR_CONFLICT, "Container %s is restarting, wait until the container is running",
			       c->id);
	ret->pid = (pid_t)c->rec.pid;
	memcpy(ret->id, c->id, sizeof(ret->id));
	ret->status = (enum container_status)c->rec.status;
	ret->shareable_ipc = str_eq(ipc_mode(g, &c->rec), "shareable");
	return 0;
}

static int join_net(struct engine *g, const char *ref, char **ret, struct err *e)
{
	struct target t;

	if (target_find(g, ref, &t, e) < 0)
		return -1;
	if (t.pid == 0)
		return err_set(e, ERR_CONFLICT,
			       "cannot join network namespace of a non running container: container %s is %s", ref,
			       container_status_name(t.status));
	*ret = xasprintf("/proc/%d/ns/net", t.pid);
	return 0;
}

static int join_pid(struct engine *g, const char *ref, char **ret, struct err *e)
{
	struct target t;

	if (target_find(g, ref, &t, e) < 0)
		return err_wrap(e, "failed to join PID namespace");
	if (t.pid == 0)
		return err_set(e, ERR_CONFLICT, "failed to join PID namespace: container %s is not running", t.id);
	*ret = xasprintf("/proc/%d/ns/pid", t.pid);
	return 0;
}

static int join_ipc(struct engine *g, const char *ref, char **ret, char **ret_shm, struct err *e)
{
	struct target t;

	if (target_find(g, ref, &t, e) < 0)
		return err_wrap(e, "failed to join IPC namespace");
	if (t.pid == 0)
		return err_set(e, ERR_CONFLICT, "failed to join IPC namespace: container %s is not running", t.id);
	if (!t.shareable_ipc)
		return err_set(e, ERR_INVALID,
			       "failed to join IPC namespace: container %s: non-shareable IPC (hint: use "
			       "IpcMode:shareable for the donor "
			       "container)",
			       t.id);
	*ret = xasprintf("/proc/%d/ns/ipc", t.pid);
	*ret_shm = shm_dir_of(g, t.id);
	return 0;
}

struct joins {
	char *net, *ipc, *pid;
	char *shm_dir;
};

static void joins_done(struct joins *j)
{
	free(j->net);
	free(j->ipc);
	free(j->pid);
	free(j->shm_dir);
}

static int joins_find(struct engine *g, const struct container_record *rec, struct joins *ret, struct err *e)
{
	const char *net = str_after(str_or_empty(rec->host_config.network_mode), "container:");
	const char *pid = str_after(str_or_empty(rec->host_config.pid_mode), "container:");
	const char *ipc = str_after(ipc_mode(g, rec), "container:");

	if (net && join_net(g, net, &ret->net, e) < 0)
		return -1;
	if (pid && join_pid(g, pid, &ret->pid, e) < 0)
		return -1;
	if (ipc)
		return join_ipc(g, ipc, &ret->ipc, &ret->shm_dir, e);
	ret->shm_dir = run_shm_dir(g, rec);
	return 0;
}

/* --- host devices, for --privileged --- */

/* What Docker leaves out: per-mount file systems and what the runtime makes itself. */
static const char *const dev_skip[] = {"pts", "shm", "fd", "mqueue", ".lxc", ".lxd-mounts", ".udev", "console", NULL};

static void devices_walk(int dirfd, const char *path, int depth, char ***out)
{
	DIR *d = fdopendir(dirfd);
	struct dirent *de;

	if (!d) {
		fd_close(dirfd);
		return;
	}
	while ((de = readdir(d))) {
		_cleanup_free_ char *child = NULL;

		if (de->d_name[0] == '.' || strv_contains((char *const *)dev_skip, de->d_name))
			continue;
		child = path_join(path, de->d_name);
		if (de->d_type == DT_CHR || de->d_type == DT_BLK) {
			strv_push(out, TAKE_PTR(child));
		} else if (de->d_type == DT_DIR && depth < DEV_DEPTH_MAX) {
			int fd = dir_open_at(dirfd, de->d_name);

			if (fd >= 0)
				devices_walk(fd, child, depth + 1, out);
		}
	}
	closedir(d);
}

static char **host_devices(void)
{
	char **out = strv_new();
	int fd = dir_open("/dev");

	if (fd >= 0)
		devices_walk(fd, "/dev", 0, &out);
	strv_sort(out);
	return out;
}

/* --- log --- */

void log_plan_done(struct log_plan *p)
{
	free(p->dir);
	free(p->name);
	strv_free(p->attrs);
}

static void attr_add(char ***attrs, const char *key, const char *value)
{
	strv_addf(attrs, "%s=%s", key, value);
}

/* "a,b" names keys; the ones that are there are taken, the pattern takes all that match. */
static void attrs_from(char ***attrs, const struct json_kv *all, const char *keys, const char *pattern)
{
	_cleanup_strv_ char **wanted = str_empty(keys) ? NULL : strv_split(keys, ',');
	regex_t re;
	bool has_re = !str_empty(pattern) && regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB) == 0;

	for (size_t i = 0; i < all->n; i++) {
		if (strv_contains(wanted, all->items[i].key) ||
		    (has_re && regexec(&re, all->items[i].key, 0, NULL, 0) == 0))
			attr_add(attrs, all->items[i].key, str_or_empty(all->items[i].value));
	}
	if (has_re)
		regfree(&re);
}

static void log_attrs(const struct container_record *rec, const struct json_kv *opts, char ***ret)
{
	struct json_kv env = {0};

	STRV_FOREACH (s, rec->config.env) {
		_cleanup_free_ char *key = NULL;
		const char *eq = strchr(*s, '=');

		if (!eq)
			continue;
		key = xstrndup(*s, (size_t)(eq - *s));
		json_kv_put(&env, key, eq + 1);
	}
	attrs_from(ret, &rec->config.labels, json_kv_get(opts, "labels"), json_kv_get(opts, "labels-regex"));
	attrs_from(ret, &env, json_kv_get(opts, "env"), json_kv_get(opts, "env-regex"));
	json_kv_done(&env);
}

/* The option `tag`: a template over what Docker offers there. */
static int log_tag(const struct container_record *rec, const char *text, char ***attrs, struct err *e)
{
	_cleanup_(template_free_p) struct template *t = NULL;
	_cleanup_strbuf_ struct strbuf doc = STRBUF_INIT, out = STRBUF_INIT_MAX(LIMIT_LOG_LINE);
	_cleanup_json_ json_object *data = NULL;
	_cleanup_free_ char *args = strv_join(rec->args, " ");
	const char *image = str_after(rec->image_id, "sha256:");
	struct json_writer w;

	if (str_empty(text))
		return 0;
	json_writer_init(&w, &doc);
	json_object_begin(&w);
	json_key(&w, "ID");
	json_strn(&w, rec->id, 12);
	json_kstr(&w, "FullID", rec->id);
	json_kstr(&w, "Name", rec->name);
	json_key(&w, "ImageID");
	json_strn(&w, str_or_empty(image), strnlen(str_or_empty(image), 12));
	json_kstr(&w, "ImageFullID", str_or_empty(rec->image_id));
	json_kstr(&w, "ImageName", str_or_empty(rec->config.image));
	json_kstr(&w, "Command", str_or_empty(rec->path));
	json_kstr(&w, "Args", str_or_empty(args));
	json_kstr(&w, "DaemonName", "docker");
	json_object_close(&w);
	if (json_parse(doc.data, doc.len, &data, e) < 0 || template_parse(text, &t, e) < 0 ||
	    template_execute(t, data, &(struct template_options){.type_name = "loggerutils.Info"}, &out, e) < 0)
		return err_wrap(e, "invalid value for the log option tag");
	attr_add(attrs, "tag", out.data);
	return 0;
}

static int log_limits(const struct json_kv *opts, struct log_plan *p, struct err *e)
{
	const char *size = json_kv_get(opts, "max-size"), *files = json_kv_get(opts, "max-file");

	p->max_size = LOG_MAX_SIZE_DEFAULT;
	p->max_files = LOG_MAX_FILES_DEFAULT;
	p->compress = json_kv_get(opts, "compress") ? parse_query_bool(json_kv_get(opts, "compress"))
						    : p->driver == MONITOR_LOG_LOCAL;
	if (str_eq(size, "-1"))
		p->max_size = -1;
	else if (!str_empty(size) && (parse_bytes(size, &p->max_size) < 0 || p->max_size <= 0))
		return err_set(e, ERR_INVALID, "invalid value for max-size: %s", size);
	if (!str_empty(files) &&
	    (parse_i32(files, &p->max_files) < 0 || p->max_files < 1 || p->max_files > LOG_MAX_FILES_MOST))
		return err_set(e, ERR_INVALID, "max-file cannot be less than 1");
	return 0;
}

int log_plan_make(const struct engine_config *cfg, const struct container_record *rec, struct log_plan *ret,
		  struct err *e)
{
	const struct log_config *lc = &rec->host_config.log_config;
	const char *type = str_empty(lc->type) ? cfg->default_log_driver : lc->type;
	const struct json_kv *opts = lc->config.n > 0 || !str_empty(lc->type) ? &lc->config : &cfg->default_log_opts;
	struct log_plan p = {0};

	if (str_empty(type) || str_eq(type, "json-file")) {
		p.driver = MONITOR_LOG_JSON_FILE;
		p.dir = xasprintf("%s/containers/%s", cfg->data_root, rec->id);
		p.name = xasprintf("%s-json.log", rec->id);
	} else if (str_eq(type, "local")) {
		p.driver = MONITOR_LOG_LOCAL;
		p.dir = xasprintf("%s/containers/%s/local-logs", cfg->data_root, rec->id);
		p.name = xstrdup("container.log");
	} else if (str_eq(type, "none")) {
		p.driver = MONITOR_LOG_NONE;
	} else {
		return err_set(e, ERR_UNSUPPORTED, "logger: no log driver named '%s' is registered", type);
	}
	if (p.driver != MONITOR_LOG_NONE && log_limits(opts, &p, e) < 0) {
		log_plan_done(&p);
		return -1;
	}
	if (p.driver == MONITOR_LOG_JSON_FILE) {
		log_attrs(rec, opts, &p.attrs);
		if (log_tag(rec, json_kv_get(opts, "tag"), &p.attrs, e) < 0) {
			log_plan_done(&p);
			return -1;
		}
	}
	*ret = p;
	return 0;
}

/* --- the document --- */

static void spec_input_fill(struct container *c, const struct container_snapshot *s, const struct joins *j,
			    const char *cgroup, char *const *devices, struct spec_input *in)
{
	const struct engine *g = c->engine;
	const struct host_config *h = &s->rec.host_config;
	bool init = h->init ? *h->init : g->cfg.init;

	*in = (struct spec_input){
		.rec = &s->rec,
		.rootfs = s->merged,
		.dir = s->dir,
		.shm_dir = j->shm_dir,
		.init_path = init ? g->cfg.init_path : NULL,
		.cgroups_path = cgroup,
		.cgroup_v2 = cgroup_mode() == CGROUP_MODE_V2,
		.seccomp_profile = g->cfg.seccomp_profile,
		.join_net = j->net,
		.join_ipc = j->ipc,
		.join_pid = j->pid,
		.default_ulimits = g->cfg.default_ulimits,
		.no_new_privileges = g->cfg.no_new_privileges,
		.kernel_caps_last = g->kernel_caps_last,
		.host_devices = devices,
	};
}

static void console_size(const char *json, uint16_t *rows, uint16_t *cols)
{
	unsigned r = 0, w = 0;

	/* Checked at create; a bad one here is no size. */
	if (console_size_parse(json, &r, &w, /* e= */ NULL) < 0)
		return;
	*rows = (uint16_t)MIN(r, UINT16_MAX);
	*cols = (uint16_t)MIN(w, UINT16_MAX);
}

static void launch_log(struct log_plan *p, struct monitor_launch *l)
{
	l->log_driver = p->driver;
	l->log_name = TAKE_PTR(p->name);
	l->log_max_size = p->max_size;
	l->log_max_files = p->max_files;
	l->log_compress = p->compress;
	l->log_attrs = TAKE_PTR(p->attrs);
}

int launch_build(struct container *c, const struct container_snapshot *s, struct monitor_launch *ret, struct err *e)
{
	struct engine *g = c->engine;
	const struct container_config *config = &s->rec.config;
	_cleanup_(joins_done) struct joins joins = {0};
	_cleanup_(log_plan_done) struct log_plan log = {0};
	_cleanup_free_ char *cgroup = run_cgroup_path(g, &s->rec);
	_cleanup_strv_ char **devices = NULL;
	_cleanup_strbuf_ struct strbuf spec = STRBUF_INIT;
	struct spec_input in;

	if (!s->lower)
		return err_set(e, ERR_NOT_FOUND, "No such image: %s", s->rec.image_id);
	if (joins_find(g, &s->rec, &joins, e) < 0 || log_plan_make(&g->cfg, &s->rec, &log, e) < 0)
		return -1;
	if (s->rec.host_config.privileged)
		devices = host_devices();
	spec_input_fill(c, s, &joins, cgroup, devices, &in);
	if (spec_build(&in, &spec, e) < 0)
		return -1;

	*ret = (struct monitor_launch){
		.id = xstrdup(c->id),
		.container = xstrdup(""),
		.spec = strbuf_steal(&spec),
		.lower = strv_dup(s->lower),
		.upper = xstrdup(s->upper),
		.work = xstrdup(s->work),
		.runtime_root = xstrdup(g->runtime_root),
		.seccomp_cache = xstrdup(g->seccomp_dir),
		.tty = config->tty,
		.open_stdin = config->open_stdin,
		.stdin_once = config->stdin_once,
	};
	launch_log(&log, ret);
	console_size(s->rec.host_config.console_size, &ret->rows, &ret->cols);
	return 0;
}

int launch_build_exec(struct container *c, const struct container_snapshot *s, const struct exec_create *x,
		      const char *id, struct monitor_launch *ret, struct err *e)
{
	struct engine *g = c->engine;
	const struct joins none = {0};
	_cleanup_free_ char *cgroup = run_cgroup_path(g, &s->rec);
	_cleanup_strv_ char **devices = NULL;
	_cleanup_strbuf_ struct strbuf process = STRBUF_INIT;
	struct spec_input in;

	spec_input_fill(c, s, &none, cgroup, devices, &in);
	if (spec_build_exec(&in, x, &process, e) < 0)
		return -1;
	*ret = (struct monitor_launch){
		.id = xstrdup(id),
		.container = xstrdup(c->id),
		.spec = strbuf_steal(&process),
		.runtime_root = xstrdup(g->runtime_root),
		.seccomp_cache = xstrdup(g->seccomp_dir),
		.target_pid = (int32_t)s->rec.pid,
		.target_start_time = s->rec.pid_start_time,
		.tty = x->tty,
		.open_stdin = x->attach_stdin,
		.stdin_once = true,
		.log_driver = MONITOR_LOG_NONE,
	};
	console_size(x->console_size, &ret->rows, &ret->cols);
	return 0;
}
