/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one error object. A fallible function returns 0 (or a value >= 0) on success and -1 after filling
 * `struct err *e`, its last parameter; on success `e` is untouched. `e` may be NULL when the caller does not care.
 * `kind` decides the HTTP status (one table in api/status.c) and the client's exit code; `msg` is what the user
 * reads: what went wrong, with which object.
 *
 * base/ and format/ return plain -errno or offsets where no sentence is needed; from the next tier up, `struct err`.
 */
#pragma once

#include <stdarg.h>

#include "base/macros.h"

enum err_kind {
	ERR_NONE = 0,
	ERR_INVALID,      /* the request is wrong */
	ERR_NOT_FOUND,    /* the object is not there */
	ERR_CONFLICT,     /* the object's state forbids it now */
	ERR_DENIED,       /* not allowed */
	ERR_UNAUTHORIZED, /* credentials missing or refused */
	ERR_UNSUPPORTED,  /* not offered by this engine, host or version */
	ERR_UNAVAILABLE,  /* cannot be done right now */
	ERR_NOT_MODIFIED, /* already so */
	ERR_CANCELLED,    /* the caller went away */
	ERR_TOO_LARGE,    /* a named cap was passed */
	ERR_SYSTEM,       /* a system call failed: errnum says which way */
	ERR_BUG,          /* an internal promise was broken */
};

#define ERR_MSG_MAX 1024

struct err {
	enum err_kind kind;
	int errnum; /* 0, or the errno behind ERR_SYSTEM */
	char msg[ERR_MSG_MAX];
};

#define ERR_INIT                                                                                                       \
	{                                                                                                              \
		.kind = ERR_NONE                                                                                       \
	}

/* Both set `e` and return -1, so that a failure is one expression. The text is cut at ERR_MSG_MAX. */
int err_set(struct err *e, enum err_kind kind, const char *fmt, ...) _printf_(3, 4);
/* `errnum` is a positive errno; ": strerror" is appended. */
int err_sys(struct err *e, int errnum, const char *fmt, ...) _printf_(3, 4);
/* Puts "context: " before the message that is there; returns -1. */
int err_wrap(struct err *e, const char *fmt, ...) _printf_(2, 3);

void err_clear(struct err *e);
const char *err_kind_name(enum err_kind kind);
