/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Profile -> BPF by libseccomp, cached, loaded with seccomp(2). In front of libseccomp's program stands a short one of
 * our own: system calls that are newer than anything the profile names fail with ENOSYS, so that C libraries fall back
 * instead of giving up on EPERM.
 */
#include "runtime/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/strutil.h"
#include "base/strv.h"

#define CACHE_MAGIC   "hull-bpf"
#define CACHE_VERSION 1
#define CACHE_KEY_MAX (1024 * 1024)
#define INSNS_MAX     BPF_MAXINSNS

static const struct {
	const char *name;
	uint32_t action;
	bool takes_errno;
} actions[] = {
	{"SCMP_ACT_KILL", SCMP_ACT_KILL_THREAD, false},
	{"SCMP_ACT_KILL_THREAD", SCMP_ACT_KILL_THREAD, false},
	{"SCMP_ACT_KILL_PROCESS", SCMP_ACT_KILL_PROCESS, false},
	{"SCMP_ACT_TRAP", SCMP_ACT_TRAP, false},
	{"SCMP_ACT_ERRNO", SCMP_ACT_ERRNO(0), true},
	{"SCMP_ACT_TRACE", SCMP_ACT_TRACE(0), true},
	{"SCMP_ACT_ALLOW", SCMP_ACT_ALLOW, false},
	{"SCMP_ACT_LOG", SCMP_ACT_LOG, false},
	{"SCMP_ACT_NOTIFY", SCMP_ACT_NOTIFY, false},
};

static const struct {
	const char *name;
	enum scmp_compare op;
} operators[] = {
	{"SCMP_CMP_NE", SCMP_CMP_NE},
	{"SCMP_CMP_LT", SCMP_CMP_LT},
	{"SCMP_CMP_LE", SCMP_CMP_LE},
	{"SCMP_CMP_EQ", SCMP_CMP_EQ},
	{"SCMP_CMP_GE", SCMP_CMP_GE},
	{"SCMP_CMP_GT", SCMP_CMP_GT},
	{"SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ},
};

static const struct {
	const char *name;
	unsigned flag;
} flags_table[] = {
	{"SECCOMP_FILTER_FLAG_TSYNC", SECCOMP_FILTER_FLAG_TSYNC},
	{"SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG},
	{"SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW},
	{"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", 1u << 5},
};

void seccomp_filter_done(struct seccomp_filter *f)
{
	free(f->insns);
	*f = (struct seccomp_filter){0};
}

static int action_parse(const char *name, const struct oci_u64 *errno_ret, uint32_t *ret, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		if (!str_eq(name, actions[i].name))
			continue;
		*ret = actions[i].action;
		if (actions[i].takes_errno)
			*ret |= (uint32_t)((errno_ret->set ? errno_ret->v : EPERM) & 0xffff);
		return 0;
	}
	return err_set(e, ERR_INVALID, "seccomp: unknown action \"%s\"", str_or_empty(name));
}

static int operator_parse(const char *name, enum scmp_compare *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(operators); i++)
		if (str_eq(name, operators[i].name)) {
			*ret = operators[i].op;
			return 0;
		}
	return -1;
}

static int flags_parse(char *const *names, unsigned *ret, struct err *e)
{
	*ret = 0;
	STRV_FOREACH (name, names) {
		size_t i = 0;
		while (i < ARRAY_SIZE(flags_table) && !str_eq(*name, flags_table[i].name))
			i++;
		if (i == ARRAY_SIZE(flags_table))
			return err_set(e, ERR_INVALID, "seccomp: unknown flag \"%s\"", *name);
		*ret |= flags_table[i].flag;
	}
	return 0;
}

/* --- key and cache --- */

static void key_str(struct strbuf *out, const char *s)
{
	strbuf_add_str(out, str_or_empty(s));
	strbuf_add_char(out, '\n');
}

static void key_strv(struct strbuf *out, char *const *v)
{
	strbuf_addf(out, "%zu ", strv_len(v));
	STRV_FOREACH (s, v)
		key_str(out, *s);
}

void seccomp_key(const struct oci_seccomp *s, struct strbuf *out)
{
	const struct scmp_version *v = seccomp_version();

	strbuf_addf(out, "%d libseccomp %u.%u.%u arch %x\n", CACHE_VERSION, v->major, v->minor, v->micro,
		    seccomp_arch_native());
	key_str(out, s->default_action);
	strbuf_addf(out, "%d %lu\n", s->default_errno_ret.set, s->default_errno_ret.v);
	key_strv(out, s->architectures);
	for (size_t i = 0; i < s->n_rules; i++) {
		const struct oci_seccomp_rule *r = &s->rules[i];
		key_str(out, r->action);
		strbuf_addf(out, "%d %lu %zu\n", r->errno_ret.set, r->errno_ret.v, r->n_args);
		for (size_t j = 0; j < r->n_args; j++) {
			strbuf_addf(out, "%lu %lu %lu ", r->args[j].index, r->args[j].value, r->args[j].value_two);
			key_str(out, r->args[j].op);
		}
		key_strv(out, r->names);
	}
}

struct cache_head {
	char magic[8];
	uint32_t key_len, n_insns;
};

/* FNV-1a: a name for the file; the key inside decides. */
static void cache_name(const struct strbuf *key, char out[32])
{
	uint64_t h = 14695981039346656037ULL;

	for (size_t i = 0; i < key->len; i++)
		h = (h ^ (uint8_t)key->data[i]) * 1099511628211ULL;
	snprintf(out, 32, "%016lx.bpf", h);
}

static bool cache_read(int dir, const char *name, const struct strbuf *key, struct seccomp_filter *f)
{
	_cleanup_close_ int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct cache_head head;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return false;
	/* Somebody else's file in our directory is not believed. */
	if (st.st_uid != geteuid() || (st.st_mode & 022))
		return false;
	if (st.st_size < (off_t)sizeof(head) || st.st_size > CACHE_KEY_MAX + 8 * INSNS_MAX + (off_t)sizeof(head))
		return false;
	char *map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	if (map == MAP_FAILED)
		return false;
	memcpy(&head, map, sizeof(head));
	size_t insns = (size_t)head.n_insns * sizeof(struct sock_filter);
	bool ok = memcmp(head.magic, CACHE_MAGIC, sizeof(head.magic)) == 0 && head.n_insns > 0 &&
		  head.n_insns <= INSNS_MAX && head.key_len == key->len &&
		  (size_t)st.st_size == sizeof(head) + key->len + insns &&
		  memcmp(map + sizeof(head), key->data, key->len) == 0;
	if (ok) {
		f->insns = xmalloc(insns);
		memcpy(f->insns, map + sizeof(head) + key->len, insns);
		f->n = head.n_insns;
		f->from_cache = true;
	}
	munmap(map, (size_t)st.st_size);
	return ok;
}

/* A cache that cannot be written only costs time. */
static void cache_write(int dir, const char *name, const struct strbuf *key, const struct seccomp_filter *f)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	struct cache_head head = {.key_len = (uint32_t)key->len, .n_insns = (uint32_t)f->n};

	memcpy(head.magic, CACHE_MAGIC, sizeof(head.magic));
	strbuf_add(&sb, &head, sizeof(head));
	strbuf_add(&sb, key->data, key->len);
	strbuf_add(&sb, f->insns, f->n * sizeof(struct sock_filter));
	file_replace_volatile(dir, name, sb.data, sb.len, 0600);
}

/* --- compile --- */

static int arches_add(scmp_filter_ctx ctx, const struct oci_seccomp *s, bool *ret_x32, struct err *e)
{
	*ret_x32 = false;
	STRV_FOREACH (name, s->architectures) {
		/* SCMP_ARCH_X86_64 -> x86_64 */
		const char *tail = str_after(*name, "SCMP_ARCH_");
		char lower[32];
		size_t i = 0;
		for (; tail && tail[i] && i < sizeof(lower) - 1; i++)
			lower[i] = (char)(tail[i] >= 'A' && tail[i] <= 'Z' ? tail[i] + 32 : tail[i]);
		lower[i] = '\0';
		uint32_t arch = tail ? seccomp_arch_resolve_name(lower) : 0;
		if (!arch)
			return err_set(e, ERR_INVALID, "seccomp: unknown architecture \"%s\"", *name);
		int r = seccomp_arch_add(ctx, arch);
		if (r < 0 && r != -EEXIST)
			return err_sys(e, -r, "seccomp: add architecture %s", *name);
		*ret_x32 |= arch == SCMP_ARCH_X32;
	}
	return 0;
}

/* Rules on different arguments are one condition; on the same argument they are alternatives, as runc has them. */
static int rule_add(scmp_filter_ctx ctx, const struct oci_seccomp_rule *r, uint32_t action, int nr)
{
	struct scmp_arg_cmp cmp[6];
	unsigned seen[6] = {0};
	bool alternatives = false;
	int ret = 0;

	if (r->n_args > 6)
		return -EINVAL;
	for (size_t i = 0; i < r->n_args; i++) {
		enum scmp_compare op;
		if (r->args[i].index > 5 || operator_parse(r->args[i].op, &op) < 0)
			return -EINVAL;
		cmp[i] = (struct scmp_arg_cmp){.arg = (unsigned)r->args[i].index,
					       .op = op,
					       .datum_a = r->args[i].value,
					       .datum_b = r->args[i].value_two};
		alternatives |= seen[r->args[i].index]++ > 0;
	}
	if (!alternatives)
		return seccomp_rule_add_array(ctx, action, nr, (unsigned)r->n_args, cmp);
	for (size_t i = 0; i < r->n_args && ret == 0; i++)
		ret = seccomp_rule_add_array(ctx, action, nr, 1, &cmp[i]);
	return ret;
}

static int rules_add(scmp_filter_ctx ctx, const struct oci_seccomp *s, uint32_t default_action, int *ret_max,
		     struct err *e)
{
	for (size_t i = 0; i < s->n_rules; i++) {
		const struct oci_seccomp_rule *r = &s->rules[i];
		uint32_t action;
		if (action_parse(r->action, &r->errno_ret, &action, e) < 0)
			return -1;
		STRV_FOREACH (name, r->names) {
			int nr = seccomp_syscall_resolve_name(*name);
			if (nr == __NR_SCMP_ERROR)
				continue; /* newer or older than this library, or of another architecture */
			*ret_max = MAX(*ret_max, nr);
			if (action == default_action)
				continue;
			int x = rule_add(ctx, r, action, nr);
			if (x < 0)
				return err_sys(e, -x, "seccomp: add the rule for %s", *name);
		}
	}
	return 0;
}

static int export(scmp_filter_ctx ctx, struct seccomp_filter *f, struct err *e)
{
	_cleanup_close_ int fd = memfd_create("seccomp", MFD_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return err_sys(e, errno, "seccomp: memfd");
	int r = seccomp_export_bpf(ctx, fd);
	if (r < 0)
		return err_sys(e, -r, "seccomp: compile the profile");
	if (fstat(fd, &st) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(e, errno, "seccomp: memfd");
	f->n = (size_t)st.st_size / sizeof(struct sock_filter);
	f->insns = xmalloc((size_t)st.st_size);
	ssize_t n = fd_read_full(fd, f->insns, (size_t)st.st_size);
	return n == st.st_size ? 0 : err_set(e, ERR_BUG, "seccomp: the program was cut");
}

static uint32_t audit_arch(void)
{
#if defined(__x86_64__)
	return AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
	return AUDIT_ARCH_AARCH64;
#else
	return 0;
#endif
}

/* Numbers of the native architecture above `max` -> ENOSYS. x32 numbers (bit 30) go on to the profile when it has rules
 * for them. */
static void prepend_enosys(struct seccomp_filter *f, int max, bool x32)
{
	const struct sock_filter head[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, audit_arch(), 0, 4),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, x32 ? 0x40000000u : 0xffffffffu, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, (uint32_t)max, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
	};
	if (!audit_arch() || max <= 0 || f->n + ARRAY_SIZE(head) > INSNS_MAX)
		return;
	struct sock_filter *all = xnew_array(struct sock_filter, f->n + ARRAY_SIZE(head));
	memcpy(all, head, sizeof(head));
	memcpy(all + ARRAY_SIZE(head), f->insns, f->n * sizeof(struct sock_filter));
	free(f->insns);
	f->insns = all;
	f->n += ARRAY_SIZE(head);
}

static int compile(const struct oci_seccomp *s, struct seccomp_filter *f, struct err *e)
{
	uint32_t default_action;
	bool x32 = false;
	int max = 0, ret = -1;

	if (action_parse(s->default_action, &s->default_errno_ret, &default_action, e) < 0)
		return -1;
	scmp_filter_ctx ctx = seccomp_init(default_action);
	if (!ctx)
		return err_set(e, ERR_SYSTEM, "seccomp: cannot start a filter");
	seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (arches_add(ctx, s, &x32, e) == 0 && rules_add(ctx, s, default_action, &max, e) == 0)
		ret = export(ctx, f, e);
	seccomp_release(ctx);
	/* A default that lets calls pass, or that asks somebody, is meant for unknown ones, too. */
	if (ret == 0 && default_action == SCMP_ACT_ERRNO(EPERM))
		prepend_enosys(f, max, x32);
	return ret;
}

static bool wants_listener(const struct oci_seccomp *s)
{
	if (str_eq(s->default_action, "SCMP_ACT_NOTIFY"))
		return true;
	for (size_t i = 0; i < s->n_rules; i++)
		if (str_eq(s->rules[i].action, "SCMP_ACT_NOTIFY"))
			return true;
	return false;
}

int seccomp_filter_prepare(const struct oci_seccomp *s, const char *cache_dir, struct seccomp_filter *ret,
			   struct err *e)
{
	_cleanup_strbuf_ struct strbuf key = STRBUF_INIT_MAX(CACHE_KEY_MAX);
	_cleanup_close_ int dir = -1;
	struct seccomp_filter f = {0};
	char name[32];

	if (flags_parse(s->flags, &f.flags, e) < 0)
		return -1;
	f.notify = wants_listener(s);
	if (f.notify && str_empty(s->listener_path))
		return err_set(e, ERR_INVALID, "seccomp: SCMP_ACT_NOTIFY needs listenerPath");
	seccomp_key(s, &key);
	if (cache_dir && !key.overflow) {
		dir = dir_open(cache_dir);
		if (dir == -ENOENT && mkdir_p(cache_dir, 0700) == 0)
			dir = dir_open(cache_dir);
		cache_name(&key, name);
	}
	if (dir < 0 || !cache_read(dir, name, &key, &f)) {
		if (compile(s, &f, e) < 0) {
			seccomp_filter_done(&f);
			return -1;
		}
		if (dir >= 0)
			cache_write(dir, name, &key, &f);
	}
	*ret = f;
	return 0;
}

int seccomp_filter_load(const struct seccomp_filter *f, struct err *e)
{
	struct sock_fprog prog = {.len = (unsigned short)f->n, .filter = f->insns};
	unsigned flags = f->flags;

	if (f->notify)
		flags = (flags & ~(unsigned)SECCOMP_FILTER_FLAG_TSYNC) | SECCOMP_FILTER_FLAG_NEW_LISTENER;
	long r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &prog);
	if (r < 0)
		return err_sys(e, errno, "load the seccomp filter");
	return f->notify ? (int)r : 0;
}

void seccomp_names(char ***ret_actions, char ***ret_operators, char ***ret_flags)
{
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++)
		strv_add(ret_actions, actions[i].name);
	for (size_t i = 0; i < ARRAY_SIZE(operators); i++)
		strv_add(ret_operators, operators[i].name);
	for (size_t i = 0; i < ARRAY_SIZE(flags_table); i++)
		strv_add(ret_flags, flags_table[i].name);
}
