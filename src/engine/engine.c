/* SPDX-License-Identifier: Apache-2.0 */
/* The engine as a whole: opened with what is on record, shut down, closed. */
#include <errno.h>

#include "base/clock.h"
#include "base/path.h"
#include "engine/exec_priv.h"
#include "engine/run_priv.h"

#define SHUTDOWN_TIMEOUT_DEFAULT_S 15
#define CAP_LAST_FALLBACK          40 /* CAP_CHECKPOINT_RESTORE, the newest that Docker knows */

static void load_row(void *arg, const char *key, const char *doc)
{
	struct engine *g = arg;
	struct container_record rec;
	struct err e = ERR_INIT;

	if (container_record_decode(doc, strlen(doc), &rec, &e) < 0) {
		log_error("container=%s its record cannot be read, the container is left alone: %s", key, e.msg);
		return;
	}
	if (!str_is_hex(rec.id, ID_LEN) || !str_eq(rec.id, key)) {
		log_error("container=%s its record belongs to another one, the container is left alone", key);
		container_record_done(&rec);
		return;
	}
	if (table_load(g, &rec, &e) < 0)
		log_error("container=%s cannot be loaded: %s", key, e.msg);
}

static int make_dirs(struct engine *g, struct err *e)
{
	_cleanup_free_ char *containers = path_join(g->cfg.data_root, "containers");
	_cleanup_free_ char *layers = path_join(g->cfg.data_root, "overlay2");
	_cleanup_free_ char *volumes = path_join(g->cfg.data_root, "volumes");
	const char *const dirs[] = {g->run_dir, g->runtime_root, g->seccomp_dir, containers, layers, volumes};

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		int r = mkdir_p(dirs[i], 0700);

		if (r < 0)
			return err_sys(e, -r, "cannot make %s", dirs[i]);
	}
	return 0;
}

static int64_t last_capability(void)
{
	_cleanup_strbuf_ struct strbuf s = STRBUF_INIT;
	int64_t n;

	if (path_read_file("/proc/sys/kernel/cap_last_cap", 32, &s) < 0)
		return CAP_LAST_FALLBACK;
	while (s.len > 0 && s.data[s.len - 1] == '\n')
		strbuf_truncate(&s, s.len - 1);
	return parse_i64(s.data, &n) == 0 ? n : CAP_LAST_FALLBACK;
}

int engine_open(const struct engine_config *cfg, struct state *st, struct images *images, struct events *events,
		struct engine **ret, struct err *e)
{
	struct engine *g = xnew(struct engine);

	g->cfg = *cfg;
	g->state = st;
	g->images = images;
	g->events = events;
	g->run_dir = path_join(cfg->exec_root, "c");
	g->runtime_root = path_join(cfg->exec_root, "runtime");
	g->seccomp_dir = path_join(cfg->exec_root, "seccomp");
	g->kernel_caps_last = last_capability();
	lock_init(&g->lock, LOCK_RANK_ENGINE);
	g->jobs = jobs_new();
	if (make_dirs(g, e) < 0 || monitor_loop_new(&g->loop, e) < 0 ||
	    state_each(st, "container", load_row, g, e) < 0) {
		engine_close(g);
		return -1;
	}
	table_sort(g);
	*ret = g;
	return 0;
}

void engine_close(struct engine *g)
{
	struct container **all;

	if (!g)
		return;
	g->stopping = true;
	jobs_stop(g->jobs);
	monitor_loop_free(g->loop);
	all = container_all(g);
	for (size_t i = 0; all[i]; i++) {
		exec_forget(all[i], /* all= */ true);
		lock_take(&all[i]->lock);
		wait_wake_removed(all[i]);
		lock_release(&all[i]->lock);
		container_drop(all[i]);
	}
	container_free_all(all);
	jobs_free(g->jobs);
	lock_done(&g->lock);
	free(g->run_dir);
	free(g->runtime_root);
	free(g->seccomp_dir);
	free(g);
}

/* All at once: signal each, then wait for each until the common time is over. */
static void stop_all(struct engine *g)
{
	_cleanup_(container_free_all_p) struct container **all = container_all(g);
	int timeout_s = g->cfg.shutdown_timeout > 0 ? g->cfg.shutdown_timeout : SHUTDOWN_TIMEOUT_DEFAULT_S;
	int64_t end = clock_monotonic_ns() + timeout_s * NS_PER_SEC;

	for (size_t i = 0; all[i]; i++)
		run_stop_signal_send(all[i]);
	for (size_t i = 0; all[i]; i++) {
		struct err e = ERR_INIT;

		if (!run_await_end(all[i], MAX((end - clock_monotonic_ns()) / NS_PER_MS, 0)) &&
		    container_kill_and_wait(all[i], &e) < 0)
			log_error("container=%.12s cannot be stopped: %s", all[i]->id, e.msg);
	}
}

void engine_reconfigure(struct engine *g, bool live_restore, int shutdown_timeout)
{
	g->cfg.live_restore = live_restore;
	g->cfg.shutdown_timeout = shutdown_timeout;
}

void engine_shutdown(struct engine *g)
{
	g->stopping = true;
	if (!g->cfg.live_restore)
		stop_all(g);
	jobs_stop(g->jobs);
}

static void count_one(void *arg, struct container *c)
{
	struct engine_counts *n = arg;

	n->total++;
	if (c->rec.status == CONTAINER_PAUSED)
		n->paused++;
	else if (container_is_running(c))
		n->running++;
	else
		n->stopped++;
}

struct engine_counts engine_count(struct engine *g)
{
	struct engine_counts n = {0};

	container_each(g, count_one, &n);
	return n;
}
