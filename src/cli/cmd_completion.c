/* SPDX-License-Identifier: Apache-2.0 */
/* completion: scripts for bash, zsh and fish, and the man page, all printed from the command table. */
#include <ctype.h>
#include <string.h>

#include "base/mem.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "cli/commands.h"

/* Calls fn for every visible command below group, with its path ("container ls"). */
static void walk(const struct command *group, const char *path,
		 void (*fn)(struct strbuf *out, const struct command *c, const char *path), struct strbuf *out)
{
	for (const struct command *const *s = group->subs; s && *s; s++) {
		_cleanup_free_ char *here = *path ? xasprintf("%s %s", path, (*s)->name) : xstrdup((*s)->name);

		if ((*s)->hidden)
			continue;
		fn(out, *s, here);
		walk(*s, here, fn, out);
	}
}

static void add_sub_names(struct strbuf *out, const struct command *group)
{
	for (const struct command *const *s = group->subs; s && *s; s++)
		if (!(*s)->hidden)
			strbuf_addf(out, " %s", (*s)->name);
}

static void add_flag_names(struct strbuf *out, const struct flag_spec *flags)
{
	for (const struct flag_spec *f = flags; f && f->name; f++)
		if (!f->hidden)
			strbuf_addf(out, " --%s", f->name);
}

/* What the arguments of a command are, judged by its usage line. */
static const char *objects_of(const struct command *c)
{
	const char *usage = str_or_empty(c->usage);

	if (strstr(usage, "CONTAINER"))
		return "containers";
	if (strstr(usage, "IMAGE") || strstr(usage, "REPOSITORY"))
		return "images";
	return "";
}

/* --- bash and zsh --- */

static void bash_case(struct strbuf *out, const struct command *c, const char *path)
{
	strbuf_addf(out, "\t'%s') words='", path);
	if (c->subs)
		add_sub_names(out, c);
	strbuf_addf(out, "'; objects='%s'; flags='--help", objects_of(c));
	add_flag_names(out, c->flags);
	strbuf_add_str(out, "' ;;\n");
}

static void bash_path(struct strbuf *out, const struct command *c, const char *path)
{
	strbuf_addf(out, "%s'%s'", out->len && out->data[out->len - 1] == '(' ? "" : "|", path);
	(void)c;
}

static void print_bash(struct strbuf *out, const char *prog)
{
	strbuf_addf(out,
		    "# bash completion for %s\n_%s() {\n\tlocal cur=${COMP_WORDS[COMP_CWORD]} path= words= flags= "
		    "objects= i next\n"
		    "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n\t\tnext=\"${path:+$path }${COMP_WORDS[i]}\"\n"
		    "\t\tcase $next in\n\t\t(",
		    prog, prog);
	walk(&command_root, "", bash_path, out);
	strbuf_add_str(out, ") path=$next ;;\n\t\tesac\n\tdone\n\tcase $path in\n\t'') words='");
	add_sub_names(out, &command_root);
	strbuf_add_str(out, "'; flags='--help");
	add_flag_names(out, global_flags);
	strbuf_add_str(out, "' ;;\n");
	walk(&command_root, "", bash_case, out);
	strbuf_addf(
		out,
		"\tesac\n\tcase $cur in\n\t-*) words=$flags ;;\n\t*)\n\t\tcase $objects in\n"
		"\t\tcontainers) words=$(%s ps -a --format '{{.Names}}' 2>/dev/null) ;;\n"
		"\t\timages) words=$(%s images --format '{{.Repository}}:{{.Tag}}' 2>/dev/null | grep -v '<none>') ;;\n"
		"\t\tesac ;;\n\tesac\n\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
		"\t[ ${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- \"$cur\"))\n}\n",
		prog, prog);
	strbuf_addf(out, "complete -F _%s %s\n", prog, prog);
}

static void print_zsh(struct strbuf *out, const char *prog)
{
	/* zsh runs bash completions; the table stays in one form */
	strbuf_addf(out, "#compdef %s\nautoload -Uz bashcompinit && bashcompinit\n", prog);
	print_bash(out, prog);
}

/* --- fish --- */

static const char *fish_prog;

/* In single quotes of fish. */
static void add_fish_quoted(struct strbuf *out, const char *s)
{
	strbuf_add_char(out, '\'');
	for (; *s && *s != '\n'; s++) {
		if (*s == '\'' || *s == '\\')
			strbuf_add_char(out, '\\');
		strbuf_add_char(out, *s);
	}
	strbuf_add_char(out, '\'');
}

static void fish_lines(struct strbuf *out, const struct command *c, const char *path)
{
	_cleanup_strv_ char **words = strv_split(path, ' ');
	_cleanup_strbuf_ struct strbuf cond = STRBUF_INIT;
	size_t n = strv_len(words);

	for (size_t i = 0; i + 1 < n; i++)
		strbuf_addf(&cond, "%s__fish_seen_subcommand_from %s", i ? "; and " : "", words[i]);
	strbuf_addf(out, "complete -c %s -n '%s' -f -a %s -d ", fish_prog, n == 1 ? "__fish_use_subcommand" : cond.data,
		    words[n - 1]);
	add_fish_quoted(out, c->brief);
	strbuf_addf(&cond, "%s__fish_seen_subcommand_from %s", n > 1 ? "; and " : "", words[n - 1]);
	strbuf_add_char(out, '\n');
	for (const struct flag_spec *f = c->flags; f && f->name; f++) {
		if (f->hidden)
			continue;
		strbuf_addf(out, "complete -c %s -n '%s' -l %s", fish_prog, cond.data, f->name);
		if (f->letter)
			strbuf_addf(out, " -s %c", f->letter);
		strbuf_addf(out, "%s -d ", f->type == FLAG_BOOL ? "" : " -r");
		add_fish_quoted(out, f->help);
		strbuf_add_char(out, '\n');
	}
	if (str_eq(objects_of(c), "containers"))
		strbuf_addf(out, "complete -c %s -n '%s' -f -a '(%s ps -a --format \"{{.Names}}\" 2>/dev/null)'\n",
			    fish_prog, cond.data, fish_prog);
}

static void print_fish(struct strbuf *out, const char *prog)
{
	fish_prog = prog;
	strbuf_addf(out, "# fish completion for %s\n", prog);
	walk(&command_root, "", fish_lines, out);
}

/* --- man page --- */

static void add_roff(struct strbuf *out, const char *s)
{
	bool start = true;

	for (; *s; s++) {
		if (start && (*s == '.' || *s == '\''))
			strbuf_add_str(out, "\\&");
		if (*s == '\\')
			strbuf_add_str(out, "\\e");
		else if (*s == '-')
			strbuf_add_str(out, "\\-");
		else
			strbuf_add_char(out, *s);
		start = *s == '\n';
	}
}

static void add_man_flags(struct strbuf *out, const struct flag_spec *flags)
{
	for (const struct flag_spec *f = flags; f && f->name; f++) {
		const char *word = flag_word(f);

		if (f->hidden)
			continue;
		strbuf_add_str(out, ".TP\n.B ");
		if (f->letter)
			strbuf_addf(out, "\\-%c, ", f->letter);
		strbuf_add_str(out, "\\-\\-");
		add_roff(out, f->name);
		if (word)
			strbuf_addf(out, " \\fI%s\\fP", word);
		strbuf_add_char(out, '\n');
		add_roff(out, f->help);
		if (f->def && !str_eq(f->def, "false")) {
			strbuf_add_str(out, " (default ");
			add_roff(out, f->def);
			strbuf_add_char(out, ')');
		}
		strbuf_add_char(out, '\n');
	}
}

static void man_command(struct strbuf *out, const struct command *c, const char *path)
{
	if (c->subs)
		return;
	strbuf_add_str(out, ".SS hull ");
	add_roff(out, path);
	for (const char *p = c->usage; p && *p; p++) {
		if (p == c->usage)
			strbuf_add_char(out, ' ');
		if (*p == '\n')
			break;
		strbuf_add_char(out, *p);
	}
	strbuf_add_char(out, '\n');
	add_roff(out, c->text ? c->text : c->brief);
	strbuf_add_str(out, ".\n");
	add_man_flags(out, c->flags);
}

static void print_man(struct strbuf *out)
{
	strbuf_addf(out,
		    ".TH HULL 1 \"\" \"hull %s\" \"User Commands\"\n.SH NAME\nhull \\- container engine client\n"
		    ".SH SYNOPSIS\n.B hull\n[\\fIOPTIONS\\fP] \\fICOMMAND\\fP [\\fIARG\\fP...]\n.SH DESCRIPTION\n"
		    "Talks to any daemon that serves the Docker Engine API, by default on /var/run/docker.sock. Called "
		    "by the name\n"
		    ".B docker\nit answers as docker does.\n.SH OPTIONS\n",
		    HULL_VERSION);
	add_man_flags(out, global_flags);
	strbuf_add_str(out, ".SH COMMANDS\n");
	walk(&command_root, "", man_command, out);
	strbuf_add_str(out, ".SH ENVIRONMENT\n"
			    ".TP\n.B DOCKER_HOST\nThe daemon: unix://PATH, tcp://HOST:PORT, ssh://USER@HOST.\n"
			    ".TP\n.B DOCKER_CONTEXT\nName of the context to use.\n"
			    ".TP\n.B DOCKER_TLS_VERIFY, DOCKER_CERT_PATH\nUse TLS and verify the daemon; where ca.pem, "
			    "cert.pem and key.pem are.\n"
			    ".TP\n.B DOCKER_CONFIG\nFolder of config.json, instead of ~/.docker.\n"
			    ".TP\n.B DOCKER_API_VERSION\nSpeak this version, without asking.\n"
			    ".SH EXIT STATUS\n.TP\n.B 0\nsuccess\n.TP\n.B 1\nan error\n.TP\n.B 125\nwrong options, or "
			    "run could not start the container\n"
			    ".TP\n.B 126, 127\nthe command in the container cannot be executed, was not found\n"
			    ".TP\n.B others\nthat of the command in the container; 128+n when signal n ended it\n");
}

static int run_completion(struct cli *cli, struct args *a)
{
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;
	const char *what = a->rest[0];

	if (str_eq(what, "bash"))
		print_bash(&out, cli->prog);
	else if (str_eq(what, "zsh"))
		print_zsh(&out, cli->prog);
	else if (str_eq(what, "fish"))
		print_fish(&out, cli->prog);
	else if (str_eq(what, "man"))
		print_man(&out);
	else
		return cli_failf("no completion for %s: there are bash, zsh, fish, and man for the manual page", what);
	cli_print(out.data);
	return 0;
}

const struct command cmd_completion = {
	.name = "completion",
	.usage = "bash|zsh|fish|man",
	.brief = "Print a shell completion script or the manual page",
	.min_args = 1,
	.max_args = 1,
	.run = run_completion,
};
