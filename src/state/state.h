/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The daemon's records: JSON documents by (kind, key) in one SQLite file (WAL, locking_mode=EXCLUSIVE, one handle; no
 * other process ever opens it). Memory is the read model: documents are read once at start. Any thread; one transaction
 * at a time (LOCK_RANK_STORE).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct state;

enum state_sync {
	STATE_FAST,    /* survives a crash of the daemon */
	STATE_DURABLE, /* survives loss of power: create, remove, tag, volumes */
};

struct state_change {
	const char *kind; /* "container", "image-name", ... */
	const char *key;
	const char *doc; /* JSON text; NULL deletes */
};

/* Opens or makes the file; after an unclean stop runs a quick check, and moves a broken file aside (logged by name). */
int state_open(const char *path, struct state **ret, struct err *e);
void state_close(struct state *s);
/* All or nothing. */
int state_apply(struct state *s, const struct state_change *changes, size_t n, enum state_sync sync, struct err *e);
/* Calls fn for each document of the kind, in key order; strings are borrowed for the call. fn must not call back into
 * this module. A row that cannot be read is logged with its key and passed over. */
int state_each(struct state *s, const char *kind, void (*fn)(void *arg, const char *key, const char *doc), void *arg,
	       struct err *e);
