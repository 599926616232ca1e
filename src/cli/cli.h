/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line of hull. One struct command per verb, in the verb's own file; commands.c lists them as a tree, from
 * which dispatch, help, completions and man pages are made. A command gets its parsed options and returns the exit
 * code.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/err.h"
#include "base/macros.h"
#include "base/strbuf.h"
#include "cli/config.h"
#include "cli/flags.h"
#include "client/client.h"

struct cli {
	const char *prog;    /* "hull", or "docker" when called by that name */
	char *path;          /* the command as typed, without prog: "container ls" */
	struct args globals; /* options before the command */
	struct config *config;
	struct client *client; /* made by cli_client */
};

enum command_section {
	SECTION_NONE, /* listed under Commands */
	SECTION_COMMON,
	SECTION_MANAGEMENT,
	SECTION_ANY, /* all of a group */
};

#define ARGS_ANY (-1)

struct command {
	const char *name;
	const char *usage; /* behind the name: "[OPTIONS] CONTAINER" */
	const char *brief;
	const char *text;  /* instead of brief in the command's own help, or NULL */
	const char *names; /* other names in its group, comma-separated */
	const char *also;  /* all ways to call it, for "Aliases:", comma-separated: "container ls, ps" */
	const struct flag_spec *flags;
	int min_args, max_args; /* ARGS_ANY: no upper limit */
	bool stop_at_arg;       /* options end at the first argument (run, exec) */
	int (*run)(struct cli *cli, struct args *args);
	const struct command *const *subs; /* of a group; ends with NULL */
	enum command_section section;
	bool any_flags; /* options are not looked at */
	bool hidden;
};

extern const struct command command_root;
extern const struct flag_spec global_flags[];

/* The program: returns the exit code. */
int cli_main(int argc, char **argv);

/* The connection to the engine, made at the first call (version negotiated). NULL with e. */
struct client *cli_client(struct cli *cli, struct err *e);

/* --- output; strings from the engine are escaped when they go to a terminal --- */

/* "text\n" on stderr. Returns 1, the usual exit code. */
int cli_fail(const struct err *e);
int cli_failf(const char *fmt, ...) _printf_(1, 2);
void cli_print(const char *s); /* as it is, to stdout */
void cli_printf(const char *fmt, ...) _printf_(1, 2);
void cli_print_line(const char *s);
void cli_write(const char *s, size_t n);            /* escaped on a terminal */
void cli_warn(const char *fmt, ...) _printf_(1, 2); /* stderr, escaped on a terminal */
/* Asks "WARNING! ...\nAre you sure you want to continue? [y/N] ". */
bool cli_confirm(const char *question);

/* One error per failing argument on stderr, 1 when any failed: "for each argument call fn". */
int cli_for_each(struct cli *cli, char *const *names,
		 int (*fn)(struct client *c, const char *name, void *user, struct err *e), void *user);

/* help.c */
void help_print(struct cli *cli, const struct command *c, FILE *to);
/* "\nUsage:  docker ps [OPTIONS]\n\nRun 'docker ps --help' for more information\n" */
void help_print_usage(struct cli *cli, const struct command *c, FILE *to);
