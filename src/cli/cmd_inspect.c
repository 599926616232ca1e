/* SPDX-License-Identifier: Apache-2.0 */
/* inspect of any object, and the inspect of each noun. */
#include <string.h>

#include "base/mem.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "cli/commands.h"
#include "cli/filter.h"
#include "cli/format.h"
#include "cli/inspect.h"
#include "format/template/template.h"

struct kind {
	const char *type, *path;
	bool swarm; /* only asked when the engine is a manager */
	bool sized; /* takes size=1 */
};

/* In the order in which a bare name is looked up. */
static const struct kind kinds[] = {
	{.type = "container", .path = "/containers/%s/json", .sized = true},
	{.type = "image", .path = "/images/%s/json"},
	{.type = "network", .path = "/networks/%s"},
	{.type = "volume", .path = "/volumes/%s"},
	{.type = "service", .path = "/services/%s", .swarm = true},
	{.type = "task", .path = "/tasks/%s", .swarm = true},
	{.type = "node", .path = "/nodes/%s", .swarm = true},
	{.type = "plugin", .path = "/plugins/%s/json"},
	{.type = "secret", .path = "/secrets/%s", .swarm = true},
};

/* What Go's typed answers print for a null or absent member where the raw JSON would say "<no value>". */
static const char *null_text(const char *field)
{
	static const char *const maps[] = {"Labels",      "Volumes", "ExposedPorts", "Options",
					   "DriverOpts",  "Sysctls", "Tmpfs",        "StorageOpt",
					   "Annotations", "Ports",   "PortBindings", "Networks"};
	static const char *const pointers[] = {"Health",      "IPAMConfig",    "Init",         "OomKillDisable",
					       "PidsLimit",   "Healthcheck",   "StopTimeout",  "Data",
					       "BindOptions", "VolumeOptions", "TmpfsOptions", "Error"};

	for (size_t i = 0; i < ARRAY_SIZE(maps); i++)
		if (str_eq(maps[i], field))
			return "map[]";
	for (size_t i = 0; i < ARRAY_SIZE(pointers); i++)
		if (str_eq(pointers[i], field))
			return "<nil>";
	return "[]";
}

/* Members that the engine leaves out when they are empty: nil, not an error. */
static bool may_be_absent(const char *field)
{
	static const char *const names[] = {"Health",     "Healthcheck", "ExposedPorts", "Init",    "Annotations",
					    "StorageOpt", "Tmpfs",       "Sysctls",      "Runtime", "Mounts",
					    "StopSignal", "StopTimeout", "Shell",        "SizeRw",  "SizeRootFs",
					    "Parent",     "Config",      "RepoDigests"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (str_eq(names[i], field))
			return true;
	return false;
}

static const struct template_options inspect_options = {
	.null_text = null_text, .may_be_absent = may_be_absent, .fold_case = true};

/* Collects objects, then prints them all. */
struct output {
	struct template *t; /* NULL: JSON */
	bool json_lines;    /* --format json: an array in one line */
	struct strbuf text;
	size_t n;
};

static int output_add(struct output *o, json_object *doc, struct err *e)
{
	if (o->json_lines) {
		strbuf_add_char(&o->text, o->n ? ',' : '[');
		template_print_json(&o->text, doc, false, false);
	} else if (o->t) {
		int r = template_execute(o->t, doc, &inspect_options, &o->text, e);

		strbuf_add_char(&o->text, '\n');
		if (r < 0)
			return err_wrap(e, "template parsing error");
	} else {
		strbuf_add_str(&o->text, o->n ? ",\n    " : "[\n    ");
		format_json_indent(&o->text, doc, 1);
	}
	o->n++;
	return 0;
}

static void output_print(struct output *o)
{
	if (o->json_lines)
		strbuf_add_str(&o->text, o->n ? "]\n" : "[]\n");
	else if (!o->t)
		strbuf_add_str(&o->text, o->n ? "\n]\n" : "[]\n");
	cli_write(o->text.data, o->text.len);
	fflush(stdout);
}

int inspect_print(char *const *names, const char *format,
		  int (*get)(const char *name, void *user, json_object **ret, struct err *e), void *user)
{
	struct output o = {.text = STRBUF_INIT, .json_lines = str_eq(format, "json")};
	_cleanup_strv_ char **errors = NULL;
	struct err e = ERR_INIT;
	int code = 0;

	if (*format && !o.json_lines && template_parse(format, &o.t, &e) < 0) {
		err_wrap(&e, "template parsing error");
		cli_fail(&e);
		return 64;
	}
	STRV_FOREACH (name, names) {
		_cleanup_json_ json_object *doc = NULL;

		err_clear(&e);
		if (get(*name, user, &doc, &e) == 0 && output_add(&o, doc, &e) == 0)
			continue;
		strv_add(&errors, e.msg);
		if (doc)
			break; /* a template that fails once fails always */
	}
	output_print(&o);
	strbuf_done(&o.text);
	template_free(o.t);
	STRV_FOREACH (msg, errors)
		code = cli_failf("%s", *msg);
	return code;
}

struct lookup {
	struct client *client;
	const struct query *query;
	const char *path; /* one kind */
	const char *type; /* --type, or "" for any */
	bool size;
	int manager; /* -1: not asked yet */
};

static int get_one(struct lookup *l, const char *path, bool size, const char *name, json_object **ret, struct err *e)
{
	_cleanup_free_ char *full = client_path(path, name);
	_cleanup_query_ struct query q = QUERY_INIT;

	query_add_flag(&q, "size", size);
	return client_get(l->client, full, l->query ? l->query : &q, ret, e);
}

static bool is_manager(struct lookup *l)
{
	_cleanup_json_ json_object *info = NULL;

	if (l->manager < 0) {
		l->manager = 0;
		if (client_get(l->client, "/info", NULL, &info, NULL) == 0)
			l->manager = json_member_bool(json_member(info, "Swarm"), "ControlAvailable", false);
	}
	return l->manager > 0;
}

static int get_path(const char *name, void *user, json_object **ret, struct err *e)
{
	struct lookup *l = user;

	return get_one(l, l->path, l->size, name, ret, e);
}

static bool is_missing(const struct err *e)
{
	return e->kind == ERR_NOT_FOUND || e->kind == ERR_UNSUPPORTED ||
	       strstr(e->msg, "This node is not a swarm manager");
}

static int get_any(const char *name, void *user, json_object **ret, struct err *e)
{
	struct lookup *l = user;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const struct kind *k = &kinds[i];
		struct err why = ERR_INIT;

		if (*l->type && !str_eq(l->type, k->type))
			continue;
		if (!*l->type && k->swarm && !is_manager(l))
			continue;
		if (get_one(l, k->path, l->size && k->sized, name, ret, &why) == 0)
			return 0;
		if (*l->type || !is_missing(&why)) {
			if (!*l->type && strstr(why.msg, "plugin"))
				continue;
			return err_set(e, why.kind, "%s", why.msg);
		}
	}
	return err_set(e, ERR_NOT_FOUND, "Error: No such object: %s", name);
}

int inspect_path(struct cli *cli, struct args *a, const char *path, const struct query *q, bool size)
{
	struct err e = ERR_INIT;
	struct lookup l = {.client = cli_client(cli, &e), .path = path, .query = q, .size = size};

	if (!l.client)
		return cli_fail(&e);
	return inspect_print(a->rest, flag_str(a, "format"), get_path, &l);
}

static int run_inspect(struct cli *cli, struct args *a)
{
	struct err e = ERR_INIT;
	struct lookup l = {.type = flag_str(a, "type"), .size = flag_bool(a, "size"), .manager = -1};
	bool known = !*l.type;

	if (flag_is_set(a, "type") && !*l.type)
		return cli_failf("type is empty: must be one of \"container\", \"image\", \"network\", \"volume\", "
				 "\"service\", \"task\", \"node\", \"plugin\", \"secret\"");
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		known |= str_eq(kinds[i].type, l.type);
	if (!known)
		return cli_failf("unknown type: \"%s\": must be one of \"config\", \"container\", \"image\", "
				 "\"network\", \"node\", \"plugin\", \"secret\", \"service\", \"task\", \"volume\"",
				 l.type);
	l.client = cli_client(cli, &e);
	if (!l.client)
		return cli_fail(&e);
	return inspect_print(a->rest, flag_str(a, "format"), get_any, &l);
}

static const struct flag_spec inspect_flags[] = {
	{"format", 'f', FLAG_STR, HELP_FORMAT},
	{"size", 's', FLAG_BOOL, "Display total file sizes if the type is container"},
	{"type", 0, FLAG_STR, "Only inspect objects of the given type"},
	{NULL},
};
const struct command cmd_inspect = {
	.name = "inspect",
	.usage = "[OPTIONS] NAME|ID [NAME|ID...]",
	.brief = "Return low-level information on Docker objects",
	.flags = inspect_flags,
	.min_args = 1,
	.max_args = ARGS_ANY,
	.run = run_inspect,
};

static int run_container_inspect(struct cli *cli, struct args *a)
{
	return inspect_path(cli, a, "/containers/%s/json", NULL, flag_bool(a, "size"));
}

static const struct flag_spec container_inspect_flags[] = {
	{"format", 'f', FLAG_STR, HELP_FORMAT},
	{"size", 's', FLAG_BOOL, "Display total file sizes"},
	{NULL},
};
const struct command cmd_container_inspect = {
	.name = "inspect",
	.usage = "[OPTIONS] CONTAINER [CONTAINER...]",
	.brief = "Display detailed information on one or more containers",
	.flags = container_inspect_flags,
	.min_args = 1,
	.max_args = ARGS_ANY,
	.run = run_container_inspect,
};

static int run_image_inspect(struct cli *cli, struct args *a)
{
	return inspect_path(cli, a, "/images/%s/json", NULL, false);
}

static const struct flag_spec plain_flags[] = {
	{"format", 'f', FLAG_STR, HELP_FORMAT},
	{NULL},
};
const struct command cmd_image_inspect = {
	.name = "inspect",
	.usage = "[OPTIONS] IMAGE [IMAGE...]",
	.brief = "Display detailed information on one or more images",
	.flags = plain_flags,
	.min_args = 1,
	.max_args = ARGS_ANY,
	.run = run_image_inspect,
};
