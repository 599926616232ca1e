/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands update, events, spec and features: numbers in and out. They change nothing but control groups and, for
 * spec, the one file that they make.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "format/json/json.h"
#include "runtime/oci.h"
#include "runtime/runtime_priv.h"

/* Options of update that set one number of the resources. */
static const struct {
	const char *name;
	size_t offset; /* of a struct oci_i64 or oci_u64: the same layout */
	bool bytes;
} update_numbers[] = {
	{"memory", offsetof(struct oci_resources, memory.limit), true},
	{"memory-reservation", offsetof(struct oci_resources, memory.reservation), true},
	{"memory-swap", offsetof(struct oci_resources, memory.swap), true},
	{"kernel-memory-tcp", offsetof(struct oci_resources, memory.kernel_tcp), true},
	{"cpu-period", offsetof(struct oci_resources, cpu.period), false},
	{"cpu-quota", offsetof(struct oci_resources, cpu.quota), false},
	{"cpu-burst", offsetof(struct oci_resources, cpu.burst), false},
	{"cpu-share", offsetof(struct oci_resources, cpu.shares), false},
	{"cpu-shares", offsetof(struct oci_resources, cpu.shares), false},
	{"cpu-rt-period", offsetof(struct oci_resources, cpu.realtime_period), false},
	{"cpu-rt-runtime", offsetof(struct oci_resources, cpu.realtime_runtime), false},
	{"cpu-idle", offsetof(struct oci_resources, cpu.idle), false},
	{"pids-limit", offsetof(struct oci_resources, pids_limit), false},
	{"blkio-weight", offsetof(struct oci_resources, block_io.weight), false},
};
#define N_UPDATE ARRAY_SIZE(update_numbers)

static int numbers_apply(char *const *texts, struct oci_resources *r, struct err *e)
{
	for (size_t i = 0; i < N_UPDATE; i++) {
		struct oci_i64 *n = (struct oci_i64 *)((char *)r + update_numbers[i].offset);
		if (!texts[i])
			continue;
		if (parse_i64(texts[i], &n->v) < 0 && (!update_numbers[i].bytes || parse_bytes(texts[i], &n->v) < 0))
			return err_set(e, ERR_INVALID, "invalid value for %s: %s", update_numbers[i].name, texts[i]);
		n->set = true;
	}
	return 0;
}

static int resources_read(const char *path, struct oci_resources *ret, struct err *e)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT_MAX(LIMIT_RUNTIME_SPEC);
	int r = str_eq(path, "-") ? strbuf_read_fd(&text, 0) : path_read_file(path, text.max, &text);

	if (r < 0)
		return err_sys(e, -r, "read %s", path);
	return oci_resources_parse(text.data, text.len, ret, e);
}

int oci_cmd_update(const struct oci_globals *g, int argc, char **argv, struct err *e)
{
	_cleanup_oci_container_ struct oci_container c = OCI_CONTAINER_INIT;
	struct oci_opt opts[N_UPDATE + 4] = {0};
	char *texts[N_UPDATE] = {NULL}, *file = NULL, *cpus = NULL, *mems = NULL;
	struct oci_resources r = {0};
	struct cgroup cg = CGROUP_INIT;
	int ret = -1;

	for (size_t i = 0; i < N_UPDATE; i++)
		opts[i] = (struct oci_opt){update_numbers[i].name, 0, OCI_OPT_STR, &texts[i]};
	opts[N_UPDATE] = (struct oci_opt){"resources", 'r', OCI_OPT_STR, &file};
	opts[N_UPDATE + 1] = (struct oci_opt){"cpuset-cpus", 0, OCI_OPT_STR, &cpus};
	opts[N_UPDATE + 2] = (struct oci_opt){"cpuset-mems", 0, OCI_OPT_STR, &mems};
	int first = oci_opts_parse(argc, argv, opts, e);
	if (first >= 0 && argc - first != 1)
		first = err_set(e, ERR_INVALID, "exactly one container id is needed");
	if (first >= 0 && oci_container_open(g, argv[first], &c, e) == 0 &&
	    (!file || resources_read(file, &r, e) == 0) && numbers_apply(texts, &r, e) == 0 &&
	    cgroup_open(c.cgroup, &cg, e) == 0) {
		if (cpus)
			free_and_set(&r.cpu.cpus, TAKE_PTR(cpus));
		if (mems)
			free_and_set(&r.cpu.mems, TAKE_PTR(mems));
		ret = cgroup_update(&cg, &r, e);
	}
	cgroup_done(&cg);
	oci_resources_done(&r);
	for (size_t i = 0; i < N_UPDATE; i++)
		free(texts[i]);
	free(file);
	free(cpus);
	free(mems);
	return ret;
}

/* --- events --- */

static void number(struct json_writer *w, const char *key, const struct cgroup *cg, enum cgroup_hierarchy v1,
		   const char *v1_file, const char *v2_file)
{
	uint64_t v;

	if (cgroup_read_u64(cg, v1, v1_file, &v) == 0 || cgroup_read_u64(cg, CGROUP_UNIFIED, v2_file, &v) == 0) {
		json_key(w, key);
		json_uint(w, v);
	}
}

/* Nanoseconds; v2 has them as "usage_usec N" among others. */
static int64_t cpu_usage(const struct cgroup *cg)
{
	static const char key[] = "usage_usec ";
	char buf[1024];
	uint64_t v = 0;

	if (cgroup_read_u64(cg, CGROUP_CPUACCT, "cpuacct.usage", &v) == 0)
		return (int64_t)v;
	if (cgroup_read(cg, CGROUP_UNIFIED, "cpu.stat", buf, sizeof(buf)) < 0)
		return 0;
	for (const char *p = str_after(buf, key); p && *p >= '0' && *p <= '9'; p++)
		v = v * 10 + (uint64_t)(*p - '0');
	return (int64_t)v * 1000;
}

static void stats_print(const struct oci_container *c, const struct cgroup *cg)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	struct json_writer w;

	json_writer_init(&w, &sb);
	json_object_begin(&w);
	json_kstr(&w, "type", "stats");
	json_kstr(&w, "id", c->id);
	json_key(&w, "data");
	json_object_begin(&w);
	json_key(&w, "cpu");
	json_object_begin(&w);
	json_key(&w, "usage");
	json_object_begin(&w);
	json_kint(&w, "total", cpu_usage(cg));
	json_object_close(&w);
	json_object_close(&w);
	json_key(&w, "memory");
	json_object_begin(&w);
	json_key(&w, "usage");
	json_object_begin(&w);
	number(&w, "limit", cg, CGROUP_MEMORY, "memory.limit_in_bytes", "memory.max");
	number(&w, "usage", cg, CGROUP_MEMORY, "memory.usage_in_bytes", "memory.current");
	number(&w, "max", cg, CGROUP_MEMORY, "memory.max_usage_in_bytes", "memory.peak");
	json_object_close(&w);
	json_object_close(&w);
	json_key(&w, "pids");
	json_object_begin(&w);
	number(&w, "current", cg, CGROUP_PIDS, "pids.current", "pids.current");
	number(&w, "limit", cg, CGROUP_PIDS, "pids.max", "pids.max");
	json_object_close(&w);
	json_object_close(&w);
	json_object_close(&w);
	puts(sb.data);
	fflush(stdout);
}

int oci_cmd_events(const struct oci_globals *g, int argc, char **argv, struct err *e)
{
	_cleanup_oci_container_ struct oci_container c = OCI_CONTAINER_INIT;
	_cleanup_free_ char *interval = NULL;
	bool stats = false;
	int64_t every = 5000000000;
	const struct oci_opt opts[] = {{"stats", 0, OCI_OPT_FLAG, &stats},
				       {"interval", 0, OCI_OPT_STR, &interval},
				       {NULL, 0, OCI_OPT_IGNORE, NULL}};
	struct cgroup cg = CGROUP_INIT;
	int first = oci_opts_parse(argc, argv, opts, e);

	if (first < 0)
		return -1;
	if (argc - first != 1)
		return err_set(e, ERR_INVALID, "exactly one container id is needed");
	if (interval && (parse_duration(interval, &every) < 0 || every <= 0))
		return err_set(e, ERR_INVALID, "invalid interval \"%s\"", interval);
	if (oci_container_open(g, argv[first], &c, e) < 0)
		return -1;
	if (oci_container_status(&c) == OCI_STOPPED)
		return err_set(e, ERR_CONFLICT, "container with id %s is not running", c.id);
	if (cgroup_open(c.cgroup, &cg, e) < 0)
		return -1;
	_cleanup_close_ int oom = stats ? -1 : cgroup_oom_watch(&cg, NULL);
	for (;;) {
		stats_print(&c, &cg);
		if (stats)
			break;
		struct pollfd p = {.fd = oom, .events = POLLIN};
		if (poll(&p, 1, (int)MIN(every / 1000000, 3600000)) > 0 && cgroup_oom_check(&cg, oom))
			printf("{\"type\":\"oom\",\"id\":\"%s\"}\n", c.id);
		if (oci_container_status(&c) == OCI_STOPPED)
			break;
	}
	cgroup_done(&cg);
	return 0;
}

/* --- spec and features --- */

static const char spec_template[] =
	"{\n"
	"\t\"ociVersion\": \"" OCI_SPEC_VERSION "\",\n"
	"\t\"process\": {\n"
	"\t\t\"terminal\": true,\n"
	"\t\t\"user\": {\"uid\": 0, \"gid\": 0},\n"
	"\t\t\"args\": [\"sh\"],\n"
	"\t\t\"env\": [\"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\", \"TERM=xterm\"],\n"
	"\t\t\"cwd\": \"/\",\n"
	"\t\t\"capabilities\": {\n"
	"\t\t\t\"bounding\": [\"CAP_AUDIT_WRITE\", \"CAP_KILL\", \"CAP_NET_BIND_SERVICE\"],\n"
	"\t\t\t\"effective\": [\"CAP_AUDIT_WRITE\", \"CAP_KILL\", \"CAP_NET_BIND_SERVICE\"],\n"
	"\t\t\t\"permitted\": [\"CAP_AUDIT_WRITE\", \"CAP_KILL\", \"CAP_NET_BIND_SERVICE\"]\n"
	"\t\t},\n"
	"\t\t\"rlimits\": [{\"type\": \"RLIMIT_NOFILE\", \"hard\": 1024, \"soft\": 1024}],\n"
	"\t\t\"noNewPrivileges\": true\n"
	"\t},\n"
	"\t\"root\": {\"path\": \"rootfs\", \"readonly\": true},\n"
	"\t\"hostname\": \"hull\",\n"
	"\t\"mounts\": [\n"
	"\t\t{\"destination\": \"/proc\", \"type\": \"proc\", \"source\": \"proc\"},\n"
	"\t\t{\"destination\": \"/dev\", \"type\": \"tmpfs\", \"source\": \"tmpfs\",\n"
	"\t\t \"options\": [\"nosuid\", \"strictatime\", \"mode=755\", \"size=65536k\"]},\n"
	"\t\t{\"destination\": \"/dev/pts\", \"type\": \"devpts\", \"source\": \"devpts\",\n"
	"\t\t \"options\": [\"nosuid\", \"noexec\", \"newinstance\", \"ptmxmode=0666\", \"mode=0620\", \"gid=5\"]},\n"
	"\t\t{\"destination\": \"/dev/shm\", \"type\": \"tmpfs\", \"source\": \"shm\",\n"
	"\t\t \"options\": [\"nosuid\", \"noexec\", \"nodev\", \"mode=1777\", \"size=65536k\"]},\n"
	"\t\t{\"destination\": \"/dev/mqueue\", \"type\": \"mqueue\", \"source\": \"mqueue\",\n"
	"\t\t \"options\": [\"nosuid\", \"noexec\", \"nodev\"]},\n"
	"\t\t{\"destination\": \"/sys\", \"type\": \"sysfs\", \"source\": \"sysfs\",\n"
	"\t\t \"options\": [\"nosuid\", \"noexec\", \"nodev\", \"ro\"]},\n"
	"\t\t{\"destination\": \"/sys/fs/cgroup\", \"type\": \"cgroup\", \"source\": \"cgroup\",\n"
	"\t\t \"options\": [\"nosuid\", \"noexec\", \"nodev\", \"relatime\", \"ro\"]}\n"
	"\t],\n"
	"\t\"linux\": {\n"
	"\t\t\"resources\": {\"devices\": [{\"allow\": false, \"access\": \"rwm\"}]},\n"
	"\t\t\"namespaces\": [{\"type\": \"pid\"}, {\"type\": \"network\"}, {\"type\": \"ipc\"}, {\"type\": \"uts\"},\n"
	"\t\t\t{\"type\": \"mount\"}, {\"type\": \"cgroup\"}],\n"
	"\t\t\"maskedPaths\": [\"/proc/acpi\", \"/proc/asound\", \"/proc/kcore\", \"/proc/keys\", "
	"\"/proc/latency_stats\",\n"
	"\t\t\t\"/proc/timer_list\", \"/proc/timer_stats\", \"/proc/sched_debug\", \"/proc/scsi\", "
	"\"/sys/firmware\"],\n"
	"\t\t\"readonlyPaths\": [\"/proc/bus\", \"/proc/fs\", \"/proc/irq\", \"/proc/sys\", \"/proc/sysrq-trigger\"]\n"
	"\t}\n"
	"}\n";

int oci_cmd_spec(const struct oci_globals *g, int argc, char **argv, struct err *e)
{
	_cleanup_free_ char *bundle = NULL;
	bool rootless = false;
	const struct oci_opt opts[] = {{"bundle", 'b', OCI_OPT_STR, &bundle},
				       {"rootless", 0, OCI_OPT_FLAG, &rootless},
				       {NULL, 0, OCI_OPT_IGNORE, NULL}};

	(void)g;
	if (oci_opts_parse(argc, argv, opts, e) < 0)
		return -1;
	if (rootless)
		return err_set(e, ERR_UNSUPPORTED, "spec --rootless is not supported");
	_cleanup_free_ char *path = path_join(bundle ? bundle : ".", "config.json");
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0)
		return errno == EEXIST ? err_set(e, ERR_CONFLICT, "File %s exists. Remove it first", path)
				       : err_sys(e, errno, "make %s", path);
	int r = fd_write_full(fd, spec_template, sizeof(spec_template) - 1);
	return r < 0 ? err_sys(e, -r, "write %s", path) : 0;
}

static void flag_object(struct json_writer *w, const char *key, bool on)
{
	json_key(w, key);
	json_object_begin(w);
	json_kbool(w, "enabled", on);
	json_object_close(w);
}

int oci_cmd_features(const struct oci_globals *g, int argc, char **argv, struct err *e)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	struct json_writer w;

	(void)g;
	(void)argc;
	(void)argv;
	(void)e;
	json_writer_init(&w, &sb);
	json_object_begin(&w);
	json_kstr(&w, "ociVersionMin", "1.0.0");
	json_kstr(&w, "ociVersionMax", OCI_SPEC_VERSION);
	json_key(&w, "hooks");
	json_raw(&w,
		 "[\"prestart\",\"createRuntime\",\"createContainer\",\"startContainer\",\"poststart\",\"poststop\"]");
	json_key(&w, "mountOptions");
	_cleanup_strv_ char **options = mount_option_names();
	json_strv(&w, options);
	json_key(&w, "linux");
	json_object_begin(&w);
	json_key(&w, "namespaces");
	json_array_begin(&w);
	for (int i = 0; i < OCI_NS_COUNT; i++)
		json_str(&w, oci_namespace_name((enum oci_namespace_type)i));
	json_array_close(&w);
	json_key(&w, "capabilities");
	json_array_begin(&w);
	for (int i = 0; i <= cap_last() && cap_name(i); i++)
		json_str(&w, cap_name(i));
	json_array_close(&w);
	json_key(&w, "cgroup");
	json_object_begin(&w);
	json_kbool(&w, "v1", true);
	json_kbool(&w, "v2", true);
	json_kbool(&w, "systemd", false);
	json_kbool(&w, "systemdUser", false);
	json_kbool(&w, "rdma", true);
	json_object_close(&w);
	json_key(&w, "seccomp");
	json_object_begin(&w);
	json_kbool(&w, "enabled", true);
	_cleanup_strv_ char **acts = NULL, **ops = NULL, **flags = NULL;
	seccomp_names(&acts, &ops, &flags);
	json_kstrv(&w, "actions", acts);
	json_kstrv(&w, "operators", ops);
	json_kstrv(&w, "knownFlags", flags);
	json_kstrv(&w, "supportedFlags", flags);
	json_object_close(&w);
	flag_object(&w, "apparmor", false);
	flag_object(&w, "selinux", false);
	flag_object(&w, "intelRdt", false);
	json_key(&w, "mountExtensions");
	json_object_begin(&w);
	flag_object(&w, "idmap", true);
	json_object_close(&w);
	flag_object(&w, "netDevices", false);
	json_object_close(&w);
	json_object_close(&w);
	puts(sb.data);
	return 0;
}
