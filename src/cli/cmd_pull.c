/* SPDX-License-Identifier: Apache-2.0 */
/* pull and push, with credentials from config.json; run pulls through image_pull. */
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strutil.h"
#include "cli/commands.h"
#include "cli/image_pull.h"
#include "cli/progress.h"

static char *auth_header(struct cli *cli, const struct reference *ref)
{
	_cleanup_free_ char *name = reference_name(ref), *auth = config_registry_auth(cli->config, name);

	return xasprintf("X-Registry-Auth: %s", auth);
}

int image_pull(struct cli *cli, const struct reference *ref, const char *platform, bool all_tags, FILE *progress,
	       struct err *e)
{
	_cleanup_free_ char *header = auth_header(cli, ref), *name = reference_name(ref);
	_cleanup_query_ struct query q = QUERY_INIT;
	_cleanup_reply_ struct reply r = REPLY_INIT;
	struct client *c = cli_client(cli, e);

	if (!c)
		return -1;
	query_add(&q, "fromImage", name);
	if (!str_empty(platform))
		query_add(&q, "platform", platform);
	if (!all_tags)
		query_add(&q, "tag", ref->digest ? ref->digest : ref->tag);
	if (client_call(c, &(struct call){.method = "POST", .path = "/images/create", .query = &q, .header = header},
			&r, e) < 0)
		return -1;
	return progress_show(&r, progress, e);
}

static int run_pull(struct cli *cli, struct args *a)
{
	_cleanup_reference_ struct reference ref = {.domain = NULL};
	_cleanup_free_ char *full = NULL;
	struct err e = ERR_INIT;
	bool all = flag_bool(a, "all-tags"), quiet = flag_bool(a, "quiet");

	if (reference_parse(a->rest[0], &ref, &e) < 0)
		return cli_fail(&e);
	if (all && (ref.tag || ref.digest))
		return cli_failf("tag can't be used with --all-tags/-a");
	if (!all && !ref.tag && !ref.digest) {
		reference_default_tag(&ref);
		if (!quiet)
			cli_printf("Using default tag: %s\n", ref.tag);
	}
	fflush(stdout);
	if (image_pull(cli, &ref, flag_str(a, "platform"), all, quiet ? NULL : stdout, &e) < 0)
		return cli_fail(&e);
	full = reference_full(&ref);
	cli_printf("%s\n", full);
	return 0;
}

static int run_push(struct cli *cli, struct args *a)
{
	_cleanup_reference_ struct reference ref = {.domain = NULL};
	_cleanup_free_ char *header = NULL, *path = NULL, *name = NULL, *full = NULL;
	_cleanup_query_ struct query q = QUERY_INIT;
	_cleanup_reply_ struct reply r = REPLY_INIT;
	struct err e = ERR_INIT;
	bool all = flag_bool(a, "all-tags"), quiet = flag_bool(a, "quiet");
	struct client *c;

	if (reference_parse(a->rest[0], &ref, &e) < 0)
		return cli_fail(&e);
	if (all && ref.tag)
		return cli_failf("tag can't be used with --all-tags/-a");
	if (!all && !ref.tag && !ref.digest) {
		reference_default_tag(&ref);
		if (!quiet)
			cli_printf("Using default tag: %s\n", ref.tag);
	}
	c = cli_client(cli, &e);
	if (!c)
		return cli_fail(&e);
	header = auth_header(cli, &ref);
	name = reference_familiar_name(&ref);
	path = client_path("/images/%s/push", name);
	if (*flag_str(a, "platform"))
		return cli_failf("push --platform is not supported");
	if (!all)
		query_add(&q, "tag", ref.tag ? ref.tag : "");
	if (client_call(c, &(struct call){.method = "POST", .path = path, .query = &q, .header = header}, &r, &e) < 0 ||
	    progress_show(&r, quiet ? NULL : stdout, &e) < 0)
		return cli_fail(&e);
	full = reference_full(&ref);
	if (quiet)
		cli_print_line(full);
	return 0;
}

static const struct flag_spec pull_flags[] = {
	{"all-tags", 'a', FLAG_BOOL, "Download all tagged images in the repository"},
	{"disable-content-trust", 0, FLAG_BOOL, "Skip image verification", .def = "true"},
	{"platform", 0, FLAG_STR, "Set platform if server is multi-platform capable"},
	{"quiet", 'q', FLAG_BOOL, "Suppress verbose output"},
	{NULL},
};
const struct command cmd_pull = {
	.name = "pull",
	.usage = "[OPTIONS] NAME[:TAG|@DIGEST]",
	.brief = "Download an image from a registry",
	.also = "image pull, pull",
	.flags = pull_flags,
	.min_args = 1,
	.max_args = 1,
	.run = run_pull,
	.section = SECTION_COMMON,
};

static const struct flag_spec push_flags[] = {
	{"all-tags", 'a', FLAG_BOOL, "Push all tags of an image to the repository"},
	{"disable-content-trust", 0, FLAG_BOOL, "Skip image signing", .def = "true"},
	{"platform", 0, FLAG_STR, "Push a platform-specific manifest as a single-platform image to the registry"},
	{"quiet", 'q', FLAG_BOOL, "Suppress verbose output"},
	{NULL},
};
const struct command cmd_push = {
	.name = "push",
	.usage = "[OPTIONS] NAME[:TAG]",
	.brief = "Upload an image to a registry",
	.also = "image push, push",
	.flags = push_flags,
	.min_args = 1,
	.max_args = 1,
	.run = run_push,
	.section = SECTION_COMMON,
};
