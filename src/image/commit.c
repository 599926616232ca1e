/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recording an image: layers are synced, put in place, recorded with the image and its names in one transaction, and
 * only then shown. What dies before the record leaves orphans that the next start sweeps.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "format/oci/reference.h"
#include "image/image_priv.h"

void image_commit_done(struct image_commit *c)
{
	image_unref(c->image);
	for (size_t i = 0; i < c->n_layers; i++)
		layer_job_done(&c->layers[i]);
	free(c->layers);
	strv_free(c->tags);
	memset(c, 0, sizeof(*c));
}

static int publish_layers(struct images *s, int staging_fd, struct image_commit *c, struct err *e)
{
	bool any = false;
	int r;

	for (size_t i = 0; i < c->n_layers; i++)
		any |= c->layers[i].dir != NULL;
	if (!any)
		return 0;
	r = FAILPOINT("layer.sync");
	if (r || syncfs(s->staging) < 0)
		return err_sys(e, r ? r : errno, "sync the layers");
	for (size_t i = 0; i < c->n_layers; i++) {
		struct layer_job *j = &c->layers[i];
		bool known;

		if (!j->dir)
			continue;
		lock_take(&s->lock);
		known = images_find_layer(s, j->chain_id, NULL, NULL) >= 0;
		lock_release(&s->lock);
		/* another load was faster: its copy is as good, ours goes with staging */
		if (!known && layer_publish(s, staging_fd, j->dir, j->chain_id, e) < 0)
			return -1;
	}
	r = file_sync_dir(s->layers);
	if (r == 0)
		r = file_sync_dir(s->links);
	return r < 0 ? err_sys(e, -r, "sync the layers") : 0;
}

struct changes { /* one transaction; strings owned */
	struct state_change *items;
	char **texts;
	size_t n;
};

static void add_change(struct changes *c, const char *kind, char *key, char *doc)
{
	c->items = xreallocarray(c->items, c->n + 1, sizeof(*c->items));
	c->items[c->n++] = (struct state_change){.kind = kind, .key = key, .doc = doc};
	strv_push(&c->texts, key);
	if (doc)
		strv_push(&c->texts, doc);
}

static int record(struct images *s, const struct image_commit *c, struct err *e)
{
	struct changes ch = {0};
	int rc;

	add_change(&ch, STATE_IMAGE, xstrdup(c->image->id), image_doc(c->image));
	STRV_FOREACH (tag, c->tags)
		add_change(&ch, STATE_IMAGE_NAME, xstrdup(*tag), image_name_doc(c->image->id));
	rc = FAILPOINT("image.record");
	rc = rc ? err_sys(e, rc, "record image %s", c->image->id)
		: state_apply(s->state, ch.items, ch.n, STATE_DURABLE, e);
	free(ch.items);
	strv_free(ch.texts);
	return rc;
}

/* The same image again: what was known of it stays, but it is no longer hidden. */
static void merge_known(struct images *s, struct image_commit *c)
{
	struct image *old, *merged;

	LOCK_GUARD(&s->lock);
	old = images_find(s, c->image->id);
	if (!old)
		return;
	merged = image_copy(old);
	merged->hidden = false;
	if (c->tags)
		merged->last_tagged_ns = c->image->last_tagged_ns;
	image_unref(c->image);
	c->image = merged;
}

/* A new snapshot of an image that lost or got a name. */
static void refresh_names(struct images *s, const char *id)
{
	struct image *i = images_find(s, id), *fresh;

	if (!i)
		return;
	fresh = image_copy(i);
	strv_free(fresh->tags);
	strv_free(fresh->digests);
	images_names_of(s, id, &fresh->tags, &fresh->digests);
	images_put(s, fresh);
}

int images_commit(struct images *s, int staging_fd, struct image_commit *c,
		  void (*moved)(void *arg, const char *name, const char *old_id), void *arg, struct err *e)
{
	_cleanup_strv_ char **lost = NULL;

	LOCK_GUARD(&s->ops);
	if (publish_layers(s, staging_fd, c, e) < 0)
		return -1;
	if (c->tags)
		c->image->last_tagged_ns = clock_realtime_ns();
	merge_known(s, c);
	if (record(s, c, e) < 0)
		return -1;
	lock_take(&s->lock);
	images_put(s, image_ref(c->image));
	STRV_FOREACH (tag, c->tags) {
		struct name_row *n = images_find_name(s, *tag);

		if (n && !str_eq(n->id, c->image->id)) {
			strv_add(&lost, *tag);
			strv_add(&lost, n->id);
		}
		images_set_name(s, *tag, c->image->id);
	}
	refresh_names(s, c->image->id);
	for (char **l = lost; l && *l; l += 2)
		refresh_names(s, l[1]);
	lock_release(&s->lock);
	for (char **l = lost; moved && l && *l; l += 2)
		moved(arg, l[0], l[1]);
	return 0;
}

int image_tag(struct images *s, const char *ref, const char *repo, const char *tag, struct image **ret, struct err *e)
{
	_cleanup_(image_unref_p) struct image *i = NULL, *copy = NULL;
	_cleanup_reference_ struct reference r = {0};
	_cleanup_free_ char *full = NULL, *doc = NULL, *name_doc = NULL, *name = NULL, *old_id = NULL;
	struct state_change changes[2];
	struct name_row *n;

	if (reference_parse_repo_tag(repo, tag, &r, e) < 0)
		return -1;
	name = reference_familiar_name(&r);
	if (str_eq(name, "sha256"))
		return err_set(e, ERR_INVALID, "refusing to create an ambiguous tag using digest algorithm as name");
	full = reference_full(&r);
	LOCK_GUARD(&s->ops);
	if (image_get(s, ref, &i, e) < 0)
		return -1;
	copy = image_copy(i);
	copy->last_tagged_ns = clock_realtime_ns();
	doc = image_doc(copy);
	name_doc = image_name_doc(copy->id);
	changes[0] = (struct state_change){.kind = STATE_IMAGE, .key = copy->id, .doc = doc};
	changes[1] = (struct state_change){.kind = STATE_IMAGE_NAME, .key = full, .doc = name_doc};
	if (state_apply(s->state, changes, ARRAY_SIZE(changes), STATE_DURABLE, e) < 0)
		return -1;
	LOCK_GUARD(&s->lock);
	n = images_find_name(s, full);
	old_id = n ? xstrdup(n->id) : NULL;
	images_set_name(s, full, copy->id);
	images_put(s, image_ref(copy));
	refresh_names(s, copy->id);
	if (old_id && !str_eq(old_id, copy->id))
		refresh_names(s, old_id);
	*ret = image_ref(images_find(s, copy->id));
	return 0;
}
