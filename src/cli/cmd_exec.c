/* SPDX-License-Identifier: Apache-2.0 */
/* exec: a session is made, started on a raw stream, and asked for its exit code. */
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "cli/attach.h"
#include "cli/commands.h"
#include "cli/run.h"
#include "format/template/template.h"

static int make_config(struct cli *cli, const struct args *a, json_object **ret, struct err *e)
{
	_cleanup_json_ json_object *o = json_object_new_object();
	_cleanup_strv_ char **env = NULL;
	bool attach = !flag_bool(a, "detach");
	const char *keys = flag_str(a, "detach-keys");

	if (run_env(flag_list(a, "env-file"), flag_list(a, "env"), &env, e) < 0)
		return -1;
	if (!*keys)
		keys = str_or_empty(config_str(cli->config, "detachKeys"));
	put_str(o, "User", flag_str(a, "user"));
	put_bool(o, "Privileged", flag_bool(a, "privileged"));
	put_bool(o, "Tty", flag_bool(a, "tty"));
	put_bool(o, "AttachStdin", attach && flag_bool(a, "interactive"));
	put_bool(o, "AttachStderr", attach);
	put_bool(o, "AttachStdout", attach);
	put_bool(o, "Detach", flag_bool(a, "detach"));
	put_str(o, "DetachKeys", keys);
	put_strv(o, "Env", env);
	put_str(o, "WorkingDir", flag_str(a, "workdir"));
	put_strv(o, "Cmd", a->rest + 1);
	*ret = TAKE_PTR(o);
	return 0;
}

static char *json_text(json_object *o)
{
	struct strbuf sb = STRBUF_INIT;

	template_print_json(&sb, o, false, false);
	return strbuf_steal(&sb);
}

/* {"Detach":…,"Tty":…,"ConsoleSize":[rows,cols]} */
static char *start_body(const struct args *a)
{
	_cleanup_json_ json_object *o = json_object_new_object();
	unsigned rows, cols;

	put_bool(o, "Detach", flag_bool(a, "detach"));
	put_bool(o, "Tty", flag_bool(a, "tty"));
	if (flag_bool(a, "tty") && isatty(STDOUT_FILENO) && terminal_size(&rows, &cols)) {
		json_object *size = json_object_new_array();

		json_object_array_add(size, json_object_new_int64(rows));
		json_object_array_add(size, json_object_new_int64(cols));
		json_object_object_add(o, "ConsoleSize", size);
	}
	return json_text(o);
}

static int exit_code(struct client *c, const char *id, struct err *e)
{
	_cleanup_free_ char *path = client_path("/exec/%s/json", id);
	_cleanup_json_ json_object *info = NULL;

	if (client_get(c, path, NULL, &info, e) < 0)
		return -1;
	return (int)(json_member_int(info, "ExitCode", 0) & 0xff);
}

static int run_session(struct client *c, const struct args *a, json_object *config, const char *id, struct err *e)
{
	_cleanup_attachment_ struct attachment at = ATTACHMENT_INIT;
	_cleanup_free_ char *path = client_path("/exec/%s/start", id), *body = start_body(a);
	bool tty = flag_bool(a, "tty");
	int r;

	if (flag_bool(a, "detach"))
		return client_post(c, path, NULL, body, NULL, e);
	if (detach_keys_parse(json_member_str(config, "DetachKeys", ""), &at.stream.keys, e) < 0)
		return -1;
	at.stream.client = c;
	at.stream.id = id;
	at.stream.exec = true;
	at.stream.tty = tty;
	at.stream.in = json_member_bool(config, "AttachStdin", false);
	at.stream.resize = tty && isatty(STDOUT_FILENO);
	stream_block_signals(at.stream.resize, false);
	if (client_hijack(c, path, NULL, body, &at.hijack, e) < 0)
		return -1;
	r = attachment_stream(&at, e);
	if (r < 0)
		return -1;
	if (r == STREAM_DETACHED)
		return err_set(e, ERR_CANCELLED, "read escape sequence");
	return exit_code(c, id, e);
}

static int run_exec(struct cli *cli, struct args *a)
{
	_cleanup_json_ json_object *config = NULL, *answer = NULL;
	_cleanup_free_ char *inspect = client_path("/containers/%s/json", a->rest[0]);
	_cleanup_free_ char *create = client_path("/containers/%s/exec", a->rest[0]), *body = NULL;
	struct err e = ERR_INIT;
	struct client *c;
	const char *id;
	int r;

	if (make_config(cli, a, &config, &e) < 0)
		return cli_fail(&e);
	c = cli_client(cli, &e);
	if (!c || client_get(c, inspect, NULL, NULL, &e) < 0)
		return cli_fail(&e);
	if (!flag_bool(a, "detach") && attach_check_tty(flag_bool(a, "interactive"), flag_bool(a, "tty"), &e) < 0)
		return cli_fail(&e);
	body = json_text(config);
	if (client_post(c, create, NULL, body, &answer, &e) < 0)
		return cli_fail(&e);
	id = json_member_str(answer, "Id", "");
	if (!*id)
		return cli_failf("exec ID empty");
	r = run_session(c, a, config, id, &e);
	return r < 0 ? cli_fail(&e) : r;
}

static const struct flag_spec exec_flags[] = {
	{"detach", 'd', FLAG_BOOL, "Detached mode: run command in the background"},
	{"detach-keys", 0, FLAG_STR, "Override the key sequence for detaching a container"},
	{"env", 'e', FLAG_LIST, "Set environment variables", .check = run_check_env},
	{"env-file", 0, FLAG_LIST, "Read in a file of environment variables"},
	{"interactive", 'i', FLAG_BOOL, "Keep STDIN open even if not attached"},
	{"privileged", 0, FLAG_BOOL, "Give extended privileges to the command"},
	{"tty", 't', FLAG_BOOL, "Allocate a pseudo-TTY"},
	{"user", 'u', FLAG_STR, "Username or UID (format: \"<name|uid>[:<group|gid>]\")"},
	{"workdir", 'w', FLAG_STR, "Working directory inside the container"},
	{NULL},
};
const struct command cmd_exec = {
	.name = "exec",
	.usage = "[OPTIONS] CONTAINER COMMAND [ARG...]",
	.brief = "Execute a command in a running container",
	.also = "container exec, exec",
	.flags = exec_flags,
	.min_args = 2,
	.max_args = ARGS_ANY,
	.stop_at_arg = true,
	.run = run_exec,
	.section = SECTION_COMMON,
};
