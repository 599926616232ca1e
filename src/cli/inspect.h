/* SPDX-License-Identifier: Apache-2.0 */
/* The printing of inspect: each object found, as indented JSON or through a template, then the errors of the others. */
#pragma once

#include "cli/cli.h"
#include "format/json/json.h"

/* get is called for each name. Exit code: 1 when any failed, 64 for a template that is none. */
int inspect_print(char *const *names, const char *format,
		  int (*get)(const char *name, void *user, json_object **ret, struct err *e), void *user);
/* inspect of one noun by GET path ("/networks/%s"); q is sent along, or NULL. */
int inspect_path(struct cli *cli, struct args *a, const char *path, const struct query *q, bool size);
