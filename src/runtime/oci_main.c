/* SPDX-License-Identifier: Apache-2.0 */
/* runc's command line: options before the command, the table of commands, error reports as podman and containerd read
 * them. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "format/json/json.h"
#include "runtime/oci.h"

static const struct command {
	const char *name;
	int (*run)(const struct oci_globals *g, int argc, char **argv, struct err *e);
	bool starts; /* makes processes in containers */
	const char *help;
} commands[] = {
	{"create", oci_cmd_create, true, "create a container"},
	{"start", oci_cmd_start, false, "execute the process of a created container"},
	{"run", oci_cmd_run, true, "create and start a container"},
	{"exec", oci_cmd_exec, true, "execute a further process in a container"},
	{"state", oci_cmd_state, false, "print the state of a container"},
	{"kill", oci_cmd_kill, false, "send a signal (default SIGTERM) to a container's first process"},
	{"delete", oci_cmd_delete, false, "delete what a container holds"},
	{"list", oci_cmd_list, false, "list containers"},
	{"ps", oci_cmd_ps, false, "list the processes of a container"},
	{"pause", oci_cmd_pause, false, "suspend all processes of a container"},
	{"resume", oci_cmd_resume, false, "resume the processes of a container"},
	{"update", oci_cmd_update, false, "change the limits of a container"},
	{"events", oci_cmd_events, false, "print statistics and out-of-memory events of a container"},
	{"spec", oci_cmd_spec, false, "write a template config.json"},
	{"features", oci_cmd_features, false, "print what this runtime can do"},
};

static const struct oci_opt *opt_find(const struct oci_opt *opts, const char *word, size_t n)
{
	for (; opts->name; opts++)
		if ((strncmp(opts->name, word, n) == 0 && !opts->name[n]) || (n == 1 && opts->letter == *word))
			return opts;
	return NULL;
}

static int opt_store(const struct oci_opt *o, const char *value, struct err *e)
{
	int64_t n;

	switch (o->type) {
	case OCI_OPT_STR:
		free_and_set(o->to, xstrdup(value));
		return 0;
	case OCI_OPT_LIST:
		strv_add(o->to, value);
		return 0;
	case OCI_OPT_INT:
		if (parse_i64(value, &n) < 0 || n < INT32_MIN || n > INT32_MAX)
			return err_set(e, ERR_INVALID, "invalid value \"%s\" for --%s", value, o->name);
		*(int *)o->to = (int)n;
		return 0;
	default:
		return 0;
	}
}

int oci_opts_parse(int argc, char **argv, const struct oci_opt *opts, struct err *e)
{
	int i = 0;

	for (; i < argc && argv[i][0] == '-' && argv[i][1]; i++) {
		if (str_eq(argv[i], "--"))
			return i + 1;
		const char *word = argv[i] + 1 + (argv[i][1] == '-');
		const char *eq = strchr(word, '=');
		const struct oci_opt *o = opt_find(opts, word, eq ? (size_t)(eq - word) : strlen(word));
		if (!o)
			return err_set(e, ERR_INVALID, "flag provided but not defined: -%s", word);
		if (o->type == OCI_OPT_FLAG) {
			if (eq && !str_eq(eq + 1, "true") && !str_eq(eq + 1, "false"))
				return err_set(e, ERR_INVALID, "invalid boolean value for -%s", o->name);
			*(bool *)o->to = !eq || str_eq(eq + 1, "true");
			continue;
		}
		if (!eq && i + 1 >= argc)
			return err_set(e, ERR_INVALID, "flag needs an argument: -%s", o->name);
		if (opt_store(o, eq ? eq + 1 : argv[++i], e) < 0)
			return -1;
	}
	return i;
}

static void help_print(void)
{
	printf("hull-runtime: an OCI runtime\n\nUsage:  hull-runtime [OPTIONS] COMMAND [ARG...]\n\nCommands:\n");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		printf("  %-10s%s\n", commands[i].name, commands[i].help);
	printf("\nOptions:\n"
	       "  --root DIR           where the state of containers is kept (default " OCI_ROOT_DEFAULT ")\n"
	       "  --log FILE           append error reports to FILE (default stderr)\n"
	       "  --log-format FORMAT  text or json\n"
	       "  --debug              say more\n"
	       "  --version            print the version\n");
}

static void error_report(const struct oci_globals *g, const struct err *e)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	char now[RFC3339_MAX];
	struct json_writer w;

	fprintf(stderr, "hull-runtime: %s\n", e->msg);
	if (str_empty(g->log))
		return;
	clock_format_rfc3339(clock_realtime_ns() / NS_PER_SEC * NS_PER_SEC, now);
	if (str_eq(g->log_format, "json")) {
		json_writer_init(&w, &sb);
		json_object_begin(&w);
		json_kstr(&w, "level", "error");
		json_kstr(&w, "msg", e->msg);
		json_kstr(&w, "time", now);
		json_object_close(&w);
	} else {
		strbuf_addf(&sb, "time=\"%s\" level=error msg=\"%s\"", now, e->msg);
	}
	strbuf_add_char(&sb, '\n');
	_cleanup_close_ int fd = open(g->log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
	if (fd >= 0)
		fd_write_full(fd, sb.data, sb.len);
}

static int dispatch(const struct oci_globals *g, int argc, char **argv, char **all, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (!str_eq(argv[0], commands[i].name))
			continue;
		if (commands[i].starts && runtime_protect_self(all, e) < 0)
			return -1;
		return commands[i].run(g, argc - 1, argv + 1, e);
	}
	if (str_eq(argv[0], "checkpoint") || str_eq(argv[0], "restore"))
		return err_set(e, ERR_UNSUPPORTED, "%s is not supported", argv[0]);
	return err_set(e, ERR_INVALID, "no help topic for '%s'", argv[0]);
}

int oci_main(int argc, char **argv)
{
	struct oci_globals g = {0};
	struct err e = ERR_INIT;
	bool version = false, help = false, systemd = false;
	const struct oci_opt opts[] = {
		{"root", 0, OCI_OPT_STR, &g.root},
		{"log", 0, OCI_OPT_STR, &g.log},
		{"log-format", 0, OCI_OPT_STR, &g.log_format},
		{"log-level", 0, OCI_OPT_IGNORE, NULL},
		{"debug", 0, OCI_OPT_FLAG, &g.debug},
		{"systemd-cgroup", 0, OCI_OPT_FLAG, &systemd},
		{"cgroup-manager", 0, OCI_OPT_IGNORE, NULL},
		{"rootless", 0, OCI_OPT_IGNORE, NULL},
		{"criu", 0, OCI_OPT_IGNORE, NULL},
		{"version", 'v', OCI_OPT_FLAG, &version},
		{"help", 'h', OCI_OPT_FLAG, &help},
		{NULL, 0, OCI_OPT_IGNORE, NULL},
	};
	int code = 1;
	int first = oci_opts_parse(argc - 1, argv + 1, opts, &e);

	log_set_name("hull-runtime");
	if (g.debug)
		log_set_level(LOG_LEVEL_DEBUG);
	if (!g.root)
		g.root = xstrdup(OCI_ROOT_DEFAULT);
	if (first < 0) {
		error_report(&g, &e);
	} else if (version) {
		printf("hull-runtime version %s\nspec: %s\n", HULL_VERSION, OCI_SPEC_VERSION);
		code = 0;
	} else if (help || first >= argc - 1) {
		help_print();
		code = 0;
	} else if (systemd) {
		err_set(&e, ERR_UNSUPPORTED,
			"--systemd-cgroup is not supported: this host's control groups are used directly "
			"(cgroupfs)");
		error_report(&g, &e);
	} else {
		code = dispatch(&g, argc - 1 - first, argv + 1 + first, argv, &e);
		if (code < 0) {
			error_report(&g, &e);
			code = str_eq(argv[1 + first], "exec") ? 255 : 1;
		}
	}
	free(g.root);
	free(g.log);
	free(g.log_format);
	return code;
}
