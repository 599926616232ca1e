/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Saving: one tar that is an OCI image layout and a docker-archive, as Docker writes it; layers are the very blobs that
 * were loaded. Everything in it is the engine's own, so no worker is needed. See image.h.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "format/oci/manifest.h"
#include "format/oci/reference.h"
#include "format/tar/tar.h"
#include "image/image_priv.h"

#define COPY_CHUNK (256 * 1024)

struct saved {
	struct image *image;
	char **tags; /* full references */
};

struct save {
	struct images *s;
	const struct image_output *out;
	struct saved *items;
	size_t n;
	char **blobs; /* in the archive, sorted, each once */
	int error;    /* sticky: of the output */
};

/* --- what is asked for --- */

static void add_item(struct save *v, struct image *i, const char *tag)
{
	size_t k = 0;

	while (k < v->n && !str_eq(v->items[k].image->id, i->id))
		k++;
	if (k == v->n) {
		v->items = xreallocarray(v->items, v->n + 1, sizeof(*v->items));
		v->items[v->n++] = (struct saved){.image = image_ref(i)};
	}
	if (tag && !strv_contains(v->items[k].tags, tag))
		strv_add(&v->items[k].tags, tag);
}

/* A name without a tag means all tags of the repository. */
static bool add_repository(struct save *v, const struct reference *r)
{
	_cleanup_free_ char *name = reference_name(r);
	size_t len = strlen(name);
	_cleanup_strv_ char **hits = NULL;

	LOCK_GUARD(&v->s->lock);
	for (struct name_row *n = v->s->names; n; n = n->hh.next)
		if (strncmp(n->name, name, len) == 0 && n->name[len] == ':')
			strv_add(&hits, n->name);
	strv_sort(hits);
	STRV_FOREACH (h, hits)
		add_item(v, images_find(v->s, images_find_name(v->s, *h)->id), *h);
	return hits;
}

static int check_platform(const struct image *i, const char *name, const char *platform, struct err *e)
{
	_cleanup_free_ char *have = image_config_platform(&i->config);

	if (image_config_fits(&i->config, platform))
		return 0;
	return err_set(
		e, ERR_NOT_FOUND,
		"image with reference %s was found but does not match the specified platform: wanted %s, actual: %s",
		name, platform, have);
}

static int add_name(struct save *v, const char *name, const char *platform, struct err *e)
{
	_cleanup_(image_unref_p) struct image *i = NULL;
	_cleanup_reference_ struct reference r = {0};
	_cleanup_free_ char *full = NULL;
	bool named = !digest_is_valid(name) && !str_is_hex(name, DIGEST_HEX) && reference_parse(name, &r, NULL) == 0;

	if (named && !r.tag && !r.digest && add_repository(v, &r))
		return 0;
	if ((image_get(v->s, name, &i, e) < 0 && (!e || e->kind != ERR_NOT_FOUND)) ||
	    (i && check_platform(i, name, platform, e) < 0))
		return -1;
	if (!i || i->hidden)
		return err_set(e, ERR_NOT_FOUND, "No such image: %s", name);
	if (named && !r.digest) {
		reference_default_tag(&r);
		full = reference_full(&r);
	}
	lock_take(&v->s->lock);
	named = full && images_find_name(v->s, full) && str_eq(images_find_name(v->s, full)->id, i->id);
	lock_release(&v->s->lock);
	add_item(v, i, named ? full : NULL);
	return 0;
}

static void add_blob(struct save *v, const char *digest)
{
	if (!strv_contains(v->blobs, digest))
		strv_add(&v->blobs, digest);
}

/* --- the archive --- */

static void put(struct save *v, const void *p, size_t n)
{
	if (!v->error)
		v->error = v->out->write(v->out->arg, p, n);
}

static void put_header(struct save *v, enum tar_type type, const char *name, int64_t size)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	struct tar_entry t = {
		.type = type, .name = (char *)name, .size = size, .mode = type == TAR_DIRECTORY ? 0755 : 0644};

	tar_write_header(&sb, &t);
	put(v, sb.data, sb.len);
}

static void put_padding(struct save *v, int64_t size)
{
	static const char zero[TAR_BLOCK_SIZE];

	put(v, zero, tar_padding(size));
}

static void put_document(struct save *v, const char *name, const struct strbuf *sb)
{
	put_header(v, TAR_REGULAR, name, (int64_t)sb->len);
	put(v, sb->data, sb->len);
	put_padding(v, (int64_t)sb->len);
}

static int put_blob(struct save *v, const char *digest, struct err *e)
{
	_cleanup_free_ char *name = xasprintf("blobs/sha256/%s", digest_hex(digest));
	_cleanup_free_ char *buf = xmalloc(COPY_CHUNK);
	_cleanup_close_ int fd = -1;
	int64_t size, left;

	if (content_get(v->s->content, digest, &fd, &size, e) < 0)
		return -1;
	put_header(v, TAR_REGULAR, name, size);
	for (left = size; left > 0 && !v->error;) {
		ssize_t n = fd_read_full(fd, buf, (size_t)MIN(left, (int64_t)COPY_CHUNK));

		if (n <= 0)
			return err_sys(e, n < 0 ? (int)-n : EIO, "read blob %s", digest);
		put(v, buf, (size_t)n);
		left -= n;
	}
	put_padding(v, size);
	return 0;
}

static int64_t blob_size(struct save *v, const char *digest)
{
	int64_t size = 0;
	int fd;

	if (content_get(v->s->content, digest, &fd, &size, NULL) == 0)
		fd_close(fd);
	return size;
}

static void index_entry(struct json_writer *w, const struct image *i, int64_t size, const char *tag)
{
	json_object_begin(w);
	json_kstr(w, "mediaType", MEDIA_OCI_MANIFEST);
	json_kstr(w, "digest", i->manifest_digest);
	json_kint(w, "size", size);
	if (tag) {
		json_key(w, "annotations");
		json_object_begin(w);
		json_kstr(w, ANNOTATION_IMAGE_NAME, tag);
		json_kstr(w, ANNOTATION_REF_NAME, strrchr(tag, ':') + 1);
		json_object_close(w);
	}
	json_object_close(w);
}

static void write_index(struct save *v, struct strbuf *sb)
{
	struct json_writer w;

	json_writer_init(&w, sb);
	json_object_begin(&w);
	json_kint(&w, "schemaVersion", 2);
	json_kstr(&w, "mediaType", MEDIA_OCI_INDEX);
	json_key(&w, "manifests");
	json_array_begin(&w);
	for (size_t k = 0; k < v->n; k++) {
		const struct saved *it = &v->items[k];
		int64_t size = blob_size(v, it->image->manifest_digest);

		if (!it->tags)
			index_entry(&w, it->image, size, NULL);
		STRV_FOREACH (tag, it->tags)
			index_entry(&w, it->image, size, *tag);
	}
	json_array_close(&w);
	json_object_close(&w);
}

static char *familiar(const char *full)
{
	_cleanup_reference_ struct reference r = {0};

	ASSERT(reference_parse(full, &r, NULL) == 0); /* it is a key of the table */
	return reference_familiar(&r);
}

static void archive_blob(struct json_writer *w, const char *digest)
{
	_cleanup_free_ char *path = xasprintf("blobs/sha256/%s", digest_hex(digest));

	json_str(w, path);
}

static void archive_entry(struct save *v, struct json_writer *w, const struct saved *it)
{
	const struct image *i = it->image;

	json_object_begin(w);
	json_key(w, "Config");
	archive_blob(w, i->id);
	json_key(w, "RepoTags");
	if (!it->tags) {
		json_null(w);
	} else {
		json_array_begin(w);
		STRV_FOREACH (tag, it->tags) {
			_cleanup_free_ char *f = familiar(*tag);

			json_str(w, f);
		}
		json_array_close(w);
	}
	json_key(w, "Layers");
	json_array_begin(w);
	STRV_FOREACH (l, i->layer_digests)
		archive_blob(w, *l);
	json_array_close(w);
	json_object_close(w);
}

static void write_archive_manifest(struct save *v, struct strbuf *sb)
{
	struct json_writer w;

	json_writer_init(&w, sb);
	json_array_begin(&w);
	for (size_t k = 0; k < v->n; k++)
		archive_entry(v, &w, &v->items[k]);
	json_array_close(&w);
}

struct repo_tag {
	char *repo;
	char *tag;
	const char *top; /* hex of the topmost layer */
};

static int by_repo(const void *a, const void *b)
{
	const struct repo_tag *x = a, *y = b;
	int r = strcmp(x->repo, y->repo);

	return r ? r : strcmp(x->tag, y->tag);
}

/* {"busybox":{"latest":"<top layer>"}}: what readers from before manifest.json look at. */
static void write_repositories(struct save *v, struct strbuf *sb)
{
	struct repo_tag *all = NULL;
	struct json_writer w;
	size_t n = 0;

	for (size_t k = 0; k < v->n; k++) {
		size_t layers = strv_len(v->items[k].image->layer_digests);

		STRV_FOREACH (tag, v->items[k].tags) {
			char *name = familiar(*tag), *colon = strrchr(name, ':');

			all = xreallocarray(all, n + 1, sizeof(*all));
			all[n++] = (struct repo_tag){
				.repo = xstrndup(name, (size_t)(colon - name)),
				.tag = xstrdup(colon + 1),
				.top = layers ? digest_hex(v->items[k].image->layer_digests[layers - 1]) : "",
			};
			free(name);
		}
	}
	if (n)
		qsort(all, n, sizeof(*all), by_repo);
	json_writer_init(&w, sb);
	json_object_begin(&w);
	for (size_t k = 0; k < n; k++) {
		if (k == 0 || !str_eq(all[k].repo, all[k - 1].repo)) {
			json_key(&w, all[k].repo);
			json_object_begin(&w);
		}
		json_kstr(&w, all[k].tag, all[k].top);
		if (k + 1 == n || !str_eq(all[k].repo, all[k + 1].repo))
			json_object_close(&w);
	}
	json_object_close(&w);
	for (size_t k = 0; k < n; k++) {
		free(all[k].repo);
		free(all[k].tag);
	}
	free(all);
}

static int write_archive(struct save *v, struct err *e)
{
	static const char layout[] = "{\"imageLayoutVersion\": \"1.0.0\"}";
	const struct strbuf layout_buf = {.data = (char *)layout, .len = sizeof(layout) - 1};
	bool tagged = false;

	put_header(v, TAR_DIRECTORY, "blobs/", 0);
	put_header(v, TAR_DIRECTORY, "blobs/sha256/", 0);
	STRV_FOREACH (b, v->blobs)
		if (put_blob(v, *b, e) < 0)
			return -1;
	static void (*const docs[])(struct save *, struct strbuf *) = {write_index, write_archive_manifest,
								       write_repositories};
	static const char *const names[] = {"index.json", "manifest.json", "repositories"};
	for (size_t k = 0; k < v->n; k++)
		tagged |= v->items[k].tags != NULL;
	for (size_t k = 0; k < ARRAY_SIZE(docs) - !tagged; k++) {
		_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

		docs[k](v, &sb);
		put_document(v, names[k], &sb);
	}
	put_document(v, "oci-layout", &layout_buf);
	_cleanup_strbuf_ struct strbuf end = STRBUF_INIT;
	tar_write_end(&end);
	put(v, end.data, end.len);
	return v->error ? err_set(e, ERR_CANCELLED, "the archive could not be sent") : 0;
}

static void collect_blobs(struct save *v)
{
	for (size_t k = 0; k < v->n; k++) {
		const struct image *i = v->items[k].image;

		add_blob(v, i->id);
		add_blob(v, i->manifest_digest);
		STRV_FOREACH (l, i->layer_digests)
			add_blob(v, *l);
	}
	strv_sort(v->blobs);
}

int image_save(struct images *s, char *const *names, const char *platform, const struct image_output *out,
	       int (*begin)(void *arg), char ***ret_ids, struct err *e)
{
	struct save v = {.s = s, .out = out};
	int rc = 0;

	images_busy_begin(s); /* no blob goes while it is sent */
	STRV_FOREACH (name, names)
		if (rc == 0)
			rc = add_name(&v, *name, platform, e);
	if (rc == 0) {
		collect_blobs(&v);
		if (begin && begin(out->arg) < 0)
			rc = err_set(e, ERR_CANCELLED, "the archive could not be sent");
	}
	if (rc == 0)
		rc = write_archive(&v, e);
	for (size_t k = 0; k < v.n; k++) {
		if (rc == 0 && ret_ids)
			strv_add(ret_ids, v.items[k].image->id);
		image_unref(v.items[k].image);
		strv_free(v.items[k].tags);
	}
	free(v.items);
	strv_free(v.blobs);
	images_busy_end(s);
	return rc;
}
