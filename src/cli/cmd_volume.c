/* SPDX-License-Identifier: Apache-2.0 */
/* volume: ls, create, inspect, rm. */
#include <string.h>

#include "base/mem.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "cli/commands.h"
#include "cli/filter.h"
#include "cli/format.h"
#include "cli/human.h"
#include "cli/inspect.h"
#include "cli/run.h"
#include "format/template/template.h"

static json_object *col_text(const struct row *r, const char *key)
{
	return col_str(json_member_str(r->raw, key, ""));
}

static json_object *vol_name(const struct row *r)
{
	return col_text(r, "Name");
}

static json_object *vol_driver(const struct row *r)
{
	return col_text(r, "Driver");
}

static json_object *vol_scope(const struct row *r)
{
	return col_text(r, "Scope");
}

static json_object *vol_mountpoint(const struct row *r)
{
	return col_text(r, "Mountpoint");
}

static json_object *vol_labels(const struct row *r)
{
	return col_take(format_labels(json_member(r->raw, "Labels")));
}

/* Cluster volumes and usage are not part of the plain list. */
static json_object *vol_none(const struct row *r)
{
	(void)r;
	return col_str("N/A");
}

static const struct column volume_columns[] = {
	{"Name", "VOLUME NAME", vol_name},
	{"Driver", "DRIVER", vol_driver},
	{"Scope", "SCOPE", vol_scope},
	{"Mountpoint", "MOUNTPOINT", vol_mountpoint},
	{"Labels", "LABELS", vol_labels},
	{"Links", "LINKS", vol_none},
	{"Size", "SIZE", vol_none},
	{"Group", "GROUP", vol_none},
	{"Availability", "AVAILABILITY", vol_none},
	{"Status", "STATUS", vol_none},
	{NULL},
};

static int by_name(const void *x, const void *y)
{
	json_object *const *a = x, *const *b = y;

	return strcmp(json_member_str(*a, "Name", ""), json_member_str(*b, "Name", ""));
}

static int run_ls(struct cli *cli, struct args *a)
{
	struct listing list = {
		.columns = volume_columns, .type_name = "*formatter.volumeContext", .table = "{{.Driver}}\t{{.Name}}"};
	const char *format = flag_str(a, "format");
	_cleanup_query_ struct query q = QUERY_INIT;
	_cleanup_json_ json_object *answer = NULL, *none = json_object_new_array();
	json_object *volumes;
	struct err e = ERR_INIT;
	struct client *c = cli_client(cli, &e);

	if (!c || filter_add(&q, flag_list(a, "filter"), NULL, &e) < 0 ||
	    client_get(c, "/volumes", &q, &answer, &e) < 0)
		return cli_fail(&e);
	volumes = json_member(answer, "Volumes");
	if (!json_object_is_type(volumes, json_type_array))
		volumes = none;
	json_object_array_sort(volumes, by_name);
	if (!*format && !flag_bool(a, "quiet"))
		format = str_or_empty(config_str(cli->config, "volumesFormat"));
	if (flag_bool(a, "quiet")) {
		format_quiet(volumes, "Name", false);
		return 0;
	}
	return format_list(&list, format, volumes);
}

static const struct flag_spec ls_flags[] = {
	{"filter", 'f', FLAG_LIST, "Provide filter values (e.g. \"dangling=true\")", .word = "filter",
	 .check = filter_check},
	{"format", 0, FLAG_STR, HELP_FORMAT_TABLE},
	{"quiet", 'q', FLAG_BOOL, "Only display volume names"},
	{NULL},
};
const struct command cmd_volume_ls = {
	.name = "ls",
	.usage = "[OPTIONS]",
	.brief = "List volumes",
	.names = "list",
	.also = "volume ls, volume list",
	.flags = ls_flags,
	.run = run_ls,
};

static int run_create(struct cli *cli, struct args *a)
{
	_cleanup_json_ json_object *body = json_object_new_object(), *answer = NULL;
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	struct err e = ERR_INIT;
	struct client *c;

	if (a->rest[0] && flag_is_set(a, "name"))
		return cli_failf("conflicting options: cannot specify a volume name through both --name and as a "
				 "positional arg");
	put_str(body, "Driver", flag_str(a, "driver"));
	json_object_object_add(body, "DriverOpts", kv_object(flag_list(a, "opt")));
	json_object_object_add(body, "Labels", kv_object(flag_list(a, "label")));
	if (a->rest[0] || flag_is_set(a, "name"))
		put_str(body, "Name", a->rest[0] ? a->rest[0] : flag_str(a, "name"));
	template_print_json(&text, body, false, false);
	c = cli_client(cli, &e);
	if (!c || client_post(c, "/volumes/create", NULL, text.data, &answer, &e) < 0)
		return cli_fail(&e);
	cli_print_line(json_member_str(answer, "Name", ""));
	return 0;
}

static const struct flag_spec create_volume_flags[] = {
	{"driver", 'd', FLAG_STR, "Specify volume driver name", .def = "local"},
	{"label", 0, FLAG_LIST, "Set metadata for a volume", .check = run_check_label},
	{"name", 0, FLAG_STR, "Specify volume name", .hidden = true},
	{"opt", 'o', FLAG_LIST, "Set driver specific options", .word = "map", .def = "map[]"},
	{NULL},
};
const struct command cmd_volume_create = {
	.name = "create",
	.usage = "[OPTIONS] [VOLUME]",
	.brief = "Create a volume",
	.flags = create_volume_flags,
	.max_args = 1,
	.run = run_create,
};

static int run_inspect(struct cli *cli, struct args *a)
{
	return inspect_path(cli, a, "/volumes/%s", NULL, false);
}

static const struct flag_spec inspect_volume_flags[] = {
	{"format", 'f', FLAG_STR, HELP_FORMAT},
	{NULL},
};
const struct command cmd_volume_inspect = {
	.name = "inspect",
	.usage = "[OPTIONS] VOLUME [VOLUME...]",
	.brief = "Display detailed information on one or more volumes",
	.flags = inspect_volume_flags,
	.min_args = 1,
	.max_args = ARGS_ANY,
	.run = run_inspect,
};

static int remove_one(struct client *c, const char *name, void *user, struct err *e)
{
	_cleanup_free_ char *path = client_path("/volumes/%s", name);

	if (client_delete(c, path, user, NULL, e) < 0)
		return -1;
	cli_print_line(name);
	return 0;
}

static int run_rm(struct cli *cli, struct args *a)
{
	_cleanup_query_ struct query q = QUERY_INIT;

	query_add_flag(&q, "force", flag_bool(a, "force"));
	return cli_for_each(cli, a->rest, remove_one, &q);
}

static const struct flag_spec rm_flags[] = {
	{"force", 'f', FLAG_BOOL, "Force the removal of one or more volumes"},
	{NULL},
};
const struct command cmd_volume_rm = {
	.name = "rm",
	.usage = "[OPTIONS] VOLUME [VOLUME...]",
	.brief = "Remove one or more volumes",
	.text = "Remove one or more volumes. You cannot remove a volume that is in use by a container.",
	.names = "remove",
	.also = "volume rm, volume remove",
	.flags = rm_flags,
	.min_args = 1,
	.max_args = ARGS_ANY,
	.run = run_rm,
};
