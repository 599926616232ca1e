/* SPDX-License-Identifier: Apache-2.0 */
/* A root file system's tar becomes an image of one layer: stored as it comes, unpacked by the worker, given a
 * configuration. */
#include <string.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "format/oci/reference.h"
#include "image/changes.h"
#include "image/image_priv.h"

#define COPY_CHUNK (256 * 1024)

struct import {
	struct images *s;
	char *staging;
	int staging_fd;
	char blob[DIGEST_MAX];
	int64_t blob_size;
};

static int spool(struct import *m, const struct image_input *in, struct err *e)
{
	_cleanup_free_ char *buf = xmalloc(COPY_CHUNK);
	int64_t room = worker_room(m->s);
	struct content_writer *w;
	ssize_t n;

	if (content_write_begin(m->s->content, &w, e) < 0)
		return -1;
	while ((n = in->read(in->arg, buf, COPY_CHUNK)) > 0) {
		m->blob_size += n;
		if (m->blob_size > room) {
			content_write_abort(w);
			return err_set(e, ERR_TOO_LARGE, "the archive has more than the %lld bytes that fit here",
				       (long long)room);
		}
		if (content_write(w, buf, (size_t)n, e) < 0) {
			content_write_abort(w);
			return -1;
		}
	}
	if (n < 0) {
		content_write_abort(w);
		return err_set(e, ERR_CANCELLED, "the archive's stream broke off");
	}
	return content_write_commit(w, NULL, -1, m->blob, e);
}

/* "linux/arm64/v8" */
static int set_platform(struct image_config *c, const char *platform, struct err *e)
{
	_cleanup_strv_ char **parts = str_empty(platform) ? NULL : strv_split(platform, '/');
	size_t n = strv_len(parts);

	if (n > 3)
		return err_set(e, ERR_INVALID, "\"%.100s\" is an invalid platform", platform);
	c->os = xstrdup(n ? parts[0] : "linux");
	c->architecture = xstrdup(n > 1 ? parts[1] : platform_host_architecture());
	c->variant = xstrdup(n > 2 ? parts[2] : NULL);
	return str_eq(c->os, "linux") ? 0
				      : err_set(e, ERR_INVALID, "operating system \"%.60s\" is not supported", c->os);
}

static int make_config(const char *diff_id, const char *message, char *const *changes, const char *platform,
		       struct strbuf *out, struct err *e)
{
	struct image_config c = {0};
	struct image_history *h = xnew(struct image_history);
	char now[RFC3339_MAX];
	int rc;

	clock_format_rfc3339(clock_realtime_ns(), now);
	c.created = xstrdup(now);
	c.comment = xstrdup(str_empty(message) ? "Imported from -" : message);
	*h = (struct image_history){.created = xstrdup(now), .comment = xstrdup(c.comment)};
	c.history = (struct json_array){.items = h, .n = 1, .set = true};
	c.diff_ids = strv_new();
	strv_add(&c.diff_ids, diff_id);
	rc = set_platform(&c, platform, e);
	STRV_FOREACH (line, changes)
		if (rc == 0)
			rc = image_change_apply(&c.config, *line, e);
	if (rc == 0)
		image_config_write(&c, out);
	image_config_done(&c);
	return rc;
}

static int make_image(struct import *m, const char *diff_id, int64_t size, const struct strbuf *config,
		      struct image **ret, struct err *e)
{
	_cleanup_(image_unref_p) struct image *i = xnew(struct image);
	char id[DIGEST_MAX], manifest[DIGEST_MAX];

	i->refs = 1;
	if (image_config_parse(config->data, config->len, &i->config, e) < 0 ||
	    content_put(m->s->content, config->data, config->len, id, e) < 0)
		return -1;
	images_suspect(m->s, id);
	i->id = xstrdup(id);
	i->layer_digests = strv_new();
	strv_add(&i->layer_digests, m->blob);
	i->layer_sizes = xnew_array(int64_t, 1);
	i->layer_sizes[0] = i->size = size;
	i->chain_ids = strv_new();
	strv_add(&i->chain_ids, diff_id);
	i->tags = strv_new();
	i->digests = strv_new();
	if (image_make_manifest(m->s, id, (int64_t)config->len, i->layer_digests, &m->blob_size, manifest, e) < 0)
		return -1;
	i->manifest_digest = xstrdup(manifest);
	*ret = TAKE_PTR(i);
	return 0;
}

static int run_import(struct import *m, const struct image_input *in, const char *full, const char *message,
		      char *const *changes, const char *platform, char ret_id[DIGEST_MAX], struct err *e)
{
	_cleanup_strbuf_ struct strbuf config = STRBUF_INIT_MAX(LIMIT_IMAGE_CONFIG);
	struct image_commit c = {0};
	char diff_id[DIGEST_MAX];
	int64_t size;
	int rc;

	/* before the stream: a wrong change is told at once */
	if (make_config(DIGEST_PREFIX "0000000000000000000000000000000000000000000000000000000000000000", message,
			changes, platform, &config, e) < 0)
		return -1;
	strbuf_clear(&config);
	if (spool(m, in, e) < 0 || staging_begin(m->s, &m->staging, &m->staging_fd, e) < 0 ||
	    layer_unpack(m->s, m->staging_fd, "l0", m->blob, NULL, NULL, NULL, &size, diff_id, e) < 0 ||
	    make_config(diff_id, message, changes, platform, &config, e) < 0 ||
	    make_image(m, diff_id, size, &config, &c.image, e) < 0)
		return -1;
	c.layers = xnew_array(struct layer_job, 1);
	c.n_layers = 1;
	c.layers[0] = (struct layer_job){.dir = xstrdup("l0"), .chain_id = xstrdup(diff_id), .size = size};
	if (full)
		strv_add(&c.tags, full);
	rc = images_commit(m->s, m->staging_fd, &c, NULL, NULL, e);
	if (rc == 0)
		memcpy(ret_id, c.image->id, DIGEST_LEN + 1);
	image_commit_done(&c);
	return rc;
}

int image_import(struct images *s, const struct image_input *in, const char *repo, const char *tag, const char *message,
		 char *const *changes, const char *platform, char ret_id[DIGEST_MAX], struct err *e)
{
	struct import m = {.s = s, .staging_fd = -1};
	_cleanup_reference_ struct reference r = {0};
	_cleanup_free_ char *full = NULL;
	int rc;

	if (!str_empty(repo)) {
		if (reference_parse_repo_tag(repo, tag, &r, e) < 0)
			return -1;
		full = reference_full(&r);
	}
	images_busy_begin(s);
	rc = run_import(&m, in, full, message, changes, platform, ret_id, e);
	fd_close(m.staging_fd);
	staging_end(s, m.staging);
	free(m.staging);
	if (*m.blob)
		images_suspect(s, m.blob);
	images_busy_end(s);
	return rc;
}
