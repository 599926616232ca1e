/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Create requests to OCI configurations, against golden files: tests/unit/golden/spec/<name>.in.json is a create body
 * after its defaults were filled in, <name>.out.json what comes out (without the seccomp section, which has a test of
 * its own). Run with HULL_GOLDEN_WRITE=1 to write what comes out now; then read the difference.
 */
#include "unit/test.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "engine/defaults.h"
#include "engine/mounts.h"
#include "engine/spec.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* Run by hand, a test stands in the source folder. */
static char *golden_dir(void)
{
	const char *top = getenv("HULL_SOURCE_DIR");

	return xasprintf("%s/tests/unit/golden/spec", top ? top : ".");
}

static int fake_devices(const char *host, const char *path, struct spec_devices *ret, struct err *e)
{
	if (!str_starts(host, "/dev/"))
		return err_set(e, ERR_INVALID, "%s: not a device node", host);
	ret->items = xreallocarray(ret->items, ret->n + 1, sizeof(*ret->items));
	ret->items[ret->n++] = (struct spec_device){
		.path = xstrdup(path), .type = 'c', .major = 10, .minor = 200, .mode = 0660, .uid = 0, .gid = 44};
	return 0;
}

static int fake_number(const char *path, uint32_t *ret_major, uint32_t *ret_minor, struct err *e)
{
	(void)path;
	(void)e;
	*ret_major = 8;
	*ret_minor = 16;
	return 0;
}

static void record_from(const char *text, struct container_record *rec)
{
	struct container_create body = {0};
	const struct engine_config cfg = {.data_root = "/var/lib/docker"};
	const struct json_array none = {0};
	json_object *o;
	struct err e = ERR_INIT;

	assert_int_equal(json_parse(text, strlen(text), &o, &e), 0);
	if (container_create_decode(o, &body, &e) < 0)
		fail_msg("%s", e.msg);
	json_object_put(o);
	*rec = (struct container_record){
		.id = xstrdup(ID),
		.config = body.config,
		.host_config = body.host_config,
		.networking = body.networking_config,
	};
	host_config_fill(&rec->host_config, &cfg, /* cgroup_v2= */ false);
	if (!rec->config.hostname)
		rec->config.hostname = xstrndup(ID, 12);
	config_command(&rec->config, &rec->path, &rec->args);
	if (mounts_plan(&rec->host_config, &rec->config, &none, cfg.data_root, &rec->mounts, &e) < 0)
		fail_msg("%s", e.msg);
	for (size_t i = 0; i < rec->mounts.n; i++) {
		struct mount_point *m = &mount_points(&rec->mounts)[i];

		if (m->anonymous) /* names are random */
			free_and_set(&m->source, xstrdup("/var/lib/docker/volumes/x/_data"));
	}
}

static struct spec_input input_of(const struct container_record *rec)
{
	return (struct spec_input){
		.rec = rec,
		.rootfs = "/var/lib/docker/overlay2/" ID "/merged",
		.dir = "/var/lib/docker/containers/" ID,
		.cgroups_path = "/docker/" ID,
		.kernel_caps_last = 40,
		.devices_find = fake_devices,
		.device_number = fake_number,
		.init_path = rec->host_config.init && *rec->host_config.init ? "/usr/bin/docker-init" : NULL,
		.join_net = str_starts(str_or_empty(rec->host_config.network_mode), "container:") ? "/proc/42/ns/net"
												  : NULL,
	};
}

/* Masks depend on the machine's processors, seccomp has its own test. */
static char *readable(const char *spec)
{
	json_object *o, *linux_part, *masks;
	struct err e = ERR_INIT;
	char *out;

	if (json_parse(spec, strlen(spec), &o, &e) < 0)
		fail_msg("%s", e.msg);
	linux_part = json_member(o, "linux");
	json_object_object_del(linux_part, "seccomp");
	masks = json_member(linux_part, "maskedPaths");
	for (size_t i = masks ? json_object_array_length(masks) : 0; i-- > 0;) {
		if (str_starts(json_object_get_string(json_object_array_get_idx(masks, i)), "/sys/devices/system/cpu/"))
			json_object_array_del_idx(masks, i, 1);
	}
	out = xstrdup(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE |
								JSON_C_TO_STRING_SPACED));
	json_object_put(o);
	return out;
}

static void compare(const char *name, const char *got)
{
	_cleanup_free_ char *base = golden_dir(), *file = xasprintf("%s.out.json", name), *path = path_join(base, file);
	_cleanup_strbuf_ struct strbuf want = STRBUF_INIT;

	if (getenv("HULL_GOLDEN_WRITE")) {
		int dir = dir_open(base);

		assert_true(dir >= 0);
		assert_int_equal(file_replace_volatile(dir, file, got, strlen(got), 0644), 0);
		fd_close(dir);
		return;
	}
	assert_int_equal(path_read_file(path, 1 << 20, &want), 0);
	assert_string_equal(got, want.data);
}

static void golden(const char *name)
{
	_cleanup_free_ char *base = golden_dir(), *path = xasprintf("%s/%s.in.json", base, name), *text = NULL;
	_cleanup_strbuf_ struct strbuf in = STRBUF_INIT, out = STRBUF_INIT;
	struct container_record rec;
	struct spec_input input;
	struct err e = ERR_INIT;

	assert_int_equal(path_read_file(path, 1 << 20, &in), 0);
	record_from(in.data, &rec);
	input = input_of(&rec);
	if (spec_build(&input, &out, &e) < 0)
		fail_msg("%s", e.msg);
	text = readable(out.data);
	compare(name, text);
	container_record_done(&rec);
}

static void test_plain(void **state)
{
	(void)state;
	golden("plain");
}

static void test_full(void **state)
{
	(void)state;
	golden("full");
}

static void test_privileged(void **state)
{
	(void)state;
	golden("privileged");
}

static void test_modes(void **state)
{
	(void)state;
	golden("modes");
}

static void test_mounts(void **state)
{
	(void)state;
	golden("mounts");
}

static void test_exec(void **state)
{
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;
	const struct exec_create x = {
		.user = (char *)"app:staff",
		.tty = true,
		.env = (char *[]){(char *)"A=2", (char *)"B=3", NULL},
		.cmd = (char *[]){(char *)"sh", (char *)"-c", (char *)"id", NULL},
		.privileged = true,
	};
	struct container_record rec;
	struct spec_input input;
	struct err e = ERR_INIT;

	(void)state;
	record_from(
		"{\"Cmd\":[\"true\"],\"Env\":[\"A=1\"],\"WorkingDir\":\"/w\",\"HostConfig\":{\"CapDrop\":[\"ALL\"]}}",
		&rec);
	input = input_of(&rec);
	if (spec_build_exec(&input, &x, &out, &e) < 0)
		fail_msg("%s", e.msg);
	assert_non_null(strstr(out.data, "\"username\":\"app:staff\""));
	assert_non_null(strstr(out.data, "\"TERM=xterm\",\"A=2\",\"B=3\"]"));
	assert_non_null(strstr(out.data, "\"cwd\":\"/w\""));
	assert_non_null(strstr(out.data, "CAP_SYS_ADMIN"));
	container_record_done(&rec);
}

static void test_exec_refused(void **state)
{
	const struct {
		struct exec_create x;
		const char *want;
	} rows[] = {
		{{.cmd = NULL}, "No exec command specified"},
		{{.cmd = (char *[]){(char *)"a", NULL}, .user = (char *)"4294967295"},
		 "uids and gids must be in range"},
		{{.cmd = (char *[]){(char *)"a", NULL}, .user = (char *)"-1"}, "uids and gids must be in range"},
		{{.cmd = (char *[]){(char *)"a", NULL}, .user = (char *)"a b"}, "invalid user"},
		{{.cmd = (char *[]){(char *)"a", NULL}, .working_dir = (char *)"x"}, "needs to be an absolute path"},
	};
	struct container_record rec;
	struct spec_input input;

	(void)state;
	record_from("{\"Cmd\":[\"true\"]}", &rec);
	input = input_of(&rec);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;
		struct err e = ERR_INIT;

		assert_int_equal(spec_build_exec(&input, &rows[i].x, &out, &e), -1);
		assert_non_null(strstr(e.msg, rows[i].want));
		assert_int_equal(e.kind, ERR_INVALID);
	}
	container_record_done(&rec);
}

/* The same record gives the same bytes: the runtime keeps compiled filters by the hash of their section. */
static void test_deterministic(void **state)
{
	_cleanup_strbuf_ struct strbuf a = STRBUF_INIT, b = STRBUF_INIT;
	struct container_record rec;
	struct spec_input input;
	struct err e = ERR_INIT;
	int64_t start, took;

	(void)state;
	record_from("{\"Cmd\":[\"true\"]}", &rec);
	input = input_of(&rec);
	start = clock_monotonic_ns();
	assert_int_equal(spec_build(&input, &a, &e), 0);
	took = clock_monotonic_ns() - start;
	assert_int_equal(spec_build(&input, &b, &e), 0);
	assert_string_equal(a.data, b.data);
	print_message("%zu bytes in %lld us\n", a.len, (long long)(took / 1000));
	container_record_done(&rec);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),        cmocka_unit_test(test_full),
		cmocka_unit_test(test_privileged),   cmocka_unit_test(test_modes),
		cmocka_unit_test(test_mounts),       cmocka_unit_test(test_exec),
		cmocka_unit_test(test_exec_refused), cmocka_unit_test(test_deterministic),
	};

	return RUN_TESTS(tests);
}
