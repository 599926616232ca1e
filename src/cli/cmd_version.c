/* SPDX-License-Identifier: Apache-2.0 */
/* version: ours, and the engine's with its components. */
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "cli/commands.h"
#include "cli/filter.h"
#include "cli/format.h"
#include "cli/run.h"
#include "cli/version.h"

const char *version_arch(void)
{
	static struct utsname u;

	uname(&u);
	if (str_eq(u.machine, "x86_64"))
		return "amd64";
	if (str_eq(u.machine, "aarch64"))
		return "arm64";
	return u.machine;
}

const char *version_context(const struct cli *cli)
{
	const char *env = getenv("DOCKER_CONTEXT"), *given = flag_str(&cli->globals, "context");

	if (*given)
		return given;
	if (flag_list(&cli->globals, "host") || !str_empty(getenv("DOCKER_HOST")))
		return "default";
	if (!str_empty(env))
		return env;
	env = str_or_empty(config_str(cli->config, "currentContext"));
	return *env ? env : "default";
}

json_object *version_client(const struct cli *cli, bool for_info)
{
	json_object *o = json_object_new_object();

	put_str(o, "Version", str_eq(cli->prog, "docker") ? "28.5.2" : HULL_VERSION);
	if (!for_info)
		put_str(o, "ApiVersion", cli->client ? client_version(cli->client) : CLIENT_API_VERSION);
	put_str(o, "DefaultAPIVersion", CLIENT_API_VERSION);
	put_str(o, "GitCommit", "hull-" HULL_VERSION);
	put_str(o, "GoVersion", "");
	put_str(o, "Os", "linux");
	put_str(o, "Arch", version_arch());
	put_str(o, "BuildTime", "");
	put_str(o, "Context", version_context(cli));
	return o;
}

static void print_client(const struct cli *cli, json_object *c)
{
	cli_printf("Client: Hull\n Version:           %s\n", json_member_str(c, "Version", ""));
	cli_printf(" API version:       %s", json_member_str(c, "ApiVersion", ""));
	if (!str_eq(json_member_str(c, "ApiVersion", ""), CLIENT_API_VERSION))
		cli_printf(" (downgraded from %s)", CLIENT_API_VERSION);
	cli_printf("\n OS/Arch:           linux/%s\n Context:           %s\n", version_arch(),
		   json_member_str(c, "Context", ""));
	(void)cli;
}

static void print_detail(json_object *details, const char *key, const char *label)
{
	const char *v = json_member_str(details, key, NULL);

	if (v)
		cli_printf("  %-17s %s\n", label, v);
}

static void print_component(json_object *comp)
{
	json_object *d = json_member(comp, "Details");
	bool engine = str_eq(json_member_str(comp, "Name", ""), "Engine");

	cli_printf(" %s:\n  Version:          %s\n", json_member_str(comp, "Name", ""),
		   json_member_str(comp, "Version", ""));
	if (!engine) {
		print_detail(d, "GitCommit", "GitCommit:");
		return;
	}
	cli_printf("  API version:      %s (minimum version %s)\n", json_member_str(d, "ApiVersion", ""),
		   json_member_str(d, "MinAPIVersion", ""));
	print_detail(d, "GoVersion", "Go version:");
	print_detail(d, "GitCommit", "Git commit:");
	print_detail(d, "BuildTime", "Built:");
	cli_printf("  OS/Arch:          %s/%s\n", json_member_str(d, "Os", ""), json_member_str(d, "Arch", ""));
	print_detail(d, "Experimental", "Experimental:");
}

static void print_server(json_object *s)
{
	const char *platform = json_member_str(json_member(s, "Platform"), "Name", "");
	json_object *components = json_member(s, "Components");

	cli_printf("\nServer:%s%s\n", *platform ? " " : "", platform);
	for (size_t i = 0; components && i < json_object_array_length(components); i++)
		print_component(json_object_array_get_idx(components, i));
}

/* "2026-09-15T11:02:57.000000000+00:00" as "Tue Sep 15 11:02:57 2026". */
static void readable_build_time(json_object *server)
{
	json_object *components = json_member(server, "Components");

	for (size_t i = 0; components && i < json_object_array_length(components); i++) {
		json_object *d = json_member(json_object_array_get_idx(components, i), "Details");
		const char *built = json_member_str(d, "BuildTime", "");
		char text[64];
		time_t t;
		struct tm tm;
		int64_t ns;

		if (!*built || clock_parse_rfc3339(built, &ns) < 0)
			continue;
		t = (time_t)(ns / NS_PER_SEC);
		gmtime_r(&t, &tm);
		strftime(text, sizeof(text), "%a %b %e %H:%M:%S %Y", &tm);
		put_str(d, "BuildTime", text);
	}
}

static int run_version(struct cli *cli, struct args *a)
{
	_cleanup_json_ json_object *doc = json_object_new_object(), *server = NULL;
	const char *format = flag_str(a, "format");
	struct err e = ERR_INIT;
	struct client *c = cli_client(cli, &e);
	bool reached = c && client_get(c, "/version", NULL, &server, &e) == 0;
	int code = 0;

	readable_build_time(server);
	json_object_object_add(doc, "Client", version_client(cli, false));
	json_object_object_add(doc, "Server", json_object_get(server));
	if (*format) {
		code = format_document(format, doc);
	} else {
		print_client(cli, json_member(doc, "Client"));
		if (reached)
			print_server(server);
	}
	return reached ? code : cli_fail(&e);
}

static const struct flag_spec version_flags[] = {
	{"format", 'f', FLAG_STR, HELP_FORMAT},
	{NULL},
};
const struct command cmd_version = {
	.name = "version",
	.usage = "[OPTIONS]",
	.brief = "Show version information",
	.flags = version_flags,
	.run = run_version,
	.section = SECTION_COMMON,
};
