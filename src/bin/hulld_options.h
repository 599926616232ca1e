/* SPDX-License-Identifier: Apache-2.0 */
/* The table of options: what each is called, what its values look like, and where they go. */
#pragma once

#include <stddef.h>

#include "api/daemon_config.h"
#include "base/err.h"

enum option_type {
	OPTION_BOOL,
	OPTION_STR,
	OPTION_INT,
	OPTION_BYTES,
	OPTION_LIST,   /* char **; repeatable flag */
	OPTION_MAP,    /* struct json_kv; "k=v", repeatable */
	OPTION_ULIMIT, /* char **: "name=soft:hard" */
	OPTION_ANY,    /* JSON of any shape, or text: only taken */
};

enum option_flags {
	OPTION_NO_FILE = 1, /* a flag alone */
	OPTION_IGNORED = 2, /* has no effect in Docker either, or nothing to act on that anybody could miss */
	OPTION_WARN = 4,    /* its subject is not there yet */
	OPTION_REFUSE = 8,  /* its subject is not there yet, and going on without it would be unsafe */
	OPTION_RELOAD = 16, /* may change by SIGHUP */
};

#define OPTION_NOWHERE ((size_t)-1)

struct option_spec {
	const char *flag; /* without "--"; NULL: only in the file */
	char letter;
	const char *key; /* in daemon.json, dotted; NULL: only a flag */
	enum option_type type;
	size_t offset; /* in struct daemon_config */
	unsigned flags;
	int (*check)(const char *value, struct err *e); /* of each single value; NULL: anything */
	const char *help;
};

extern const struct option_spec option_specs[];
extern const size_t option_specs_n;

/* A bool as strconv.ParseBool reads it; -1 for anything else. */
int option_bool_parse(const char *s);
