/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Command-line options with docker's grammar: --name value, --name=value, -n value, -nvalue, -n=value, clusters of
 * one-letter flags, "--", options between arguments unless the command forbids it. A command has one table of
 * flag_spec; help, completions and man pages are made from the same table. Values are checked while parsing, so that
 * a wrong one is reported with the option's name, in the words of docker.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/macros.h"
#include "base/strbuf.h"

enum flag_type {
	FLAG_BOOL,
	FLAG_STR,
	FLAG_LIST,    /* may be repeated; values are kept as given */
	FLAG_STRINGS, /* may be repeated; each value is a comma-separated (CSV) list */
	FLAG_INT,     /* any base Go's strconv takes with base 0 */
	FLAG_UINT,
	FLAG_UINT16,
	FLAG_BYTES,    /* "64m" */
	FLAG_SWAP,     /* FLAG_BYTES or -1 */
	FLAG_DURATION, /* "1m30s", nanoseconds */
	FLAG_CPUS,     /* "1.5", billionths */
};

/* Writes what is wrong with value to why and returns false, or returns true. *ret may be given a replacement (owned).
 */
typedef bool flag_check_fn(const char *value, struct strbuf *why, char **ret);

struct flag_spec {
	const char *name;
	char letter; /* 0: none */
	enum flag_type type;
	const char *help;
	const char *word;     /* in help, instead of the type's own word */
	const char *def;      /* default: shown in help and read when the option was not given */
	flag_check_fn *check; /* NULL: by type only */
	bool hidden;          /* not in help */
	const char *alias_of; /* another spelling of this option; its row has the same type */
};

struct flag_value {
	bool set;
	char *str;   /* last value given */
	char **list; /* all of them, for the list types */
	int64_t num; /* numeric types and FLAG_BOOL */
};

/* What one command was given. */
struct args {
	const struct flag_spec *specs; /* ends with a NULL name */
	struct flag_value *values;     /* one per spec */
	size_t n;
	char **rest; /* positional arguments, owned */
	bool help;   /* --help or -h was met; nothing after it was read */
};

/* Parses argv (NULL-terminated, without the command's name). ERR_INVALID with docker's text. */
int args_parse(struct args *a, const struct flag_spec *specs, char *const *argv, bool interspersed, struct err *e);
void args_done(struct args *a);

/* By name of the option, which must be in the table. Strings are borrowed; "" when neither given nor defaulted. */
bool flag_is_set(const struct args *a, const char *name);
bool flag_bool(const struct args *a, const char *name);
const char *flag_str(const struct args *a, const char *name);
int64_t flag_num(const struct args *a, const char *name);
char *const *flag_list(const struct args *a, const char *name); /* NULL when empty */
/* True when the table has such an option: for code shared by commands. */
bool flag_known(const struct args *a, const char *name);

/* The word that stands for the value in help; NULL for booleans. */
const char *flag_word(const struct flag_spec *f);
/* strconv.ParseBool. 0 or -EINVAL. */
int flag_parse_bool(const char *s, bool *ret);

/* A comma-separated record as Go's encoding/csv reads one line: quotes protect commas, "" in quotes is a quote.
 * 0 or -EINVAL. */
int csv_split(const char *s, char ***ret);
