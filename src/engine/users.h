/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The user texts of the API ("1000", "1000:1000", "app", "app:staff"), as far as they can be understood without the
 * container's files: the runtime looks names up. Numbers are strict (rule D10): a text of digits is a number or an
 * error, never a name.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define USER_TEXT_MAX 256

struct user_spec {
	uint32_t uid, gid; /* 0 where not known */
	bool uid_known, gid_known;
};
/* text NULL or "": root. */
int user_parse(const char *text, struct user_spec *ret, struct err *e);
int group_name_check(const char *text, struct err *e);
