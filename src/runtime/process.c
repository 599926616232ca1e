/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last steps of a container's process: limits, ids, capabilities, filter, working directory, exec. Order matters
 * everywhere here; each step says what the next one relies on.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "runtime/runtime_priv.h"

static const struct {
	const char *name;
	int resource;
} rlimits_table[] = {
	{"RLIMIT_CPU", RLIMIT_CPU},           {"RLIMIT_FSIZE", RLIMIT_FSIZE},
	{"RLIMIT_DATA", RLIMIT_DATA},         {"RLIMIT_STACK", RLIMIT_STACK},
	{"RLIMIT_CORE", RLIMIT_CORE},         {"RLIMIT_RSS", RLIMIT_RSS},
	{"RLIMIT_NPROC", RLIMIT_NPROC},       {"RLIMIT_NOFILE", RLIMIT_NOFILE},
	{"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK},   {"RLIMIT_AS", RLIMIT_AS},
	{"RLIMIT_LOCKS", RLIMIT_LOCKS},       {"RLIMIT_SIGPENDING", RLIMIT_SIGPENDING},
	{"RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE}, {"RLIMIT_NICE", RLIMIT_NICE},
	{"RLIMIT_RTPRIO", RLIMIT_RTPRIO},     {"RLIMIT_RTTIME", RLIMIT_RTTIME},
};

static int rlimit_parse(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(rlimits_table); i++)
		if (str_eq(name, rlimits_table[i].name))
			return rlimits_table[i].resource;
	return -1;
}

int process_check(const struct oci_process *p, struct err *e)
{
	struct cap_sets caps;

	if (!p)
		return err_set(e, ERR_INVALID, "the configuration has no process");
	if (!strv_len(p->args))
		return err_set(e, ERR_INVALID, "args must not be empty");
	if (str_empty(p->cwd) || *p->cwd != '/')
		return err_set(e, ERR_INVALID, "Cwd must be an absolute path");
	for (size_t i = 0; i < p->n_rlimits; i++) {
		const struct oci_rlimit *l = &p->rlimits[i];
		if (rlimit_parse(l->type) < 0)
			return err_set(e, ERR_INVALID, "wrong rlimit value: %s", str_or_empty(l->type));
		if (l->soft > l->hard)
			return err_set(e, ERR_INVALID, "%s: the soft limit is above the hard one", l->type);
	}
	if (p->oom_score_adj.set && (p->oom_score_adj.v < -1000 || p->oom_score_adj.v > 1000))
		return err_set(e, ERR_INVALID, "oomScoreAdj must be from -1000 to 1000");
	/* An option that cannot be put in force is refused, never dropped. */
	if (!str_empty(p->apparmor_profile) && !str_eq(p->apparmor_profile, "unconfined"))
		return err_set(e, ERR_UNSUPPORTED, "AppArmor profile \"%s\": AppArmor is not supported on this host",
			       p->apparmor_profile);
	if (!str_empty(p->selinux_label))
		return err_set(e, ERR_UNSUPPORTED, "SELinux label \"%s\": SELinux is not supported on this host",
			       p->selinux_label);
	return caps_resolve(p->capabilities, &caps, e);
}

/* Raising a hard limit needs CAP_SYS_RESOURCE, which not every host gives its root. There the container gets the most
 * that there is: less room than asked for harms nobody else, and no container at all is worse. */
static int rlimit_set(pid_t pid, const struct oci_rlimit *l, struct err *e)
{
	enum __rlimit_resource resource = (enum __rlimit_resource)rlimit_parse(l->type);
	struct rlimit want = {.rlim_cur = l->soft, .rlim_max = l->hard}, have = {0};

	if (prlimit(pid, resource, &want, NULL) == 0)
		return 0;
	if (errno == EPERM && prlimit(pid, resource, NULL, &have) == 0 && want.rlim_max > have.rlim_max) {
		want.rlim_max = have.rlim_max;
		want.rlim_cur = MIN(want.rlim_cur, want.rlim_max);
		if (prlimit(pid, resource, &want, NULL) == 0) {
			log_warn("%s is %" PRIu64 " instead of %" PRIu64 ": only CAP_SYS_RESOURCE may raise it",
				 l->type, (uint64_t)want.rlim_max, l->hard);
			return 0;
		}
	}
	return err_sys(e, errno, "error setting rlimit type %d", (int)resource);
}

static void oom_score_set(pid_t pid, int64_t score)
{
	char path[64], text[16];

	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", (int)pid);
	int n = snprintf(text, sizeof(text), "%d", (int)score);
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);
	/* Lowering needs CAP_SYS_RESOURCE: a host without it runs the container at the score that it has. */
	if (fd < 0 || write(fd, text, (size_t)n) < 0)
		log_warn("cannot set oom_score_adj to %d, ignoring: %s", (int)score, strerrordesc_np(errno));
}

int process_prepare(pid_t pid, const struct oci_process *p, struct err *e)
{
	for (size_t i = 0; i < p->n_rlimits; i++)
		if (rlimit_set(pid, &p->rlimits[i], e) < 0)
			return -1;
	if (p->oom_score_adj.set)
		oom_score_set(pid, p->oom_score_adj.v);
	return 0;
}

/* The program must be able to reopen /dev/stdout: pipes and terminals become its own. Nothing else is ever chowned. */
static void stdio_own(int fd, uint32_t uid)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && (S_ISFIFO(st.st_mode) || (S_ISCHR(st.st_mode) && isatty(fd))) && st.st_uid != uid &&
	    fchown(fd, uid, (gid_t)-1) < 0)
		return; /* a read-only file system or another's pipe: as it was */
}

int process_stdio(const int stdio[3], int terminal, uint32_t uid, struct err *e)
{
	int from[3];

	for (int i = 0; i < 3; i++) {
		from[i] = terminal >= 0 ? terminal : stdio[i];
		/* The sources may be among 0, 1, 2 themselves: work with copies. */
		if (from[i] < 0)
			from[i] = open("/dev/null", O_RDWR | O_CLOEXEC);
		else
			from[i] = fcntl(from[i], F_DUPFD_CLOEXEC, 3);
		if (from[i] < 0)
			return err_sys(e, errno, "duplicate stdio");
	}
	for (int i = 0; i < 3; i++) {
		if (dup2(from[i], i) < 0)
			return err_sys(e, errno, "duplicate stdio");
		fd_close(from[i]);
		stdio_own(i, uid);
	}
	return 0;
}

/* --- scheduling --- */

static int ioprio_set(const struct oci_io_priority *p, struct err *e)
{
	static const char *const classes[] = {NULL, "IOPRIO_CLASS_RT", "IOPRIO_CLASS_BE", "IOPRIO_CLASS_IDLE"};

	for (int i = 1; i < (int)ARRAY_SIZE(classes); i++) {
		if (!str_eq(p->class, classes[i]))
			continue;
		if (p->priority < 0 || p->priority > 7)
			return err_set(e, ERR_INVALID, "ioPriority must be from 0 to 7");
		if (syscall(SYS_ioprio_set, 1, 0, i << 13 | (int)p->priority) < 0)
			return err_sys(e, errno, "set the I/O priority");
		return 0;
	}
	return err_set(e, ERR_INVALID, "unknown I/O priority class \"%s\"", str_or_empty(p->class));
}

struct sched_attr_v1 {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

static int scheduler_set(const struct oci_scheduler *s, struct err *e)
{
	static const char *const policies[] = {"SCHED_OTHER", "SCHED_FIFO", "SCHED_RR",      "SCHED_BATCH",
					       "SCHED_ISO",   "SCHED_IDLE", "SCHED_DEADLINE"};
	static const char *const flags[] = {"SCHED_FLAG_RESET_ON_FORK", "SCHED_FLAG_RECLAIM",
					    "SCHED_FLAG_DL_OVERRUN",    "SCHED_FLAG_KEEP_POLICY",
					    "SCHED_FLAG_KEEP_PARAMS",   "SCHED_FLAG_UTIL_CLAMP_MIN",
					    "SCHED_FLAG_UTIL_CLAMP_MAX"};
	struct sched_attr_v1 a = {.size = sizeof(a),
				  .policy = UINT32_MAX,
				  .nice = (int32_t)s->nice,
				  .priority = (uint32_t)s->priority,
				  .runtime = s->runtime,
				  .deadline = s->deadline,
				  .period = s->period};

	for (size_t i = 0; i < ARRAY_SIZE(policies); i++)
		if (str_eq(s->policy, policies[i]))
			a.policy = (uint32_t)i;
	if (a.policy == UINT32_MAX)
		return err_set(e, ERR_INVALID, "unknown scheduling policy \"%s\"", str_or_empty(s->policy));
	STRV_FOREACH (name, s->flags)
		for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
			if (str_eq(*name, flags[i]))
				a.flags |= 1ULL << i;
	if (syscall(SYS_sched_setattr, 0, &a, 0) < 0)
		return err_sys(e, errno, "set the scheduling policy");
	return 0;
}

static int affinity_set(const char *list, struct err *e)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	_cleanup_strv_ char **parts = strv_split(list, ',');
	STRV_FOREACH (p, parts) {
		uint32_t a, b;
		char *dash = strchr(*p, '-');
		if (dash)
			*dash = '\0';
		if (parse_u32(*p, &a) < 0 || (b = a, dash && parse_u32(dash + 1, &b) < 0) || b < a || b >= CPU_SETSIZE)
			return err_set(e, ERR_INVALID, "invalid CPU list \"%s\"", list);
		for (uint32_t i = a; i <= b; i++)
			CPU_SET(i, &set);
	}
	return sched_setaffinity(0, sizeof(set), &set) < 0 ? err_sys(e, errno, "set the CPU affinity") : 0;
}

/* --- confinement --- */

static int cwd_enter(const char *cwd, bool last_try, struct err *e)
{
	if (chdir(cwd) == 0)
		return 0;
	if (!last_try && (errno == EACCES || errno == EPERM))
		return 1;
	return err_set(e, errno == ENOENT ? ERR_NOT_FOUND : ERR_INVALID,
		       "chdir to cwd (\"%s\") set in config.json failed: %s", cwd,
		       errno == ENOENT    ? "no such file or directory"
		       : errno == EACCES  ? "permission denied"
		       : errno == ENOTDIR ? "not a directory"
					  : strerrordesc_np(errno));
}

/* A descriptor that leaked could have led outside (CVE-2024-21626): the kernel then says "(unreachable)". */
static int cwd_verify(struct err *e)
{
	char buf[4096];

	if (syscall(SYS_getcwd, buf, sizeof(buf)) < 0 && errno != ERANGE)
		return err_sys(e, errno, "current working directory is outside of container mount namespace root");
	if (buf[0] != '/')
		return err_set(e, ERR_DENIED, "current working directory is outside of container mount namespace root");
	return 0;
}

static int ids_set(const struct user_ids *u, struct err *e)
{
	/* Always, also when empty: the caller's groups are nobody else's (rule D10). */
	if (setgroups(u->n_groups, u->groups) < 0)
		return err_sys(e, errno, "setgroups");
	if (setresgid(u->gid, u->gid, u->gid) < 0)
		return err_sys(e, errno, "setgid");
	/* The permitted set survives the change of user and is cut to size right after. */
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 || setresuid(u->uid, u->uid, u->uid) < 0)
		return err_sys(e, errno, "setuid");
	prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0);
	return 0;
}

static int exe_try(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0 ? -errno : 0;
}

static const char *go_error(int errnum)
{
	switch (errnum) {
	case ENOENT:
		return "no such file or directory";
	case EACCES:
		return "permission denied";
	case EISDIR:
		return "is a directory: permission denied"; /* exec(2) says EACCES */
	case ENOTDIR:
		return "not a directory";
	case ELOOP:
		return "too many levels of symbolic links";
	case ENAMETOOLONG:
		return "file name too long";
	case ENOEXEC:
		return "exec format error";
	default:
		return strerrordesc_np(errnum);
	}
}

/* As Go's exec.LookPath, whose words docker clients look for. */
static int exe_find(const char *name, char *const *env, char **ret, struct err *e)
{
	if (strchr(name, '/')) {
		int r = exe_try(name);
		if (r == -EISDIR || r == -EACCES)
			return err_set(e, ERR_DENIED, "exec: \"%s\": %s", name, go_error(-r));
		if (r < 0)
			return err_set(e, ERR_NOT_FOUND, "exec: \"%s\": stat %s: %s", name, name, go_error(-r));
		*ret = xstrdup(name);
		return 0;
	}
	const char *path = strv_env_get(env, "PATH");
	_cleanup_strv_ char **dirs = path && *name ? strv_split(path, ':') : NULL;
	STRV_FOREACH (dir, dirs) {
		_cleanup_free_ char *full = path_join(**dir ? *dir : ".", name);
		if (*full == '/' && exe_try(full) == 0) {
			*ret = TAKE_PTR(full);
			return 0;
		}
	}
	return err_set(e, ERR_NOT_FOUND, "exec: \"%s\": executable file not found in $PATH", name);
}

int process_confine(struct process_plan *p, struct err *e)
{
	const struct oci_process *s = p->spec;

	if (caps_resolve(s->capabilities, &p->caps, e) < 0)
		return -1;
	if (s->scheduler && scheduler_set(s->scheduler, e) < 0)
		return -1;
	if (s->io_priority && ioprio_set(s->io_priority, e) < 0)
		return -1;
	const char *cpus = s->cpu_affinity.final ? s->cpu_affinity.final : s->cpu_affinity.initial;
	if (!str_empty(cpus) && affinity_set(cpus, e) < 0)
		return -1;
	umask(s->user.umask.set ? (mode_t)(s->user.umask.v & 0777) : 0022);
	int later = cwd_enter(s->cwd, false, e);
	if (later < 0 || caps_drop_bounding(&p->caps, e) < 0 || ids_set(&p->user, e) < 0)
		return -1;
	/* Without no_new_privs only CAP_SYS_ADMIN may load a filter: kept until it is loaded. */
	uint64_t extra = p->filter && !s->no_new_privileges ? 1ULL << CAP_SYS_ADMIN : 0;
	if (caps_set(&p->caps, extra, e) < 0 || caps_set_ambient(&p->caps, e) < 0)
		return -1;
	if (later > 0 && cwd_enter(s->cwd, true, e) < 0)
		return -1;
	if (cwd_verify(e) < 0)
		return -1;
	if (s->no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_sys(e, errno, "set no_new_privs");
	return exe_find(s->args[0], p->env, &p->exe, e);
}

int process_filter(struct process_plan *p, struct err *e)
{
	if (!p->filter)
		return 0;
	int listener = seccomp_filter_load(p->filter, e);
	if (listener < 0)
		return -1;
	p->filter = NULL;
	if (listener > 0) {
		int r = step_send(p->sock, STEP_LISTENER, 0, listener, e);
		fd_close(listener);
		if (r < 0 || step_wait(p->sock, STEP_LISTENER_DONE, NULL, e) < 0)
			return -1;
	}
	return p->spec->no_new_privileges ? 0 : caps_set(&p->caps, 0, e);
}

static int gate_wait(struct process_plan *p, struct err *e)
{
	int conn = accept4(p->gate_fd, NULL, NULL, SOCK_CLOEXEC);

	if (conn < 0)
		return err_sys(e, errno, "wait for the start");
	/* From here on the starter listens, not the creator. */
	fd_close(p->sock);
	p->sock = conn;
	p->gate_fd = fd_close(p->gate_fd);
	return 0;
}

static void signals_reset(void)
{
	struct sigaction dfl = {.sa_handler = SIG_DFL};
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		sigaction(sig, &dfl, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

void process_execve(struct process_plan *p)
{
	char text[512];

	/* Nothing but stdio and what was asked for (rule D5); the conversation ends with the exec. */
	close_range(3 + (unsigned)MAX(p->preserve_fds, 0), ~0u, CLOSE_RANGE_CLOEXEC);
	execve(p->exe, p->spec->args, p->env);
	int n = snprintf(text, sizeof(text), "exec %s: %s\n", p->exe, go_error(errno));
	if (n > 0 && write(2, text, (size_t)MIN(n, (int)sizeof(text) - 1)) < 0)
		_exit(255);
	_exit(255);
}

int process_exec(struct process_plan *p, struct err *e)
{
	/* Somebody has to answer the listener before anything else happens. */
	if (p->filter && p->filter->notify && process_filter(p, e) < 0)
		return -1;
	if (step_send(p->sock, STEP_READY, 0, -1, e) < 0)
		return -1;
	if (p->gate_fd >= 0 && gate_wait(p, e) < 0)
		return -1;
	if (p->hooks && hooks_any(p->hooks) && hooks_run("startContainer", p->hooks, p->hook_state, e) < 0)
		return -1;
	signals_reset();
	if (process_filter(p, e) < 0)
		return -1;
	process_execve(p);
}

void process_plan_done(struct process_plan *p)
{
	user_ids_done(&p->user);
	strv_free(p->env);
	free(p->exe);
}

char **process_env(const struct oci_process *spec, const char *home)
{
	char **env = strv_dup(spec->env);

	if (!env)
		env = strv_new();
	if (!strv_env_get(env, "HOME"))
		strv_addf(&env, "HOME=%s", str_empty(home) ? "/" : home);
	return env;
}
