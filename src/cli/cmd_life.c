/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs that change containers one by one and print their names: stop, restart, kill, pause, unpause, rm, rename,
 * wait. */
#include <string.h>

#include "base/mem.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "cli/commands.h"

/* POST /containers/NAME/VERB?query, then the name. */
struct verb {
	const char *verb;
	const struct query *query;
};

static int post_verb(struct client *c, const char *name, void *user, struct err *e)
{
	const struct verb *v = user;
	_cleanup_free_ char *escaped = client_path("/containers/%s", name),
			    *path = xasprintf("%s/%s", escaped, v->verb);

	if (client_post(c, path, v->query, NULL, NULL, e) < 0)
		return -1;
	cli_print_line(name);
	return 0;
}

static int run_verb(struct cli *cli, struct args *a, const char *verb, const struct query *q)
{
	return cli_for_each(cli, a->rest, post_verb, &(struct verb){.verb = verb, .query = q});
}

static int run_stop_like(struct cli *cli, struct args *a, const char *verb)
{
	_cleanup_query_ struct query q = QUERY_INIT;

	if (*flag_str(a, "signal"))
		query_add(&q, "signal", flag_str(a, "signal"));
	if (flag_is_set(a, "timeout"))
		query_add_int(&q, "t", flag_num(a, "timeout"));
	return run_verb(cli, a, verb, &q);
}

static int run_stop(struct cli *cli, struct args *a)
{
	return run_stop_like(cli, a, "stop");
}

static int run_restart(struct cli *cli, struct args *a)
{
	return run_stop_like(cli, a, "restart");
}

static int run_kill(struct cli *cli, struct args *a)
{
	_cleanup_query_ struct query q = QUERY_INIT;

	if (*flag_str(a, "signal"))
		query_add(&q, "signal", flag_str(a, "signal"));
	return run_verb(cli, a, "kill", &q);
}

static int run_pause(struct cli *cli, struct args *a)
{
	return run_verb(cli, a, "pause", NULL);
}

static int run_unpause(struct cli *cli, struct args *a)
{
	return run_verb(cli, a, "unpause", NULL);
}

static int run_rename(struct cli *cli, struct args *a)
{
	_cleanup_query_ struct query q = QUERY_INIT;
	_cleanup_free_ char *path = NULL;
	struct err e = ERR_INIT;
	const char *from = a->rest[0] + strspn(a->rest[0], " "), *to = a->rest[1] + strspn(a->rest[1], " ");
	struct client *c;

	if (!*from || !*to)
		return cli_failf("Error: Neither old nor new names may be empty");
	c = cli_client(cli, &e);
	path = client_path("/containers/%s/rename", from);
	query_add(&q, "name", to);
	if (!c)
		return cli_fail(&e);
	if (client_post(c, path, &q, NULL, NULL, &e) < 0) {
		cli_fail(&e);
		return cli_failf("Error: failed to rename container named %s", from);
	}
	return 0;
}

static int wait_one(struct client *c, const char *name, void *user, struct err *e)
{
	_cleanup_free_ char *path = client_path("/containers/%s/wait", name);
	_cleanup_json_ json_object *answer = NULL;
	const char *message;

	(void)user;
	if (client_post(c, path, NULL, NULL, &answer, e) < 0)
		return -1;
	message = json_member_str(json_member(answer, "Error"), "Message", NULL);
	if (message)
		return err_set(e, ERR_UNAVAILABLE, "%s", message);
	cli_printf("%lld\n", (long long)json_member_int(answer, "StatusCode", 0));
	fflush(stdout);
	return 0;
}

static int run_wait(struct cli *cli, struct args *a)
{
	return cli_for_each(cli, a->rest, wait_one, NULL);
}

struct removal {
	const struct query *query;
	bool force;
};

static int remove_one(struct client *c, const char *name, void *user, struct err *e)
{
	const struct removal *r = user;
	_cleanup_free_ char *trimmed = xstrdup(name + strspn(name, "/")), *path = NULL;

	for (size_t n = strlen(trimmed); n && trimmed[n - 1] == '/'; n--)
		trimmed[n - 1] = 0;
	if (!*trimmed)
		return err_set(e, ERR_INVALID, "container name cannot be empty");
	path = client_path("/containers/%s", trimmed);
	if (client_delete(c, path, r->query, NULL, e) < 0) {
		if (!r->force || e->kind != ERR_NOT_FOUND)
			return -1;
		cli_fail(e); /* gone is what was wanted */
		err_clear(e);
		return 0;
	}
	cli_print_line(name);
	return 0;
}

static int run_rm(struct cli *cli, struct args *a)
{
	_cleanup_query_ struct query q = QUERY_INIT;

	query_add_flag(&q, "force", flag_bool(a, "force"));
	query_add_flag(&q, "link", flag_bool(a, "link"));
	query_add_flag(&q, "v", flag_bool(a, "volumes"));
	return cli_for_each(cli, a->rest, remove_one, &(struct removal){.query = &q, .force = flag_bool(a, "force")});
}

static const struct flag_spec stop_flags[] = {
	{"signal", 's', FLAG_STR, "Signal to send to the container"},
	{"timeout", 't', FLAG_INT, "Seconds to wait before killing the container"},
	{"time", 0, FLAG_INT, "", .hidden = true, .alias_of = "timeout"},
	{NULL},
};
const struct command cmd_stop = {
	.name = "stop",
	.usage = "[OPTIONS] CONTAINER [CONTAINER...]",
	.brief = "Stop one or more running containers",
	.also = "container stop, stop",
	.flags = stop_flags,
	.min_args = 1,
	.max_args = ARGS_ANY,
	.run = run_stop,
};
const struct command cmd_restart = {
	.name = "restart",
	.usage = "[OPTIONS] CONTAINER [CONTAINER...]",
	.brief = "Restart one or more containers",
	.also = "container restart, restart",
	.flags = stop_flags,
	.min_args = 1,
	.max_args = ARGS_ANY,
	.run = run_restart,
};

static const struct flag_spec kill_flags[] = {
	{"signal", 's', FLAG_STR, "Signal to send to the container"},
	{NULL},
};
const struct command cmd_kill = {
	.name = "kill",
	.usage = "[OPTIONS] CONTAINER [CONTAINER...]",
	.brief = "Kill one or more running containers",
	.also = "container kill, kill",
	.flags = kill_flags,
	.min_args = 1,
	.max_args = ARGS_ANY,
	.run = run_kill,
};
const struct command cmd_pause = {
	.name = "pause",
	.usage = "CONTAINER [CONTAINER...]",
	.brief = "Pause all processes within one or more containers",
	.also = "container pause, pause",
	.min_args = 1,
	.max_args = ARGS_ANY,
	.run = run_pause,
};
const struct command cmd_unpause = {
	.name = "unpause",
	.usage = "CONTAINER [CONTAINER...]",
	.brief = "Unpause all processes within one or more containers",
	.also = "container unpause, unpause",
	.min_args = 1,
	.max_args = ARGS_ANY,
	.run = run_unpause,
};
const struct command cmd_rename = {
	.name = "rename",
	.usage = "CONTAINER NEW_NAME",
	.brief = "Rename a container",
	.also = "container rename, rename",
	.min_args = 2,
	.max_args = 2,
	.run = run_rename,
};
const struct command cmd_wait = {
	.name = "wait",
	.usage = "CONTAINER [CONTAINER...]",
	.brief = "Block until one or more containers stop, then print their exit codes",
	.also = "container wait, wait",
	.min_args = 1,
	.max_args = ARGS_ANY,
	.run = run_wait,
};

static const struct flag_spec rm_flags[] = {
	{"force", 'f', FLAG_BOOL, "Force the removal of a running container (uses SIGKILL)"},
	{"link", 'l', FLAG_BOOL, "Remove the specified link"},
	{"volumes", 'v', FLAG_BOOL, "Remove anonymous volumes associated with the container"},
	{NULL},
};
const struct command cmd_rm = {
	.name = "rm",
	.usage = "[OPTIONS] CONTAINER [CONTAINER...]",
	.brief = "Remove one or more containers",
	.also = "container rm, container remove, rm",
	.flags = rm_flags,
	.min_args = 1,
	.max_args = ARGS_ANY,
	.run = run_rm,
};
const struct command cmd_container_rm = {
	.name = "rm",
	.usage = "[OPTIONS] CONTAINER [CONTAINER...]",
	.brief = "Remove one or more containers",
	.names = "remove",
	.also = "container rm, container remove, rm",
	.flags = rm_flags,
	.min_args = 1,
	.max_args = ARGS_ANY,
	.run = run_rm,
};
