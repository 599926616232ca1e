/* SPDX-License-Identifier: Apache-2.0 */
/* events: one line each, as they come. */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "cli/commands.h"
#include "cli/filter.h"
#include "cli/format.h"
#include "cli/time_arg.h"

/* Local time with nine decimals: 2006-01-02T15:04:05.000000000-07:00. */
static void print_time(int64_t ns)
{
	time_t t = (time_t)(ns / NS_PER_SEC);
	struct tm tm;
	char date[40], zone[16];

	localtime_r(&t, &tm);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	strftime(zone, sizeof(zone), "%z", &tm);
	if (str_eq(zone, "+0000"))
		cli_printf("%s.%09lldZ ", date, ns % NS_PER_SEC);
	else
		cli_printf("%s.%09lld%.3s:%s ", date, ns % NS_PER_SEC, zone, zone + 3);
}

static void print_event(json_object *ev)
{
	json_object *actor = json_member(ev, "Actor"), *attributes = json_member(actor, "Attributes");
	int64_t ns = json_member_int(ev, "timeNano", 0);
	_cleanup_strv_ char **list = strv_new();
	_cleanup_free_ char *joined = NULL;

	if (!ns)
		ns = json_member_int(ev, "time", 0) * NS_PER_SEC;
	if (ns)
		print_time(ns);
	cli_printf("%s %s %s", json_member_str(ev, "Type", ""), json_member_str(ev, "Action", ""),
		   json_member_str(actor, "ID", ""));
	if (json_object_is_type(attributes, json_type_object)) {
		json_object_object_foreach(attributes, key, value)
			strv_addf(&list, "%s=%s", key, str_or_empty(json_object_get_string(value)));
	}
	strv_sort(list);
	joined = strv_join(list, ", ");
	cli_printf(*list ? " (%s)\n" : "\n%s", joined);
}

static int run_events(struct cli *cli, struct args *a)
{
	_cleanup_query_ struct query q = QUERY_INIT;
	_cleanup_reply_ struct reply r = REPLY_INIT;
	_cleanup_strbuf_ struct strbuf line = STRBUF_INIT;
	const char *format = flag_str(a, "format");
	struct formatter *f = NULL;
	struct err e = ERR_INIT;
	struct client *c;
	int got = -1;

	if (*format && !(f = formatter_new(format, &e))) {
		cli_failf("Error parsing format: %s", str_after(e.msg, "template parsing error: "));
		return 64;
	}
	if (filter_add(&q, flag_list(a, "filter"), NULL, &e) == 0 &&
	    time_arg_add(&q, "since", flag_str(a, "since"), &e) == 0 &&
	    time_arg_add(&q, "until", flag_str(a, "until"), &e) == 0 && (c = cli_client(cli, &e)))
		got = client_call(c, &(struct call){.method = "GET", .path = "/events", .query = &q}, &r, &e) < 0 ? -1
														  : 1;
	while (got > 0 && (got = reply_read_line(&r, &line, &e)) > 0) {
		_cleanup_json_ json_object *ev = NULL;

		if (!line.len)
			continue;
		if (json_parse(line.data, line.len, &ev, &e) < 0 || (f && formatter_print(f, ev, &e) < 0)) {
			got = -1;
			break;
		}
		if (!f)
			print_event(ev);
		fflush(stdout);
	}
	formatter_free(f);
	return got < 0 ? cli_fail(&e) : 0;
}

static const struct flag_spec events_flags[] = {
	{"filter", 'f', FLAG_LIST, "Filter output based on conditions provided", .word = "filter",
	 .check = filter_check},
	{"format", 0, FLAG_STR, HELP_FORMAT},
	{"since", 0, FLAG_STR, "Show all events created since timestamp"},
	{"until", 0, FLAG_STR, "Stream events until this timestamp"},
	{NULL},
};
const struct command cmd_events = {
	.name = "events",
	.usage = "[OPTIONS]",
	.brief = "Get real time events from the server",
	.also = "system events, events",
	.flags = events_flags,
	.run = run_events,
};
