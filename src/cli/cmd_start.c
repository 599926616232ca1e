/* SPDX-License-Identifier: Apache-2.0 */
/* start and attach: the streams of containers that exist already. */
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "cli/attach.h"
#include "cli/commands.h"

static int post_start(struct cli *cli, const struct args *a, const char *name, struct err *e)
{
	_cleanup_free_ char *path = client_path("/containers/%s/start", name);
	_cleanup_query_ struct query q = QUERY_INIT;
	struct client *c = cli_client(cli, e);

	if (!c)
		return -1;
	if (*flag_str(a, "checkpoint"))
		query_add(&q, "checkpoint", flag_str(a, "checkpoint"));
	if (*flag_str(a, "checkpoint-dir"))
		query_add(&q, "checkpoint-dir", flag_str(a, "checkpoint-dir"));
	return client_post(c, path, &q, NULL, NULL, e);
}

static int inspect(struct cli *cli, const char *name, json_object **ret, struct err *e)
{
	_cleanup_free_ char *path = client_path("/containers/%s/json", name);
	struct client *c = cli_client(cli, e);

	return c ? client_get(c, path, NULL, ret, e) : -1;
}

/* start -a / -i: one container, its streams, its exit code. */
static int start_attached(struct cli *cli, const struct args *a)
{
	_cleanup_attachment_ struct attachment at = ATTACHMENT_INIT;
	_cleanup_json_ json_object *info = NULL;
	json_object *config;
	struct attach_options o = {
		.out = true, .err = true, .sig_proxy = true, .detach_keys = flag_str(a, "detach-keys")};
	struct err e = ERR_INIT;
	const char *id;
	int r;

	if (a->rest[1])
		return cli_failf("you cannot start and attach multiple containers at once");
	if (inspect(cli, a->rest[0], &info, &e) < 0)
		return cli_fail(&e);
	config = json_member(info, "Config");
	id = json_member_str(info, "Id", a->rest[0]);
	o.tty = json_member_bool(config, "Tty", false);
	o.in = flag_bool(a, "interactive") && json_member_bool(config, "OpenStdin", false);
	if (!flag_bool(a, "attach") && !flag_bool(a, "interactive"))
		o.out = o.err = false;
	if (attach_check_tty(o.in, o.tty, &e) < 0 || attachment_open(cli, id, &o, &at, &e) < 0 ||
	    attachment_wait(cli, id,
			    json_member_bool(json_member(info, "HostConfig"), "AutoRemove", false) ? "removed"
												   : "next-exit",
			    &at, &e) < 0)
		return cli_fail(&e);
	if (post_start(cli, a, id, &e) < 0)
		return cli_fail(&e);
	r = attachment_stream(&at, &e);
	if (r < 0)
		return cli_fail(&e);
	if (r == STREAM_DETACHED)
		return 0;
	r = attachment_status(&at, &e);
	return r < 0 ? cli_fail(&e) : r;
}

static int run_start(struct cli *cli, struct args *a)
{
	_cleanup_strbuf_ struct strbuf failed = STRBUF_INIT;
	struct err e = ERR_INIT;

	if (flag_bool(a, "attach") || flag_bool(a, "interactive"))
		return start_attached(cli, a);
	if (!cli_client(cli, &e))
		return cli_fail(&e);
	STRV_FOREACH (name, a->rest) {
		err_clear(&e);
		if (post_start(cli, a, *name, &e) == 0) {
			cli_print_line(*name);
			continue;
		}
		cli_fail(&e);
		strbuf_addf(&failed, "%s%s", failed.len ? ", " : "", *name);
	}
	return failed.len ? cli_failf("Error: failed to start containers: %s", failed.data) : 0;
}

static int run_attach(struct cli *cli, struct args *a)
{
	_cleanup_attachment_ struct attachment at = ATTACHMENT_INIT;
	_cleanup_json_ json_object *info = NULL;
	json_object *config, *state;
	struct attach_options o = {.out = true,
				   .err = true,
				   .sig_proxy = flag_bool(a, "sig-proxy"),
				   .detach_keys = flag_str(a, "detach-keys")};
	struct err e = ERR_INIT;
	int r;

	if (inspect(cli, a->rest[0], &info, &e) < 0)
		return cli_fail(&e);
	config = json_member(info, "Config");
	state = json_member(info, "State");
	if (!json_member_bool(state, "Running", false))
		return cli_failf("cannot attach to a stopped container, start it first");
	if (json_member_bool(state, "Paused", false))
		return cli_failf("cannot attach to a paused container, unpause it first");
	if (json_member_bool(state, "Restarting", false))
		return cli_failf("cannot attach to a restarting container, wait until it is running");
	o.tty = json_member_bool(config, "Tty", false);
	o.in = !flag_bool(a, "no-stdin") && json_member_bool(config, "OpenStdin", false);
	if (attach_check_tty(o.in, o.tty, &e) < 0 ||
	    attachment_wait(cli, json_member_str(info, "Id", a->rest[0]), NULL, &at, &e) < 0 ||
	    attachment_open(cli, json_member_str(info, "Id", a->rest[0]), &o, &at, &e) < 0)
		return cli_fail(&e);
	at.stream.redraw = true;
	r = attachment_stream(&at, &e);
	if (r < 0)
		return cli_fail(&e);
	if (r == STREAM_DETACHED)
		return cli_failf("read escape sequence");
	r = attachment_status(&at, &e);
	return r < 0 ? cli_fail(&e) : r;
}

static const struct flag_spec start_flags[] = {
	{"attach", 'a', FLAG_BOOL, "Attach STDOUT/STDERR and forward signals"},
	{"checkpoint", 0, FLAG_STR, "Restore from this checkpoint", .hidden = true},
	{"checkpoint-dir", 0, FLAG_STR, "Use a custom checkpoint storage directory", .hidden = true},
	{"detach-keys", 0, FLAG_STR, "Override the key sequence for detaching a container"},
	{"interactive", 'i', FLAG_BOOL, "Attach container's STDIN"},
	{NULL},
};
const struct command cmd_start = {
	.name = "start",
	.usage = "[OPTIONS] CONTAINER [CONTAINER...]",
	.brief = "Start one or more stopped containers",
	.also = "container start, start",
	.flags = start_flags,
	.min_args = 1,
	.max_args = ARGS_ANY,
	.run = run_start,
};

static const struct flag_spec attach_flags[] = {
	{"detach-keys", 0, FLAG_STR, "Override the key sequence for detaching a container"},
	{"no-stdin", 0, FLAG_BOOL, "Do not attach STDIN"},
	{"sig-proxy", 0, FLAG_BOOL, "Proxy all received signals to the process", .def = "true"},
	{NULL},
};
const struct command cmd_attach = {
	.name = "attach",
	.usage = "[OPTIONS] CONTAINER",
	.brief = "Attach local standard input, output, and error streams to a running container",
	.also = "container attach, attach",
	.flags = attach_flags,
	.min_args = 1,
	.max_args = 1,
	.run = run_attach,
};
