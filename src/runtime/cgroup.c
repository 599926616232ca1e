/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host's control group hierarchies and a container's directories in them: find, make, join, list, remove. Limits
 * are in cgroup_v1.c and cgroup_v2.c, device rules in cgroup_devices.c. Hierarchies are looked for where every
 * distribution mounts them, below /sys/fs/cgroup. Nothing is executed, nobody's cgroup but the named one is changed.
 */
#include "runtime/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "runtime/cgroup_priv.h"

#define CGROUP_ROOT "/sys/fs/cgroup"

/* Names of the v1 controllers. */
static const char *const hierarchy_names[CGROUP_HIERARCHIES] = {
	[CGROUP_UNIFIED] = "unified", [CGROUP_CPU] = "cpu",         [CGROUP_CPUACCT] = "cpuacct",
	[CGROUP_MEMORY] = "memory",   [CGROUP_PIDS] = "pids",       [CGROUP_BLKIO] = "blkio",
	[CGROUP_CPUSET] = "cpuset",   [CGROUP_DEVICES] = "devices", [CGROUP_FREEZER] = "freezer",
	[CGROUP_HUGETLB] = "hugetlb", [CGROUP_NET_CLS] = "net_cls", [CGROUP_NET_PRIO] = "net_prio",
};

/* Every container is in these on a v1 host, for statistics; in the others only when it has a limit there. */
#define V1_ALWAYS                                                                                                      \
	(1u << CGROUP_CPU | 1u << CGROUP_CPUACCT | 1u << CGROUP_MEMORY | 1u << CGROUP_PIDS | 1u << CGROUP_BLKIO)

/* What the host has; filled once. */
static struct {
	bool known;
	enum cgroup_mode mode;
	char *dir[CGROUP_HIERARCHIES]; /* absolute mount point; NULL: not there */
	char *controllers;             /* of the v2 tree */
} host;

static bool is_fs(const char *path, long magic)
{
	struct statfs sfs;

	return statfs(path, &sfs) == 0 && sfs.f_type == magic;
}

static bool is_cgroup2(const char *path)
{
	return is_fs(path, CGROUP2_SUPER_MAGIC);
}

/* One line of /proc/self/cgroup, "4:cpu,cpuacct:/": the directory has the name of the whole list. */
static void host_add_v1(char *line)
{
	char *list = strchr(line, ':');
	char *end = list ? strchr(list + 1, ':') : NULL;

	if (!end || end == list + 1)
		return;
	*end = '\0';
	list++;
	_cleanup_strv_ char **names = strv_split(list, ',');
	STRV_FOREACH (name, names) {
		for (int h = CGROUP_UNIFIED + 1; h < CGROUP_HIERARCHIES; h++) {
			if (!str_eq(*name, hierarchy_names[h]))
				continue;
			_cleanup_free_ char *dir = path_join(CGROUP_ROOT, list);
			/* The controller may be mounted elsewhere only: a mere directory is no hierarchy. */
			if (!is_fs(dir, CGROUP_SUPER_MAGIC)) {
				free_and_set(&dir, path_join(CGROUP_ROOT, *name));
				if (!is_fs(dir, CGROUP_SUPER_MAGIC))
					continue;
			}
			free_and_set(&host.dir[h], TAKE_PTR(dir));
		}
	}
}

static void host_find(void)
{
	if (host.known)
		return;
	host.known = true;
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT_MAX(64 * 1024);
	if (is_cgroup2(CGROUP_ROOT)) {
		host.mode = CGROUP_MODE_V2;
		host.dir[CGROUP_UNIFIED] = xstrdup(CGROUP_ROOT);
	} else {
		host.mode = CGROUP_MODE_V1;
		if (is_cgroup2(CGROUP_ROOT "/unified")) {
			host.mode = CGROUP_MODE_HYBRID;
			host.dir[CGROUP_UNIFIED] = xstrdup(CGROUP_ROOT "/unified");
		}
		if (path_read_file("/proc/self/cgroup", sb.max, &sb) == 0) {
			_cleanup_strv_ char **lines = strv_split(sb.data, '\n');
			STRV_FOREACH (l, lines)
				host_add_v1(*l);
		}
	}
	host.controllers = xstrdup("");
	if (host.dir[CGROUP_UNIFIED]) {
		_cleanup_free_ char *file = path_join(host.dir[CGROUP_UNIFIED], "cgroup.controllers");
		strbuf_clear(&sb);
		if (path_read_file(file, sb.max, &sb) == 0)
			free_and_set(&host.controllers, strbuf_steal(&sb));
	}
}

enum cgroup_mode cgroup_mode(void)
{
	host_find();
	return host.mode;
}

/* Is the word in the blank-separated list? */
static bool list_has(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = list; (p = strstr(p, word)); p += n)
		if ((p == list || p[-1] == ' ') && (p[n] == '\0' || p[n] == ' ' || p[n] == '\n'))
			return true;
	return false;
}

bool cgroup_has_controller(const char *name)
{
	host_find();
	if (host.dir[CGROUP_UNIFIED] && (str_eq(name, "devices") || str_eq(name, "freezer")))
		return true;
	for (int h = CGROUP_UNIFIED + 1; h < CGROUP_HIERARCHIES; h++)
		if (host.dir[h] && str_eq(name, hierarchy_names[h]))
			return true;
	return list_has(host.controllers, str_eq(name, "blkio") ? "io" : name);
}

void cgroup_done(struct cgroup *cg)
{
	for (int h = 0; h < CGROUP_HIERARCHIES; h++)
		cg->fd[h] = fd_close(cg->fd[h]);
	free_and_set(&cg->path, NULL);
	cg->deferred = 0;
}

static void cgroup_done_p(struct cgroup *cg)
{
	cgroup_done(cg);
}

int cgroup_write(int dirfd, const char *file, const char *text)
{
	_cleanup_close_ int fd = openat(dirfd, file, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return -errno;
	ssize_t n = write(fd, text, strlen(text));
	return n < 0 ? -errno : 0;
}

int cgroup_writef(int dirfd, const char *file, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return n < 0 || (size_t)n >= sizeof(text) ? -E2BIG : cgroup_write(dirfd, file, text);
}

bool cgroup_file_exists(int dirfd, const char *file)
{
	return faccessat(dirfd, file, F_OK, 0) == 0;
}

int cgroup_path_check(const char *path, struct err *e)
{
	if (str_empty(path) || strlen(path) > 3072 || str_has_control(path))
		return err_set(e, ERR_INVALID, "invalid cgroup path");
	_cleanup_strv_ char **parts = strv_split(path, '/');
	bool name = false;
	STRV_FOREACH (p, parts) {
		if (str_eq(*p, "..") || strlen(*p) > 255)
			return err_set(e, ERR_INVALID, "invalid cgroup path \"%s\"", path);
		if (**p && !str_eq(*p, "."))
			name = true;
	}
	if (!name)
		return err_set(e, ERR_INVALID, "invalid cgroup path \"%s\": it names no cgroup", path);
	return 0;
}

/* Path below a hierarchy's root; "." for the root itself. */
static const char *relative(const char *path)
{
	while (*path == '/')
		path++;
	return *path ? path : ".";
}

char *cgroup_host_path(enum cgroup_hierarchy h, const char *path)
{
	host_find();
	return host.dir[h] ? path_join(host.dir[h], relative(path)) : NULL;
}

static int open_at(int h, const char *path)
{
	_cleanup_free_ char *full = path_join(host.dir[h], relative(path));
	int fd = open(full, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	return fd < 0 ? -errno : fd;
}

int cgroup_open(const char *path, struct cgroup *ret, struct err *e)
{
	_cleanup_(cgroup_done_p) struct cgroup cg = CGROUP_INIT;
	bool any = false;

	host_find();
	if (cgroup_path_check(path, e) < 0)
		return -1;
	for (int h = 0; h < CGROUP_HIERARCHIES; h++) {
		if (!host.dir[h])
			continue;
		cg.fd[h] = open_at(h, path);
		any |= cg.fd[h] >= 0;
		if (cg.fd[h] < 0)
			cg.fd[h] = -1;
	}
	if (!any)
		return err_set(e, ERR_NOT_FOUND, "no cgroup %s", path);
	cg.path = xstrdup(path);
	*ret = cg;
	cg = (struct cgroup)CGROUP_INIT;
	return 0;
}

/* Takes the longest path of a line for h: the hierarchies may differ (a host's processes are at / in most). */
static void pid_line(char *line, char **paths)
{
	char *list = strchr(line, ':');
	char *path = list ? strchr(list + 1, ':') : NULL;

	if (!path)
		return;
	*path++ = '\0';
	list++;
	if (!*list) {
		free_and_set(&paths[CGROUP_UNIFIED], xstrdup(path));
		return;
	}
	_cleanup_strv_ char **names = strv_split(list, ',');
	STRV_FOREACH (name, names)
		for (int h = CGROUP_UNIFIED + 1; h < CGROUP_HIERARCHIES; h++)
			if (str_eq(*name, hierarchy_names[h]))
				free_and_set(&paths[h], xstrdup(path));
}

int cgroup_open_pid(pid_t pid, struct cgroup *ret, struct err *e)
{
	_cleanup_(cgroup_done_p) struct cgroup cg = CGROUP_INIT;
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT_MAX(64 * 1024);
	char *paths[CGROUP_HIERARCHIES] = {NULL};
	char file[64];

	host_find();
	snprintf(file, sizeof(file), "/proc/%d/cgroup", (int)pid);
	int r = path_read_file(file, sb.max, &sb);
	if (r < 0)
		return err_sys(e, -r, "read %s", file);
	_cleanup_strv_ char **lines = strv_split(sb.data, '\n');
	STRV_FOREACH (l, lines)
		pid_line(*l, paths);
	for (int h = 0; h < CGROUP_HIERARCHIES; h++) {
		if (host.dir[h] && paths[h] && !str_eq(paths[h], "/") && !strstr(paths[h], "..")) {
			int fd = open_at(h, paths[h]);
			cg.fd[h] = fd < 0 ? -1 : fd;
			/* The v2 tree, or the first v1 one, gives the name. */
			if (fd >= 0 && !cg.path)
				cg.path = xstrdup(paths[h]);
		}
		free(paths[h]);
	}
	if (!cg.path)
		return err_set(e, ERR_NOT_FOUND, "process %d is in no cgroup of its own", (int)pid);
	*ret = cg;
	cg = (struct cgroup)CGROUP_INIT;
	return 0;
}

/* A new v1 cpuset has no cpus: takes the parent's, top down, or nothing can be moved in. */
static void cpuset_inherit(int dirfd, const char *up)
{
	static const char *const files[] = {"cpuset.cpus", "cpuset.mems"};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		char buf[4096];
		_cleanup_close_ int fd = openat(dirfd, files[i], O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return;
		ssize_t n = read(fd, buf, sizeof(buf) - 1);
		if (n > 1)
			continue;
		char parent[64];
		snprintf(parent, sizeof(parent), "%s/%s", up, files[i]);
		_cleanup_close_ int pfd = openat(dirfd, parent, O_RDONLY | O_CLOEXEC);
		n = pfd < 0 ? -1 : read(pfd, buf, sizeof(buf) - 1);
		if (n > 0) {
			buf[n] = '\0';
			cgroup_write(dirfd, files[i], buf);
		}
	}
}

/* v2: controllers must be switched on in every ancestor. What the kernel refuses shows later, when the limit is set. */
static void enable_controllers(int dirfd)
{
	static const char *const wanted[] = {"cpu", "memory", "pids", "io", "cpuset", "hugetlb"};
	char have[256] = "";
	_cleanup_close_ int fd = openat(dirfd, "cgroup.subtree_control", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return;
	ssize_t n = read(fd, have, sizeof(have) - 1);
	have[MAX(n, 0)] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		char text[32];
		if (!list_has(host.controllers, wanted[i]) || list_has(have, wanted[i]))
			continue;
		int len = snprintf(text, sizeof(text), "+%s", wanted[i]);
		if (write(fd, text, (size_t)len) < 0)
			continue;
	}
}

/* Makes the directory and its parents in one hierarchy; the open directory or -errno. */
static int make_at(int h, const char *path)
{
	_cleanup_close_ int at = open(host.dir[h], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_strv_ char **parts = strv_split(path, '/');

	if (at < 0)
		return -errno;
	STRV_FOREACH (p, parts) {
		if (!**p || str_eq(*p, "."))
			continue;
		if (h == CGROUP_UNIFIED && host.mode == CGROUP_MODE_V2)
			enable_controllers(at);
		if (mkdirat(at, *p, 0755) < 0 && errno != EEXIST)
			return -errno;
		int next = openat(at, *p, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
		if (next < 0)
			return -errno;
		fd_close(at);
		at = next;
		if (h == CGROUP_CPUSET)
			cpuset_inherit(at, "..");
	}
	return TAKE_FD(at);
}

static unsigned hierarchies_for(const struct oci_resources *r)
{
	unsigned mask = 1u << CGROUP_UNIFIED;

	if (host.mode == CGROUP_MODE_V2)
		return mask;
	mask |= V1_ALWAYS | (r ? cgroup_v1_wanted(r) : 0);
	if (host.mode == CGROUP_MODE_V1)
		mask |= 1u << CGROUP_DEVICES | 1u << CGROUP_FREEZER;
	return mask;
}

static int devices_set(struct cgroup *cg, const struct oci_resources *r, struct err *e)
{
	if (cgroup_devices_allow_all(r))
		return 0;
	if (cg->fd[CGROUP_UNIFIED] >= 0)
		return cgroup_devices_v2(cg->fd[CGROUP_UNIFIED], r, e);
	if (cg->fd[CGROUP_DEVICES] >= 0)
		return cgroup_devices_v1(cg->fd[CGROUP_DEVICES], r, e);
	return err_set(e, ERR_UNSUPPORTED, "this host has no device cgroup: access to devices cannot be limited");
}

static int limits_set(const struct cgroup *cg, const struct oci_resources *r, struct err *e)
{
	if (!r)
		return 0;
	return host.mode == CGROUP_MODE_V2 ? cgroup_v2_set(cg, r, e) : cgroup_v1_set(cg, r, e);
}

static int make_open(struct cgroup *cg, int h, struct err *e)
{
	int fd = make_at(h, cg->path);

	if (fd < 0)
		return err_sys(e, -fd, "create cgroup %s in %s", cg->path, host.dir[h]);
	cg->fd[h] = fd;
	return 0;
}

int cgroup_begin(const char *path, struct cgroup *ret, struct err *e)
{
	_cleanup_(cgroup_done_p) struct cgroup cg = CGROUP_INIT;

	host_find();
	if (cgroup_path_check(path, e) < 0)
		return -1;
	cg.path = xstrdup(path);
	if (host.dir[CGROUP_UNIFIED]) {
		_cleanup_free_ pid_t *pids = NULL;
		if (make_open(&cg, CGROUP_UNIFIED, e) < 0)
			return -1;
		/* Somebody else's: whoever undoes this start would kill them. */
		if (cgroup_pids(&cg, &pids, NULL) > 0)
			return err_set(e, ERR_CONFLICT, "cgroup %s is in use", path);
	}
	*ret = cg;
	cg = (struct cgroup)CGROUP_INIT;
	return 0;
}

int cgroup_finish(struct cgroup *cg, const struct oci_resources *r, struct err *e)
{
	unsigned mask = hierarchies_for(r);

	for (int h = CGROUP_UNIFIED + 1; h < CGROUP_HIERARCHIES; h++)
		if ((mask & 1u << h) && host.dir[h] && make_open(cg, h, e) < 0)
			return -1;
	if (limits_set(cg, r, e) < 0)
		return -1;
	return devices_set(cg, r, e);
}

int cgroup_create(const char *path, const struct oci_resources *r, struct cgroup *ret, struct err *e)
{
	_cleanup_(cgroup_done_p) struct cgroup cg = CGROUP_INIT;

	if (cgroup_begin(path, &cg, e) < 0)
		return -1;
	if (cgroup_finish(&cg, r, e) < 0) {
		cgroup_remove(path, NULL);
		return -1;
	}
	*ret = cg;
	cg = (struct cgroup)CGROUP_INIT;
	return 0;
}

int cgroup_join(const struct cgroup *cg, pid_t pid, unsigned which, struct err *e)
{
	for (int h = 0; h < CGROUP_HIERARCHIES; h++) {
		if (cg->fd[h] < 0 || !(which & 1u << h))
			continue;
		int r = cgroup_writef(cg->fd[h], "cgroup.procs", "%d", (int)pid);
		if (r < 0)
			return err_sys(e, -r, "move process %d into cgroup %s (%s)", (int)pid, cg->path,
				       hierarchy_names[h]);
	}
	return 0;
}

int cgroup_read(const struct cgroup *cg, enum cgroup_hierarchy h, const char *file, char *buf, size_t size)
{
	if (cg->fd[h] < 0)
		return -ENOENT;
	_cleanup_close_ int fd = openat(cg->fd[h], file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -errno;
	ssize_t n = fd_read_full(fd, buf, size - 1);
	if (n < 0)
		return (int)n;
	while (n > 0 && buf[n - 1] == '\n')
		n--;
	buf[n] = '\0';
	return 0;
}

int cgroup_read_u64(const struct cgroup *cg, enum cgroup_hierarchy h, const char *file, uint64_t *ret)
{
	char buf[64];
	int r = cgroup_read(cg, h, file, buf, sizeof(buf));

	if (r < 0)
		return r;
	if (str_eq(buf, "max")) {
		*ret = UINT64_MAX;
		return 0;
	}
	return parse_u64(buf, ret);
}

unsigned cgroup_limited(const struct cgroup *cg)
{
	unsigned mask = 0;
	uint64_t v;
	char buf[64];

	if (cgroup_read_u64(cg, CGROUP_MEMORY, "memory.limit_in_bytes", &v) == 0 && v < (1ULL << 62))
		mask |= 1u << CGROUP_MEMORY;
	if (cgroup_read_u64(cg, CGROUP_PIDS, "pids.max", &v) == 0 && v != UINT64_MAX)
		mask |= 1u << CGROUP_PIDS;
	if (cgroup_read(cg, CGROUP_CPU, "cpu.cfs_quota_us", buf, sizeof(buf)) == 0 && !str_eq(buf, "-1"))
		mask |= 1u << CGROUP_CPU;
	if (cgroup_read_u64(cg, CGROUP_CPU, "cpu.shares", &v) == 0 && v != 1024)
		mask |= 1u << CGROUP_CPU;
	/* Made only when they limit something. */
	for (int h = CGROUP_CPUSET; h < CGROUP_HIERARCHIES; h++)
		if (cg->fd[h] >= 0)
			mask |= 1u << h;
	/* Weights and throttles have too many files to ask; joining is what a limited container needs. */
	if (mask && cg->fd[CGROUP_BLKIO] >= 0)
		mask |= 1u << CGROUP_BLKIO;
	return mask;
}

/* Moves all processes into a hierarchy, also those that are being forked meanwhile. */
static int move_all(struct cgroup *cg, unsigned which, struct err *e)
{
	for (int round = 0; round < 16; round++) {
		_cleanup_free_ pid_t *pids = NULL;
		ssize_t n = cgroup_pids(cg, &pids, e);
		if (n < 0)
			return -1;
		bool moved = false;
		for (ssize_t i = 0; i < n; i++) {
			struct cgroup in = CGROUP_INIT;
			if (cgroup_open_pid(pids[i], &in, NULL) < 0)
				continue;
			bool inside = true;
			for (int h = 1; h < CGROUP_HIERARCHIES; h++)
				if ((which & 1u << h) && cg->fd[h] >= 0 && in.fd[h] < 0)
					inside = false;
			cgroup_done(&in);
			if (!inside) {
				struct err ignore = ERR_INIT;
				moved |= cgroup_join(cg, pids[i], which, &ignore) == 0;
			}
		}
		if (!moved)
			return 0;
	}
	return 0;
}

int cgroup_settle(struct cgroup *cg, struct err *e)
{
	unsigned which = cg->deferred;

	cg->deferred = 0;
	return which ? move_all(cg, which, e) : 0;
}

int cgroup_update(struct cgroup *cg, const struct oci_resources *r, struct err *e)
{
	unsigned want = host.mode == CGROUP_MODE_V2 ? 0 : cgroup_v1_wanted(r);
	unsigned fresh = 0;

	for (int h = 1; h < CGROUP_HIERARCHIES; h++) {
		if (!(want & 1u << h) || cg->fd[h] >= 0 || !host.dir[h])
			continue;
		if (make_open(cg, h, e) < 0)
			return -1;
		fresh |= 1u << h;
	}
	if (limits_set(cg, r, e) < 0)
		return -1;
	/* A container that was only accounted there, perhaps not even that yet, is limited from now on. */
	return want ? move_all(cg, want | fresh, e) : 0;
}
