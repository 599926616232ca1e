/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is done to all processes of a control group: list, signal, freeze, kill, wait for the end, remove; and the watch
 * for memory exhaustion. Called by the runtime and, for pause, top and removal, by the engine.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/strutil.h"
#include "runtime/cgroup_priv.h"

#define FREEZE_TIMEOUT_NS (10 * NS_PER_SEC)
#define EMPTY_TIMEOUT_NS  (10 * NS_PER_SEC)
#define CGROUP_DEPTH_MAX  32
#define CGROUP_PIDS_MAX   (4 * 1024 * 1024)

struct pid_list {
	pid_t *pids;
	size_t n, room;
};

static void sleep_ms(long ms)
{
	struct timespec ts = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

	nanosleep(&ts, NULL);
}

/* The directory that lists all members. */
static int member_fd(const struct cgroup *cg)
{
	static const enum cgroup_hierarchy order[] = {CGROUP_UNIFIED, CGROUP_FREEZER, CGROUP_DEVICES, CGROUP_PIDS,
						      CGROUP_MEMORY};

	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		if (cg->fd[order[i]] >= 0)
			return cg->fd[order[i]];
	return -1;
}

static int pids_read(int dirfd, struct pid_list *l)
{
	_cleanup_close_ int fd = openat(dirfd, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	char buf[4096];
	pid_t pid = 0;
	ssize_t n;

	if (fd < 0)
		return -errno;
	while ((n = read(fd, buf, sizeof(buf))) > 0) {
		for (ssize_t i = 0; i < n; i++) {
			if (buf[i] != '\n') {
				pid = pid * 10 + (buf[i] - '0');
				continue;
			}
			if (l->n == l->room) {
				l->room = l->room ? l->room * 2 : 64;
				l->pids = xreallocarray(l->pids, l->room, sizeof(pid_t));
			}
			if (l->n < CGROUP_PIDS_MAX && pid > 0)
				l->pids[l->n++] = pid;
			pid = 0;
		}
	}
	/* EOPNOTSUPP: a threaded v2 cgroup; its processes are listed by its parent. */
	return n < 0 && errno != EOPNOTSUPP && errno != ENODEV ? -errno : 0;
}

/* Calls itself for sub-cgroups, which the container may have made: bounded. */
static int walk(int dirfd, int depth, int (*fn)(int dirfd, void *arg), void *arg)
{
	int r = fn(dirfd, arg);

	if (r < 0 || depth >= CGROUP_DEPTH_MAX)
		return r;
	int copy = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	if (!d)
		return fd_close(copy), -errno;
	struct dirent *de;
	while (r >= 0 && (de = readdir(d))) {
		if (de->d_type != DT_DIR || de->d_name[0] == '.')
			continue;
		_cleanup_close_ int sub = openat(dirfd, de->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
		if (sub >= 0)
			r = walk(sub, depth + 1, fn, arg);
	}
	closedir(d);
	return r;
}

static int walk_pids(int dirfd, void *arg)
{
	return pids_read(dirfd, arg);
}

ssize_t cgroup_pids(const struct cgroup *cg, pid_t **ret, struct err *e)
{
	struct pid_list l = {0};
	int fd = member_fd(cg);
	int r = fd < 0 ? -ENOENT : walk(fd, 0, walk_pids, &l);

	if (r < 0) {
		free(l.pids);
		return err_sys(e, -r, "list the processes of cgroup %s", str_or_empty(cg->path));
	}
	*ret = l.pids;
	return (ssize_t)l.n;
}

int cgroup_signal(const struct cgroup *cg, int sig, struct err *e)
{
	_cleanup_free_ pid_t *pids = NULL;
	ssize_t n = cgroup_pids(cg, &pids, e);

	for (ssize_t i = 0; i < n; i++)
		if (kill(pids[i], sig) < 0 && errno != ESRCH)
			return err_sys(e, errno, "signal process %d", (int)pids[i]);
	return n < 0 ? -1 : 0;
}

/* "key N" in a flat keyed file. */
static bool keyed_value(const char *text, const char *key, uint64_t *ret)
{
	size_t n = strlen(key);

	for (const char *p = text; p; p = strchr(p, '\n'), p = p ? p + 1 : NULL) {
		if (strncmp(p, key, n) != 0 || p[n] != ' ')
			continue;
		*ret = 0;
		for (p += n + 1; *p >= '0' && *p <= '9'; p++)
			*ret = *ret * 10 + (uint64_t)(*p - '0');
		return true;
	}
	return false;
}

static bool event_value(const struct cgroup *cg, const char *key, uint64_t *ret)
{
	char buf[256];

	return cgroup_read(cg, CGROUP_UNIFIED, "cgroup.events", buf, sizeof(buf)) == 0 && keyed_value(buf, key, ret);
}

bool cgroup_frozen(const struct cgroup *cg)
{
	char buf[64];
	uint64_t v;

	if (event_value(cg, "frozen", &v))
		return v == 1;
	return cgroup_read(cg, CGROUP_FREEZER, "freezer.state", buf, sizeof(buf)) == 0 && str_eq(buf, "FROZEN");
}

static int freezer_write(const struct cgroup *cg, bool on)
{
	if (cg->fd[CGROUP_UNIFIED] >= 0) {
		int r = cgroup_write(cg->fd[CGROUP_UNIFIED], "cgroup.freeze", on ? "1" : "0");
		if (r != -ENOENT || cg->fd[CGROUP_FREEZER] < 0)
			return r;
	}
	if (cg->fd[CGROUP_FREEZER] < 0)
		return -ENOENT;
	return cgroup_write(cg->fd[CGROUP_FREEZER], "freezer.state", on ? "FROZEN" : "THAWED");
}

int cgroup_freeze(const struct cgroup *cg, struct err *e)
{
	int64_t deadline = clock_monotonic_ns() + FREEZE_TIMEOUT_NS;
	int r = freezer_write(cg, true);

	if (r < 0)
		return err_sys(e, -r, "freeze cgroup %s", cg->path);
	for (long ms = 0; !cgroup_frozen(cg); ms = MIN(ms + 1, 20)) {
		if (clock_monotonic_ns() > deadline) {
			freezer_write(cg, false);
			return err_set(e, ERR_UNAVAILABLE, "cgroup %s does not freeze", cg->path);
		}
		/* v1 stays at FREEZING until it is told again when a process was forking. */
		if (cg->fd[CGROUP_UNIFIED] < 0)
			freezer_write(cg, true);
		sleep_ms(ms);
	}
	return 0;
}

int cgroup_thaw(const struct cgroup *cg, struct err *e)
{
	int r = freezer_write(cg, false);

	return r < 0 ? err_sys(e, -r, "thaw cgroup %s", cg->path) : 0;
}

int cgroup_kill(const struct cgroup *cg, struct err *e)
{
	if (cg->fd[CGROUP_UNIFIED] >= 0 && cgroup_write(cg->fd[CGROUP_UNIFIED], "cgroup.kill", "1") == 0)
		return 0;
	/* A frozen group cannot fork away from the signals; they are taken when it thaws. */
	bool frozen = cgroup_freeze(cg, NULL) == 0;
	int r = cgroup_signal(cg, SIGKILL, e);
	if (frozen)
		cgroup_thaw(cg, NULL);
	return r;
}

static bool is_empty(const struct cgroup *cg)
{
	_cleanup_free_ pid_t *pids = NULL;
	uint64_t v;

	if (event_value(cg, "populated", &v))
		return v == 0;
	return cgroup_pids(cg, &pids, NULL) <= 0;
}

/* Removes name and the sub-cgroups below it, deepest first. */
static int remove_tree(int dirfd, const char *name, int depth)
{
	if (unlinkat(dirfd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	if (errno != EBUSY && errno != ENOTEMPTY)
		return -errno;
	if (depth >= CGROUP_DEPTH_MAX)
		return -ELOOP;
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	if (!d)
		return fd_close(fd), -errno;
	struct dirent *de;
	while ((de = readdir(d)))
		if (de->d_type == DT_DIR && de->d_name[0] != '.')
			remove_tree(fd, de->d_name, depth + 1);
	closedir(d);
	return unlinkat(dirfd, name, AT_REMOVEDIR) == 0 || errno == ENOENT ? 0 : -errno;
}

static int remove_one(int fd)
{
	char link[64], path[4096];

	/* Directories of cgroupfs cannot be removed by their own descriptor: by the name the kernel gives for it. */
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	ssize_t n = readlink(link, path, sizeof(path) - 1);
	if (n <= 0)
		return -errno;
	path[n] = '\0';
	if (str_ends(path, " (deleted)"))
		return 0;
	return remove_tree(AT_FDCWD, path, 0);
}

int cgroup_remove(const char *path, struct err *e)
{
	struct cgroup cg = CGROUP_INIT;
	struct err why = ERR_INIT;
	int64_t deadline = clock_monotonic_ns() + EMPTY_TIMEOUT_NS;
	int r = 0;

	if (cgroup_open(path, &cg, &why) < 0)
		return why.kind == ERR_NOT_FOUND ? 0 : err_set(e, why.kind, "%s", why.msg);
	if (!is_empty(&cg)) {
		cgroup_kill(&cg, NULL);
		cgroup_thaw(&cg, NULL);
	}
	for (long ms = 0;; ms = MIN(ms + 1, 20)) {
		r = 0;
		for (int h = 0; h < CGROUP_HIERARCHIES; h++) {
			if (cg.fd[h] < 0)
				continue;
			int one = remove_one(cg.fd[h]);
			if (one == 0)
				cg.fd[h] = fd_close(cg.fd[h]);
			else
				r = one;
		}
		if (r == 0 || r != -EBUSY || clock_monotonic_ns() > deadline)
			break;
		sleep_ms(ms);
	}
	cgroup_done(&cg);
	return r < 0 ? err_sys(e, -r, "remove cgroup %s", path) : 0;
}

int cgroup_oom_watch(const struct cgroup *cg, struct err *e)
{
	if (cg->fd[CGROUP_MEMORY] >= 0) {
		_cleanup_close_ int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		_cleanup_close_ int control = openat(cg->fd[CGROUP_MEMORY], "memory.oom_control", O_RDONLY | O_CLOEXEC);
		if (event < 0 || control < 0)
			return err_sys(e, errno, "watch memory of cgroup %s", cg->path);
		int r = cgroup_writef(cg->fd[CGROUP_MEMORY], "cgroup.event_control", "%d %d", event, control);
		return r < 0 ? err_sys(e, -r, "watch memory of cgroup %s", cg->path) : TAKE_FD(event);
	}
	if (cg->fd[CGROUP_UNIFIED] >= 0 && cgroup_file_exists(cg->fd[CGROUP_UNIFIED], "memory.events")) {
		_cleanup_close_ int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
		char path[64];
		snprintf(path, sizeof(path), "/proc/self/fd/%d/memory.events", cg->fd[CGROUP_UNIFIED]);
		if (fd < 0 || inotify_add_watch(fd, path, IN_MODIFY) < 0)
			return err_sys(e, errno, "watch memory of cgroup %s", cg->path);
		return TAKE_FD(fd);
	}
	return err_set(e, ERR_UNSUPPORTED, "this host has no memory controller");
}

bool cgroup_oom_check(const struct cgroup *cg, int watch_fd)
{
	char buf[1024];
	uint64_t kills = 0;

	if (watch_fd >= 0)
		while (read(watch_fd, buf, sizeof(buf)) > 0)
			;
	if (cgroup_read(cg, CGROUP_MEMORY, "memory.oom_control", buf, sizeof(buf)) == 0 ||
	    cgroup_read(cg, CGROUP_UNIFIED, "memory.events", buf, sizeof(buf)) == 0)
		return keyed_value(buf, "oom_kill", &kills) && kills > 0;
	return false;
}
