/* SPDX-License-Identifier: Apache-2.0 */
/* logs, and the time options it shares with events. */
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/strutil.h"
#include "cli/commands.h"
#include "cli/stream.h"
#include "cli/time_arg.h"

int time_arg_add(struct query *q, const char *name, const char *value, struct err *e)
{
	_cleanup_free_ char *text = NULL;
	int64_t ns;

	if (!*value)
		return 0;
	if (value[strspn(value, "0123456789.")] == 0) { /* unix time already */
		query_add(q, name, value);
		return 0;
	}
	if (clock_parse_docker(value, clock_realtime_ns(), &ns) < 0)
		return err_set(e, ERR_INVALID, "failed to parse value as time or duration: \"%s\"", value);
	text = ns >= 0 ? xasprintf("%lld.%09lld", ns / NS_PER_SEC, ns % NS_PER_SEC) : xstrdup("0");
	query_add(q, name, text);
	return 0;
}

static int run_logs(struct cli *cli, struct args *a)
{
	_cleanup_free_ char *inspect = client_path("/containers/%s/json", a->rest[0]), *path = NULL;
	_cleanup_json_ json_object *info = NULL;
	_cleanup_query_ struct query q = QUERY_INIT;
	_cleanup_reply_ struct reply r = REPLY_INIT;
	struct err e = ERR_INIT;
	struct client *c = cli_client(cli, &e);

	if (!c || client_get(c, inspect, NULL, &info, &e) < 0)
		return cli_fail(&e);
	query_add_flag(&q, "details", flag_bool(a, "details"));
	query_add_flag(&q, "follow", flag_bool(a, "follow"));
	if (time_arg_add(&q, "since", flag_str(a, "since"), &e) < 0) {
		err_wrap(&e, "invalid value for \"since\"");
		return cli_fail(&e);
	}
	query_add(&q, "stderr", "1");
	query_add(&q, "stdout", "1");
	query_add(&q, "tail", flag_str(a, "tail"));
	query_add_flag(&q, "timestamps", flag_bool(a, "timestamps"));
	if (time_arg_add(&q, "until", flag_str(a, "until"), &e) < 0) {
		err_wrap(&e, "invalid value for \"until\"");
		return cli_fail(&e);
	}
	path = client_path("/containers/%s/logs", json_member_str(info, "Id", a->rest[0]));
	if (client_call(c, &(struct call){.method = "GET", .path = path, .query = &q}, &r, &e) < 0 ||
	    stream_copy_reply(&r, json_member_bool(json_member(info, "Config"), "Tty", false), &e) < 0)
		return cli_fail(&e);
	return 0;
}

static const struct flag_spec logs_flags[] = {
	{"details", 0, FLAG_BOOL, "Show extra details provided to logs"},
	{"follow", 'f', FLAG_BOOL, "Follow log output"},
	{"since", 0, FLAG_STR,
	 "Show logs since timestamp (e.g. \"2013-01-02T13:23:37Z\") or relative (e.g. \"42m\" for 42 minutes)"},
	{"tail", 'n', FLAG_STR, "Number of lines to show from the end of the logs", .def = "all"},
	{"timestamps", 't', FLAG_BOOL, "Show timestamps"},
	{"until", 0, FLAG_STR,
	 "Show logs before a timestamp (e.g. \"2013-01-02T13:23:37Z\") or relative (e.g. \"42m\" for 42 minutes)"},
	{NULL},
};
const struct command cmd_logs = {
	.name = "logs",
	.usage = "[OPTIONS] CONTAINER",
	.brief = "Fetch the logs of a container",
	.also = "container logs, logs",
	.flags = logs_flags,
	.min_args = 1,
	.max_args = 1,
	.run = run_logs,
};
