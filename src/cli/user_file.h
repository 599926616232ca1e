/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that the user names on the command line: archives in and out, id files. They are the user's own, opened with
 * the user's rights; nothing here is for paths that an engine, image or container had a hand in.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"

/* For reading; a descriptor >= 3, or -1 with "open PATH: no such file or directory". */
int user_file_open(const char *path, struct err *e);
/* A new file (or an emptied one unless exclusive) for writing. */
int user_file_create(const char *path, unsigned mode, bool exclusive, struct err *e);
/* err_sys with the system's words in lower case, as docker's users know them. Returns -1. */
int user_file_error(struct err *e, int errnum, const char *fmt, ...) _printf_(3, 4);
