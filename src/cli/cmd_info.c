/* SPDX-License-Identifier: Apache-2.0 */
/* info: the engine's state in docker's layout. */
#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "cli/commands.h"
#include "cli/filter.h"
#include "cli/format.h"
#include "cli/human.h"
#include "cli/run.h"
#include "cli/version.h"

static void print_str(json_object *o, const char *label, const char *key)
{
	const char *v = json_member_str(o, key, "");

	if (*v)
		cli_printf(" %s: %s\n", label, v);
}

static void print_int(json_object *o, const char *label, const char *key)
{
	cli_printf(" %s: %" PRId64 "\n", label, json_member_int(o, key, 0));
}

static void print_bool(json_object *o, const char *label, const char *key)
{
	cli_printf(" %s: %s\n", label, json_member_bool(o, key, false) ? "true" : "false");
}

static size_t length(json_object *a)
{
	return json_object_is_type(a, json_type_array) ? json_object_array_length(a) : 0;
}

static const char *item(json_object *a, size_t i)
{
	return str_or_empty(json_object_get_string(json_object_array_get_idx(a, i)));
}

static void print_words(const char *label, json_object *list)
{
	if (!length(list))
		return;
	cli_printf("  %s:", label);
	for (size_t i = 0; i < length(list); i++)
		cli_printf(" %s", item(list, i));
	cli_print("\n");
}

static void print_lines(const char *label, json_object *list)
{
	if (!length(list))
		return;
	cli_printf(" %s:\n", label);
	for (size_t i = 0; i < length(list); i++)
		cli_printf("  %s\n", item(list, i));
}

static void print_storage(json_object *o)
{
	json_object *status = json_member(o, "DriverStatus");

	print_str(o, "Storage Driver", "Driver");
	for (size_t i = 0; i < length(status); i++) {
		json_object *pair = json_object_array_get_idx(status, i);

		if (length(pair) == 2)
			cli_printf("  %s: %s\n", item(pair, 0), item(pair, 1));
	}
}

static void print_runtimes(json_object *o)
{
	json_object *runtimes = json_member(o, "Runtimes");
	_cleanup_strv_ char **names = strv_new();
	_cleanup_free_ char *joined = NULL;

	if (!json_object_is_type(runtimes, json_type_object))
		return;
	json_object_object_foreach(runtimes, name, value)
	{
		(void)value;
		strv_add(&names, name);
	}
	strv_sort(names);
	joined = strv_join(names, " ");
	cli_printf(" Runtimes: %s\n", joined);
	print_str(o, "Default Runtime", "DefaultRuntime");
}

static void print_commit(json_object *o, const char *label, const char *key)
{
	cli_printf(" %s version: %s\n", label, json_member_str(json_member(o, key), "ID", ""));
}

/* "name=seccomp,profile=builtin" as two lines. */
static void print_security(json_object *o)
{
	json_object *list = json_member(o, "SecurityOptions");

	if (!length(list))
		return;
	cli_print(" Security Options:\n");
	for (size_t i = 0; i < length(list); i++) {
		_cleanup_strv_ char **fields = strv_split(item(list, i), ',');

		STRV_FOREACH (f, fields) {
			const char *name = str_after(*f, "name="), *profile = str_after(*f, "profile=");

			if (name)
				cli_printf("  %s\n", name);
			else if (profile)
				cli_printf("   Profile: %s\n", profile);
			else
				cli_printf("   %s\n", *f);
		}
	}
}

static void print_registry(json_object *o)
{
	json_object *config = json_member(o, "RegistryConfig"), *index = json_member(config, "IndexConfigs");
	json_object *cidrs = json_member(config, "InsecureRegistryCIDRs");

	if (length(cidrs) || index) {
		cli_print(" Insecure Registries:\n");
		if (json_object_is_type(index, json_type_object)) {
			json_object_object_foreach(index, name, value)
			{
				if (!json_member_bool(value, "Secure", true))
					cli_printf("  %s\n", name);
			}
		}
		for (size_t i = 0; i < length(cidrs); i++)
			cli_printf("  %s\n", item(cidrs, i));
	}
	print_lines("Registry Mirrors", json_member(config, "Mirrors"));
}

static void print_server(json_object *o)
{
	json_object *plugins = json_member(o, "Plugins");
	_cleanup_free_ char *memory = human_bytes((double)json_member_int(o, "MemTotal", 0));

	print_int(o, "Containers", "Containers");
	print_int(o, " Running", "ContainersRunning");
	print_int(o, " Paused", "ContainersPaused");
	print_int(o, " Stopped", "ContainersStopped");
	print_int(o, "Images", "Images");
	print_str(o, "Server Version", "ServerVersion");
	print_storage(o);
	print_str(o, "Logging Driver", "LoggingDriver");
	print_str(o, "Cgroup Driver", "CgroupDriver");
	print_str(o, "Cgroup Version", "CgroupVersion");
	cli_print(" Plugins:\n");
	print_words("Volume", json_member(plugins, "Volume"));
	print_words("Network", json_member(plugins, "Network"));
	print_words("Authorization", json_member(plugins, "Authorization"));
	print_words("Log", json_member(plugins, "Log"));
	print_lines("CDI spec directories", json_member(o, "CDISpecDirs"));
	print_str(json_member(o, "Swarm"), "Swarm", "LocalNodeState");
	print_runtimes(o);
	print_str(o, "Init Binary", "InitBinary");
	print_commit(o, "containerd", "ContainerdCommit");
	print_commit(o, "runc", "RuncCommit");
	print_commit(o, "init", "InitCommit");
	print_security(o);
	print_str(o, "Kernel Version", "KernelVersion");
	print_str(o, "Operating System", "OperatingSystem");
	print_str(o, "OSType", "OSType");
	print_str(o, "Architecture", "Architecture");
	print_int(o, "CPUs", "NCPU");
	cli_printf(" Total Memory: %s\n", memory);
	print_str(o, "Name", "Name");
	print_str(o, "ID", "ID");
	print_str(o, "Docker Root Dir", "DockerRootDir");
	print_bool(o, "Debug Mode", "Debug");
	if (json_member_bool(o, "Debug", false)) {
		print_int(o, " File Descriptors", "NFd");
		print_int(o, " Goroutines", "NGoroutines");
		print_str(o, " System Time", "SystemTime");
		print_int(o, " EventsListeners", "NEventsListener");
	}
	print_str(o, "HTTP Proxy", "HttpProxy");
	print_str(o, "HTTPS Proxy", "HttpsProxy");
	print_str(o, "No Proxy", "NoProxy");
	print_lines("Labels", json_member(o, "Labels"));
	print_bool(o, "Experimental", "ExperimentalBuild");
	print_registry(o);
	print_bool(o, "Live Restore Enabled", "LiveRestoreEnabled");
	print_str(o, "Product License", "ProductLicense");
	print_str(json_member(o, "FirewallBackend"), "Firewall Backend", "Driver");
	cli_print("\n");
}

static int run_info(struct cli *cli, struct args *a)
{
	_cleanup_json_ json_object *info = NULL;
	const char *format = flag_str(a, "format");
	struct err e = ERR_INIT;
	struct client *c = cli_client(cli, &e);
	bool reached = c && client_get(c, "/info", NULL, &info, &e) == 0;
	json_object *client = version_client(cli, true), *warnings;
	int code;

	if (!info)
		info = json_object_new_object();
	put_bool(client, "Debug", flag_bool(&cli->globals, "debug"));
	json_object_object_add(client, "Plugins", json_object_new_array());
	json_object_object_add(client, "Warnings", NULL);
	json_object_object_add(info, "ClientInfo", client);
	if (*format) {
		if (!reached) {
			json_object *errors = json_object_new_array();

			json_object_array_add(errors, json_object_new_string(e.msg));
			json_object_object_add(info, "ServerErrors", errors);
			cli_warn("%s", e.msg);
		}
		code = format_document(format, info);
		return reached ? code : 1;
	}
	cli_printf("Client: Hull\n Version:    %s\n Context:    %s\n Debug Mode: %s\n\nServer:\n",
		   json_member_str(client, "Version", ""), json_member_str(client, "Context", ""),
		   flag_bool(&cli->globals, "debug") ? "true" : "false");
	if (!reached)
		return cli_fail(&e);
	print_server(info);
	fflush(stdout);
	warnings = json_member(info, "Warnings");
	for (size_t i = 0; i < length(warnings); i++)
		cli_warn("%s", item(warnings, i));
	return 0;
}

static const struct flag_spec info_flags[] = {
	{"format", 'f', FLAG_STR, HELP_FORMAT},
	{NULL},
};
const struct command cmd_info = {
	.name = "info",
	.usage = "[OPTIONS]",
	.brief = "Display system-wide information",
	.also = "system info, info",
	.flags = info_flags,
	.run = run_info,
	.section = SECTION_COMMON,
};
