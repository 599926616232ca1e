/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Removing names and images by Docker's rules and in Docker's words (daemon/images/image_delete.go describes them).
 * What goes is decided first; one transaction records it; then blobs and layers that nobody has any more go. See
 * image.h.
 */
#include <string.h>

#include "base/failpoint.h"
#include "base/mem.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "format/oci/reference.h"
#include "image/image_priv.h"

#define SHORT_ID 12

struct removal { /* ops held all the way */
	struct images *s;
	const struct image_use *uses;
	size_t n_uses;
	struct image_removed *ret;
};

void image_removed_done(struct image_removed *r)
{
	for (size_t i = 0; i < r->n; i++) {
		free(r->items[i].untagged);
		free(r->items[i].deleted);
		free(r->items[i].id);
	}
	free(r->items);
	memset(r, 0, sizeof(*r));
}

static void report(struct removal *v, char *untagged, char *deleted, const char *id)
{
	v->ret->items = xreallocarray(v->ret->items, v->ret->n + 1, sizeof(*v->ret->items));
	v->ret->items[v->ret->n++] =
		(struct image_removed_item){.untagged = untagged, .deleted = deleted, .id = xstrdup(id)};
}

/* --- facts --- */

static char **full_names_of(struct images *s, const char *id)
{
	char **v = strv_new();

	LOCK_GUARD(&s->lock);
	for (struct name_row *n = s->names; n; n = n->hh.next)
		if (str_eq(n->id, id))
			strv_add(&v, n->name);
	strv_sort(v);
	return v;
}

static bool is_canonical(const char *full)
{
	return strchr(full, '@');
}

static char *repo_of(const char *full)
{
	const char *end = strchr(full, '@');

	if (!end)
		end = strrchr(full, ':');
	return xstrndup(full, (size_t)(end - full));
}

/* At most one tag, and only digests of its own repository beside it. */
static bool is_single_reference(char *const *names)
{
	_cleanup_strv_ char **digest_repos = strv_new();
	_cleanup_free_ char *single = NULL;

	if (strv_len(names) <= 1)
		return true;
	STRV_FOREACH (n, names) {
		char *repo = repo_of(*n);

		if (is_canonical(*n)) {
			if (!strv_contains(digest_repos, repo))
				strv_add(&digest_repos, repo);
			free(repo);
		} else if (!single) {
			single = repo;
		} else {
			free(repo);
			return false;
		}
	}
	return strv_len(digest_repos) == 1 && (!single || strv_contains(digest_repos, single));
}

static const struct image_use *used_by(struct removal *v, const char *id, int running)
{
	for (size_t i = 0; i < v->n_uses; i++)
		if (str_eq(v->uses[i].image_id, id) && (running < 0 || v->uses[i].running == running))
			return &v->uses[i];
	return NULL;
}

static bool has_children(struct images *s, const char *id)
{
	LOCK_GUARD(&s->lock);
	for (struct image_row *r = s->rows; r; r = r->hh.next)
		if (!r->image->hidden && str_eq(r->image->parent, id))
			return true;
	return false;
}

/* --- conflicts --- */

enum {
	CONFLICT_CHILD = 1,
	CONFLICT_RUNNING = 2,
	CONFLICT_REFERENCED = 4,
	CONFLICT_STOPPED = 8,
	CONFLICT_HARD = CONFLICT_CHILD | CONFLICT_RUNNING,
	CONFLICT_SOFT = CONFLICT_REFERENCED | CONFLICT_STOPPED,
};

static int conflict(struct err *e, const char *id, bool hard, const char *what, const char *container)
{
	return err_set(e, ERR_CONFLICT, "conflict: unable to delete %.*s (%s) - %s%.*s", SHORT_ID, digest_hex(id),
		       hard ? "cannot be forced" : "must be forced", what, SHORT_ID, container);
}

/* *used: the conflict is with a container. */
static int check_conflict(struct removal *v, const char *id, unsigned mask, bool *used, struct err *e)
{
	_cleanup_strv_ char **names = full_names_of(v->s, id);
	const struct image_use *u;

	*used = false;
	if ((mask & CONFLICT_CHILD) && has_children(v->s, id))
		return conflict(e, id, true, "image has dependent child images", "");
	if ((mask & CONFLICT_RUNNING) && (u = used_by(v, id, true))) {
		*used = true;
		return conflict(e, id, true, "image is being used by running container ", u->container_id);
	}
	if ((mask & CONFLICT_REFERENCED) && *names)
		return conflict(e, id, false, "image is referenced in multiple repositories", "");
	if ((mask & CONFLICT_STOPPED) && (u = used_by(v, id, false))) {
		*used = true;
		return conflict(e, id, false, "image is being used by stopped container ", u->container_id);
	}
	return 0;
}

/* --- changes --- */

static void refresh(struct images *s, const char *id)
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

static int untag(struct removal *v, const char *full, struct err *e)
{
	struct state_change change = {.kind = STATE_IMAGE_NAME, .key = full};
	_cleanup_reference_ struct reference r = {0};
	_cleanup_free_ char *id = NULL;
	struct name_row *n;

	lock_take(&v->s->lock);
	n = images_find_name(v->s, full);
	id = n ? xstrdup(n->id) : NULL;
	lock_release(&v->s->lock);
	if (!id)
		return err_set(e, ERR_NOT_FOUND, "No such image: %s", full);
	if (state_apply(v->s->state, &change, 1, STATE_DURABLE, e) < 0)
		return -1;
	lock_take(&v->s->lock);
	images_set_name(v->s, full, NULL);
	refresh(v->s, id);
	lock_release(&v->s->lock);
	if (reference_parse(full, &r, NULL) == 0)
		report(v, reference_familiar(&r), NULL, id);
	return 0;
}

static int untag_all(struct removal *v, char *const *names, struct err *e)
{
	STRV_FOREACH (n, names)
		if (untag(v, *n, e) < 0)
			return -1;
	return 0;
}

/* Layers that go with the image, topmost first, as Docker lists them. */
static void report_layers(struct removal *v, const struct image *i)
{
	for (size_t k = strv_len(i->chain_ids); k-- > 0;) {
		bool kept;

		lock_take(&v->s->lock);
		kept = images_find_layer(v->s, i->chain_ids[k], NULL, NULL) >= 0;
		lock_release(&v->s->lock);
		if (!kept)
			report(v, NULL, xstrdup(i->chain_ids[k]), NULL);
	}
}

static void add_garbage(struct images *s, const struct image *i)
{
	LOCK_GUARD(&s->lock);
	strv_add(&s->garbage, i->id);
	if (!str_empty(i->manifest_digest))
		strv_add(&s->garbage, i->manifest_digest);
	STRV_FOREACH (d, i->layer_digests)
		if (**d)
			strv_add(&s->garbage, *d);
	STRV_FOREACH (c, i->chain_ids)
		strv_addf(&s->garbage, "/%s", *c);
}

/* The record goes, or stays hidden as long as a container was made from it: its layers are that container's. */
static int delete_record(struct removal *v, const struct image *i, struct err *e)
{
	bool keep = used_by(v, i->id, -1) != NULL;
	_cleanup_(image_unref_p) struct image *ghost = keep ? image_copy(i) : NULL;
	_cleanup_free_ char *doc = NULL;
	struct state_change change = {.kind = STATE_IMAGE, .key = i->id};

	if (ghost) {
		ghost->hidden = true;
		strv_free(ghost->tags);
		strv_free(ghost->digests);
		ghost->tags = strv_new();
		ghost->digests = strv_new();
		change.doc = doc = image_doc(ghost);
	}
	if (state_apply(v->s->state, &change, 1, STATE_DURABLE, e) < 0)
		return -1;
	lock_take(&v->s->lock);
	if (ghost)
		images_put(v->s, image_ref(ghost));
	else
		images_drop(v->s, i->id);
	lock_release(&v->s->lock);
	(void)FAILPOINT("image.deleted"); /* only to be killed at: the record is gone, the files are not */
	report(v, NULL, xstrdup(i->id), i->id);
	if (!ghost) {
		report_layers(v, i);
		add_garbage(v->s, i);
	}
	return 0;
}

/* quiet: a conflict is no error, since a name was removed before or the image is only a parent. */
static int delete_image(struct removal *v, struct image *i, bool force, bool prune, bool quiet, struct err *e)
{
	_cleanup_strv_ char **names = NULL;
	struct err why = ERR_INIT;
	struct image *parent;
	bool used;
	int rc;

	if (check_conflict(v, i->id, force ? CONFLICT_HARD : CONFLICT_HARD | CONFLICT_SOFT, &used, &why) < 0) {
		names = full_names_of(v->s, i->id);
		if (quiet && (*names || has_children(v->s, i->id) || used))
			return 0;
		return err_set(e, why.kind, "%s", why.msg);
	}
	names = full_names_of(v->s, i->id);
	if (untag_all(v, names, e) < 0 || delete_record(v, i, e) < 0)
		return -1;
	if (!prune || str_empty(i->parent))
		return 0;
	lock_take(&v->s->lock);
	parent = images_find(v->s, i->parent);
	parent = parent && !parent->hidden ? image_ref(parent) : NULL;
	lock_release(&v->s->lock);
	if (!parent)
		return 0;
	rc = delete_image(v, parent, false, true, true, e);
	image_unref(parent);
	return rc;
}

/* --- by name --- */

/* Digests of the repository go with its last tag. *left: names that the image still has. */
static int untag_digests(struct removal *v, const char *id, const char *full, size_t *left, struct err *e)
{
	_cleanup_strv_ char **names = full_names_of(v->s, id);
	_cleanup_free_ char *repo = repo_of(full);
	bool tagged = is_canonical(full);

	*left = strv_len(names);
	STRV_FOREACH (n, names) {
		_cleanup_free_ char *r = repo_of(*n);

		tagged |= !is_canonical(*n) && str_eq(r, repo);
	}
	if (tagged)
		return 0;
	STRV_FOREACH (n, names) {
		_cleanup_free_ char *r = repo_of(*n);

		if (!is_canonical(*n) || !str_eq(r, repo))
			continue;
		if (untag(v, *n, e) < 0)
			return -1;
		--*left;
	}
	return 0;
}

static int remove_by_name(struct removal *v, struct image *i, const char *ref, bool force, bool prune, struct err *e)
{
	_cleanup_strv_ char **names = full_names_of(v->s, i->id);
	_cleanup_reference_ struct reference r = {0};
	_cleanup_free_ char *full = NULL;
	const struct image_use *u;
	size_t left;

	if (!force && is_single_reference(names) && (u = used_by(v, i->id, -1)))
		return err_set(e, ERR_CONFLICT,
			       "conflict: unable to remove repository reference \"%s\" (must force) - container %.*s "
			       "is using its referenced image %.*s",
			       ref, SHORT_ID, u->container_id, SHORT_ID, digest_hex(i->id));
	if (reference_parse(ref, &r, e) < 0)
		return -1;
	if (r.digest)
		free_and_set(&r.tag, NULL);
	reference_default_tag(&r);
	full = reference_full(&r);
	if (untag(v, full, e) < 0 || untag_digests(v, i->id, full, &left, e) < 0)
		return -1;
	return left ? 0 : delete_image(v, i, force, prune, true, e);
}

static int remove_by_id(struct removal *v, struct image *i, bool force, bool prune, struct err *e)
{
	_cleanup_strv_ char **names = full_names_of(v->s, i->id);
	bool used;

	if (is_single_reference(names)) {
		unsigned mask = CONFLICT_HARD | (force ? 0 : CONFLICT_SOFT & ~CONFLICT_REFERENCED);

		if (check_conflict(v, i->id, mask, &used, e) < 0 || untag_all(v, names, e) < 0)
			return -1;
	}
	return delete_image(v, i, force, prune, false, e);
}

static bool is_id_prefix(const char *id, const char *ref)
{
	return str_starts(id, ref) || str_starts(digest_hex(id), ref);
}

static struct image **all_hidden(struct images *s)
{
	struct image **v;
	size_t n = 0;

	LOCK_GUARD(&s->lock);
	v = xnew_array(struct image *, HASH_COUNT(s->rows) + 1);
	for (struct image_row *r = s->rows; r; r = r->hh.next)
		if (r->image->hidden)
			v[n++] = image_ref(r->image);
	return v;
}

/* One that is still hidden; ops held. */
static void drop_one_hidden(struct images *s, struct image *i)
{
	struct state_change change = {.kind = STATE_IMAGE, .key = i->id};
	struct image *now;
	bool hidden;

	lock_take(&s->lock);
	now = images_find(s, i->id);
	hidden = now && now->hidden;
	lock_release(&s->lock);
	if (!hidden || state_apply(s->state, &change, 1, STATE_FAST, NULL) < 0)
		return;
	lock_take(&s->lock);
	images_drop(s, i->id);
	lock_release(&s->lock);
	add_garbage(s, i);
}

static void drop_hidden(struct removal *v)
{
	struct image **hidden = all_hidden(v->s);

	for (struct image **i = hidden; *i; i++)
		if (!used_by(v, (*i)->id, -1))
			drop_one_hidden(v->s, *i);
	image_all_free(hidden);
}

void image_drop_unused(struct images *s, bool (*used)(void *arg, const char *image_id), void *arg)
{
	struct image **hidden = all_hidden(s);
	size_t n = 0;

	/* asked before any lock of ours is held: the answer takes the locks of containers */
	for (struct image **i = hidden; *i; i++) {
		if (used(arg, (*i)->id))
			image_unref(*i);
		else
			hidden[n++] = *i;
	}
	hidden[n] = NULL;
	if (n) {
		LOCK_GUARD(&s->ops);
		for (struct image **i = hidden; *i; i++)
			drop_one_hidden(s, *i);
		images_collect(s);
	}
	image_all_free(hidden);
}

int image_remove(struct images *s, const char *ref, bool force, bool prune_parents, const struct image_use *uses,
		 size_t n_uses, struct image_removed *ret, struct err *e)
{
	struct removal v = {.s = s, .uses = uses, .n_uses = n_uses, .ret = ret};
	_cleanup_(image_unref_p) struct image *i = NULL;
	int rc;

	LOCK_GUARD(&s->ops);
	if (image_get(s, ref, &i, e) < 0)
		return -1;
	if (i->hidden)
		return err_set(e, ERR_NOT_FOUND, "No such image: %s", ref);
	if (is_id_prefix(i->id, ref))
		rc = remove_by_id(&v, i, force, prune_parents, e);
	else
		rc = remove_by_name(&v, i, ref, force, prune_parents, e);
	drop_hidden(&v);
	images_collect(s);
	if (rc < 0)
		image_removed_done(ret);
	return rc;
}

/* --- prune --- */

static int prune_one(struct removal *v, struct image *i, struct err *e)
{
	_cleanup_strv_ char **names = full_names_of(v->s, i->id);

	if (used_by(v, i->id, -1) || has_children(v->s, i->id))
		return 0;
	/* a conflict leaves the image alone; anything else is worth stopping for */
	if (untag_all(v, names, e) < 0)
		return -1;
	return delete_image(v, i, false, true, true, e);
}

int image_prune(struct images *s, bool dangling_only, bool (*keep)(void *arg, const struct image *i), void *arg,
		const struct image_use *uses, size_t n_uses, struct image_removed *ret, int64_t *ret_bytes,
		struct err *e)
{
	struct removal v = {.s = s, .uses = uses, .n_uses = n_uses, .ret = ret};
	struct image **all;
	int rc = 0;

	LOCK_GUARD(&s->ops);
	all = image_all(s);
	*ret_bytes = 0;
	for (struct image **i = all; rc == 0 && *i; i++) {
		size_t before = ret->n;

		if ((dangling_only && (*(*i)->tags || *(*i)->digests)) || (keep && keep(arg, *i)))
			continue;
		rc = prune_one(&v, *i, e);
		/* what its own layers took, as `docker images` counts */
		for (size_t k = before; k < ret->n; k++)
			for (size_t l = 0; (*i)->chain_ids[l] && ret->items[k].deleted; l++)
				if (str_eq(ret->items[k].deleted, (*i)->chain_ids[l]))
					*ret_bytes += (*i)->layer_sizes[l];
	}
	image_all_free(all);
	drop_hidden(&v);
	images_collect(s);
	return rc;
}
