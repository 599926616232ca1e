/* SPDX-License-Identifier: Apache-2.0 */
/* exec: one more process, described by options or by a file. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "runtime/oci.h"

struct options {
	char *console_socket, *cwd, *user, *process, *pid_file, *apparmor, *label, *cgroup;
	char **env, **caps, **groups;
	bool tty, detach, no_new_privs, ignore_paused, ignored;
	int preserve_fds;
};

static void options_done(struct options *o)
{
	char **strings[] = {&o->console_socket, &o->cwd,      &o->user,  &o->process,
			    &o->pid_file,       &o->apparmor, &o->label, &o->cgroup};

	for (size_t i = 0; i < ARRAY_SIZE(strings); i++)
		free(*strings[i]);
	strv_free(o->env);
	strv_free(o->caps);
	strv_free(o->groups);
}

static int options_parse(int argc, char **argv, struct options *o, struct err *e)
{
	const struct oci_opt opts[] = {
		{"console-socket", 0, OCI_OPT_STR, &o->console_socket},
		{"cwd", 0, OCI_OPT_STR, &o->cwd},
		{"env", 'e', OCI_OPT_LIST, &o->env},
		{"tty", 't', OCI_OPT_FLAG, &o->tty},
		{"user", 'u', OCI_OPT_STR, &o->user},
		{"additional-gids", 'g', OCI_OPT_LIST, &o->groups},
		{"process", 'p', OCI_OPT_STR, &o->process},
		{"detach", 'd', OCI_OPT_FLAG, &o->detach},
		{"pid-file", 0, OCI_OPT_STR, &o->pid_file},
		{"process-label", 0, OCI_OPT_STR, &o->label},
		{"apparmor", 0, OCI_OPT_STR, &o->apparmor},
		{"no-new-privs", 0, OCI_OPT_FLAG, &o->no_new_privs},
		{"cap", 'c', OCI_OPT_LIST, &o->caps},
		{"preserve-fds", 0, OCI_OPT_INT, &o->preserve_fds},
		{"cgroup", 0, OCI_OPT_STR, &o->cgroup},
		{"ignore-paused", 0, OCI_OPT_FLAG, &o->ignore_paused},
		{"no-subreaper", 0, OCI_OPT_FLAG, &o->ignored},
		{NULL, 0, OCI_OPT_IGNORE, NULL},
	};
	int first = oci_opts_parse(argc, argv, opts, e);

	if (first >= 0 && (o->preserve_fds < 0 || o->preserve_fds > 65536))
		return err_set(e, ERR_INVALID, "invalid --preserve-fds");
	return first;
}

static int process_read(const char *path, struct oci_process *ret, struct err *e)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT_MAX(LIMIT_RUNTIME_SPEC);
	int r = path_read_file(path, text.max, &text);

	if (r < 0)
		return err_sys(e, -r, "read %s", path);
	return oci_process_parse(text.data, text.len, ret, e);
}

/* Changes the container's own process to the one wanted. */
static int process_change(struct oci_process *p, struct options *o, char **args, struct err *e)
{
	strv_free(p->args);
	p->args = strv_dup(args);
	p->terminal = o->tty;
	if (o->cwd)
		free_and_set(&p->cwd, TAKE_PTR(o->cwd));
	strv_extend(&p->env, o->env);
	if (o->no_new_privs)
		p->no_new_privileges = true;
	if (o->apparmor)
		free_and_set(&p->apparmor_profile, TAKE_PTR(o->apparmor));
	if (o->label)
		free_and_set(&p->selinux_label, TAKE_PTR(o->label));
	if (o->caps && !p->capabilities)
		p->capabilities = xnew(struct oci_capabilities);
	if (o->caps) {
		strv_extend(&p->capabilities->bounding, o->caps);
		strv_extend(&p->capabilities->effective, o->caps);
		strv_extend(&p->capabilities->permitted, o->caps);
	}
	if (o->user) {
		char *colon = strchr(o->user, ':');
		if (colon)
			*colon = '\0';
		p->user.gid = 0;
		if (parse_id(o->user, &p->user.uid) < 0 || (colon && parse_id(colon + 1, &p->user.gid) < 0))
			return err_set(e, ERR_INVALID, "parsing %s as int for uid failed: invalid syntax", o->user);
	}
	size_t n = strv_len(o->groups);
	if (n > 0) {
		free(p->user.additional_gids);
		p->user.additional_gids = xnew_array(uint32_t, n);
		p->user.n_additional_gids = n;
		for (size_t i = 0; i < n; i++)
			if (parse_id(o->groups[i], &p->user.additional_gids[i]) < 0)
				return err_set(e, ERR_INVALID, "invalid group id \"%s\"", o->groups[i]);
	}
	return 0;
}

static int status_check(const struct oci_container *c, const struct options *o, struct err *e)
{
	enum oci_status s = oci_container_status(c);

	if (s == OCI_STOPPED || s == OCI_CREATING)
		return err_set(e, ERR_CONFLICT, "cannot exec in a stopped container");
	if (s == OCI_PAUSED && !o->ignore_paused)
		return err_set(e, ERR_CONFLICT, "cannot exec in a paused container (use --ignore-paused to override)");
	return 0;
}

int oci_cmd_exec(const struct oci_globals *g, int argc, char **argv, struct err *e)
{
	_cleanup_oci_container_ struct oci_container c = OCI_CONTAINER_INIT;
	_cleanup_(options_done) struct options o = {0};
	_cleanup_oci_process_ struct oci_process own = {0};
	struct runtime_process p = RUNTIME_PROCESS_INIT;
	struct runtime_exec in = RUNTIME_EXEC_INIT;
	int first = options_parse(argc, argv, &o, e);

	if (first < 0)
		return -1;
	if (argc - first < 1 || (!o.process && argc - first < 2))
		return err_set(e, ERR_INVALID, "exec needs a container id and a command, or --process");
	if (oci_container_open(g, argv[first], &c, e) < 0 || status_check(&c, &o, e) < 0)
		return -1;
	if (o.process) {
		if (process_read(o.process, &own, e) < 0)
			return -1;
		own.terminal |= o.tty;
	} else if (!c.config.process || process_change(c.config.process, &o, argv + first + 1, e) < 0) {
		return c.config.process ? -1 : err_set(e, ERR_INVALID, "the container has no process");
	}
	in.target = c.pid;
	in.target_start_time = c.start_time;
	in.process = o.process ? &own : c.config.process;
	in.seccomp = c.config.linux_.seccomp;
	in.seccomp_cache = OCI_ROOT_DEFAULT "/.seccomp";
	in.preserve_fds = o.preserve_fds;
	in.cgroup = o.cgroup;
	in.defer_accounting = !o.detach;
	for (int i = 0; i < 3; i++)
		in.stdio[i] = i;
	if (in.process->terminal && o.detach && !o.console_socket)
		return err_set(e, ERR_INVALID,
			       "cannot allocate tty if runc will detach without setting console socket");
	if (runtime_exec(&in, &p, e) < 0)
		return err_wrap(e, "exec failed: unable to start container process");
	int code = 0;
	if ((o.pid_file && oci_pid_file_write(o.pid_file, p.pid, e) < 0) ||
	    (o.console_socket && oci_console_send(o.console_socket, p.console, e) < 0)) {
		pidfd_signal(p.pidfd, 9);
		code = -1;
	} else if (!o.detach) {
		code = oci_foreground(&p, e);
	}
	runtime_process_done(&p);
	return code;
}
