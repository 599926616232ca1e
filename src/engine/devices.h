/* SPDX-License-Identifier: Apache-2.0 */
/* Device nodes of the host that a container is given: a path, or a directory with all nodes below it. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define DEVICES_MAX       4096 /* of one container */
#define DEVICES_DEPTH_MAX 16

struct spec_device {
	char *path; /* in the container */
	char type;  /* 'c', 'b' */
	uint32_t major, minor, mode, uid, gid;
};
struct spec_devices {
	struct spec_device *items;
	size_t n;
};
void spec_devices_done(struct spec_devices *d);

/* Appends the node at host_path (links are followed), or all below it, named below container_path. ERR_SYSTEM in
 * Docker's words: error gathering device information while adding custom device "/dev/x": not a device node. */
int devices_find(const char *host_path, const char *container_path, struct spec_devices *ret, struct err *e);
/* Number of the device at path, for block I/O limits: "stat /dev/x: no such file or directory". */
int device_number(const char *path, uint32_t *ret_major, uint32_t *ret_minor, struct err *e);
