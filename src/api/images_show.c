/* SPDX-License-Identifier: Apache-2.0 */
/* GET /images/json, /images/{name}/json, /images/{name}/history: images as Docker shows them. */
#include <string.h>

#include "api/images_priv.h"
#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "format/oci/reference.h"

/* --- filters --- */

static const char *const list_filters[] = {"dangling", "label",     "label!", "before",
					   "since",    "reference", "until",  NULL};

int images_filter_bool(const struct api_filters *f, const char *key, bool fallback, bool *ret, struct err *e)
{
	static const char *const yes[] = {"1", "true", "True", "TRUE", "t", "T"}, *const no[] = {"0",     "false",
												 "False", "FALSE",
												 "f",     "F"};
	char *const *values = api_filter_values(f, key);
	_cleanup_free_ char *all = NULL;
	bool is_yes = false, is_no = false;

	*ret = fallback;
	if (!values || !*values)
		return 0;
	STRV_FOREACH (v, values)
		for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
			is_yes |= str_eq(*v, yes[i]);
			is_no |= str_eq(*v, no[i]);
		}
	if (is_yes == is_no) {
		all = strv_join(values, " ");
		return err_set(e, ERR_INVALID, "invalid filter '%s=[%s]'", key, all);
	}
	*ret = is_yes;
	return 0;
}

int images_filter_init(struct image_filter *f, const struct api_filters *filters, struct err *e)
{
	char *const *until = api_filter_values(filters, "until");

	*f = (struct image_filter){.filters = filters};
	if (!until || !*until)
		return 0;
	if (until[1])
		return err_set(e, ERR_INVALID, "more than one until filter specified");
	if (clock_parse_docker(until[0], clock_realtime_ns(), &f->until_ns) < 0)
		return err_set(e, ERR_INVALID, "invalid until filter \"%s\"", until[0]);
	return 0;
}

bool images_filter_passes(const struct image_filter *f, const struct image *i)
{
	if (f->until_ns && i->config.created_ns > f->until_ns)
		return false;
	if (!api_filter_labels(f->filters, "label", &i->config.config.labels))
		return false;
	return !api_filter_values(f->filters, "label!") ||
	       !api_filter_labels(f->filters, "label!", &i->config.config.labels);
}

struct list {
	struct api_call *c;
	struct api_filters filters;
	struct image_filter common;
	bool all, dangling, dangling_given, shared_size;
	int64_t before_ns, since_ns; /* 0: none */
	struct image **images;
	struct used_layer { /* in how many images a layer is */
		const char *chain_id;
		int n;
		UT_hash_handle hh;
	} * layers;
};

static int time_of_image(struct list *l, const char *key, int64_t *ret, struct err *e)
{
	STRV_FOREACH (v, api_filter_values(&l->filters, key)) {
		_cleanup_(image_unref_p) struct image *i = NULL;

		if (images_get_visible(l->c, *v, &i, e) < 0)
			return -1;
		*ret = MAX(i->config.created_ns, 1);
	}
	return 0;
}

static int read_query(struct list *l, struct err *e)
{
	const char *old = l->c->version < 141 ? api_query(l->c, "filter") : NULL;

	if (api_filters_parse(l->c, list_filters, &l->filters, e) < 0 ||
	    images_filter_init(&l->common, &l->filters, e) < 0 ||
	    images_filter_bool(&l->filters, "dangling", false, &l->dangling, e) < 0 ||
	    time_of_image(l, "before", &l->before_ns, e) < 0 || time_of_image(l, "since", &l->since_ns, e) < 0)
		return -1;
	if (!str_empty(old)) { /* before filters had it */
		_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
		struct json_writer w;

		json_writer_init(&w, &sb);
		json_object_begin(&w);
		json_key(&w, "reference");
		json_array_begin(&w);
		json_str(&w, old);
		json_array_close(&w);
		json_object_close(&w);
		api_filters_done(&l->filters);
		if (api_filters_decode(sb.data, list_filters, &l->filters, e) < 0)
			return -1;
	}
	l->dangling_given = api_filter_values(&l->filters, "dangling") != NULL;
	l->all = api_query_bool(l->c, "all");
	l->shared_size = l->c->version >= 142 && api_query_bool(l->c, "shared-size");
	return 0;
}

static bool is_parent(const struct list *l, const char *id)
{
	for (struct image **i = l->images; *i; i++)
		if (str_eq((*i)->parent, id))
			return true;
	return false;
}

static int matches_reference(const char *name, char *const *patterns, bool *ret, struct err *e)
{
	_cleanup_reference_ struct reference r = {0};

	*ret = false;
	if (reference_parse(name, &r, e) < 0)
		return -1;
	for (char *const *p = patterns; *p && !*ret; p++)
		if (reference_match(&r, *p, ret) < 0)
			return err_set(e, ERR_INVALID, "invalid reference pattern \"%s\": syntax error in pattern", *p);
	return 0;
}

static int pick_names(char *const *names, char *const *patterns, char ***ret, struct err *e)
{
	*ret = strv_new();
	STRV_FOREACH (n, names) {
		bool yes = true;

		if (patterns && matches_reference(*n, patterns, &yes, e) < 0)
			return -1;
		if (yes)
			strv_add(ret, *n);
	}
	return 0;
}

/* Is the image in the list, and under which names? 1, 0 or -1. */
static int select_image(struct list *l, const struct image *i, char ***tags, char ***digests, struct err *e)
{
	char *const *patterns = api_filter_values(&l->filters, "reference");

	if ((l->before_ns && i->config.created_ns >= l->before_ns) ||
	    (l->since_ns && i->config.created_ns <= l->since_ns) || !images_filter_passes(&l->common, i))
		return 0;
	if (pick_names(i->tags, patterns, tags, e) < 0 || pick_names(i->digests, patterns, digests, e) < 0)
		return -1;
	if (**tags || **digests)
		return !(l->dangling && **tags);
	if (patterns || (l->dangling_given && !l->dangling))
		return 0;
	return l->all || !is_parent(l, i->id);
}

static void count_layers(struct list *l)
{
	for (struct image **i = l->images; *i; i++)
		STRV_FOREACH (id, (*i)->chain_ids) {
			struct used_layer *u;

			HASH_FIND_STR(l->layers, *id, u);
			if (!u) {
				u = xnew(struct used_layer);
				u->chain_id = *id;
				HASH_ADD_KEYPTR(hh, l->layers, u->chain_id, strlen(u->chain_id), u);
			}
			u->n++;
		}
}

static int64_t shared_size(const struct list *l, const struct image *i)
{
	int64_t sum = 0;

	for (size_t k = 0; i->chain_ids[k]; k++) {
		struct used_layer *u;

		HASH_FIND_STR(l->layers, i->chain_ids[k], u);
		if (u && u->n > 1)
			sum += i->layer_sizes[k];
	}
	return sum;
}

static void write_names(struct json_writer *w, const char *key, char *const *v, const char *none)
{
	json_key(w, key);
	json_array_begin(w);
	if (none && (!v || !*v))
		json_str(w, none);
	STRV_FOREACH (s, v)
		json_str(w, *s);
	json_array_close(w);
}

static void write_summary(struct json_writer *w, const struct list *l, const struct image *i, char *const *tags,
			  char *const *digests)
{
	bool old = l->c->version < 143 && !*tags && !*digests; /* names of images without one */

	json_object_begin(w);
	json_kint(w, "Containers", -1);
	json_kint(w, "Created", i->config.created_ns / NS_PER_SEC);
	json_kstr(w, "Id", i->id);
	json_key(w, "Labels");
	json_kv_write(w, &i->config.config.labels);
	json_kstr(w, "ParentId", str_or_empty(i->parent));
	write_names(w, "RepoDigests", digests, old ? "<none>@<none>" : NULL);
	write_names(w, "RepoTags", tags, old ? "<none>:<none>" : NULL);
	json_kint(w, "SharedSize", l->shared_size ? shared_size(l, i) : -1);
	json_kint(w, "Size", i->size);
	if (l->c->version < 144)
		json_kint(w, "VirtualSize", i->size);
	json_object_close(w);
}

static int write_list(struct list *l, struct strbuf *out, struct err *e)
{
	struct json_writer w;

	if (l->shared_size)
		count_layers(l);
	json_writer_init(&w, out);
	json_array_begin(&w);
	for (struct image **i = l->images; *i; i++) {
		_cleanup_strv_ char **tags = NULL, **digests = NULL;
		int r = select_image(l, *i, &tags, &digests, e);

		if (r < 0)
			return -1;
		if (r)
			write_summary(&w, l, *i, tags, digests);
	}
	json_array_close(&w);
	return 0;
}

int handle_image_list(struct api_call *c, struct err *e)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	struct list l = {.c = c};
	struct used_layer *u, *tmp;
	int rc;

	rc = read_query(&l, e);
	if (rc == 0) {
		l.images = image_all(c->api->images);
		rc = write_list(&l, &sb, e);
	}
	HASH_ITER (hh, l.layers, u, tmp) {
		HASH_DEL(l.layers, u);
		free(u);
	}
	image_all_free(l.images);
	api_filters_done(&l.filters);
	if (rc == 0)
		api_reply_json(c, 200, &sb);
	return rc;
}

/* --- inspect --- */

static void write_health(struct json_writer *w, const struct image_healthcheck *h)
{
	json_key(w, "Healthcheck");
	json_object_begin(w);
	json_fields_write(w, image_healthcheck_fields, h);
	json_object_close(w);
}

static void write_set(struct json_writer *w, const char *key, const struct json_kv *m, bool omit)
{
	if (omit && !m->n)
		return;
	json_key(w, key);
	if (!m->n) {
		json_null(w);
		return;
	}
	json_object_begin(w);
	for (size_t i = 0; i < m->n; i++) {
		json_key(w, m->items[i].key);
		json_raw(w, "{}");
	}
	json_object_close(w);
}

/* Fields of containers, which older clients find in images. */
static void write_old_config(struct json_writer *w)
{
	json_kstr(w, "Hostname", "");
	json_kstr(w, "Domainname", "");
	json_kbool(w, "AttachStdin", false);
	json_kbool(w, "AttachStdout", false);
	json_kbool(w, "AttachStderr", false);
	json_kbool(w, "Tty", false);
	json_kbool(w, "OpenStdin", false);
	json_kbool(w, "StdinOnce", false);
	json_kstr(w, "Image", "");
}

static void write_run_config(struct json_writer *w, const struct image_run_config *c, int version)
{
	json_object_begin(w);
	if (version < 150)
		write_old_config(w);
	json_kstr(w, "User", str_or_empty(c->user));
	write_set(w, "ExposedPorts", &c->exposed_ports, true);
	json_kstrv(w, "Env", c->env);
	json_kstrv(w, "Entrypoint", c->entrypoint);
	json_kstrv(w, "Cmd", c->cmd);
	if (c->healthcheck)
		write_health(w, c->healthcheck);
	if (c->args_escaped)
		json_kbool(w, "ArgsEscaped", true);
	write_set(w, "Volumes", &c->volumes, false);
	json_kstr(w, "WorkingDir", str_or_empty(c->working_dir));
	json_kstrv(w, "OnBuild", c->on_build);
	json_key(w, "Labels");
	json_kv_write(w, &c->labels);
	if (!str_empty(c->stop_signal))
		json_kstr(w, "StopSignal", c->stop_signal);
	if (c->shell)
		json_kstrv(w, "Shell", c->shell);
	json_object_close(w);
}

static void write_driver(struct api_call *c, struct json_writer *w, const struct image *i)
{
	_cleanup_strv_ char **dirs = NULL;
	_cleanup_free_ char *lower = NULL, *merged = NULL, *work = NULL;

	json_key(w, "GraphDriver");
	json_object_begin(w);
	json_key(w, "Data");
	json_object_begin(w);
	if (image_lower_dirs(c->api->images, i, &dirs, NULL) == 0 && dirs && *dirs) {
		lower = strv_join(dirs + 1, ":");
		if (*lower)
			json_kstr(w, "LowerDir", lower);
		/* a container of this image alone would have them; tools look for the keys */
		json_kstr(w, "MergedDir", merged = path_join(dirs[0], "../merged"));
		json_kstr(w, "UpperDir", dirs[0]);
		json_kstr(w, "WorkDir", work = path_join(dirs[0], "../work"));
	}
	json_object_close(w);
	json_kstr(w, "Name", "overlay2");
	json_object_close(w);
}

static const char *comment_of(const struct image_config *c)
{
	if (!str_empty(c->comment) || !c->history.n)
		return str_or_empty(c->comment);
	return str_or_empty(image_history_at(c, c->history.n - 1)->comment);
}

static void write_rootfs(struct json_writer *w, const struct image *i)
{
	json_key(w, "RootFS");
	json_object_begin(w);
	json_kstr(w, "Type", "layers");
	if (*i->config.diff_ids)
		json_kstrv(w, "Layers", i->config.diff_ids);
	json_object_close(w);
}

static void write_inspect(struct api_call *c, struct json_writer *w, const struct image *i)
{
	const struct image_config *cfg = &i->config;

	json_object_begin(w);
	json_kstr(w, "Id", i->id);
	json_kstrv(w, "RepoTags", i->tags);
	json_kstrv(w, "RepoDigests", i->digests);
	json_kstr(w, "Parent", str_or_empty(i->parent));
	json_kstr(w, "Comment", comment_of(cfg));
	json_ktime(w, "Created", cfg->created_ns);
	if (c->version < 145) {
		json_kstr(w, "Container", "");
		json_key(w, "ContainerConfig");
		json_null(w);
	}
	json_kstr(w, "DockerVersion", str_or_empty(cfg->docker_version));
	json_kstr(w, "Author", str_or_empty(cfg->author));
	json_key(w, "Config");
	write_run_config(w, &cfg->config, c->version);
	json_kstr(w, "Architecture", str_or_empty(cfg->architecture));
	if (!str_empty(cfg->variant))
		json_kstr(w, "Variant", cfg->variant);
	json_kstr(w, "Os", str_empty(cfg->os) ? "linux" : cfg->os);
	if (!str_empty(cfg->os_version))
		json_kstr(w, "OsVersion", cfg->os_version);
	json_kint(w, "Size", i->size);
	if (c->version < 144)
		json_kint(w, "VirtualSize", i->size);
	write_driver(c, w, i);
	write_rootfs(w, i);
	json_key(w, "Metadata");
	json_object_begin(w);
	json_ktime(w, "LastTagTime", i->last_tagged_ns);
	json_object_close(w);
	json_object_close(w);
}

int handle_image_inspect(struct api_call *c, struct err *e)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	_cleanup_(image_unref_p) struct image *i = NULL;
	_cleanup_free_ char *platform = NULL;
	struct json_writer w;

	if (images_platform(c, &platform, e) < 0 || images_get_visible(c, c->args[0], &i, e) < 0 ||
	    images_check_platform(i, c->args[0], platform, e) < 0)
		return -1;
	json_writer_init(&w, &sb);
	write_inspect(c, &w, i);
	api_reply_json(c, 200, &sb);
	return 0;
}

/* --- history --- */

static void write_step(struct json_writer *w, const struct image_history *h, const struct image *owner, int64_t size)
{
	int64_t created = 0;

	if (!str_empty(h->created))
		(void)clock_parse_rfc3339(h->created, &created);
	json_object_begin(w);
	json_kstr(w, "Comment", str_or_empty(h->comment));
	json_kint(w, "Created", created / NS_PER_SEC);
	json_kstr(w, "CreatedBy", str_or_empty(h->created_by));
	json_kstr(w, "Id", owner ? owner->id : "<missing>");
	json_kint(w, "Size", size);
	json_key(w, "Tags");
	if (owner && *owner->tags)
		json_strv(w, owner->tags);
	else
		json_null(w);
	json_object_close(w);
}

/* Newest first; the steps of known parents carry their ids. */
static void write_history(struct api_call *c, struct json_writer *w, const struct image *i)
{
	const struct image_config *cfg = &i->config;
	struct image *owner = image_ref((struct image *)i);
	size_t layer = strv_len(i->chain_ids);

	json_array_begin(w);
	for (size_t k = cfg->history.n; k-- > 0;) {
		const struct image_history *h = image_history_at(cfg, k);
		struct image *parent = NULL;

		write_step(w, h, owner, h->empty_layer || !layer ? 0 : i->layer_sizes[--layer]);
		if (owner && owner->parent)
			(void)image_get(c->api->images, owner->parent, &parent, NULL);
		image_unref(owner);
		owner = parent;
	}
	image_unref(owner);
	json_array_close(w);
}

int handle_image_history(struct api_call *c, struct err *e)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	_cleanup_(image_unref_p) struct image *i = NULL;
	_cleanup_free_ char *platform = NULL;
	struct json_writer w;

	if (images_platform(c, &platform, e) < 0 || images_get_visible(c, c->args[0], &i, e) < 0 ||
	    images_check_platform(i, c->args[0], platform, e) < 0)
		return -1;
	json_writer_init(&w, &sb);
	write_history(c, &w, i);
	api_reply_json(c, 200, &sb);
	return 0;
}
