/* SPDX-License-Identifier: Apache-2.0 */
/* Status lines with ids are kept apart and redrawn in place on a terminal. */
#include "cli/progress.h"

#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "cli/human.h"

struct display {
	FILE *to;
	bool terminal;
	char **ids; /* lines drawn so far, top to bottom */
};

static void put_text(struct display *d, const char *s)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

	human_escape(&sb, s, strlen(s));
	fputs(d->terminal ? sb.data : s, d->to);
}

/* "[=====>      ]  1.2MB/3.4MB" */
static char *bar(json_object *detail)
{
	int64_t current = json_member_int(detail, "current", 0), total = json_member_int(detail, "total", 0);
	_cleanup_free_ char *have = human_size((double)current, 4), *all = NULL;
	char line[51];
	int done;

	if (current <= 0 && total <= 0)
		return xstrdup("");
	if (total <= 0 || current > total)
		return xstrdup(have);
	done = (int)((double)current / (double)total * 50);
	memset(line, ' ', 50);
	memset(line, '=', (size_t)done);
	if (done < 50)
		line[done] = '>';
	line[50] = 0;
	all = human_size((double)total, 4);
	return xasprintf("[%s]  %7s/%s", line, have, all);
}

static void put_status(struct display *d, const char *id, const char *status, json_object *detail)
{
	_cleanup_free_ char *progress = detail ? bar(detail) : xstrdup("");
	size_t n = strv_len(d->ids), at = 0;

	if (!d->terminal) {
		if (*progress) /* bars are for terminals */
			return;
		fprintf(d->to, "%s%s%s\n", id ? id : "", id ? ": " : "", status);
		return;
	}
	if (!id) {
		put_text(d, status);
		fputc('\n', d->to);
		strv_free(d->ids);
		d->ids = NULL;
		return;
	}
	while (at < n && !str_eq(d->ids[at], id))
		at++;
	if (at == n) {
		strv_add(&d->ids, id);
		fputc('\n', d->to);
		n++;
	}
	fprintf(d->to, "\033[%zuA\033[2K\r", n - at);
	put_text(d, id);
	fputs(": ", d->to);
	put_text(d, status);
	fprintf(d->to, "%s%s\r\033[%zuB", *progress ? " " : "", progress, n - at);
	fflush(d->to);
}

static int show_line(struct display *d, const char *line, size_t n, struct err *e)
{
	_cleanup_json_ json_object *o = NULL;
	json_object *error;
	const char *s;

	if (!n)
		return 0;
	if (json_parse(line, n, &o, e) < 0)
		return err_wrap(e, "the engine's progress stream");
	error = json_member(o, "errorDetail");
	s = json_member_str(error, "message", json_member_str(o, "error", NULL));
	if (s)
		return err_set(e, ERR_UNAVAILABLE, "%s", s);
	if (!d->to)
		return 0;
	s = json_member_str(o, "stream", NULL);
	if (s) {
		put_text(d, s);
		return 0;
	}
	s = json_member_str(o, "status", NULL);
	if (s)
		put_status(d, json_member_str(o, "id", NULL), s, json_member(o, "progressDetail"));
	return 0;
}

int progress_line(const char *line, size_t n, FILE *to, struct err *e)
{
	struct display d = {.to = to};
	int r = show_line(&d, line, n, e);

	strv_free(d.ids);
	return r;
}

int progress_show(struct reply *r, FILE *to, struct err *e)
{
	struct display d = {.to = to, .terminal = to && isatty(fileno(to))};
	_cleanup_strbuf_ struct strbuf line = STRBUF_INIT;
	int got;

	while ((got = reply_read_line(r, &line, e)) > 0) {
		if (show_line(&d, line.data, line.len, e) < 0) {
			got = -1;
			break;
		}
	}
	strv_free(d.ids);
	if (to)
		fflush(to);
	return got < 0 ? -1 : 0;
}
