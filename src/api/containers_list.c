/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET /containers/json. Records are read in place, one after the other, and written at once: no copies, so that a
 * thousand containers are listed in milliseconds. Only sizes, which need the disk, take the longer way over snapshots.
 */
#include <regex.h>

#include "api/api.h"
#include "api/container_text.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "engine/engine.h"
#include "image/image.h"

static const char *const allowed[] = {"ancestor",  "before",  "exited", "expose", "health",  "id",
				      "isolation", "is-task", "label",  "name",   "network", "publish",
				      "since",     "status",  "volume", NULL};

struct list {
	struct images *images;
	struct api_filters filters;
	bool all;
	int64_t limit;               /* 0: none */
	int64_t before_ns, since_ns; /* 0: unset */
	regex_t *names;
	size_t n_names;
	char **ancestors; /* image ids; NULL: not asked */
	/* running */
	int64_t now_ns;
	int64_t written;
	struct json_writer *w;
	/* the last image name looked up: lists mostly name few */
	char *image_name, *image_id;
};

static void list_done(struct list *l)
{
	api_filters_done(&l->filters);
	for (size_t i = 0; i < l->n_names; i++)
		regfree(&l->names[i]);
	free(l->names);
	strv_free(l->ancestors);
	free(l->image_name);
	free(l->image_id);
}

/* --- reading the query --- */

static int status_check(char *const *values, struct err *e)
{
	STRV_FOREACH (v, values) {
		bool known = false;

		for (int s = CONTAINER_CREATED; s <= CONTAINER_DEAD; s++)
			known = known || str_eq(*v, container_status_name((enum container_status)s));
		if (!known)
			return err_set(e, ERR_INVALID,
				       "invalid filter 'status=%.100s': invalid value for state (%.100s): must be one "
				       "of created, "
				       "running, paused, restarting, removing, exited, dead",
				       *v, *v);
	}
	return 0;
}

static int values_check(const struct list *l, struct err *e)
{
	static const char *const healths[] = {"none", "starting", "healthy", "unhealthy", NULL};
	static const char *const bools[] = {"0", "1", "true", "false", NULL};
	int64_t n;

	if (status_check(api_filter_values(&l->filters, "status"), e) < 0)
		return -1;
	STRV_FOREACH (v, api_filter_values(&l->filters, "health")) {
		if (!strv_contains((char *const *)healths, *v))
			return err_set(e, ERR_INVALID,
				       "invalid filter 'health=%.100s': invalid value for health (%.100s): must be one "
				       "of none, "
				       "starting, healthy, unhealthy",
				       *v, *v);
	}
	STRV_FOREACH (v, api_filter_values(&l->filters, "exited")) {
		if (parse_i64(*v, &n) < 0)
			return err_set(
				e, ERR_INVALID,
				"invalid filter 'exited=%.100s': strconv.Atoi: parsing \"%.100s\": invalid syntax", *v,
				*v);
	}
	STRV_FOREACH (v, api_filter_values(&l->filters, "is-task")) {
		if (!strv_contains((char *const *)bools, *v))
			return err_set(e, ERR_INVALID, "invalid filter 'is-task=[%.100s]'", *v);
	}
	return 0;
}

/* Creation time of the container that before or since names; also the old query parameters of that name. */
static int time_of(struct api_call *c, const struct api_filters *f, const char *key, int64_t *ret, struct err *e)
{
	char *const *values = api_filter_values(f, key);
	const char *old = api_query(c, key);
	char *const single[] = {(char *)old, NULL};

	if (!values && !str_empty(old))
		values = single;
	STRV_FOREACH (v, values) {
		_cleanup_(container_snapshot_free_p) struct container_snapshot *s = NULL;

		if (engine_get(c->api->engine, *v, &s, e) < 0)
			return -1;
		*ret = s->rec.created_ns;
	}
	return 0;
}

static void names_compile(struct list *l)
{
	char *const *values = api_filter_values(&l->filters, "name");

	l->names = xnew_array(regex_t, strv_len(values) + 1);
	STRV_FOREACH (v, values) {
		if (regcomp(&l->names[l->n_names], *v, REG_EXTENDED | REG_NOSUB) == 0)
			l->n_names++; /* one that is no expression matches nothing */
	}
}

static int list_read(struct api_call *c, struct list *l, struct err *e)
{
	if (api_filters_parse(c, allowed, &l->filters, e) < 0 || values_check(l, e) < 0)
		return -1;
	if (api_query_int(c, "limit", 0, &l->limit, e) < 0)
		return -1;
	l->all = api_query_bool(c, "all") || api_filter_values(&l->filters, "status");
	if (time_of(c, &l->filters, "before", &l->before_ns, e) < 0 ||
	    time_of(c, &l->filters, "since", &l->since_ns, e) < 0)
		return -1;
	names_compile(l);
	if (api_filter_values(&l->filters, "ancestor")) {
		l->ancestors = strv_new();
		STRV_FOREACH (v, api_filter_values(&l->filters, "ancestor")) {
			_cleanup_(image_unref_p) struct image *image = NULL;

			/* one that is not there is nobody's ancestor */
			if (image_get(l->images, *v, &image, /* e= */ NULL) == 0)
				strv_add(&l->ancestors, image->id);
		}
	}
	return 0;
}

/* --- who is in --- */

static bool match_name(const struct list *l, const struct container_record *rec)
{
	_cleanup_free_ char *slashed = NULL;

	if (!api_filter_values(&l->filters, "name"))
		return true;
	slashed = xasprintf("/%s", rec->name);
	for (size_t i = 0; i < l->n_names; i++) {
		if (regexec(&l->names[i], rec->name, 0, NULL, 0) == 0 ||
		    regexec(&l->names[i], slashed, 0, NULL, 0) == 0)
			return true;
	}
	return false;
}

static bool match_exited(const struct list *l, const struct container_record *rec)
{
	char *const *values = api_filter_values(&l->filters, "exited");
	int64_t n;

	if (!values)
		return true;
	if (container_record_running(rec) || rec->started_ns == 0)
		return false;
	STRV_FOREACH (v, values) {
		if (parse_i64(*v, &n) == 0 && n == rec->exit_code)
			return true;
	}
	return false;
}

static bool match_volume(const struct list *l, const struct container_record *rec)
{
	char *const *values = api_filter_values(&l->filters, "volume");
	const struct mount_point *m = rec->mounts.items;

	if (!values)
		return true;
	for (size_t i = 0; i < rec->mounts.n; i++) {
		if ((m[i].name && strv_contains(values, m[i].name)) ||
		    (m[i].source && strv_contains(values, m[i].source)) || strv_contains(values, m[i].destination))
			return true;
	}
	return false;
}

/* "80", "80/tcp", "80-90/udp" against the exposed ports. */
static bool match_expose(const struct list *l, const struct container_record *rec)
{
	char *const *values = api_filter_values(&l->filters, "expose");

	if (!values)
		return true;
	STRV_FOREACH (v, values) {
		_cleanup_free_ char *port = strchr(*v, '/') ? xstrdup(*v) : xasprintf("%s/tcp", *v);

		for (size_t i = 0; i < rec->config.exposed_ports.n; i++) {
			if (str_eq(rec->config.exposed_ports.items[i].key, port))
				return true;
		}
	}
	return false;
}

static bool match_network(const struct list *l, const struct container_record *rec)
{
	char *const *values = api_filter_values(&l->filters, "network");
	const char *mode = str_or_empty(rec->host_config.network_mode);

	return !values || (!str_starts(mode, "container:") && strv_contains(values, mode));
}

static bool match_health(const struct list *l, const struct container_record *rec)
{
	const char *health = container_health(rec);

	return api_filter_exact(&l->filters, "health", health ? health : "none");
}

static bool match_task(const struct list *l)
{
	char *const *values = api_filter_values(&l->filters, "is-task");

	return !values || strv_contains(values, "0") || strv_contains(values, "false");
}

static bool is_in(const struct list *l, const struct container_record *rec, bool removing)
{
	const struct api_filters *f = &l->filters;
	enum container_status status = removing ? CONTAINER_REMOVING : (enum container_status)rec->status;

	if (!container_record_running(rec) && !l->all && l->limit <= 0)
		return false;
	if (l->before_ns && rec->created_ns >= l->before_ns)
		return false;
	if (l->since_ns && rec->created_ns <= l->since_ns)
		return false;
	if (f->n == 0)
		return true;
	if (!api_filter_prefix(f, "id", rec->id) || !api_filter_exact(f, "status", container_status_name(status)))
		return false;
	if (l->ancestors && !strv_contains(l->ancestors, str_or_empty(rec->image_id)))
		return false;
	if (api_filter_values(f, "publish")) /* no port is published yet */
		return false;
	return match_name(l, rec) && match_exited(l, rec) && match_volume(l, rec) && match_expose(l, rec) &&
	       match_network(l, rec) && match_health(l, rec) && match_task(l) &&
	       api_filter_labels(f, "label", &rec->config.labels) &&
	       api_filter_exact(f, "isolation", str_or_empty(rec->host_config.isolation));
}

/* --- what is said of each --- */

/* The name that was asked for at create, unless it means another image by now. */
static const char *image_shown(struct list *l, const struct container_record *rec)
{
	const char *name = str_or_empty(rec->config.image);

	if (!str_eq(l->image_name, name)) {
		_cleanup_(image_unref_p) struct image *image = NULL;

		free_and_set(&l->image_name, xstrdup(name));
		free_and_set(&l->image_id, NULL);
		if (image_get(l->images, name, &image, /* e= */ NULL) == 0)
			l->image_id = xstrdup(image->id);
	}
	return str_eq(l->image_id, rec->image_id) ? name : str_or_empty(rec->image_id);
}

static void write_ports(struct json_writer *w, const struct container_record *rec)
{
	bool any = container_record_running(rec) && str_eq(rec->host_config.network_mode, "bridge");

	json_key(w, "Ports");
	json_array_begin(w);
	for (size_t i = 0; any && i < rec->config.exposed_ports.n; i++) {
		_cleanup_free_ char *port = xstrdup(rec->config.exposed_ports.items[i].key);
		char *slash = strchr(port, '/');
		uint32_t n;

		if (slash)
			*slash = 0;
		if (parse_u32(port, &n) < 0)
			continue;
		json_object_begin(w);
		json_kint(w, "PrivatePort", n);
		json_kstr(w, "Type", slash ? slash + 1 : "tcp");
		json_object_close(w);
	}
	json_array_close(w);
}

static void write_mounts(struct json_writer *w, const struct container_record *rec)
{
	const struct mount_point *m = rec->mounts.items;

	json_key(w, "Mounts");
	json_array_begin(w);
	for (size_t i = 0; i < rec->mounts.n; i++) {
		json_object_begin(w);
		json_fields_write(w, mount_point_api_fields, &m[i]);
		json_object_close(w);
	}
	json_array_close(w);
}

static void write_texts(struct list *l, const struct container_record *rec, bool removing)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	enum container_status status = removing ? CONTAINER_REMOVING : (enum container_status)rec->status;

	json_kstr(l->w, "State", container_status_name(status));
	container_status_text(rec, removing, l->now_ns, &text);
	json_kstr(l->w, "Status", text.data);
}

static void write_head(struct list *l, const struct container_record *rec)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	struct json_writer *w = l->w;

	json_kstr(w, "Id", rec->id);
	strbuf_addf(&text, "/%s", rec->name);
	json_key(w, "Names");
	json_array_begin(w);
	json_str(w, text.data);
	json_array_close(w);
	json_kstr(w, "Image", image_shown(l, rec));
	json_kstr(w, "ImageID", str_or_empty(rec->image_id));
	strbuf_clear(&text);
	container_command_text(rec, &text);
	json_kstr(w, "Command", text.data);
	json_kint(w, "Created", rec->created_ns / NS_PER_SEC);
	write_ports(w, rec);
}

/* rw and rootfs < 0: sizes were not asked for. */
static void write_one(struct list *l, const struct container_record *rec, bool removing, int64_t rw, int64_t rootfs)
{
	struct json_writer *w = l->w;

	json_object_begin(w);
	write_head(l, rec);
	if (rw > 0)
		json_kint(w, "SizeRw", rw);
	if (rootfs > 0)
		json_kint(w, "SizeRootFs", rootfs);
	json_key(w, "Labels");
	json_kv_write(w, &rec->config.labels);
	write_texts(l, rec, removing);
	json_key(w, "HostConfig");
	json_object_begin(w);
	json_kstr(w, "NetworkMode", str_or_empty(rec->host_config.network_mode));
	if (rec->host_config.annotations.n > 0) {
		json_key(w, "Annotations");
		json_kv_write(w, &rec->host_config.annotations);
	}
	json_object_close(w);
	json_key(w, "NetworkSettings");
	json_object_begin(w);
	json_key(w, "Networks");
	json_raw(w, str_empty(rec->networking.endpoints_config) ? "{}" : rec->networking.endpoints_config);
	json_object_close(w);
	write_mounts(w, rec);
	json_object_close(w);
}

static void visit(void *arg, const struct container_record *rec, bool removing)
{
	struct list *l = arg;

	if ((l->limit > 0 && l->written >= l->limit) || !is_in(l, rec, removing))
		return;
	l->written++;
	write_one(l, rec, removing, -1, -1);
}

static void write_with_sizes(struct api_call *c, struct list *l)
{
	struct container_snapshot **all = engine_all(c->api->engine);

	for (struct container_snapshot **s = all; *s; s++) {
		struct err local = ERR_INIT;
		int64_t rw = 0, rootfs = 0;

		if ((l->limit > 0 && l->written >= l->limit) || !is_in(l, &(*s)->rec, (*s)->removing))
			continue;
		/* one that is removed meanwhile has no size any more */
		if (engine_size(c->api->engine, *s, &rw, &rootfs, &local) < 0)
			rw = rootfs = 0;
		l->written++;
		write_one(l, &(*s)->rec, (*s)->removing, rw, rootfs);
	}
	container_snapshot_free_all(all);
}

static int handle_list(struct api_call *c, struct err *e)
{
	_cleanup_(list_done) struct list l = {.images = c->api->images, .now_ns = clock_realtime_ns()};
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;
	struct json_writer w;

	if (list_read(c, &l, e) < 0)
		return -1;
	json_writer_init(&w, &out);
	l.w = &w;
	json_array_begin(&w);
	if (!api_query_bool(c, "size"))
		engine_each(c->api->engine, visit, &l);
	else
		write_with_sizes(c, &l);
	json_array_close(&w);
	api_reply_json(c, 200, &out);
	return 0;
}

const struct api_route api_routes_containers_list[] = {
	{"GET", "/containers/json", handle_list},
	{NULL},
};
