/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies of the docker client read, printed as Docker prints them, and what the tables alone cannot say. */
#include "unit/test.h"

#include "base/mem.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "format/api/container_types.h"

static int decode(const char *text, struct container_create *c, struct err *e)
{
	_cleanup_json_ json_object *o = NULL;

	*c = (struct container_create){0};
	if (json_parse(text, strlen(text), &o, e) < 0)
		fail_msg("%s", e->msg);
	return container_create_decode(o, c, e);
}

static char *print(const struct container_create *c)
{
	struct strbuf out = STRBUF_INIT;
	struct json_writer w;

	json_writer_init(&w, &out);
	container_create_write(&w, c);
	return strbuf_steal(&out);
}

/* What `docker run busybox true` sends comes back unchanged: null stays null, [] stays []. */
static void test_docker_run(void **state)
{
	static const char body[] =
		"{\"Hostname\":\"\",\"Domainname\":\"\",\"User\":\"\",\"AttachStdin\":false,\"AttachStdout\":true,"
		"\"AttachStderr\":true,"
		"\"Tty\":false,\"OpenStdin\":false,\"StdinOnce\":false,\"Env\":null,\"Cmd\":[\"true\"],\"Image\":"
		"\"busybox\","
		"\"Volumes\":{},\"WorkingDir\":\"\",\"Entrypoint\":null,\"OnBuild\":null,\"Labels\":{},\"HostConfig\":{"
		"\"Binds\":null,"
		"\"ContainerIDFile\":\"\",\"LogConfig\":{\"Type\":\"\",\"Config\":{}},\"NetworkMode\":\"default\","
		"\"PortBindings\":{},\"RestartPolicy\":{\"Name\":\"no\",\"MaximumRetryCount\":0},\"AutoRemove\":false,"
		"\"VolumeDriver\":\"\",\"VolumesFrom\":null,\"ConsoleSize\":[0,0],\"CapAdd\":null,\"CapDrop\":null,"
		"\"CgroupnsMode\":\"\",\"Dns\":[],\"DnsOptions\":[],\"DnsSearch\":[],\"ExtraHosts\":null,\"GroupAdd\":"
		"null,"
		"\"IpcMode\":\"\",\"Cgroup\":\"\",\"Links\":null,\"OomScoreAdj\":0,\"PidMode\":\"\",\"Privileged\":"
		"false,"
		"\"PublishAllPorts\":false,\"ReadonlyRootfs\":false,\"SecurityOpt\":null,\"UTSMode\":\"\","
		"\"UsernsMode\":\"\","
		"\"ShmSize\":0,\"Isolation\":\"\",\"CpuShares\":0,\"Memory\":0,\"NanoCpus\":0,\"CgroupParent\":\"\","
		"\"BlkioWeight\":0,\"BlkioWeightDevice\":[],\"BlkioDeviceReadBps\":[],\"BlkioDeviceWriteBps\":[],"
		"\"BlkioDeviceReadIOps\":[],\"BlkioDeviceWriteIOps\":[],\"CpuPeriod\":0,\"CpuQuota\":0,"
		"\"CpuRealtimePeriod\":0,\"CpuRealtimeRuntime\":0,\"CpusetCpus\":\"\",\"CpusetMems\":\"\",\"Devices\":["
		"],"
		"\"DeviceCgroupRules\":null,\"DeviceRequests\":null,\"MemoryReservation\":0,\"MemorySwap\":0,"
		"\"MemorySwappiness\":-1,\"OomKillDisable\":false,\"PidsLimit\":0,\"Ulimits\":[],\"CpuCount\":0,"
		"\"CpuPercent\":0,"
		"\"IOMaximumIOps\":0,\"IOMaximumBandwidth\":0,\"MaskedPaths\":null,\"ReadonlyPaths\":null},"
		"\"NetworkingConfig\":{\"EndpointsConfig\":{\"default\":{\"IPAMConfig\":null,\"Links\":null,"
		"\"Aliases\":null,"
		"\"MacAddress\":\"\",\"DriverOpts\":null,\"GwPriority\":0,\"NetworkID\":\"\",\"EndpointID\":\"\","
		"\"Gateway\":\"\","
		"\"IPAddress\":\"\",\"IPPrefixLen\":0,\"IPv6Gateway\":\"\",\"GlobalIPv6Address\":\"\","
		"\"GlobalIPv6PrefixLen\":0,"
		"\"DNSNames\":null}}}}";
	_cleanup_(container_create_done) struct container_create c;
	_cleanup_free_ char *out = NULL;
	struct err e = ERR_INIT;

	(void)state;
	if (decode(body, &c, &e) < 0)
		fail_msg("%s", e.msg);
	out = print(&c);
	assert_string_equal(out, body);
}

static void test_lenient(void **state)
{
	_cleanup_(container_create_done) struct container_create c;
	struct err e = ERR_INIT;

	(void)state;
	if (decode("{\"Cmd\":\"true\",\"entrypoint\":\"sh\",\"Unknown\":{\"a\":[1]},\"HostConfig\":null,\"Labels\":"
		   "null}",
		   &c, &e) < 0)
		fail_msg("%s", e.msg);
	assert_string_equal(c.config.cmd[0], "true");
	assert_string_equal(c.config.entrypoint[0], "sh");
	assert_false(c.config.labels.set);
	assert_string_equal(c.host_config.console_size, "[0,0]");
}

static void test_port_bindings(void **state)
{
	_cleanup_(container_create_done) struct container_create c;
	struct port_bindings b;
	struct err e = ERR_INIT;

	(void)state;
	if (decode("{\"HostConfig\":{\"PortBindings\":{\"80/"
		   "tcp\":[{\"HostPort\":\"1\"},{\"HostIp\":\"::\",\"HostPort\":\"2\"}],"
		   "\"53/udp\":null,\"443/tcp\":[]}}}",
		   &c, &e) < 0)
		fail_msg("%s", e.msg);
	assert_string_equal(
		c.host_config.port_bindings,
		"{\"443/tcp\":[],\"53/udp\":[],\"80/tcp\":[{\"HostIp\":\"\",\"HostPort\":\"1\"},{\"HostIp\":\"::\","
		"\"HostPort\":\"2\"}]}");
	assert_int_equal(port_bindings_parse(c.host_config.port_bindings, &b, &e), 0);
	assert_int_equal(b.n, 4);
	assert_null(b.items[0].host_port);
	assert_string_equal(b.items[3].host_ip, "::");
	port_bindings_done(&b);
}

static void test_refused(void **state)
{
	static const char *const rows[] = {
		"[]",
		"{\"Tty\":\"yes\"}",
		"{\"Env\":\"x\"}",
		"{\"Env\":[1]}",
		"{\"Cmd\":{\"a\":1}}",
		"{\"Labels\":{\"a\":1}}",
		"{\"HostConfig\":[]}",
		"{\"HostConfig\":{\"Memory\":\"x\"}}",
		"{\"HostConfig\":{\"Memory\":1.5}}",
		"{\"HostConfig\":{\"RestartPolicy\":{\"Name\":3}}}",
		"{\"HostConfig\":{\"Mounts\":[{\"BindOptions\":{\"NonRecursive\":3}}]}}",
		"{\"HostConfig\":{\"PortBindings\":{\"80/tcp\":\"x\"}}}",
		"{\"HostConfig\":{\"PortBindings\":{\"80/tcp\":[{\"HostPort\":3}]}}}",
		"{\"HostConfig\":{\"PortBindings\":[]}}",
		"{\"HostConfig\":{\"ConsoleSize\":[\"a\"]}}",
		"{\"HostConfig\":{\"ConsoleSize\":[-1,0]}}",
		"{\"HostConfig\":{\"Mounts\":[{\"Type\":\"tmpfs\",\"TmpfsOptions\":{\"Options\":[[\"a\",\"b\",\"c\"]]}}"
		"]}}",
		"{\"NetworkingConfig\":{\"EndpointsConfig\":3}}",
		"{\"NetworkingConfig\":{\"EndpointsConfig\":{\"x\":3}}}",
		"{\"NetworkingConfig\":{\"EndpointsConfig\":{\"x\":{\"Links\":3}}}}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(container_create_done) struct container_create c;
		struct err e = ERR_INIT;

		if (decode(rows[i], &c, &e) == 0)
			fail_msg("accepted: %s", rows[i]);
		assert_int_equal(e.kind, ERR_INVALID);
	}
}

static void test_tmpfs_options(void **state)
{
	_cleanup_strv_ char **v = NULL;

	(void)state;
	assert_int_equal(tmpfs_options_parse("[[\"noexec\"],[\"size\",\"1m\"]]", &v, NULL), 0);
	assert_int_equal(strv_len(v), 2);
	assert_string_equal(v[1], "size=1m");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_docker_run),    cmocka_unit_test(test_lenient),
		cmocka_unit_test(test_port_bindings), cmocka_unit_test(test_refused),
		cmocka_unit_test(test_tmpfs_options),
	};

	return RUN_TESTS(tests);
}
