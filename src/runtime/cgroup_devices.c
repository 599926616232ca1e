/* SPDX-License-Identifier: Apache-2.0 */
/* Puts device rules in force: BPF on a v2 directory, devices.deny and devices.allow on v1. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/strutil.h"
#include "runtime/bpf_devices.h"
#include "runtime/cgroup_priv.h"

bool cgroup_devices_allow_all(const struct oci_resources *r)
{
	/* The last rule that names everything decides, if nothing denies behind it. */
	bool all = false;

	for (size_t i = 0; r && i < r->n_devices; i++) {
		const struct oci_device_rule *d = &r->devices[i];
		bool every_type = str_empty(d->type) || str_eq(d->type, "a");
		bool every_access = str_empty(d->access) ||
				    (strchr(d->access, 'r') && strchr(d->access, 'w') && strchr(d->access, 'm'));
		if (!d->allow)
			all = false;
		else if (every_type && every_access)
			all = true;
	}
	return all;
}

static int bpf(int cmd, union bpf_attr *attr, size_t size)
{
	return (int)syscall(SYS_bpf, cmd, attr, size);
}

int cgroup_devices_v2(int dirfd, const struct oci_resources *r, struct err *e)
{
	_cleanup_free_ struct device_rule *rules = NULL;
	_cleanup_free_ struct bpf_insn *insns = NULL;
	ssize_t n = device_rules_resolve(r, &rules, e);

	if (n < 0)
		return -1;
	size_t count = device_program_build(rules, (size_t)n, &insns);
	union bpf_attr load = {
		.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
		.insns = (uintptr_t)insns,
		.insn_cnt = (uint32_t)count,
		.license = (uintptr_t) "Apache-2.0",
	};
	_cleanup_close_ int prog = bpf(BPF_PROG_LOAD, &load, sizeof(load));
	if (prog < 0)
		return err_sys(e, errno, "load the device filter");
	union bpf_attr attach = {
		.target_fd = (uint32_t)dirfd,
		.attach_bpf_fd = (uint32_t)prog,
		.attach_type = BPF_CGROUP_DEVICE,
		.attach_flags = BPF_F_ALLOW_MULTI,
	};
	if (bpf(BPF_PROG_ATTACH, &attach, sizeof(attach)) < 0)
		return err_sys(e, errno, "attach the device filter");
	return 0;
}

static void number_put(char *out, size_t size, int64_t v)
{
	if (v < 0)
		snprintf(out, size, "*");
	else
		snprintf(out, size, "%" PRId64, v);
}

int cgroup_devices_v1(int dirfd, const struct oci_resources *r, struct err *e)
{
	_cleanup_free_ struct device_rule *rules = NULL;
	ssize_t n = device_rules_resolve(r, &rules, e);

	if (n < 0)
		return -1;
	int w = cgroup_write(dirfd, "devices.deny", "a");
	for (ssize_t i = 0; i < n && w >= 0; i++) {
		const struct device_rule *d = &rules[i];
		char major[24], minor[24], text[80];
		number_put(major, sizeof(major), d->major);
		number_put(minor, sizeof(minor), d->minor);
		snprintf(text, sizeof(text), "%c %s:%s %s%s%s", d->type, major, minor,
			 d->access & BPF_DEVCG_ACC_READ ? "r" : "", d->access & BPF_DEVCG_ACC_WRITE ? "w" : "",
			 d->access & BPF_DEVCG_ACC_MKNOD ? "m" : "");
		w = cgroup_write(dirfd, d->allow ? "devices.allow" : "devices.deny", d->type == 'a' ? "a" : text);
	}
	return w < 0 ? err_sys(e, -w, "set the device rules") : 0;
}
