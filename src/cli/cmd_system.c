/* SPDX-License-Identifier: Apache-2.0 */
/* system df and system dial-stdio. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "cli/columns.h"
#include "cli/commands.h"
#include "cli/filter.h"
#include "cli/human.h"
#include "cli/run.h"

/* --- df --- */

static size_t length(json_object *a)
{
	return json_object_is_type(a, json_type_array) ? json_object_array_length(a) : 0;
}

static json_object *df_type(const struct row *r)
{
	return col_str(json_member_str(r->raw, "Type", ""));
}

static json_object *df_total(const struct row *r)
{
	return col_take(xasprintf("%" PRId64, json_member_int(r->raw, "Total", 0)));
}

static json_object *df_active(const struct row *r)
{
	return col_take(xasprintf("%" PRId64, json_member_int(r->raw, "Active", 0)));
}

static json_object *df_size(const struct row *r)
{
	return col_take(human_size((double)json_member_int(r->raw, "Size", 0), 4));
}

static json_object *df_reclaimable(const struct row *r)
{
	int64_t size = json_member_int(r->raw, "Size", 0), free_bytes = json_member_int(r->raw, "Reclaimable", 0);
	_cleanup_free_ char *text = human_size((double)free_bytes, 4);

	if (size > 0 && !str_eq(json_member_str(r->raw, "Type", ""), "Build Cache"))
		return col_take(xasprintf("%s (%d%%)", text, (int)(free_bytes * 100 / size)));
	return col_str(text);
}

static const struct column df_columns[] = {
	{"Type", "TYPE", df_type},
	{"TotalCount", "TOTAL", df_total},
	{"Active", "ACTIVE", df_active},
	{"Size", "SIZE", df_size},
	{"Reclaimable", "RECLAIMABLE", df_reclaimable},
	{NULL},
};

static void df_add(json_object *rows, const char *type, int64_t total, int64_t active, int64_t size,
		   int64_t reclaimable)
{
	json_object *row = json_object_new_object();

	put_str(row, "Type", type);
	put_int(row, "Total", total);
	put_int(row, "Active", active);
	put_int(row, "Size", size);
	put_int(row, "Reclaimable", reclaimable);
	json_object_array_add(rows, row);
}

static void df_images(json_object *rows, json_object *df)
{
	json_object *list = json_member(df, "Images");
	int64_t active = 0, used = 0, all = json_member_int(df, "LayersSize", 0);

	for (size_t i = 0; i < length(list); i++) {
		json_object *o = json_object_array_get_idx(list, i);
		int64_t size = json_member_int(o, "Size", -1), shared = json_member_int(o, "SharedSize", -1);

		if (json_member_int(o, "Containers", 0) <= 0)
			continue;
		active++;
		if (size != -1 && shared != -1)
			used += size - shared;
	}
	df_add(rows, "Images", (int64_t)length(list), active, all, all - used);
}

static void df_containers(json_object *rows, json_object *df)
{
	json_object *list = json_member(df, "Containers");
	int64_t active = 0, size = 0, free_bytes = 0;

	for (size_t i = 0; i < length(list); i++) {
		json_object *o = json_object_array_get_idx(list, i);
		const char *state = json_member_str(o, "State", "");
		bool on = str_eq(state, "running") || str_eq(state, "paused") || str_eq(state, "restarting");

		active += on;
		size += json_member_int(o, "SizeRw", 0);
		free_bytes += on ? 0 : json_member_int(o, "SizeRw", 0);
	}
	df_add(rows, "Containers", (int64_t)length(list), active, size, free_bytes);
}

static void df_volumes(json_object *rows, json_object *df)
{
	json_object *list = json_member(df, "Volumes");
	int64_t active = 0, size = 0, free_bytes = 0;

	for (size_t i = 0; i < length(list); i++) {
		json_object *usage = json_member(json_object_array_get_idx(list, i), "UsageData");
		int64_t n = json_member_int(usage, "Size", -1), refs = json_member_int(usage, "RefCount", 0);

		active += refs > 0;
		size += n > 0 ? n : 0;
		free_bytes += n > 0 && refs == 0 ? n : 0;
	}
	df_add(rows, "Local Volumes", (int64_t)length(list), active, size, free_bytes);
}

static void df_cache(json_object *rows, json_object *df)
{
	json_object *list = json_member(df, "BuildCache");
	int64_t active = 0, size = 0, free_bytes = 0;

	for (size_t i = 0; i < length(list); i++) {
		json_object *o = json_object_array_get_idx(list, i);
		bool on = json_member_bool(o, "InUse", false), shared = json_member_bool(o, "Shared", false);
		int64_t n = json_member_int(o, "Size", 0);

		active += on;
		size += shared ? 0 : n;
		free_bytes += on || shared ? 0 : n;
	}
	df_add(rows, "Build Cache", (int64_t)length(list), active, size, free_bytes);
}

static json_object *vol_name(const struct row *r)
{
	return col_str(json_member_str(r->raw, "Name", ""));
}

static json_object *vol_links(const struct row *r)
{
	json_object *usage = json_member(r->raw, "UsageData");

	return usage ? col_take(xasprintf("%" PRId64, json_member_int(usage, "RefCount", 0))) : col_str("N/A");
}

static json_object *vol_size(const struct row *r)
{
	json_object *usage = json_member(r->raw, "UsageData");

	return usage ? col_take(human_size((double)json_member_int(usage, "Size", 0), 4)) : col_str("N/A");
}

static const struct column volume_columns[] = {
	{"Name", "VOLUME NAME", vol_name},
	{"Links", "LINKS", vol_links},
	{"Size", "SIZE", vol_size},
	{NULL},
};

static int df_verbose(json_object *df)
{
	_cleanup_json_ json_object *images = image_rows(json_member(df, "Images"), false, false);
	struct listing list = {.columns = image_columns,
			       .type_name = "*formatter.imageContext",
			       .table = "{{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}\t{{."
					"SharedSize}}\t{{.UniqueSize}}\t{{.Containers}}"};
	json_object *containers = json_member(df, "Containers");
	int code;

	cli_print("Images space usage:\n\n");
	code = format_list(&list, "", images);
	cli_print("\nContainers space usage:\n\n");
	for (size_t i = 0; i < length(containers); i++) /* only what the container itself takes */
		json_object_object_del(json_object_array_get_idx(containers, i), "SizeRootFs");
	list = (struct listing){.columns = container_columns,
				.type_name = "*formatter.ContainerContext",
				.table = "{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.LocalVolumes}}\t{{.Size}}\t{{."
					 "RunningFor}}\t{{.Status}}\t{{.Names}}"};
	code |= format_list(&list, "", containers);
	cli_print("\nLocal Volumes space usage:\n\n");
	list = (struct listing){.columns = volume_columns,
				.type_name = "*formatter.volumeContext",
				.table = "{{.Name}}\t{{.Links}}\t{{.Size}}"};
	code |= format_list(&list, "", json_member(df, "Volumes"));
	if (length(json_member(df, "BuildCache")) == 0)
		cli_print("\nBuild cache usage: 0B\n\nCACHE ID   CACHE TYPE   SIZE      CREATED   LAST USED   USAGE    "
			  " SHARED\n");
	else
		code |= cli_failf("the build cache is not listed by this client");
	return code;
}

static int run_df(struct cli *cli, struct args *a)
{
	struct listing list = {.columns = df_columns,
			       .type_name = "*formatter.diskUsageContext",
			       .table = "{{.Type}}\t{{.TotalCount}}\t{{.Active}}\t{{.Size}}\t{{.Reclaimable}}"};
	_cleanup_json_ json_object *df = NULL, *rows = json_object_new_array();
	struct err e = ERR_INIT;
	struct client *c = cli_client(cli, &e);

	if (!c || client_get(c, "/system/df", NULL, &df, &e) < 0)
		return cli_fail(&e);
	if (flag_bool(a, "verbose")) {
		if (*flag_str(a, "format"))
			return cli_failf("the verbose and the format options conflict");
		return df_verbose(df);
	}
	df_images(rows, df);
	df_containers(rows, df);
	df_volumes(rows, df);
	df_cache(rows, df);
	return format_list(&list, flag_str(a, "format"), rows);
}

static const struct flag_spec df_flags[] = {
	{"format", 0, FLAG_STR, HELP_FORMAT_TABLE},
	{"verbose", 'v', FLAG_BOOL, "Show detailed information on space usage"},
	{NULL},
};
const struct command cmd_system_df = {
	.name = "df",
	.usage = "[OPTIONS]",
	.brief = "Show disk usage",
	.flags = df_flags,
	.run = run_df,
};

/* --- dial-stdio: our stdin and stdout joined to the engine's socket, for ssh:// --- */

static int join(int fd, struct err *e)
{
	static char buf[64 * 1024];
	bool up = true;

	for (;;) {
		struct pollfd p[2] = {{.fd = fd, .events = POLLIN}, {.fd = up ? STDIN_FILENO : -1, .events = POLLIN}};
		ssize_t n;

		if (poll(p, 2, -1) < 0) {
			if (errno == EINTR)
				continue;
			return err_sys(e, errno, "cannot poll");
		}
		if (p[0].revents) {
			n = read(fd, buf, sizeof(buf));
			if (n <= 0)
				return 0;
			if (fd_write_full(STDOUT_FILENO, buf, (size_t)n) < 0)
				return 0;
		}
		if (p[1].revents) {
			n = read(STDIN_FILENO, buf, sizeof(buf));
			if (n > 0 && fd_write_full(fd, buf, (size_t)n) == 0)
				continue;
			up = false;
			shutdown(fd, SHUT_WR);
		}
	}
}

static int run_dial_stdio(struct cli *cli, struct args *a)
{
	struct err e = ERR_INIT;
	struct client *c = cli_client(cli, &e);
	int fd = c ? client_dial(c, &e) : -1, r;

	(void)a;
	if (fd < 0)
		return cli_fail(&e);
	r = join(fd, &e);
	fd_close(fd);
	return r < 0 ? cli_fail(&e) : 0;
}

const struct command cmd_system_dial_stdio = {
	.name = "dial-stdio",
	.usage = "",
	.brief = "Proxy the stdio stream to the daemon connection",
	.run = run_dial_stdio,
	.hidden = true,
};
