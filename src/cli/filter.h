/* SPDX-License-Identifier: Apache-2.0 */
/* --filter key=value options as the API's filters parameter: {"key":{"value":true}}. */
#pragma once

#include "client/client.h"

#define HELP_FORMAT_TABLE                                                                                              \
	"Format output using a custom template:\n"                                                                     \
	"'table':            Print output in table format with column headers (default)\n"                             \
	"'table TEMPLATE':   Print output in table format using the given Go template\n"                               \
	"'json':             Print in JSON format\n"                                                                   \
	"'TEMPLATE':         Print output using the given Go template.\n"                                              \
	"Refer to https://docs.docker.com/go/formatting/ for more information about formatting output with templates"
#define HELP_FORMAT                                                                                                    \
	"Format output using a custom template:\n"                                                                     \
	"'json':             Print in JSON format\n"                                                                   \
	"'TEMPLATE':         Print output using the given Go template.\n"                                              \
	"Refer to https://docs.docker.com/go/formatting/ for more information about formatting output with templates"

/* Adds filters=… when there are any; `extra` ("key=value") is one more, or NULL. -1 with e for one without '='. */
int filter_add(struct query *q, char *const *filters, const char *extra, struct err *e);
/* The check of a --filter option: lower-case key, blanks trimmed. */
bool filter_check(const char *value, struct strbuf *why, char **ret);
