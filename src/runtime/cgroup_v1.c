/* SPDX-License-Identifier: Apache-2.0 */
/* Limits as files of the v1 controllers. Written by cgroup_create and cgroup_update only; what is not set stays as it
 * is. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/strutil.h"
#include "runtime/cgroup_priv.h"

unsigned cgroup_v1_wanted(const struct oci_resources *r)
{
	unsigned m = 0;

	if (r->memory.limit.set || r->memory.reservation.set || r->memory.swap.set || r->memory.kernel_tcp.set ||
	    r->memory.swappiness.set || r->memory.disable_oom_killer.v)
		m |= 1u << CGROUP_MEMORY;
	if (r->cpu.shares.v || r->cpu.quota.v || r->cpu.period.v || r->cpu.burst.set || r->cpu.realtime_period.v ||
	    r->cpu.realtime_runtime.v || r->cpu.idle.set)
		m |= 1u << CGROUP_CPU;
	if (!str_empty(r->cpu.cpus) || !str_empty(r->cpu.mems))
		m |= 1u << CGROUP_CPUSET;
	if (r->pids_limit.set && r->pids_limit.v > 0)
		m |= 1u << CGROUP_PIDS;
	if (r->block_io.weight.v || r->block_io.leaf_weight.v || r->block_io.n_weight_devices ||
	    r->block_io.n_read_bps || r->block_io.n_write_bps || r->block_io.n_read_iops || r->block_io.n_write_iops)
		m |= 1u << CGROUP_BLKIO;
	if (r->n_hugepage_limits)
		m |= 1u << CGROUP_HUGETLB;
	if (r->network.class_id.v)
		m |= 1u << CGROUP_NET_CLS;
	if (r->network.n_priorities)
		m |= 1u << CGROUP_NET_PRIO;
	return m;
}

/* One control file, with an error that names it and the value. */
static int set(const struct cgroup *cg, enum cgroup_hierarchy h, const char *file, const char *value, struct err *e)
{
	int r = cg->fd[h] < 0 ? -ENOENT : cgroup_write(cg->fd[h], file, value);

	if (r == -ENOENT)
		return err_set(e, ERR_UNSUPPORTED, "this host cannot limit %s: no such control group file", file);
	return r < 0 ? err_sys(e, -r, "set %s to \"%s\"", file, value) : 0;
}

static int set_i64(const struct cgroup *cg, enum cgroup_hierarchy h, const char *file, int64_t v, struct err *e)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRId64, v);
	return set(cg, h, file, text, e);
}

static int memory_set(const struct cgroup *cg, const struct oci_resources *r, struct err *e)
{
	const enum cgroup_hierarchy m = CGROUP_MEMORY;
	bool limit = r->memory.limit.set && r->memory.limit.v != 0;
	bool swap = r->memory.swap.set && r->memory.swap.v != 0;

	/* The kernel keeps limit <= memsw at every step, so the order depends on the direction. */
	if (limit && swap) {
		if (set_i64(cg, m, "memory.limit_in_bytes", r->memory.limit.v, NULL) < 0) {
			if (set_i64(cg, m, "memory.memsw.limit_in_bytes", r->memory.swap.v, e) < 0 ||
			    set_i64(cg, m, "memory.limit_in_bytes", r->memory.limit.v, e) < 0)
				return -1;
		} else if (set_i64(cg, m, "memory.memsw.limit_in_bytes", r->memory.swap.v, e) < 0) {
			return -1;
		}
	} else if (limit) {
		if (set_i64(cg, m, "memory.limit_in_bytes", r->memory.limit.v, e) < 0)
			return -1;
	} else if (swap) {
		if (set_i64(cg, m, "memory.memsw.limit_in_bytes", r->memory.swap.v, e) < 0)
			return -1;
	}
	if (r->memory.reservation.v && set_i64(cg, m, "memory.soft_limit_in_bytes", r->memory.reservation.v, e) < 0)
		return -1;
	if (r->memory.kernel_tcp.v && set_i64(cg, m, "memory.kmem.tcp.limit_in_bytes", r->memory.kernel_tcp.v, e) < 0)
		return -1;
	if (r->memory.disable_oom_killer.v && set(cg, m, "memory.oom_control", "1", e) < 0)
		return -1;
	if (r->memory.swappiness.set && r->memory.swappiness.v <= 100 &&
	    set_i64(cg, m, "memory.swappiness", (int64_t)r->memory.swappiness.v, e) < 0)
		return -1;
	return 0;
}

static int cpu_set(const struct cgroup *cg, const struct oci_resources *r, struct err *e)
{
	const enum cgroup_hierarchy c = CGROUP_CPU;
	bool late_period = false;

	if (r->cpu.shares.v) {
		/* The kernel rounds without a word; what it took must be what was asked for. */
		if (set_i64(cg, c, "cpu.shares", (int64_t)r->cpu.shares.v, e) < 0)
			return -1;
		uint64_t got;
		if (cgroup_read_u64(cg, c, "cpu.shares", &got) == 0 && got != r->cpu.shares.v)
			return err_set(e, ERR_INVALID, "the %s allowed cpu-shares is %" PRIu64,
				       r->cpu.shares.v > got ? "maximum" : "minimum", got);
	}
	if (r->cpu.idle.set && set_i64(cg, c, "cpu.idle", r->cpu.idle.v, e) < 0)
		return -1;
	if (r->cpu.period.v && set_i64(cg, c, "cpu.cfs_period_us", (int64_t)r->cpu.period.v, NULL) < 0)
		late_period = true; /* too small for the old quota */
	if (r->cpu.quota.v && set_i64(cg, c, "cpu.cfs_quota_us", r->cpu.quota.v, e) < 0)
		return -1;
	if (late_period && set_i64(cg, c, "cpu.cfs_period_us", (int64_t)r->cpu.period.v, e) < 0)
		return -1;
	if (r->cpu.burst.set && set_i64(cg, c, "cpu.cfs_burst_us", (int64_t)r->cpu.burst.v, e) < 0)
		return -1;
	if (r->cpu.realtime_period.v && set_i64(cg, c, "cpu.rt_period_us", (int64_t)r->cpu.realtime_period.v, e) < 0)
		return -1;
	if (r->cpu.realtime_runtime.v && set_i64(cg, c, "cpu.rt_runtime_us", r->cpu.realtime_runtime.v, e) < 0)
		return -1;
	if (!str_empty(r->cpu.cpus) && set(cg, CGROUP_CPUSET, "cpuset.cpus", r->cpu.cpus, e) < 0)
		return -1;
	if (!str_empty(r->cpu.mems) && set(cg, CGROUP_CPUSET, "cpuset.mems", r->cpu.mems, e) < 0)
		return -1;
	return 0;
}

static int throttle_set(const struct cgroup *cg, const char *file, const struct oci_throttle_device *d, size_t n,
			struct err *e)
{
	char text[96];

	for (size_t i = 0; i < n; i++) {
		snprintf(text, sizeof(text), "%" PRId64 ":%" PRId64 " %" PRIu64, d[i].major, d[i].minor, d[i].rate);
		if (set(cg, CGROUP_BLKIO, file, text, e) < 0)
			return -1;
	}
	return 0;
}

static int blkio_set(const struct cgroup *cg, const struct oci_resources *r, struct err *e)
{
	/* The cfq names, then those of its successor. */
	bool bfq = cg->fd[CGROUP_BLKIO] >= 0 && !cgroup_file_exists(cg->fd[CGROUP_BLKIO], "blkio.weight");
	char text[96];

	if (r->block_io.weight.v &&
	    set_i64(cg, CGROUP_BLKIO, bfq ? "blkio.bfq.weight" : "blkio.weight", (int64_t)r->block_io.weight.v, e) < 0)
		return -1;
	if (r->block_io.leaf_weight.v &&
	    set_i64(cg, CGROUP_BLKIO, "blkio.leaf_weight", (int64_t)r->block_io.leaf_weight.v, e) < 0)
		return -1;
	for (size_t i = 0; i < r->block_io.n_weight_devices; i++) {
		const struct oci_weight_device *d = &r->block_io.weight_devices[i];
		snprintf(text, sizeof(text), "%" PRId64 ":%" PRId64 " %" PRIu64, d->major, d->minor, d->weight.v);
		if (d->weight.v &&
		    set(cg, CGROUP_BLKIO, bfq ? "blkio.bfq.weight_device" : "blkio.weight_device", text, e) < 0)
			return -1;
	}
	if (throttle_set(cg, "blkio.throttle.read_bps_device", r->block_io.read_bps, r->block_io.n_read_bps, e) < 0 ||
	    throttle_set(cg, "blkio.throttle.write_bps_device", r->block_io.write_bps, r->block_io.n_write_bps, e) <
		    0 ||
	    throttle_set(cg, "blkio.throttle.read_iops_device", r->block_io.read_iops, r->block_io.n_read_iops, e) <
		    0 ||
	    throttle_set(cg, "blkio.throttle.write_iops_device", r->block_io.write_iops, r->block_io.n_write_iops, e) <
		    0)
		return -1;
	return 0;
}

int cgroup_v1_set(const struct cgroup *cg, const struct oci_resources *r, struct err *e)
{
	char text[300];

	if (memory_set(cg, r, e) < 0 || cpu_set(cg, r, e) < 0 || blkio_set(cg, r, e) < 0)
		return -1;
	if (r->pids_limit.set && cg->fd[CGROUP_PIDS] >= 0 && r->pids_limit.v != 0) {
		snprintf(text, sizeof(text), "%" PRId64, r->pids_limit.v);
		if (set(cg, CGROUP_PIDS, "pids.max", r->pids_limit.v > 0 ? text : "max", e) < 0)
			return -1;
	}
	for (size_t i = 0; i < r->n_hugepage_limits; i++) {
		char file[64];
		if (!r->hugepage_limits[i].page_size || strchr(r->hugepage_limits[i].page_size, '/'))
			return err_set(e, ERR_INVALID, "invalid huge page size");
		snprintf(file, sizeof(file), "hugetlb.%.20s.limit_in_bytes", r->hugepage_limits[i].page_size);
		if (set_i64(cg, CGROUP_HUGETLB, file, (int64_t)r->hugepage_limits[i].limit, e) < 0)
			return -1;
	}
	if (r->network.class_id.v &&
	    set_i64(cg, CGROUP_NET_CLS, "net_cls.classid", (int64_t)r->network.class_id.v, e) < 0)
		return -1;
	for (size_t i = 0; i < r->network.n_priorities; i++) {
		snprintf(text, sizeof(text), "%.200s %" PRIu64, str_or_empty(r->network.priorities[i].name),
			 r->network.priorities[i].priority);
		if (set(cg, CGROUP_NET_PRIO, "net_prio.ifpriomap", text, e) < 0)
			return -1;
	}
	if (r->n_unified)
		return err_set(e, ERR_UNSUPPORTED, "linux.resources.unified needs cgroup v2, this host has v1");
	return 0;
}
