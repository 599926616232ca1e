/* SPDX-License-Identifier: Apache-2.0 */
/* config.json as other engines write it, and as nobody should. */
#include "test.h"

#include "base/mem.h"
#include "base/strv.h"
#include "format/oci/runtime_config.h"

static int parse(const char *json, struct oci_config *c, struct err *e)
{
	return oci_config_parse(json, strlen(json), c, e);
}

static void test_whole(void **state)
{
	static const char json[] =
		"{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"rootfs\",\"readonly\":true},\"hostname\":\"h\","
		"\"process\":{\"terminal\":true,\"consoleSize\":{\"height\":25,\"width\":80},\"cwd\":\"/\","
		"\"user\":{\"uid\":1,\"gid\":2,\"umask\":18,\"additionalGids\":[3,4],\"username\":\"bob\"},"
		"\"args\":[\"sh\",\"-c\"],\"env\":[\"A=b\"],\"oomScoreAdj\":-5,\"noNewPrivileges\":true,"
		"\"capabilities\":{\"bounding\":[\"CAP_CHOWN\"]},"
		"\"rlimits\":[{\"type\":\"RLIMIT_CORE\",\"soft\":0,\"hard\":18446744073709551615}]},"
		"\"mounts\":[{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\",\"options\":[\"ro\"],"
		"\"uidMappings\":[{\"containerID\":0,\"hostID\":5,\"size\":4294967295}]}],"
		"\"annotations\":{\"k\":\"v\",\"l\":\"\"},"
		"\"hooks\":{\"poststop\":[{\"path\":\"/bin/x\",\"timeout\":3}]},"
		"\"linux\":{\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"network\",\"path\":\"/n\"}],"
		"\"resources\":{\"memory\":{\"limit\":1024,\"swap\":-1},\"cpu\":{\"shares\":2,\"cpus\":\"0\"},"
		"\"pids\":{\"limit\":7},\"devices\":[{\"allow\":false,\"access\":\"rwm\"}],"
		"\"unified\":{\"memory.high\":\"1\"},\"rdma\":{\"mlx\":{\"hcaHandles\":3}}},"
		"\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38,\"syscalls\":[{\"names\":["
		"\"read\"],"
		"\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":1,\"value\":18446744073709551615,\"op\":\"SCMP_CMP_"
		"EQ\"}]}]},"
		"\"intelRdt\":{},\"personality\":{\"domain\":\"LINUX32\"}}}";
	struct oci_config c;
	struct err e = ERR_INIT;

	assert_int_equal(parse(json, &c, &e), 0);
	assert_string_equal(c.root.path, "rootfs");
	assert_true(c.root.readonly);
	assert_true(c.process->terminal);
	assert_int_equal(c.process->console_size.width, 80);
	assert_int_equal(c.process->user.n_additional_gids, 2);
	assert_int_equal(c.process->user.additional_gids[1], 4);
	assert_string_equal(c.process->user.username, "bob");
	assert_true(c.process->user.umask.set);
	assert_int_equal(strv_len(c.process->args), 2);
	assert_int_equal(c.process->oom_score_adj.v, -5);
	assert_true(c.process->rlimits[0].hard == UINT64_MAX);
	assert_int_equal(c.mounts[0].uid_mappings[0].size, UINT32_MAX);
	assert_string_equal(oci_annotation(&c, "k"), "v");
	assert_null(oci_annotation(&c, "z"));
	assert_int_equal(c.hooks.poststop.n, 1);
	assert_int_equal(c.hooks.poststop.items[0].timeout, 3);
	assert_non_null(oci_namespace_find(&c, OCI_NS_PID));
	assert_null(oci_namespace_find(&c, OCI_NS_PID)->path);
	assert_string_equal(oci_namespace_find(&c, OCI_NS_NETWORK)->path, "/n");
	assert_null(oci_namespace_find(&c, OCI_NS_USER));
	assert_int_equal(c.linux_.resources->memory.swap.v, -1);
	assert_false(c.linux_.resources->memory.reservation.set);
	assert_string_equal(c.linux_.resources->rdma[0].name, "mlx");
	assert_string_equal(c.linux_.resources->unified[0].key, "memory.high");
	assert_true(c.linux_.seccomp->rules[0].args[0].value == UINT64_MAX);
	assert_false(c.linux_.has_intel_rdt); /* empty: asks for nothing */
	assert_string_equal(c.linux_.personality_domain, "LINUX32");
	oci_config_done(&c);
	oci_config_done(&c); /* done twice is done */
}

static void test_errors(void **state)
{
	static const struct {
		const char *json, *text;
	} bad[] = {
		{"", "unexpected end"},
		{"[]", "expected an object"},
		{"{", "unexpected end"},
		{"{\"hostname\":1}", "hostname: expected a string"},
		{"{\"hostname\":\"a\\u0000b\"}", "hostname: expected a string without NUL"},
		{"{\"process\":{\"user\":{\"uid\":-1}}}", "process.user.uid: expected an unsigned integer"},
		{"{\"process\":{\"user\":{\"uid\":4294967295}}}", "process.user.uid: expected an id"},
		{"{\"process\":{\"user\":{\"uid\":4294967296}}}", "process.user.uid: expected an id"},
		{"{\"process\":{\"user\":{\"uid\":\"0\"}}}", "process.user.uid: expected an unsigned integer"},
		{"{\"process\":{\"user\":{\"uid\":1.0}}}", "process.user.uid: expected an unsigned integer"},
		{"{\"process\":{\"args\":[\"a\",2]}}", "process.args[1]: expected a string"},
		{"{\"linux\":{\"namespaces\":[{\"type\":\"x\"}]}}", "linux.namespaces[0].type: expected a namespace"},
		{"{\"linux\":{\"sysctl\":{\"a\":1}}}", "linux.sysctl.a: expected a string"},
		{"{\"mounts\":{}}", "mounts: expected an array"},
		{"{\"process\":{\"terminal\":\"yes\"}}", "process.terminal: expected true or false"},
		{"{\"process\":{\"oomScoreAdj\":9223372036854775808}}",
		 "process.oomScoreAdj: expected a 64-bit integer"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct oci_config c;
		struct err e = ERR_INIT;
		assert_int_equal(parse(bad[i].json, &c, &e), -1);
		assert_int_equal(e.kind, ERR_INVALID);
		if (!strstr(e.msg, bad[i].text))
			fail_msg("%s: \"%s\" has no \"%s\"", bad[i].json, e.msg, bad[i].text);
	}
}

static void test_depth(void **state)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	struct oci_config c;
	struct err e = ERR_INIT;

	strbuf_add_str(&sb, "{\"x\":");
	for (int i = 0; i < 100000; i++)
		strbuf_add_char(&sb, '[');
	assert_int_equal(oci_config_parse(sb.data, sb.len, &c, &e), -1);
}

static void test_null_is_absent(void **state)
{
	struct oci_config c;
	struct err e = ERR_INIT;

	assert_int_equal(
		parse("{\"process\":null,\"mounts\":null,\"linux\":{\"resources\":null},\"unknown\":[{}]}", &c, &e), 0);
	assert_null(c.process);
	assert_int_equal(c.n_mounts, 0);
	oci_config_done(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_null_is_absent),
	};
	return RUN_TESTS(tests);
}
