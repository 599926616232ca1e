/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe: a static program that looks around inside a container, for the security tests.
 *
 *   probe state            one JSON object: ids, groups, five capability sets, no_new_privs, seccomp, cwd, descriptors,
 * /dev, mounts probe calls            one JSON object: system call -> errno, with harmless arguments ("0": it worked)
 *   probe open FLAGS PATH  errno name of open(PATH), FLAGS of r, w; "ok" when it opens
 *   probe flip DIR A B N   exchanges DIR/A and DIR/B N times
 *   probe hunt SECONDS     watches all processes: prints what of them could be written, read or attached to
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

static void json_str(const char *s)
{
	putchar('"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			putchar('\\');
		if ((unsigned char)*s >= 0x20)
			putchar(*s);
	}
	putchar('"');
}

static void status_fields(void)
{
	static const char *const wanted[] = {"CapInh", "CapPrm",     "CapEff",  "CapBnd",
					     "CapAmb", "NoNewPrivs", "Seccomp", "Groups"};
	char line[4096];
	FILE *f = fopen("/proc/self/status", "re");

	while (f && fgets(line, sizeof(line), f)) {
		char *value = strchr(line, ':');
		if (!value)
			continue;
		*value++ = '\0';
		value += strspn(value, "\t ");
		value[strcspn(value, "\n")] = '\0';
		for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
			if (strcmp(line, wanted[i]) != 0)
				continue;
			size_t n = strlen(value);
			while (n > 0 && value[n - 1] == ' ')
				value[--n] = '\0';
			printf(",\"%s\":", line);
			json_str(value);
		}
	}
	if (f)
		fclose(f);
}

static void descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	struct dirent *de;
	const char *comma = "";
	char target[4096];

	printf(",\"fds\":{");
	while (d && (de = readdir(d))) {
		if (de->d_name[0] == '.' || atoi(de->d_name) == dirfd(d))
			continue;
		ssize_t n = readlinkat(dirfd(d), de->d_name, target, sizeof(target) - 1);
		target[n > 0 ? n : 0] = '\0';
		printf("%s\"%s\":", comma, de->d_name);
		json_str(target);
		comma = ",";
	}
	putchar('}');
	if (d)
		closedir(d);
}

static void devices(void)
{
	DIR *d = opendir("/dev");
	struct dirent *de;
	const char *comma = "";

	printf(",\"dev\":{");
	while (d && (de = readdir(d))) {
		struct stat st;
		if (de->d_name[0] == '.' || fstatat(dirfd(d), de->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		printf("%s\"%s\":", comma, de->d_name);
		if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode))
			printf("\"%c%u:%u\"", S_ISCHR(st.st_mode) ? 'c' : 'b', major(st.st_rdev), minor(st.st_rdev));
		else
			printf("\"%s\"", S_ISDIR(st.st_mode) ? "dir" : S_ISLNK(st.st_mode) ? "link" : "file");
		comma = ",";
	}
	putchar('}');
	if (d)
		closedir(d);
}

static void mounts(void)
{
	char line[8192];
	FILE *f = fopen("/proc/self/mountinfo", "re");
	const char *comma = "";

	printf(",\"mounts\":[");
	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		printf("%s", comma);
		json_str(line);
		comma = ",";
	}
	putchar(']');
	if (f)
		fclose(f);
}

static int state(void)
{
	char cwd[4096] = "";

	printf("{\"uid\":%u,\"gid\":%u", getuid(), getgid());
	status_fields();
	printf(",\"cwd\":");
	syscall(SYS_getcwd, cwd, sizeof(cwd));
	json_str(cwd);
	descriptors();
	devices();
	mounts();
	printf("}\n");
	return 0;
}

static const char *first = "";
static void call(const char *name, long r)
{
	int e = r < 0 ? errno : 0;

	printf("%s\"%s\":\"%s\"", first, name, e ? strerrorname_np(e) : "0");
	first = ",";
}

static long in_child(long nr, long a, long b, long c)
{
	/* A call that works may change this process: its own one pays. */
	int p[2], e = 0;

	if (pipe(p) < 0)
		return -1;
	pid_t pid = fork();
	if (pid == 0) {
		long r = syscall(nr, a, b, c, 0, 0, 0);
		e = r < 0 ? errno : 0;
		if (write(p[1], &e, sizeof(e)) < 0)
			_exit(1);
		_exit(0);
	}
	close(p[1]);
	ssize_t n = read(p[0], &e, sizeof(e));
	close(p[0]);
	errno = n == sizeof(e) ? e : EFAULT;
	return errno ? -1 : 0;
}

static int calls(void)
{
	printf("{");
	call("mount-cgroup", mount("x", "/tmp", "cgroup", 0, "memory"));
	call("mount-cgroup2", mount("x", "/tmp", "cgroup2", 0, NULL));
	call("mount-tmpfs", mount("x", "/tmp", "tmpfs", 0, NULL));
	call("unshare-user", in_child(SYS_unshare, CLONE_NEWUSER, 0, 0));
	call("unshare-user-cgroup", in_child(SYS_unshare, CLONE_NEWUSER | CLONE_NEWCGROUP, 0, 0));
	call("unshare-mount", in_child(SYS_unshare, CLONE_NEWNS, 0, 0));
	call("setns", in_child(SYS_setns, 0, CLONE_NEWNS, 0));
	call("bpf", in_child(SYS_bpf, 0, 0, 0));
	call("keyctl", in_child(SYS_keyctl, KEYCTL_GET_KEYRING_ID, -3, 0));
	call("io_uring_setup", in_child(SYS_io_uring_setup, 1, 0, 0));
	call("userfaultfd", in_child(SYS_userfaultfd, 0, 0, 0));
	call("perf_event_open", in_child(SYS_perf_event_open, 0, 0, -1));
	call("fsopen", in_child(SYS_fsopen, (long)"tmpfs", 0, 0));
	call("open_tree", in_child(SYS_open_tree, AT_FDCWD, (long)"/", 1));
	call("open_by_handle_at", in_child(SYS_open_by_handle_at, AT_FDCWD, 0, 0));
	call("kexec_load", in_child(SYS_kexec_load, 0, 0, 0));
	call("init_module", in_child(SYS_init_module, 0, 0, 0));
	call("reboot", in_child(SYS_reboot, 0, 0, 0));
	call("swapon", in_child(SYS_swapon, 0, 0, 0));
	call("settimeofday", in_child(SYS_settimeofday, 0, 0, 0));
	call("socket-vsock", socket(AF_VSOCK, SOCK_STREAM, 0));
	call("socket-inet", socket(AF_INET, SOCK_STREAM, 0));
	call("chroot", in_child(SYS_chroot, (long)"/", 0, 0));
	call("unknown", in_child(5000, 0, 0, 0));
	printf("}\n");
	return 0;
}

static int do_open(const char *flags, const char *path)
{
	int how = strchr(flags, 'w') ? (strchr(flags, 'r') ? O_RDWR : O_WRONLY) : O_RDONLY;
	int fd = open(path, how | O_NONBLOCK | O_CLOEXEC);

	puts(fd < 0 ? strerrorname_np(errno) : "ok");
	return 0;
}

static int flip(const char *dir, const char *a, const char *b, long n)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return 1;
	for (long i = 0; i < n; i++)
		if (renameat2(fd, a, fd, b, RENAME_EXCHANGE) < 0)
			return 1;
	return 0;
}

/* One look at one process that is not ours: its program, its descriptors, and whether it can be taken over. */
static void hunt_one(const char *pid)
{
	char path[64], target[4096], name[64];
	struct dirent *de;

	snprintf(path, sizeof(path), "/proc/%s/exe", pid);
	ssize_t n = readlink(path, target, sizeof(target) - 1);
	if (n > 0) {
		target[n] = '\0';
		/* Programs of the container are its own to write. */
		if (strcmp(target, "/bin/probe") != 0 && strcmp(target, "/bin/busybox") != 0) {
			int fd = open(path, O_WRONLY | O_CLOEXEC);
			if (fd >= 0)
				printf("WRITABLE exe of %s: %s\n", pid, target);
			if (fd >= 0)
				close(fd);
			if (ptrace(PTRACE_SEIZE, atoi(pid), 0, 0) == 0) {
				printf("SEIZED %s: %s\n", pid, target);
				ptrace(PTRACE_DETACH, atoi(pid), 0, 0);
			}
		}
	}
	snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	DIR *d = opendir(path);
	while (d && (de = readdir(d))) {
		struct stat st;
		n = readlinkat(dirfd(d), de->d_name, target, sizeof(target) - 1);
		if (n <= 0 || target[0] != '/')
			continue;
		target[n] = '\0';
		snprintf(name, sizeof(name), "%s", de->d_name);
		if (fstatat(dirfd(d), name, &st, 0) == 0 && S_ISDIR(st.st_mode) && strncmp(target, "/proc/", 6) != 0)
			printf("DIRECTORY %s of %s: %s\n", name, pid, target);
	}
	if (d)
		closedir(d);
}

static int hunt(int seconds)
{
	time_t end = time(NULL) + seconds;
	char self[16];

	setvbuf(stdout, NULL, _IOLBF, 0);
	snprintf(self, sizeof(self), "%d", getpid());
	puts("hunting");
	while (time(NULL) < end) {
		DIR *d = opendir("/proc");
		struct dirent *de;
		while (d && (de = readdir(d)))
			if (de->d_name[0] > '0' && de->d_name[0] <= '9' && strcmp(de->d_name, self) != 0)
				hunt_one(de->d_name);
		if (d)
			closedir(d);
	}
	puts("done");
	return 0;
}

int main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	if (argc == 2 && strcmp(argv[1], "state") == 0)
		return state();
	if (argc == 2 && strcmp(argv[1], "calls") == 0)
		return calls();
	if (argc == 4 && strcmp(argv[1], "open") == 0)
		return do_open(argv[2], argv[3]);
	if (argc == 6 && strcmp(argv[1], "flip") == 0)
		return flip(argv[2], argv[3], argv[4], atol(argv[5]));
	if (argc == 3 && strcmp(argv[1], "hunt") == 0)
		return hunt(atoi(argv[2]));
	fprintf(stderr, "usage: probe state|calls|open FLAGS PATH|flip DIR A B N|hunt SECONDS\n");
	return 2;
}
