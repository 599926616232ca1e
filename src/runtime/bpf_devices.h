/* SPDX-License-Identifier: Apache-2.0 */
/* Device rules as a BPF program of type cgroup/device: pure code, tested with an interpreter. */
#pragma once

#include <linux/bpf.h>
#include <stddef.h>

#include "base/err.h"
#include "format/oci/runtime_config.h"

/* One rule after defaults are filled in. */
struct device_rule {
	bool allow;
	char type;            /* 'a', 'b', 'c' */
	int64_t major, minor; /* -1: all */
	unsigned access;      /* BPF_DEVCG_ACC_* */
};

/* The container's rules followed by the devices that every container has (rule D20: all else is denied). The array is
 * owned; the count, or -1. */
ssize_t device_rules_resolve(const struct oci_resources *r, struct device_rule **ret, struct err *e);
/* The later rule wins; what no rule names is denied. The array is owned. */
size_t device_program_build(const struct device_rule *rules, size_t n, struct bpf_insn **ret);
