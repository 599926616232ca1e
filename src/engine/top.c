/* SPDX-License-Identifier: Apache-2.0 */
/* The processes of a container, read from the host's /proc by the ids in its control group. Runs no program. */
#include <stdio.h>
#include <sys/sysinfo.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/path.h"
#include "engine/ps_format.h"
#include "engine/run_priv.h"
#include "runtime/cgroup.h"

#define PROC_FILE_MAX (64 * 1024)
#define CMDLINE_MAX   4096 /* a row need not be longer */

static int pid_order(const void *a, const void *b)
{
	return *(const pid_t *)a < *(const pid_t *)b ? -1 : 1;
}

/* At most max bytes; "" when the process has gone. */
static void proc_read(pid_t pid, const char *name, size_t max, struct strbuf *out)
{
	char path[64];

	strbuf_clear(out);
	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	/* What is longer is cut; what cannot be read is empty. */
	(void)path_read_file(path, max, out);
}

/* NULs between arguments become blanks. */
static void cmdline_clean(struct strbuf *s)
{
	while (s->len > 0 && s->data[s->len - 1] == '\0')
		strbuf_truncate(s, s->len - 1);
	for (size_t i = 0; i < s->len; i++) {
		if (s->data[i] == '\0' || s->data[i] == '\n')
			s->data[i] = ' ';
	}
}

static void rows_add(struct engine_top *t, size_t *n, char **row)
{
	t->rows = xreallocarray(t->rows, *n + 2, sizeof(*t->rows));
	t->rows[(*n)++] = row;
	t->rows[*n] = NULL;
}

static void rows_read(const struct ps_format *f, const pid_t *pids, size_t n_pids, struct engine_top *ret)
{
	_cleanup_strbuf_ struct strbuf stat = STRBUF_INIT, status = STRBUF_INIT, cmdline = STRBUF_INIT,
				       wchan = STRBUF_INIT, passwd = STRBUF_INIT, group = STRBUF_INIT;
	struct ps_system sys = {
		.now_ns = clock_realtime_ns(),
		.boot_ns = clock_realtime_ns() - clock_monotonic_ns(),
		.ticks = sysconf(_SC_CLK_TCK),
		.page = sysconf(_SC_PAGESIZE),
	};
	struct sysinfo si;
	size_t n = 0;

	if (sysinfo(&si) == 0)
		sys.memory = (int64_t)si.totalram * si.mem_unit;
	/* Without names the numbers are shown. */
	path_read_file("/etc/passwd", LIMIT_PASSWD_FILE, &passwd);
	path_read_file("/etc/group", LIMIT_PASSWD_FILE, &group);
	for (size_t i = 0; i < n_pids; i++) {
		proc_read(pids[i], "stat", PROC_FILE_MAX, &stat);
		proc_read(pids[i], "status", PROC_FILE_MAX, &status);
		proc_read(pids[i], "cmdline", CMDLINE_MAX, &cmdline);
		proc_read(pids[i], "wchan", PROC_FILE_MAX, &wchan);
		cmdline_clean(&cmdline);
		const struct ps_process p = {
			.pid = pids[i],
			.stat = stat.data,
			.status = status.data,
			.cmdline = cmdline.data,
			.wchan = wchan.data,
			.passwd = passwd.data,
			.group = group.data,
		};
		char **row = ps_row(f, &p, &sys);

		if (row)
			rows_add(ret, &n, row);
	}
}

int engine_top(struct engine *g, const char *ref, const char *ps_args, struct engine_top *ret, struct err *e)
{
	_cleanup_(container_unref_p) struct container *c = NULL;
	_cleanup_(ps_format_done) struct ps_format f = {0};
	_cleanup_(cgroup_done) struct cgroup cg = CGROUP_INIT;
	_cleanup_free_ char *path = NULL;
	_cleanup_free_ pid_t *pids = NULL;
	ssize_t n;

	if (container_find(g, ref, &c, e) < 0)
		return -1;
	{
		LOCK_GUARD(&c->lock);
		if (c->rec.status == CONTAINER_RESTARTING)
			return err_set(e, ERR_CONFLICT,
				       "Container %s is restarting, wait until the container is running", c->id);
		if (c->rec.pid <= 0)
			return err_set(e, ERR_CONFLICT, "container %s is not running", c->id);
		path = run_cgroup_path(g, &c->rec);
	}
	if (ps_format_parse(ps_args, &f, e) < 0 || cgroup_open(path, &cg, e) < 0)
		return -1;
	n = cgroup_pids(&cg, &pids, e);
	if (n < 0)
		return -1;
	qsort(pids, (size_t)n, sizeof(*pids), pid_order);

	*ret = (struct engine_top){0};
	for (size_t i = 0; i < f.n; i++)
		strv_add(&ret->titles, f.columns[i].title);
	rows_read(&f, pids, (size_t)n, ret);
	LOCK_GUARD(&c->lock);
	container_event(c, "top", NULL);
	return 0;
}

void engine_top_done(struct engine_top *t)
{
	strv_free(t->titles);
	for (size_t i = 0; t->rows && t->rows[i]; i++)
		strv_free(t->rows[i]);
	free(t->rows);
	*t = (struct engine_top){0};
}
