/* SPDX-License-Identifier: Apache-2.0 */
/* images and image ls: one row for each name of an image. */
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "cli/columns.h"
#include "cli/commands.h"
#include "cli/filter.h"
#include "cli/human.h"
#include "cli/run.h"

static const char *raw_str(const struct row *r, const char *key)
{
	return json_member_str(r->raw, key, "");
}

static json_object *col_id(const struct row *r)
{
	return r->trunc ? col_take(human_short_id(raw_str(r, "Id"))) : col_str(raw_str(r, "Id"));
}

static json_object *col_repository(const struct row *r)
{
	return col_str(raw_str(r, "Repository"));
}

static json_object *col_tag(const struct row *r)
{
	return col_str(raw_str(r, "Tag"));
}

static json_object *col_digest(const struct row *r)
{
	return col_str(raw_str(r, "Digest"));
}

static json_object *col_created_since(const struct row *r)
{
	int64_t created = json_member_int(r->raw, "Created", 0);
	_cleanup_free_ char *age = human_duration(r->now_ns - created * NS_PER_SEC);

	if (created <= 0) /* images built without a date */
		return col_str("N/A");
	return col_take(xasprintf("%s ago", age));
}

static json_object *col_created_at(const struct row *r)
{
	return col_take(human_time(json_member_int(r->raw, "Created", 0) * NS_PER_SEC));
}

static json_object *col_size(const struct row *r)
{
	return col_take(human_size((double)json_member_int(r->raw, "Size", 0), 3));
}

static json_object *col_virtual(const struct row *r)
{
	return col_take(human_size((double)json_member_int(r->raw, "Size", 0), 4));
}

static json_object *count_or_na(int64_t n)
{
	return n < 0 ? col_str("N/A") : col_take(xasprintf("%" PRId64, n));
}

static json_object *col_containers(const struct row *r)
{
	return count_or_na(json_member_int(r->raw, "Containers", -1));
}

static json_object *col_shared(const struct row *r)
{
	int64_t n = json_member_int(r->raw, "SharedSize", -1);

	return n < 0 ? col_str("N/A") : col_take(human_size((double)n, 4));
}

static json_object *col_unique(const struct row *r)
{
	int64_t shared = json_member_int(r->raw, "SharedSize", -1), all = json_member_int(r->raw, "Size", -1);

	return shared < 0 || all < 0 ? col_str("N/A") : col_take(human_size((double)(all - shared), 4));
}

const struct column image_columns[] = {
	{"ID", "IMAGE ID", col_id},
	{"Repository", "REPOSITORY", col_repository},
	{"Tag", "TAG", col_tag},
	{"Digest", "DIGEST", col_digest},
	{"CreatedSince", "CREATED", col_created_since},
	{"CreatedAt", "CREATED AT", col_created_at},
	{"Size", "SIZE", col_size},
	{"Containers", "CONTAINERS", col_containers},
	{"VirtualSize", "SIZE", col_virtual},
	{"SharedSize", "SHARED SIZE", col_shared},
	{"UniqueSize", "UNIQUE SIZE", col_unique},
	{NULL},
};

static void add_row(json_object *rows, json_object *image, const char *repository, const char *tag, const char *digest)
{
	static const char *const copied[] = {"Id", "Created", "Size", "SharedSize", "Containers", "Labels"};
	json_object *row = json_object_new_object();

	for (size_t i = 0; i < ARRAY_SIZE(copied); i++)
		json_object_object_add(row, copied[i], json_object_get(json_member(image, copied[i])));
	put_str(row, "Repository", repository);
	put_str(row, "Tag", tag);
	put_str(row, "Digest", digest);
	json_object_array_add(rows, row);
}

/* The repository of "name:tag" or "name@digest"; *ret_rest is behind the separator. */
static char *split_name(const char *ref, const char **ret_rest)
{
	const char *at = strchr(ref, '@'), *colon = strrchr(ref, ':'), *slash = strrchr(ref, '/');
	const char *sep = at ? at : colon && (!slash || colon > slash) ? colon : NULL;

	*ret_rest = sep ? sep + 1 : "<none>";
	return sep ? xstrndup(ref, (size_t)(sep - ref)) : xstrdup(ref);
}

static size_t count(json_object *a)
{
	return json_object_is_type(a, json_type_array) ? json_object_array_length(a) : 0;
}

/* All rows of one image: each tag with each digest of its repository, digests without tag, or "<none>". */
static void add_image(json_object *rows, json_object *image, bool digests)
{
	json_object *tags = json_member(image, "RepoTags"), *sums = json_member(image, "RepoDigests");
	size_t before = json_object_array_length(rows);

	for (size_t i = 0; i < count(tags); i++) {
		const char *tag, *ref = json_object_get_string(json_object_array_get_idx(tags, i));
		_cleanup_free_ char *repository = split_name(ref, &tag);
		bool with_digest = false;

		if (str_eq(ref, "<none>:<none>"))
			continue;
		for (size_t k = 0; digests && k < count(sums); k++) {
			const char *digest;
			_cleanup_free_ char *name =
				split_name(json_object_get_string(json_object_array_get_idx(sums, k)), &digest);

			if (!str_eq(name, repository))
				continue;
			add_row(rows, image, repository, tag, digest);
			with_digest = true;
		}
		if (!with_digest)
			add_row(rows, image, repository, tag, "<none>");
	}
	for (size_t k = 0; json_object_array_length(rows) == before && k < count(sums); k++) {
		const char *digest;
		_cleanup_free_ char *name =
			split_name(json_object_get_string(json_object_array_get_idx(sums, k)), &digest);

		if (!str_eq(name, "<none>"))
			add_row(rows, image, name, "<none>", digests ? digest : "<none>");
		if (!digests)
			break;
	}
	if (json_object_array_length(rows) == before)
		add_row(rows, image, "<none>", "<none>", "<none>");
}

json_object *image_rows(json_object *images, bool digests, bool quiet)
{
	json_object *rows = json_object_new_array();

	(void)quiet;
	for (size_t i = 0; i < count(images); i++)
		add_image(rows, json_object_array_get_idx(images, i), digests);
	return rows;
}

static int run_images(struct cli *cli, struct args *a)
{
	struct listing list = {
		.columns = image_columns, .type_name = "*formatter.imageContext", .no_trunc = flag_bool(a, "no-trunc")};
	const char *format = flag_str(a, "format");
	_cleanup_query_ struct query q = QUERY_INIT;
	_cleanup_json_ json_object *answer = NULL, *rows = NULL;
	_cleanup_free_ char *reference = a->rest[0] ? xasprintf("reference=%s", a->rest[0]) : NULL;
	struct err e = ERR_INIT;
	bool digests;
	struct client *c;

	if (flag_bool(a, "tree"))
		return cli_failf("images --tree is not supported");
	if (!*format && !flag_bool(a, "quiet"))
		format = str_or_empty(config_str(cli->config, "imagesFormat"));
	digests = flag_bool(a, "digests") || strstr(format, ".Digest");
	query_add_flag(&q, "all", flag_bool(a, "all"));
	if (filter_add(&q, flag_list(a, "filter"), reference, &e) < 0)
		return cli_fail(&e);
	c = cli_client(cli, &e);
	if (!c || client_get(c, "/images/json", &q, &answer, &e) < 0)
		return cli_fail(&e);
	rows = image_rows(answer, digests, flag_bool(a, "quiet"));
	if (flag_bool(a, "quiet")) {
		format_quiet(rows, "Id", !flag_bool(a, "no-trunc"));
		return 0;
	}
	list.table = flag_bool(a, "digests")
			     ? "{{.Repository}}\t{{.Tag}}\t{{.Digest}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}"
			     : "{{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}";
	return format_list(&list, format, rows);
}

static const struct flag_spec images_flags[] = {
	{"all", 'a', FLAG_BOOL, "Show all images (default hides intermediate images)"},
	{"digests", 0, FLAG_BOOL, "Show digests"},
	{"filter", 'f', FLAG_LIST, "Filter output based on conditions provided", .word = "filter",
	 .check = filter_check},
	{"format", 0, FLAG_STR, HELP_FORMAT_TABLE},
	{"no-trunc", 0, FLAG_BOOL, "Don't truncate output"},
	{"quiet", 'q', FLAG_BOOL, "Only show image IDs"},
	{"tree", 0, FLAG_BOOL, "List multi-platform images as a tree (EXPERIMENTAL)"},
	{NULL},
};
#define IMAGES_ALSO "image ls, image list, images"
const struct command cmd_images = {
	.name = "images",
	.usage = "[OPTIONS] [REPOSITORY[:TAG]]",
	.brief = "List images",
	.also = IMAGES_ALSO,
	.flags = images_flags,
	.max_args = 1,
	.run = run_images,
	.section = SECTION_COMMON,
};
const struct command cmd_image_ls = {
	.name = "ls",
	.usage = "[OPTIONS] [REPOSITORY[:TAG]]",
	.brief = "List images",
	.names = "list",
	.also = IMAGES_ALSO,
	.flags = images_flags,
	.max_args = 1,
	.run = run_images,
};
