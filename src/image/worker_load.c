/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The worker's job `load`: takes an image archive apart. Its members become files with names of ours; then
 * manifest.json (docker-archive), else index.json (OCI layout), says which of them are images. See worker.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/fd.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/sha256.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "format/json/json.h"
#include "format/oci/digest.h"
#include "format/oci/image_config.h"
#include "format/oci/manifest.h"
#include "format/oci/reference.h"
#include "format/tar/tar.h"
#include "image/decompress.h"
#include "image/worker.h"

#define LINK_DEPTH  8
#define INDEX_DEPTH 8
#define BLOB_PREFIX "blobs/sha256/"

struct member {
	char *name;
	char *file;  /* "f3" */
	char *alias; /* instead: another member's name */
	int64_t size;
	UT_hash_handle hh;
};

struct candidate { /* an image of an OCI layout */
	struct manifest manifest;
	char digest[DIGEST_MAX];
	char *name;        /* reference, or NULL */
	bool wanted, host; /* by the platform asked for; by this machine's */
};

struct loader {
	int in, dir;
	int64_t max, bytes;
	const char *platform; /* "" or "linux/amd64" */
	struct decompress *d;
	struct member *members;
	size_t n_files;
	struct candidate *cand;
	size_t n_cand, docs;
};

/* --- taking apart --- */

static ssize_t read_in(void *arg, void *p, size_t n)
{
	struct loader *l = arg;
	ssize_t r;

	do
		r = read(l->in, p, n);
	while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : r;
}

static ssize_t fill(void *arg, const uint8_t **p)
{
	struct loader *l = arg;

	return decompress_next(l->d, p);
}

static int clean_member(const char *name, char **ret, struct err *e)
{
	_cleanup_free_ char *clean = path_clean(name);
	const char *p = clean + strspn(clean, "/");

	if (str_eq(p, "..") || str_starts(p, "../"))
		return err_set(e, ERR_INVALID, "the archive's member \"%.200s\" leads out of it", name);
	*ret = xstrdup(*p ? p : ".");
	return 0;
}

static bool is_document(const char *name)
{
	return str_eq(name, "manifest.json") || str_eq(name, "index.json") || str_eq(name, "oci-layout");
}

/* The entry for a name. A later member takes an earlier one's place, as it would on disk; documents that say what the
 * images are must be unique, or two readers could see two things. */
static int add_member(struct loader *l, const char *name, struct member **ret, struct err *e)
{
	struct member *m;

	HASH_FIND_STR(l->members, name, m);
	if (m && is_document(name))
		return err_set(e, ERR_INVALID, "the archive has %s twice", name);
	if (!m) {
		if (HASH_COUNT(l->members) == WORKER_LIMIT_MEMBERS)
			return err_set(e, ERR_TOO_LARGE, "the archive has more than %d members", WORKER_LIMIT_MEMBERS);
		m = xnew(struct member);
		m->name = xstrdup(name);
		HASH_ADD_KEYPTR(hh, l->members, m->name, strlen(m->name), m);
	}
	if (m->file)
		(void)unlinkat(l->dir, m->file, 0);
	free_and_set(&m->file, NULL);
	free_and_set(&m->alias, NULL);
	*ret = m;
	return 0;
}

static int spool(struct loader *l, struct tar_reader *tar, const struct tar_entry *t, struct member *m, struct err *e)
{
	_cleanup_close_ int fd = -1;
	const uint8_t *p;
	int64_t at;
	ssize_t n;

	if (t->sparse)
		return err_set(e, ERR_INVALID, "the archive's member \"%.200s\" is sparse", t->name);
	if (t->size > l->max - l->bytes)
		return err_set(e, ERR_TOO_LARGE, "the archive's member \"%.200s\" has %lld bytes, more than fits here",
			       t->name, (long long)t->size);
	m->file = xasprintf("f%zu", l->n_files++);
	m->size = t->size;
	fd = root_open(l->dir, m->file, ROOT_NO_LINKS, O_WRONLY | O_CREAT | O_EXCL, 0600);
	if (fd < 0)
		return err_sys(e, -fd, "make a file");
	while ((n = tar_data(tar, &p, &at)) > 0) {
		int r = fd_write_full(fd, p, (size_t)n);

		if (r < 0)
			return err_sys(e, -r, "write \"%.200s\"", t->name);
		l->bytes += n;
	}
	return n < 0 ? err_set(e, ERR_INVALID, "%s", tar_reader_error(tar)) : 0;
}

static int take_entry(struct loader *l, struct tar_reader *tar, const struct tar_entry *t, struct err *e)
{
	_cleanup_free_ char *name = NULL;
	struct member *m;

	if (clean_member(t->name, &name, e) < 0)
		return -1;
	switch (t->type) {
	case TAR_DIRECTORY:
		return 0;
	case TAR_REGULAR:
		return add_member(l, name, &m, e) < 0 ? -1 : spool(l, tar, t, m, e);
	case TAR_SYMLINK:
	case TAR_HARDLINK: { /* old docker save links layers that two images share */
		const char *slash = t->type == TAR_SYMLINK ? strrchr(name, '/') : NULL;
		_cleanup_free_ char *joined =
			slash ? xasprintf("%.*s/%s", (int)(slash - name), name, t->link) : xstrdup(t->link);
		_cleanup_free_ char *target = NULL;

		if (is_document(name) || *t->link == '/')
			return err_set(e, ERR_INVALID, "the archive's member \"%.200s\" may not be such a link",
				       t->name);
		if (clean_member(joined, &target, e) < 0 || add_member(l, name, &m, e) < 0)
			return -1;
		m->alias = TAKE_PTR(target);
		return 0;
	}
	default:
		return err_set(e, ERR_INVALID, "the archive's member \"%.200s\" is a device or pipe", t->name);
	}
}

static int take_apart(struct loader *l, struct err *e)
{
	_cleanup_(tar_reader_free_p) struct tar_reader *tar = tar_reader_new(fill, l);
	const struct tar_entry *t;
	int r, rc = 0;

	while (rc == 0 && (r = tar_next(tar, &t)) > 0)
		rc = take_entry(l, tar, t, e);
	if (rc == 0 && r < 0)
		rc = err_set(e, ERR_INVALID, "invalid image archive: %s", tar_reader_error(tar));
	if (rc == 0 && tar_drain(tar) < 0) /* a check sum may stand behind the archive's end */
		rc = err_set(e, ERR_INVALID, "invalid image archive: it cannot be read");
	if (rc < 0 && decompress_failed(l->d))
		err_set(e, ERR_INVALID, "invalid image archive: %s", decompress_error(l->d));
	return rc;
}

/* --- finding --- */

static struct member *find(struct loader *l, const char *name)
{
	struct member *m = NULL;

	for (int depth = 0; depth < LINK_DEPTH; depth++) {
		HASH_FIND_STR(l->members, name, m);
		if (!m || !m->alias)
			return m && m->file ? m : NULL;
		name = m->alias;
	}
	return NULL;
}

static struct member *find_blob(struct loader *l, const char *digest)
{
	_cleanup_free_ char *name = xasprintf(BLOB_PREFIX "%s", digest_hex(digest));

	return find(l, name);
}

static int read_member(struct loader *l, const struct member *m, struct strbuf *ret, struct err *e)
{
	/* a file of our making: no need for root_open_regular, which wants /proc */
	_cleanup_close_ int fd = root_open(l->dir, m->file, ROOT_NO_LINKS, O_RDONLY, 0);
	int r = fd < 0 ? fd : strbuf_read_fd(ret, fd);

	if (r == -EFBIG)
		return err_set(e, ERR_TOO_LARGE, "%.200s has more than the %d bytes that are allowed", m->name,
			       LIMIT_MANIFEST);
	return r < 0 ? err_sys(e, -r, "read %.200s", m->name) : 0;
}

/* A manifest or index by its digest, which must be right. */
static int read_document(struct loader *l, const struct descriptor *d, struct manifest *ret, struct err *e)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT_MAX(LIMIT_MANIFEST);
	struct member *m = find_blob(l, d->digest);
	char hex[SHA256_HEX_SIZE];

	if (!m)
		return err_set(e, ERR_NOT_FOUND, "invalid image archive: blob %s is not there", d->digest);
	if (++l->docs > WORKER_LIMIT_DOCS)
		return err_set(e, ERR_TOO_LARGE, "invalid image archive: more than %d manifests", WORKER_LIMIT_DOCS);
	if (read_member(l, m, &sb, e) < 0)
		return -1;
	sha256_hex_of(sb.data, sb.len, hex);
	if (!str_eq(hex, digest_hex(d->digest)) || (int64_t)sb.len != d->size)
		return err_set(e, ERR_INVALID,
			       "invalid image archive: blob %s has the digest sha256:%s and %zu bytes, not %lld",
			       d->digest, hex, sb.len, (long long)d->size);
	return manifest_parse(sb.data, sb.len, d->media_type, ret, e);
}

/* --- OCI layout --- */

static bool fits_platform(const struct descriptor *d, const char *platform)
{
	_cleanup_free_ char *whole =
		xasprintf("%s/%s/%s", str_or_empty(d->os), str_or_empty(d->architecture), str_or_empty(d->variant));

	return *platform && platform_fits(whole, platform);
}

/* What the layout calls the image: a whole reference, not a bare tag. */
static char *name_of(const struct descriptor *d, const char *inherited)
{
	const char *names[] = {d->image_name, d->ref_name};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_reference_ struct reference r = {0};

		if (names[i] && strpbrk(names[i], "/:") && reference_parse(names[i], &r, NULL) == 0) {
			reference_default_tag(&r);
			if (!r.digest)
				return reference_familiar(&r);
		}
	}
	return inherited ? xstrdup(inherited) : NULL;
}

static bool is_complete(struct loader *l, const struct manifest *m)
{
	if (!find_blob(l, m->config.digest))
		return false;
	for (size_t i = 0; i < m->n; i++)
		if (!find_blob(l, m->items[i].digest))
			return false;
	return true;
}

static int walk_index(struct loader *l, const struct manifest *index, const char *inherited, int depth, struct err *e);

static int walk_child(struct loader *l, const struct descriptor *d, const char *inherited, int depth, struct err *e)
{
	_cleanup_free_ char *name = name_of(d, inherited);
	_cleanup_free_ char *host = xasprintf("linux/%s", platform_host_architecture());
	_cleanup_manifest_ struct manifest m = {0};
	struct candidate *c;

	if (str_eq(d->os, "unknown")) /* attestations */
		return 0;
	if (depth > 0 && !find_blob(l, d->digest)) /* a platform that was left out */
		return 0;
	if (read_document(l, d, &m, e) < 0)
		return -1;
	if (m.kind == MANIFEST_INDEX)
		return walk_index(l, &m, name, depth + 1, e);
	for (size_t i = 0; i < l->n_cand; i++)
		if (str_eq(l->cand[i].digest, d->digest) && str_eq(l->cand[i].name, name))
			return 0;
	l->cand = xreallocarray(l->cand, l->n_cand + 1, sizeof(*l->cand));
	c = &l->cand[l->n_cand++];
	*c = (struct candidate){.name = TAKE_PTR(name), .manifest = m};
	memset(&m, 0, sizeof(m));
	memcpy(c->digest, d->digest, DIGEST_LEN + 1);
	c->wanted = fits_platform(d, l->platform);
	c->host = fits_platform(d, host);
	return 0;
}

static int walk_index(struct loader *l, const struct manifest *index, const char *inherited, int depth, struct err *e)
{
	if (depth > INDEX_DEPTH)
		return err_set(e, ERR_INVALID, "invalid image archive: its indexes are nested too deeply");
	for (size_t i = 0; i < index->n; i++)
		if (walk_child(l, &index->items[i], inherited, depth, e) < 0)
			return -1;
	return 0;
}

/* Of several with one name (the platforms of an image) one is taken: the one asked for, else this machine's, else the
 * first that is all there. */
static int rank(struct loader *l, const struct candidate *c)
{
	if (!is_complete(l, &c->manifest))
		return 0;
	if (c->wanted)
		return 3;
	return c->host ? 2 : 1;
}

static bool is_chosen(struct loader *l, size_t i)
{
	const struct candidate *c = &l->cand[i];

	if (!c->name)
		return is_complete(l, &c->manifest);
	for (size_t k = 0; k < l->n_cand; k++)
		if (k != i && str_eq(l->cand[k].name, c->name)) {
			int a = rank(l, c), b = rank(l, &l->cand[k]);

			if (b > a || (b == a && k < i))
				return false;
		}
	return true;
}

/* --- the plan --- */

static void write_file(struct json_writer *w, const struct member *m, const char *digest, int64_t size)
{
	json_object_begin(w);
	json_kstr(w, "file", m->file);
	json_kstr(w, "digest", digest);
	json_kint(w, "size", size);
	json_object_close(w);
}

static int write_blob(struct loader *l, struct json_writer *w, const char *digest, int64_t size, struct err *e)
{
	struct member *m = find_blob(l, digest);

	if (!m)
		return err_set(e, ERR_INVALID, "invalid image archive: blob %s is not there", digest);
	write_file(w, m, digest, size);
	return 0;
}

static int write_candidate(struct loader *l, struct json_writer *w, const struct candidate *c, struct err *e)
{
	json_object_begin(w);
	json_key(w, "tags");
	json_array_begin(w);
	if (c->name)
		json_str(w, c->name);
	json_array_close(w);
	json_key(w, "manifest");
	if (write_blob(l, w, c->digest, -1, e) < 0)
		return -1;
	json_key(w, "config");
	if (write_blob(l, w, c->manifest.config.digest, c->manifest.config.size, e) < 0)
		return -1;
	json_key(w, "layers");
	json_array_begin(w);
	for (size_t i = 0; i < c->manifest.n; i++)
		if (write_blob(l, w, c->manifest.items[i].digest, c->manifest.items[i].size, e) < 0)
			return -1;
	json_array_close(w);
	json_object_close(w);
	return 0;
}

static int plan_layout(struct loader *l, struct json_writer *w, struct err *e)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n_cand; i++) {
		if (!is_chosen(l, i))
			continue;
		n++;
		if (write_candidate(l, w, &l->cand[i], e) < 0)
			return -1;
	}
	return n ? 0 : err_set(e, ERR_INVALID, "invalid image archive: index.json names no image that is in it");
}

/* The digest that a member's name claims, or "". */
static const char *claimed(const char *name, char buf[DIGEST_MAX])
{
	const char *hex = str_after(name, BLOB_PREFIX);

	if (!hex || !str_is_hex(hex, DIGEST_HEX))
		return "";
	digest_from_hex(hex, buf);
	return buf;
}

/* The manifest of the layout, when the archive is both, that says the same as this entry of manifest.json. */
static const struct candidate *same_image(struct loader *l, const struct archive_image *im)
{
	char a[DIGEST_MAX];

	for (size_t i = 0; i < l->n_cand; i++) {
		const struct manifest *m = &l->cand[i].manifest;
		bool same = str_eq(m->config.digest, claimed(im->config, a)) && m->n == strv_len(im->layers);

		for (size_t k = 0; same && k < m->n; k++)
			same = str_eq(m->items[k].digest, claimed(im->layers[k], a));
		if (same)
			return &l->cand[i];
	}
	return NULL;
}

static int write_named(struct loader *l, struct json_writer *w, const char *name, struct err *e)
{
	struct member *m = find(l, name);
	char buf[DIGEST_MAX];

	if (!m)
		return err_set(e, ERR_INVALID, "invalid image archive: \"%.200s\" is not there", name);
	write_file(w, m, claimed(name, buf), -1);
	return 0;
}

static int plan_archive(struct loader *l, const struct archive_manifest *am, struct json_writer *w, struct err *e)
{
	for (size_t i = 0; i < am->n; i++) {
		const struct archive_image *im = &am->images[i];
		const struct candidate *same = same_image(l, im);

		json_object_begin(w);
		json_kstrv(w, "tags", im->tags);
		json_key(w, "manifest");
		if (!same)
			json_null(w);
		else if (write_blob(l, w, same->digest, -1, e) < 0)
			return -1;
		json_key(w, "config");
		if (write_named(l, w, im->config, e) < 0)
			return -1;
		json_key(w, "layers");
		json_array_begin(w);
		STRV_FOREACH (layer, im->layers)
			if (write_named(l, w, *layer, e) < 0)
				return -1;
		json_array_close(w);
		json_object_close(w);
	}
	return am->n ? 0 : err_set(e, ERR_INVALID, "invalid image archive: manifest.json names no image");
}

static int read_index(struct loader *l, struct err *e)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT_MAX(LIMIT_MANIFEST);
	_cleanup_manifest_ struct manifest index = {0};
	struct member *m = find(l, "index.json");

	if (!m)
		return 0;
	if (read_member(l, m, &sb, e) < 0 || manifest_parse(sb.data, sb.len, MEDIA_OCI_INDEX, &index, e) < 0)
		return err_wrap(e, "index.json");
	return walk_index(l, &index, NULL, 0, e);
}

static int make_plan(struct loader *l, struct json_writer *w, struct err *e)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT_MAX(LIMIT_MANIFEST);
	struct member *m = find(l, "manifest.json");
	struct archive_manifest am = {0};
	int rc;

	if (read_index(l, e) < 0)
		return -1;
	if (!m && !find(l, "index.json"))
		return err_set(e, ERR_INVALID, "invalid image archive: it has neither manifest.json nor index.json");
	if (!m)
		return plan_layout(l, w, e);
	if (read_member(l, m, &sb, e) < 0 || archive_manifest_parse(sb.data, sb.len, &am, e) < 0)
		return -1;
	rc = plan_archive(l, &am, w, e);
	archive_manifest_done(&am);
	return rc;
}

int worker_load(int in, int dirfd, int64_t max_bytes, const char *platform, struct strbuf *out, struct err *e)
{
	struct loader l = {.in = in, .dir = dirfd, .max = max_bytes, .platform = platform};
	struct json_writer w;

	/* what is allocated here lives as long as the process: the job ends with it */
	l.d = decompress_new(read_in, &l, max_bytes);
	if (take_apart(&l, e) < 0)
		return -1;
	json_writer_init(&w, out);
	json_object_begin(&w);
	json_key(&w, "images");
	json_array_begin(&w);
	if (make_plan(&l, &w, e) < 0)
		return -1;
	json_array_close(&w);
	json_object_close(&w);
	return 0;
}
