/* SPDX-License-Identifier: Apache-2.0 */
/* Help texts in docker's layout, made from the command table. */
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "cli/cli.h"

static size_t terminal_width(void)
{
	struct winsize ws;

	if (ioctl(STDIN_FILENO, TIOCGWINSZ, &ws) == 0)
		return ws.ws_col;
	return 80;
}

/* The part of s for one line of about `width` columns, `slop` more when that takes all of it. *rest is behind it. */
static size_t wrap_once(const char *s, size_t width, size_t slop, const char **rest)
{
	size_t n = strlen(s), cut = 0;
	const char *nl = NULL;

	if (width + slop > n) {
		*rest = s + n;
		return n;
	}
	for (size_t i = 0; i < width; i++) {
		if (s[i] == '\n')
			nl = s + i;
		if (strchr(" \t\n", s[i]))
			cut = i;
	}
	if (nl && nl > s && (size_t)(nl - s) < cut)
		cut = (size_t)(nl - s);
	if (cut == 0) {
		*rest = s + n;
		return n;
	}
	*rest = s + cut + 1;
	return cut;
}

static void add_indented(struct strbuf *out, const char *s, size_t n, size_t indent)
{
	for (size_t i = 0; i < n; i++) {
		strbuf_add_char(out, s[i]);
		for (size_t k = 0; s[i] == '\n' && k < indent; k++)
			strbuf_add_char(out, ' ');
	}
}

/* Text in a block `indent` columns from the left, lines of at most `width` columns (0: as they are). */
static void add_wrapped(struct strbuf *out, const char *s, size_t indent, size_t width)
{
	size_t room = width > indent ? width - indent : 0;

	if (width && room < 24) {
		indent = 16;
		room = width > indent ? width - indent : 0;
		add_indented(out, "\n", 1, indent);
	}
	if (room < 24) {
		add_indented(out, s, strlen(s), indent);
		return;
	}
	while (*s) {
		const char *rest;
		size_t n = wrap_once(s, room - 5, 5, &rest);

		add_indented(out, s, n, indent);
		if (*rest)
			add_indented(out, "\n", 1, indent);
		s = rest;
	}
}

static void add_default(struct strbuf *out, const struct flag_spec *f)
{
	bool quote = f->type == FLAG_STR && !f->word;

	if (f->def && !(f->type == FLAG_BOOL && str_eq(f->def, "false")))
		strbuf_addf(out, quote ? " (default \"%s\")" : " (default %s)", f->def);
}

static void add_flags(struct strbuf *out, const struct flag_spec *flags)
{
	size_t widest = 0, width = terminal_width();

	width = width ? width - 1 : 0;
	for (int pass = 0; pass < 2; pass++) {
		for (const struct flag_spec *f = flags; f && f->name; f++) {
			_cleanup_strbuf_ struct strbuf left = STRBUF_INIT, right = STRBUF_INIT;
			const char *word = flag_word(f);

			if (f->hidden)
				continue;
			if (f->letter)
				strbuf_addf(&left, "  -%c, --%s", f->letter, f->name);
			else
				strbuf_addf(&left, "      --%s", f->name);
			if (word)
				strbuf_addf(&left, " %s", word);
			widest = MAX(widest, left.len);
			if (pass == 0)
				continue;
			strbuf_add_str(&right, f->help);
			add_default(&right, f);
			strbuf_addf(out, "%-*s   ", (int)widest, left.data);
			add_wrapped(out, right.data, widest + 3, width);
			strbuf_add_char(out, '\n');
		}
	}
}

static bool has_flags(const struct command *c)
{
	for (const struct flag_spec *f = c->flags; f && f->name; f++)
		if (!f->hidden)
			return true;
	return false;
}

static bool in_section(const struct command *c, enum command_section section)
{
	return !c->hidden && (section == SECTION_ANY || c->section == section);
}

static void add_commands(struct strbuf *out, const struct command *group, enum command_section section,
			 const char *title)
{
	size_t widest = 0, n = 0;

	for (const struct command *const *s = group->subs; *s; s++) {
		widest = MAX(widest, strlen((*s)->name));
		n += in_section(*s, section);
	}
	if (!n)
		return;
	strbuf_addf(out, "\n%s:\n", title);
	for (const struct command *const *s = group->subs; *s; s++)
		if (in_section(*s, section))
			strbuf_addf(out, "  %-*s %s\n", (int)MAX(widest, (size_t)11), (*s)->name, (*s)->brief);
}

static void add_usage(struct strbuf *out, struct cli *cli, const struct command *c)
{
	const char *second = strchr(str_or_empty(c->usage), '\n');

	strbuf_addf(out, "Usage:  %s%s%s", cli->prog, *cli->path ? " " : "", cli->path);
	if (!c->usage)
		return;
	strbuf_addf(out, "%s%.*s", *c->usage ? " " : "", (int)(second ? (size_t)(second - c->usage) : strlen(c->usage)),
		    c->usage);
	if (second) /* a second form (cp) */
		strbuf_addf(out, "\n\t%s %s %s", cli->prog, cli->path, second + 1);
}

void help_print_usage(struct cli *cli, const struct command *c, FILE *to)
{
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;

	if (c == &command_root)
		strbuf_addf(&out, "Usage:  %s [OPTIONS] COMMAND [ARG...]", cli->prog);
	else if (c->subs)
		strbuf_addf(&out, "Usage:  %s %s", cli->prog, cli->path);
	else
		add_usage(&out, cli, c);
	fprintf(to, "\n%s\n\n", out.data);
}

static void add_aliases(struct strbuf *out, const struct cli *cli, const char *also)
{
	_cleanup_strv_ char **names = strv_split(also, ',');

	strbuf_add_str(out, "\nAliases:\n  ");
	for (size_t i = 0; names[i]; i++)
		strbuf_addf(out, "%s%s %s", i ? ", " : "", cli->prog, names[i] + strspn(names[i], " "));
	strbuf_add_char(out, '\n');
}

void help_print(struct cli *cli, const struct command *c, FILE *to)
{
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;

	add_usage(&out, cli, c);
	strbuf_addf(&out, "\n\n%s\n", c->text ? c->text : c->brief);
	if (c->also)
		add_aliases(&out, cli, c->also);
	if (c == &command_root) {
		add_commands(&out, c, SECTION_COMMON, "Common Commands");
		add_commands(&out, c, SECTION_MANAGEMENT, "Management Commands");
		add_commands(&out, c, SECTION_NONE, "Commands");
	} else if (c->subs) {
		add_commands(&out, c, SECTION_ANY, "Commands");
	}
	if (c == &command_root) {
		strbuf_add_str(&out, "\nGlobal Options:\n");
		add_flags(&out, global_flags);
	} else if (has_flags(c)) {
		strbuf_add_str(&out, "\nOptions:\n");
		add_flags(&out, c->flags);
	}
	if (c->subs)
		strbuf_addf(&out, "\nRun '%s%s%s COMMAND --help' for more information on a command.\n", cli->prog,
			    *cli->path ? " " : "", cli->path);
	fputs(out.data, to);
}
