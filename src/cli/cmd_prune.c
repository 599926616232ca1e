/* SPDX-License-Identifier: Apache-2.0 */
/* container prune, image prune, network prune, volume prune, system prune. */
#include <string.h>

#include "base/mem.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "cli/commands.h"
#include "cli/filter.h"
#include "cli/human.h"

/* One POST …/prune: what it deleted is printed under a heading; the space it freed is added. */
static int prune(struct cli *cli, const char *noun, char *const *filters, const char *extra, const char *heading,
		 const char *member, double *space, struct err *e)
{
	_cleanup_query_ struct query q = QUERY_INIT;
	_cleanup_json_ json_object *answer = NULL;
	_cleanup_free_ char *path = xasprintf("/%s/prune", noun);
	struct client *c = cli_client(cli, e);
	json_object *deleted;
	size_t n;

	if (!c || filter_add(&q, filters, extra, e) < 0 || client_post(c, path, &q, NULL, &answer, e) < 0)
		return -1;
	deleted = json_member(answer, member);
	n = json_object_is_type(deleted, json_type_array) ? json_object_array_length(deleted) : 0;
	if (n)
		cli_printf("%s\n", heading);
	for (size_t i = 0; i < n; i++) {
		json_object *item = json_object_array_get_idx(deleted, i);
		const char *untagged = json_member_str(item, "Untagged", NULL);

		if (json_object_is_type(item, json_type_string))
			cli_print_line(json_object_get_string(item));
		else if (untagged)
			cli_printf("untagged: %s\n", untagged);
		else
			cli_printf("deleted: %s\n", json_member_str(item, "Deleted", json_member_str(item, "ID", "")));
	}
	if (n)
		cli_print("\n");
	*space += (double)json_member_int(answer, "SpaceReclaimed", 0);
	return 0;
}

static void print_space(double space)
{
	_cleanup_free_ char *size = human_size(space, 4);

	cli_printf("Total reclaimed space: %s\n", size);
}

static bool agreed(const struct args *a, const char *warning)
{
	_cleanup_free_ char *text = NULL;

	if (flag_bool(a, "force"))
		return true;
	text = xasprintf("WARNING! %s\nAre you sure you want to continue?", warning);
	return cli_confirm(text);
}

static int run_container_prune(struct cli *cli, struct args *a)
{
	struct err e = ERR_INIT;
	double space = 0;

	if (!agreed(a, "This will remove all stopped containers."))
		return cli_failf("container prune has been cancelled");
	if (prune(cli, "containers", flag_list(a, "filter"), NULL, "Deleted Containers:", "ContainersDeleted", &space,
		  &e) < 0)
		return cli_fail(&e);
	print_space(space);
	return 0;
}

static int run_image_prune(struct cli *cli, struct args *a)
{
	struct err e = ERR_INIT;
	double space = 0;
	bool all = flag_bool(a, "all");

	if (!agreed(a, all ? "This will remove all images without at least one container associated to them."
			   : "This will remove all dangling images."))
		return cli_failf("image prune has been cancelled");
	if (prune(cli, "images", flag_list(a, "filter"), all ? "dangling=false" : "dangling=true",
		  "Deleted Images:", "ImagesDeleted", &space, &e) < 0)
		return cli_fail(&e);
	print_space(space);
	return 0;
}

static int run_network_prune(struct cli *cli, struct args *a)
{
	struct err e = ERR_INIT;
	double space = 0;

	if (!agreed(a, "This will remove all custom networks not used by at least one container."))
		return cli_failf("network prune has been cancelled");
	if (prune(cli, "networks", flag_list(a, "filter"), NULL, "Deleted Networks:", "NetworksDeleted", &space, &e) <
	    0)
		return cli_fail(&e);
	return 0;
}

static int run_volume_prune(struct cli *cli, struct args *a)
{
	struct err e = ERR_INIT;
	double space = 0;
	bool all = flag_bool(a, "all");

	if (!agreed(a, all ? "This will remove all local volumes not used by at least one container."
			   : "This will remove anonymous local volumes not used by at least one container."))
		return cli_failf("volume prune has been cancelled");
	if (prune(cli, "volumes", flag_list(a, "filter"), all ? "all=true" : NULL, "Deleted Volumes:", "VolumesDeleted",
		  &space, &e) < 0)
		return cli_fail(&e);
	print_space(space);
	return 0;
}

static bool system_agreed(const struct args *a)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;

	if (flag_bool(a, "force"))
		return true;
	strbuf_add_str(&text, "WARNING! This will remove:\n  - all stopped containers\n"
			      "  - all networks not used by at least one container\n");
	if (flag_bool(a, "volumes"))
		strbuf_add_str(&text, "  - all anonymous volumes not used by at least one container\n");
	strbuf_add_str(&text, flag_bool(a, "all") ? "  - all images without at least one container associated to them\n"
						  : "  - all dangling images\n");
	strbuf_add_str(&text, flag_bool(a, "all") ? "  - all build cache\n" : "  - unused build cache\n");
	strbuf_add_str(&text, "\nAre you sure you want to continue?");
	return cli_confirm(text.data);
}

static int run_system_prune(struct cli *cli, struct args *a)
{
	char *const *filters = flag_list(a, "filter");
	struct err e = ERR_INIT;
	double space = 0;

	if (!system_agreed(a))
		return cli_failf("system prune has been cancelled");
	if (prune(cli, "containers", filters, NULL, "Deleted Containers:", "ContainersDeleted", &space, &e) < 0)
		return cli_fail(&e);
	/* parts that an engine does not have have nothing to prune */
	if (prune(cli, "networks", filters, NULL, "Deleted Networks:", "NetworksDeleted", &space, &e) < 0 &&
	    e.kind != ERR_UNSUPPORTED)
		return cli_fail(&e);
	if (flag_bool(a, "volumes") &&
	    prune(cli, "volumes", filters, NULL, "Deleted Volumes:", "VolumesDeleted", &space, &e) < 0 &&
	    e.kind != ERR_UNSUPPORTED)
		return cli_fail(&e);
	if (prune(cli, "images", filters, flag_bool(a, "all") ? "dangling=false" : "dangling=true",
		  "Deleted Images:", "ImagesDeleted", &space, &e) < 0)
		return cli_fail(&e);
	if (prune(cli, "build", filters, NULL, "Deleted build cache objects:", "CachesDeleted", &space, &e) < 0 &&
	    e.kind != ERR_UNSUPPORTED)
		return cli_fail(&e);
	print_space(space);
	return 0;
}

#define FLAG_ROW_FORCE                                                                                                 \
	{                                                                                                              \
		"force", 'f', FLAG_BOOL, "Do not prompt for confirmation"                                              \
	}
#define FLAG_ROW_FILTER(example)                                                                                       \
	{                                                                                                              \
		"filter", 0, FLAG_LIST, "Provide filter values (e.g. \"" example "\")", .word = "filter",              \
											.check = filter_check          \
	}

static const struct flag_spec container_prune_flags[] = {FLAG_ROW_FILTER("until=<timestamp>"), FLAG_ROW_FORCE, {NULL}};
const struct command cmd_container_prune = {
	.name = "prune",
	.usage = "[OPTIONS]",
	.brief = "Remove all stopped containers",
	.flags = container_prune_flags,
	.run = run_container_prune,
};

static const struct flag_spec image_prune_flags[] = {
	{"all", 'a', FLAG_BOOL, "Remove all unused images, not just dangling ones"},
	FLAG_ROW_FILTER("until=<timestamp>"),
	FLAG_ROW_FORCE,
	{NULL}};
const struct command cmd_image_prune = {
	.name = "prune",
	.usage = "[OPTIONS]",
	.brief = "Remove unused images",
	.flags = image_prune_flags,
	.run = run_image_prune,
};
const struct command cmd_network_prune = {
	.name = "prune",
	.usage = "[OPTIONS]",
	.brief = "Remove all unused networks",
	.flags = container_prune_flags,
	.run = run_network_prune,
};

static const struct flag_spec volume_prune_flags[] = {
	{"all", 'a', FLAG_BOOL, "Remove all unused volumes, not just anonymous ones"},
	FLAG_ROW_FILTER("label=<label>"),
	FLAG_ROW_FORCE,
	{NULL}};
const struct command cmd_volume_prune = {
	.name = "prune",
	.usage = "[OPTIONS]",
	.brief = "Remove unused local volumes",
	.flags = volume_prune_flags,
	.run = run_volume_prune,
};

static const struct flag_spec system_prune_flags[] = {
	{"all", 'a', FLAG_BOOL, "Remove all unused images not just dangling ones"},
	FLAG_ROW_FILTER("label=<key>=<value>"),
	FLAG_ROW_FORCE,
	{"volumes", 0, FLAG_BOOL, "Prune anonymous volumes"},
	{NULL}};
const struct command cmd_system_prune = {
	.name = "prune",
	.usage = "[OPTIONS]",
	.brief = "Remove unused data",
	.flags = system_prune_flags,
	.run = run_system_prune,
};
