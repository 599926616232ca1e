/* SPDX-License-Identifier: Apache-2.0 */
/* What limits this host can give, found once: controllers, and the files that not every kernel has. */
#include "engine/host_facts.h"

#include <pthread.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/strutil.h"
#include "runtime/cgroup.h"

#define LIST_FILE_MAX 65536

static struct host_facts facts;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static char *list_of(const char *path)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

	if (path_read_file(path, LIST_FILE_MAX, &sb) < 0 || sb.len == 0)
		return NULL;
	while (sb.len > 0 && sb.data[sb.len - 1] == '\n')
		strbuf_truncate(&sb, sb.len - 1);
	return strbuf_steal(&sb);
}

static void find(void)
{
	bool v2 = cgroup_mode() == CGROUP_MODE_V2, memory = cgroup_has_controller("memory");

	facts = (struct host_facts){
		.cpus = list_of("/sys/devices/system/cpu/online"),
		.mems = list_of("/sys/devices/system/node/online"),
		.cgroup_v2 = v2,
		.memory_limit = memory,
		.memory_reservation = memory,
		.swap_limit = memory && (v2 || path_exists("/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes")),
		.swappiness = memory && !v2 && path_exists("/sys/fs/cgroup/memory/memory.swappiness"),
		.oom_kill_disable = memory && !v2 && path_exists("/sys/fs/cgroup/memory/memory.oom_control"),
		.cpu_cfs = cgroup_has_controller("cpu"),
		.cpu_shares = cgroup_has_controller("cpu"),
		.cpuset = cgroup_has_controller("cpuset"),
		.pids = cgroup_has_controller("pids"),
		.blkio = cgroup_has_controller("blkio"),
		.cpu_realtime = !v2 && path_exists("/sys/fs/cgroup/cpu/cpu.rt_runtime_us"),
	};
	facts.blkio_weight = facts.blkio && (v2 || path_exists("/sys/fs/cgroup/blkio/blkio.weight") ||
					     path_exists("/sys/fs/cgroup/blkio/blkio.bfq.weight"));
}

const struct host_facts *host_facts(void)
{
	pthread_once(&once, find);
	return &facts;
}
