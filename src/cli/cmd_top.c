/* SPDX-License-Identifier: Apache-2.0 */
/* top and port: what runs in a container and what of it is published. */
#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "cli/commands.h"
#include "cli/table.h"

static void add_row(struct strbuf *out, json_object *cells)
{
	for (size_t i = 0; cells && i < json_object_array_length(cells); i++)
		strbuf_addf(out, "%s%s", i ? "\t" : "", json_object_get_string(json_object_array_get_idx(cells, i)));
	strbuf_add_char(out, '\n');
}

static int run_top(struct cli *cli, struct args *a)
{
	_cleanup_free_ char *path = client_path("/containers/%s/top", a->rest[0]), *ps = strv_join(a->rest + 1, " ");
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT, out = STRBUF_INIT;
	_cleanup_query_ struct query q = QUERY_INIT;
	_cleanup_json_ json_object *answer = NULL;
	json_object *rows;
	struct err e = ERR_INIT;
	struct client *c = cli_client(cli, &e);

	if (*ps)
		query_add(&q, "ps_args", ps);
	if (!c || client_get(c, path, &q, &answer, &e) < 0)
		return cli_fail(&e);
	add_row(&text, json_member(answer, "Titles"));
	rows = json_member(answer, "Processes");
	for (size_t i = 0; rows && i < json_object_array_length(rows); i++)
		add_row(&text, json_object_array_get_idx(rows, i));
	table_align(&out, text.data, text.len, (struct table_layout){.min_width = 20, .padding = 3});
	cli_write(out.data, out.len);
	return 0;
}

const struct command cmd_top = {
	.name = "top",
	.usage = "CONTAINER [ps OPTIONS]",
	.brief = "Display the running processes of a container",
	.also = "container top, top",
	.min_args = 1,
	.max_args = ARGS_ANY,
	.stop_at_arg = true,
	.run = run_top,
};

/* "0.0.0.0:80", "[::]:80" */
static char *address(json_object *binding)
{
	const char *ip = json_member_str(binding, "HostIp", ""), *port = json_member_str(binding, "HostPort", "");

	return xasprintf(strchr(ip, ':') ? "[%s]:%s" : "%s:%s", ip, port);
}

/* The bindings of one port ("80/tcp"), each a line behind prefix. */
static void add_bindings(char ***lines, const char *prefix, json_object *bindings)
{
	for (size_t i = 0; bindings && i < json_object_array_length(bindings); i++) {
		_cleanup_free_ char *text = address(json_object_array_get_idx(bindings, i));

		strv_addf(lines, "%s%s", prefix, text);
	}
}

/* By port number, then text. */
static int compare_ports(const void *x, const void *y)
{
	const char *a = *(char *const *)x, *b = *(char *const *)y;
	long na = strtol(a, NULL, 10), nb = strtol(b, NULL, 10);

	return na != nb ? (na < nb ? -1 : 1) : strcmp(a, b);
}

static int run_port(struct cli *cli, struct args *a)
{
	_cleanup_free_ char *path = client_path("/containers/%s/json", a->rest[0]), *key = NULL;
	_cleanup_json_ json_object *info = NULL;
	_cleanup_strv_ char **lines = strv_new();
	json_object *ports;
	struct err e = ERR_INIT;
	struct client *c = cli_client(cli, &e);

	if (!c || client_get(c, path, NULL, &info, &e) < 0)
		return cli_fail(&e);
	ports = json_member(json_member(info, "NetworkSettings"), "Ports");
	if (a->rest[1]) {
		const char *slash = strchr(a->rest[1], '/');
		_cleanup_free_ char *number =
			slash ? xstrndup(a->rest[1], (size_t)(slash - a->rest[1])) : xstrdup(a->rest[1]);
		uint32_t port;

		if (parse_u32(number, &port) < 0 || port > 65535)
			return cli_failf("Error: invalid port (%s): strconv.ParseUint: parsing \"%s\": invalid syntax",
					 number, number);
		key = xasprintf("%u/%s", port, slash && slash[1] ? slash + 1 : "tcp");
		add_bindings(&lines, "", json_member(ports, key));
		if (!*lines)
			return cli_failf("Error: No public port '%s' published for %s", a->rest[1], a->rest[0]);
	} else if (json_object_is_type(ports, json_type_object)) {
		json_object_object_foreach(ports, name, bindings)
		{
			_cleanup_free_ char *prefix = xasprintf("%s -> ", name);

			add_bindings(&lines, prefix, bindings);
		}
		qsort(lines, strv_len(lines), sizeof(*lines), compare_ports);
	}
	STRV_FOREACH (l, lines)
		cli_print_line(*l);
	return 0;
}

const struct command cmd_port = {
	.name = "port",
	.usage = "CONTAINER [PRIVATE_PORT[/PROTO]]",
	.brief = "List port mappings or a specific mapping for the container",
	.also = "container port, port",
	.min_args = 1,
	.max_args = 2,
	.run = run_port,
};
