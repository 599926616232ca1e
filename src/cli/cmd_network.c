/* SPDX-License-Identifier: Apache-2.0 */
/* network: ls, create, inspect, connect, disconnect, rm. */
#include <string.h>

#include "base/clock.h"
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

/* --- ls --- */

static json_object *col_text(const struct row *r, const char *key)
{
	return col_str(json_member_str(r->raw, key, ""));
}

static json_object *col_bool(const struct row *r, const char *key)
{
	return col_str(json_member_bool(r->raw, key, false) ? "true" : "false");
}

static json_object *net_id(const struct row *r)
{
	const char *id = json_member_str(r->raw, "Id", "");

	return r->trunc ? col_take(human_short_id(id)) : col_str(id);
}

static json_object *net_name(const struct row *r)
{
	return col_text(r, "Name");
}

static json_object *net_driver(const struct row *r)
{
	return col_text(r, "Driver");
}

static json_object *net_scope(const struct row *r)
{
	return col_text(r, "Scope");
}

static json_object *net_ipv4(const struct row *r)
{
	return col_bool(r, "EnableIPv4");
}

static json_object *net_ipv6(const struct row *r)
{
	return col_bool(r, "EnableIPv6");
}

static json_object *net_internal(const struct row *r)
{
	return col_bool(r, "Internal");
}

static json_object *net_labels(const struct row *r)
{
	return col_take(format_labels(json_member(r->raw, "Labels")));
}

/* Go's time.Time.String in UTC: "2006-01-02 15:04:05.123456789 +0000 UTC". */
static json_object *net_created(const struct row *r)
{
	_cleanup_free_ char *s = xstrdup(json_member_str(r->raw, "Created", ""));
	char *t = strchr(s, 'T'), *z = strchr(s, 'Z');

	if (!t || !z)
		return col_str(s);
	*t = ' ';
	*z = 0;
	return col_take(xasprintf("%s +0000 UTC", s));
}

static const struct column network_columns[] = {
	{"ID", "NETWORK ID", net_id},
	{"Name", "NAME", net_name},
	{"Driver", "DRIVER", net_driver},
	{"Scope", "SCOPE", net_scope},
	{"IPv4", "IPV4", net_ipv4},
	{"IPv6", "IPV6", net_ipv6},
	{"Internal", "INTERNAL", net_internal},
	{"Labels", "LABELS", net_labels},
	{"CreatedAt", "CREATED AT", net_created},
	{NULL},
};

static int by_name(const void *x, const void *y)
{
	json_object *const *a = x, *const *b = y;

	return strcmp(json_member_str(*a, "Name", ""), json_member_str(*b, "Name", ""));
}

static int run_ls(struct cli *cli, struct args *a)
{
	struct listing list = {.columns = network_columns,
			       .type_name = "*network.networkContext",
			       .table = "{{.ID}}\t{{.Name}}\t{{.Driver}}\t{{.Scope}}",
			       .no_trunc = flag_bool(a, "no-trunc")};
	const char *format = flag_str(a, "format");
	_cleanup_query_ struct query q = QUERY_INIT;
	_cleanup_json_ json_object *answer = NULL;
	struct err e = ERR_INIT;
	struct client *c = cli_client(cli, &e);

	if (!c || filter_add(&q, flag_list(a, "filter"), NULL, &e) < 0 ||
	    client_get(c, "/networks", &q, &answer, &e) < 0)
		return cli_fail(&e);
	if (json_object_is_type(answer, json_type_array))
		json_object_array_sort(answer, by_name);
	if (!*format && !flag_bool(a, "quiet"))
		format = str_or_empty(config_str(cli->config, "networksFormat"));
	if (flag_bool(a, "quiet")) {
		format_quiet(answer, "Id", !flag_bool(a, "no-trunc"));
		return 0;
	}
	return format_list(&list, format, answer);
}

static const struct flag_spec ls_flags[] = {
	{"filter", 'f', FLAG_LIST, "Provide filter values (e.g. \"driver=bridge\")", .word = "filter",
	 .check = filter_check},
	{"format", 0, FLAG_STR, HELP_FORMAT_TABLE},
	{"no-trunc", 0, FLAG_BOOL, "Do not truncate the output"},
	{"quiet", 'q', FLAG_BOOL, "Only display network IDs"},
	{NULL},
};
const struct command cmd_network_ls = {
	.name = "ls",
	.usage = "[OPTIONS]",
	.brief = "List networks",
	.names = "list",
	.also = "network ls, network list",
	.flags = ls_flags,
	.run = run_ls,
};

/* --- create --- */

/* One address pool for each subnet, with the gateway, range and auxiliary addresses given in the same order. */
static json_object *ipam(const struct args *a)
{
	json_object *o = json_object_new_object(), *pools = json_object_new_array();
	char *const *subnets = flag_list(a, "subnet"), *const *gateways = flag_list(a, "gateway");
	char *const *ranges = flag_list(a, "ip-range"), *const *aux = flag_list(a, "aux-address");
	size_t n_gateways = strv_len(gateways), n_ranges = strv_len(ranges), i = 0;

	STRV_FOREACH (s, subnets) {
		json_object *pool = json_object_new_object();

		put_str(pool, "Subnet", *s);
		if (i < n_ranges)
			put_str(pool, "IPRange", ranges[i]);
		if (i < n_gateways)
			put_str(pool, "Gateway", gateways[i]);
		if (i == 0 && aux)
			json_object_object_add(pool, "AuxiliaryAddresses", kv_object(aux));
		json_object_array_add(pools, pool);
		i++;
	}
	put_str(o, "Driver", flag_str(a, "ipam-driver"));
	json_object_object_add(o, "Options", kv_object(flag_list(a, "ipam-opt")));
	json_object_object_add(o, "Config", pools);
	return o;
}

static int run_create(struct cli *cli, struct args *a)
{
	_cleanup_json_ json_object *body = json_object_new_object(), *answer = NULL;
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	struct err e = ERR_INIT;
	struct client *c;

	if (strv_len(flag_list(a, "gateway")) > strv_len(flag_list(a, "subnet")) ||
	    strv_len(flag_list(a, "ip-range")) > strv_len(flag_list(a, "subnet")))
		return cli_failf("every ip-range or gateway must have a corresponding subnet");
	put_str(body, "Name", a->rest[0]);
	put_str(body, "Driver", flag_str(a, "driver"));
	put_str(body, "Scope", flag_str(a, "scope"));
	if (flag_is_set(a, "ipv4"))
		put_bool(body, "EnableIPv4", flag_bool(a, "ipv4"));
	if (flag_is_set(a, "ipv6"))
		put_bool(body, "EnableIPv6", flag_bool(a, "ipv6"));
	json_object_object_add(body, "IPAM", ipam(a));
	put_bool(body, "Internal", flag_bool(a, "internal"));
	put_bool(body, "Attachable", flag_bool(a, "attachable"));
	put_bool(body, "Ingress", flag_bool(a, "ingress"));
	put_bool(body, "ConfigOnly", flag_bool(a, "config-only"));
	if (*flag_str(a, "config-from")) {
		json_object *from = json_object_new_object();

		put_str(from, "Network", flag_str(a, "config-from"));
		json_object_object_add(body, "ConfigFrom", from);
	}
	json_object_object_add(body, "Options", kv_object(flag_list(a, "opt")));
	json_object_object_add(body, "Labels", kv_object(flag_list(a, "label")));
	template_print_json(&text, body, false, false);
	c = cli_client(cli, &e);
	if (!c || client_post(c, "/networks/create", NULL, text.data, &answer, &e) < 0)
		return cli_fail(&e);
	if (*json_member_str(answer, "Warning", ""))
		cli_warn("WARNING: %s", json_member_str(answer, "Warning", ""));
	cli_print_line(json_member_str(answer, "Id", ""));
	return 0;
}

static const struct flag_spec create_network_flags[] = {
	{"attachable", 0, FLAG_BOOL, "Enable manual container attachment"},
	{"aux-address", 0, FLAG_LIST, "Auxiliary IPv4 or IPv6 addresses used by Network driver", .word = "map",
	 .def = "map[]"},
	{"config-from", 0, FLAG_STR, "The network from which to copy the configuration"},
	{"config-only", 0, FLAG_BOOL, "Create a configuration only network"},
	{"driver", 'd', FLAG_STR, "Driver to manage the Network", .def = "bridge"},
	{"gateway", 0, FLAG_STRINGS, "IPv4 or IPv6 Gateway for the master subnet"},
	{"ingress", 0, FLAG_BOOL, "Create swarm routing-mesh network"},
	{"internal", 0, FLAG_BOOL, "Restrict external access to the network"},
	{"ip-range", 0, FLAG_STRINGS, "Allocate container ip from a sub-range"},
	{"ipam-driver", 0, FLAG_STR, "IP Address Management Driver", .def = "default"},
	{"ipam-opt", 0, FLAG_LIST, "Set IPAM driver specific options", .word = "map", .def = "map[]"},
	{"ipv4", 0, FLAG_BOOL, "Enable or disable IPv4 address assignment", .def = "true"},
	{"ipv6", 0, FLAG_BOOL, "Enable or disable IPv6 address assignment"},
	{"label", 0, FLAG_LIST, "Set metadata on a network", .check = run_check_label},
	{"opt", 'o', FLAG_LIST, "Set driver specific options", .word = "map", .def = "map[]"},
	{"scope", 0, FLAG_STR, "Control the network's scope"},
	{"subnet", 0, FLAG_STRINGS, "Subnet in CIDR format that represents a network segment"},
	{NULL},
};
const struct command cmd_network_create = {
	.name = "create",
	.usage = "[OPTIONS] NETWORK",
	.brief = "Create a network",
	.flags = create_network_flags,
	.min_args = 1,
	.max_args = 1,
	.run = run_create,
};

/* --- inspect --- */

static int run_inspect(struct cli *cli, struct args *a)
{
	_cleanup_query_ struct query q = QUERY_INIT;

	if (flag_bool(a, "verbose"))
		query_add(&q, "verbose", "true");
	return inspect_path(cli, a, "/networks/%s", &q, false);
}

static const struct flag_spec inspect_network_flags[] = {
	{"format", 'f', FLAG_STR, HELP_FORMAT},
	{"verbose", 'v', FLAG_BOOL, "Verbose output for diagnostics"},
	{NULL},
};
const struct command cmd_network_inspect = {
	.name = "inspect",
	.usage = "[OPTIONS] NETWORK [NETWORK...]",
	.brief = "Display detailed information on one or more networks",
	.flags = inspect_network_flags,
	.min_args = 1,
	.max_args = ARGS_ANY,
	.run = run_inspect,
};

/* --- connect, disconnect --- */

static int post(struct cli *cli, const char *network, const char *verb, json_object *body)
{
	_cleanup_free_ char *base = client_path("/networks/%s", network), *path = xasprintf("%s/%s", base, verb);
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	struct err e = ERR_INIT;
	struct client *c = cli_client(cli, &e);

	template_print_json(&text, body, false, false);
	if (!c || client_post(c, path, NULL, text.data, NULL, &e) < 0)
		return cli_fail(&e);
	return 0;
}

static int run_connect(struct cli *cli, struct args *a)
{
	_cleanup_json_ json_object *body = json_object_new_object();
	json_object *ep = json_object_new_object(), *addresses = json_object_new_object();

	put_str(body, "Container", a->rest[1]);
	json_object_object_add(body, "EndpointConfig", ep);
	if (*flag_str(a, "ip"))
		put_str(addresses, "IPv4Address", flag_str(a, "ip"));
	if (*flag_str(a, "ip6"))
		put_str(addresses, "IPv6Address", flag_str(a, "ip6"));
	if (flag_list(a, "link-local-ip"))
		put_strv(addresses, "LinkLocalIPs", flag_list(a, "link-local-ip"));
	json_object_object_add(ep, "IPAMConfig", addresses);
	put_strv(ep, "Links", flag_list(a, "link"));
	put_strv(ep, "Aliases", flag_list(a, "alias"));
	json_object_object_add(ep, "DriverOpts", kv_object(flag_list(a, "driver-opt")));
	put_int(ep, "GwPriority", flag_num(a, "gw-priority"));
	return post(cli, a->rest[0], "connect", body);
}

static const struct flag_spec connect_flags[] = {
	{"alias", 0, FLAG_STRINGS, "Add network-scoped alias for the container"},
	{"driver-opt", 0, FLAG_STRINGS, "driver options for the network"},
	{"gw-priority", 0, FLAG_INT,
	 "Highest gw-priority provides the default gateway. Accepts positive and negative values."},
	{"ip", 0, FLAG_STR, "IPv4 address (e.g., \"172.30.100.104\")"},
	{"ip6", 0, FLAG_STR, "IPv6 address (e.g., \"2001:db8::33\")"},
	{"link", 0, FLAG_LIST, "Add link to another container", .check = run_check_link},
	{"link-local-ip", 0, FLAG_STRINGS, "Add a link-local address for the container"},
	{NULL},
};
const struct command cmd_network_connect = {
	.name = "connect",
	.usage = "[OPTIONS] NETWORK CONTAINER",
	.brief = "Connect a container to a network",
	.flags = connect_flags,
	.min_args = 2,
	.max_args = 2,
	.run = run_connect,
};

static int run_disconnect(struct cli *cli, struct args *a)
{
	_cleanup_json_ json_object *body = json_object_new_object();

	put_str(body, "Container", a->rest[1]);
	put_bool(body, "Force", flag_bool(a, "force"));
	return post(cli, a->rest[0], "disconnect", body);
}

static const struct flag_spec disconnect_flags[] = {
	{"force", 'f', FLAG_BOOL, "Force the container to disconnect from a network"},
	{NULL},
};
const struct command cmd_network_disconnect = {
	.name = "disconnect",
	.usage = "[OPTIONS] NETWORK CONTAINER",
	.brief = "Disconnect a container from a network",
	.flags = disconnect_flags,
	.min_args = 2,
	.max_args = 2,
	.run = run_disconnect,
};

/* --- rm --- */

static int remove_one(struct client *c, const char *name, void *user, struct err *e)
{
	_cleanup_free_ char *path = client_path("/networks/%s", name);
	const bool *force = user;

	if (client_delete(c, path, NULL, NULL, e) < 0) {
		if (!*force || e->kind != ERR_NOT_FOUND)
			return -1;
		err_clear(e);
		return 0;
	}
	cli_print_line(name);
	return 0;
}

static int run_rm(struct cli *cli, struct args *a)
{
	bool force = flag_bool(a, "force");

	return cli_for_each(cli, a->rest, remove_one, &force);
}

static const struct flag_spec rm_flags[] = {
	{"force", 'f', FLAG_BOOL, "Do not error if the network does not exist"},
	{NULL},
};
const struct command cmd_network_rm = {
	.name = "rm",
	.usage = "NETWORK [NETWORK...]",
	.brief = "Remove one or more networks",
	.names = "remove",
	.also = "network rm, network remove",
	.flags = rm_flags,
	.min_args = 1,
	.max_args = ARGS_ANY,
	.run = run_rm,
};
