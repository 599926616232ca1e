/* SPDX-License-Identifier: Apache-2.0 */
/* See manifest.h. */
#include "format/oci/manifest.h"

#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "format/json/json.h"
#include "format/oci/digest.h"

#define LIMIT_ARCHIVE_IMAGES 1000
#define LIMIT_ARCHIVE_TAGS   1000
#define MEDIA_TYPE_MAX       256

void descriptor_done(struct descriptor *d)
{
	free(d->media_type);
	free(d->digest);
	free(d->os);
	free(d->architecture);
	free(d->variant);
	free(d->ref_name);
	free(d->image_name);
	memset(d, 0, sizeof(*d));
}

void manifest_done(struct manifest *m)
{
	if (!m)
		return;
	free(m->media_type);
	descriptor_done(&m->config);
	for (size_t i = 0; i < m->n; i++)
		descriptor_done(&m->items[i]);
	free(m->items);
	memset(m, 0, sizeof(*m));
}

/* A string member that may be absent; any other type is an error. */
static int opt_str(json_object *obj, const char *name, char **ret, struct err *e)
{
	json_object *v = json_member(obj, name);

	if (!v)
		return 0;
	if (!json_object_is_type(v, json_type_string))
		return err_set(e, ERR_INVALID, "%s is no string", name);
	if ((size_t)json_object_get_string_len(v) > LIMIT_TAR_PATH)
		return err_set(e, ERR_INVALID, "%s is too long", name);
	*ret = xstrdup(json_object_get_string(v));
	return 0;
}

static int parse_descriptor(json_object *obj, struct descriptor *d, struct err *e)
{
	json_object *platform = json_member(obj, "platform");
	json_object *notes = json_member(obj, "annotations");
	json_object *size = json_member(obj, "size");
	_cleanup_free_ char *digest = NULL;

	if (!json_object_is_type(obj, json_type_object))
		return err_set(e, ERR_INVALID, "it is no object");
	if (opt_str(obj, "digest", &digest, e) < 0 || digest_check(digest, e) < 0)
		return -1;
	d->digest = TAKE_PTR(digest);
	if (!size || !json_object_is_type(size, json_type_int) || json_object_get_int64(size) < 0 ||
	    json_object_get_int64(size) == INT64_MAX)
		return err_set(e, ERR_INVALID, "its size is missing or no size");
	d->size = json_object_get_int64(size);
	if ((platform && !json_object_is_type(platform, json_type_object)) ||
	    (notes && !json_object_is_type(notes, json_type_object)))
		return err_set(e, ERR_INVALID, "its platform or annotations are no object");
	if (opt_str(obj, "mediaType", &d->media_type, e) < 0 || opt_str(platform, "os", &d->os, e) < 0 ||
	    opt_str(platform, "architecture", &d->architecture, e) < 0 ||
	    opt_str(platform, "variant", &d->variant, e) < 0 ||
	    opt_str(notes, ANNOTATION_REF_NAME, &d->ref_name, e) < 0 ||
	    opt_str(notes, ANNOTATION_IMAGE_NAME, &d->image_name, e) < 0)
		return -1;
	if (d->media_type && (strlen(d->media_type) > MEDIA_TYPE_MAX || str_has_control(d->media_type)))
		return err_set(e, ERR_INVALID, "its mediaType is no media type");
	return 0;
}

static int parse_items(json_object *arr, const char *what, size_t max, struct manifest *m, struct err *e)
{
	size_t n;

	if (!json_object_is_type(arr, json_type_array))
		return err_set(e, ERR_INVALID, "invalid manifest: %s is no array", what);
	n = json_object_array_length(arr);
	if (n > max)
		return err_set(e, ERR_TOO_LARGE, "invalid manifest: it has %zu %s, at most %zu are allowed", n, what,
			       max);
	m->items = xnew_array(struct descriptor, n ? n : 1);
	for (size_t i = 0; i < n; i++) {
		m->n = i + 1;
		if (parse_descriptor(json_object_array_get_idx(arr, i), &m->items[i], e) < 0)
			return err_wrap(e, "invalid manifest: %s[%zu]", what, i);
	}
	return 0;
}

static bool is_index_type(const char *t)
{
	return str_eq(t, MEDIA_OCI_INDEX) || str_eq(t, MEDIA_DOCKER_LIST);
}

static bool is_image_type(const char *t)
{
	return str_eq(t, MEDIA_OCI_MANIFEST) || str_eq(t, MEDIA_DOCKER_MANIFEST);
}

/* The document's own type, the one it was announced with, and its form must say the same. */
static int check_type(struct manifest *m, const char *announced, struct err *e)
{
	bool (*fits)(const char *) = m->kind == MANIFEST_INDEX ? is_index_type : is_image_type;
	const char *form = m->kind == MANIFEST_INDEX ? "an index" : "an image manifest";

	if (m->media_type && !fits(m->media_type))
		return err_set(e, ERR_INVALID,
			       "invalid manifest: its mediaType is \"%.100s\" but its form is that of %s",
			       m->media_type, form);
	if (announced && (is_index_type(announced) || is_image_type(announced)) && !fits(announced))
		return err_set(e, ERR_INVALID,
			       "invalid manifest: it was announced as \"%.100s\" but its form is that of %s", announced,
			       form);
	if (m->media_type && announced && !str_eq(m->media_type, announced))
		return err_set(e, ERR_INVALID, "invalid manifest: it was announced as \"%.100s\" but says \"%.100s\"",
			       announced, m->media_type);
	if (!m->media_type)
		m->media_type = xstrdup(m->kind == MANIFEST_INDEX ? MEDIA_OCI_INDEX : MEDIA_OCI_MANIFEST);
	return 0;
}

static int parse_tree(json_object *root, const char *announced, struct manifest *m, struct err *e)
{
	json_object *layers = json_member(root, "layers"), *children = json_member(root, "manifests");
	json_object *config = json_member(root, "config");

	if (!json_object_is_type(root, json_type_object))
		return err_set(e, ERR_INVALID, "invalid manifest: it is no object");
	if (json_member_int(root, "schemaVersion", 0) != 2)
		return err_set(e, ERR_INVALID, "invalid manifest: its schemaVersion is not 2");
	if (children && (layers || config || json_member(root, "fsLayers")))
		return err_set(e, ERR_INVALID, "invalid manifest: it is both an image manifest and an index");
	if (!children && (!layers || !config))
		return err_set(e, ERR_INVALID, "invalid manifest: it has neither manifests nor config and layers");
	m->kind = children ? MANIFEST_INDEX : MANIFEST_IMAGE;
	if (opt_str(root, "mediaType", &m->media_type, e) < 0)
		return err_wrap(e, "invalid manifest");
	if (check_type(m, announced, e) < 0)
		return -1;
	if (children)
		return parse_items(children, "manifests", LIMIT_INDEX_CHILDREN, m, e);
	if (parse_descriptor(config, &m->config, e) < 0)
		return err_wrap(e, "invalid manifest: config");
	return parse_items(layers, "layers", LIMIT_LAYERS, m, e);
}

int manifest_parse(const char *text, size_t n, const char *media_type, struct manifest *ret, struct err *e)
{
	_cleanup_json_ json_object *root = NULL;
	_cleanup_manifest_ struct manifest m = {0};

	if (n > LIMIT_MANIFEST)
		return err_set(e, ERR_TOO_LARGE, "the manifest has %zu bytes, at most %d are allowed", n,
			       LIMIT_MANIFEST);
	if (json_parse(text, n, &root, e) < 0)
		return err_wrap(e, "invalid manifest");
	if (parse_tree(root, media_type, &m, e) < 0)
		return -1;
	*ret = m;
	memset(&m, 0, sizeof(m));
	return 0;
}

static void write_descriptor(struct json_writer *w, const struct descriptor *d)
{
	json_object_begin(w);
	json_kstr(w, "mediaType", d->media_type);
	json_kstr(w, "digest", d->digest);
	json_kint(w, "size", d->size);
	json_object_close(w);
}

void manifest_write(const struct manifest *m, struct strbuf *out)
{
	struct json_writer w;

	json_writer_init(&w, out);
	json_object_begin(&w);
	json_kint(&w, "schemaVersion", 2);
	json_kstr(&w, "mediaType", m->media_type);
	json_key(&w, "config");
	write_descriptor(&w, &m->config);
	json_key(&w, "layers");
	json_array_begin(&w);
	for (size_t i = 0; i < m->n; i++)
		write_descriptor(&w, &m->items[i]);
	json_array_close(&w);
	json_object_close(&w);
}

/* --- docker-archive --- */

void archive_manifest_done(struct archive_manifest *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->n; i++) {
		free(m->images[i].config);
		strv_free(m->images[i].tags);
		strv_free(m->images[i].layers);
	}
	free(m->images);
	memset(m, 0, sizeof(*m));
}

/* A name of a member of the archive: relative, cleaned, not above the archive's root. */
static int member_name(json_object *v, char **ret, struct err *e)
{
	const char *s = json_object_is_type(v, json_type_string) ? json_object_get_string(v) : NULL;
	_cleanup_free_ char *clean = NULL;

	if (str_empty(s) || strlen(s) >= LIMIT_TAR_PATH || str_has_control(s))
		return err_set(e, ERR_INVALID,
			       "invalid manifest.json: a name of a file is missing, too long or no text");
	clean = path_clean(s);
	if (*clean == '/' || str_eq(clean, ".") || str_eq(clean, "..") || str_starts(clean, "../"))
		return err_set(e, ERR_INVALID, "invalid manifest.json: \"%.200s\" is no name inside the archive", s);
	*ret = TAKE_PTR(clean);
	return 0;
}

static int parse_archive_image(json_object *obj, struct archive_image *im, struct err *e)
{
	json_object *tags = json_member(obj, "RepoTags"), *layers = json_member(obj, "Layers");
	size_t n;

	if (!json_object_is_type(obj, json_type_object))
		return err_set(e, ERR_INVALID, "invalid manifest.json: an entry is no object");
	if ((tags && !json_object_is_type(tags, json_type_array)) ||
	    (layers && !json_object_is_type(layers, json_type_array)))
		return err_set(e, ERR_INVALID, "invalid manifest.json: RepoTags or Layers is no array");
	if (member_name(json_member(obj, "Config"), &im->config, e) < 0)
		return -1;
	n = tags ? json_object_array_length(tags) : 0;
	if (n > LIMIT_ARCHIVE_TAGS)
		return err_set(e, ERR_TOO_LARGE, "invalid manifest.json: %zu tags, at most %d are allowed", n,
			       LIMIT_ARCHIVE_TAGS);
	im->tags = strv_new();
	for (size_t i = 0; i < n; i++) {
		json_object *t = json_object_array_get_idx(tags, i);

		if (!json_object_is_type(t, json_type_string) || json_object_get_string_len(t) > LIMIT_REFERENCE)
			return err_set(e, ERR_INVALID, "invalid manifest.json: a tag is too long or no text");
		strv_add(&im->tags, json_object_get_string(t));
	}
	n = layers ? json_object_array_length(layers) : 0;
	if (n > LIMIT_LAYERS)
		return err_set(e, ERR_TOO_LARGE,
			       "max depth exceeded: the image has %zu layers, at most %d are possible", n,
			       LIMIT_LAYERS);
	im->layers = strv_new();
	for (size_t i = 0; i < n; i++) {
		char *name = NULL;

		if (member_name(json_object_array_get_idx(layers, i), &name, e) < 0)
			return -1;
		strv_push(&im->layers, name);
	}
	return 0;
}

int archive_manifest_parse(const char *text, size_t n, struct archive_manifest *ret, struct err *e)
{
	_cleanup_json_ json_object *root = NULL;
	struct archive_manifest m = {0};
	size_t count;

	if (n > LIMIT_MANIFEST)
		return err_set(e, ERR_TOO_LARGE, "manifest.json has %zu bytes, at most %d are allowed", n,
			       LIMIT_MANIFEST);
	if (json_parse(text, n, &root, e) < 0)
		return err_wrap(e, "invalid manifest.json");
	if (!json_object_is_type(root, json_type_array))
		return err_set(e, ERR_INVALID, "invalid manifest.json: it is no array");
	count = json_object_array_length(root);
	if (count > LIMIT_ARCHIVE_IMAGES)
		return err_set(e, ERR_TOO_LARGE, "invalid manifest.json: %zu images, at most %d are allowed", count,
			       LIMIT_ARCHIVE_IMAGES);
	m.images = xnew_array(struct archive_image, count ? count : 1);
	for (size_t i = 0; i < count; i++) {
		m.n = i + 1;
		if (parse_archive_image(json_object_array_get_idx(root, i), &m.images[i], e) < 0) {
			archive_manifest_done(&m);
			return -1;
		}
	}
	*ret = m;
	return 0;
}
