/* SPDX-License-Identifier: Apache-2.0 */
/* Seccomp profiles: compiled, cached, and in force in a child; device rules: the BPF program against a model of the
 * rules. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "runtime/bpf_devices.h"
#include "runtime/filter.h"

static char *some[] = {"getppid", "no_such_call", NULL};
static char *arch[] = {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", NULL};
static char *tail[] = {"mseal", "cachestat", "faccessat2", NULL}; /* raises the highest known number */

static struct oci_seccomp deny_getppid(struct oci_seccomp_rule rules[2])
{
	rules[0] = (struct oci_seccomp_rule){
		.names = some, .action = "SCMP_ACT_ERRNO", .errno_ret = {.set = true, .v = ENOTTY}};
	rules[1] = (struct oci_seccomp_rule){.names = tail, .action = "SCMP_ACT_ALLOW"};
	return (struct oci_seccomp){
		.default_action = "SCMP_ACT_ALLOW", .architectures = arch, .rules = rules, .n_rules = 2};
}

static char *cache_make(void)
{
	char *dir = xstrdup("/tmp/hull-unit.XXXXXX");

	assert_non_null(mkdtemp(dir));
	return dir;
}

static void cache_drop(char *dir)
{
	int tmp = dir_open("/tmp");

	assert_int_equal(rm_rf_at(tmp, dir + 5), 0);
	fd_close(tmp);
	free(dir);
}

static void test_cache(void **state)
{
	struct oci_seccomp_rule rules[2];
	struct oci_seccomp s = deny_getppid(rules);
	struct seccomp_filter a, b, c;
	struct err e = ERR_INIT;
	char *dir = cache_make();

	assert_int_equal(seccomp_filter_prepare(&s, dir, &a, &e), 0);
	assert_false(a.from_cache);
	assert_int_equal(seccomp_filter_prepare(&s, dir, &b, &e), 0);
	assert_true(b.from_cache);
	assert_int_equal(a.n, b.n);
	assert_memory_equal(a.insns, b.insns, a.n * 8);
	/* Another profile never gets this program. */
	rules[0].errno_ret.v = EPERM;
	assert_int_equal(seccomp_filter_prepare(&s, dir, &c, &e), 0);
	assert_false(c.from_cache);
	seccomp_filter_done(&a);
	seccomp_filter_done(&b);
	seccomp_filter_done(&c);
	cache_drop(dir);
}

/* A cache file that was cut, changed or is writable for others is not believed. */
static void test_cache_broken(void **state)
{
	struct oci_seccomp_rule rules[2];
	struct oci_seccomp s = deny_getppid(rules);
	struct seccomp_filter f;
	struct err e = ERR_INIT;
	char *dir = cache_make();
	char cmd[256];

	assert_int_equal(seccomp_filter_prepare(&s, dir, &f, &e), 0);
	seccomp_filter_done(&f);
	static const char *const spoil[] = {"truncate -s -8 %s/*.bpf", "truncate -s 0 %s/*.bpf", "chmod 666 %s/*.bpf",
					    "printf x | dd of=$(ls %s/*.bpf) bs=1 seek=20 conv=notrunc 2>/dev/null"};
	for (size_t i = 0; i < ARRAY_SIZE(spoil); i++) {
		snprintf(cmd, sizeof(cmd), spoil[i], dir);
		FILE *p = popen(cmd, "r");
		assert_int_equal(pclose(p), 0);
		assert_int_equal(seccomp_filter_prepare(&s, dir, &f, &e), 0);
		assert_false(f.from_cache);
		seccomp_filter_done(&f);
	}
	cache_drop(dir);
}

static int in_child(const struct seccomp_filter *f, long nr)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		struct err e = ERR_INIT;
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || seccomp_filter_load(f, &e) < 0)
			_exit(255);
		errno = 0;
		syscall(nr, -1, 0, 0, 0, 0, 0);
		syscall(SYS_exit_group, errno);
	}
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static void test_in_force(void **state)
{
	struct oci_seccomp_rule rules[2];
	struct oci_seccomp s = deny_getppid(rules);
	struct seccomp_filter f;
	struct err e = ERR_INIT;

	assert_int_equal(seccomp_filter_prepare(&s, NULL, &f, &e), 0);
	assert_int_equal(in_child(&f, SYS_getppid), ENOTTY);
	assert_int_equal(in_child(&f, SYS_close), EBADF);
	seccomp_filter_done(&f);
}

/* A profile that denies by default answers calls newer than itself with ENOSYS, not EPERM. */
static void test_unknown_is_enosys(void **state)
{
	static char *few[] = {"exit_group", "exit", "close", "seccomp", "faccessat2", NULL};
	struct oci_seccomp_rule rule = {.names = few, .action = "SCMP_ACT_ALLOW"};
	struct oci_seccomp s = {.default_action = "SCMP_ACT_ERRNO", .rules = &rule, .n_rules = 1};
	struct seccomp_filter f;
	struct err e = ERR_INIT;

	assert_int_equal(seccomp_filter_prepare(&s, NULL, &f, &e), 0);
	assert_int_equal(in_child(&f, SYS_close), EBADF);
	assert_int_equal(in_child(&f, SYS_getppid), EPERM);
	assert_int_equal(in_child(&f, 2000), ENOSYS);
	seccomp_filter_done(&f);
}

static void test_profile_errors(void **state)
{
	static char *bad_flag[] = {"SECCOMP_FILTER_FLAG_X", NULL}, *bad_arch[] = {"SCMP_ARCH_Z80", NULL};
	struct oci_seccomp_rule rule = {.names = some, .action = "SCMP_ACT_NOTHING"};
	const struct oci_seccomp bad[] = {
		{.default_action = "ALLOW"},
		{.default_action = NULL},
		{.default_action = "SCMP_ACT_ALLOW", .flags = bad_flag},
		{.default_action = "SCMP_ACT_ALLOW", .architectures = bad_arch},
		{.default_action = "SCMP_ACT_ALLOW", .rules = &rule, .n_rules = 1},
		{.default_action = "SCMP_ACT_NOTIFY"}, /* nobody to ask */
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct seccomp_filter f;
		struct err e = ERR_INIT;
		assert_int_equal(seccomp_filter_prepare(&bad[i], NULL, &f, &e), -1);
		assert_true(*e.msg);
	}
}

/* --- device rules --- */

/* The few instructions that the generator uses. */
static int run(const struct bpf_insn *p, size_t n, const struct bpf_cgroup_dev_ctx *ctx)
{
	uint64_t r[11] = {0};

	for (size_t pc = 0; pc < n; pc++) {
		const struct bpf_insn *i = &p[pc];
		uint64_t src = BPF_SRC(i->code) == BPF_X ? r[i->src_reg] : (uint64_t)(int64_t)i->imm;
		switch (BPF_CLASS(i->code)) {
		case BPF_LDX:
			r[i->dst_reg] = *(const uint32_t *)((const char *)ctx + i->off);
			break;
		case BPF_ALU:
		case BPF_ALU64:
			if (BPF_OP(i->code) == BPF_MOV)
				r[i->dst_reg] = src;
			else if (BPF_OP(i->code) == BPF_AND)
				r[i->dst_reg] &= src;
			else if (BPF_OP(i->code) == BPF_RSH)
				r[i->dst_reg] >>= src;
			else
				fail_msg("operation %x", i->code);
			if (BPF_CLASS(i->code) == BPF_ALU)
				r[i->dst_reg] = (uint32_t)r[i->dst_reg];
			break;
		case BPF_JMP:
		case BPF_JMP32: {
			if (BPF_OP(i->code) == BPF_EXIT)
				return (int)r[0];
			bool narrow = BPF_CLASS(i->code) == BPF_JMP32;
			uint64_t a = narrow ? (uint32_t)r[i->dst_reg] : r[i->dst_reg];
			uint64_t b = narrow ? (uint32_t)src : src;
			if (BPF_OP(i->code) == BPF_JNE ? a != b : a == b)
				pc += (size_t)i->off;
			break;
		}
		default:
			fail_msg("class %x", i->code);
		}
	}
	fail_msg("ran off the end");
	return -1;
}

/* What the rules say, read plainly: last match wins. */
static int model(const struct device_rule *rules, ssize_t n, char type, uint32_t major, uint32_t minor, unsigned access)
{
	for (ssize_t i = n - 1; i >= 0; i--) {
		const struct device_rule *r = &rules[i];
		if (r->type != 'a' && r->type != type)
			continue;
		if (r->allow ? (access & ~r->access) : !(access & r->access))
			continue;
		if ((r->major >= 0 && (uint32_t)r->major != major) || (r->minor >= 0 && (uint32_t)r->minor != minor))
			continue;
		return r->allow;
	}
	return 0;
}

static void check_against_model(const struct oci_resources *res)
{
	static const uint32_t numbers[] = {0, 1, 3, 5, 7, 8, 10, 136, 229, 4095, UINT32_MAX};
	struct device_rule *rules;
	struct bpf_insn *p;
	struct err e = ERR_INIT;
	ssize_t n = device_rules_resolve(res, &rules, &e);

	assert_true(n > 0);
	size_t len = device_program_build(rules, (size_t)n, &p);
	for (int block = 0; block < 2; block++)
		for (size_t a = 0; a < ARRAY_SIZE(numbers); a++)
			for (size_t b = 0; b < ARRAY_SIZE(numbers); b++)
				for (unsigned access = 1; access < 8; access++) {
					struct bpf_cgroup_dev_ctx ctx = {
						.access_type = access << 16 |
							       (block ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR),
						.major = numbers[a],
						.minor = numbers[b]};
					assert_int_equal(run(p, len, &ctx), model(rules, n, block ? 'b' : 'c',
										  numbers[a], numbers[b], access));
				}
	free(rules);
	free(p);
}

static void test_devices(void **state)
{
	struct oci_device_rule rules[] = {
		{.allow = false, .access = "rwm"},
		{.allow = true, .type = "c", .major = {true, 10}, .minor = {true, 229}, .access = "rw"},
		{.allow = true, .type = "b", .major = {true, 8}, .minor = {true, -1}, .access = "r"},
		{.allow = false, .type = "b", .major = {true, 8}, .minor = {true, 3}, .access = "w"},
		{.allow = true, .type = "a", .access = "m"},
	};
	struct oci_resources res = {.devices = rules};

	check_against_model(NULL);
	for (res.n_devices = 0; res.n_devices <= ARRAY_SIZE(rules); res.n_devices++)
		check_against_model(&res);
	res.n_devices = ARRAY_SIZE(rules);
	rules[1] = (struct oci_device_rule){.allow = true};
	check_against_model(&res);
	rules[1] = (struct oci_device_rule){.allow = true, .type = "c", .major = {true, 1LL << 33}};
	assert_int_equal(device_rules_resolve(&res, &(struct device_rule *){NULL}, NULL), -1);
	rules[1] = (struct oci_device_rule){.allow = true, .type = "x"};
	assert_int_equal(device_rules_resolve(&res, &(struct device_rule *){NULL}, NULL), -1);
	rules[1] = (struct oci_device_rule){.allow = true, .access = "rwx"};
	assert_int_equal(device_rules_resolve(&res, &(struct device_rule *){NULL}, NULL), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cache),          cmocka_unit_test(test_cache_broken),
		cmocka_unit_test(test_in_force),       cmocka_unit_test(test_unknown_is_enosys),
		cmocka_unit_test(test_profile_errors), cmocka_unit_test(test_devices),
	};
	return RUN_TESTS(tests);
}
