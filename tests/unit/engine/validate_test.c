/* SPDX-License-Identifier: Apache-2.0 */
/* Create requests that are refused, each with Docker's sentence, and what is dropped with a warning. */
#include "unit/test.h"

#include "base/mem.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "engine/validate.h"

static const struct host_facts facts = {
	.cpus = "0-1",
	.mems = "0",
	.memory_limit = true,
	.swap_limit = true,
	.swappiness = true,
	.oom_kill_disable = true,
	.memory_reservation = true,
	.cpu_cfs = true,
	.cpu_shares = true,
	.cpuset = true,
	.pids = true,
	.blkio = true,
};

static int check(const char *config, const char *host, struct container_create *body, char ***warnings, struct err *e)
{
	_cleanup_free_ char *text = xasprintf("{%s%s\"HostConfig\":{%s}}", config, *config ? "," : "", host);
	_cleanup_json_ json_object *o = NULL;

	*body = (struct container_create){0};
	if (json_parse(text, strlen(text), &o, e) < 0)
		fail_msg("%s: %s", text, e->msg);
	if (container_create_decode(o, body, e) < 0 || config_check(&body->config, e) < 0)
		return -1;
	return host_config_check(&body->host_config, &body->config, &facts, warnings, e);
}

struct row {
	const char *config, *host, *want;
};

static void refuse(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		_cleanup_(container_create_done) struct container_create body;
		_cleanup_strv_ char **warnings = NULL;
		struct err e = ERR_INIT;

		if (check(rows[i].config, rows[i].host, &body, &warnings, &e) == 0)
			fail_msg("accepted: %s %s", rows[i].config, rows[i].host);
		assert_string_equal(e.msg, rows[i].want);
		assert_true(e.kind == ERR_INVALID || e.kind == ERR_UNSUPPORTED || e.kind == ERR_NOT_FOUND);
	}
}

static void test_resources(void **state)
{
	static const struct row rows[] = {
		{"", "\"Memory\":1000000", "Minimum memory limit allowed is 6MB"},
		{"", "\"Memory\":-1", "Minimum memory limit allowed is 6MB"},
		{"", "\"MemorySwap\":100000000",
		 "You should always set the Memory limit when using Memoryswap limit, see usage"},
		{"", "\"Memory\":100000000,\"MemorySwap\":50000000",
		 "Minimum memoryswap limit should be larger than memory limit, see usage"},
		{"", "\"Memory\":10000000,\"MemoryReservation\":50000000",
		 "Minimum memory limit can not be less than memory reservation limit, see usage"},
		{"", "\"MemoryReservation\":5", "Minimum memory reservation allowed is 6MB"},
		{"", "\"MemorySwappiness\":200", "Invalid value: 200, valid memory swappiness range is 0-100"},
		{"", "\"NanoCpus\":1000000000,\"CpuPeriod\":1000",
		 "Conflicting options: Nano CPUs and CPU Period cannot both be set"},
		{"", "\"NanoCpus\":1000000000,\"CpuQuota\":1000",
		 "Conflicting options: Nano CPUs and CPU Quota cannot both be set"},
		{"", "\"NanoCpus\":100000000000",
		 "range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available"},
		{"", "\"CpuPeriod\":10",
		 "CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)"},
		{"", "\"CpuQuota\":10", "CPU cfs quota can not be less than 1ms (i.e. 1000)"},
		{"", "\"CpuShares\":-5", "invalid CPU shares (-5): value must be a positive integer"},
		{"", "\"CpuRealtimePeriod\":10,\"CpuRealtimeRuntime\":100",
		 "cpu real-time runtime cannot be higher than cpu real-time period"},
		{"", "\"CpusetCpus\":\"x\"", "Invalid value x for cpuset cpus: invalid format: x"},
		{"", "\"CpusetCpus\":\"99\"", "Requested CPUs are not available - requested 99, available: 0-1"},
		{"", "\"CpusetCpus\":\"0-4294967295\"",
		 "Invalid value 0-4294967295 for cpuset cpus: value of out range, maximum is 8192"},
		{"", "\"CpusetCpus\":\"0-18446744073709551616\"",
		 "Invalid value 0-18446744073709551616 for cpuset cpus: value of out range, maximum is 8192"},
		{"", "\"CpusetMems\":\"9\"", "Requested memory nodes are not available - requested 9, available: 0"},
		{"", "\"OomScoreAdj\":2000", "Invalid value 2000, range for oom score adj is [-1000, 1000]"},
		{"", "\"ShmSize\":-1", "SHM size can not be less than 0"},
		{"", "\"Ulimits\":[{\"Name\":\"foo\",\"Soft\":1,\"Hard\":1}]", "invalid ulimit type: foo"},
		{"", "\"Ulimits\":[{\"Name\":\"nofile\",\"Soft\":10,\"Hard\":1}]",
		 "ulimit soft limit must be less than or equal to hard limit: 10 > 1"},
		{"", "\"IOMaximumIOps\":5", "invalid option: QoS maximum IOPs configuration is not supported on linux"},
		{"", "\"BlkioWeight\":5", "Range of blkio weight is from 10 to 1000"},
	};

	(void)state;
	refuse(rows, ARRAY_SIZE(rows));
}

static void test_policy(void **state)
{
	static const struct row rows[] = {
		{"", "\"AutoRemove\":true,\"RestartPolicy\":{\"Name\":\"always\"}",
		 "can't create 'AutoRemove' container with restart policy"},
		{"", "\"RestartPolicy\":{\"Name\":\"foo\"}",
		 "invalid restart policy: unknown policy 'foo'; use one of 'no', 'always', 'on-failure', or "
		 "'unless-stopped'"},
		{"", "\"RestartPolicy\":{\"Name\":\"always\",\"MaximumRetryCount\":3}",
		 "invalid restart policy: maximum retry count can only be used with 'on-failure'"},
		{"", "\"RestartPolicy\":{\"Name\":\"on-failure\",\"MaximumRetryCount\":-3}",
		 "invalid restart policy: maximum retry count cannot be negative"},
		{"", "\"Runtime\":\"foo\"", "unknown or invalid runtime name: foo"},
		{"", "\"Isolation\":\"hyperv\"", "invalid isolation (hyperv): linux only supports 'default'"},
		{"", "\"CapAdd\":[\"FOO\"]", "invalid CapAdd: unknown capability: \"CAP_FOO\""},
		{"", "\"CapDrop\":[\"cap_foo\"]", "invalid CapDrop: unknown capability: \"CAP_FOO\""},
		{"", "\"SecurityOpt\":[\"foo\"]", "invalid --security-opt 1: \"foo\""},
		{"", "\"SecurityOpt\":[\"foo=bar\"]", "invalid --security-opt 2: \"foo=bar\""},
		{"", "\"SecurityOpt\":[\"no-new-privileges=x\"]", "invalid --security-opt 2: \"no-new-privileges=x\""},
		{"", "\"SecurityOpt\":[\"apparmor=x\"]",
		 "apparmor profiles are not supported on this host: \"apparmor=x\""},
		{"", "\"SecurityOpt\":[\"label=type:x\"]",
		 "SELinux labels are not supported on this host: \"label=type:x\""},
		{"", "\"Sysctls\":{\"kernel.panic\":\"1\"}",
		 "sysctl \"kernel.panic\" is not in a separate kernel namespace"},
		{"", "\"NetworkMode\":\"host\",\"Sysctls\":{\"net.ipv4.ip_forward\":\"1\"}",
		 "sysctl \"net.ipv4.ip_forward\" not allowed in host network namespace"},
		{"", "\"IpcMode\":\"host\",\"Sysctls\":{\"kernel.msgmax\":\"1\"}",
		 "sysctl \"kernel.msgmax\" is not allowed in the hosts ipc namespace"},
		{"", "\"Sysctls\":{\"net.x\":\"1+kernel.core_pattern=x\"}", "invalid value for sysctl \"net.x\""},
		{"", "\"Sysctls\":{\"net.x\":\"1\\n2\"}", "invalid value for sysctl \"net.x\""},
		{"", "\"Sysctls\":{\"net.x\":\"\"}", "invalid value for sysctl \"net.x\""},
		{"", "\"Sysctls\":{\"net/../kernel/panic\":\"1\"}", "invalid sysctl \"net/../kernel/panic\""},
		{"", "\"Sysctls\":{\"net..kernel\":\"1\"}", "invalid sysctl \"net..kernel\""},
		{"", "\"DeviceCgroupRules\":[\"x\"]", "invalid device cgroup rule format: 'x'"},
		{"", "\"DeviceCgroupRules\":[\"c *:* z\"]", "invalid device cgroup rule format: 'c *:* z'"},
		{"", "\"DeviceRequests\":[{\"Capabilities\":[[\"gpu\"]],\"Count\":-1}]",
		 "could not select device driver \"\" with capabilities: [[\"gpu\"]]"},
		{"", "\"MaskedPaths\":[\"x\"]", "invalid masked path: 'x' is not an absolute path"},
		{"", "\"Annotations\":{\"\":\"x\"}",
		 "invalid Annotations: the empty string is not permitted as an annotation key"},
	};

	(void)state;
	refuse(rows, ARRAY_SIZE(rows));
}

static void test_network(void **state)
{
	static const struct row rows[] = {
		{"", "\"NetworkMode\":\"container:\"",
		 "invalid network mode: invalid container format container:<name|id>"},
		{"", "\"NetworkMode\":\"mynet\"", "user-defined networks are not supported yet: network mynet"},
		{"", "\"NetworkMode\":\"container:x\",\"PortBindings\":{\"80/tcp\":[{\"HostPort\":\"80\"}]}",
		 "conflicting options: port publishing and the container type network mode"},
		{"\"Hostname\":\"h\"", "\"NetworkMode\":\"container:x\"",
		 "conflicting options: hostname and the network mode"},
		{"", "\"NetworkMode\":\"container:x\",\"Dns\":[\"1.1.1.1\"]",
		 "conflicting options: dns and the network mode"},
		{"", "\"NetworkMode\":\"container:x\",\"ExtraHosts\":[\"a:1.1.1.1\"]",
		 "conflicting options: custom host-to-IP mapping and the network mode"},
		{"\"ExposedPorts\":{\"80/tcp\":{}}", "\"NetworkMode\":\"container:x\"",
		 "conflicting options: port exposing and the container type network mode"},
		{"", "\"NetworkMode\":\"host\",\"Links\":[\"a:b\"]",
		 "conflicting options: host type networking can't be used with links. This would result in undefined "
		 "behavior"},
		{"", "\"Links\":[\"a:b\"]", "links are not supported yet: a:b"},
		{"\"Hostname\":\"h\"", "\"UTSMode\":\"host\"", "conflicting options: hostname and the UTS mode"},
		{"", "\"UTSMode\":\"foo\"", "invalid UTS mode: foo"},
		{"", "\"PidMode\":\"container:\"", "invalid PID mode: container:"},
		{"", "\"IpcMode\":\"foo\"", "invalid IPC mode: foo"},
		{"", "\"CgroupnsMode\":\"foo\"", "invalid cgroup namespace mode: foo"},
		{"", "\"UsernsMode\":\"foo\"", "user namespaces are not supported yet: UsernsMode foo"},
		{"", "\"PortBindings\":{\"x\":[]}", "invalid port specification: \"x\""},
		{"", "\"PortBindings\":{\"80/tcp\":[{\"HostPort\":\"99999\"}]}",
		 "invalid port specification: \"99999\""},
		{"", "\"ExtraHosts\":[\"x\"]", "bad format for add-host: \"x\""},
		{"", "\"ExtraHosts\":[\"a:b\"]", "invalid IP address in add-host: \"b\""},
		{"", "\"ExtraHosts\":[\"a\\n127.0.0.1 evil:1.1.1.1\"]",
		 "bad format for add-host: \"a\n127.0.0.1 evil:1.1.1.1\""},
		{"", "\"Dns\":[\"1.1.1.1\\nnameserver 2.2.2.2\"]",
		 "invalid DNS name or address: \"1.1.1.1\nnameserver 2.2.2.2\""},
	};

	(void)state;
	refuse(rows, ARRAY_SIZE(rows));
}

static void test_config(void **state)
{
	static const struct row rows[] = {
		{"\"WorkingDir\":\"x\"", "", "the working directory 'x' is invalid, it needs to be an absolute path"},
		{"\"Env\":[\"=x\"]", "", "invalid environment variable: =x"},
		{"\"Env\":[\"\"]", "", "invalid environment variable: "},
		{"\"StopSignal\":\"FOO\"", "", "invalid signal: FOO"},
		{"\"Healthcheck\":{\"Interval\":5}", "", "Interval in Healthcheck cannot be less than 1ms"},
		{"\"Healthcheck\":{\"Retries\":-1}", "", "Retries in Healthcheck cannot be negative"},
		{"\"Hostname\":\"a\\nb\"", "", "invalid hostname: a\nb"},
		{"\"User\":\"4294967296\"", "",
		 "invalid user \"4294967296\": uids and gids must be in range 0-4294967294"},
		{"\"User\":\"1:99999999999\"", "",
		 "invalid user \"1:99999999999\": uids and gids must be in range 0-4294967294"},
	};

	(void)state;
	refuse(rows, ARRAY_SIZE(rows));
}

static void test_accepted(void **state)
{
	static const struct {
		const char *config, *host;
		size_t warnings;
	} rows[] = {
		{"", "", 0},
		{"",
		 "\"NetworkMode\":\"default\",\"MemorySwappiness\":-1,\"PidsLimit\":0,\"Dns\":[],\"PortBindings\":{}",
		 0},
		{"", "\"NetworkMode\":\"none\",\"IpcMode\":\"shareable\",\"PidMode\":\"host\",\"UTSMode\":\"host\"", 0},
		{"",
		 "\"SecurityOpt\":[\"no-new-privileges\",\"seccomp=unconfined\",\"apparmor=unconfined\",\"label="
		 "disable\"]",
		 0},
		{"", "\"SecurityOpt\":[\"no-new-privileges:true\",\"writable-cgroups=false\"]", 0},
		{"", "\"CapAdd\":[\"ALL\",\"cap_net_admin\"],\"CapDrop\":[\"all\"]", 0},
		{"",
		 "\"Ulimits\":[{\"Name\":\"NOFILE\",\"Soft\":1,\"Hard\":10},{\"Name\":\"core\",\"Soft\":-1,\"Hard\":-1}"
		 "]",
		 0},
		{"", "\"PortBindings\":{\"80/tcp\":[{\"HostPort\":\"8080\"}]}", 1},
		{"", "\"NetworkMode\":\"host\",\"PortBindings\":{\"80/tcp\":[{\"HostPort\":\"8080\"}]}", 1},
		{"", "\"ExtraHosts\":[\"a:host-gateway\",\"b:[::1]\",\"c=10.0.0.1\"]", 1},
		{"\"User\":\"app:staff\",\"StopSignal\":\"SIGRTMIN+3\"", "\"GroupAdd\":[\"audio\",\"10\"]", 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(container_create_done) struct container_create body;
		_cleanup_strv_ char **warnings = NULL;
		struct err e = ERR_INIT;

		if (check(rows[i].config, rows[i].host, &body, &warnings, &e) < 0)
			fail_msg("%s %s: %s", rows[i].config, rows[i].host, e.msg);
		assert_int_equal(strv_len(warnings), rows[i].warnings);
	}
}

static void test_dropped(void **state)
{
	_cleanup_(container_create_done) struct container_create body;
	_cleanup_strv_ char **warnings = NULL;
	struct host_facts none = {.cpus = "0-1", .mems = "0"};
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(check("", "\"Memory\":10000000,\"BlkioWeight\":100,\"PidsLimit\":5,\"CpuShares\":2", &body,
			       &warnings, &e),
			 0);
	host_config_drop_unsupported(&body.host_config, &none, &warnings);
	assert_int_equal(strv_len(warnings), 4);
	assert_int_equal(body.host_config.memory, 0);
	assert_int_equal(body.host_config.blkio_weight, 0);
	assert_int_equal(*body.host_config.pids_limit, 0);
	assert_int_equal(body.host_config.cpu_shares, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_resources), cmocka_unit_test(test_policy),   cmocka_unit_test(test_network),
		cmocka_unit_test(test_config),    cmocka_unit_test(test_accepted), cmocka_unit_test(test_dropped),
	};

	return RUN_TESTS(tests);
}
