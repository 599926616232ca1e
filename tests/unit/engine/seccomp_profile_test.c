/* SPDX-License-Identifier: Apache-2.0 */
/* The built-in profile and Docker's profile format. */
#include "unit/test.h"

#include "base/strutil.h"
#include "engine/caps.h"
#include "engine/seccomp_profile.h"

static char *default_text(uint64_t caps)
{
	struct strbuf out = STRBUF_INIT;
	struct json_writer w;

	json_writer_init(&w, &out);
	seccomp_default_write(&w, caps);
	return strbuf_steal(&out);
}

/* What the socket rules say about a domain, as the kernel would compare. */
static bool socket_allowed(uint64_t domain)
{
	for (const struct seccomp_arg_rule *r = seccomp_default_arg_rules; r->call; r++) {
		if (str_eq(r->call, "socket") && (domain & r->value) == r->value_two)
			return true;
	}
	return false;
}

static void test_sockets(void **state)
{
	(void)state;
	for (uint64_t d = 0; d < 64; d++)
		assert_int_equal(socket_allowed(d), d != 33 && d != 38 && d != 40);
	/* the kernel drops the upper half, and so does the filter */
	assert_false(socket_allowed(((uint64_t)1 << 32) | 38));
	assert_false(socket_allowed(((uint64_t)0xffffffff << 32) | 40));
	assert_true(socket_allowed(((uint64_t)1 << 32) | 2));
}

static void test_default(void **state)
{
	_cleanup_free_ char *plain = default_text(0), *again = default_text(0);
	_cleanup_free_ char *admin = default_text((uint64_t)1 << cap_number("SYS_ADMIN"));

	(void)state;
	assert_string_equal(plain, again);
	assert_non_null(strstr(plain, "\"openat\""));
	assert_non_null(strstr(plain, "{\"names\":[\"clone3\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":38}"));
	assert_null(strstr(plain, "\"mount\""));
	assert_null(strstr(plain, "\"bpf\""));
	assert_null(strstr(plain, "io_uring_setup"));
	assert_null(strstr(plain, "\"keyctl\""));
	assert_null(strstr(plain, "SCMP_ARCH_X32"));
	assert_non_null(strstr(admin, "\"mount\""));
	assert_null(strstr(admin, "SCMP_CMP_MASKED_EQ\"}]},{\"names\":[\"clone3\"]"));
}

static int custom(const char *profile, uint64_t caps, char **ret, struct err *e)
{
	const struct seccomp_host host = {.caps = caps, .kernel = 5010};
	struct strbuf out = STRBUF_INIT;
	struct json_writer w;
	int r;

	json_writer_init(&w, &out);
	r = seccomp_custom_write(&w, profile, &host, e);
	*ret = strbuf_steal(&out);
	return r;
}

static void test_custom(void **state)
{
	static const char profile[] =
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":1,\"archMap\":[{\"architecture\":\"SCMP_"
		"ARCH_X86_64\","
		"\"subArchitectures\":[\"SCMP_ARCH_X86\"]},{\"architecture\":\"SCMP_ARCH_ARM\",\"subArchitectures\":"
		"null}],"
		"\"syscalls\":[{\"names\":[\"read\",\"write\"],\"action\":\"SCMP_ACT_ALLOW\"},"
		"{\"name\":\"old\",\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":1,\"value\":5,\"valueTwo\":6,"
		"\"op\":"
		"\"SCMP_CMP_MASKED_EQ\"}]},"
		"{\"names\":[\"if_chroot\"],\"action\":\"SCMP_ACT_ALLOW\",\"includes\":{\"caps\":[\"CAP_SYS_CHROOT\"]}}"
		","
		"{\"names\":[\"not_chroot\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":38,\"excludes\":{\"caps\":["
		"\"CAP_SYS_CHROOT\"]}},"
		"{\"names\":[\"elsewhere\"],\"action\":\"SCMP_ACT_ALLOW\",\"includes\":{\"arches\":[\"mips\"]}},"
		"{\"names\":[\"new_kernel\"],\"action\":\"SCMP_ACT_ALLOW\",\"includes\":{\"minKernel\":\"5.11\"}},"
		"{\"names\":[\"old_kernel\"],\"action\":\"SCMP_ACT_ALLOW\",\"includes\":{\"minKernel\":\"4.8\"}}]}";
	_cleanup_free_ char *with = NULL, *without = NULL;
	struct err e = ERR_INIT;

	(void)state;
	if (custom(profile, (uint64_t)1 << cap_number("SYS_CHROOT"), &with, &e) < 0)
		fail_msg("%s", e.msg);
	assert_int_equal(custom(profile, 0, &without, &e), 0);
#ifdef __x86_64__
	assert_non_null(strstr(with, "\"architectures\":[\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\"]"));
#endif
	assert_non_null(strstr(with,
			       "{\"names\":[\"old\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":1,\"value\":5,"
			       "\"valueTwo\":6,\"op\":\"SCMP_CMP_MASKED_EQ\"}]}"));
	assert_non_null(strstr(with, "if_chroot"));
	assert_null(strstr(with, "not_chroot"));
	assert_null(strstr(without, "if_chroot"));
	assert_non_null(strstr(without, "{\"names\":[\"not_chroot\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":38}"));
	assert_null(strstr(with, "elsewhere"));
	assert_null(strstr(with, "new_kernel"));
	assert_non_null(strstr(with, "old_kernel"));
}

static void test_bad(void **state)
{
	static const char *const rows[] = {
		"",
		"x",
		"[]",
		"3",
		"{\"syscalls\":3}",
		"{\"syscalls\":[3]}",
		"{\"syscalls\":[{}]}",
		"{\"syscalls\":[{\"names\":[\"a\"]}]}",
		"{\"syscalls\":[{\"names\":[3],\"action\":\"x\"}]}",
		"{\"syscalls\":[{\"name\":\"a\",\"names\":[\"b\"],\"action\":\"x\"}]}",
		"{\"syscalls\":[{\"names\":[\"a\"],\"action\":\"x\",\"args\":[{}]}]}",
		"{\"syscalls\":[{\"names\":[\"a\"],\"action\":\"x\",\"args\":[3]}]}",
		"{\"syscalls\":[{\"names\":[\"a\"],\"action\":\"x\",\"includes\":{\"minKernel\":\"x\"}}]}",
		"{\"architectures\":[\"a\"],\"archMap\":[{}]}",
		"{\"listenerPath\":\"/x\"}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct err e = ERR_INIT;

		assert_int_equal(seccomp_custom_check(rows[i], &e), -1);
		assert_int_equal(e.kind, ERR_INVALID);
		assert_true(str_starts(e.msg, "Decoding seccomp profile failed"));
	}
	assert_int_equal(seccomp_custom_check("{}", NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sockets),
		cmocka_unit_test(test_default),
		cmocka_unit_test(test_custom),
		cmocka_unit_test(test_bad),
	};

	return RUN_TESTS(tests);
}
