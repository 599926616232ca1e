/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hulld's options: the command line and daemon.json, one table for both, with dockerd's names, rules and messages. What
 * has no subject in this version is taken and named in a warning; what would weaken the host's safety when ignored is
 * refused.
 */
#pragma once

#include <stdbool.h>

#include "api/daemon_config.h"
#include "base/err.h"
#include "base/strbuf.h"

enum config_action { CONFIG_RUN, CONFIG_HELP, CONFIG_VERSION, CONFIG_VALIDATE };

struct config_source; /* what flags and file said, one value per option */

/* Flags only. `argv` is borrowed for the life of the source. */
int config_flags_parse(int argc, char *const *argv, struct config_source **ret, enum config_action *ret_action,
		       struct err *e);
void config_source_free(struct config_source *s);
/* Merges daemon.json into it and makes the configuration; may be called again for a reload (the flags stay). Names of
 * options that are taken without effect go to *ret_ignored. */
int config_load(struct config_source *s, struct daemon_config **ret, char ***ret_ignored, struct err *e);
void daemon_config_free(struct daemon_config *c);
/* The same from a text in place of the file: for tests and fuzzing. */
int config_load_text(struct config_source *s, const char *text, size_t n, struct daemon_config **ret,
		     char ***ret_ignored, struct err *e);
/* A reload takes only the options that may change at run time; everything else stays as in `old`. */
struct daemon_config *config_reloaded(const struct daemon_config *old, struct daemon_config *fresh);
void config_help(struct strbuf *out);
DEFINE_CLEANUP(struct daemon_config, daemon_config_free)
DEFINE_CLEANUP(struct config_source, config_source_free)
