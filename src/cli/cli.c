/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From argv to a command: global options, the walk down the command tree, argument counts, and the wording of usage
 * errors. Also the connection settings that all commands share (flags, environment, config.json, contexts).
 */
#include "cli/cli.h"

#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/strutil.h"
#include "base/strv.h"

static bool check_host(const char *value, struct strbuf *why, char **ret)
{
	(void)why;
	(void)value;
	(void)ret;
	return true;
}

const struct flag_spec global_flags[] = {
	{"config", 0, FLAG_STR, "Location of client config files (default: $DOCKER_CONFIG or ~/.docker)"},
	{"context", 'c', FLAG_STR,
	 "Name of the context to use to connect to the daemon (overrides DOCKER_HOST env var and default context set "
	 "with \"context use\")"},
	{"debug", 'D', FLAG_BOOL, "Enable debug mode"},
	{"host", 'H', FLAG_LIST, "Daemon socket to connect to", .word = "string", .check = check_host},
	{"log-level", 'l', FLAG_STR, "Set the logging level (\"debug\", \"info\", \"warn\", \"error\", \"fatal\")",
	 .def = "info"},
	{"tls", 0, FLAG_BOOL, "Use TLS; implied by --tlsverify"},
	{"tlscacert", 0, FLAG_STR, "Trust certs signed only by this CA (default: ca.pem in the config folder)"},
	{"tlscert", 0, FLAG_STR, "Path to TLS certificate file (default: cert.pem in the config folder)"},
	{"tlskey", 0, FLAG_STR, "Path to TLS key file (default: key.pem in the config folder)"},
	{"tlsverify", 0, FLAG_BOOL, "Use TLS and verify the remote"},
	{"version", 'v', FLAG_BOOL, "Print version information and quit"},
	{NULL},
};

/* --- connection --- */

/* A certificate file: the option, else its usual name in $DOCKER_CERT_PATH or the config folder when it is there. */
static char *cert_file(const struct cli *cli, const char *flag, const char *name)
{
	const char *given = flag_str(&cli->globals, flag), *dir = getenv("DOCKER_CERT_PATH");
	_cleanup_free_ char *path = NULL;

	if (*given)
		return xstrdup(given);
	path = path_join(str_empty(dir) ? cli->config->dir : dir, name);
	return path_exists(path) ? TAKE_PTR(path) : NULL;
}

/* The engine's address from -H, --context, DOCKER_HOST, DOCKER_CONTEXT, config.json; NULL is the default. */
static int find_host(const struct cli *cli, char **ret, struct err *e)
{
	char *const *hosts = flag_list(&cli->globals, "host");
	const char *context = flag_str(&cli->globals, "context"), *env = getenv("DOCKER_HOST");

	if (strv_len(hosts) > 0) {
		*ret = xstrdup(hosts[0]);
		return 0;
	}
	if (!*context) {
		if (!str_empty(env)) {
			*ret = xstrdup(env);
			return 0;
		}
		context = str_or_empty(getenv("DOCKER_CONTEXT"));
	}
	if (!*context)
		context = str_or_empty(config_str(cli->config, "currentContext"));
	*ret = NULL;
	if (!*context || str_eq(context, "default"))
		return 0;
	if (config_context_host(cli->config, context, ret, e) < 0)
		return err_wrap(e, "Failed to initialize: unable to resolve docker endpoint");
	return 0;
}

struct client *cli_client(struct cli *cli, struct err *e)
{
	_cleanup_free_ char *host = NULL, *ca = NULL, *cert = NULL, *key = NULL;
	_cleanup_strv_ char **headers = NULL;
	struct client_options o = {.url = NULL};
	json_object *extra = json_member(cli->config->root, "HttpHeaders");
	const char *version = getenv("DOCKER_API_VERSION");
	struct args *g = &cli->globals;

	if (cli->client)
		return cli->client;
	if (find_host(cli, &host, e) < 0)
		return NULL;
	o.url = host;
	o.tls.verify =
		flag_is_set(g, "tlsverify") ? flag_bool(g, "tlsverify") : !str_empty(getenv("DOCKER_TLS_VERIFY"));
	o.tls.on = o.tls.verify || flag_bool(g, "tls") || !str_empty(getenv("DOCKER_TLS"));
	if (o.tls.on) {
		o.tls.ca = ca = cert_file(cli, "tlscacert", "ca.pem");
		o.tls.cert = cert = cert_file(cli, "tlscert", "cert.pem");
		o.tls.key = key = cert_file(cli, "tlskey", "key.pem");
	}
	o.version = str_empty(version) ? NULL : *version == 'v' ? version + 1 : version;
	if (json_object_is_type(extra, json_type_object)) {
		json_object_object_foreach(extra, name, value)
		{
			const char *text = json_object_get_string(value);

			if (!str_has_control(name) && !str_has_control(str_or_empty(text)))
				strv_addf(&headers, "%s: %s", name, str_or_empty(text));
		}
	}
	o.headers = headers;
	if (client_new(&o, &cli->client, e) < 0) {
		err_wrap(e, "Failed to initialize: unable to resolve docker endpoint");
		return NULL;
	}
	if (client_negotiate(cli->client, e) < 0)
		return NULL;
	return cli->client;
}

/* --- usage errors --- */

static int usage_error(struct cli *cli, const struct command *c, const struct err *e)
{
	fprintf(stderr, "%s\n", e->msg);
	help_print_usage(cli, c, stderr);
	fprintf(stderr, "Run '%s%s%s --help' for more information\n", cli->prog, *cli->path ? " " : "", cli->path);
	return 125;
}

static int count_error(struct cli *cli, const struct command *c, size_t n)
{
	const char *hint = "Run";
	char what[80];

	(void)n;
	if (c->max_args == 0) {
		snprintf(what, sizeof(what), "accepts no arguments");
	} else if (c->min_args == c->max_args) {
		snprintf(what, sizeof(what), "requires %d argument%s", c->min_args, c->min_args == 1 ? "" : "s");
	} else if (c->max_args == ARGS_ANY) {
		snprintf(what, sizeof(what), "requires at least %d argument%s", c->min_args,
			 c->min_args == 1 ? "" : "s");
		hint = "See";
	} else if (c->min_args == 0) {
		snprintf(what, sizeof(what), "requires at most %d argument%s", c->max_args,
			 c->max_args == 1 ? "" : "s");
	} else {
		snprintf(what, sizeof(what), "requires at least %d and at most %d arguments", c->min_args, c->max_args);
	}
	fprintf(stderr, "%s: '%s %s' %s\n", cli->prog, cli->prog, cli->path, what);
	help_print_usage(cli, c, stderr);
	fprintf(stderr, "%s '%s %s --help' for more information\n", hint, cli->prog, cli->path);
	return 1;
}

static int unknown_command(struct cli *cli, const struct command *group, const char *word)
{
	fprintf(stderr, "%s: unknown command: %s %s%s%s\n\n", cli->prog, cli->prog, cli->path, *cli->path ? " " : "",
		word);
	if (*cli->path)
		fprintf(stderr, "Usage:  %s %s\n\n", cli->prog, cli->path);
	fprintf(stderr, "Run '%s%s%s --help' for more information\n", cli->prog, *cli->path ? " " : "", cli->path);
	(void)group;
	return 1;
}

/* --- dispatch --- */

static const struct command *find_sub(const struct command *group, const char *word)
{
	for (const struct command *const *s = group->subs; *s; s++) {
		_cleanup_strv_ char **names = NULL;

		if (str_eq((*s)->name, word))
			return *s;
		if (!(*s)->names)
			continue;
		names = strv_split((*s)->names, ',');
		if (strv_contains(names, word))
			return *s;
	}
	return NULL;
}

static void path_add(struct cli *cli, const char *word)
{
	free_and_set(&cli->path, *cli->path ? xasprintf("%s %s", cli->path, word) : xstrdup(word));
}

/* "hull help [COMMAND...]" */
static int show_help(struct cli *cli, char *const *words)
{
	const struct command *c = &command_root;

	STRV_FOREACH (w, words) {
		const struct command *next = c->subs ? find_sub(c, *w) : NULL;

		if (!next) {
			fprintf(stderr, "unknown help topic: %s\n", *w);
			return 1;
		}
		path_add(cli, next->name);
		c = next;
	}
	help_print(cli, c, stdout);
	return 0;
}

static int run_command(struct cli *cli, const struct command *c, char *const *argv)
{
	struct err e = ERR_INIT;
	struct args args;
	int code;
	size_t n;

	if (c->any_flags) {
		args = (struct args){.specs = NULL};
		return c->run(cli, &args);
	}
	if (args_parse(&args, c->flags, argv, !c->stop_at_arg, &e) < 0) {
		code = usage_error(cli, c, &e);
	} else if (args.help || (flag_known(&args, "help") && flag_bool(&args, "help"))) {
		help_print(cli, c, stdout);
		code = 0;
	} else {
		n = strv_len(args.rest);
		if (n < (size_t)c->min_args || (c->max_args != ARGS_ANY && n > (size_t)c->max_args))
			code = count_error(cli, c, n);
		else
			code = c->run(cli, &args);
	}
	args_done(&args);
	return code;
}

static int dispatch(struct cli *cli, char *const *argv)
{
	const struct command *c = &command_root;
	struct err e = ERR_INIT;

	while (c->subs) {
		const char *word = *argv;
		const struct command *sub;

		if (!word) {
			help_print(cli, c, stderr);
			return 0;
		}
		if (c != &command_root && *word == '-') {
			struct args args;
			int r = args_parse(&args, NULL, argv, false, &e);
			bool help = args.help;

			args_done(&args);
			if (r < 0)
				return usage_error(cli, c, &e);
			help_print(cli, c, help ? stdout : stderr);
			return 0;
		}
		if (c == &command_root && str_eq(word, "help"))
			return show_help(cli, argv + 1);
		sub = find_sub(c, word);
		if (!sub)
			return unknown_command(cli, c, word);
		path_add(cli, word);
		c = sub;
		argv++;
	}
	return run_command(cli, c, argv);
}

static int print_version(const struct cli *cli)
{
	/* tools that call us docker read a docker version here */
	if (str_eq(cli->prog, "docker"))
		printf("Docker version 28.5.2, build hull-%s\n", HULL_VERSION);
	else
		printf("Hull version %s, build %s\n", HULL_VERSION, HULL_VERSION);
	return 0;
}

static int check_globals(struct cli *cli)
{
	static const char *const levels[] = {"panic", "fatal", "error", "warn", "warning", "info", "debug", "trace"};
	struct err e = ERR_INIT;
	char *const *hosts = flag_list(&cli->globals, "host");
	const char *level = flag_str(&cli->globals, "log-level");
	bool known = false;

	if (strv_len(hosts) > 1) {
		err_set(&e, ERR_INVALID, "invalid argument \"%s\" for \"-H, --host\" flag: specify only one -H",
			hosts[1]);
		return usage_error(cli, &command_root, &e);
	}
	if (strv_len(hosts) && flag_is_set(&cli->globals, "context")) {
		fprintf(stderr, "conflicting options: cannot specify both --host and --context\n");
		return 1;
	}
	for (size_t i = 0; i < ARRAY_SIZE(levels); i++)
		known |= str_eq_nocase(levels[i], level);
	if (!known) {
		fprintf(stderr, "Unable to parse logging level: %s\n", level);
		return 1;
	}
	return 0;
}

int cli_main(int argc, char **argv)
{
	struct cli cli = {.prog = "hull", .path = xstrdup("")};
	struct err e = ERR_INIT;
	const char *name = argc ? strrchr(argv[0], '/') : NULL;
	int code;

	name = name ? name + 1 : argc ? argv[0] : "";
	if (str_eq(name, "docker"))
		cli.prog = "docker";
	if (args_parse(&cli.globals, global_flags, argc ? argv + 1 : argv, false, &e) < 0) {
		code = usage_error(&cli, &command_root, &e);
	} else if (cli.globals.help) {
		help_print(&cli, &command_root, stdout);
		code = 0;
	} else if (flag_bool(&cli.globals, "version")) {
		code = print_version(&cli);
	} else if ((code = check_globals(&cli)) == 0) {
		if (config_load(flag_is_set(&cli.globals, "config") ? flag_str(&cli.globals, "config") : NULL,
				&cli.config, &e) < 0)
			cli_warn("WARNING: %s", e.msg);
		code = dispatch(&cli, cli.globals.rest);
	}
	if (fflush(stdout) != 0 && code == 0)
		code = 1;
	client_free(cli.client);
	config_free(cli.config);
	args_done(&cli.globals);
	free(cli.path);
	return code;
}
