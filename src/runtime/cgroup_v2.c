/* SPDX-License-Identifier: Apache-2.0 */
/* Limits as files of the unified hierarchy. The OCI numbers speak v1; the conversions are runc's and Docker's. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/strutil.h"
#include "runtime/cgroup_priv.h"

static int set(const struct cgroup *cg, const char *file, const char *value, struct err *e)
{
	int r = cgroup_write(cg->fd[CGROUP_UNIFIED], file, value);

	if (r == -ENOENT)
		return err_set(e, ERR_UNSUPPORTED, "this host cannot limit %s: no such control group file", file);
	return r < 0 ? err_sys(e, -r, "set %s to \"%s\"", file, value) : 0;
}

static int set_i64(const struct cgroup *cg, const char *file, int64_t v, struct err *e)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRId64, v);
	return set(cg, file, v < 0 ? "max" : text, e);
}

static int memory_set(const struct cgroup *cg, const struct oci_resources *r, struct err *e)
{
	int64_t limit = r->memory.limit.v;
	int64_t swap = r->memory.swap.v;

	/* v1 counts memory + swap together, v2 swap alone. */
	if (r->memory.swap.set && swap != 0) {
		if (swap > 0 && limit <= 0)
			return err_set(e, ERR_INVALID, "a limit of memory and swap needs a limit of memory");
		if (swap > 0 && swap < limit)
			return err_set(e, ERR_INVALID, "memory and swap limit must be at least the memory limit");
		/* A kernel without swap accounting has no such file; no swap is then what it has anyway. */
		if (cgroup_file_exists(cg->fd[CGROUP_UNIFIED], "memory.swap.max") || swap > limit) {
			if (set_i64(cg, "memory.swap.max", swap < 0 ? -1 : swap - limit, e) < 0)
				return -1;
		}
	}
	if (limit != 0 && set_i64(cg, "memory.max", limit, e) < 0)
		return -1;
	if (r->memory.reservation.v && set_i64(cg, "memory.low", r->memory.reservation.v, e) < 0)
		return -1;
	return 0;
}

static int cpu_set(const struct cgroup *cg, const struct oci_resources *r, struct err *e)
{
	char text[64];

	if (r->cpu.idle.set && set_i64(cg, "cpu.idle", r->cpu.idle.v, e) < 0)
		return -1;
	if (r->cpu.shares.v && !(r->cpu.idle.set && r->cpu.idle.v)) {
		uint64_t shares = MIN(MAX(r->cpu.shares.v, 2), 262144);
		if (set_i64(cg, "cpu.weight", (int64_t)(1 + (shares - 2) * 9999 / 262142), e) < 0)
			return -1;
	}
	if (r->cpu.quota.v || r->cpu.period.v) {
		/* An absent half keeps its value: the kernel takes "max" or a quota alone, not a period alone. */
		if (r->cpu.quota.v > 0)
			snprintf(text, sizeof(text), "%" PRId64, r->cpu.quota.v);
		else if (r->cpu.quota.v < 0 || cgroup_read(cg, CGROUP_UNIFIED, "cpu.max", text, sizeof(text)) < 0)
			snprintf(text, sizeof(text), "max");
		char *blank = strchr(text, ' ');
		if (blank)
			*blank = '\0';
		if (r->cpu.period.v)
			snprintf(text + strlen(text), 24, " %" PRIu64, r->cpu.period.v);
		if (set(cg, "cpu.max", text, e) < 0)
			return -1;
	}
	if (r->cpu.burst.set && set_i64(cg, "cpu.max.burst", (int64_t)r->cpu.burst.v, e) < 0)
		return -1;
	if (r->cpu.realtime_period.v || r->cpu.realtime_runtime.v)
		return err_set(e, ERR_UNSUPPORTED, "cgroup v2 has no real-time cpu limits");
	if (!str_empty(r->cpu.cpus) && set(cg, "cpuset.cpus", r->cpu.cpus, e) < 0)
		return -1;
	if (!str_empty(r->cpu.mems) && set(cg, "cpuset.mems", r->cpu.mems, e) < 0)
		return -1;
	return 0;
}

static int throttle_set(const struct cgroup *cg, const char *key, const struct oci_throttle_device *d, size_t n,
			struct err *e)
{
	char text[96];

	for (size_t i = 0; i < n; i++) {
		snprintf(text, sizeof(text), "%" PRId64 ":%" PRId64 " %s=%" PRIu64, d[i].major, d[i].minor, key,
			 d[i].rate);
		if (set(cg, "io.max", text, e) < 0)
			return -1;
	}
	return 0;
}

static int io_set(const struct cgroup *cg, const struct oci_resources *r, struct err *e)
{
	bool bfq = cgroup_file_exists(cg->fd[CGROUP_UNIFIED], "io.bfq.weight");
	char text[96];

	if (r->block_io.weight.v) {
		uint64_t w = MIN(MAX(r->block_io.weight.v, 10), 1000);
		if (bfq ? set_i64(cg, "io.bfq.weight", (int64_t)w, e) < 0
			: set_i64(cg, "io.weight", (int64_t)(1 + (w - 10) * 9999 / 990), e) < 0)
			return -1;
	}
	for (size_t i = 0; i < r->block_io.n_weight_devices; i++) {
		const struct oci_weight_device *d = &r->block_io.weight_devices[i];
		if (!d->weight.v)
			continue;
		uint64_t w = bfq ? d->weight.v : 1 + (MIN(MAX(d->weight.v, 10), 1000) - 10) * 9999 / 990;
		snprintf(text, sizeof(text), "%" PRId64 ":%" PRId64 " %" PRIu64, d->major, d->minor, w);
		if (set(cg, bfq ? "io.bfq.weight" : "io.weight", text, e) < 0)
			return -1;
	}
	if (throttle_set(cg, "rbps", r->block_io.read_bps, r->block_io.n_read_bps, e) < 0 ||
	    throttle_set(cg, "wbps", r->block_io.write_bps, r->block_io.n_write_bps, e) < 0 ||
	    throttle_set(cg, "riops", r->block_io.read_iops, r->block_io.n_read_iops, e) < 0 ||
	    throttle_set(cg, "wiops", r->block_io.write_iops, r->block_io.n_write_iops, e) < 0)
		return -1;
	return 0;
}

static bool unified_key_ok(const char *key)
{
	if (str_empty(key) || key[0] == '.' || strlen(key) > 200)
		return false;
	for (const char *p = key; *p; p++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-", *p))
			return false;
	/* Membership and structure are the runtime's. */
	return !str_starts(key, "cgroup.");
}

int cgroup_v2_set(const struct cgroup *cg, const struct oci_resources *r, struct err *e)
{
	char text[160];

	if (memory_set(cg, r, e) < 0 || cpu_set(cg, r, e) < 0 || io_set(cg, r, e) < 0)
		return -1;
	if (r->pids_limit.set && r->pids_limit.v != 0 && set_i64(cg, "pids.max", r->pids_limit.v, e) < 0)
		return -1;
	for (size_t i = 0; i < r->n_hugepage_limits; i++) {
		char file[64];
		if (!unified_key_ok(r->hugepage_limits[i].page_size))
			return err_set(e, ERR_INVALID, "invalid huge page size");
		snprintf(file, sizeof(file), "hugetlb.%.20s.max", r->hugepage_limits[i].page_size);
		snprintf(text, sizeof(text), "%" PRIu64, r->hugepage_limits[i].limit);
		if (set(cg, file, text, e) < 0)
			return -1;
	}
	for (size_t i = 0; i < r->n_rdma; i++) {
		int n = snprintf(text, sizeof(text), "%.64s", r->rdma[i].name);
		if (r->rdma[i].hca_handles.set)
			n += snprintf(text + n, sizeof(text) - (size_t)n, " hca_handle=%" PRIu64,
				      r->rdma[i].hca_handles.v);
		if (r->rdma[i].hca_objects.set)
			snprintf(text + n, sizeof(text) - (size_t)n, " hca_object=%" PRIu64, r->rdma[i].hca_objects.v);
		if (set(cg, "rdma.max", text, e) < 0)
			return -1;
	}
	for (size_t i = 0; i < r->n_unified; i++) {
		if (!unified_key_ok(r->unified[i].key))
			return err_set(e, ERR_INVALID, "invalid unified cgroup key \"%s\"", r->unified[i].key);
		if (set(cg, r->unified[i].key, r->unified[i].value, e) < 0)
			return -1;
	}
	return 0;
}
