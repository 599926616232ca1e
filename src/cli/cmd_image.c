/* SPDX-License-Identifier: Apache-2.0 */
/* load, save, import, tag, rmi, history. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "cli/commands.h"
#include "cli/filter.h"
#include "cli/format.h"
#include "cli/human.h"
#include "cli/progress.h"
#include "cli/save_file.h"
#include "cli/user_file.h"
#include "format/oci/reference.h"

/* --- save (and export): an answer's body into a file or stdout --- */

int save_reply(struct reply *r, const char *output, struct err *e)
{
	_cleanup_free_ char *buf = xmalloc(64 * 1024), *temp = NULL;
	_cleanup_close_ int file = -1;
	int fd = STDOUT_FILENO, w = 0;
	ssize_t n;

	if (*output) {
		/* a whole file or none: it takes its name when all of it is there */
		temp = xasprintf("%s.part-%d", output, (int)getpid());
		file = user_file_create(temp, 0600, true, e);
		if (file < 0)
			return -1;
		fd = file;
	}
	while ((n = reply_read(r, buf, 64 * 1024, e)) > 0 || (n == 0 && !r->ended)) {
		w = fd_write_full(fd, buf, (size_t)n);
		if (w < 0)
			break;
	}
	if (w < 0 || n < 0) {
		if (temp)
			unlink(temp);
		return w < 0 ? err_sys(e, -w, "write %s", *output ? output : "to stdout") : -1;
	}
	if (temp && rename(temp, output) < 0) {
		int errnum = errno;

		unlink(temp);
		return err_sys(e, errnum, "rename to %s", output);
	}
	return 0;
}

int save_check_output(const char *output, const char *what, struct err *e)
{
	_cleanup_free_ char *dir = NULL;
	struct stat st;
	char *slash;

	if (!*output && isatty(STDOUT_FILENO))
		return err_set(e, ERR_INVALID, "cowardly refusing to %.*s to a terminal. Use the -o flag or redirect",
			       (int)strcspn(what, " "), what);
	if (*output && stat(output, &st) == 0 && S_ISDIR(st.st_mode))
		return err_set(e, ERR_INVALID, "failed to %s: cannot write to a directory", what);
	dir = *output ? xstrdup(output) : NULL;
	slash = dir ? strrchr(dir, '/') : NULL;
	if (slash)
		*slash = 0;
	if (slash && slash > dir && stat(dir, &st) < 0)
		return user_file_error(e, errno, "failed to %s: invalid output path: stat %s", what, dir);
	return 0;
}

static int run_save(struct cli *cli, struct args *a)
{
	_cleanup_query_ struct query q = QUERY_INIT;
	_cleanup_reply_ struct reply r = REPLY_INIT;
	const char *output = flag_str(a, "output");
	struct err e = ERR_INIT;
	struct client *c;

	if (save_check_output(output, "save image", &e) < 0)
		return cli_fail(&e);
	STRV_FOREACH (name, a->rest)
		query_add(&q, "names", *name);
	if (*flag_str(a, "platform"))
		return cli_failf("save --platform is not supported");
	c = cli_client(cli, &e);
	if (!c || client_call(c, &(struct call){.method = "GET", .path = "/images/get", .query = &q}, &r, &e) < 0 ||
	    save_reply(&r, output, &e) < 0)
		return cli_fail(&e);
	return 0;
}

static const struct flag_spec save_flags[] = {
	{"output", 'o', FLAG_STR, "Write to a file, instead of STDOUT"},
	{"platform", 0, FLAG_STR,
	 "Save only the given platform variant. Formatted as \"os[/arch[/variant]]\" (e.g., \"linux/amd64\")"},
	{NULL},
};
const struct command cmd_save = {
	.name = "save",
	.usage = "[OPTIONS] IMAGE [IMAGE...]",
	.brief = "Save one or more images to a tar archive (streamed to STDOUT by default)",
	.also = "image save, save",
	.flags = save_flags,
	.min_args = 1,
	.max_args = ARGS_ANY,
	.run = run_save,
};

/* --- load --- */

static int open_input(const char *path, struct err *e)
{
	int fd;

	if (*path)
		return user_file_open(path, e);
	if (isatty(STDIN_FILENO))
		return err_set(e, ERR_INVALID, "requested load from stdin, but stdin is empty");
	fd = fd_dup(STDIN_FILENO); /* never 0: a call's body_fd of 0 means none */
	if (fd < 0)
		return err_sys(e, -fd, "cannot read stdin");
	return fd;
}

static int run_load(struct cli *cli, struct args *a)
{
	_cleanup_query_ struct query q = QUERY_INIT;
	_cleanup_reply_ struct reply r = REPLY_INIT;
	_cleanup_close_ int fd = -1;
	struct err e = ERR_INIT;
	struct client *c;
	bool quiet = flag_bool(a, "quiet") || !isatty(STDOUT_FILENO);

	if (*flag_str(a, "platform"))
		return cli_failf("load --platform is not supported");
	fd = open_input(flag_str(a, "input"), &e);
	if (fd < 0)
		return cli_fail(&e);
	query_add_flag(&q, "quiet", quiet);
	c = cli_client(cli, &e);
	if (!c ||
	    client_call(c, &(struct call){.method = "POST", .path = "/images/load", .query = &q, .body_fd = fd}, &r,
			&e) < 0 ||
	    progress_show(&r, stdout, &e) < 0)
		return cli_fail(&e);
	return 0;
}

static const struct flag_spec load_flags[] = {
	{"input", 'i', FLAG_STR, "Read from tar archive file, instead of STDIN"},
	{"platform", 0, FLAG_STR,
	 "Load only the given platform variant. Formatted as \"os[/arch[/variant]]\" (e.g., \"linux/amd64\")"},
	{"quiet", 'q', FLAG_BOOL, "Suppress the load output"},
	{NULL},
};
const struct command cmd_load = {
	.name = "load",
	.usage = "[OPTIONS]",
	.brief = "Load an image from a tar archive or STDIN",
	.also = "image load, load",
	.flags = load_flags,
	.run = run_load,
};

/* --- import --- */

static int run_import(struct cli *cli, struct args *a)
{
	_cleanup_query_ struct query q = QUERY_INIT;
	_cleanup_reply_ struct reply r = REPLY_INIT;
	_cleanup_close_ int fd = -1;
	_cleanup_reference_ struct reference ref = {.domain = NULL};
	const char *source = a->rest[0], *repo = str_or_empty(a->rest[1]);
	bool url = str_starts(source, "http://") || str_starts(source, "https://");
	struct call call = {.method = "POST", .path = "/images/create", .query = &q};
	struct err e = ERR_INIT;
	struct client *c;

	if (*repo && reference_parse(repo, &ref, &e) < 0)
		return cli_fail(&e);
	if (!url) {
		fd = open_input(str_eq(source, "-") ? "" : source, &e);
		if (fd < 0)
			return cli_fail(&e);
		call.body_fd = fd;
	}
	STRV_FOREACH (change, flag_list(a, "change"))
		query_add(&q, "changes", *change);
	query_add(&q, "fromSrc", url ? source : "-");
	query_add(&q, "message", flag_str(a, "message"));
	if (*flag_str(a, "platform"))
		query_add(&q, "platform", flag_str(a, "platform"));
	query_add(&q, "repo", repo);
	c = cli_client(cli, &e);
	if (!c || client_call(c, &call, &r, &e) < 0 || progress_show(&r, stdout, &e) < 0)
		return cli_fail(&e);
	return 0;
}

static const struct flag_spec import_flags[] = {
	{"change", 'c', FLAG_LIST, "Apply Dockerfile instruction to the created image"},
	{"message", 'm', FLAG_STR, "Set commit message for imported image"},
	{"platform", 0, FLAG_STR, "Set platform if server is multi-platform capable"},
	{NULL},
};
const struct command cmd_import = {
	.name = "import",
	.usage = "[OPTIONS] file|URL|- [REPOSITORY[:TAG]]",
	.brief = "Import the contents from a tarball to create a filesystem image",
	.also = "image import, import",
	.flags = import_flags,
	.min_args = 1,
	.max_args = 2,
	.run = run_import,
};

/* --- tag --- */

static int run_tag(struct cli *cli, struct args *a)
{
	_cleanup_reference_ struct reference ref = {.domain = NULL};
	_cleanup_free_ char *path = client_path("/images/%s/tag", a->rest[0]), *repo = NULL;
	_cleanup_query_ struct query q = QUERY_INIT;
	struct err e = ERR_INIT;
	struct client *c;

	if (reference_parse(a->rest[1], &ref, &e) < 0) {
		_cleanup_free_ char *why = xstrdup(e.msg);

		return cli_failf("Error parsing reference: \"%s\" is not a valid repository/tag: %s", a->rest[1], why);
	}
	if (ref.digest)
		return cli_failf("refusing to create a tag with a digest reference");
	reference_default_tag(&ref);
	repo = reference_name(&ref);
	query_add(&q, "repo", repo);
	query_add(&q, "tag", ref.tag);
	c = cli_client(cli, &e);
	if (!c || client_post(c, path, &q, NULL, NULL, &e) < 0)
		return cli_fail(&e);
	return 0;
}

const struct command cmd_tag = {
	.name = "tag",
	.usage = "SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]",
	.brief = "Create a tag TARGET_IMAGE that refers to SOURCE_IMAGE",
	.also = "image tag, tag",
	.min_args = 2,
	.max_args = 2,
	.run = run_tag,
};

/* --- rmi --- */

struct removal {
	const struct query *query;
	bool force;
};

static int remove_image(struct client *c, const char *name, void *user, struct err *e)
{
	const struct removal *r = user;
	_cleanup_free_ char *path = client_path("/images/%s", name);
	_cleanup_json_ json_object *answer = NULL;

	if (client_delete(c, path, r->query, &answer, e) < 0) {
		if (!r->force || e->kind != ERR_NOT_FOUND)
			return -1;
		cli_fail(e);
		err_clear(e);
		return 0;
	}
	for (size_t i = 0; answer && i < json_object_array_length(answer); i++) {
		json_object *item = json_object_array_get_idx(answer, i);
		const char *deleted = json_member_str(item, "Deleted", NULL);

		cli_printf(deleted ? "Deleted: %s\n" : "Untagged: %s\n",
			   deleted ? deleted : json_member_str(item, "Untagged", ""));
	}
	return 0;
}

static int run_rmi(struct cli *cli, struct args *a)
{
	_cleanup_query_ struct query q = QUERY_INIT;

	if (flag_list(a, "platform"))
		return cli_failf("rmi --platform is not supported");
	query_add_flag(&q, "force", flag_bool(a, "force"));
	query_add_flag(&q, "noprune", flag_bool(a, "no-prune"));
	return cli_for_each(cli, a->rest, remove_image, &(struct removal){.query = &q, .force = flag_bool(a, "force")});
}

static const struct flag_spec rmi_flags[] = {
	{"force", 'f', FLAG_BOOL, "Force removal of the image"},
	{"no-prune", 0, FLAG_BOOL, "Do not delete untagged parents"},
	{"platform", 0, FLAG_STRINGS,
	 "Remove only the given platform variant. Formatted as \"os[/arch[/variant]]\" (e.g., \"linux/amd64\")"},
	{NULL},
};
const struct command cmd_rmi = {
	.name = "rmi",
	.usage = "[OPTIONS] IMAGE [IMAGE...]",
	.brief = "Remove one or more images",
	.also = "image rm, image remove, rmi",
	.flags = rmi_flags,
	.min_args = 1,
	.max_args = ARGS_ANY,
	.run = run_rmi,
};
const struct command cmd_image_rm = {
	.name = "rm",
	.usage = "[OPTIONS] IMAGE [IMAGE...]",
	.brief = "Remove one or more images",
	.names = "remove",
	.also = "image rm, image remove, rmi",
	.flags = rmi_flags,
	.min_args = 1,
	.max_args = ARGS_ANY,
	.run = run_rmi,
};

/* --- history --- */

static json_object *hist_id(const struct row *r)
{
	const char *id = json_member_str(r->raw, "Id", "");

	return r->trunc && !str_eq(id, "<missing>") ? col_take(human_short_id(id)) : col_str(id);
}

static json_object *hist_created_at(const struct row *r)
{
	char s[RFC3339_MAX];
	time_t t = (time_t)json_member_int(r->raw, "Created", 0);
	struct tm tm;
	size_t n;

	localtime_r(&t, &tm);
	n = strftime(s, sizeof(s), "%Y-%m-%dT%H:%M:%S%z", &tm);
	if (str_ends(s, "+0000")) {
		memcpy(s + n - 5, "Z", 2);
	} else if (n > 2) {
		memmove(s + n - 1, s + n - 2, 3);
		s[n - 2] = ':';
	}
	return col_str(s);
}

static json_object *hist_created_since(const struct row *r)
{
	int64_t created = json_member_int(r->raw, "Created", 0);
	_cleanup_free_ char *age = human_duration(r->now_ns - created * NS_PER_SEC);

	if (!r->human)
		return hist_created_at(r);
	return created <= 0 ? col_str("N/A") : col_take(xasprintf("%s ago", age));
}

static json_object *hist_created_by(const struct row *r)
{
	_cleanup_free_ char *s = xstrdup(json_member_str(r->raw, "CreatedBy", ""));

	for (char *p = s; *p; p++)
		*p = *p == '\t' ? ' ' : *p;
	return r->trunc ? col_take(human_ellipsis(s, 45)) : col_str(s);
}

static json_object *hist_size(const struct row *r)
{
	int64_t n = json_member_int(r->raw, "Size", 0);

	return r->human ? col_take(human_size((double)n, 3)) : col_take(xasprintf("%lld", (long long)n));
}

static json_object *hist_comment(const struct row *r)
{
	return col_str(json_member_str(r->raw, "Comment", ""));
}

static const struct column history_columns[] = {
	{"ID", "IMAGE", hist_id},
	{"CreatedSince", "CREATED", hist_created_since, "CREATED AT"},
	{"CreatedAt", "CREATED AT", hist_created_at},
	{"CreatedBy", "CREATED BY", hist_created_by},
	{"Size", "SIZE", hist_size},
	{"Comment", "COMMENT", hist_comment},
	{NULL},
};

static int run_history(struct cli *cli, struct args *a)
{
	struct listing list = {.columns = history_columns,
			       .type_name = "*image.historyContext",
			       .table = "{{.ID}}\t{{.CreatedSince}}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}",
			       .no_trunc = flag_bool(a, "no-trunc"),
			       .not_human = !flag_bool(a, "human")};
	_cleanup_free_ char *path = client_path("/images/%s/history", a->rest[0]);
	_cleanup_json_ json_object *answer = NULL;
	struct err e = ERR_INIT;
	struct client *c;

	if (*flag_str(a, "platform"))
		return cli_failf("history --platform is not supported");
	c = cli_client(cli, &e);
	if (!c || client_get(c, path, NULL, &answer, &e) < 0)
		return cli_fail(&e);
	if (flag_bool(a, "quiet")) {
		for (size_t i = 0; answer && i < json_object_array_length(answer); i++) {
			const char *id = json_member_str(json_object_array_get_idx(answer, i), "Id", "");
			_cleanup_free_ char *shown =
				flag_bool(a, "no-trunc") || str_eq(id, "<missing>") ? xstrdup(id) : human_short_id(id);

			cli_print_line(shown);
		}
		return 0;
	}
	return format_list(&list, flag_str(a, "format"), answer);
}

static const struct flag_spec history_flags[] = {
	{"format", 0, FLAG_STR, HELP_FORMAT_TABLE},
	{"human", 'H', FLAG_BOOL, "Print sizes and dates in human readable format", .def = "true"},
	{"no-trunc", 0, FLAG_BOOL, "Don't truncate output"},
	{"platform", 0, FLAG_STR,
	 "Show history for the given platform. Formatted as \"os[/arch[/variant]]\" (e.g., \"linux/amd64\")"},
	{"quiet", 'q', FLAG_BOOL, "Only show image IDs"},
	{NULL},
};
const struct command cmd_history = {
	.name = "history",
	.usage = "[OPTIONS] IMAGE",
	.brief = "Show the history of an image",
	.also = "image history, history",
	.flags = history_flags,
	.min_args = 1,
	.max_args = 1,
	.run = run_history,
};
