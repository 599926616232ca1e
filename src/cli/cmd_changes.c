/* SPDX-License-Identifier: Apache-2.0 */
/* What a container made of its files: diff, export, commit; and update of its limits. */
#include <string.h>

#include "base/mem.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "cli/commands.h"
#include "cli/format.h"
#include "cli/run.h"
#include "cli/save_file.h"
#include "format/oci/reference.h"
#include "format/template/template.h"

static int run_diff(struct cli *cli, struct args *a)
{
	_cleanup_free_ char *path = client_path("/containers/%s/changes", a->rest[0]);
	_cleanup_json_ json_object *answer = NULL;
	struct err e = ERR_INIT;
	struct client *c = cli_client(cli, &e);

	if (!c || client_get(c, path, NULL, &answer, &e) < 0)
		return cli_fail(&e);
	for (size_t i = 0; answer && i < json_object_array_length(answer); i++) {
		json_object *o = json_object_array_get_idx(answer, i);
		int64_t kind = json_member_int(o, "Kind", 0);

		cli_printf("%c %s\n", kind == 1 ? 'A' : kind == 2 ? 'D' : 'C', json_member_str(o, "Path", ""));
	}
	return 0;
}

const struct command cmd_diff = {
	.name = "diff",
	.usage = "CONTAINER",
	.brief = "Inspect changes to files or directories on a container's filesystem",
	.also = "container diff, diff",
	.min_args = 1,
	.max_args = 1,
	.run = run_diff,
};

static int run_export(struct cli *cli, struct args *a)
{
	_cleanup_free_ char *path = client_path("/containers/%s/export", a->rest[0]);
	_cleanup_reply_ struct reply r = REPLY_INIT;
	const char *output = flag_str(a, "output");
	struct err e = ERR_INIT;
	struct client *c;

	if (save_check_output(output, "export container", &e) < 0)
		return cli_fail(&e);
	c = cli_client(cli, &e);
	if (!c || client_call(c, &(struct call){.method = "GET", .path = path}, &r, &e) < 0 ||
	    save_reply(&r, output, &e) < 0)
		return cli_fail(&e);
	return 0;
}

static const struct flag_spec export_flags[] = {
	{"output", 'o', FLAG_STR, "Write to a file, instead of STDOUT"},
	{NULL},
};
const struct command cmd_export = {
	.name = "export",
	.usage = "[OPTIONS] CONTAINER",
	.brief = "Export a container's filesystem as a tar archive",
	.also = "container export, export",
	.flags = export_flags,
	.min_args = 1,
	.max_args = 1,
	.run = run_export,
};

static int run_commit(struct cli *cli, struct args *a)
{
	_cleanup_reference_ struct reference ref = {.domain = NULL};
	_cleanup_free_ char *repo = NULL;
	_cleanup_query_ struct query q = QUERY_INIT;
	_cleanup_json_ json_object *answer = NULL;
	struct err e = ERR_INIT;
	struct client *c;

	if (a->rest[1]) {
		if (reference_parse(a->rest[1], &ref, &e) < 0)
			return cli_fail(&e);
		if (ref.digest)
			return cli_failf("cannot commit to digest reference");
		reference_default_tag(&ref);
		repo = reference_name(&ref);
	}
	query_add(&q, "author", flag_str(a, "author"));
	STRV_FOREACH (change, flag_list(a, "change"))
		query_add(&q, "changes", *change);
	query_add(&q, "comment", flag_str(a, "message"));
	query_add(&q, "container", a->rest[0]);
	if (!flag_bool(a, "pause"))
		query_add(&q, "pause", "0");
	if (repo) {
		query_add(&q, "repo", repo);
		query_add(&q, "tag", ref.tag);
	}
	c = cli_client(cli, &e);
	if (!c || client_post(c, "/commit", &q, NULL, &answer, &e) < 0)
		return cli_fail(&e);
	cli_print_line(json_member_str(answer, "Id", ""));
	return 0;
}

static const struct flag_spec commit_flags[] = {
	{"author", 'a', FLAG_STR, "Author (e.g., \"John Hannibal Smith <hannibal@a-team.com>\")"},
	{"change", 'c', FLAG_LIST, "Apply Dockerfile instruction to the created image"},
	{"message", 'm', FLAG_STR, "Commit message"},
	{"pause", 'p', FLAG_BOOL, "Pause container during commit", .def = "true"},
	{NULL},
};
const struct command cmd_commit = {
	.name = "commit",
	.usage = "[OPTIONS] CONTAINER [REPOSITORY[:TAG]]",
	.brief = "Create a new image from a container's changes",
	.also = "container commit, commit",
	.flags = commit_flags,
	.min_args = 1,
	.max_args = 2,
	.run = run_commit,
};

static int update_one(struct client *c, const char *name, void *user, struct err *e)
{
	_cleanup_free_ char *path = client_path("/containers/%s/update", name);
	_cleanup_json_ json_object *answer = NULL;
	json_object *warnings;

	if (client_post(c, path, NULL, user, &answer, e) < 0)
		return -1;
	warnings = json_member(answer, "Warnings");
	for (size_t i = 0; warnings && i < json_object_array_length(warnings); i++)
		cli_warn("%s", json_object_get_string(json_object_array_get_idx(warnings, i)));
	cli_print_line(name);
	return 0;
}

static int run_update(struct cli *cli, struct args *a)
{
	static const struct {
		const char *flag, *key;
	} numbers[] = {{"blkio-weight", "BlkioWeight"},
		       {"cpu-period", "CpuPeriod"},
		       {"cpu-quota", "CpuQuota"},
		       {"cpu-rt-period", "CpuRealtimePeriod"},
		       {"cpu-rt-runtime", "CpuRealtimeRuntime"},
		       {"cpu-shares", "CpuShares"},
		       {"cpus", "NanoCpus"},
		       {"memory", "Memory"},
		       {"memory-reservation", "MemoryReservation"},
		       {"memory-swap", "MemorySwap"}};
	_cleanup_json_ json_object *body = json_object_new_object();
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	const char *restart = flag_str(a, "restart"), *colon = strchr(restart, ':');
	json_object *policy = json_object_new_object();
	_cleanup_free_ char *name = colon ? xstrndup(restart, (size_t)(colon - restart)) : xstrdup(restart);
	int32_t retries = 0;
	bool any = false;

	for (const struct flag_spec *f = a->specs; f->name; f++)
		any |= flag_is_set(a, f->name);
	json_object_object_add(body, "RestartPolicy", policy);
	if (!any)
		return cli_failf("you must provide one or more flags when using this command");
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		put_int(body, numbers[i].key, flag_num(a, numbers[i].flag));
	put_str(body, "CpusetCpus", flag_str(a, "cpuset-cpus"));
	put_str(body, "CpusetMems", flag_str(a, "cpuset-mems"));
	if (flag_is_set(a, "pids-limit"))
		put_int(body, "PidsLimit", flag_num(a, "pids-limit"));
	if (colon && parse_i32(colon + 1, &retries) < 0)
		return cli_failf("invalid restart policy format: maximum retry count must be an integer");
	put_str(policy, "Name", name);
	put_int(policy, "MaximumRetryCount", retries);
	template_print_json(&text, body, false, false);
	return cli_for_each(cli, a->rest, update_one, text.data);
}

static const struct flag_spec update_flags[] = {
	{"blkio-weight", 0, FLAG_UINT16, "Block IO (relative weight), between 10 and 1000, or 0 to disable",
	 .def = "0"},
	{"cpu-period", 0, FLAG_INT, "Limit CPU CFS (Completely Fair Scheduler) period"},
	{"cpu-quota", 0, FLAG_INT, "Limit CPU CFS (Completely Fair Scheduler) quota"},
	{"cpu-rt-period", 0, FLAG_INT, "Limit the CPU real-time period in microseconds"},
	{"cpu-rt-runtime", 0, FLAG_INT, "Limit the CPU real-time runtime in microseconds"},
	{"cpu-shares", 'c', FLAG_INT, "CPU shares (relative weight)"},
	{"cpus", 0, FLAG_CPUS, "Number of CPUs"},
	{"cpuset-cpus", 0, FLAG_STR, "CPUs in which to allow execution (0-3, 0,1)"},
	{"cpuset-mems", 0, FLAG_STR, "MEMs in which to allow execution (0-3, 0,1)"},
	{"memory", 'm', FLAG_BYTES, "Memory limit"},
	{"memory-reservation", 0, FLAG_BYTES, "Memory soft limit"},
	{"memory-swap", 0, FLAG_SWAP, "Swap limit equal to memory plus swap: -1 to enable unlimited swap"},
	{"pids-limit", 0, FLAG_INT, "Tune container pids limit (set -1 for unlimited)"},
	{"restart", 0, FLAG_STR, "Restart policy to apply when a container exits"},
	{NULL},
};
const struct command cmd_update = {
	.name = "update",
	.usage = "[OPTIONS] CONTAINER [CONTAINER...]",
	.brief = "Update configuration of one or more containers",
	.also = "container update, update",
	.flags = update_flags,
	.min_args = 1,
	.max_args = ARGS_ANY,
	.run = run_update,
};
