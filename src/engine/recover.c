/* SPDX-License-Identifier: Apache-2.0 */
/*
 * After a restart of the daemon, however the last one ended: what is recorded is compared with what is there, and
 * finished or undone.
 *
 *   recorded      found                        then
 *   running       supervisor, process runs     adopted
 *   running       exit record, or nobody       ended: recorded, restart policy, auto-remove
 *   not running   run directory                half-made start or half-done teardown: undone
 *   (no record)   run or container directory   half-made create or half-done remove: removed
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>

#include "base/clock.h"
#include "base/path.h"
#include "base/proc.h"
#include "engine/exec_priv.h"
#include "engine/restart.h"
#include "engine/run_priv.h"
#include "image/image.h"
#include "runtime/cgroup.h"

#define HELLO_TIMEOUT_MS 5000
#define UNDO_TIMEOUT_MS  5000

/* --- adopting --- */

/* Says hello to the supervisor behind the run directory. 1: *ret_mc and *ret_hello are filled; 0: there is none. */
static int say_hello(struct engine *g, int dirfd, struct monitor_client **ret_mc, struct monitor_packet *ret_hello,
		     struct err *e)
{
	_cleanup_(monitor_client_unref_p) struct monitor_client *mc = NULL;
	struct err local = ERR_INIT;
	int r, fd = monitor_connect(dirfd, &local);

	if (fd < 0) {
		if (local.kind == ERR_NOT_FOUND)
			return 0;
		*e = local;
		return -1;
	}
	mc = monitor_client_new(g->loop, fd);
	if (monitor_send(fd, MONITOR_HELLO, &local) < 0)
		return 0;
	r = monitor_recv(fd, HELLO_TIMEOUT_MS, ret_hello, &local);
	if (r <= 0)
		return r < 0 && local.kind == ERR_UNAVAILABLE
			       ? 0
			       : err_set(e, ERR_SYSTEM, "the supervisor does not answer");
	if (ret_hello->type != MONITOR_HELLO_REPLY) {
		monitor_packet_done(ret_hello);
		return err_set(e, ERR_SYSTEM, "the supervisor does not answer as it should");
	}
	*ret_mc = TAKE_PTR(mc);
	return 1;
}

static bool is_frozen(struct container *c)
{
	_cleanup_free_ char *path = run_cgroup_path(c->engine, &c->rec);
	_cleanup_(cgroup_done) struct cgroup cg = CGROUP_INIT;

	return cgroup_open(path, &cg, /* e= */ NULL) == 0 && cgroup_frozen(&cg);
}

/* What a record that says "running" needs to be the object of run_ended: a run with a process. */
static void begin_run(struct container *c, struct monitor_client *mc, struct monitor_packet *hello)
{
	bool frozen = hello && hello->hello.state == MONITOR_STATE_RUNNING && is_frozen(c);

	LOCK_GUARD(&c->lock);
	c->runs = 1;
	c->needs_teardown = true;
	if (c->rec.pid <= 0)
		c->rec.pid = 1; /* a damaged record: any number, it ends now */
	if (!hello)
		return;
	if (hello->hello.pid > 0) {
		c->rec.pid = hello->hello.pid;
		c->rec.pid_start_time = proc_start_time(hello->hello.pid);
		c->rec.started_ns = hello->hello.started_ns;
	}
	c->rec.status = frozen ? CONTAINER_PAUSED : CONTAINER_RUNNING;
	c->rec.oom_killed = hello->hello.oom;
	c->oom_told = hello->hello.oom;
	c->pidfd = TAKE_FD(hello->fd);
	c->monitor = monitor_client_ref(mc);
}

/* The process that the record names, if it is still the same one. */
static void find_orphan(struct container *c)
{
	int64_t pid = c->rec.pid;

	if (pid <= 1 || c->rec.pid_start_time == 0 || proc_start_time((pid_t)pid) != c->rec.pid_start_time)
		return;
	lock_take(&c->lock);
	c->pidfd = pidfd_open_pid((pid_t)pid);
	if (c->pidfd < 0)
		c->pidfd = -1;
	lock_release(&c->lock);
}

static void adopt(struct container *c)
{
	_cleanup_close_ int dirfd = run_dir_open(c, /* make= */ false, /* e= */ NULL);
	_cleanup_(monitor_client_unref_p) struct monitor_client *mc = NULL;
	struct monitor_packet hello = {.fd = -1};
	struct err e = ERR_INIT;
	int r = 0;

	if (dirfd >= 0)
		r = say_hello(c->engine, dirfd, &mc, &hello, &e);
	if (r < 0)
		log_error("container=%.12s its supervisor cannot be reached: %s", c->id, e.msg);
	if (r != 1) {
		begin_run(c, NULL, NULL);
		find_orphan(c);
		run_supervisor_lost(c, 1);
		return;
	}
	begin_run(c, mc, &hello);
	if (hello.hello.state == MONITOR_STATE_READY) {
		/* Never started: the record is from before, its end is not known. */
		monitor_send(monitor_client_fd(mc), MONITOR_ABORT, /* e= */ NULL);
		run_supervisor_lost(c, 1);
	} else {
		log_debug("container=%.12s runs, pid %d", c->id, hello.hello.pid);
		exec_recover(c, dirfd);
	}
	/* In state EXITED the news of it follows. */
	monitor_client_listen(mc, run_news, run_owner_new(c, 1), run_owner_free);
	monitor_packet_done(&hello);
}

/* --- undoing --- */

/* It hears all that is said until the connection ends: closed with news unread, what we sent would be lost. */
void supervisor_end(struct monitor_client *mc, const struct monitor_packet *hello)
{
	int fd = monitor_client_fd(mc);
	struct monitor_packet p;

	if (hello->fd >= 0)
		pidfd_signal(hello->fd, SIGKILL);
	if (hello->hello.state == MONITOR_STATE_READY)
		monitor_send(fd, MONITOR_ABORT, /* e= */ NULL);
	/* In state EXITED the news of it follows the hello. */
	while (monitor_recv(fd, UNDO_TIMEOUT_MS, &p, /* e= */ NULL) == 1) {
		if (p.type == MONITOR_EXITED)
			monitor_send(fd, MONITOR_RELEASE, /* e= */ NULL);
		monitor_packet_done(&p);
	}
}

/* Ends whatever the run directory `id` belongs to, and removes it. */
static void undo_run(struct engine *g, int rundir, const char *id, const char *cgroup)
{
	_cleanup_close_ int dirfd = dir_open_at(rundir, id);
	_cleanup_(monitor_client_unref_p) struct monitor_client *mc = NULL;
	struct monitor_packet hello = {.fd = -1};
	struct err e = ERR_INIT;

	if (dirfd >= 0 && say_hello(g, dirfd, &mc, &hello, &e) == 1) {
		log_info("container=%.12s undoing a half-made start", id);
		supervisor_end(mc, &hello);
		monitor_packet_done(&hello);
	}
	if (cgroup_remove(cgroup, &e) < 0)
		log_warn("container=%.12s cannot clear its control group: %s", id, e.msg);
	rm_rf_at(rundir, id);
}

static struct container *find_id(struct engine *g, const char *id)
{
	struct container *c = NULL;

	return container_find(g, id, &c, /* e= */ NULL) == 0 ? c : NULL;
}

/* Calls fn for each entry of dir that is named like a container. */
static void each_id(const char *dir, void (*fn)(struct engine *g, int dirfd, const char *id), struct engine *g)
{
	int fd = dir_open(dir);
	struct dirent *de;
	DIR *d;

	if (fd < 0)
		return;
	d = fdopendir(fd);
	if (!d) {
		fd_close(fd);
		return;
	}
	while ((de = readdir(d))) {
		if (str_is_hex(de->d_name, ID_LEN))
			fn(g, fd, de->d_name);
	}
	closedir(d);
}

/* A run directory of a container that is not recorded as running. */
static void check_run_dir(struct engine *g, int dirfd, const char *id)
{
	_cleanup_(container_unref_p) struct container *c = find_id(g, id);
	_cleanup_free_ char *cgroup = NULL;

	if (c && (c->rec.status == CONTAINER_RUNNING || c->rec.status == CONTAINER_PAUSED))
		return;
	if (c) {
		cgroup = run_cgroup_path(g, &c->rec);
	} else {
		const struct container_record guess = {.id = (char *)id};

		cgroup = run_cgroup_path(g, &guess);
	}
	undo_run(g, dirfd, id, cgroup);
}

/* A directory of a container that has no record: a create that was not finished, or a remove that was. */
static void check_data_dir(struct engine *g, int dirfd, const char *id)
{
	_cleanup_(container_unref_p) struct container *c = find_id(g, id);
	int r;

	if (c)
		return;
	log_info("container=%.12s removing what is left of it", id);
	r = rm_rf_at(dirfd, id);
	if (r < 0)
		log_warn("container=%.12s cannot be cleared away: %s", id, strerror(-r));
}

/* --- what comes next --- */

/* A stopped container: finish its removal, or bring it up by its policy. Those that ended now have got their job
 * already. */
static void follow_policy(struct container *c)
{
	bool remove = false;
	int64_t restart = -1;

	{
		LOCK_GUARD(&c->lock);
		switch (c->rec.status) {
		case CONTAINER_REMOVING:
			remove = true;
			break;
		case CONTAINER_RESTARTING:
			restart = RESTART_BACKOFF_MIN_MS;
			break;
		case CONTAINER_EXITED:
			remove = c->rec.host_config.auto_remove;
			if (!remove && restart_at_boot(&c->rec.host_config.restart_policy, c->rec.manually_stopped,
						       c->rec.started_ns != 0)) {
				c->rec.status = CONTAINER_RESTARTING;
				restart = 0;
			}
			break;
		default:
			break;
		}
	}
	if (remove || restart >= 0)
		run_follow_up(c, remove, restart);
}

struct image_use_check {
	const char *id;
	bool used;
};

static void image_use_check(void *arg, struct container *c)
{
	struct image_use_check *u = arg;

	u->used = u->used || str_eq(c->rec.image_id, u->id);
}

static bool image_is_used(void *arg, const char *image_id)
{
	struct image_use_check u = {.id = image_id};

	container_each(arg, image_use_check, &u);
	return u.used;
}

/* An image that was removed by force lives on, unseen, as long as a container has it. */
void engine_release_images(struct engine *g)
{
	image_drop_unused(g->images, image_is_used, g);
}

int engine_recover(struct engine *g, struct err *e)
{
	_cleanup_(container_free_all_p) struct container **all = container_all(g);
	_cleanup_free_ char *containers = path_join(g->cfg.data_root, "containers");
	_cleanup_free_ char *layers = path_join(g->cfg.data_root, "overlay2");

	each_id(g->run_dir, check_run_dir, g);
	each_id(containers, check_data_dir, g);
	each_id(layers, check_data_dir, g);
	for (size_t i = 0; all[i]; i++) {
		enum container_status status = (enum container_status)all[i]->rec.status;

		if (status == CONTAINER_RUNNING || status == CONTAINER_PAUSED)
			adopt(all[i]);
		else
			follow_policy(all[i]);
	}
	engine_release_images(g);
	return 0;
}
