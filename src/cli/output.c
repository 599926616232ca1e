/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What commands print. Text that an engine chose (names, labels, messages) goes through here: on a terminal its control
 * characters are shown, not obeyed (rule D26); in files and pipes it is left as it is, as scripts expect.
 */
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "cli/cli.h"
#include "cli/human.h"

static void put(FILE *f, const char *s, size_t n)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

	if (isatty(fileno(f))) {
		human_escape(&sb, s, n);
		s = sb.data;
		n = sb.len;
	}
	fwrite(s, 1, n, f);
}

static void vput(FILE *f, const char *fmt, va_list ap, const char *end)
{
	_cleanup_free_ char *s = xvasprintf(fmt, ap);

	put(f, s, strlen(s));
	fputs(end, f);
}

int cli_fail(const struct err *e)
{
	fflush(stdout);
	put(stderr, e->msg, strlen(e->msg));
	fputc('\n', stderr);
	return 1;
}

int cli_failf(const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	va_start(ap, fmt);
	vput(stderr, fmt, ap, "\n");
	va_end(ap);
	return 1;
}

void cli_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vput(stderr, fmt, ap, "\n");
	va_end(ap);
}

void cli_print(const char *s)
{
	fputs(s, stdout);
}

void cli_printf(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vput(stdout, fmt, ap, "");
	va_end(ap);
}

void cli_print_line(const char *s)
{
	put(stdout, s, strlen(s));
	fputc('\n', stdout);
}

void cli_write(const char *s, size_t n)
{
	put(stdout, s, n);
}

bool cli_confirm(const char *question)
{
	char answer[16] = "";
	size_t n;

	printf("%s [y/N] ", question);
	fflush(stdout);
	if (!fgets(answer, sizeof(answer), stdin))
		return false;
	n = strcspn(answer, "\r\n");
	answer[n] = 0;
	return str_eq_nocase(answer, "y") || str_eq_nocase(answer, "yes");
}

int cli_for_each(struct cli *cli, char *const *names,
		 int (*fn)(struct client *c, const char *name, void *user, struct err *e), void *user)
{
	struct err e = ERR_INIT;
	struct client *c = cli_client(cli, &e);
	int code = 0;

	if (!c)
		return cli_fail(&e);
	STRV_FOREACH (name, names) {
		err_clear(&e);
		if (fn(c, *name, user, &e) < 0)
			code = cli_fail(&e);
	}
	return code;
}
