/* SPDX-License-Identifier: Apache-2.0 */
/* state, kill, delete, list, ps, pause, resume: commands on containers that exist. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/proc.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "format/json/json.h"
#include "runtime/oci.h"

#define DELETE_WAIT_MS 10000

static int one_id(int argc, char **argv, const struct oci_opt *opts, const char **ret, struct err *e)
{
	int first = oci_opts_parse(argc, argv, opts, e);

	if (first < 0)
		return -1;
	if (argc - first < 1)
		return err_set(e, ERR_INVALID, "a container id is needed");
	*ret = argv[first];
	return first;
}

static const struct oci_opt no_opts[] = {{NULL, 0, OCI_OPT_IGNORE, NULL}};

static void state_write(struct json_writer *w, const struct oci_container *c)
{
	enum oci_status s = oci_container_status(c);
	_cleanup_free_ char *rootfs = c->config.root.path && *c->config.root.path == '/'
					      ? xstrdup(c->config.root.path)
					      : path_join(c->bundle, str_or_empty(c->config.root.path));

	json_object_begin(w);
	json_kstr(w, "ociVersion", str_empty(c->config.oci_version) ? OCI_SPEC_VERSION : c->config.oci_version);
	json_kstr(w, "id", c->id);
	json_kint(w, "pid", s == OCI_STOPPED ? 0 : c->pid);
	json_kstr(w, "status", oci_status_name(s));
	json_kstr(w, "bundle", c->bundle);
	json_kstr(w, "rootfs", rootfs);
	json_ktime(w, "created", c->created_ns);
	if (c->config.n_annotations) {
		json_key(w, "annotations");
		json_object_begin(w);
		for (size_t i = 0; i < c->config.n_annotations; i++)
			json_kstr(w, c->config.annotations[i].key, c->config.annotations[i].value);
		json_object_close(w);
	}
	json_kstr(w, "owner", "");
	json_object_close(w);
}

int oci_cmd_state(const struct oci_globals *g, int argc, char **argv, struct err *e)
{
	_cleanup_oci_container_ struct oci_container c = OCI_CONTAINER_INIT;
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	struct json_writer w;
	const char *id = NULL;

	if (one_id(argc, argv, no_opts, &id, e) < 0 || oci_container_open(g, id, &c, e) < 0)
		return -1;
	json_writer_init(&w, &sb);
	state_write(&w, &c);
	puts(sb.data);
	return 0;
}

static const struct {
	const char *name;
	int sig;
} signals[] = {
	{"HUP", SIGHUP},   {"INT", SIGINT},       {"QUIT", SIGQUIT}, {"ILL", SIGILL},     {"TRAP", SIGTRAP},
	{"ABRT", SIGABRT}, {"IOT", SIGIOT},       {"BUS", SIGBUS},   {"FPE", SIGFPE},     {"KILL", SIGKILL},
	{"USR1", SIGUSR1}, {"SEGV", SIGSEGV},     {"USR2", SIGUSR2}, {"PIPE", SIGPIPE},   {"ALRM", SIGALRM},
	{"TERM", SIGTERM}, {"STKFLT", SIGSTKFLT}, {"CHLD", SIGCHLD}, {"CONT", SIGCONT},   {"STOP", SIGSTOP},
	{"TSTP", SIGTSTP}, {"TTIN", SIGTTIN},     {"TTOU", SIGTTOU}, {"URG", SIGURG},     {"XCPU", SIGXCPU},
	{"XFSZ", SIGXFSZ}, {"VTALRM", SIGVTALRM}, {"PROF", SIGPROF}, {"WINCH", SIGWINCH}, {"IO", SIGIO},
	{"POLL", SIGPOLL}, {"PWR", SIGPWR},       {"SYS", SIGSYS},
};

static int signal_parse(const char *word, struct err *e)
{
	uint32_t n;
	const char *name = str_starts(word, "SIG") ? word + 3 : word;

	if (parse_u32(word, &n) == 0 && n > 0 && n <= 64)
		return (int)n;
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		if (str_eq_nocase(name, signals[i].name))
			return signals[i].sig;
	if (str_starts(name, "RTMIN+") && parse_u32(name + 6, &n) == 0 && (int)n <= SIGRTMAX - SIGRTMIN)
		return SIGRTMIN + (int)n;
	return err_set(e, ERR_INVALID, "unknown signal \"%s\"", word);
}

static int signal_all(const struct oci_container *c, int sig, struct err *e)
{
	struct cgroup cg = CGROUP_INIT;
	struct err why = ERR_INIT;

	if (cgroup_open(c->cgroup, &cg, &why) < 0)
		return why.kind == ERR_NOT_FOUND ? 0 : err_set(e, why.kind, "%s", why.msg);
	int r = sig == SIGKILL ? cgroup_kill(&cg, e) : cgroup_signal(&cg, sig, e);
	cgroup_done(&cg);
	return r;
}

int oci_cmd_kill(const struct oci_globals *g, int argc, char **argv, struct err *e)
{
	_cleanup_oci_container_ struct oci_container c = OCI_CONTAINER_INIT;
	bool all = false;
	const struct oci_opt opts[] = {{"all", 'a', OCI_OPT_FLAG, &all}, {NULL, 0, OCI_OPT_IGNORE, NULL}};
	const char *id = NULL;
	int first = one_id(argc, argv, opts, &id, e);

	if (first < 0)
		return -1;
	int sig = signal_parse(argc - first > 1 ? argv[first + 1] : "TERM", e);
	if (sig < 0 || oci_container_open(g, id, &c, e) < 0)
		return -1;
	if (all)
		return signal_all(&c, sig, e);
	if (oci_container_signal(&c, sig, e) < 0)
		return -1;
	/* Without a pid namespace nothing else would end with the first process. */
	if (sig == SIGKILL && !oci_namespace_find(&c.config, OCI_NS_PID))
		return signal_all(&c, SIGKILL, e);
	return 0;
}

static void wait_stopped(const struct oci_container *c)
{
	struct timespec ts = {.tv_nsec = 2000000};

	for (int ms = 0; ms < DELETE_WAIT_MS && oci_container_status(c) != OCI_STOPPED; ms += 2)
		nanosleep(&ts, NULL);
}

int oci_cmd_delete(const struct oci_globals *g, int argc, char **argv, struct err *e)
{
	_cleanup_oci_container_ struct oci_container c = OCI_CONTAINER_INIT;
	struct err why = ERR_INIT;
	bool force = false;
	const struct oci_opt opts[] = {{"force", 'f', OCI_OPT_FLAG, &force}, {NULL, 0, OCI_OPT_IGNORE, NULL}};
	const char *id = NULL;

	if (one_id(argc, argv, opts, &id, e) < 0)
		return -1;
	if (oci_container_open(g, id, &c, &why) < 0)
		return force && why.kind == ERR_NOT_FOUND ? 0 : err_set(e, why.kind, "%s", why.msg);
	enum oci_status s = oci_container_status(&c);
	if (s != OCI_STOPPED && s != OCI_CREATED && s != OCI_CREATING && !force)
		return err_set(e, ERR_CONFLICT, "cannot delete container %s that is not stopped: %s", c.id,
			       oci_status_name(s));
	if (s != OCI_STOPPED && s != OCI_CREATING) {
		signal_all(&c, SIGKILL, NULL);
		if (oci_container_signal(&c, SIGKILL, NULL) == 0)
			wait_stopped(&c);
	}
	int r = runtime_cleanup(c.id, &c.config, c.bundle, e);
	if (r == 0)
		oci_container_remove(g, &c);
	return r;
}

int oci_cmd_list(const struct oci_globals *g, int argc, char **argv, struct err *e)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	_cleanup_free_ char *format = NULL;
	bool quiet = false;
	const struct oci_opt opts[] = {{"format", 'f', OCI_OPT_STR, &format},
				       {"quiet", 'q', OCI_OPT_FLAG, &quiet},
				       {NULL, 0, OCI_OPT_IGNORE, NULL}};
	struct json_writer w;

	if (oci_opts_parse(argc, argv, opts, e) < 0)
		return -1;
	bool json = str_eq(format, "json");
	json_writer_init(&w, &sb);
	json_array_begin(&w);
	if (!quiet && !json)
		printf("%-32s %-10s %-10s %s\n", "ID", "PID", "STATUS", "BUNDLE");
	_cleanup_strv_ char **ids = oci_containers_list(g);
	STRV_FOREACH (id, ids) {
		_cleanup_oci_container_ struct oci_container c = OCI_CONTAINER_INIT;
		if (oci_container_open(g, *id, &c, NULL) < 0)
			continue;
		enum oci_status s = oci_container_status(&c);
		if (quiet)
			puts(c.id);
		else if (json)
			state_write(&w, &c);
		else
			printf("%-32s %-10d %-10s %s\n", c.id, s == OCI_STOPPED ? 0 : (int)c.pid, oci_status_name(s),
			       c.bundle);
	}
	json_array_close(&w);
	if (json && !quiet)
		puts(sb.data);
	return 0;
}

static void ps_line(pid_t pid)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT_MAX(4096);
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
	path_read_file(path, 4000, &sb);
	for (size_t i = 0; i + 1 < sb.len; i++)
		if (!sb.data[i])
			sb.data[i] = ' ';
	printf("%-10d %s\n", (int)pid, sb.data);
}

int oci_cmd_ps(const struct oci_globals *g, int argc, char **argv, struct err *e)
{
	_cleanup_oci_container_ struct oci_container c = OCI_CONTAINER_INIT;
	_cleanup_free_ char *format = NULL;
	_cleanup_free_ pid_t *pids = NULL;
	const struct oci_opt opts[] = {{"format", 'f', OCI_OPT_STR, &format}, {NULL, 0, OCI_OPT_IGNORE, NULL}};
	struct cgroup cg = CGROUP_INIT;
	const char *id = NULL;

	if (one_id(argc, argv, opts, &id, e) < 0 || oci_container_open(g, id, &c, e) < 0 ||
	    cgroup_open(c.cgroup, &cg, e) < 0)
		return -1;
	ssize_t n = cgroup_pids(&cg, &pids, e);
	cgroup_done(&cg);
	if (n < 0)
		return -1;
	bool json = str_eq(format, "json");
	printf(json ? "[" : "%-10s %s\n", "PID", "CMD");
	for (ssize_t i = 0; i < n; i++) {
		if (json)
			printf("%s%d", i ? "," : "", (int)pids[i]);
		else
			ps_line(pids[i]);
	}
	if (json)
		puts("]");
	return 0;
}

static int freeze(const struct oci_globals *g, int argc, char **argv, bool on, struct err *e)
{
	_cleanup_oci_container_ struct oci_container c = OCI_CONTAINER_INIT;
	struct cgroup cg = CGROUP_INIT;
	const char *id = NULL;

	if (one_id(argc, argv, no_opts, &id, e) < 0 || oci_container_open(g, id, &c, e) < 0)
		return -1;
	enum oci_status s = oci_container_status(&c);
	if (on ? s != OCI_RUNNING && s != OCI_CREATED : s != OCI_PAUSED)
		return err_set(e, ERR_CONFLICT, "container not %s", on ? "running" : "paused");
	if (cgroup_open(c.cgroup, &cg, e) < 0)
		return -1;
	int r = on ? cgroup_freeze(&cg, e) : cgroup_thaw(&cg, e);
	cgroup_done(&cg);
	return r;
}

int oci_cmd_pause(const struct oci_globals *g, int argc, char **argv, struct err *e)
{
	return freeze(g, argc, argv, true, e);
}

int oci_cmd_resume(const struct oci_globals *g, int argc, char **argv, struct err *e)
{
	return freeze(g, argc, argv, false, e);
}
