/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The directories behind mount points. An anonymous volume lies at <data_root>/volumes/<name>/_data and is made at the
 * first start that needs it, with the image's content at that place copied in: first beside, then renamed, so that
 * after a crash it is there whole or not at all, and what a user has written is never copied over (rules D17, B13 to
 * B15).
 */
#pragma once

#include "base/err.h"
#include "engine/container.h"

/* Before a start: makes volumes and missing bind sources. lower: the image's directories, topmost first. */
int mounts_prepare(const char *data_root, const struct container_record *rec, char *const *lower, struct err *e);
/* Removes the volume's directory; a missing one is fine. */
int volume_remove(const char *data_root, const char *name, struct err *e);
