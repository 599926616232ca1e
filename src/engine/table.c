/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The container table: who is there under which name, the operation slot, and the writing of rows. Locking as told in
 * container_priv.h; nothing here does I/O but container_persist and container_delete_row, without any lock held.
 */
#include <utlist.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/strutil.h"
#include "engine/container_priv.h"
#include "engine/monitor_client.h"
#include "engine/run_priv.h"

struct container *container_ref(struct container *c)
{
	atomic_fetch_add_explicit(&c->refs, 1, memory_order_relaxed);
	return c;
}

void container_unref(struct container *c)
{
	if (!c || atomic_fetch_sub_explicit(&c->refs, 1, memory_order_acq_rel) != 1)
		return;
	ASSERT(!c->in_table && !c->waiters && !c->execs);
	attach_drop_pending(c);
	monitor_client_unref(c->monitor);
	fd_close(c->pidfd);
	container_record_done(&c->rec);
	free(c->wait_error);
	free(c->name);
	pthread_cond_destroy(&c->changed);
	lock_done(&c->lock);
	free(c);
}

/* Takes the pieces of the record. */
struct container *container_new(struct engine *g, struct container_record *rec)
{
	struct container *c = xnew(struct container);

	ASSERT(strlen(rec->id) == ID_LEN);
	memcpy(c->id, rec->id, ID_LEN + 1);
	c->engine = g;
	c->refs = 1;
	c->pidfd = -1;
	c->rec = *rec;
	*rec = (struct container_record){0};
	lock_init(&c->lock, LOCK_RANK_CONTAINER);
	lock_cond_init(&c->changed);
	return c;
}

static int newest_first(const struct container *a, const struct container *b)
{
	if (a->rec.created_ns != b->rec.created_ns)
		return a->rec.created_ns > b->rec.created_ns ? -1 : 1;
	return strcmp(a->id, b->id);
}

/* Engine lock held. */
static struct container *by_name(struct engine *g, const char *name)
{
	struct container *c;

	HASH_FIND(by_name, g->by_name, name, strlen(name), c);
	return c;
}

/* Engine lock held. The table's reference is a new one. */
static void insert(struct engine *g, struct container *c, bool sorted)
{
	c->name = xstrdup(c->rec.name);
	c->in_table = true;
	container_ref(c);
	HASH_ADD(by_id, g->by_id, id, ID_LEN, c);
	HASH_ADD_KEYPTR(by_name, g->by_name, c->name, strlen(c->name), c);
	if (sorted)
		DL_INSERT_INORDER(g->all, c, newest_first);
	else
		DL_PREPEND(g->all, c);
}

/* Rows read at start; afterwards the list is put in order by table_sort. */
int table_load(struct engine *g, struct container_record *rec, struct err *e)
{
	_cleanup_(container_unref_p) struct container *c = container_new(g, rec);
	LOCK_GUARD(&g->lock);
	struct container *other = by_name(g, c->rec.name);

	if (other)
		return err_set(e, ERR_CONFLICT, "the name \"%s\" belongs to container %s", c->rec.name, other->id);
	c->visible = true;
	insert(g, c, /* sorted= */ false);
	return 0;
}

void table_sort(struct engine *g)
{
	LOCK_GUARD(&g->lock);
	DL_SORT(g->all, newest_first);
}

/* --- lookup --- */

/* Engine lock held. */
static struct container *by_prefix(struct engine *g, const char *prefix, bool *ambiguous)
{
	struct container *c, *found = NULL;
	size_t n = strlen(prefix);

	if (n >= ID_LEN)
		return NULL;
	DL_FOREACH (g->all, c) {
		if (!c->visible || strncmp(c->id, prefix, n) != 0)
			continue;
		if (found) {
			*ambiguous = true;
			return NULL;
		}
		found = c;
	}
	return found;
}

int container_find(struct engine *g, const char *ref, struct container **ret, struct err *e)
{
	struct container *c = NULL;
	bool ambiguous = false;
	size_t n = strlen(str_or_empty(ref));

	if (n == 0)
		return err_set(e, ERR_INVALID, "No container name or ID supplied");

	LOCK_GUARD(&g->lock);
	if (n == ID_LEN)
		HASH_FIND(by_id, g->by_id, ref, ID_LEN, c);
	if (!c || !c->visible)
		c = by_name(g, ref[0] == '/' ? ref + 1 : ref);
	if (!c || !c->visible)
		c = by_prefix(g, ref, &ambiguous);
	if (ambiguous)
		return err_set(e, ERR_INVALID, "multiple IDs found with provided prefix: %s", ref);
	if (!c)
		return err_set(e, ERR_NOT_FOUND, "No such container: %s", ref);
	*ret = container_ref(c);
	return 0;
}

struct container **container_all(struct engine *g)
{
	LOCK_GUARD(&g->lock);
	struct container **all = xnew_array(struct container *, HASH_CNT(by_id, g->by_id) + 1);
	struct container *c;
	size_t n = 0;

	DL_FOREACH (g->all, c) {
		if (c->visible)
			all[n++] = container_ref(c);
	}
	return all;
}

void container_free_all(struct container **all)
{
	for (size_t i = 0; all && all[i]; i++)
		container_unref(all[i]);
	free(all);
}

void container_each(struct engine *g, void (*fn)(void *arg, struct container *c), void *arg)
{
	_cleanup_(container_free_all_p) struct container **all = container_all(g);

	for (size_t i = 0; all[i]; i++) {
		LOCK_GUARD(&all[i]->lock);
		fn(arg, all[i]);
	}
}

/* --- create, rename, remove --- */

static int name_taken(const struct container *other, const char *name, struct err *e)
{
	return err_set(e, ERR_CONFLICT,
		       "Conflict. The container name \"/%s\" is already in use by container \"%s\". You have to remove "
		       "(or rename) "
		       "that container to be able to reuse that name.",
		       name, other->id);
}

int container_reserve(struct engine *g, struct container_record *rec, struct container **ret, struct err *e)
{
	struct container *c, *other;

	LOCK_GUARD(&g->lock);
	other = by_name(g, rec->name);
	if (other)
		return name_taken(other, rec->name, e);
	c = container_new(g, rec);
	c->op = OP_CREATE;
	insert(g, c, /* sorted= */ true);
	*ret = c;
	return 0;
}

void container_publish(struct container *c)
{
	lock_take(&c->engine->lock);
	ASSERT(c->in_table && !c->visible);
	c->visible = true;
	lock_release(&c->engine->lock);
	container_op_end(c);
}

int container_set_name(struct container *c, const char *name, char **ret_old, struct err *e)
{
	struct engine *g = c->engine;
	struct container *other;

	LOCK_GUARD(&g->lock);
	other = by_name(g, name);
	if (other == c)
		return err_set(e, ERR_INVALID, "Renaming a container with the same name as its current name");
	if (other)
		return name_taken(other, name, e);
	ASSERT(c->in_table);
	HASH_DELETE(by_name, g->by_name, c);
	*ret_old = c->name;
	c->name = xstrdup(name);
	HASH_ADD_KEYPTR(by_name, g->by_name, c->name, strlen(c->name), c);

	LOCK_GUARD(&c->lock);
	ASSERT(c->op != OP_NONE);
	free_and_set(&c->rec.name, xstrdup(name));
	return 0;
}

void container_drop(struct container *c)
{
	struct engine *g = c->engine;

	lock_take(&g->lock);
	ASSERT(c->in_table);
	HASH_DELETE(by_id, g->by_id, c);
	HASH_DELETE(by_name, g->by_name, c);
	DL_DELETE(g->all, c);
	c->in_table = c->visible = false;
	lock_release(&g->lock);

	lock_take(&c->lock);
	c->removed = true;
	c->op = OP_NONE;
	wait_wake_removed(c);
	pthread_cond_broadcast(&c->changed);
	lock_release(&c->lock);
	container_unref(c);
}

/* --- the operation slot --- */

int container_op_begin(struct container *c, enum container_op op, struct err *e)
{
	LOCK_GUARD(&c->lock);
	if (op == OP_REMOVE && c->removing)
		return err_set(e, ERR_CONFLICT, "removal of container %s is already in progress", c->id);
	while (c->op != OP_NONE && !c->removed)
		lock_cond_wait(&c->changed, &c->lock, -1);
	if (c->removed)
		return err_set(e, ERR_NOT_FOUND, "No such container: %s", c->id);
	if (op == OP_REMOVE) {
		if (c->removing)
			return err_set(e, ERR_CONFLICT, "removal of container %s is already in progress", c->id);
		c->removing = true;
	}
	c->op = op;
	return 0;
}

void container_op_end(struct container *c)
{
	LOCK_GUARD(&c->lock);
	ASSERT(c->op != OP_NONE || c->removed);
	/* A remove that ends here has failed: what it had taken away is gone, but it may be tried again. */
	if (c->op == OP_REMOVE)
		c->removing = false;
	c->op = OP_NONE;
	pthread_cond_broadcast(&c->changed);
}

/* --- record --- */

int container_persist(struct container *c, enum state_sync sync, struct err *e)
{
	_cleanup_strbuf_ struct strbuf doc = STRBUF_INIT;
	struct state_change change = {.kind = "container", .key = c->id};
	uint64_t mine, now;
	int r;

	lock_take(&c->lock);
	mine = ++c->row_wanted;
	while (c->row_writing && !c->removed)
		lock_cond_wait(&c->changed, &c->lock, -1);
	/* Somebody wrote what we wanted while we waited. A durable write is never taken over: theirs may have been a
	 * fast one. */
	if (c->removed || (c->row_written >= mine && sync == STATE_FAST)) {
		lock_release(&c->lock);
		return 0;
	}
	c->row_writing = true;
	now = c->row_wanted;
	container_record_encode(&c->rec, &doc);
	lock_release(&c->lock);

	change.doc = doc.data;
	r = state_apply(c->engine->state, &change, 1, sync, e);

	lock_take(&c->lock);
	c->row_writing = false;
	if (r == 0)
		c->row_written = now;
	pthread_cond_broadcast(&c->changed);
	lock_release(&c->lock);
	return r;
}

void container_persist_or_log(struct container *c)
{
	struct err e = ERR_INIT;

	if (container_persist(c, STATE_FAST, &e) < 0)
		log_error("container=%.12s cannot record its state: %s", c->id, e.msg);
}

int container_delete_row(struct container *c, struct err *e)
{
	struct state_change change = {.kind = "container", .key = c->id};
	enum state_sync sync;

	lock_take(&c->lock);
	while (c->row_writing)
		lock_cond_wait(&c->changed, &c->lock, -1);
	c->row_writing = true; /* for ever, unless deleting fails */
	/* If a loss of power brings the row of one that ran with --rm back, recovery removes it again. */
	sync = c->rec.host_config.auto_remove && c->rec.started_ns != 0 ? STATE_FAST : STATE_DURABLE;
	lock_release(&c->lock);

	if (state_apply(c->engine->state, &change, 1, sync, e) == 0)
		return 0;

	lock_take(&c->lock);
	c->row_writing = false;
	pthread_cond_broadcast(&c->changed);
	lock_release(&c->lock);
	return -1;
}

void container_event(struct container *c, const char *action, const char *const *extra)
{
	struct json_kv attributes = {0};

	lock_assert_held(&c->lock);
	json_kv_copy(&attributes, &c->rec.config.labels);
	json_kv_put(&attributes, "image", str_or_empty(c->rec.config.image));
	json_kv_put(&attributes, "name", c->rec.name);
	events_publish(c->engine->events, "container", action, c->id, &attributes, extra);
	json_kv_done(&attributes);
}

bool container_is_running(const struct container *c)
{
	return c->rec.status == CONTAINER_RUNNING || c->rec.status == CONTAINER_PAUSED ||
	       c->rec.status == CONTAINER_RESTARTING;
}
