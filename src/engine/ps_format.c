/* SPDX-License-Identifier: Apache-2.0 */
/* Columns of ps; see ps_format.h. Field numbers of stat are those of proc(5). */
#include "engine/ps_format.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/sysmacros.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/strutil.h"
#include "base/strv.h"

#define STAT_FIELDS 52
#define STAT_MOST   (1LL << 48) /* more than any kernel says; what is computed from it cannot overflow */

struct ps_facts {
	const struct ps_process *p;
	const struct ps_system *sys;
	char comm[64];
	char state;
	int64_t stat[STAT_FIELDS + 1]; /* by number; 2 and 3 are above */
	int64_t ruid, euid, rgid, egid, vm_lock;
};

enum stat_field {
	STAT_PPID = 4,
	STAT_PGRP = 5,
	STAT_SESSION = 6,
	STAT_TTY = 7,
	STAT_TPGID = 8,
	STAT_FLAGS = 9,
	STAT_UTIME = 14,
	STAT_STIME = 15,
	STAT_PRIORITY = 18,
	STAT_NICE = 19,
	STAT_THREADS = 20,
	STAT_START = 22,
	STAT_VSIZE = 23,
	STAT_RSS = 24,
	STAT_CPU = 39,
};

/* --- facts --- */

static bool stat_parse(const char *text, struct ps_facts *f)
{
	const char *open = strchr(text, '('), *close = strrchr(text, ')');
	size_t n;

	if (!open || !close || close < open || close[1] != ' ')
		return false;
	n = MIN((size_t)(close - open - 1), sizeof(f->comm) - 1);
	memcpy(f->comm, open + 1, n);
	f->comm[n] = '\0';
	text = close + 2;
	if (*text == '\0')
		return false;
	f->state = *text++;
	for (int i = 4; i <= STAT_FIELDS && *text == ' '; i++) {
		char *end;

		f->stat[i] = MIN(MAX(strtoll(text, &end, 10), -STAT_MOST), STAT_MOST);
		if (end == text)
			return false;
		text = end;
	}
	return f->stat[STAT_START] != 0 || f->p->pid > 0;
}

static int64_t status_number(const char *status, const char *key, int which)
{
	const char *line = status;
	size_t n = strlen(key);

	while (line && strncmp(line, key, n) != 0) {
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	if (!line)
		return 0;
	line += n;
	for (;;) {
		char *end;
		int64_t v = strtoll(line, &end, 10);

		if (end == line)
			return 0;
		if (which-- == 0)
			return v;
		line = end;
	}
}

static int64_t cpu_ticks(const struct ps_facts *f)
{
	return f->stat[STAT_UTIME] + f->stat[STAT_STIME];
}

static int64_t elapsed_ns(const struct ps_facts *f)
{
	double started = (double)f->sys->boot_ns + (double)f->stat[STAT_START] * (double)(NS_PER_SEC / f->sys->ticks);
	double elapsed = (double)f->sys->now_ns - started;

	return elapsed > 0 && elapsed < (double)INT64_MAX ? (int64_t)elapsed : 0;
}

static double cpu_percent(const struct ps_facts *f)
{
	double secs = (double)elapsed_ns(f) / (double)NS_PER_SEC;

	return secs > 0 ? 100.0 * (double)cpu_ticks(f) / (double)f->sys->ticks / secs : 0.0;
}

/* Name of an id in the text of a passwd or group file; the number when there is none. As ps does, a name longer than
 * its column gives way to the number. */
static char *id_name(const char *file, int64_t id)
{
	for (const char *line = file; line && *line; line = strchr(line, '\n'), line = line ? line + 1 : NULL) {
		const char *colon = strchr(line, ':'), *second = colon ? strchr(colon + 1, ':') : NULL;
		char *end;

		if (!second || memchr(line, '\n', (size_t)(second - line)))
			continue;
		if (strtoll(second + 1, &end, 10) == id && *end == ':' && end != second + 1)
			return xstrndup(line, (size_t)(colon - line));
	}
	return xasprintf("%" PRId64, id);
}

static char *clock_text(int64_t started_ns, int64_t now_ns, const char *today)
{
	time_t started = (time_t)(started_ns / NS_PER_SEC), now = (time_t)(now_ns / NS_PER_SEC);
	char buf[32];
	struct tm a, b;

	localtime_r(&started, &a);
	localtime_r(&now, &b);
	if (a.tm_year == b.tm_year && a.tm_yday == b.tm_yday)
		strftime(buf, sizeof(buf), today, &a);
	else
		strftime(buf, sizeof(buf), a.tm_year == b.tm_year ? "%b%d" : "%Y", &a);
	return xstrdup(buf);
}

/* --- columns --- */

static char *col_uid_name(const struct ps_facts *f)
{
	return id_name(f->p->passwd, f->euid);
}
static char *col_ruser(const struct ps_facts *f)
{
	return id_name(f->p->passwd, f->ruid);
}
static char *col_uid(const struct ps_facts *f)
{
	return xasprintf("%" PRId64, f->euid);
}
static char *col_group(const struct ps_facts *f)
{
	return id_name(f->p->group, f->egid);
}
static char *col_gid(const struct ps_facts *f)
{
	return xasprintf("%" PRId64, f->egid);
}
static char *col_pid(const struct ps_facts *f)
{
	return xasprintf("%d", (int)f->p->pid);
}
static char *number(const struct ps_facts *f, enum stat_field i)
{
	return xasprintf("%" PRId64, f->stat[i]);
}
static char *col_ppid(const struct ps_facts *f)
{
	return number(f, STAT_PPID);
}
static char *col_pgid(const struct ps_facts *f)
{
	return number(f, STAT_PGRP);
}
static char *col_sid(const struct ps_facts *f)
{
	return number(f, STAT_SESSION);
}
static char *col_c(const struct ps_facts *f)
{
	return xasprintf("%d", (int)MIN(cpu_percent(f), 99.0));
}
static char *col_pcpu(const struct ps_facts *f)
{
	return xasprintf("%.1f", cpu_percent(f));
}
static char *col_pmem(const struct ps_facts *f)
{
	return xasprintf("%.1f", f->sys->memory > 0
					 ? 100.0 * (double)(f->stat[STAT_RSS] * f->sys->page) / (double)f->sys->memory
					 : 0.0);
}
static char *col_vsz(const struct ps_facts *f)
{
	return xasprintf("%" PRId64, f->stat[STAT_VSIZE] / 1024);
}
static char *col_rss(const struct ps_facts *f)
{
	return xasprintf("%" PRId64, f->stat[STAT_RSS] * f->sys->page / 1024);
}
static char *col_tty(const struct ps_facts *f)
{
	dev_t d = (dev_t)f->stat[STAT_TTY];

	if (d == 0)
		return xstrdup("?");
	if (major(d) >= 136 && major(d) <= 143) /* Unix98 pty slaves */
		return xasprintf("pts/%u", (major(d) - 136) * 256 + minor(d));
	return major(d) == 4 ? xasprintf("tty%u", minor(d)) : xstrdup("?");
}
static char *col_s(const struct ps_facts *f)
{
	return xasprintf("%c", f->state);
}
static char *col_stat(const struct ps_facts *f)
{
	int64_t nice = f->stat[STAT_NICE];

	return xasprintf("%c%s%s%s%s%s", f->state,
			 nice < 0   ? "<"
			 : nice > 0 ? "N"
				    : "",
			 f->vm_lock > 0 ? "L" : "", f->stat[STAT_SESSION] == f->p->pid ? "s" : "",
			 f->stat[STAT_THREADS] > 1 ? "l" : "",
			 f->stat[STAT_TPGID] > 0 && f->stat[STAT_TPGID] == f->stat[STAT_PGRP] ? "+" : "");
}
static char *col_stime(const struct ps_facts *f)
{
	return clock_text(f->sys->now_ns - elapsed_ns(f), f->sys->now_ns, "%H:%M");
}
static char *col_lstart(const struct ps_facts *f)
{
	time_t t = (time_t)((f->sys->now_ns - elapsed_ns(f)) / NS_PER_SEC);
	char buf[32];
	struct tm tm;

	localtime_r(&t, &tm);
	strftime(buf, sizeof(buf), "%a %b %e %H:%M:%S %Y", &tm);
	return xstrdup(buf);
}
static char *col_time(const struct ps_facts *f)
{
	int64_t s = cpu_ticks(f) / f->sys->ticks, days = s / 86400;

	s %= 86400;
	if (days > 0)
		return xasprintf("%" PRId64 "-%02d:%02d:%02d", days, (int)(s / 3600), (int)(s / 60 % 60),
				 (int)(s % 60));
	return xasprintf("%02d:%02d:%02d", (int)(s / 3600), (int)(s / 60 % 60), (int)(s % 60));
}
static char *col_bsdtime(const struct ps_facts *f)
{
	int64_t s = cpu_ticks(f) / f->sys->ticks;

	return xasprintf("%" PRId64 ":%02d", s / 60, (int)(s % 60));
}
static char *col_etimes(const struct ps_facts *f)
{
	return xasprintf("%" PRId64, (int64_t)(elapsed_ns(f) / NS_PER_SEC));
}
static char *col_etime(const struct ps_facts *f)
{
	int64_t s = elapsed_ns(f) / NS_PER_SEC, days = s / 86400, hours = s / 3600 % 24;
	int min = (int)(s / 60 % 60), sec = (int)(s % 60);

	if (days > 0)
		return xasprintf("%" PRId64 "-%02d:%02d:%02d", days, (int)hours, min, sec);
	return hours > 0 ? xasprintf("%02d:%02d:%02d", (int)hours, min, sec) : xasprintf("%02d:%02d", min, sec);
}
static char *col_comm(const struct ps_facts *f)
{
	return xstrdup(f->comm);
}
static char *col_args(const struct ps_facts *f)
{
	/* Kernel threads and zombies have no command line. */
	if (str_empty(f->p->cmdline))
		return f->state == 'Z' ? xasprintf("[%s] <defunct>", f->comm) : xasprintf("[%s]", f->comm);
	return xstrdup(f->p->cmdline);
}
static char *col_nice(const struct ps_facts *f)
{
	return number(f, STAT_NICE);
}
static char *col_pri(const struct ps_facts *f)
{
	return xasprintf("%" PRId64, 39 - f->stat[STAT_PRIORITY]);
}
static char *col_nlwp(const struct ps_facts *f)
{
	return number(f, STAT_THREADS);
}
static char *col_psr(const struct ps_facts *f)
{
	return number(f, STAT_CPU);
}
static char *col_wchan(const struct ps_facts *f)
{
	return xstrdup(str_empty(f->p->wchan) || str_eq(f->p->wchan, "0") ? "-" : f->p->wchan);
}

static const struct ps_column_kind {
	const char *names; /* of -o, comma separated */
	const char *title;
	char *(*text)(const struct ps_facts *f);
} kinds[] = {
	{"pid,tgid", "PID", col_pid},
	{"user,euser,uname", "USER", col_uid_name},
	{"ruser", "RUSER", col_ruser},
	{"uid,euid", "UID", col_uid},
	{"group,egroup", "GROUP", col_group},
	{"gid,egid", "GID", col_gid},
	{"ppid", "PPID", col_ppid},
	{"pgid,pgrp", "PGID", col_pgid},
	{"sid,sess,session", "SID", col_sid},
	{"c,cp", "C", col_c},
	{"pcpu,%cpu", "%CPU", col_pcpu},
	{"pmem,%mem", "%MEM", col_pmem},
	{"vsz,vsize", "VSZ", col_vsz},
	{"rss,rssize,rsz", "RSS", col_rss},
	{"tty,tt,tname", "TT", col_tty},
	{"s,state", "S", col_s},
	{"stat", "STAT", col_stat},
	{"stime,start_time", "STIME", col_stime},
	{"start,bsdstart", "START", col_stime},
	{"lstart", "STARTED", col_lstart},
	{"time,cputime", "TIME", col_time},
	{"bsdtime", "TIME", col_bsdtime},
	{"etime", "ELAPSED", col_etime},
	{"etimes", "ELAPSED", col_etimes},
	{"ni,nice", "NI", col_nice},
	{"pri", "PRI", col_pri},
	{"nlwp,thcount", "NLWP", col_nlwp},
	{"psr", "PSR", col_psr},
	{"wchan", "WCHAN", col_wchan},
	{"comm,ucmd,ucomm", "COMMAND", col_comm},
	{"args,command", "COMMAND", col_args},
	{"cmd", "CMD", col_args},
};

static const struct ps_column_kind *kind_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		_cleanup_strv_ char **names = strv_split(kinds[i].names, ',');

		if (strv_contains(names, name))
			return &kinds[i];
	}
	return NULL;
}

/* --- arguments --- */

/* What the whole formats consist of, in the notation of -o. */
static const char format_full[] = "user=UID,pid,ppid,c,stime,tty=TTY,time,cmd";
static const char format_plain[] = "pid,tty=TTY,time,comm=CMD";
static const char format_user[] = "user,pid,%cpu,%mem,vsz,rss,tty=TTY,stat,start,bsdtime,command";
static const char format_bsd[] = "pid,tty=TTY,stat,bsdtime,command";

void ps_format_done(struct ps_format *f)
{
	for (size_t i = 0; i < f->n; i++)
		free(f->columns[i].title);
	f->n = 0;
}

static int format_add(struct ps_format *f, const char *list, struct err *e)
{
	_cleanup_strv_ char **parts = strv_split(list, ',');

	STRV_FOREACH (p, parts) {
		char *title = strchr(*p, '=');
		const struct ps_column_kind *kind;

		if (title)
			*title++ = '\0';
		kind = kind_find(*p);
		if (!kind)
			return err_set(e, ERR_INVALID, "ps_args: unknown column \"%s\"", *p);
		if (f->n == PS_COLUMNS_MAX)
			return err_set(e, ERR_INVALID, "ps_args: more than %d columns", PS_COLUMNS_MAX);
		f->columns[f->n].kind = kind;
		f->columns[f->n++].title = xstrdup(title ? title : kind->title);
	}
	return 0;
}

struct ps_args {
	bool full, user, bsd;
	bool has_list;
};

/* One cluster of letters. *list: what follows an o in it, or "" when the next word is meant. */
static int cluster_parse(const char *word, bool dash, struct ps_args *a, const char **list, struct err *e)
{
	*list = NULL;
	a->bsd |= !dash;
	for (const char *s = word; *s; s++) {
		switch (*s) {
		case 'e':
		case 'A':
		case 'a':
		case 'x':
		case 'w':
			break; /* which processes, how wide: all of the container, all of it */
		case 'f':
			a->full |= dash; /* BSD's f draws a forest: without it the rows are the same */
			break;
		case 'u':
			if (dash)
				return err_set(e, ERR_INVALID,
					       "ps_args: -u selects users, all of the container are shown");
			a->user = true;
			break;
		case 'o':
			*list = s + 1;
			return 0;
		default:
			return err_set(
				e, ERR_INVALID,
				"ps_args: \"%s\" is not supported; known are -ef, aux, and -o with a list of columns",
				word);
		}
	}
	return 0;
}

static int args_parse(char *const *words, struct ps_args *a, struct ps_format *f, struct err *e)
{
	for (; words && *words; words++) {
		const char *word = *words, *list;
		bool dash = word[0] == '-';

		if (*word == '\0')
			continue;
		if (dash && word[1] == '-') {
			list = str_after(word, "--format=");
			if (!list && !str_eq(word, "--forest"))
				return err_set(e, ERR_INVALID, "ps_args: \"%s\" is not supported", word);
		} else if (cluster_parse(word + dash, dash, a, &list, e) < 0) {
			return -1;
		}
		if (!list)
			continue;
		if (*list == '\0') {
			list = *++words;
			if (!list)
				return err_set(e, ERR_INVALID, "ps_args: -o needs a list of columns");
		}
		a->has_list = true;
		if (format_add(f, list, e) < 0)
			return -1;
	}
	return 0;
}

int ps_format_parse(const char *args, struct ps_format *ret, struct err *e)
{
	_cleanup_strv_ char **words = strv_split(str_empty(args) ? "-ef" : args, ' ');
	_cleanup_(ps_format_done) struct ps_format f = {0};
	struct ps_args a = {0};

	if (args_parse(words, &a, &f, e) < 0)
		return -1;
	if (!a.has_list && format_add(&f,
				      a.full   ? format_full
				      : a.user ? format_user
				      : a.bsd  ? format_bsd
					       : format_plain,
				      e) < 0)
		return -1;
	for (size_t i = 0; i < f.n; i++) {
		if (str_eq(f.columns[i].title, "PID")) {
			*ret = f;
			f.n = 0;
			return 0;
		}
	}
	return err_set(e, ERR_INVALID, "Couldn't find PID field in ps output");
}

char **ps_row(const struct ps_format *f, const struct ps_process *p, const struct ps_system *sys)
{
	struct ps_facts facts = {.p = p, .sys = sys};
	char **row = NULL;

	if (!stat_parse(p->stat, &facts))
		return NULL;
	facts.ruid = status_number(p->status, "Uid:", 0);
	facts.euid = status_number(p->status, "Uid:", 1);
	facts.rgid = status_number(p->status, "Gid:", 0);
	facts.egid = status_number(p->status, "Gid:", 1);
	facts.vm_lock = status_number(p->status, "VmLck:", 0);
	for (size_t i = 0; i < f->n; i++)
		strv_push(&row, f->columns[i].kind->text(&facts));
	return row;
}
