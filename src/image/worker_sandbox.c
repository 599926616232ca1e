/* SPDX-License-Identifier: Apache-2.0 */
/* See worker_sandbox.h. */
#include "image/worker_sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/limits.h"
#include "base/macros.h"
#include "base/path.h"

#define SANDBOX_MEMORY (2LL << 30)
#define SANDBOX_FILES  256
#define SANDBOX_CPU_S  7200

#if defined(__x86_64__)
#define SANDBOX_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define SANDBOX_ARCH AUDIT_ARCH_AARCH64
#else
#error "tell the architecture's AUDIT_ARCH here"
#endif

#define CAP(name) (1ULL << CAP_##name)
static const uint64_t unpack_caps =
	CAP(CHOWN) | CAP(DAC_OVERRIDE) | CAP(FOWNER) | CAP(FSETID) | CAP(MKNOD) | CAP(SETFCAP);

/* --- mounts: the directory becomes the root --- */

static int enter_root(int dirfd, struct err *e)
{
	_cleanup_close_ int tree = -1, root = -1;
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC,
				  .propagation = MS_PRIVATE};

	/* before the namespace changes: mounts of another one cannot be cloned */
	tree = (int)syscall(SYS_open_tree, dirfd, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (tree < 0)
		return err_sys(e, errno, "sandbox: open the tree");
	if (unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS) < 0)
		return err_sys(e, errno, "sandbox: make namespaces");
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return err_sys(e, errno, "sandbox: make mounts private%s",
			       errno == EINVAL ? " (in a chroot, / must be a mount: bind it on itself first)" : "");
	if (syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0)
		return err_sys(e, errno, "sandbox: restrict the tree");
	if (syscall(SYS_move_mount, tree, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return err_sys(e, errno, "sandbox: mount the tree");
	if (fchdir(tree) < 0)
		return err_sys(e, errno, "sandbox: enter the tree");
	/* the old root is stacked on the new one, and goes: pivot_root(2), "pivot_root(".", ".")" */
	if (syscall(SYS_pivot_root, ".", ".") < 0)
		return err_sys(e, errno, "sandbox: change the root");
	if (umount2(".", MNT_DETACH) < 0)
		return err_sys(e, errno, "sandbox: leave the old root");
	/* what open_tree gives is a mere path; owner and mode of the root want a directory that is open */
	root = dir_open("/");
	if (root < 0)
		return err_sys(e, -root, "sandbox: open the root");
	if (dup3(root, dirfd, O_CLOEXEC) < 0)
		return err_sys(e, errno, "sandbox: open the root");
	return 0;
}

/* A second wall behind the first: no execution, nothing outside. Before ABI 2 links between directories cannot be
 * allowed. */
static int restrict_landlock(int dirfd, struct err *e)
{
	const uint64_t all = (1ULL << 14) - 1; /* the rights of ABI 2: execute .. refer */
	struct landlock_ruleset_attr attr = {.handled_access_fs = all};
	struct landlock_path_beneath_attr rule = {.allowed_access = all & ~LANDLOCK_ACCESS_FS_EXECUTE,
						  .parent_fd = dirfd};
	_cleanup_close_ int rules = -1;

	if (syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) < 2)
		return 0;
	rules = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (rules < 0)
		return err_sys(e, errno, "sandbox: make a landlock rule set");
	if (syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0 ||
	    syscall(SYS_landlock_restrict_self, rules, 0) < 0)
		return err_sys(e, errno, "sandbox: apply landlock");
	return 0;
}

/* --- capabilities --- */

static int set_caps(uint64_t keep, struct err *e)
{
	struct __user_cap_header_struct h = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct d[2] = {
		{.effective = (uint32_t)keep, .permitted = (uint32_t)keep},
		{.effective = (uint32_t)(keep >> 32), .permitted = (uint32_t)(keep >> 32)},
	};

	for (int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if (!(keep >> cap & 1) && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
			return err_sys(e, errno, "sandbox: drop capability %d", cap);
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return err_sys(e, errno, "sandbox: clear ambient capabilities");
	if (syscall(SYS_capset, &h, d) < 0)
		return err_sys(e, errno, "sandbox: set capabilities");
	return 0;
}

/* --- limits --- */

static int set_limits(struct err *e)
{
	static const struct {
		int what;
		rlim_t value;
	} rows[] = {
		{RLIMIT_CORE, 0},
		{RLIMIT_NOFILE, SANDBOX_FILES},
		{RLIMIT_FSIZE, LIMIT_LAYER_BYTES},
		{RLIMIT_CPU, SANDBOX_CPU_S},
		{RLIMIT_MEMLOCK, 0},
		{RLIMIT_NPROC, 1},
#ifndef HULL_SANITIZE /* their shadow memory is terabytes of address space */
		{RLIMIT_AS, SANDBOX_MEMORY},
#endif
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct rlimit l = {.rlim_cur = rows[i].value, .rlim_max = rows[i].value};

		if (setrlimit(rows[i].what, &l) < 0)
			return err_sys(e, errno, "sandbox: set resource limit %d", rows[i].what);
	}
	return 0;
}

/* --- system calls --- */

static const int allowed_calls[] = {
	/* data */
	SYS_read,
	SYS_write,
	SYS_pread64,
	SYS_pwrite64,
	SYS_readv,
	SYS_writev,
	SYS_lseek,
	SYS_close,
	SYS_ftruncate,
	SYS_fallocate,
	SYS_ppoll,
#ifdef SYS_poll
	SYS_poll,
#endif
	/* names, below the only root there is */
	SYS_openat2,
	SYS_openat,
	SYS_mkdirat,
	SYS_mknodat,
	SYS_symlinkat,
	SYS_linkat,
	SYS_unlinkat,
	SYS_renameat2,
	SYS_getdents64,
	SYS_newfstatat,
	SYS_fstat,
	SYS_statx,
	SYS_fstatfs,
	SYS_fcntl,
	/* what files carry */
	SYS_fchmod,
	SYS_fchmodat,
	SYS_fchown,
	SYS_fchownat,
	SYS_utimensat,
	SYS_fsetxattr,
	/* the process itself */
	SYS_brk,
	SYS_munmap,
	SYS_mremap,
	SYS_madvise,
	SYS_futex,
	SYS_getrandom,
	SYS_clock_gettime,
	SYS_gettid,
	SYS_getpid,
	SYS_rt_sigprocmask,
	SYS_rt_sigreturn,
	SYS_restart_syscall,
	SYS_exit,
	SYS_exit_group,
};

/* Refused with an error, not with death: what the self-check tries, and what libraries try and do without. */
static const int refused_calls[] = {
	SYS_socket, SYS_execve, SYS_tgkill, SYS_rt_sigaction, SYS_ioctl, SYS_sched_yield, SYS_sched_getaffinity,
	SYS_prctl,
};

#define BPF_ALLOW   BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define BPF_KILL    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)
#define BPF_REFUSE  BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES)
#define DATA(field) offsetof(struct seccomp_data, field)

static _unused_ int set_filter(struct err *e)
{
	struct sock_filter f[16 + 2 * (ARRAY_SIZE(allowed_calls) + ARRAY_SIZE(refused_calls))];
	struct sock_fprog prog = {.filter = f};
	size_t n = 0;

	f[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, DATA(arch));
	f[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SANDBOX_ARCH, 1, 0);
	f[n++] = (struct sock_filter)BPF_KILL;
	f[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, DATA(nr));
	for (size_t i = 0; i < ARRAY_SIZE(allowed_calls); i++) {
		f[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)allowed_calls[i], 0, 1);
		f[n++] = (struct sock_filter)BPF_ALLOW;
	}
	for (size_t i = 0; i < ARRAY_SIZE(refused_calls); i++) {
		f[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)refused_calls[i], 0, 1);
		f[n++] = (struct sock_filter)BPF_REFUSE;
	}
	/* memory may come, but never become a program */
	f[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mmap, 2, 0);
	f[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mprotect, 1, 0);
	f[n++] = (struct sock_filter)BPF_KILL;
	f[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, DATA(args[2]));
	f[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 1);
	f[n++] = (struct sock_filter)BPF_KILL;
	f[n++] = (struct sock_filter)BPF_ALLOW;
	prog.len = (unsigned short)n;
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) < 0)
		return err_sys(e, errno, "sandbox: load the system call filter");
	return 0;
}

/* --- is it in force? --- */

static int check(int dirfd, const struct stat *old_root, struct err *e)
{
	struct stat root, target;

	if (stat("/", &root) < 0 || fstat(dirfd, &target) < 0)
		return err_sys(e, errno, "sandbox: look at the root");
	if (root.st_dev != target.st_dev || root.st_ino != target.st_ino)
		return err_set(e, ERR_BUG, "sandbox: the root is not the target directory");
	if (root.st_dev == old_root->st_dev && root.st_ino == old_root->st_ino)
		return err_set(e, ERR_BUG, "sandbox: the root is still the host's");
#ifndef HULL_SANITIZE
	if (syscall(SYS_socket, AF_INET, SOCK_STREAM, 0) >= 0 || errno != EACCES)
		return err_set(e, ERR_BUG, "sandbox: sockets can be made");
	if (syscall(SYS_execve, "/", NULL, NULL) >= 0 || errno != EACCES)
		return err_set(e, ERR_BUG, "sandbox: programs can be started");
#endif
	return 0;
}

static int check_caps(uint64_t want, struct err *e)
{
	struct __user_cap_header_struct h = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct d[2] = {0};

	if (syscall(SYS_capget, &h, d) < 0)
		return err_sys(e, errno, "sandbox: look at capabilities");
	if (((uint64_t)d[1].permitted << 32 | d[0].permitted) != want || d[0].inheritable || d[1].inheritable)
		return err_set(e, ERR_BUG, "sandbox: capabilities are not as they should be");
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return err_set(e, ERR_BUG, "sandbox: new privileges can be got");
	return 0;
}

int sandbox_enter(int dirfd, bool with_caps, struct err *e)
{
	uint64_t caps = with_caps ? unpack_caps : 0;
	struct stat old_root;

	if (stat("/", &old_root) < 0)
		return err_sys(e, errno, "sandbox: look at the root");
	(void)umask(0);
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_sys(e, errno, "sandbox: give up new privileges");
	if (enter_root(dirfd, e) < 0 || set_limits(e) < 0 || restrict_landlock(dirfd, e) < 0 || set_caps(caps, e) < 0 ||
	    check_caps(caps, e) < 0)
		return -1;
#ifndef HULL_SANITIZE
	if (set_filter(e) < 0)
		return -1;
#endif
	return check(dirfd, &old_root, e);
}
