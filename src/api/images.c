/* SPDX-License-Identifier: Apache-2.0 */
/* The image routes that change or stream: load, save, import, tag, remove, prune. What shows images is in
 * images_show.c. */
#include <string.h>

#include "api/images_priv.h"
#include "base/mem.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "engine/engine.h"
#include "engine/events.h"
#include "format/oci/reference.h"

/* --- shared --- */

int images_get_visible(struct api_call *c, const char *ref, struct image **ret, struct err *e)
{
	struct image *i;

	if (image_get(c->api->images, ref, &i, e) < 0)
		return -1;
	if (i->hidden) {
		image_unref(i);
		return err_set(e, ERR_NOT_FOUND, "No such image: %s", ref);
	}
	*ret = i;
	return 0;
}

int images_platform(struct api_call *c, char **ret, struct err *e)
{
	const char *text = c->version >= 148 ? api_query(c, "platform") : NULL;
	_cleanup_json_ json_object *v = NULL;
	const char *os, *arch, *variant;

	*ret = NULL;
	if (str_empty(text))
		return 0;
	if (json_parse(text, strlen(text), &v, e) < 0 || !json_object_is_type(v, json_type_object))
		return err_set(e, ERR_INVALID, "failed to parse platform: \"%.100s\" is no JSON object", text);
	os = json_member_str(v, "os", "");
	arch = json_member_str(v, "architecture", "");
	variant = json_member_str(v, "variant", "");
	if (!*os || !*arch)
		return err_set(e, ERR_INVALID, "both OS and Architecture must be provided");
	*ret = xasprintf("%s/%s%s%s", os, arch, *variant ? "/" : "", variant);
	return 0;
}

int images_check_platform(const struct image *i, const char *ref, const char *platform, struct err *e)
{
	_cleanup_free_ char *have = image_config_platform(&i->config);

	if (image_config_fits(&i->config, platform))
		return 0;
	return err_set(
		e, ERR_NOT_FOUND,
		"image with reference %s was found but does not match the specified platform: wanted %s, actual: %s",
		ref, platform, have);
}

/* Docker's attributes of an image event: the image's labels, and a name. labels may be NULL: the image is gone. */
static void publish(struct api_call *c, const char *action, const char *id, const struct json_kv *labels,
		    const char *name)
{
	const char *extra[] = {"name", name, NULL};

	events_publish(c->api->events, "image", action, id, labels, extra);
}

static void publish_of(struct api_call *c, const char *action, const char *id, const char *name)
{
	struct image *i = NULL;

	(void)image_get(c->api->images, id, &i, NULL);
	publish(c, action, id, i ? &i->config.config.labels : NULL, name);
	image_unref(i);
}

struct uses {
	struct container_snapshot **all;
	struct image_use *items;
	size_t n;
};

static void uses_init(struct uses *u, struct api_call *c)
{
	u->all = engine_all(c->api->engine);
	for (u->n = 0; u->all[u->n];)
		u->n++;
	u->items = xnew_array(struct image_use, u->n + 1);
	for (size_t i = 0; i < u->n; i++) {
		const struct container_record *r = &u->all[i]->rec;

		u->items[i] = (struct image_use){
			.image_id = r->image_id,
			.container_id = r->id,
			.running = r->status == CONTAINER_RUNNING || r->status == CONTAINER_PAUSED ||
				   r->status == CONTAINER_RESTARTING,
		};
	}
}

static void uses_done(struct uses *u)
{
	free(u->items);
	container_snapshot_free_all(u->all);
}

/* --- streams --- */

struct stream { /* of a long answer made of JSON messages */
	struct api_call *c;
	bool started;
};

static ssize_t read_body(void *arg, void *p, size_t n)
{
	struct stream *s = arg;

	return http_body_read(s->c->conn, p, n);
}

static void send_message(void *arg, const char *json)
{
	struct stream *s = arg;
	_cleanup_free_ char *line = xasprintf("%s\r\n", json);

	if (!s->started)
		(void)http_stream_start(s->c->conn, 200, "application/json");
	s->started = true;
	(void)http_stream_write(s->c->conn, line,
				strlen(line)); /* a client that is gone misses the news, not the image */
}

static void send_text(struct stream *s, const char *key, const char *text)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	struct json_writer w;

	json_writer_init(&w, &sb);
	json_object_begin(&w);
	json_kstr(&w, key, text);
	json_object_close(&w);
	send_message(s, sb.data);
}

static void send_error(struct stream *s, const struct err *why)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	struct json_writer w;

	json_writer_init(&w, &sb);
	json_object_begin(&w);
	json_key(&w, "errorDetail");
	json_object_begin(&w);
	json_kstr(&w, "message", why->msg);
	json_object_close(&w);
	json_kstr(&w, "error", why->msg);
	json_object_close(&w);
	send_message(s, sb.data);
}

/* --- load, import, save --- */

static void announce_loaded(struct stream *s, const struct image_loaded *l)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct image_loaded_item *it = &l->items[i];

		STRV_FOREACH (tag, it->tags) {
			_cleanup_free_ char *text = xasprintf("Loaded image: %s\n", *tag);

			send_text(s, "stream", text);
		}
		if (!*it->tags) {
			_cleanup_free_ char *text = xasprintf("Loaded image ID: %s\n", it->id);

			send_text(s, "stream", text);
		}
		publish_of(s->c, "load", it->id, it->id);
	}
}

/* As dockerd: whatever goes wrong with the archive is told inside the stream. */
static int handle_load(struct api_call *c, struct err *e)
{
	struct stream s = {.c = c};
	const struct image_input in = {.read = read_body, .arg = &s};
	_cleanup_free_ char *platform = NULL;
	struct image_loaded l = {0};
	struct err why = ERR_INIT;

	if (images_platform(c, &platform, e) < 0)
		return -1;
	if (image_load(c->api->images, &in, platform, api_query_bool(c, "quiet"), send_message, &s, &l, &why) < 0)
		send_error(&s, &why);
	else
		announce_loaded(&s, &l);
	image_loaded_done(&l);
	if (s.started)
		(void)http_stream_end(c->conn);
	else
		api_reply_empty(c, 200);
	return 0;
}

static char **query_all(struct api_call *c, const char *name)
{
	char **v = strv_new();

	for (size_t i = 0; i < c->query.n; i++)
		if (str_eq(c->query.pairs[i].name, name))
			strv_add(&v, c->query.pairs[i].value);
	return v;
}

static int do_import(struct api_call *c, struct err *e)
{
	struct stream s = {.c = c};
	const struct image_input in = {.read = read_body, .arg = &s};
	_cleanup_strv_ char **changes = query_all(c, "changes");
	_cleanup_reference_ struct reference r = {0};
	_cleanup_free_ char *name = NULL;
	const char *repo = api_query(c, "repo"), *tag = api_query(c, "tag");
	char id[DIGEST_MAX];

	if (image_import(c->api->images, &in, repo, tag, api_query(c, "message"), changes, api_query(c, "platform"), id,
			 e) < 0)
		return -1;
	if (!str_empty(repo) && reference_parse_repo_tag(repo, tag, &r, NULL) == 0) {
		name = reference_familiar(&r);
		publish_of(c, "tag", id, name);
	}
	publish_of(c, "import", id, id);
	send_text(&s, "status", id);
	(void)http_stream_end(c->conn);
	return 0;
}

static int handle_create(struct api_call *c, struct err *e)
{
	const char *from = api_query(c, "fromImage"), *src = api_query(c, "fromSrc"), *tag = api_query(c, "tag");

	if (!str_empty(from)) {
		_cleanup_reference_ struct reference r = {0};
		_cleanup_free_ char *name = NULL;

		if (reference_parse(from, &r, e) < 0)
			return -1;
		if (!str_empty(tag) && reference_tag_is_valid(tag))
			free_and_set(&r.tag, xstrdup(tag));
		reference_default_tag(&r);
		name = reference_familiar(&r);
		return err_set(e, ERR_UNSUPPORTED,
			       "cannot pull %s: this version of Hull has no registry client yet; bring the image with "
			       "`docker load` or `docker import`",
			       name);
	}
	if (!str_eq(src, "-"))
		return err_set(
			e, ERR_UNSUPPORTED,
			"importing from a URL is not implemented by this version of Hull: pipe the archive in instead");
	return do_import(c, e);
}

static int begin_tar(void *arg)
{
	struct stream *s = arg;

	s->started = true;
	return http_stream_start(s->c->conn, 200, "application/x-tar");
}

static int write_tar(void *arg, const void *p, size_t n)
{
	struct stream *s = arg;

	return http_stream_write(s->c->conn, p, n);
}

static int save(struct api_call *c, char *const *names, struct err *e)
{
	struct stream s = {.c = c};
	const struct image_output out = {.write = write_tar, .arg = &s};
	_cleanup_strv_ char **ids = NULL;
	_cleanup_free_ char *platform = NULL;

	if (images_platform(c, &platform, e) < 0)
		return -1;
	if (image_save(c->api->images, names, platform, &out, begin_tar, &ids, e) < 0)
		return s.started ? 0 : -1; /* the connection is cut: the client sees that the archive is not whole */
	STRV_FOREACH (id, ids)
		publish_of(c, "save", *id, *id);
	(void)http_stream_end(c->conn);
	return 0;
}

static int handle_get_one(struct api_call *c, struct err *e)
{
	char *names[] = {c->args[0], NULL};

	return save(c, names, e);
}

static int handle_get(struct api_call *c, struct err *e)
{
	_cleanup_strv_ char **names = query_all(c, "names");

	if (!*names)
		return err_set(e, ERR_INVALID, "no image names given: ?names= is missing");
	return save(c, names, e);
}

/* --- tag, remove, prune --- */

static int handle_tag(struct api_call *c, struct err *e)
{
	const char *repo = api_query(c, "repo"), *tag = api_query(c, "tag");
	_cleanup_(image_unref_p) struct image *i = NULL, *visible = NULL;
	_cleanup_reference_ struct reference r = {0};
	_cleanup_free_ char *name = NULL;

	if (images_get_visible(c, c->args[0], &visible, e) < 0 ||
	    image_tag(c->api->images, visible->id, str_or_empty(repo), tag, &i, e) < 0)
		return -1;
	if (reference_parse_repo_tag(repo, tag, &r, NULL) == 0) {
		name = reference_familiar(&r);
		publish(c, "tag", i->id, &i->config.config.labels, name);
	}
	api_reply_empty(c, 201);
	return 0;
}

static void write_removed(struct json_writer *w, const struct image_removed *r)
{
	json_array_begin(w);
	for (size_t i = 0; i < r->n; i++) {
		json_object_begin(w);
		if (r->items[i].untagged)
			json_kstr(w, "Untagged", r->items[i].untagged);
		else
			json_kstr(w, "Deleted", r->items[i].deleted);
		json_object_close(w);
	}
	json_array_close(w);
}

/* An untag carries the labels that the image had; a delete comes when there is no image to ask any more. */
static void publish_removed(struct api_call *c, const struct image_removed *r, struct image *const *before)
{
	for (size_t k = 0; k < r->n; k++) {
		const struct image_removed_item *it = &r->items[k];
		const struct json_kv *labels = NULL;

		if (!it->id)
			continue;
		for (struct image *const *i = before; it->untagged && *i; i++)
			if (str_eq((*i)->id, it->id))
				labels = &(*i)->config.config.labels;
		publish(c, it->untagged ? "untag" : "delete", it->id, labels, it->id);
	}
}

static int handle_remove(struct api_call *c, struct err *e)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	_cleanup_(image_unref_p) struct image *i = NULL;
	struct image *before[2] = {NULL, NULL};
	struct image_removed removed = {0};
	struct json_writer w;
	struct uses u;
	int rc;

	if (images_get_visible(c, c->args[0], &i, e) < 0)
		return -1;
	before[0] = i;
	uses_init(&u, c);
	rc = image_remove(c->api->images, c->args[0], api_query_bool(c, "force"), !api_query_bool(c, "noprune"),
			  u.items, u.n, &removed, e);
	uses_done(&u);
	if (rc < 0)
		return -1;
	publish_removed(c, &removed, before);
	json_writer_init(&w, &sb);
	write_removed(&w, &removed);
	image_removed_done(&removed);
	api_reply_json(c, 200, &sb);
	return 0;
}

static bool keep_image(void *arg, const struct image *i)
{
	return !images_filter_passes(arg, i);
}

static void reply_pruned(struct api_call *c, const struct image_removed *removed, int64_t bytes)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	_cleanup_free_ char *reclaimed = xasprintf("%lld", (long long)bytes);
	const char *extra[] = {"reclaimed", reclaimed, NULL};
	struct json_writer w;

	events_publish(c->api->events, "image", "prune", "", NULL, extra);
	json_writer_init(&w, &sb);
	json_object_begin(&w);
	json_key(&w, "ImagesDeleted");
	if (removed->n)
		write_removed(&w, removed);
	else
		json_null(&w);
	json_kint(&w, "SpaceReclaimed", bytes);
	json_object_close(&w);
	api_reply_json(c, 200, &sb);
}

static int handle_prune(struct api_call *c, struct err *e)
{
	static const char *const allowed[] = {"dangling", "label", "label!", "until", NULL};
	struct api_filters filters = {0};
	struct image_removed removed = {0};
	struct image_filter f;
	struct image **before;
	bool dangling;
	int64_t bytes;
	struct uses u;
	int rc;

	if (api_filters_parse(c, allowed, &filters, e) < 0)
		return -1;
	rc = images_filter_init(&f, &filters, e);
	if (rc == 0)
		rc = images_filter_bool(&filters, "dangling", true, &dangling, e);
	if (rc == 0) {
		before = image_all(c->api->images);
		uses_init(&u, c);
		rc = image_prune(c->api->images, dangling, keep_image, &f, u.items, u.n, &removed, &bytes, e);
		uses_done(&u);
		publish_removed(c, &removed, before);
		image_all_free(before);
	}
	if (rc == 0)
		reply_pruned(c, &removed, bytes);
	image_removed_done(&removed);
	api_filters_done(&filters);
	return rc;
}

/* --- what needs a registry --- */

static int handle_no_registry(struct api_call *c, struct err *e)
{
	return err_set(e, ERR_UNSUPPORTED,
		       "%s %s needs a registry client, which this version of Hull does not have yet", c->route->method,
		       c->route->pattern);
}

const struct api_route api_routes_images[] = {
	{"GET", "/images/json", handle_image_list},
	{"GET", "/images/search", handle_no_registry},
	{"GET", "/images/get", handle_get},
	{"POST", "/images/create", handle_create},
	{"POST", "/images/load", handle_load},
	{"POST", "/images/prune", handle_prune},
	{"GET", "/images/{name...}/json", handle_image_inspect},
	{"GET", "/images/{name...}/history", handle_image_history},
	{"GET", "/images/{name...}/get", handle_get_one},
	{"POST", "/images/{name...}/tag", handle_tag},
	{"POST", "/images/{name...}/push", handle_no_registry},
	{"DELETE", "/images/{name...}", handle_remove},
	{"GET", "/distribution/{name...}/json", handle_no_registry},
	{"POST", "/auth", handle_no_registry},
	{0},
};
