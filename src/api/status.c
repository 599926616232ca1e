/* SPDX-License-Identifier: Apache-2.0 */
/* Error kind -> HTTP status: the one table. */
#include "api/api.h"

int api_status_of(enum err_kind kind)
{
	switch (kind) {
	case ERR_INVALID:
		return 400;
	case ERR_UNAUTHORIZED:
		return 401;
	case ERR_DENIED:
		return 403;
	case ERR_NOT_FOUND:
		return 404;
	case ERR_CONFLICT:
		return 409;
	case ERR_TOO_LARGE:
		return 413;
	case ERR_NOT_MODIFIED:
		return 304;
	case ERR_UNSUPPORTED:
		return 501;
	case ERR_UNAVAILABLE:
		return 503;
	case ERR_NONE:
	case ERR_CANCELLED:
	case ERR_SYSTEM:
	case ERR_BUG:
		return 500;
	}
	return 500;
}
