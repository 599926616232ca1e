/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of images: read from the records and the content store at start, then the read model. Readers take
 * references to immutable snapshots; whoever changes something makes a new snapshot. See image.h.
 */
#include "image/image.h"

#include <fcntl.h>
#include <string.h>

#include "base/fd.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/sha256.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "format/oci/reference.h"
#include "image/image_priv.h"

/* --- snapshots --- */

struct image *image_ref(struct image *i)
{
	__atomic_add_fetch(&i->refs, 1, __ATOMIC_RELAXED);
	return i;
}

void image_unref(struct image *i)
{
	if (!i || __atomic_sub_fetch(&i->refs, 1, __ATOMIC_ACQ_REL))
		return;
	free(i->id);
	free(i->manifest_digest);
	image_config_done(&i->config);
	strv_free(i->layer_digests);
	strv_free(i->chain_ids);
	free(i->layer_sizes);
	free(i->parent);
	strv_free(i->tags);
	strv_free(i->digests);
	free(i);
}

struct image *image_copy(const struct image *i)
{
	struct image *c = xnew(struct image);
	size_t n = strv_len(i->chain_ids);

	c->refs = 1;
	c->id = xstrdup(i->id);
	c->manifest_digest = xstrdup(i->manifest_digest);
	/* it was parsed before */
	ASSERT(image_config_parse(i->config.text, i->config.text_len, &c->config, NULL) == 0);
	c->layer_digests = strv_dup(i->layer_digests);
	c->chain_ids = strv_dup(i->chain_ids);
	c->size = i->size;
	c->layer_sizes = xnew_array(int64_t, n ? n : 1);
	memcpy(c->layer_sizes, i->layer_sizes, n * sizeof(int64_t));
	c->parent = xstrdup(i->parent);
	c->last_tagged_ns = i->last_tagged_ns;
	c->tags = strv_dup(i->tags);
	c->digests = strv_dup(i->digests);
	c->hidden = i->hidden;
	return c;
}

/* chain(0) = diff(0); chain(n) = sha256(chain(n-1) + " " + diff(n)): OCI image-spec config.md */
void image_chain_ids(const struct image_config *c, char ***ret)
{
	char **v = strv_new();
	const char *last = NULL;

	STRV_FOREACH (diff, c->diff_ids) {
		char digest[DIGEST_MAX], hex[SHA256_HEX_SIZE];

		if (last) {
			_cleanup_free_ char *both = xasprintf("%s %s", last, *diff);

			sha256_hex_of(both, strlen(both), hex);
			digest_from_hex(hex, digest);
		}
		strv_add(&v, last ? digest : *diff);
		last = v[strv_len(v) - 1];
	}
	*ret = v;
}

char *image_doc(const struct image *i)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	struct json_writer w;

	json_writer_init(&w, &sb);
	json_object_begin(&w);
	json_kstr(&w, "manifest", i->manifest_digest);
	json_kstrv(&w, "layers", i->layer_digests);
	json_key(&w, "sizes");
	json_array_begin(&w);
	for (size_t k = 0; i->chain_ids[k]; k++)
		json_int(&w, i->layer_sizes[k]);
	json_array_close(&w);
	if (i->parent)
		json_kstr(&w, "parent", i->parent);
	json_kint(&w, "tagged", i->last_tagged_ns);
	if (i->hidden)
		json_kbool(&w, "hidden", true);
	json_object_close(&w);
	return strbuf_steal(&sb);
}

char *image_name_doc(const char *id)
{
	return xasprintf("{\"id\":\"%s\"}", id);
}

/* --- the table --- */

struct image *images_find(struct images *s, const char *id)
{
	struct image_row *r;

	HASH_FIND_STR(s->rows, id, r);
	return r ? r->image : NULL;
}

struct name_row *images_find_name(struct images *s, const char *full)
{
	struct name_row *n;

	HASH_FIND_STR(s->names, full, n);
	return n;
}

int64_t images_find_layer(struct images *s, const char *chain_id, const char *blob, bool *same_blob)
{
	int64_t size = -1;

	for (struct image_row *r = s->rows; r; r = r->hh.next)
		for (size_t k = 0; r->image->chain_ids[k]; k++) {
			if (!str_eq(r->image->chain_ids[k], chain_id))
				continue;
			size = r->image->layer_sizes[k];
			if (!blob)
				return size;
			if (str_eq(r->image->layer_digests[k], blob)) {
				*same_blob = true;
				return size;
			}
		}
	return size;
}

void images_put(struct images *s, struct image *i)
{
	struct image_row *r;

	HASH_FIND_STR(s->rows, i->id, r);
	if (r) { /* the key is in the snapshot: take the row out while it changes */
		HASH_DEL(s->rows, r);
		image_unref(r->image);
	} else {
		r = xnew(struct image_row);
	}
	r->image = i;
	HASH_ADD_KEYPTR(hh, s->rows, i->id, strlen(i->id), r);
}

void images_drop(struct images *s, const char *id)
{
	struct image_row *r;

	HASH_FIND_STR(s->rows, id, r);
	if (!r)
		return;
	HASH_DEL(s->rows, r);
	image_unref(r->image);
	free(r);
}

void images_set_name(struct images *s, const char *full, const char *id)
{
	struct name_row *n = images_find_name(s, full);

	if (!id) {
		if (!n)
			return;
		HASH_DEL(s->names, n);
		free(n->name);
		free(n->id);
		free(n);
		return;
	}
	if (!n) {
		n = xnew(struct name_row);
		n->name = xstrdup(full);
		HASH_ADD_KEYPTR(hh, s->names, n->name, strlen(n->name), n);
	}
	free_and_set(&n->id, xstrdup(id));
}

void images_names_of(struct images *s, const char *id, char ***ret_tags, char ***ret_digests)
{
	char **tags = strv_new(), **digests = strv_new();

	for (struct name_row *n = s->names; n; n = n->hh.next) {
		_cleanup_reference_ struct reference r = {0};

		if (!str_eq(n->id, id) || reference_parse(n->name, &r, NULL) < 0)
			continue;
		strv_push(r.digest ? &digests : &tags, reference_familiar(&r));
	}
	strv_sort(tags);
	strv_sort(digests);
	*ret_tags = tags;
	*ret_digests = digests;
}

/* --- start --- */

static int64_t *read_sizes(json_object *arr, size_t n, int64_t *ret_sum)
{
	int64_t *sizes = xnew_array(int64_t, n ? n : 1);

	*ret_sum = 0;
	for (size_t k = 0; k < n; k++) {
		sizes[k] = json_object_get_int64(json_object_array_get_idx(arr, k));
		*ret_sum += sizes[k];
	}
	return sizes;
}

/* An image from its row and its configuration blob. */
static struct image *build_image(struct images *s, const char *id, json_object *doc, struct err *e)
{
	_cleanup_(image_unref_p) struct image *i = xnew(struct image);
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT_MAX(LIMIT_IMAGE_CONFIG);
	json_object *layers = json_member(doc, "layers"), *sizes = json_member(doc, "sizes");
	size_t n;

	i->refs = 1;
	i->id = xstrdup(id);
	if (content_read(s->content, id, LIMIT_IMAGE_CONFIG, &text, e) < 0 ||
	    image_config_parse(text.data, text.len, &i->config, e) < 0)
		return NULL;
	n = strv_len(i->config.diff_ids);
	if (!json_object_is_type(layers, json_type_array) || json_object_array_length(layers) != n ||
	    !json_object_is_type(sizes, json_type_array) || json_object_array_length(sizes) != n) {
		err_set(e, ERR_BUG, "its record does not agree with its configuration");
		return NULL;
	}
	i->layer_digests = strv_new();
	for (size_t k = 0; k < n; k++)
		strv_add(&i->layer_digests, json_object_get_string(json_object_array_get_idx(layers, k)));
	i->layer_sizes = read_sizes(sizes, n, &i->size);
	image_chain_ids(&i->config, &i->chain_ids);
	i->manifest_digest = xstrdup(json_member_str(doc, "manifest", ""));
	i->parent = xstrdup(json_member_str(doc, "parent", NULL));
	i->last_tagged_ns = json_member_int(doc, "tagged", 0);
	i->hidden = json_member_bool(doc, "hidden", false);
	i->tags = strv_new();
	i->digests = strv_new();
	return TAKE_PTR(i);
}

static void on_image_row(void *arg, const char *key, const char *doc)
{
	struct images *s = arg;
	_cleanup_json_ json_object *root = NULL;
	struct err e = ERR_INIT;
	struct image *i = NULL;

	if (digest_check(key, &e) == 0 && json_parse(doc, strlen(doc), &root, &e) == 0)
		i = build_image(s, key, root, &e);
	if (!i) {
		log_warn("image %s cannot be used, ignoring it: %s", key, e.msg);
		return;
	}
	images_put(s, i);
}

/* Names come first in the table, then into the snapshots: those are not seen by anyone yet. */
static void on_name_row(void *arg, const char *key, const char *doc)
{
	struct images *s = arg;
	_cleanup_json_ json_object *root = NULL;
	_cleanup_reference_ struct reference r = {0};
	struct err e = ERR_INIT;
	struct image *i;

	if (reference_parse(key, &r, &e) < 0 || json_parse(doc, strlen(doc), &root, &e) < 0) {
		log_warn("image name %s cannot be used, ignoring it: %s", key, e.msg);
		return;
	}
	i = images_find(s, json_member_str(root, "id", ""));
	if (!i) {
		log_warn("image name %s means an image that is not there, ignoring it", key);
		return;
	}
	images_set_name(s, key, i->id);
	strv_push(r.digest ? &i->digests : &i->tags, reference_familiar(&r));
}

static bool is_known_blob(struct images *s, const char *digest)
{
	for (struct image_row *r = s->rows; r; r = r->hh.next)
		if (str_eq(r->image->id, digest) || str_eq(r->image->manifest_digest, digest) ||
		    strv_contains(r->image->layer_digests, digest))
			return true;
	return false;
}

struct known { /* all blobs that images have, to sweep in one pass */
	char *digest;
	UT_hash_handle hh;
};

static void known_add(struct known **set, const char *digest)
{
	struct known *k;

	if (str_empty(digest))
		return;
	HASH_FIND_STR(*set, digest, k);
	if (k)
		return;
	k = xnew(struct known);
	k->digest = xstrdup(digest);
	HASH_ADD_KEYPTR(hh, *set, k->digest, strlen(k->digest), k);
}

struct sweep {
	struct known *set;
	char **orphans;
};

static int find_orphan(void *arg, const char *digest, int64_t size)
{
	struct sweep *w = arg;
	struct known *k;

	HASH_FIND_STR(w->set, digest, k);
	if (!k)
		strv_add(&w->orphans, digest);
	return 0;
}

/* Blobs that a crash left behind between being stored and being recorded. */
static void sweep_content(struct images *s)
{
	struct sweep w = {0};
	struct known *k, *tmp;
	struct err e = ERR_INIT;

	for (struct image_row *r = s->rows; r; r = r->hh.next) {
		known_add(&w.set, r->image->id);
		known_add(&w.set, r->image->manifest_digest);
		STRV_FOREACH (d, r->image->layer_digests)
			known_add(&w.set, *d);
	}
	if (content_each(s->content, find_orphan, &w, &e) < 0)
		log_warn("%s, ignoring", e.msg);
	STRV_FOREACH (d, w.orphans)
		if (content_remove(s->content, *d, &e) < 0)
			log_warn("%s, ignoring", e.msg);
	strv_free(w.orphans);
	HASH_ITER (hh, w.set, k, tmp) {
		HASH_DEL(w.set, k);
		free(k->digest);
		free(k);
	}
}

static int open_dir(const char *root, const char *name, int *ret, struct err *e)
{
	_cleanup_free_ char *path = path_join(root, name);
	int r = mkdir_p(path, 0711);

	if (r >= 0)
		r = dir_open(path);
	if (r < 0)
		return err_sys(e, -r, "open %s", path);
	*ret = r;
	return 0;
}

static int open_parts(struct images *s, const char *root, struct err *e)
{
	_cleanup_free_ char *content = path_join(root, "content");

	if (open_dir(root, "layers", &s->layers, e) < 0 || open_dir(root, "layers/l", &s->links, e) < 0 ||
	    open_dir(root, "staging", &s->staging, e) < 0)
		return -1;
	return content_open(content, &s->content, e);
}

int images_open(const char *data_root, const char *worker_path, struct state *st, struct images **ret, struct err *e)
{
	struct images *s = xnew(struct images);

	lock_init(&s->ops, LOCK_RANK_IMAGE_OPS);
	lock_init(&s->lock, LOCK_RANK_IMAGES);
	s->layers = s->links = s->staging = -1;
	s->layers_path = path_join(data_root, "layers");
	s->worker = xstrdup(worker_path);
	s->state = st;
	if (open_parts(s, data_root, e) < 0 || state_each(st, STATE_IMAGE, on_image_row, s, e) < 0 ||
	    state_each(st, STATE_IMAGE_NAME, on_name_row, s, e) < 0) {
		images_close(s);
		return -1;
	}
	for (struct image_row *r = s->rows; r; r = r->hh.next) {
		strv_sort(r->image->tags);
		strv_sort(r->image->digests);
	}
	sweep_content(s);
	layers_sweep(s);
	*ret = s;
	return 0;
}

void images_close(struct images *s)
{
	struct image_row *r, *rt;
	struct name_row *n, *nt;

	if (!s)
		return;
	HASH_ITER (hh, s->rows, r, rt) {
		HASH_DEL(s->rows, r);
		image_unref(r->image);
		free(r);
	}
	HASH_ITER (hh, s->names, n, nt) {
		HASH_DEL(s->names, n);
		free(n->name);
		free(n->id);
		free(n);
	}
	content_close(s->content);
	fd_close(s->layers);
	fd_close(s->links);
	fd_close(s->staging);
	strv_free(s->garbage);
	free(s->layers_path);
	free(s->worker);
	lock_done(&s->lock);
	lock_done(&s->ops);
	free(s);
}

/* --- look up --- */

/* The one image whose id begins so; NULL when there is none or more than one. */
static struct image *find_prefix(struct images *s, const char *ref)
{
	const char *hex = str_after(ref, DIGEST_PREFIX);
	struct image *hit = NULL;
	size_t n;

	hex = hex ? hex : ref;
	n = strlen(hex);
	if (!n || n > DIGEST_HEX || !str_is_hex(hex, n))
		return NULL;
	for (struct image_row *r = s->rows; r; r = r->hh.next) {
		if (r->image->hidden || strncmp(digest_hex(r->image->id), hex, n) != 0)
			continue;
		if (hit)
			return NULL;
		hit = r->image;
	}
	return hit;
}

static struct image *find_named(struct images *s, struct reference *r)
{
	_cleanup_free_ char *full = NULL;
	struct name_row *n;

	if (r->digest) /* a tag beside a digest says nothing more */
		free_and_set(&r->tag, NULL);
	reference_default_tag(r);
	full = reference_full(r);
	n = images_find_name(s, full);
	return n ? images_find(s, n->id) : NULL;
}

int image_get(struct images *s, const char *ref, struct image **ret, struct err *e)
{
	_cleanup_reference_ struct reference r = {0};
	_cleanup_free_ char *shown = NULL;
	char digest[DIGEST_MAX];
	struct image *i = NULL;

	if (str_is_hex(ref, DIGEST_HEX)) {
		digest_from_hex(ref, digest);
		ref = digest;
	}
	if (!digest_is_valid(ref) && reference_parse(ref, &r, e) < 0)
		return -1;
	LOCK_GUARD(&s->lock);
	if (digest_is_valid(ref)) {
		i = images_find(s, ref);
	} else {
		i = find_named(s, &r);
		if (!i)
			i = find_prefix(s, ref);
	}
	if (i) {
		*ret = image_ref(i);
		return 0;
	}
	shown = digest_is_valid(ref) ? xstrdup(ref) : reference_familiar(&r);
	return err_set(e, ERR_NOT_FOUND, "No such image: %s", shown);
}

static int newest_first(const void *a, const void *b)
{
	const struct image *x = *(struct image *const *)a, *y = *(struct image *const *)b;

	if (x->config.created_ns != y->config.created_ns)
		return x->config.created_ns < y->config.created_ns ? 1 : -1;
	return strcmp(x->id, y->id);
}

struct image **image_all(struct images *s)
{
	struct image **all;
	size_t n = 0;

	lock_take(&s->lock);
	all = xnew_array(struct image *, HASH_COUNT(s->rows) + 1);
	for (struct image_row *r = s->rows; r; r = r->hh.next)
		if (!r->image->hidden)
			all[n++] = image_ref(r->image);
	lock_release(&s->lock);
	qsort(all, n, sizeof(*all), newest_first);
	return all;
}

void image_all_free(struct image **all)
{
	for (struct image **i = all; i && *i; i++)
		image_unref(*i);
	free(all);
}

int image_lower_dirs(struct images *s, const struct image *i, char ***ret, struct err *e)
{
	char **v = strv_new();

	for (size_t k = strv_len(i->chain_ids); k-- > 0;)
		strv_push(&v, layer_link_path(s, i->chain_ids[k]));
	*ret = v;
	return 0;
}

/* --- what nobody has any more --- */

void images_suspect(struct images *s, const char *blob)
{
	LOCK_GUARD(&s->lock);
	strv_add(&s->garbage, blob);
}

void images_busy_begin(struct images *s)
{
	LOCK_GUARD(&s->lock);
	s->busy++;
}

void images_busy_end(struct images *s)
{
	bool sweep;

	lock_take(&s->lock);
	sweep = --s->busy == 0 && s->garbage;
	lock_release(&s->lock);
	if (!sweep)
		return;
	LOCK_GUARD(&s->ops);
	images_collect(s);
}

/* Garbage entries: "sha256:.." a blob, "/sha256:.." a layer by chain id. */
static char **take_garbage(struct images *s)
{
	char **out = NULL;

	LOCK_GUARD(&s->lock);
	if (s->busy)
		return NULL;
	STRV_FOREACH (g, s->garbage)
		if (**g == '/' ? images_find_layer(s, *g + 1, NULL, NULL) < 0 : !is_known_blob(s, *g))
			strv_add(&out, *g);
	strv_free(s->garbage);
	s->garbage = NULL;
	return out;
}

int64_t images_collect(struct images *s)
{
	_cleanup_strv_ char **garbage = take_garbage(s);
	int64_t freed = 0;

	STRV_FOREACH (g, garbage) {
		struct err e = ERR_INIT;
		int64_t size = 0;
		int fd;

		if (**g == '/') {
			layer_remove(s, *g + 1);
			continue;
		}
		if (content_get(s->content, *g, &fd, &size, NULL) == 0)
			fd_close(fd);
		if (content_remove(s->content, *g, &e) < 0)
			log_warn("%s, ignoring", e.msg);
		else
			freed += size;
	}
	return freed;
}
