/* SPDX-License-Identifier: Apache-2.0 */
/* What the command line remembers of a container: a directory per id below --root, gone with the next boot (/run). */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/proc.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "format/json/json.h"
#include "runtime/init.h"
#include "runtime/oci.h"

#define STATE_MAX (64 * 1024)

const char *oci_status_name(enum oci_status s)
{
	static const char *const names[] = {"creating", "created", "running", "paused", "stopped"};

	return names[s];
}

int oci_id_check(const char *id, struct err *e)
{
	if (str_empty(id))
		return err_set(e, ERR_INVALID, "container id cannot be empty");
	if (strlen(id) > 255 || str_eq(id, ".") || str_eq(id, "..") ||
	    strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-.") != strlen(id))
		return err_set(e, ERR_INVALID, "invalid container id \"%s\"", id);
	return 0;
}

void oci_container_done(struct oci_container *c)
{
	free(c->id);
	free(c->bundle);
	free(c->cgroup);
	fd_close(c->dir);
	oci_config_done(&c->config);
	*c = (struct oci_container)OCI_CONTAINER_INIT;
}

static int config_read(int dir, const char *path, struct strbuf *text, struct oci_config *ret, struct err *e)
{
	_cleanup_close_ int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return err_set(e, ERR_NOT_FOUND, "open %s: %s", path,
			       errno == ENOENT ? "no such file or directory" : strerrordesc_np(errno));
	int r = strbuf_read_fd(text, fd);
	if (r < 0)
		return err_sys(e, -r, "read %s", path);
	return oci_config_parse(text->data, text->len, ret, e);
}

/* As the kernel names the directory; NULL and errno. */
static char *absolute_path(const char *path)
{
	char link[64], buf[4096];
	_cleanup_close_ int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return NULL;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	ssize_t n = readlink(link, buf, sizeof(buf) - 1);
	return n <= 0 ? NULL : xmemdup0(buf, (size_t)n);
}

int oci_container_new(const struct oci_globals *g, const char *id, const char *bundle, struct oci_container *ret,
		      struct err *e)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT_MAX(LIMIT_RUNTIME_SPEC);
	_cleanup_oci_container_ struct oci_container c = OCI_CONTAINER_INIT;

	if (oci_id_check(id, e) < 0)
		return -1;
	c.bundle = absolute_path(str_empty(bundle) ? "." : bundle);
	if (!c.bundle)
		return err_sys(e, errno, "bundle %s", str_or_empty(bundle));
	_cleanup_free_ char *config = path_join(c.bundle, "config.json");
	if (config_read(AT_FDCWD, config, &text, &c.config, e) < 0)
		return -1;
	int r = mkdir_p(g->root, 0700);
	if (r < 0 && r != -EEXIST)
		return err_sys(e, -r, "make %s", g->root);
	_cleanup_free_ char *dir = path_join(g->root, id);
	if (mkdir(dir, 0700) < 0)
		return errno == EEXIST ? err_set(e, ERR_CONFLICT, "container with given ID already exists")
				       : err_sys(e, errno, "make %s", dir);
	c.id = xstrdup(id);
	c.dir = dir_open(dir);
	c.cgroup = cgroup_path_of(&c.config, id);
	c.created_ns = clock_realtime_ns();
	r = c.dir < 0 ? c.dir : file_replace_volatile(c.dir, "config.json", text.data, text.len, 0600);
	if (r < 0) {
		oci_container_remove(g, &c);
		return err_sys(e, -r, "write the state of %s", id);
	}
	*ret = c;
	c = (struct oci_container)OCI_CONTAINER_INIT;
	return 0;
}

int oci_container_save(struct oci_container *c, struct err *e)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	struct json_writer w;

	c->start_time = proc_start_time(c->pid);
	json_writer_init(&w, &sb);
	json_object_begin(&w);
	json_kstr(&w, "id", c->id);
	json_kint(&w, "pid", c->pid);
	json_kint(&w, "start_time", (int64_t)c->start_time);
	json_kint(&w, "created", c->created_ns);
	json_kstr(&w, "bundle", c->bundle);
	json_kstr(&w, "cgroup", c->cgroup);
	json_object_close(&w);
	int r = file_replace_volatile(c->dir, "state.json", sb.data, sb.len, 0600);
	return r < 0 ? err_sys(e, -r, "write the state of %s", c->id) : 0;
}

int oci_container_open(const struct oci_globals *g, const char *id, struct oci_container *ret, struct err *e)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT_MAX(LIMIT_RUNTIME_SPEC);
	_cleanup_strbuf_ struct strbuf state = STRBUF_INIT_MAX(STATE_MAX);
	_cleanup_oci_container_ struct oci_container c = OCI_CONTAINER_INIT;
	_cleanup_json_ json_object *doc = NULL;

	if (oci_id_check(id, e) < 0)
		return -1;
	_cleanup_free_ char *dir = path_join(g->root, id);
	c.dir = dir_open(dir);
	if (c.dir < 0)
		return err_set(e, ERR_NOT_FOUND, "container does not exist");
	c.id = xstrdup(id);
	if (config_read(c.dir, "config.json", &text, &c.config, e) < 0)
		return -1;
	int r = root_read_file(c.dir, "state.json", ROOT_NO_LINKS, STATE_MAX, &state);
	if (r < 0 && r != -ENOENT)
		return err_sys(e, -r, "read the state of %s", id);
	if (r == 0) {
		if (json_parse(state.data, state.len, &doc, e) < 0)
			return err_wrap(e, "state of %s", id);
		c.pid = (pid_t)json_member_int(doc, "pid", 0);
		c.start_time = (unsigned long long)json_member_int(doc, "start_time", 0);
		c.created_ns = json_member_int(doc, "created", 0);
		c.bundle = xstrdup(json_member_str(doc, "bundle", ""));
		c.cgroup = xstrdup(json_member_str(doc, "cgroup", ""));
	} else {
		c.bundle = xstrdup("");
		c.cgroup = cgroup_path_of(&c.config, id);
	}
	*ret = c;
	c = (struct oci_container)OCI_CONTAINER_INIT;
	return 0;
}

void oci_container_remove(const struct oci_globals *g, struct oci_container *c)
{
	_cleanup_close_ int root = dir_open(g->root);

	if (root >= 0)
		rm_rf_at(root, c->id);
}

/* Z and X are dead, whatever their parent does about it. */
static bool is_alive(pid_t pid, unsigned long long start_time)
{
	char path[64], buf[512];

	if (pid <= 0 || proc_start_time(pid) != start_time)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : fd_read_full(fd, buf, sizeof(buf) - 1);
	if (n <= 0)
		return false;
	buf[n] = '\0';
	const char *state = strrchr(buf, ')');
	return state && state[1] == ' ' && state[2] != 'Z' && state[2] != 'X';
}

enum oci_status oci_container_status(const struct oci_container *c)
{
	struct cgroup cg = CGROUP_INIT;

	if (c->pid <= 0)
		return OCI_CREATING;
	if (!is_alive(c->pid, c->start_time))
		return OCI_STOPPED;
	if (faccessat(c->dir, "start.sock", F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return OCI_CREATED;
	bool paused = cgroup_open(c->cgroup, &cg, NULL) == 0 && cgroup_frozen(&cg);
	cgroup_done(&cg);
	return paused ? OCI_PAUSED : OCI_RUNNING;
}

int oci_container_signal(const struct oci_container *c, int sig, struct err *e)
{
	_cleanup_close_ int pidfd = c->pid > 0 ? pidfd_open_pid(c->pid) : -1;

	/* The descriptor is that process; only then the number is checked. */
	if (pidfd < 0 || !is_alive(c->pid, c->start_time))
		return err_set(e, ERR_CONFLICT, "container not running");
	int r = pidfd_signal(pidfd, sig);
	return r < 0 ? err_sys(e, -r, "signal container %s", c->id) : 0;
}

char **oci_containers_list(const struct oci_globals *g)
{
	char **ids = strv_new();
	DIR *d = opendir(g->root);
	struct dirent *de;

	while (d && (de = readdir(d)))
		if (de->d_name[0] != '.' && oci_id_check(de->d_name, NULL) == 0)
			strv_add(&ids, de->d_name);
	if (d)
		closedir(d);
	strv_sort(ids);
	return ids;
}
