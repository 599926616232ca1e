/* SPDX-License-Identifier: Apache-2.0 */
/* The error object: see err.h. Never allocates, so that it also works when little else does. */
#include "base/err.h"

#include <stdio.h>
#include <string.h>

static int err_vset(struct err *e, enum err_kind kind, int errnum, const char *fmt, va_list ap)
{
	if (!e)
		return -1;
	e->kind = kind;
	e->errnum = errnum;
	vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	return -1;
}

int err_set(struct err *e, enum err_kind kind, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	err_vset(e, kind, 0, fmt, ap);
	va_end(ap);
	return -1;
}

int err_sys(struct err *e, int errnum, const char *fmt, ...)
{
	if (!e)
		return -1;
	va_list ap;
	va_start(ap, fmt);
	err_vset(e, ERR_SYSTEM, errnum, fmt, ap);
	va_end(ap);
	size_t len = strlen(e->msg);
	char text[128];
	snprintf(e->msg + len, sizeof(e->msg) - len, ": %s", strerror_r(errnum, text, sizeof(text)));
	return -1;
}

int err_wrap(struct err *e, const char *fmt, ...)
{
	if (!e)
		return -1;
	char inner[ERR_MSG_MAX];
	memcpy(inner, e->msg, sizeof(inner));
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	va_end(ap);
	size_t len = strlen(e->msg);
	snprintf(e->msg + len, sizeof(e->msg) - len, ": %s", inner);
	return -1;
}

void err_clear(struct err *e)
{
	*e = (struct err)ERR_INIT;
}

const char *err_kind_name(enum err_kind kind)
{
	static const char *const names[] = {
		[ERR_NONE] = "none",
		[ERR_INVALID] = "invalid",
		[ERR_NOT_FOUND] = "not found",
		[ERR_CONFLICT] = "conflict",
		[ERR_DENIED] = "denied",
		[ERR_UNAUTHORIZED] = "unauthorized",
		[ERR_UNSUPPORTED] = "unsupported",
		[ERR_UNAVAILABLE] = "unavailable",
		[ERR_NOT_MODIFIED] = "not modified",
		[ERR_CANCELLED] = "cancelled",
		[ERR_TOO_LARGE] = "too large",
		[ERR_SYSTEM] = "system",
		[ERR_BUG] = "bug",
	};
	return (size_t)kind < ARRAY_SIZE(names) ? names[kind] : "unknown";
}
