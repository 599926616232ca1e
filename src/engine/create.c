/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making containers: the request is checked and filled in as data, the name is reserved, directories and files are
 * made, one row is written, and only then does anybody see the container. A crash before the row leaves directories
 * without a record, which the next start of the daemon removes.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "engine/container_priv.h"
#include "engine/defaults.h"
#include "engine/files.h"
#include "engine/host_facts.h"
#include "engine/mounts.h"
#include "engine/names.h"
#include "engine/options.h"
#include "engine/seccomp_profile.h"
#include "image/image.h"
#include "runtime/cgroup.h"

#define NAME_TRIES     6
#define HOST_NAME_SIZE 65

/* --- the record --- */

/* A create that answers 404 makes clients pull the image: when another container is missing, the request is wrong
 * instead. */
static int target_missing(struct err *e)
{
	if (e && e->kind == ERR_NOT_FOUND)
		e->kind = ERR_INVALID;
	return -1;
}

/* Network, IPC and PID of another container: the reference becomes the full id, as later renames must not matter. */
static int resolve_mode(struct engine *g, char **mode, char **ret_hostname, struct err *e)
{
	_cleanup_(container_unref_p) struct container *c = NULL;
	const char *ref = mode_container(*mode);

	if (!ref)
		return 0;
	if (container_find(g, ref, &c, e) < 0)
		return target_missing(e);
	free_and_set(mode, xasprintf("container:%s", c->id));
	if (ret_hostname) {
		LOCK_GUARD(&c->lock);
		*ret_hostname = xstrdup(c->rec.config.hostname);
	}
	return 0;
}

static int resolve_modes(struct engine *g, struct container_record *rec, struct err *e)
{
	_cleanup_free_ char *other = NULL;
	struct host_config *h = &rec->host_config;
	char host[HOST_NAME_SIZE] = "";

	if (resolve_mode(g, &h->network_mode, &other, e) < 0)
		return err_wrap(e, "joining network namespace of container");
	if (resolve_mode(g, &h->pid_mode, NULL, e) < 0 || resolve_mode(g, &h->ipc_mode, NULL, e) < 0)
		return -1;
	if (other)
		free_and_set(&rec->config.hostname, TAKE_PTR(other));
	if (str_empty(rec->config.hostname) && (str_eq(h->network_mode, "host") || str_eq(h->uts_mode, "host"))) {
		gethostname(host, sizeof(host) - 1);
		free_and_set(&rec->config.hostname, xstrdup(host));
	}
	if (str_empty(rec->config.hostname))
		free_and_set(&rec->config.hostname, xstrndup(rec->id, 12));
	return 0;
}

/* Mounts of the containers named by VolumesFrom, appended to *ret. */
static int mounts_from(struct engine *g, char *const *volumes_from, struct json_array *ret, struct err *e)
{
	STRV_FOREACH (s, volumes_from) {
		_cleanup_(container_unref_p) struct container *c = NULL;
		_cleanup_free_ char *ref = NULL;
		bool rw;

		if (volumes_from_parse(*s, &ref, &rw, e) < 0)
			return -1;
		if (container_find(g, ref, &c, e) < 0)
			return target_missing(e);
		LOCK_GUARD(&c->lock);
		for (size_t i = 0; i < c->rec.mounts.n; i++) {
			const struct mount_point *m = &mount_points(&c->rec.mounts)[i];
			struct mount_point copy = {0};

			if (str_eq(m->type, "tmpfs"))
				continue;
			json_fields_copy(mount_point_fields, &copy, m);
			copy.rw = copy.rw && rw;
			ret->items = xreallocarray(ret->items, ret->n + 1, sizeof(copy));
			mount_points(ret)[ret->n++] = copy;
		}
	}
	return 0;
}

static void mounts_done(struct json_array *a)
{
	for (size_t i = 0; i < a->n; i++)
		mount_point_done(&mount_points(a)[i]);
	free(a->items);
	*a = (struct json_array){0};
}

/* Anonymous ones, of a container that never came to be, are only names: nothing to undo. */
static int plan_mounts(struct engine *g, struct container_record *rec, struct err *e)
{
	_cleanup_(mounts_done) struct json_array from = {0};

	if (mounts_from(g, rec->host_config.volumes_from, &from, e) < 0)
		return -1;
	return mounts_plan(&rec->host_config, &rec->config, &from, g->cfg.data_root, &rec->mounts, e);
}

static int seccomp_check(const struct host_config *h, struct err *e)
{
	struct security_options o;

	if (security_options_parse(h->security_opt, &o, e) < 0)
		return -1;
	if (!o.seccomp || str_eq(o.seccomp, "unconfined") || str_eq(o.seccomp, "builtin"))
		return 0;
	return seccomp_custom_check(o.seccomp, e);
}

static int networks_check(const struct container_record *rec, struct err *e)
{
	struct endpoints n;
	int r = 0;

	if (endpoints_parse(rec->networking.endpoints_config, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n.n && r == 0; i++) {
		const char *name = n.items[i].network;
		const struct endpoint_settings *s = &n.items[i].settings;

		if (!str_eq(name, "default") && !str_eq(name, "bridge") && !str_eq(name, "host") &&
		    !str_eq(name, "none") && !str_eq(name, rec->host_config.network_mode))
			r = err_set(e, ERR_UNSUPPORTED, "user-defined networks are not supported yet: network %.100s",
				    name);
		else if (strv_len(s->aliases) > 0)
			r = err_set(
				e, ERR_INVALID,
				"invalid config for network %s: invalid endpoint settings:\nnetwork-scoped alias is "
				"supported only for containers in user defined networks",
				name);
		else if (!str_empty(s->mac_address))
			r = err_set(e, ERR_UNSUPPORTED, "MAC addresses are not supported yet: %.100s", s->mac_address);
		else if (s->ipam_config &&
			 (!str_empty(s->ipam_config->ipv4_address) || !str_empty(s->ipam_config->ipv6_address)))
			r = err_set(e, ERR_INVALID,
				    "invalid config for network %s: invalid endpoint settings:\nuser specified IP "
				    "address is "
				    "supported on user defined networks only",
				    name);
	}
	endpoints_done(&n);
	return r;
}

/* What inspect shows as Networks: the one endpoint that the network mode means, with the request's settings. */
static int endpoints_fill(struct container_record *rec, struct err *e)
{
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;
	const char *mode = rec->host_config.network_mode;
	struct endpoint only = {.network = (char *)mode};
	struct endpoints given, one = {.items = &only, .n = 1};
	struct json_writer w;

	if (endpoints_parse(rec->networking.endpoints_config, &given, e) < 0)
		return -1;
	for (size_t i = 0; i < given.n; i++) {
		if (str_eq(given.items[i].network, mode) ||
		    (str_eq(given.items[i].network, "default") && str_eq(mode, "bridge")))
			only.settings = given.items[i].settings;
	}
	if (mode_container(mode))
		one.n = 0;
	json_writer_init(&w, &out);
	endpoints_write(&w, &one);
	endpoints_done(&given); /* only.settings borrowed from it */
	free_and_set(&rec->networking.endpoints_config, strbuf_steal(&out));
	return 0;
}

/* The whole path, since "/" alone is a good parent. */
static int cgroup_parent_check(const struct container_record *rec, struct err *e)
{
	_cleanup_free_ char *path = NULL;

	if (str_empty(rec->host_config.cgroup_parent))
		return 0;
	path = xasprintf("%s/%s", rec->host_config.cgroup_parent, rec->id);
	return cgroup_path_check(path, e);
}

static int platform_check(const char *platform, const struct image *image, const char *ref, struct err *e)
{
	_cleanup_free_ char *has = NULL;
	const char *rest;

	if (str_empty(platform))
		return 0;
	has = image_config_platform(&image->config);
	rest = str_after(has, platform);
	if (rest && (*rest == 0 || *rest == '/'))
		return 0;
	return err_set(
		e, ERR_NOT_FOUND,
		"image with reference %.200s was found but its platform (%s) does not match the specified platform "
		"(%.100s)",
		ref, has, platform);
}

/* Everything that can be said without touching anything. body's pieces move into the record. */
static int record_make(struct engine *g, struct container_create *body, const char *platform,
		       struct container_record *rec, char ***warnings, struct err *e)
{
	_cleanup_(image_unref_p) struct image *image = NULL;
	const struct host_facts *facts = host_facts();
	char id[ID_LEN + 1];

	if (str_empty(body->config.image))
		return err_set(e, ERR_INVALID, "no image specified");
	if (config_check(&body->config, e) < 0)
		return -1;
	if (image_get(g->images, body->config.image, &image, e) < 0)
		return -1;
	if (platform_check(platform, image, body->config.image, e) < 0)
		return -1;
	if (config_merge_image(&body->config, &image->config.config, e) < 0)
		return -1;
	/* Once more with what the image brought: it is data like the request. */
	if (config_check(&body->config, e) < 0 ||
	    host_config_check(&body->host_config, &body->config, facts, warnings, e) < 0)
		return -1;
	host_config_drop_unsupported(&body->host_config, facts, warnings);
	host_config_fill(&body->host_config, &g->cfg, facts->cgroup_v2);
	if (log_config_check(body->host_config.log_config.type, &body->host_config.log_config.config, e) < 0 ||
	    seccomp_check(&body->host_config, e) < 0)
		return -1;

	random_id(id);
	*rec = (struct container_record){
		.id = xstrdup(id),
		.created_ns = clock_realtime_ns(),
		.image_id = xstrdup(image->id),
		.platform = xstrdup("linux"),
		.config = body->config,
		.host_config = body->host_config,
		.networking = body->networking_config,
		.status = CONTAINER_CREATED,
	};
	*body = (struct container_create){0};
	config_command(&rec->config, &rec->path, &rec->args);
	if (str_eq(rec->host_config.log_config.type, "json-file"))
		rec->log_path = xasprintf("%s/containers/%s/%s-json.log", g->cfg.data_root, id, id);
	if (cgroup_parent_check(rec, e) < 0)
		return -1;
	if (networks_check(rec, e) < 0 || resolve_modes(g, rec, e) < 0 || endpoints_fill(rec, e) < 0)
		return -1;
	return plan_mounts(g, rec, e);
}

/* --- the name --- */

/* rec moves into the container on success. */
static int reserve(struct engine *g, const char *name, struct container_record *rec, struct container **ret,
		   struct err *e)
{
	const char *given;
	struct err local = ERR_INIT;

	if (!str_empty(name)) {
		if (name_check(name, &given, e) < 0)
			return -1;
		rec->name = xstrdup(given);
		return container_reserve(g, rec, ret, e);
	}
	for (unsigned try = 0; try < NAME_TRIES; try++) {
		free_and_set(&rec->name, name_make(try));
		if (container_reserve(g, rec, ret, &local) == 0)
			return 0;
		if (local.kind != ERR_CONFLICT)
			break;
		err_clear(&local);
	}
	free_and_set(&rec->name, xstrndup(rec->id, 12));
	return container_reserve(g, rec, ret, e);
}

/* --- directories and files --- */

/* Makes base/name/<id> and gives its descriptor. */
static int make_home(const char *data_root, const char *name, const char *id, struct err *e)
{
	_cleanup_free_ char *base = path_join(data_root, name);
	_cleanup_close_ int fd = dir_open(base);
	int ret, r;

	if (fd == -ENOENT) { /* the first container of all */
		r = mkdir_p(base, 0700);
		if (r < 0)
			return err_sys(e, -r, "make %s", base);
		fd = dir_open(base);
	}
	if (fd < 0)
		return err_sys(e, -fd, "open %s", base);
	if (mkdirat(fd, id, 0700) < 0)
		return err_sys(e, errno, "make %s/%s", base, id);
	ret = dir_open_at(fd, id);
	return ret < 0 ? err_sys(e, -ret, "open %s/%s", base, id) : ret;
}

static int make_layer(const char *data_root, const char *id, struct err *e)
{
	_cleanup_close_ int fd = make_home(data_root, "overlay2", id, e), diff = -1, mark = -1;

	if (fd < 0)
		return -1;
	if (mkdirat(fd, "diff", 0755) < 0 || mkdirat(fd, "work", 0700) < 0 || mkdirat(fd, "merged", 0700) < 0)
		return err_sys(e, errno, "make the writable layer");
	diff = dir_open_at(fd, "diff");
	/* "/" of the container: for everybody, whatever the daemon's umask */
	if (diff < 0 || fchmod(diff, 0755) < 0)
		return err_sys(e, diff < 0 ? -diff : errno, "make the writable layer");
	/* Many a program looks for it to know that it runs in a container. */
	mark = root_open(diff, ".dockerenv", ROOT_NO_LINKS, O_WRONLY | O_CREAT | O_EXCL, 0755);
	if (mark < 0 || fchmod(mark, 0755) < 0)
		return err_sys(e, mark < 0 ? -mark : errno, "make the writable layer");
	return 0;
}

static int make_files(const struct engine *g, const struct container_record *rec, struct err *e)
{
	_cleanup_close_ int fd = make_home(g->cfg.data_root, "containers", rec->id, e);

	if (fd < 0)
		return -1;
	if (files_write(fd, rec, e) < 0)
		return -1;
	return make_layer(g->cfg.data_root, rec->id, e);
}

static void remove_home(const char *data_root, const char *name, const char *id)
{
	_cleanup_free_ char *base = path_join(data_root, name);
	_cleanup_close_ int fd = dir_open(base);
	int r = fd < 0 ? fd : rm_rf_at(fd, id);

	if (r < 0 && r != -ENOENT)
		log_error("cannot remove %s/%s: errno %d, left for the next start of the daemon", base, id, -r);
}

/* Also called by remove. */
void container_remove_files(const struct engine *g, const char *id)
{
	remove_home(g->cfg.data_root, "overlay2", id);
	remove_home(g->cfg.data_root, "containers", id);
}

/* --- all of it --- */

static int failpoint(int errnum, struct err *e)
{
	return errnum ? err_sys(e, errnum, "failpoint") : 0;
}

static int create_steps(struct container *c, struct err *e)
{
	struct engine *g = c->engine;

	if (failpoint(FAILPOINT("create.reserved"), e) < 0)
		return -1;
	/* Nobody else sees it yet: its record may be read without the lock. */
	if (make_files(g, &c->rec, e) < 0)
		return -1;
	if (failpoint(FAILPOINT("create.files"), e) < 0)
		return -1;
	/* A container that goes with its end does not outlive a loss of power in any case. */
	if (container_persist(c, c->rec.host_config.auto_remove ? STATE_FAST : STATE_DURABLE, e) < 0)
		return -1;
	return failpoint(FAILPOINT("create.persisted"), e);
}

static void create_undo(struct container *c)
{
	struct err e = ERR_INIT;

	if (container_delete_row(c, &e) < 0)
		log_error("cannot delete the record of container %s: %s", c->id, e.msg);
	container_remove_files(c->engine, c->id);
	container_drop(c);
}

int engine_create(struct engine *g, const char *name, struct container_create *body, const char *platform,
		  struct engine_created *ret, struct err *e)
{
	_cleanup_(container_unref_p) struct container *c = NULL;
	_cleanup_(container_record_done) struct container_record rec = {0};
	_cleanup_strv_ char **warnings = strv_new();
	const char *ignored;

	if (!str_empty(name) && name_check(name, &ignored, e) < 0)
		return -1;
	if (record_make(g, body, platform, &rec, &warnings, e) < 0)
		return -1;
	if (reserve(g, name, &rec, &c, e) < 0)
		return -1;
	if (create_steps(c, e) < 0) {
		create_undo(c);
		return -1;
	}
	{
		LOCK_GUARD(&c->lock);
		container_event(c, "create", NULL);
	}
	container_publish(c);
	memcpy(ret->id, c->id, sizeof(ret->id));
	ret->warnings = TAKE_PTR(warnings);
	return 0;
}
