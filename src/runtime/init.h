/* SPDX-License-Identifier: Apache-2.0 */
/* Between start.c and init.c: the life of the container's first process until its exec. */
#pragma once

#include "runtime/runtime_priv.h"

_noreturn_ void init_main(const struct runtime_start *in, struct ns_plan *ns, struct rootfs *root, const int stdio[3],
			  const struct seccomp_filter *filter, int sock);
/* Joins the user namespace first and makes the child from inside it; this process ends. */
_noreturn_ void init_in_user_namespace(const struct runtime_start *in, struct ns_plan *ns, struct rootfs *root,
				       const int stdio[3], const struct seccomp_filter *filter, int sock);

/* Owned copies of three descriptors; -1 becomes the host's /dev/null. */
int stdio_resolve(const int in[3], int out[3], struct err *e);
char *cgroup_path_of(const struct oci_config *c, const char *id);
/* A session keyring of its own: the caller's keys are not the container's. */
void keyring_join(const char *id);
