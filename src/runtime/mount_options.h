/* SPDX-License-Identifier: Apache-2.0 */
/* Option strings of OCI mounts -> attributes of the new mount API. Pure code. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

enum mount_bind { MOUNT_BIND_NONE, MOUNT_BIND_ONE, MOUNT_BIND_TREE };

struct mount_options {
	uint64_t set, clr;         /* MOUNT_ATTR_*, this mount */
	uint64_t rec_set, rec_clr; /* and all below it ("rro") */
	uint64_t propagation;      /* MS_SHARED, MS_SLAVE, MS_PRIVATE, MS_UNBINDABLE or 0 */
	bool propagation_rec;
	enum mount_bind bind;
	enum mount_bind idmap; /* "idmap", "ridmap" */
	bool remount, copy_up;
	char **data; /* what the file system itself is told: "key" or "key=value" */
};

/* `type` is the mount's type ("bind" is an option, too). */
void mount_options_parse(const char *type, char *const *options, struct mount_options *ret);
void mount_options_done(struct mount_options *o);
/* "private", "rslave" ...: MS_* and whether recursive; 0 or -1. */
int mount_propagation_parse(const char *name, uint64_t *ret, bool *ret_rec);
/* Every word of the table, owned. */
char **mount_option_names(void);
