/* SPDX-License-Identifier: Apache-2.0 */
/* OCI device rules -> a list with defaults -> BPF instructions. No system calls here; cgroup_devices.c loads the
 * program. */
#include "runtime/bpf_devices.h"

#include <string.h>

#include "base/mem.h"
#include "base/strutil.h"

#define ACCESS_ALL (BPF_DEVCG_ACC_MKNOD | BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE)
#define RULES_MAX  4096

static const struct device_rule always[] = {
	{true, 'c', -1, -1, BPF_DEVCG_ACC_MKNOD}, /* making a node is harmless, opening it is what is asked for */
	{true, 'b', -1, -1, BPF_DEVCG_ACC_MKNOD},
	{true, 'c', 1, 3, ACCESS_ALL},    /* null */
	{true, 'c', 1, 8, ACCESS_ALL},    /* random */
	{true, 'c', 1, 7, ACCESS_ALL},    /* full */
	{true, 'c', 5, 0, ACCESS_ALL},    /* tty */
	{true, 'c', 1, 5, ACCESS_ALL},    /* zero */
	{true, 'c', 1, 9, ACCESS_ALL},    /* urandom */
	{true, 'c', 5, 1, ACCESS_ALL},    /* console */
	{true, 'c', 136, -1, ACCESS_ALL}, /* pts */
	{true, 'c', 5, 2, ACCESS_ALL},    /* ptmx */
};

static int access_parse(const char *s, unsigned *ret)
{
	*ret = 0;
	for (; *s; s++) {
		if (*s == 'r')
			*ret |= BPF_DEVCG_ACC_READ;
		else if (*s == 'w')
			*ret |= BPF_DEVCG_ACC_WRITE;
		else if (*s == 'm')
			*ret |= BPF_DEVCG_ACC_MKNOD;
		else
			return -1;
	}
	return 0;
}

static bool number_ok(const struct oci_i64 *n)
{
	return !n->set || (n->v >= -1 && n->v <= UINT32_MAX);
}

ssize_t device_rules_resolve(const struct oci_resources *r, struct device_rule **ret, struct err *e)
{
	size_t given = r ? r->n_devices : 0;

	if (given > RULES_MAX)
		return err_set(e, ERR_TOO_LARGE, "more than %d device rules", RULES_MAX);
	_cleanup_free_ struct device_rule *rules = xnew_array(struct device_rule, given + ARRAY_SIZE(always));
	for (size_t i = 0; i < given; i++) {
		const struct oci_device_rule *in = &r->devices[i];
		const char *type = str_empty(in->type) ? "a" : in->type;
		struct device_rule *out = &rules[i];
		/* "u" is an unbuffered character device. */
		if (strlen(type) != 1 || !strchr("abcu", *type))
			return err_set(e, ERR_INVALID, "invalid device rule type \"%s\"", type);
		if (!number_ok(&in->major) || !number_ok(&in->minor))
			return err_set(e, ERR_INVALID, "invalid number in a device rule");
		out->allow = in->allow;
		out->type = *type == 'u' ? 'c' : *type;
		out->major = in->major.set && *type != 'a' ? in->major.v : -1;
		out->minor = in->minor.set && *type != 'a' ? in->minor.v : -1;
		out->access = ACCESS_ALL;
		if (!str_empty(in->access) && access_parse(in->access, &out->access) < 0)
			return err_set(e, ERR_INVALID, "invalid device access \"%s\"", in->access);
	}
	memcpy(rules + given, always, sizeof(always));
	*ret = TAKE_PTR(rules);
	return (ssize_t)(given + ARRAY_SIZE(always));
}

#define INSN(op, d, s, o, i) ((struct bpf_insn){.code = (op), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i)})

/*
 * r2 type (low 16 bits of access_type), r3 access (high 16 bits), r4 major, r5 minor. A rule that allows matches when
 * it covers all of what is asked; one that denies when it has anything of it. Last rule first, the first match decides.
 */
size_t device_program_build(const struct device_rule *rules, size_t n, struct bpf_insn **ret)
{
	struct bpf_insn *p = xnew_array(struct bpf_insn, 8 + n * 12);
	size_t k = 0;

	p[k++] = INSN(BPF_LDX | BPF_MEM | BPF_W, 3, 1, offsetof(struct bpf_cgroup_dev_ctx, access_type), 0);
	p[k++] = INSN(BPF_ALU | BPF_MOV | BPF_X, 2, 3, 0, 0);
	p[k++] = INSN(BPF_ALU | BPF_AND | BPF_K, 2, 0, 0, 0xffff);
	p[k++] = INSN(BPF_ALU | BPF_RSH | BPF_K, 3, 0, 0, 16);
	p[k++] = INSN(BPF_LDX | BPF_MEM | BPF_W, 4, 1, offsetof(struct bpf_cgroup_dev_ctx, major), 0);
	p[k++] = INSN(BPF_LDX | BPF_MEM | BPF_W, 5, 1, offsetof(struct bpf_cgroup_dev_ctx, minor), 0);
	for (size_t i = n; i-- > 0;) {
		const struct device_rule *r = &rules[i];
		size_t first = k;
		if (r->type != 'a')
			p[k++] = INSN(BPF_JMP | BPF_JNE | BPF_K, 2, 0, 0,
				      r->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
		if (r->access != ACCESS_ALL) {
			p[k++] = INSN(BPF_ALU | BPF_MOV | BPF_X, 1, 3, 0, 0);
			p[k++] = INSN(BPF_ALU | BPF_AND | BPF_K, 1, 0, 0, (int)r->access);
			p[k++] = r->allow ? INSN(BPF_JMP | BPF_JNE | BPF_X, 1, 3, 0, 0)
					  : INSN(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 0, 0);
		}
		if (r->major >= 0)
			p[k++] = INSN(BPF_JMP32 | BPF_JNE | BPF_K, 4, 0, 0, (int)(uint32_t)r->major);
		if (r->minor >= 0)
			p[k++] = INSN(BPF_JMP32 | BPF_JNE | BPF_K, 5, 0, 0, (int)(uint32_t)r->minor);
		bool certain = k == first;
		p[k++] = INSN(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, r->allow);
		p[k++] = INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
		/* Every jump so far goes behind this rule. */
		for (size_t j = first; j < k; j++) {
			unsigned cls = BPF_CLASS(p[j].code);
			if ((cls == BPF_JMP || cls == BPF_JMP32) && BPF_OP(p[j].code) != BPF_EXIT)
				p[j].off = (__s16)(k - j - 1);
		}
		/* The verifier refuses code that cannot be reached. */
		if (certain) {
			*ret = p;
			return k;
		}
	}
	p[k++] = INSN(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0);
	p[k++] = INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	*ret = p;
	return k;
}
