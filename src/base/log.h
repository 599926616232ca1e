/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The programs' log: one line per record on stderr, "time level message key=value". Libraries return errors; programs
 * log them, once. Any thread.
 */
#pragma once

#include <stdbool.h>

#include "base/macros.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

void log_set_level(enum log_level level);
enum log_level log_get_level(void);
/* Names of dockerd: trace and debug, info, warn, error, fatal, panic. 0 or -EINVAL. */
int log_level_parse(const char *name, enum log_level *ret);
/* JSON lines instead of text. */
void log_set_json(bool on);
/* Written before each message; borrowed, usually the program's name. */
void log_set_name(const char *name);

void log_write(enum log_level level, const char *fmt, ...) _printf_(2, 3);
#define log_error(...) log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...)  log_write(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...)  log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)                                                                                                 \
	do {                                                                                                           \
		if (log_get_level() >= LOG_LEVEL_DEBUG)                                                                \
			log_write(LOG_LEVEL_DEBUG, __VA_ARGS__);                                                       \
	} while (0)
