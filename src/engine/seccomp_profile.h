/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Seccomp profiles: the built-in one as tables, and Docker's JSON format (with archMap, includes and excludes), both
 * written as the seccomp section of an OCI runtime configuration. The text depends on nothing but profile, capabilities
 * and machine, so that the runtime can keep the compiled filter by its hash. Pure.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "format/json/json.h"

struct seccomp_cap_calls { /* allowed to those who have the capability */
	const char *cap;
	const char *const *calls;
};
struct seccomp_arg_rule { /* allowed when the argument compares */
	const char *call;
	unsigned index;
	const char *op;
	uint64_t value, value_two;
};
/* seccomp_default.c */
extern const char *const seccomp_default_archs[];
extern const char *const seccomp_default_calls[];
extern const struct seccomp_cap_calls seccomp_default_cap_calls[];
extern const struct seccomp_arg_rule seccomp_default_arg_rules[];
extern const struct seccomp_arg_rule seccomp_default_clone_rule;

struct seccomp_host {
	uint64_t caps;   /* that the container has */
	unsigned kernel; /* major * 1000 + minor */
};
/* Both write one object. */
void seccomp_default_write(struct json_writer *w, uint64_t caps);
/* ERR_INVALID: Decoding seccomp profile failed: ... */
int seccomp_custom_write(struct json_writer *w, const char *profile, const struct seccomp_host *host, struct err *e);
/* Is it a profile? Without writing. */
int seccomp_custom_check(const char *profile, struct err *e);
unsigned seccomp_kernel(void);
