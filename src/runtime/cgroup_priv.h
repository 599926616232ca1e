/* SPDX-License-Identifier: Apache-2.0 */
/* Between the cgroup files of runtime/ only: the two backends behind cgroup.h. */
#pragma once

#include "runtime/cgroup.h"

/* Writes text to a control file of an open cgroup. 0 or -errno. */
int cgroup_write(int dirfd, const char *file, const char *text);
int cgroup_writef(int dirfd, const char *file, const char *fmt, ...) _printf_(3, 4);
bool cgroup_file_exists(int dirfd, const char *file);

/* Limits of one kind of host; sets e. `cg` has the hierarchies open. */
int cgroup_v1_set(const struct cgroup *cg, const struct oci_resources *r, struct err *e);
int cgroup_v2_set(const struct cgroup *cg, const struct oci_resources *r, struct err *e);
/* Hierarchies where r asks for something, as a mask. */
unsigned cgroup_v1_wanted(const struct oci_resources *r);

/* Device rules as v1 control file writes, or as a BPF program attached to the v2 directory. */
int cgroup_devices_v1(int dirfd, const struct oci_resources *r, struct err *e);
int cgroup_devices_v2(int dirfd, const struct oci_resources *r, struct err *e);
/* The rules leave no device out. */
bool cgroup_devices_allow_all(const struct oci_resources *r);
/* Where the cgroup is on the host; owned, NULL when the hierarchy is not there. */
char *cgroup_host_path(enum cgroup_hierarchy h, const char *path);
