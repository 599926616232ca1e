/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loading: the worker takes the archive apart and says what it found; here every file is hashed, every document read
 * again from its verified blob, every layer unpacked (by another worker) and compared with the configuration. Nothing
 * of the worker's report is believed. See image.h.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "format/oci/manifest.h"
#include "format/oci/reference.h"
#include "image/image_priv.h"
#include "image/progress.h"

struct adopted { /* a file of the archive that is a blob now */
	char *file;
	char digest[DIGEST_MAX];
	int64_t size;
	UT_hash_handle hh;
};

struct load {
	struct images *s;
	char *staging;
	int staging_fd, in_fd; /* staging/<name>, and "in" below it: what the worker made */
	struct adopted *adopted;
	unsigned n_layers;
	const char *platform;
	bool quiet;
	image_progress progress;
	void *arg;
};

struct parts { /* an image's blobs, verified */
	char config[DIGEST_MAX], manifest[DIGEST_MAX];
	struct adopted **layers;
	size_t n;
};

void image_loaded_done(struct image_loaded *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->items[i].id);
		strv_free(l->items[i].tags);
	}
	free(l->items);
	memset(l, 0, sizeof(*l));
}

/* --- blobs --- */

static int adopt(struct load *l, json_object *file, struct adopted **ret, struct err *e)
{
	const char *name = json_member_str(file, "file", ""), *digest = json_member_str(file, "digest", "");
	int64_t size = json_member_int(file, "size", -1);
	struct adopted *a;

	HASH_FIND_STR(l->adopted, name, a);
	if (!a) {
		/* a name of the worker's making, "f12": no path, whatever a subverted one may say */
		if (*name != 'f' || !str_is_digits(name + 1))
			return err_set(e, ERR_INVALID, "the worker's report is malformed");
		a = xnew(struct adopted);
		if (content_adopt(l->s->content, l->in_fd, name, *digest ? digest : NULL, size, a->digest, &a->size,
				  e) < 0) {
			free(a);
			return -1;
		}
		a->file = xstrdup(name);
		HASH_ADD_KEYPTR(hh, l->adopted, a->file, strlen(a->file), a);
	}
	if ((*digest && !str_eq(digest, a->digest)) || (size >= 0 && size != a->size))
		return err_set(e, ERR_INVALID, "wrong digest or size of a blob: it is %s, not %.80s", a->digest,
			       digest);
	*ret = a;
	return 0;
}

/* The media type that a layer's first bytes say. */
static const char *layer_type(struct images *s, const char *digest)
{
	_cleanup_close_ int fd = -1;
	unsigned char b[4] = {0};

	if (content_get(s->content, digest, &fd, NULL, NULL) < 0 || fd_read_full(fd, b, sizeof(b)) < 0)
		return MEDIA_OCI_LAYER;
	if (b[0] == 0x1f && b[1] == 0x8b)
		return MEDIA_OCI_LAYER_GZIP;
	if ((b[0] == 0x28 && b[1] == 0xb5 && b[2] == 0x2f && b[3] == 0xfd) ||
	    ((b[0] & 0xf0) == 0x50 && b[1] == 0x2a && b[2] == 0x4d && b[3] == 0x18))
		return MEDIA_OCI_LAYER_ZSTD;
	return MEDIA_OCI_LAYER;
}

int image_make_manifest(struct images *s, const char *config, int64_t config_size, char *const *layers,
			const int64_t *sizes, char ret[DIGEST_MAX], struct err *e)
{
	size_t n = strv_len(layers);
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	struct manifest m = {.kind = MANIFEST_IMAGE, .media_type = (char *)MEDIA_OCI_MANIFEST, .n = n};
	_cleanup_free_ struct descriptor *items = xnew_array(struct descriptor, n ? n : 1);

	m.config = (struct descriptor){
		.media_type = (char *)MEDIA_OCI_CONFIG, .digest = (char *)config, .size = config_size};
	m.items = items;
	for (size_t i = 0; i < n; i++)
		items[i] = (struct descriptor){
			.media_type = (char *)layer_type(s, layers[i]), .digest = layers[i], .size = sizes[i]};
	manifest_write(&m, &sb);
	if (content_put(s->content, sb.data, sb.len, ret, e) < 0)
		return -1;
	images_suspect(s, ret);
	return 0;
}

/* The manifest that came along must say what manifest.json, or the worker, said. */
static int check_manifest(struct load *l, const struct parts *p, struct err *e)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT_MAX(LIMIT_MANIFEST);
	_cleanup_manifest_ struct manifest m = {0};
	bool same;

	if (content_read(l->s->content, p->manifest, LIMIT_MANIFEST, &sb, e) < 0 ||
	    manifest_parse(sb.data, sb.len, NULL, &m, e) < 0)
		return -1;
	same = m.kind == MANIFEST_IMAGE && str_eq(m.config.digest, p->config) && m.n == p->n;
	for (size_t i = 0; same && i < m.n; i++)
		same = str_eq(m.items[i].digest, p->layers[i]->digest) && m.items[i].size == p->layers[i]->size;
	return same ? 0
		    : err_set(e, ERR_INVALID, "invalid image archive: manifest %s is of another image", p->manifest);
}

static int find_parts(struct load *l, json_object *plan, struct parts *p, struct err *e)
{
	json_object *layers = json_member(plan, "layers"), *manifest = json_member(plan, "manifest");
	struct adopted *a;

	if (adopt(l, json_member(plan, "config"), &a, e) < 0)
		return -1;
	memcpy(p->config, a->digest, sizeof(p->config));
	if (!json_object_is_type(layers, json_type_array) || json_object_array_length(layers) > LIMIT_LAYERS)
		return err_set(e, ERR_INVALID, "the worker's report is malformed");
	p->layers = xnew_array(struct adopted *, json_object_array_length(layers) + 1);
	for (; p->n < json_object_array_length(layers); p->n++)
		if (adopt(l, json_object_array_get_idx(layers, p->n), &p->layers[p->n], e) < 0)
			return -1;
	if (!manifest)
		return 0;
	if (adopt(l, manifest, &a, e) < 0)
		return -1;
	memcpy(p->manifest, a->digest, sizeof(p->manifest));
	return check_manifest(l, p, e);
}

/* --- layers --- */

static void on_unpack(void *arg, int64_t at, int64_t size)
{
	struct progress_bar *bar = arg;

	progress_show(bar, at, size);
}

/* Layer i of the image: known by its chain id, or unpacked now. A blob that claims a known layer but is not the one
 * that the layer was made of is unpacked, too, to see that it does hold it. */
static int prepare_layer(struct load *l, struct image *im, size_t i, struct layer_job *job, struct err *e)
{
	struct images *s = l->s;
	const char *diff_id = im->config.diff_ids[i], *blob = im->layer_digests[i];
	struct progress_bar bar = {
		.fn = l->progress, .arg = l->arg, .id = digest_hex(diff_id), .status = "Loading layer"};
	bool same = false;
	int64_t known;

	job->chain_id = xstrdup(im->chain_ids[i]);
	lock_take(&s->lock);
	known = images_find_layer(s, job->chain_id, blob, &same);
	lock_release(&s->lock);
	job->size = known;
	if (known >= 0 && (same || str_eq(blob, diff_id)))
		return 0;
	job->dir = xasprintf("l%u", l->n_layers++);
	return layer_unpack(s, l->staging_fd, job->dir, blob, diff_id, l->progress && !l->quiet ? on_unpack : NULL,
			    &bar, &job->size, NULL, e);
}

static int prepare_layers(struct load *l, struct image_commit *c, struct err *e)
{
	struct image *im = c->image;
	size_t n = strv_len(im->chain_ids);

	c->layers = xnew_array(struct layer_job, n ? n : 1);
	for (c->n_layers = 0; c->n_layers < n; c->n_layers++) {
		size_t i = c->n_layers;

		if (prepare_layer(l, im, i, &c->layers[i], e) < 0) {
			layer_job_done(&c->layers[i]);
			return -1;
		}
		im->layer_sizes[i] = c->layers[i].size;
		im->size += c->layers[i].size;
	}
	return 0;
}

/* --- the image --- */

static int check_platform(const struct load *l, const struct image_config *c, struct err *e)
{
	_cleanup_free_ char *have = image_config_platform(c);

	if (image_config_fits(c, l->platform))
		return 0;
	return err_set(e, ERR_NOT_FOUND,
		       "image was found but does not match the specified platform: wanted %s, actual: %s", l->platform,
		       have);
}

static int make_image(struct load *l, const struct parts *p, struct image **ret, struct err *e)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT_MAX(LIMIT_IMAGE_CONFIG);
	_cleanup_(image_unref_p) struct image *im = xnew(struct image);
	_cleanup_free_ int64_t *sizes = xnew_array(int64_t, p->n + 1);
	char manifest[DIGEST_MAX];

	im->refs = 1;
	im->id = xstrdup(p->config);
	if (content_read(l->s->content, p->config, LIMIT_IMAGE_CONFIG, &text, e) < 0 ||
	    image_config_parse(text.data, text.len, &im->config, e) < 0 || check_platform(l, &im->config, e) < 0)
		return -1;
	if (strv_len(im->config.diff_ids) != p->n)
		return err_set(e, ERR_INVALID, "invalid manifest, layers length mismatch: expected %zu, got %zu", p->n,
			       strv_len(im->config.diff_ids));
	im->layer_digests = strv_new();
	for (size_t i = 0; i < p->n; i++) {
		strv_add(&im->layer_digests, p->layers[i]->digest);
		sizes[i] = p->layers[i]->size;
	}
	im->layer_sizes = xnew_array(int64_t, p->n + 1);
	image_chain_ids(&im->config, &im->chain_ids);
	im->tags = strv_new();
	im->digests = strv_new();
	if (!*p->manifest &&
	    image_make_manifest(l->s, p->config, (int64_t)text.len, im->layer_digests, sizes, manifest, e) < 0)
		return -1;
	im->manifest_digest = xstrdup(*p->manifest ? p->manifest : manifest);
	*ret = TAKE_PTR(im);
	return 0;
}

/* Full references, each once; names are checked before anything is unpacked. */
static int read_tags(json_object *arr, char ***ret_full, char ***ret_familiar, struct err *e)
{
	*ret_familiar = strv_new();
	for (size_t i = 0; arr && i < json_object_array_length(arr); i++) {
		_cleanup_reference_ struct reference r = {0};
		_cleanup_free_ char *full = NULL;
		const char *text = json_object_get_string(json_object_array_get_idx(arr, i));

		if (reference_parse(text, &r, e) < 0)
			return err_wrap(e, "invalid tag \"%.100s\"", text);
		if (!r.tag || r.digest || str_eq(r.path, "library/sha256"))
			return err_set(e, ERR_INVALID, "invalid tag \"%.100s\"", text);
		full = reference_full(&r);
		if (strv_contains(*ret_full, full))
			continue;
		strv_add(ret_full, full);
		strv_push(ret_familiar, reference_familiar(&r));
	}
	return 0;
}

static void on_moved(void *arg, const char *name, const char *old_id)
{
	struct load *l = arg;
	_cleanup_reference_ struct reference r = {0};
	_cleanup_free_ char *familiar = NULL;

	if (!l->progress || reference_parse(name, &r, NULL) < 0)
		return;
	familiar = reference_familiar(&r);
	progress_stream(l->progress, l->arg,
			"The image %s already exists, renaming the old one with ID %s to empty string\n", familiar,
			old_id);
}

static int load_one(struct load *l, json_object *plan, struct image_loaded *ret, struct err *e)
{
	struct image_commit c = {0};
	struct parts p = {0};
	char **familiar = NULL;
	int rc;

	rc = read_tags(json_member(plan, "tags"), &c.tags, &familiar, e);
	if (rc == 0)
		rc = find_parts(l, plan, &p, e);
	if (rc == 0)
		rc = make_image(l, &p, &c.image, e);
	if (rc == 0)
		rc = prepare_layers(l, &c, e);
	if (rc == 0)
		rc = images_commit(l->s, l->staging_fd, &c, on_moved, l, e);
	if (rc == 0) {
		ret->items = xreallocarray(ret->items, ret->n + 1, sizeof(*ret->items));
		ret->items[ret->n++] =
			(struct image_loaded_item){.id = xstrdup(c.image->id), .tags = TAKE_PTR(familiar)};
	}
	strv_free(familiar);
	free(p.layers);
	image_commit_done(&c);
	return rc;
}

static int take_apart(struct load *l, const struct image_input *in, json_object **ret, struct err *e)
{
	_cleanup_free_ char *max = xasprintf("%lld", (long long)worker_room(l->s));
	char *argv[] = {(char *)"hull-worker", (char *)"load", max, (char *)str_or_empty(l->platform), NULL};
	json_object *images;

	if (mkdirat(l->staging_fd, "in", 0700) < 0 || (l->in_fd = dir_open_at(l->staging_fd, "in")) < 0)
		return err_sys(e, errno, "make a directory for the image");
	if (worker_run(l->s, argv, -1, in, l->in_fd, NULL, NULL, ret, e) < 0)
		return -1;
	images = json_member(*ret, "images");
	if (!json_object_is_type(images, json_type_array))
		return err_set(e, ERR_INVALID, "the worker's report is malformed");
	return 0;
}

static int run_load(struct load *l, const struct image_input *in, struct image_loaded *ret, struct err *e)
{
	_cleanup_json_ json_object *report = NULL;
	json_object *images;

	if (staging_begin(l->s, &l->staging, &l->staging_fd, e) < 0 || take_apart(l, in, &report, e) < 0)
		return -1;
	images = json_member(report, "images");
	for (size_t i = 0; i < json_object_array_length(images); i++)
		if (load_one(l, json_object_array_get_idx(images, i), ret, e) < 0)
			return -1;
	return 0;
}

/* What was stored and belongs to no image in the end is garbage. */
static void drop_unused(struct load *l)
{
	struct adopted *a, *tmp;

	HASH_ITER (hh, l->adopted, a, tmp) {
		images_suspect(l->s, a->digest);
		HASH_DEL(l->adopted, a);
		free(a->file);
		free(a);
	}
}

int image_load(struct images *s, const struct image_input *in, const char *platform, bool quiet,
	       image_progress progress, void *arg, struct image_loaded *ret, struct err *e)
{
	struct load l = {.s = s,
			 .staging_fd = -1,
			 .in_fd = -1,
			 .platform = platform,
			 .quiet = quiet,
			 .progress = progress,
			 .arg = arg};
	int rc;

	images_busy_begin(s);
	rc = run_load(&l, in, ret, e);
	fd_close(l.in_fd);
	fd_close(l.staging_fd);
	staging_end(s, l.staging);
	free(l.staging);
	drop_unused(&l);
	images_busy_end(s);
	if (rc < 0)
		image_loaded_done(ret);
	return rc;
}
