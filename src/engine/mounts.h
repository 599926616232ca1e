/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is mounted into a container, decided at create: Binds, Mounts, VolumesFrom and Config.Volumes become one list of
 * mount points. Pure but for the names of anonymous volumes and one look whether bind sources are there.
 */
#pragma once

#include "base/err.h"
#include "engine/container.h"

#define MOUNTS_MAX 4096 /* of one container */

/* One entry of Binds: "src:dst[:options]", or "dst" for an anonymous volume. ERR_INVALID in Docker's words. */
int mount_bind_parse(const char *text, struct mount_point *ret, struct err *e);
/* One entry of Mounts. */
int mount_parse(const struct mount *m, struct mount_point *ret, struct err *e);
/* One entry of VolumesFrom: the reference (owned) and whether it may be written to. */
int volumes_from_parse(const char *text, char **ret_ref, bool *ret_rw, struct err *e);
/* Is this a set of options that a tmpfs may be given ("size=1m,exec")? */
int tmpfs_options_check(const char *options, struct err *e);
/* May something be mounted there at all? type: "bind", "volume", "tmpfs". */
int mount_destination_check(const char *type, const char *destination, struct err *e);

void mount_point_done(struct mount_point *m);

/*
 * All of them. `from` are the mounts of the containers in VolumesFrom, in its order (their RW already narrowed); what
 * comes later wins over them. Anonymous volumes get a name; sources lie below data_root.
 */
int mounts_plan(const struct host_config *h, const struct container_config *c, const struct json_array *from,
		const char *data_root, struct json_array *ret, struct err *e);

static inline struct mount_point *mount_points(const struct json_array *a)
{
	return a->items;
}
