/* SPDX-License-Identifier: Apache-2.0 */
/* What the supervisor gives up once its process runs. See confine.h. */
#include "monitor/confine.h"

#include <errno.h>
#include <link.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/macros.h"

void confine_signals(void)
{
	static const int ignored[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGTERM, SIGPIPE, SIGALRM,
				      SIGUSR1, SIGUSR2, SIGTSTP, SIGTTIN, SIGTTOU};

	for (size_t i = 0; i < ARRAY_SIZE(ignored); i++)
		sigaction(ignored[i], &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
}

int confine_capabilities(struct err *e)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {0};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_sys(e, errno, "cannot set no_new_privs");
	data[0].effective = data[0].permitted = 1u << CAP_KILL;
	for (int cap = 0; prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0; cap++)
		;
	if (errno != EINVAL) /* past the last capability that the kernel knows */
		return err_sys(e, errno, "cannot drop capabilities");
	if (syscall(SYS_capset, &head, data) < 0)
		return err_sys(e, errno, "cannot drop capabilities");
	return 0;
}

/* The sanitizers' own system calls are many and change. */
#ifdef HULL_SANITIZE
#define SANITIZED true
#else
#define SANITIZED false
#endif

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#else
#error "name this architecture's AUDIT_ARCH"
#endif

/* Most frequent first: the filter tries them in this order. */
static const int allowed[] = {
	/* the loop: streams, clients, control */
	SYS_read,
	SYS_write,
#ifdef SYS_epoll_wait
	SYS_epoll_wait,
#endif
	SYS_epoll_pwait,
	SYS_epoll_ctl,
	SYS_sendmsg,
	SYS_recvfrom,
	SYS_recvmsg,
	SYS_accept4,
	SYS_getsockopt,
	SYS_shutdown,
	SYS_close,
	SYS_fcntl,
	SYS_clock_gettime,
	/* memory */
	SYS_madvise,
	SYS_brk,
	SYS_munmap,
	SYS_mremap,
	/* files: log, exit record, cgroup */
	SYS_openat,
	SYS_openat2,
	SYS_newfstatat,
	SYS_fstat,
	SYS_lseek,
	SYS_getdents64,
#ifdef SYS_readlink
	SYS_readlink,
#else
	SYS_readlinkat,
#endif
	SYS_pread64,
	SYS_flock,
	SYS_ftruncate,
	SYS_fchmod,
	SYS_renameat,
	SYS_unlinkat,
	SYS_getrandom,
	/* processes */
	SYS_waitid,
	SYS_kill,
	SYS_pidfd_send_signal,
	SYS_geteuid,
	/* waiting for a cgroup to be empty */
	SYS_clock_nanosleep,
	SYS_ppoll,
#ifdef SYS_poll
	SYS_poll,
#endif
	/* the end, also by abort() */
	SYS_exit_group,
	SYS_rt_sigprocmask,
	SYS_gettid,
	SYS_tgkill,
};
/* mmap and ioctl besides, with their arguments checked. */
_Static_assert(ARRAY_SIZE(allowed) + 2 <= 45, "the supervisor promises to need few system calls");

#define STMT(code, k)         BPF_STMT((unsigned short)(code), (unsigned)(k))
#define JUMP(code, k, jt, jf) BPF_JUMP((unsigned short)(code), (unsigned)(k), (jt), (jf))
#define LOAD(field)           STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define RETURN(action)        STMT(BPF_RET | BPF_K, (action))
#define DENY                  RETURN(SECCOMP_RET_ERRNO | EPERM)

int confine_syscalls(struct err *e)
{
	struct sock_filter filter[2 * ARRAY_SIZE(allowed) + 24];
	struct sock_fprog prog = {.filter = filter};
	unsigned short n = 0;

	if (SANITIZED)
		return 0;
	filter[n++] = (struct sock_filter)LOAD(arch);
	filter[n++] = (struct sock_filter)JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0);
	filter[n++] = (struct sock_filter)RETURN(SECCOMP_RET_KILL_PROCESS);
	filter[n++] = (struct sock_filter)LOAD(nr);
	for (size_t i = 0; i < ARRAY_SIZE(allowed); i++) {
		filter[n++] = (struct sock_filter)JUMP(BPF_JMP | BPF_JEQ | BPF_K, allowed[i], 0, 1);
		filter[n++] = (struct sock_filter)RETURN(SECCOMP_RET_ALLOW);
	}
	/* No new code. */
	filter[n++] = (struct sock_filter)JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mmap, 0, 4);
	filter[n++] = (struct sock_filter)LOAD(args[2]);
	filter[n++] = (struct sock_filter)JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 1, 0);
	filter[n++] = (struct sock_filter)RETURN(SECCOMP_RET_ALLOW);
	filter[n++] = (struct sock_filter)DENY;
	/* Of a terminal only its size. */
	filter[n++] = (struct sock_filter)JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 3);
	filter[n++] = (struct sock_filter)LOAD(args[1]);
	filter[n++] = (struct sock_filter)JUMP(BPF_JMP | BPF_JEQ | BPF_K, TIOCSWINSZ, 0, 1);
	filter[n++] = (struct sock_filter)RETURN(SECCOMP_RET_ALLOW);
	filter[n++] = (struct sock_filter)DENY;
	ASSERT(n <= ARRAY_SIZE(filter));
	prog.len = n;
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog, 0, 0) < 0)
		return err_sys(e, errno, "cannot install the seccomp filter");
	return 0;
}

/* The pages of the stack below this frame. Some may never have been mapped: that stops madvise, but not for what is
 * above. */
static __attribute__((noinline)) void drop_stack(void)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);
	uintptr_t end = (here - 2 * page) & ~(page - 1); /* the call below needs some */
	size_t n = 32;

	while (n > 0 && madvise((void *)(end - n * page), n * page, MADV_DONTNEED) < 0)
		n--;
}

struct segments {
	struct range {
		uintptr_t from, n;
	} ranges[4];
	int n;
};

/* The program's read-only segments: code and constants. */
static int find_segments(struct dl_phdr_info *info, size_t size, void *arg)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	struct segments *s = arg;

	for (int i = 0; i < info->dlpi_phnum && s->n < (int)ARRAY_SIZE(s->ranges); i++) {
		const ElfW(Phdr) *ph = &info->dlpi_phdr[i];
		uintptr_t from = info->dlpi_addr + ph->p_vaddr;

		if (ph->p_type == PT_LOAD && !(ph->p_flags & PF_W))
			s->ranges[s->n++] = (struct range){
				.from = from & ~(page - 1),
				.n = ((from & (page - 1)) + ph->p_memsz + page - 1) & ~(page - 1),
			};
	}
	return 1; /* the program is the first object, and where it is static, the only one */
}

void confine_memory(void)
{
	struct segments s = {0};

	malloc_trim(0);
	drop_stack();
	dl_iterate_phdr(find_segments, &s);
	/* Last: of these pages only what is used from here on comes back, from the page cache. */
	for (int i = 0; i < s.n; i++)
		madvise((void *)s.ranges[i].from, s.ranges[i].n, MADV_DONTNEED);
}
