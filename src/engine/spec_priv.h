/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of spec_build, one file each; private to spec*.c. */
#pragma once

#include "engine/spec.h"

/* What several parts need, decided once. */
struct spec_plan {
	const struct spec_input *in;
	uint64_t caps;
	bool no_new_privileges;
	bool writable_cgroups;
	const char *seccomp; /* profile text; NULL: built in; "unconfined" */
};
int spec_plan_make(const struct spec_input *in, bool privileged, struct spec_plan *ret, struct err *e);

/* "process": {...}'s members */
int spec_process_write(struct json_writer *w, const struct spec_plan *p, struct err *e);
/* spec_mounts.c: the "mounts" array */
void spec_mounts_write(struct json_writer *w, const struct spec_plan *p);
/* The strongest propagation that a mount asks for decides that of the root: "rshared", "rslave" or NULL. */
const char *spec_root_propagation(const struct container_record *rec);
/* spec_linux.c: the members of "linux" */
int spec_linux_write(struct json_writer *w, const struct spec_plan *p, struct err *e);
