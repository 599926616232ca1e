/* SPDX-License-Identifier: Apache-2.0 */
/* What the runtime decides without touching the host: mount options, capabilities, cgroup paths, sysctls, users, exit
 * codes. */
#include "test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/strv.h"
#include "runtime/runtime_priv.h"
#include "runtime/user.h"

static struct mount_options options(const char *type, const char *words)
{
	_cleanup_strv_ char **v = strv_split(words, ',');
	struct mount_options o;

	mount_options_parse(type, v, &o);
	return o;
}

static void test_mount_options(void **state)
{
	struct mount_options o = options("tmpfs", "nosuid,nodev,ro,mode=1777,size=64m,noswap");
	assert_true(o.set == (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_RDONLY));
	assert_int_equal(strv_len(o.data), 3);
	assert_string_equal(o.data[1], "size=64m");
	assert_int_equal(o.bind, MOUNT_BIND_NONE);
	mount_options_done(&o);

	o = options("bind", "rbind,ro,rw,rprivate");
	assert_true(o.set == 0 && o.clr == MOUNT_ATTR_RDONLY); /* the later word wins */
	assert_int_equal(o.bind, MOUNT_BIND_TREE);
	assert_true(o.propagation == MS_PRIVATE && o.propagation_rec);
	mount_options_done(&o);

	o = options("none", "bind,rro,noatime,strictatime,tmpcopyup,idmap");
	assert_int_equal(o.bind, MOUNT_BIND_ONE);
	assert_true(o.rec_set == MOUNT_ATTR_RDONLY);
	assert_true(o.set == MOUNT_ATTR_STRICTATIME);
	assert_true(o.clr == MOUNT_ATTR__ATIME);
	assert_true(o.copy_up);
	assert_int_equal(o.idmap, MOUNT_BIND_ONE);
	mount_options_done(&o);

	uint64_t p;
	bool rec;
	assert_int_equal(mount_propagation_parse("rslave", &p, &rec), 0);
	assert_true(p == MS_SLAVE && rec);
	assert_int_equal(mount_propagation_parse("ro", &p, &rec), -1);
}

static void test_caps(void **state)
{
	char *ok[] = {"CAP_CHOWN", "cap_kill", NULL}, *bad[] = {"CAP_CHOWN", "CAP_NOSUCH", NULL};
	struct oci_capabilities c = {.bounding = ok, .permitted = ok, .effective = ok};
	struct cap_sets s;
	struct err e = ERR_INIT;

	assert_int_equal(cap_parse("CAP_CHECKPOINT_RESTORE"), 40);
	assert_int_equal(cap_parse("CHOWN"), -1);
	for (int i = 0; i <= 40; i++)
		assert_int_equal(cap_parse(cap_name(i)), i);
	assert_null(cap_name(41));
	assert_int_equal(caps_resolve(&c, &s, &e), 0);
	assert_true(s.bounding == 0x21 && s.permitted == 0x21 && s.inheritable == 0 && s.ambient == 0);
	c.bounding = bad;
	assert_int_equal(caps_resolve(&c, &s, &e), -1);
	assert_non_null(strstr(e.msg, "CAP_NOSUCH"));
	/* ambient only where permitted and inheritable are */
	struct oci_capabilities a = {.permitted = ok, .ambient = ok};
	assert_int_equal(caps_resolve(&a, &s, &e), 0);
	assert_true(s.ambient == 0);
}

static void test_cgroup_path(void **state)
{
	static const char *const good[] = {"/docker/abc", "a", "/a/./b", "/libpod_parent/libpod-1"};
	static const char *const bad[] = {"", "/", "//", "/a/../b", "..", "/a/b\n", "/.", "../x"};

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_int_equal(cgroup_path_check(good[i], NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(cgroup_path_check(bad[i], NULL), -1);
}

static void test_sysctl(void **state)
{
	struct ns_plan own = {.clone_flags = CLONE_NEWNET | CLONE_NEWIPC, .join = {-1, -1, -1, -1, -1, -1, -1, -1}};
	struct ns_plan host = NS_PLAN_INIT;
	struct err e = ERR_INIT;
	static const char *const bad[] = {"kernel.core_pattern", "kernel.shm",   "net",       "vm.swappiness",
					  "net.ipv4/../../x",    "net..ipv4",    "/net/ipv4", "kernel.semx",
					  "fs.mqueue",           "net.ipv4.x\n", ""};

	assert_int_equal(sysctl_check(&own, "net.ipv4.ip_forward", "1", &e), 0);
	assert_int_equal(sysctl_check(&own, "net/ipv4/conf/eth0.1/forwarding", "1", &e), 0);
	assert_int_equal(sysctl_check(&own, "kernel.sem", "250 32000\t100 128", &e), 0);
	assert_int_equal(sysctl_check(&own, "fs.mqueue.msg_max", "10", &e), 0);
	assert_int_equal(sysctl_check(&host, "net.ipv4.ip_forward", "1", &e), -1);
	assert_int_equal(sysctl_check(&own, "kernel.hostname", "x", &e), -1); /* no uts namespace */
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(sysctl_check(&own, bad[i], "1", &e), -1);
	static const char *const values[] = {"", "1+kernel.core_pattern=x", "1\n2", "|/bin/sh", "a;b"};
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		assert_int_equal(sysctl_check(&own, "net.ipv4.ip_forward", values[i], &e), -1);
}

static void test_passwd(void **state)
{
	char text[] = "# comment\nroot:x:0:0:root:/root:/bin/sh\nshort:x\n1000:x:0:0::/evil:\nbad:x:4294967295:0::/:\n"
		      "bob:x:1000:100::/home/bob:/bin/sh\nnohome:x:7:8\n";
	char *copy = xstrdup(text);
	struct passwd_entry p;
	uint32_t uid = 1000;

	assert_true(passwd_find(copy, "bob", NULL, &p));
	assert_int_equal(p.uid, 1000);
	assert_int_equal(p.gid, 100);
	assert_string_equal(p.home, "/home/bob");
	free(copy);
	copy = xstrdup(text);
	assert_true(passwd_find(copy, NULL, &uid, &p));
	assert_string_equal(p.name, "bob");
	free(copy);
	copy = xstrdup(text);
	assert_true(passwd_find(copy, "nohome", NULL, &p));
	assert_string_equal(p.home, "");
	free(copy);
	copy = xstrdup(text);
	assert_false(passwd_find(copy, "bad", NULL, &p));
	free(copy);
}

static int root_with(const char *passwd, const char *group)
{
	char dir[] = "/tmp/hull-unit.XXXXXX";

	assert_non_null(mkdtemp(dir));
	int fd = dir_open(dir);
	assert_true(fd >= 0);
	assert_int_equal(mkdirat(fd, "etc", 0755), 0);
	int etc = dir_open_at(fd, "etc");
	if (passwd)
		assert_int_equal(file_replace_volatile(etc, "passwd", passwd, strlen(passwd), 0644), 0);
	if (group)
		assert_int_equal(file_replace_volatile(etc, "group", group, strlen(group), 0644), 0);
	fd_close(etc);
	/* the directory goes at once with its name; the descriptor keeps it for the test */
	char path[64];
	snprintf(path, sizeof(path), "%s", dir);
	setenv("UNIT_ROOT", path, 1);
	return fd;
}

static void root_drop(int fd)
{
	const char *dir = getenv("UNIT_ROOT");
	int tmp = dir_open("/tmp");

	fd_close(fd);
	assert_int_equal(rm_rf_at(tmp, dir + 5), 0);
	fd_close(tmp);
}

static void test_user_names(void **state)
{
	int root =
		root_with("root:x:0:0::/root:\n1000:x:0:0::/evil:\nbob:x:1000:100::/home/bob:\n4294967296:x:0:0::/:\n",
			  "root:x:0:\nbob:x:100:\nwheel:x:10:root,bob\nbig:x:50:bobby\n");
	static const struct {
		const char *name;
		int uid, gid; /* -1: refused */
	} cases[] = {
		{"0", 0, 0},
		{"", 0, 0},
		{"bob", 1000, 100},
		{"bob:wheel", 1000, 10},
		{"bob:7", 1000, 7},
		{"1000", 1000, 100},
		{"1001", 1001, 0},
		{"1001:wheel", 1001, 10},
		{"007", 7, 0},
		{"nobody", -1, -1},
		{"bob:nosuch", -1, -1},
		{"-1", -1, -1},
		{"4294967295", -1, -1},
		{"4294967296", -1, -1},
		{"4294967294", -2, 0},
		{"1x", -1, -1},
		{" 1", -1, -1},
		{"1:-1", -1, -1},
		{"1:2:3", -1, -1},
		{"bob\n", -1, -1},
		{"+0", -1, -1},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct oci_user spec = {.username = (char *)cases[i].name};
		struct user_ids u;
		struct err e = ERR_INIT;
		int r = user_resolve(&spec, root, true, &u, &e);
		if ((r < 0) != (cases[i].uid == -1))
			fail_msg("\"%s\": %s", cases[i].name, r < 0 ? e.msg : "was taken");
		if (r < 0)
			continue;
		assert_int_equal(u.uid, (uint32_t)cases[i].uid);
		assert_int_equal(u.gid, cases[i].gid);
		user_ids_done(&u);
	}
	root_drop(root);
}

static void test_user_groups(void **state)
{
	int root = root_with("root:x:0:0::/root:\nbob:x:1000:100::/home/bob:\n",
			     "root:x:0:\nbob:x:100:\nwheel:x:10:root,bob\nbobs:x:50:bobby\nadm:x:4:x\n");
	char *more[] = {"adm", "77", NULL};
	struct oci_user spec = {.username = "bob", .additional_group_names = more};
	struct user_ids u;
	struct err e = ERR_INIT;

	assert_int_equal(user_resolve(&spec, root, true, &u, &e), 0);
	assert_string_equal(u.home, "/home/bob");
	assert_int_equal(u.n_groups, 4); /* 77, wheel, adm and the primary one */
	user_ids_done(&u);
	/* A group given by hand replaces the user's list. */
	spec = (struct oci_user){.username = "bob:bob"};
	assert_int_equal(user_resolve(&spec, root, true, &u, &e), 0);
	assert_int_equal(u.n_groups, 1);
	assert_int_equal(u.groups[0], 100);
	user_ids_done(&u);
	more[0] = "nosuch";
	spec = (struct oci_user){.username = "bob", .additional_group_names = more};
	assert_int_equal(user_resolve(&spec, root, true, &u, &e), -1);
	assert_string_equal(e.msg, "Unable to find group nosuch");
	spec = (struct oci_user){.username = "eve"};
	assert_int_equal(user_resolve(&spec, root, true, &u, &e), -1);
	assert_string_equal(e.msg, "unable to find user eve: no matching entries in passwd file");
	root_drop(root);
}

/* A10: what lies at /etc/passwd may be a FIFO, a device, a link out, or huge: never blocks, never leaves the root. */
static void test_user_hostile_files(void **state)
{
	int root = root_with(NULL, NULL);
	int etc = dir_open_at(root, "etc");
	struct oci_user spec = {.username = "root"};
	struct user_ids u;
	struct err e = ERR_INIT;

	assert_int_equal(mkfifoat(etc, "passwd", 0644), 0);
	assert_int_equal(user_resolve(&spec, root, true, &u, &e), -1);
	unlinkat(etc, "passwd", 0);
	assert_int_equal(symlinkat("/dev/zero", etc, "passwd"), 0); /* inside the root there is none: as missing */
	assert_int_equal(user_resolve(&spec, root, true, &u, &e), -1);
	unlinkat(etc, "passwd", 0);
	assert_int_equal(symlinkat("../../../../../etc/passwd", etc, "passwd"), 0);
	assert_int_equal(user_resolve(&spec, root, true, &u, &e), -1); /* itself: a loop */
	unlinkat(etc, "passwd", 0);
	int fd = openat(etc, "passwd", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	assert_int_equal(ftruncate(fd, 2LL << 30), 0);
	fd_close(fd);
	assert_int_equal(user_resolve(&spec, root, true, &u, &e), -1);
	assert_int_equal(e.kind, ERR_TOO_LARGE);
	/* For a number only the home directory was wanted. */
	spec = (struct oci_user){.uid = 5};
	assert_int_equal(user_resolve(&spec, root, true, &u, &e), 0);
	assert_int_equal(u.uid, 5);
	user_ids_done(&u);
	fd_close(etc);
	root_drop(root);
}

static void test_exit_codes(void **state)
{
	static const struct {
		const char *msg;
		int code;
	} cases[] = {
		{"exec: \"x\": executable file not found in $PATH", 127},
		{"exec: \"/x\": stat /x: no such file or directory", 127},
		{"exec: \"/etc/passwd\": permission denied", 126},
		{"exec: \"/etc\": is a directory", 126},
		{"error mounting \"a\" to rootfs at \"b\": not a directory", 127},
		{"setgroups: Operation not permitted", 128},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct err e = ERR_INIT;
		err_set(&e, ERR_SYSTEM, "%s", cases[i].msg);
		assert_int_equal(runtime_exit_code(&e), cases[i].code);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mount_options), cmocka_unit_test(test_caps),
		cmocka_unit_test(test_cgroup_path),   cmocka_unit_test(test_sysctl),
		cmocka_unit_test(test_passwd),        cmocka_unit_test(test_user_names),
		cmocka_unit_test(test_user_groups),   cmocka_unit_test(test_user_hostile_files),
		cmocka_unit_test(test_exit_codes),
	};
	return RUN_TESTS(tests);
}
