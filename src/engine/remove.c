/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rename, remove, prune. A remove deletes the row first, durably: what a crash leaves after that are directories
 * without a record, which the next start of the daemon removes.
 */
#include "base/failpoint.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "engine/container_priv.h"
#include "engine/jobs.h"
#include "engine/mounts.h"
#include "engine/names.h"
#include "engine/run_priv.h"
#include "engine/volumes.h"
#include "image/image.h"

/* --- rename --- */

int engine_rename(struct engine *g, const char *ref, const char *name, struct err *e)
{
	_cleanup_(container_unref_p) struct container *c = NULL;
	_cleanup_(container_op_guard_end) struct container_op_guard slot = {0};
	_cleanup_free_ char *old = NULL, *undone = NULL, *old_slash = NULL;
	const char *fresh;

	if (str_empty(ref) || str_empty(name))
		return err_set(e, ERR_INVALID, "Neither old nor new names may be empty");
	if (container_find(g, ref, &c, e) < 0)
		return -1;
	if (name_check(name, &fresh, e) < 0)
		return -1;
	if (container_op_begin(c, OP_CHANGE, e) < 0)
		return -1;
	slot.c = c;
	if (container_set_name(c, fresh, &old, e) < 0)
		return -1;
	if (container_persist(c, STATE_DURABLE, e) < 0) {
		/* the old name may be taken by now only if somebody was quick: then the new one stays in memory */
		if (container_set_name(c, old, &undone, /* e= */ NULL) < 0)
			log_error("container %s keeps the name %s, which is not recorded", c->id, fresh);
		return -1;
	}
	old_slash = xasprintf("/%s", old);
	LOCK_GUARD(&c->lock);
	container_event(c, "rename", (const char *const[]){"oldName", old_slash, NULL});
	return 0;
}

/* --- remove --- */

static int removable(struct container *c, bool force, struct err *e)
{
	LOCK_GUARD(&c->lock);
	if (!container_is_running(c))
		return 0;
	if (force)
		return 0;
	if (c->rec.status == CONTAINER_PAUSED)
		return err_set(e, ERR_CONFLICT,
			       "cannot remove container \"%s\": container is paused and must be unpaused first",
			       c->rec.name);
	return err_set(
		e, ERR_CONFLICT,
		"cannot remove container \"%s\": container is %s: stop the container before removing or force remove",
		c->rec.name, container_status_name((enum container_status)c->rec.status));
}

struct volume_use {
	const char *container, *volume;
	bool used;
};

static void volume_use_check(void *arg, struct container *c)
{
	struct volume_use *u = arg;
	const struct mount_point *m = c->rec.mounts.items;

	if (str_eq(c->id, u->container))
		return;
	for (size_t i = 0; i < c->rec.mounts.n; i++)
		u->used = u->used || str_eq(m[i].name, u->volume);
}

/* Anonymous ones that nobody else mounts. Names are copied out first: the row goes before the directories. */
static char **own_volumes(struct container *c)
{
	char **own = NULL, **all = NULL;

	{
		LOCK_GUARD(&c->lock);
		for (size_t i = 0; i < c->rec.mounts.n; i++) {
			const struct mount_point *m = &mount_points(&c->rec.mounts)[i];

			if (m->anonymous && !str_empty(m->name))
				strv_add(&all, m->name);
		}
	}
	STRV_FOREACH (v, all) {
		struct volume_use u = {.container = c->id, .volume = *v};

		container_each(c->engine, volume_use_check, &u);
		if (!u.used)
			strv_add(&own, *v);
	}
	strv_free(all);
	return own;
}

static int failpoint(int errnum, struct err *e)
{
	return errnum ? err_sys(e, errnum, "failpoint") : 0;
}

static int remove_steps(struct container *c, struct engine_remove how, struct err *e)
{
	_cleanup_strv_ char **volumes = how.volumes ? own_volumes(c) : NULL;
	struct engine *g = c->engine;
	struct err local = ERR_INIT;

	container_release_run(c);
	if (failpoint(FAILPOINT("remove.released"), e) < 0)
		return -1;
	/* Volumes have no record of their own yet: they must go while the container still names them. */
	STRV_FOREACH (v, volumes) {
		if (volume_remove(g->cfg.data_root, *v, &local) < 0)
			log_error("%s", local.msg);
	}
	if (failpoint(FAILPOINT("remove.volumes"), e) < 0)
		return -1;
	if (container_delete_row(c, e) < 0)
		return -1;
	/* The row is gone, so is the container: nothing from here on may fail, what is left is swept later. */
	(void)FAILPOINT("remove.row");
	return 0;
}

struct leftovers {
	struct engine *engine;
	char id[ID_LEN + 1];
};

/* Also when the engine ends: who restarts it need not find them. */
static void leftovers_job(void *arg, bool cancelled)
{
	struct leftovers *l = arg;

	(void)cancelled;
	container_remove_files(l->engine, l->id);
	engine_release_images(l->engine);
	free(l);
}

/* A directory takes milliseconds to go, right after the record was synced: nobody waits for that. */
static void remove_files_later(struct container *c)
{
	struct leftovers *l = xnew(struct leftovers);

	l->engine = c->engine;
	memcpy(l->id, c->id, sizeof(l->id));
	jobs_add(c->engine->jobs, 0, leftovers_job, l);
}

int container_remove(struct container *c, struct engine_remove how, struct err *e)
{
	if (removable(c, how.force, e) < 0)
		return -1;
	if (how.force && container_kill_and_wait(c, e) < 0)
		return err_wrap(e, "cannot remove container \"%s\": could not kill container", c->id);
	if (container_op_begin(c, OP_REMOVE, e) < 0)
		return -1;
	/* It may have been started while the slot was waited for. */
	if (removable(c, /* force= */ false, e) < 0) {
		container_op_end(c);
		return -1;
	}
	if (remove_steps(c, how, e) < 0) {
		lock_take(&c->lock);
		wait_removal_failed(c, e ? e->msg : "the container could not be removed");
		lock_release(&c->lock);
		container_op_end(c);
		return -1;
	}
	{
		LOCK_GUARD(&c->lock);
		container_event(c, "destroy", NULL);
	}
	container_drop(c);
	remove_files_later(c);
	return 0;
}

int engine_remove(struct engine *g, const char *ref, struct engine_remove how, struct err *e)
{
	_cleanup_(container_unref_p) struct container *c = NULL;

	if (container_find(g, ref, &c, e) < 0)
		return -1;
	if (how.link)
		return err_set(e, ERR_UNSUPPORTED, "links are not supported yet: %s", ref);
	return container_remove(c, how, e);
}

/* --- prune --- */

int engine_prune(struct engine *g, bool (*keep)(void *arg, const struct container_snapshot *c), void *arg,
		 char ***ret_ids, int64_t *ret_bytes, struct err *e)
{
	struct container **all = container_all(g);
	char **ids = NULL;
	int64_t bytes = 0;

	for (struct container **c = all; *c; c++) {
		_cleanup_(container_snapshot_free_p) struct container_snapshot *s = container_snapshot_take(*c);
		struct err local = ERR_INIT;
		int64_t size = 0;

		if (s->rec.status == CONTAINER_RUNNING || s->rec.status == CONTAINER_PAUSED ||
		    s->rec.status == CONTAINER_RESTARTING || s->removing || keep(arg, s))
			continue;
		if (layer_dir_size(s->upper, &size, &local) < 0)
			size = 0;
		if (container_remove(*c, (struct engine_remove){0}, &local) < 0) {
			/* started or removed meanwhile; the others still go */
			log_warn("prune passes over container %s: %s", (*c)->id, local.msg);
			continue;
		}
		strv_add(&ids, (*c)->id);
		bytes += size;
	}
	container_free_all(all);
	*ret_ids = ids;
	*ret_bytes = bytes;
	return 0;
}
