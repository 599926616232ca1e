/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store behind state.h: one table, one SQLite handle, a few prepared statements, all under one lock. Opened by
 * bin/hulld, written by engine/ and image/, read once at start.
 */
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/fd.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "state/state.h"

/* Of the file's layout; a newer one is refused rather than guessed at. */
#define STATE_SCHEMA 1

enum { STMT_PUT, STMT_DELETE, STMT_KEYS, STMT_GET, STMT_BEGIN, STMT_COMMIT, STMT_ROLLBACK, STMT_MAX };

static const char *const stmt_text[STMT_MAX] = {
	[STMT_PUT] = "INSERT OR REPLACE INTO docs(kind, key, doc) VALUES(?1, ?2, ?3)",
	[STMT_DELETE] = "DELETE FROM docs WHERE kind = ?1 AND key = ?2",
	[STMT_KEYS] = "SELECT key FROM docs WHERE kind = ?1 ORDER BY key",
	[STMT_GET] = "SELECT doc FROM docs WHERE kind = ?1 AND key = ?2",
	[STMT_BEGIN] = "BEGIN IMMEDIATE",
	[STMT_COMMIT] = "COMMIT",
	[STMT_ROLLBACK] = "ROLLBACK",
};

struct state {
	struct lock lock;
	sqlite3 *db;
	sqlite3_stmt *stmts[STMT_MAX];
	enum state_sync sync; /* what PRAGMA synchronous is set to */
};

static int fail_db(struct state *s, const char *what, struct err *e)
{
	return err_set(e, ERR_SYSTEM, "state: %s: %s", what, s->db ? sqlite3_errmsg(s->db) : "out of memory");
}

static int db_exec(struct state *s, const char *sql, struct err *e)
{
	if (sqlite3_exec(s->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return fail_db(s, sql, e);
	return 0;
}

/* First column of the first row. */
static int db_query_text(struct state *s, const char *sql, char **ret, struct err *e)
{
	sqlite3_stmt *q = NULL;
	int r = 0;

	if (sqlite3_prepare_v2(s->db, sql, -1, &q, NULL) != SQLITE_OK)
		return fail_db(s, sql, e);
	if (sqlite3_step(q) == SQLITE_ROW)
		*ret = xstrdup(str_or_empty((const char *)sqlite3_column_text(q, 0)));
	else
		r = fail_db(s, sql, e);
	sqlite3_finalize(q);
	return r;
}

static void db_close(struct state *s)
{
	for (int i = 0; i < STMT_MAX; i++) {
		sqlite3_finalize(s->stmts[i]);
		s->stmts[i] = NULL;
	}
	sqlite3_close(s->db);
	s->db = NULL;
}

static int schema_check(struct state *s, struct err *e)
{
	_cleanup_free_ char *version = NULL;
	uint64_t v;

	if (db_query_text(s, "PRAGMA user_version", &version, e) < 0)
		return -1;
	if (parse_u64(version, &v) < 0 || v > STATE_SCHEMA)
		return err_set(e, ERR_UNSUPPORTED, "state: the file was written by a newer version (layout %s)",
			       version);
	if (v == STATE_SCHEMA)
		return 0;
	return db_exec(s,
		       "BEGIN;"
		       "CREATE TABLE IF NOT EXISTS docs(kind TEXT NOT NULL, key TEXT NOT NULL, doc TEXT NOT NULL,"
		       " PRIMARY KEY(kind, key));"
		       "PRAGMA user_version = 1;"
		       "COMMIT",
		       e);
}

/* Opens and looks whether what is there can be used. The error kind tells a foreign or newer file (left alone) from a
 * broken one (ERR_SYSTEM with errnum EUCLEAN). */
static int db_open(struct state *s, const char *path, bool check, struct err *e)
{
	_cleanup_free_ char *mode = NULL, *verdict = NULL;
	int r, code, fd;

	/* Records hold what users put into environments: nobody else reads them. SQLite gives its log the same mode. */
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_sys(e, errno, "state: %s", path);
	fd_close(fd);
	r = sqlite3_open_v2(path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
	if (r != SQLITE_OK)
		return fail_db(s, path, e);
	/* One handle in one process: no shared-memory file, no lock traffic; a second daemon gets SQLITE_BUSY. The
	 * page cache stays small because memory is the read model. */
	if (db_exec(s, "PRAGMA locking_mode = EXCLUSIVE; PRAGMA cache_size = -256; PRAGMA temp_store = MEMORY;", e) <
		    0 ||
	    db_query_text(s, "PRAGMA journal_mode = WAL", &mode, e) < 0)
		goto failed;
	if (!str_eq(mode, "wal")) {
		err_set(e, ERR_SYSTEM, "state: %s: no write-ahead log on this file system", path);
		return -1;
	}
	if (db_exec(s, "PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 4000;", e) < 0)
		goto failed;
	if (check) {
		if (db_query_text(s, "PRAGMA quick_check(1)", &verdict, e) < 0)
			goto failed;
		if (!str_eq(verdict, "ok")) {
			err_set(e, ERR_SYSTEM, "state: %s: %s", path, verdict);
			e->errnum = EUCLEAN;
			return -1;
		}
	}
	if (schema_check(s, e) < 0)
		goto failed;
	for (int i = 0; i < STMT_MAX; i++) {
		r = sqlite3_prepare_v3(s->db, stmt_text[i], -1, SQLITE_PREPARE_PERSISTENT, &s->stmts[i], NULL);
		if (r != SQLITE_OK) {
			fail_db(s, stmt_text[i], e);
			goto failed;
		}
	}
	return 0;
failed:
	code = sqlite3_errcode(s->db) & 0xff;
	if (code == SQLITE_BUSY || code == SQLITE_LOCKED) {
		err_set(e, ERR_CONFLICT, "state: %s is in use by another process", path);
	} else if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB) {
		e->errnum = EUCLEAN;
	}
	return -1;
}

/* A broken file is kept for whoever wants to look, under a name that says when. */
static int broken_move(const char *path, struct err *e)
{
	static const char *const suffixes[] = {"", "-wal"};
	int64_t now = clock_realtime_ns() / NS_PER_SEC;

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		_cleanup_free_ char *from = xasprintf("%s%s", path, suffixes[i]);
		_cleanup_free_ char *to = xasprintf("%s.broken-%lld%s", path, (long long)now, suffixes[i]);

		if (rename(from, to) == 0)
			log_error("state: the broken file %s was moved to %s", from, to);
		else if (errno != ENOENT)
			return err_sys(e, errno, "state: cannot move the broken file %s aside", from);
	}
	return 0;
}

int state_open(const char *path, struct state **ret, struct err *e)
{
	_cleanup_free_ char *wal = xasprintf("%s-wal", path);
	struct state *s = xnew(struct state);
	struct err first = ERR_INIT;
	int r;

	lock_init(&s->lock, LOCK_RANK_STORE);
	/* A clean close folds the log into the file and removes it. */
	r = db_open(s, path, path_exists(wal), &first);
	if (r < 0 && first.errnum == EUCLEAN) {
		log_error("%s", first.msg);
		db_close(s);
		r = broken_move(path, &first);
		if (r == 0)
			r = db_open(s, path, false, &first);
	}
	if (r < 0) {
		if (e)
			*e = first;
		state_close(s);
		return -1;
	}
	*ret = s;
	return 0;
}

void state_close(struct state *s)
{
	if (!s)
		return;
	db_close(s);
	lock_done(&s->lock);
	free(s);
}

static int stmt_run(struct state *s, int which, const char *kind, const char *key, const char *doc, struct err *e)
{
	sqlite3_stmt *q = s->stmts[which];
	int r;

	if (kind)
		sqlite3_bind_text(q, 1, kind, -1, SQLITE_STATIC);
	if (key)
		sqlite3_bind_text(q, 2, key, -1, SQLITE_STATIC);
	if (doc)
		sqlite3_bind_text(q, 3, doc, -1, SQLITE_STATIC);
	r = sqlite3_step(q);
	if (r != SQLITE_DONE)
		r = fail_db(s, kind ? kind : stmt_text[which], e);
	else
		r = 0;
	sqlite3_reset(q);
	sqlite3_clear_bindings(q);
	return r;
}

static int sync_set(struct state *s, enum state_sync sync, struct err *e)
{
	if (s->sync == sync)
		return 0;
	if (db_exec(s, sync == STATE_DURABLE ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL", e) < 0)
		return -1;
	s->sync = sync;
	return 0;
}

int state_apply(struct state *s, const struct state_change *changes, size_t n, enum state_sync sync, struct err *e)
{
	int r = 0, errnum;

	LOCK_GUARD(&s->lock);
	errnum = FAILPOINT("state.apply");
	if (errnum)
		return err_sys(e, errnum, "state: write");
	if (sync_set(s, sync, e) < 0 || stmt_run(s, STMT_BEGIN, NULL, NULL, NULL, e) < 0)
		return -1;
	for (size_t i = 0; i < n && r == 0; i++)
		r = stmt_run(s, changes[i].doc ? STMT_PUT : STMT_DELETE, changes[i].kind, changes[i].key,
			     changes[i].doc, e);
	if (r == 0)
		r = stmt_run(s, STMT_COMMIT, NULL, NULL, NULL, e);
	/* A failed write (disk full) may have ended the transaction by itself. */
	if (r < 0 && !sqlite3_get_autocommit(s->db))
		stmt_run(s, STMT_ROLLBACK, NULL, NULL, NULL, NULL);
	if (r == 0 && FAILPOINT("state.applied"))
		log_debug("state: failpoint after a commit");
	return r;
}

static int keys_read(struct state *s, const char *kind, char ***ret, struct err *e)
{
	sqlite3_stmt *q = s->stmts[STMT_KEYS];
	char **keys = NULL;
	size_t n = 0, room = 0;
	int r;

	LOCK_GUARD(&s->lock);
	sqlite3_bind_text(q, 1, kind, -1, SQLITE_STATIC);
	while ((r = sqlite3_step(q)) == SQLITE_ROW) {
		if (n + 1 >= room) {
			room = room ? 2 * room : 64;
			keys = xreallocarray(keys, room, sizeof(*keys));
		}
		keys[n++] = xstrdup(str_or_empty((const char *)sqlite3_column_text(q, 0)));
		keys[n] = NULL;
	}
	if (r != SQLITE_DONE)
		fail_db(s, kind, e);
	sqlite3_reset(q);
	sqlite3_clear_bindings(q);
	if (r != SQLITE_DONE) {
		strv_free(keys);
		return -1;
	}
	*ret = keys;
	return 0;
}

/* The document, or NULL with its key logged. */
static char *doc_read(struct state *s, const char *kind, const char *key)
{
	sqlite3_stmt *q = s->stmts[STMT_GET];
	char *doc = NULL;
	int r;

	LOCK_GUARD(&s->lock);
	sqlite3_bind_text(q, 1, kind, -1, SQLITE_STATIC);
	sqlite3_bind_text(q, 2, key, -1, SQLITE_STATIC);
	r = sqlite3_step(q);
	if (r == SQLITE_ROW && sqlite3_column_text(q, 0))
		doc = xstrdup((const char *)sqlite3_column_text(q, 0));
	else
		log_error("state: the record of %s %s cannot be read and is passed over: %s", kind, key,
			  sqlite3_errmsg(s->db));
	sqlite3_reset(q);
	sqlite3_clear_bindings(q);
	return doc;
}

int state_each(struct state *s, const char *kind, void (*fn)(void *arg, const char *key, const char *doc), void *arg,
	       struct err *e)
{
	_cleanup_strv_ char **keys = NULL;

	/* Keys first, then one document at a time: a bad page costs its own documents only, and the lock is not held
	 * while fn runs. */
	if (keys_read(s, kind, &keys, e) < 0)
		return -1;
	STRV_FOREACH (key, keys) {
		_cleanup_free_ char *doc = doc_read(s, kind, *key);

		if (doc)
			fn(arg, *key, doc);
	}
	lock_take(&s->lock);
	sqlite3_db_release_memory(s->db);
	lock_release(&s->lock);
	return 0;
}
