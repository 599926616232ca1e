/* SPDX-License-Identifier: Apache-2.0 */
/* run and create: the image if it is missing, the container, its streams, its exit code. */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/random.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "cli/attach.h"
#include "cli/commands.h"
#include "cli/image_pull.h"
#include "cli/run.h"
#include "cli/user_file.h"
#include "format/template/template.h"

/* "docker: why\n\nRun 'docker run --help' for more information", exit 125. */
static int fail_usage(struct cli *cli, const struct err *e)
{
	fflush(stdout);
	cli_warn("%s: %s\n", cli->prog, e->msg);
	fprintf(stderr, "Run '%s %s --help' for more information\n", cli->prog, cli->path);
	return 125;
}

/* Exit code of a start that failed, as shells have them. */
static int start_code(const char *message)
{
	static const char *const missing[] = {"executable file not found", "no such file or directory",
					      "system cannot find the file specified"};
	static const char *const denied[] = {"permission denied", "is a directory"};

	for (size_t i = 0; i < ARRAY_SIZE(missing); i++)
		if (strstr(message, missing[i]))
			return 127;
	for (size_t i = 0; i < ARRAY_SIZE(denied); i++)
		if (strstr(message, denied[i]))
			return 126;
	return 125;
}

/* Pulls what --pull or a missing image asks for. */
static int pull(struct cli *cli, const struct args *a, const struct reference *ref, struct err *e)
{
	return image_pull(cli, ref, flag_str(a, "platform"), false, flag_bool(a, "quiet") ? NULL : stderr, e);
}

static int post_create(struct cli *cli, const struct args *a, json_object *body, json_object **ret, struct err *e)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	_cleanup_query_ struct query q = QUERY_INIT;
	struct client *c = cli_client(cli, e);

	if (!c)
		return -1;
	if (*flag_str(a, "name"))
		query_add(&q, "name", flag_str(a, "name"));
	if (*flag_str(a, "platform") && client_version_at_least(c, "1.41"))
		query_add(&q, "platform", flag_str(a, "platform"));
	template_print_json(&text, body, false, false);
	return client_post(c, "/containers/create", &q, text.data, ret, e);
}

static int create_with_pull(struct cli *cli, const struct args *a, json_object *body, json_object **ret, struct err *e)
{
	_cleanup_reference_ struct reference ref = {.domain = NULL};
	const char *policy = flag_str(a, "pull");
	bool named = !str_is_hex(a->rest[0], ID_LEN); /* a whole id is no name */
	_cleanup_free_ char *shown = NULL;

	if (named && reference_parse(a->rest[0], &ref, e) < 0)
		return -1;
	if (named)
		reference_default_tag(&ref);
	if (str_eq(policy, "always") && named && pull(cli, a, &ref, e) < 0)
		return -1;
	if (post_create(cli, a, body, ret, e) == 0)
		return 0;
	if (e->kind != ERR_NOT_FOUND || !named || !str_eq(policy, "missing"))
		return -1;
	shown = reference_familiar(&ref);
	if (!flag_bool(a, "quiet"))
		cli_warn("Unable to find image '%s' locally", shown);
	err_clear(e);
	if (pull(cli, a, &ref, e) < 0)
		return -1;
	return post_create(cli, a, body, ret, e);
}

/* The id file is made first, so that a wrong path costs no container. */
static int open_cidfile(const char *path, struct err *e)
{
	int fd;

	if (!*path)
		return 0;
	if (path_exists(path))
		return err_set(e, ERR_CONFLICT,
			       "container ID file found, make sure the other container isn't running or delete %s",
			       path);
	fd = user_file_create(path, 0644, false, e);
	return fd < 0 ? err_wrap(e, "failed to create the container ID file") : fd;
}

/* Creates the container; *ret_id owned. */
static int create(struct cli *cli, const struct args *a, json_object *body, char **ret_id, struct err *e)
{
	_cleanup_json_ json_object *answer = NULL;
	const char *cidfile = flag_str(a, "cidfile"), *id;
	json_object *warnings;
	int fd = open_cidfile(cidfile, e);

	if (fd < 0)
		return -1;
	if (create_with_pull(cli, a, body, &answer, e) < 0) {
		if (fd > 0) {
			fd_close(fd);
			unlink(cidfile);
		}
		return -1;
	}
	id = json_member_str(answer, "Id", "");
	warnings = json_member(answer, "Warnings");
	for (size_t i = 0; warnings && i < json_object_array_length(warnings); i++)
		cli_warn("WARNING: %s", json_object_get_string(json_object_array_get_idx(warnings, i)));
	if (fd > 0) {
		fd_write_full(fd, id, strlen(id));
		fd_close(fd);
	}
	*ret_id = xstrdup(id);
	return 0;
}

static int check_pull(const struct args *a, struct err *e)
{
	const char *policy = flag_str(a, "pull");

	if (str_eq(policy, "always") || str_eq(policy, "missing") || str_eq(policy, "never"))
		return 0;
	return err_set(e, ERR_INVALID, "invalid pull option: '%s': must be one of \"always\", \"missing\" or \"never\"",
		       policy);
}

static int run_create(struct cli *cli, struct args *a)
{
	_cleanup_json_ json_object *body = NULL;
	_cleanup_free_ char *id = NULL;
	struct err e = ERR_INIT;

	if (check_pull(a, &e) < 0 || run_body(a, cli->config, &body, &e) < 0)
		return fail_usage(cli, &e);
	if (create(cli, a, body, &id, &e) < 0)
		return cli_fail(&e);
	cli_print_line(id);
	return 0;
}

/* Window size for the first moment of a terminal. */
static void set_console_size(json_object *body)
{
	json_object *size = json_object_new_array();
	unsigned rows = 0, cols = 0;

	if (!isatty(STDOUT_FILENO) || !terminal_size(&rows, &cols)) {
		json_object_put(size);
		return;
	}
	json_object_array_add(size, json_object_new_int64(rows));
	json_object_array_add(size, json_object_new_int64(cols));
	json_object_object_add(json_member(body, "HostConfig"), "ConsoleSize", size);
}

static int start(struct cli *cli, const char *id, struct err *e)
{
	_cleanup_free_ char *path = client_path("/containers/%s/start", id);

	return client_post(cli_client(cli, e), path, NULL, NULL, NULL, e);
}

/* The container is there: attach, wait, start, stream. Returns the exit code. */
static int run_created(struct cli *cli, const struct args *a, json_object *body, const char *id)
{
	_cleanup_attachment_ struct attachment at = ATTACHMENT_INIT;
	bool remove = flag_bool(a, "rm"), detach = flag_bool(a, "detach");
	struct attach_options o = {
		.in = json_member_bool(body, "AttachStdin", false),
		.out = json_member_bool(body, "AttachStdout", false),
		.err = json_member_bool(body, "AttachStderr", false),
		.tty = flag_bool(a, "tty"),
		.sig_proxy = flag_bool(a, "sig-proxy") && !detach,
		.detach_keys = flag_str(a, "detach-keys"),
	};
	struct err e = ERR_INIT;
	int r;

	if ((o.in || o.out || o.err) && attachment_open(cli, id, &o, &at, &e) < 0)
		return fail_usage(cli, &e);
	if (attachment_wait(cli, id, remove ? "removed" : "next-exit", &at, &e) < 0)
		return fail_usage(cli, &e);
	if (start(cli, id, &e) < 0) {
		int code = start_code(e.msg);

		if (at.attached)
			hijack_done(&at.hijack);
		if (detach)
			cli_print_line(id);
		fail_usage(cli, &e);
		if (remove)
			attachment_status(&at, NULL); /* until it is gone */
		return code;
	}
	if (!at.attached) {
		if (detach) {
			cli_print_line(id);
			return 0;
		}
	} else {
		r = attachment_stream(&at, &e);
		if (r < 0) {
			cli_fail(&e);
			return 125;
		}
		if (r == STREAM_DETACHED)
			return 0;
	}
	r = attachment_status(&at, &e);
	if (r < 0) {
		cli_fail(&e);
		return 125;
	}
	return r;
}

static int run_run(struct cli *cli, struct args *a)
{
	_cleanup_json_ json_object *body = NULL;
	_cleanup_free_ char *id = NULL;
	struct err e = ERR_INIT;
	bool detach = flag_bool(a, "detach");

	if (check_pull(a, &e) < 0 || run_body(a, cli->config, &body, &e) < 0)
		return fail_usage(cli, &e);
	if (detach && flag_list(a, "attach"))
		return cli_failf("conflicting options: cannot specify both --attach and --detach");
	if (!detach && attach_check_tty(json_member_bool(body, "AttachStdin", false), flag_bool(a, "tty"), &e) < 0)
		return cli_fail(&e);
	set_console_size(body);
	if (create(cli, a, body, &id, &e) < 0)
		return fail_usage(cli, &e);
	return run_created(cli, a, body, id);
}

const struct command cmd_run = {
	.name = "run",
	.usage = "[OPTIONS] IMAGE [COMMAND] [ARG...]",
	.brief = "Create and run a new container from an image",
	.also = "container run, run",
	.flags = run_flags,
	.min_args = 1,
	.max_args = ARGS_ANY,
	.stop_at_arg = true,
	.run = run_run,
	.section = SECTION_COMMON,
};
const struct command cmd_create = {
	.name = "create",
	.usage = "[OPTIONS] IMAGE [COMMAND] [ARG...]",
	.brief = "Create a new container",
	.also = "container create, create",
	.flags = create_flags,
	.min_args = 1,
	.max_args = ARGS_ANY,
	.stop_at_arg = true,
	.run = run_create,
};
