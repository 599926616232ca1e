/* SPDX-License-Identifier: Apache-2.0 */
/* Binds, Mounts and volumes: what they mean, and Docker's sentences about what they cannot mean. */
#include "unit/test.h"

#include "base/mem.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "engine/mounts.h"

static void test_binds(void **state)
{
	static const struct {
		const char *text, *type, *source, *destination, *propagation;
		bool rw;
	} rows[] = {
		{"/a", "volume", NULL, "/a", "", true},
		{"/tmp:/x", "bind", "/tmp", "/x", "rprivate", true},
		{"/tmp:/x:", "bind", "/tmp", "/x", "rprivate", true},
		{"/tmp:/x:rw", "bind", "/tmp", "/x", "rprivate", true},
		{"/tmp:/x:ro,rslave", "bind", "/tmp", "/x", "rslave", false},
		{"/tmp:/x:cached", "bind", "/tmp", "/x", "rprivate", true},
		{"/tmp:/x:z", "bind", "/tmp", "/x", "rprivate", true},
		{"/tmp/../var/:/x/../y/", "bind", "/var", "/y", "rprivate", true},
		{"/:/host", "bind", "/", "/host", "rprivate", true},
		{"/f:/proc/cpuinfo", "bind", "/f", "/proc/cpuinfo", "rprivate", true},
		{"/sys:/sys:ro", "bind", "/sys", "/sys", "rprivate", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct mount_point m = {0};
		struct err e = ERR_INIT;

		if (mount_bind_parse(rows[i].text, &m, &e) < 0)
			fail_msg("%s: %s", rows[i].text, e.msg);
		assert_string_equal(m.type, rows[i].type);
		if (rows[i].source)
			assert_string_equal(m.source, rows[i].source);
		assert_string_equal(m.destination, rows[i].destination);
		assert_string_equal(m.propagation, rows[i].propagation);
		assert_int_equal(m.rw, rows[i].rw);
		mount_point_done(&m);
	}
}

static void test_bad_binds(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{"", "invalid volume specification: ''"},
		{":", "invalid volume specification: ':'"},
		{"/tmp:/x:ro:z", "invalid volume specification: '/tmp:/x:ro:z'"},
		{"/tmp:ro", "invalid volume specification: '/tmp:ro'"},
		{"/tmp:/x:foo", "invalid mode: foo"},
		{"/tmp:/x:ro,rw", "invalid mode: ro,rw"},
		{"/tmp:/x:shared,private", "invalid mode: shared,private"},
		{"/tmp:x", "invalid volume specification: '/tmp:x': invalid mount config for type \"bind\": invalid "
			   "mount path: 'x' "
			   "mount path must be absolute"},
		{"/tmp:/", "invalid volume specification: '/tmp:/': invalid mount config for type \"bind\": invalid "
			   "specification: "
			   "destination can't be '/'"},
		{"/tmp:/x/..",
		 "invalid volume specification: '/tmp:/x/..': invalid mount config for type \"bind\": invalid "
		 "specification: destination can't be '/'"},
		{"/tmp:/x:nocopy",
		 "invalid volume specification: '/tmp:/x:nocopy': invalid mount config for type \"bind\": field "
		 "VolumeOptions must not be specified"},
		{".:/x", "create .: volume name is too short, names should be at least two alphanumeric characters"},
		{"vol:/x", "named volumes are not supported yet: volume vol"},
		{"/tmp:/proc",
		 "invalid volume specification: '/tmp:/proc': invalid mount config for type \"bind\": invalid mount "
		 "path: \"/proc\" cannot be mounted because it is inside /proc"},
		{"/tmp:/proc/self/attr/exec", NULL},
		{"/proc/sys", NULL},
		{"/sys/kernel", NULL},
		{"/tmp:/a\nb", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct mount_point m = {0};
		struct err e = ERR_INIT;

		assert_int_equal(mount_bind_parse(rows[i].text, &m, &e), -1);
		assert_true(e.kind == ERR_INVALID || e.kind == ERR_UNSUPPORTED);
		if (rows[i].want)
			assert_string_equal(e.msg, rows[i].want);
	}
}

static int plan(const char *host, const char *volumes, struct json_array *ret, struct err *e)
{
	_cleanup_free_ char *text = xasprintf("{\"Volumes\":{%s},\"HostConfig\":{%s}}", volumes, host);
	const struct json_array none = {0};
	struct container_create body = {0};
	json_object *o;
	int r;

	assert_int_equal(json_parse(text, strlen(text), &o, e), 0);
	assert_int_equal(container_create_decode(o, &body, e), 0);
	json_object_put(o);
	r = mounts_plan(&body.host_config, &body.config, &none, "/d", ret, e);
	container_create_done(&body);
	return r;
}

static void plan_done(struct json_array *a)
{
	for (size_t i = 0; i < a->n; i++)
		mount_point_done(&mount_points(a)[i]);
	free(a->items);
}

static void test_mounts(void **state)
{
	static const struct {
		const char *host, *want;
	} rows[] = {
		{"\"Mounts\":[{}]", "invalid mount config for type \"\": field Target must not be empty"},
		{"\"Mounts\":[{\"Type\":\"bind\"}]",
		 "invalid mount config for type \"bind\": field Target must not be empty"},
		{"\"Mounts\":[{\"Type\":\"foo\",\"Target\":\"/x\"}]",
		 "invalid mount config for type \"foo\": mount type unknown"},
		{"\"Mounts\":[{\"Type\":\"npipe\",\"Target\":\"/x\"}]",
		 "invalid mount config for type \"npipe\": mount type unknown"},
		{"\"Mounts\":[{\"Type\":\"bind\",\"Target\":\"/x\"}]",
		 "invalid mount config for type \"bind\": field Source must not be empty"},
		{"\"Mounts\":[{\"Type\":\"bind\",\"Source\":\"/nosuch/x\",\"Target\":\"/x\"}]",
		 "invalid mount config for type \"bind\": bind source path does not exist: /nosuch/x"},
		{"\"Mounts\":[{\"Type\":\"bind\",\"Source\":\"tmp\",\"Target\":\"/x\"}]",
		 "invalid mount config for type \"bind\": invalid mount path: 'tmp' mount path must be absolute"},
		{"\"Mounts\":[{\"Type\":\"bind\",\"Source\":\"/\",\"Target\":\"/x\",\"VolumeOptions\":{}}]",
		 "VolumeOptions must not be specified on mount type \"bind\""},
		{"\"Mounts\":[{\"Type\":\"tmpfs\",\"Source\":\"/x\",\"Target\":\"/x\"}]",
		 "invalid mount config for type \"tmpfs\": field Source must not be specified"},
		{"\"Mounts\":[{\"Type\":\"tmpfs\",\"Target\":\"/x\",\"TmpfsOptions\":{\"Options\":[[\"uid\",\"5\"]]}}]",
		 "invalid mount config for type \"tmpfs\": invalid option: uid"},
		{"\"Mounts\":[{\"Type\":\"bind\",\"Source\":\"/\",\"Target\":\"/"
		 "x\",\"BindOptions\":{\"Propagation\":\"foo\"}}]",
		 "invalid mount config for type \"bind\": invalid propagation mode: foo"},
		{"\"Mounts\":[{\"Type\":\"volume\",\"Source\":\"vv\",\"Target\":\"/x\"}]",
		 "named volumes are not supported yet: volume vv"},
		{"\"Mounts\":[{\"Type\":\"volume\",\"Target\":\"/x\",\"ReadOnly\":true}]",
		 "invalid mount config for type \"volume\": must not set ReadOnly mode when using anonymous volumes"},
		{"\"Binds\":[\"/tmp:/x\",\"/var:/x\"]", "Duplicate mount point: /x"},
		{"\"Binds\":[\"/tmp:/x\"],\"Mounts\":[{\"Type\":\"tmpfs\",\"Target\":\"/x/\"}]",
		 "Duplicate mount point: /x/"},
		{"\"Binds\":[\"/tmp:/x\"],\"Tmpfs\":{\"/x\":\"\"}", "Duplicate mount point: /x"},
		{"\"Tmpfs\":{\"x\":\"\"}", "invalid mount path: 'x' mount path must be absolute"},
		{"\"Tmpfs\":{\"/x\":\"bind\"}", "Invalid tmpfs option [\"bind\"]"},
		{"\"Tmpfs\":{\"/proc\":\"\"}",
		 "invalid mount path: \"/proc\" cannot be mounted because it is inside /proc"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct json_array got = {0};
		struct err e = ERR_INIT;

		assert_int_equal(plan(rows[i].host, "", &got, &e), -1);
		assert_string_equal(e.msg, rows[i].want);
	}
}

/* Paths of an image stay inside the container, whatever they say (B13). */
static void test_volumes(void **state)
{
	struct json_array got = {0};
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(plan("\"Binds\":[\"/tmp:/taken\"]",
			      "\"/../../x\":{},\"rel\":{},\"/a/../b\":{},\"/taken\":{},\"/x\":{}", &got, &e),
			 0);
	assert_int_equal(got.n, 4);
	assert_string_equal(mount_points(&got)[0].destination, "/taken");
	assert_string_equal(mount_points(&got)[1].destination, "/x");
	assert_string_equal(mount_points(&got)[2].destination, "/rel");
	assert_string_equal(mount_points(&got)[3].destination, "/b");
	assert_true(str_starts(mount_points(&got)[1].source, "/d/volumes/"));
	assert_true(mount_points(&got)[1].anonymous);
	plan_done(&got);

	assert_int_equal(plan("", "\"/proc\":{}", &got, &e), -1);
	assert_int_equal(plan("", "\"/sys\":{}", &got, &e), -1);
	assert_int_equal(plan("", "\"/..\":{}", &got, &e), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_binds),
		cmocka_unit_test(test_bad_binds),
		cmocka_unit_test(test_mounts),
		cmocka_unit_test(test_volumes),
	};

	return RUN_TESTS(tests);
}
