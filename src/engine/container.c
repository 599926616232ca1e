/* SPDX-License-Identifier: Apache-2.0 */
/* What readers get of live containers: snapshots, visits, sizes. */
#include "base/mem.h"
#include "base/strv.h"
#include "engine/container_priv.h"
#include "image/image.h"

/* Where the writable layer of a container lies, below the names that tools know from Docker's overlay2 driver. */
void container_snapshot_set_paths(struct container_snapshot *s, const char *data_root)
{
	const char *id = s->rec.id;

	s->dir = xasprintf("%s/containers/%s", data_root, id);
	s->upper = xasprintf("%s/overlay2/%s/diff", data_root, id);
	s->work = xasprintf("%s/overlay2/%s/work", data_root, id);
	s->merged = xasprintf("%s/overlay2/%s/merged", data_root, id);
}

struct container_snapshot *container_snapshot_take(struct container *c)
{
	_cleanup_(image_unref_p) struct image *image = NULL;
	struct container_snapshot *s;

	{
		LOCK_GUARD(&c->lock);
		s = container_snapshot_new(&c->rec);
		s->exec_ids = container_exec_ids(c);
		s->removing = c->removing;
	}
	container_snapshot_set_paths(s, c->engine->cfg.data_root);
	if (image_get(c->engine->images, s->rec.image_id, &image, /* e= */ NULL) == 0)
		image_lower_dirs(c->engine->images, image, &s->lower, /* e= */ NULL);
	return s;
}

/* --- readers --- */

int engine_get(struct engine *g, const char *ref, struct container_snapshot **ret, struct err *e)
{
	_cleanup_(container_unref_p) struct container *c = NULL;

	if (container_find(g, ref, &c, e) < 0)
		return -1;
	*ret = container_snapshot_take(c);
	return 0;
}

struct container_snapshot **engine_all(struct engine *g)
{
	struct container **all = container_all(g);
	struct container_snapshot **ret;
	size_t n = 0;

	while (all[n])
		n++;
	ret = xnew_array(struct container_snapshot *, n + 1);
	for (size_t i = 0; i < n; i++)
		ret[i] = container_snapshot_take(all[i]);
	container_free_all(all);
	return ret;
}

struct each {
	void (*fn)(void *arg, const struct container_record *rec, bool removing);
	void *arg;
};

static void each_one(void *arg, struct container *c)
{
	const struct each *each = arg;

	each->fn(each->arg, &c->rec, c->removing);
}

void engine_each(struct engine *g, void (*fn)(void *arg, const struct container_record *rec, bool removing), void *arg)
{
	struct each each = {fn, arg};

	container_each(g, each_one, &each);
}

int engine_size(struct engine *g, const struct container_snapshot *c, int64_t *ret_rw, int64_t *ret_rootfs,
		struct err *e)
{
	_cleanup_(image_unref_p) struct image *image = NULL;
	int64_t rw = 0;

	if (layer_dir_size(c->upper, &rw, e) < 0)
		return -1;
	if (image_get(g->images, c->rec.image_id, &image, /* e= */ NULL) == 0)
		*ret_rootfs = rw + image->size;
	else
		*ret_rootfs = rw;
	*ret_rw = rw;
	return 0;
}
