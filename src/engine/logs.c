/* SPDX-License-Identifier: Apache-2.0 */
/* Logs of a container: which files, when they end; the reading itself is monitor/log_reader's. */
#include <errno.h>

#include "base/path.h"
#include "engine/run_priv.h"
#include "monitor/log_reader.h"

struct log_files {
	struct log_plan plan;
	int dirfd;
	struct log_source source;
};

static void log_files_done(struct log_files *f)
{
	log_plan_done(&f->plan);
	fd_close(f->dirfd);
}

/* A container that has never run has no directory yet: its log is empty, dirfd is -1. */
static int log_files_open(struct container *c, struct log_files *ret, struct err *e)
{
	_cleanup_(container_snapshot_free_p) struct container_snapshot *s = NULL;

	lock_take(&c->lock);
	s = container_snapshot_new(&c->rec);
	lock_release(&c->lock);
	ret->dirfd = -1;
	if (log_plan_make(&c->engine->cfg, &s->rec, &ret->plan, e) < 0)
		return -1;
	if (ret->plan.driver == MONITOR_LOG_NONE)
		return err_set(e, ERR_UNSUPPORTED, "configured logging driver does not support reading");
	ret->dirfd = dir_open(ret->plan.dir);
	if (ret->dirfd < 0 && ret->dirfd != -ENOENT)
		return err_sys(e, -ret->dirfd, "cannot open the log directory of container %s", c->id);
	ret->source = (struct log_source){
		.dirfd = ret->dirfd,
		.name = ret->plan.name,
		.driver = ret->plan.driver,
		.max_files = ret->plan.max_files,
	};
	return 0;
}

int engine_logs(struct engine *g, const char *ref, const struct engine_logs *how, int gone_fd,
		int (*begin)(void *arg, bool raw), int (*write)(void *arg, const void *p, size_t n), void *arg,
		struct err *e)
{
	_cleanup_(container_unref_p) struct container *c = NULL;
	_cleanup_(log_files_done) struct log_files files = {.dirfd = -1};
	_cleanup_(engine_wait_end_p) struct engine_waiter *w = NULL;
	struct log_query query = {
		.out = how->out,
		.err = how->err,
		.timestamps = how->timestamps,
		.details = how->details,
		.follow = how->follow,
		.since_ns = how->since_ns,
		.until_ns = how->until_ns,
		.tail = how->tail,
		.gone_fd = gone_fd,
		.ended_fd = -1,
	};

	if (!how->out && !how->err)
		return err_set(e, ERR_INVALID, "You must choose at least one stream");
	if (container_find(g, ref, &c, e) < 0 || log_files_open(c, &files, e) < 0)
		return -1;
	/* Listening for the end before looking whether it runs: no end is missed. */
	if (how->follow && engine_wait_begin(g, c->id, ENGINE_WAIT_NEXT_EXIT, &w, e) < 0)
		return -1;
	{
		LOCK_GUARD(&c->lock);
		if (c->removing || c->rec.status == CONTAINER_DEAD)
			return err_set(e, ERR_CONFLICT,
				       "can not get logs from container which is dead or marked for removal");
		query.raw = c->rec.config.tty;
		query.follow = how->follow && c->rec.pid > 0;
	}
	if (query.follow)
		query.ended_fd = engine_waiter_fd(w);
	if (begin(arg, query.raw) < 0)
		return 0;
	if (files.dirfd < 0)
		return 0;
	return log_read(&files.source, &query, write, arg, e);
}

static void compress_job(void *arg, bool cancelled)
{
	_cleanup_(container_unref_p) struct container *c = arg;
	_cleanup_(log_files_done) struct log_files files = {.dirfd = -1};
	struct err e = ERR_INIT;

	if (cancelled || log_files_open(c, &files, /* e= */ NULL) < 0 || files.dirfd < 0)
		return;
	if (files.plan.compress && log_compress_rotated(&files.source, &e) < 0)
		log_warn("container=%.12s cannot compress rotated logs: %s", c->id, e.msg);
}

void logs_compress_later(struct container *c)
{
	jobs_add(c->engine->jobs, 0, compress_job, container_ref(c));
}
