/* SPDX-License-Identifier: Apache-2.0 */
/* ps and container ls: what each column shows. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "cli/columns.h"
#include "cli/commands.h"
#include "cli/filter.h"
#include "cli/human.h"
#include "format/oci/reference.h"
#include "format/template/template.h"

static const char *raw_str(const struct row *r, const char *key)
{
	return json_member_str(r->raw, key, "");
}

static json_object *col_id(const struct row *r)
{
	return r->trunc ? col_take(human_short_id(raw_str(r, "Id"))) : col_str(raw_str(r, "Id"));
}

/* Names without the leading slash; links ("/a/b") only with --no-trunc. */
static json_object *col_names(const struct row *r)
{
	json_object *names = json_member(r->raw, "Names");
	_cleanup_strv_ char **out = strv_new();
	_cleanup_free_ char *joined = NULL;

	for (size_t i = 0; names && i < json_object_array_length(names); i++) {
		const char *name = json_object_get_string(json_object_array_get_idx(names, i));

		name += *name == '/';
		if (r->trunc && strchr(name, '/'))
			continue;
		strv_add(&out, name);
		if (r->trunc)
			break;
	}
	joined = strv_join(out, ",");
	return col_str(joined);
}

static json_object *col_image(const struct row *r)
{
	const char *image = raw_str(r, "Image");
	_cleanup_free_ char *short_image = human_short_id(image), *short_id = human_short_id(raw_str(r, "ImageID"));
	_cleanup_reference_ struct reference ref = {.domain = NULL};

	if (!*image)
		return col_str("<no image>");
	if (!r->trunc)
		return col_str(image);
	if (str_eq(short_image, short_id))
		return col_str(short_id);
	if (strchr(image, '@') && reference_parse(image, &ref, NULL) == 0 &&
	    ref.tag) { /* name:tag of name:tag@digest */
		free_and_set(&ref.digest, NULL);
		return col_take(reference_familiar(&ref));
	}
	return col_str(image);
}

static json_object *col_command(const struct row *r)
{
	_cleanup_free_ char *cut =
		r->trunc ? human_ellipsis(raw_str(r, "Command"), 20) : xstrdup(raw_str(r, "Command"));
	_cleanup_json_ json_object *text = json_object_new_string(cut);
	_cleanup_strbuf_ struct strbuf quoted = STRBUF_INIT;

	template_print_json(&quoted, text, false, false);
	return col_str(quoted.data);
}

static json_object *col_created_at(const struct row *r)
{
	return col_take(human_time(json_member_int(r->raw, "Created", 0) * NS_PER_SEC));
}

static json_object *col_running_for(const struct row *r)
{
	_cleanup_free_ char *age = human_duration(r->now_ns - json_member_int(r->raw, "Created", 0) * NS_PER_SEC);

	return col_take(xasprintf("%s ago", age));
}

static json_object *col_ports(const struct row *r)
{
	return col_take(format_ports(json_member(r->raw, "Ports")));
}

static json_object *col_state(const struct row *r)
{
	return col_str(raw_str(r, "State"));
}

static json_object *col_status(const struct row *r)
{
	return col_str(raw_str(r, "Status"));
}

static json_object *col_size(const struct row *r)
{
	int64_t root = json_member_int(r->raw, "SizeRootFs", 0);
	_cleanup_free_ char *own = human_size((double)json_member_int(r->raw, "SizeRw", 0), 3);
	_cleanup_free_ char *all = human_size((double)root, 3);

	return root > 0 ? col_take(xasprintf("%s (virtual %s)", own, all)) : col_str(own);
}

static json_object *col_labels(const struct row *r)
{
	return col_take(format_labels(json_member(r->raw, "Labels")));
}

static json_object *col_mounts(const struct row *r)
{
	json_object *mounts = json_member(r->raw, "Mounts");
	_cleanup_strv_ char **out = strv_new();

	for (size_t i = 0; mounts && i < json_object_array_length(mounts); i++) {
		json_object *m = json_object_array_get_idx(mounts, i);
		const char *name = json_member_str(m, "Name", "");
		_cleanup_free_ char *shown = NULL;

		if (!*name)
			name = json_member_str(m, "Source", "");
		shown = r->trunc ? human_ellipsis(name, 15) : xstrdup(name);
		strv_add(&out, shown);
	}
	return col_take(strv_join(out, ","));
}

static json_object *col_local_volumes(const struct row *r)
{
	json_object *mounts = json_member(r->raw, "Mounts");
	int n = 0;

	for (size_t i = 0; mounts && i < json_object_array_length(mounts); i++)
		n += str_eq(json_member_str(json_object_array_get_idx(mounts, i), "Driver", ""), "local");
	return col_take(xasprintf("%d", n));
}

static json_object *col_networks(const struct row *r)
{
	json_object *networks = json_member(json_member(r->raw, "NetworkSettings"), "Networks");
	_cleanup_strv_ char **names = strv_new();

	if (json_object_is_type(networks, json_type_object)) {
		json_object_object_foreach(networks, name, value)
		{
			(void)value;
			strv_add(&names, name);
		}
	}
	strv_sort(names);
	return col_take(strv_join(names, ","));
}

static json_object *col_platform(const struct row *r)
{
	json_object *p = json_member(json_member(r->raw, "ImageManifestDescriptor"), "platform");

	return json_object_get(p);
}

const struct column container_columns[] = {
	{"ID", "CONTAINER ID", col_id},
	{"Names", "NAMES", col_names},
	{"Image", "IMAGE", col_image},
	{"Command", "COMMAND", col_command},
	{"CreatedAt", "CREATED AT", col_created_at},
	{"RunningFor", "CREATED", col_running_for},
	{"Ports", "PORTS", col_ports},
	{"State", "STATE", col_state},
	{"Status", "STATUS", col_status},
	{"Size", "SIZE", col_size},
	{"Labels", "LABELS", col_labels},
	{"Mounts", "MOUNTS", col_mounts},
	{"LocalVolumes", "LOCAL VOLUMES", col_local_volumes},
	{"Networks", "NETWORKS", col_networks},
	{"Platform", "PLATFORM", col_platform},
	{NULL},
};

/* --- ports --- */

struct port {
	const char *ip, *type;
	int64_t private_port, public_port;
};

static int compare_port(const void *x, const void *y)
{
	const struct port *a = x, *b = y;
	int r;

	if (a->private_port != b->private_port)
		return a->private_port < b->private_port ? -1 : 1;
	r = strcmp(a->ip, b->ip);
	if (r)
		return r;
	if (a->public_port != b->public_port)
		return a->public_port < b->public_port ? -1 : 1;
	return strcmp(a->type, b->type);
}

struct port_group {
	const struct port *of;
	int64_t first, last;
};

static void add_group(char ***out, const struct port_group *g)
{
	_cleanup_free_ char *range = g->first == g->last ? xasprintf("%" PRId64, g->first)
							 : xasprintf("%" PRId64 "-%" PRId64, g->first, g->last);

	if (!*g->of->ip)
		strv_addf(out, "%s/%s", range, g->of->type);
	else
		strv_addf(out, strchr(g->of->ip, ':') ? "[%s]:%s->%s/%s" : "%s:%s->%s/%s", g->of->ip, range, range,
			  g->of->type);
}

/* Ports that follow each other with the same address and protocol become a range; a port published under another number
 * stands alone, behind the ranges. */
char *format_ports(json_object *ports)
{
	size_t n = json_object_is_type(ports, json_type_array) ? json_object_array_length(ports) : 0, n_groups = 0;
	struct port *list = xnew_array(struct port, n + 1);
	struct port_group *groups = xnew_array(struct port_group, n + 1);
	_cleanup_strv_ char **out = strv_new(), **mapped = strv_new();

	for (size_t i = 0; i < n; i++) {
		json_object *p = json_object_array_get_idx(ports, i);

		list[i] = (struct port){.ip = json_member_str(p, "IP", ""),
					.type = json_member_str(p, "Type", ""),
					.private_port = json_member_int(p, "PrivatePort", 0),
					.public_port = json_member_int(p, "PublicPort", 0)};
	}
	qsort(list, n, sizeof(*list), compare_port);
	for (size_t i = 0; i < n; i++) {
		struct port *p = &list[i];
		struct port_group *g = NULL;

		if (*p->ip && p->public_port != p->private_port) {
			strv_addf(&mapped,
				  strchr(p->ip, ':') ? "[%s]:%" PRId64 "->%" PRId64 "/%s"
						     : "%s:%" PRId64 "->%" PRId64 "/%s",
				  p->ip, p->public_port, p->private_port, p->type);
			continue;
		}
		for (size_t k = 0; k < n_groups && !g; k++)
			if (str_eq(groups[k].of->ip, p->ip) && str_eq(groups[k].of->type, p->type))
				g = &groups[k];
		if (g && p->private_port == g->last + 1) {
			g->last++;
		} else if (g) {
			add_group(&out, g);
			g->first = g->last = p->private_port;
		} else {
			groups[n_groups++] =
				(struct port_group){.of = p, .first = p->private_port, .last = p->private_port};
		}
	}
	for (size_t k = 0; k < n_groups; k++)
		add_group(&out, &groups[k]);
	strv_extend(&out, mapped);
	free(list);
	free(groups);
	return strv_join(out, ", ");
}

/* --- the command --- */

#define PS_TABLE "{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}"

static int run_ps(struct cli *cli, struct args *a)
{
	struct listing list = {.columns = container_columns,
			       .type_name = "*formatter.ContainerContext",
			       .table = PS_TABLE,
			       .no_trunc = flag_bool(a, "no-trunc")};
	const char *format = flag_str(a, "format");
	_cleanup_query_ struct query q = QUERY_INIT;
	_cleanup_json_ json_object *answer = NULL;
	struct err e = ERR_INIT;
	int64_t last = flag_bool(a, "latest") && !flag_is_set(a, "last") ? 1 : flag_num(a, "last");
	bool size = flag_bool(a, "size");
	struct client *c;

	if (!*format && !flag_bool(a, "quiet"))
		format = str_or_empty(config_str(cli->config, "psFormat"));
	if ((strstr(format, ".Size") || strstr(format, "json .}}")) && !flag_is_set(a, "size"))
		size = true;
	if (flag_bool(a, "quiet") && !*format)
		size = false;
	query_add_flag(&q, "all", flag_bool(a, "all"));
	if (filter_add(&q, flag_list(a, "filter"), NULL, &e) < 0)
		return cli_fail(&e);
	if (last > 0)
		query_add_int(&q, "limit", last);
	query_add_flag(&q, "size", size);
	c = cli_client(cli, &e);
	if (!c || client_get(c, "/containers/json", &q, &answer, &e) < 0)
		return cli_fail(&e);
	if (flag_bool(a, "quiet")) {
		format_quiet(answer, "Id", !flag_bool(a, "no-trunc"));
		return 0;
	}
	if (flag_bool(a, "size"))
		list.table = PS_TABLE "\t{{.Size}}";
	return format_list(&list, format, answer);
}

static const struct flag_spec ps_flags[] = {
	{"all", 'a', FLAG_BOOL, "Show all containers (default shows just running)"},
	{"filter", 'f', FLAG_LIST, "Filter output based on conditions provided", .word = "filter",
	 .check = filter_check},
	{"format", 0, FLAG_STR, HELP_FORMAT_TABLE},
	{"last", 'n', FLAG_INT, "Show n last created containers (includes all states)", .def = "-1"},
	{"latest", 'l', FLAG_BOOL, "Show the latest created container (includes all states)"},
	{"no-trunc", 0, FLAG_BOOL, "Don't truncate output"},
	{"quiet", 'q', FLAG_BOOL, "Only display container IDs"},
	{"size", 's', FLAG_BOOL, "Display total file sizes"},
	{NULL},
};
#define PS_ALSO "container ls, container list, container ps, ps"
const struct command cmd_ps = {
	.name = "ps",
	.usage = "[OPTIONS]",
	.brief = "List containers",
	.also = PS_ALSO,
	.flags = ps_flags,
	.run = run_ps,
	.section = SECTION_COMMON,
};
const struct command cmd_container_ls = {
	.name = "ls",
	.usage = "[OPTIONS]",
	.brief = "List containers",
	.names = "list,ps",
	.also = PS_ALSO,
	.flags = ps_flags,
	.run = run_ps,
};
