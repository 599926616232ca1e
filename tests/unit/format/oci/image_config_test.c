/* SPDX-License-Identifier: Apache-2.0 */
/* Image configurations: fields, limits, what is refused, and writing. */
#include "base/limits.h"
#include "base/mem.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "format/oci/image_config.h"
#include "unit/test.h"

#define ID "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static int parse(const char *text, struct image_config *c, struct err *e)
{
	return image_config_parse(text, strlen(text), c, e);
}

static void reads_all_fields(void **state)
{
	static const char text[] =
		"{\"created\":\"2024-01-02T03:04:05.5Z\",\"author\":\"me\",\"architecture\":\"arm64\",\"variant\":"
		"\"v8\",\"os\":\"linux\","
		"\"unknown\":[1],\"config\":{\"User\":\"1:2\",\"ExposedPorts\":{\"80/tcp\":{}},\"Env\":[\"A=b\"],"
		"\"Entrypoint\":\"/init\",\"Cmd\":[\"a\",\"b\"],\"Volumes\":{\"/v\":{}},\"WorkingDir\":\"/"
		"w\",\"Labels\":{\"k\":\"v\"},"
		"\"StopSignal\":\"SIGINT\",\"Healthcheck\":{\"Test\":[\"CMD\",\"x\"],\"Interval\":1000000000,"
		"\"Retries\":3},"
		"\"Shell\":[\"/bin/sh\"],\"OnBuild\":[\"RUN x\"]},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"" ID
		"\"]},"
		"\"history\":[{\"created\":\"2024-01-02T03:04:05Z\",\"created_by\":\"x\"},{\"created_by\":\"y\","
		"\"empty_layer\":true}]}";
	struct image_config c;
	struct err e = ERR_INIT;

	if (parse(text, &c, &e) < 0)
		fail_msg("%s", e.msg);
	assert_true(c.created_ns == 1704164645500000000LL);
	assert_string_equal(c.architecture, "arm64");
	assert_string_equal(c.config.user, "1:2");
	assert_string_equal(c.config.entrypoint[0], "/init");
	assert_int_equal(strv_len(c.config.cmd), 2);
	assert_non_null(json_kv_get(&c.config.labels, "k"));
	assert_string_equal(c.config.exposed_ports.items[0].key, "80/tcp");
	assert_string_equal(c.config.volumes.items[0].key, "/v");
	assert_string_equal(c.config.stop_signal, "SIGINT");
	assert_int_equal(c.config.healthcheck->retries, 3);
	assert_string_equal(c.config.shell[0], "/bin/sh");
	assert_string_equal(c.config.on_build[0], "RUN x");
	assert_string_equal(c.diff_ids[0], ID);
	assert_int_equal(c.history.n, 2);
	assert_true(image_history_at(&c, 1)->empty_layer);
	assert_string_equal(c.text, text);
	_cleanup_free_ char *platform = image_config_platform(&c);
	assert_string_equal(platform, "linux/arm64/v8");

	/* what is written reads the same */
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT, again = STRBUF_INIT;
	struct image_config d;
	image_config_write(&c, &out);
	if (parse(out.data, &d, &e) < 0)
		fail_msg("%s in %s", e.msg, out.data);
	image_config_write(&d, &again);
	assert_string_equal(out.data, again.data);
	assert_string_equal(d.config.working_dir, "/w");
	image_config_done(&c);
	image_config_done(&d);
}

static void refuses(void **state)
{
	static const char *const rows[] = {
		"",
		"[]",
		"null",
		"{}",
		"{\"rootfs\":{\"type\":\"layers+base\"}}",
		"{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":{}}}",
		"{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[1]}}",
		"{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"\"]}}",
		"{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:../../../../x\"]}}",
		"{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha512:"
		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"]}}",
		"{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:"
		"0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef\"]}}",
		"{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"" ID "\"]},\"history\":[]  ,\"history\":[]}",
		"{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"" ID "\"]},\"history\":[{\"empty_layer\":true}]}",
		"{\"rootfs\":{\"type\":\"layers\"},\"history\":[{}]}",
		"{\"rootfs\":{\"type\":\"layers\"},\"history\":{}}",
		"{\"rootfs\":{\"type\":\"layers\"},\"config\":[]}",
		"{\"rootfs\":{\"type\":\"layers\"},\"config\":{\"Env\":\"A=b\"}}",
		"{\"rootfs\":{\"type\":\"layers\"},\"config\":{\"User\":5}}",
		"{\"rootfs\":{\"type\":\"layers\"},\"config\":{\"Labels\":{\"a\":1}}}",
		"{\"rootfs\":{\"type\":\"layers\"},\"created\":\"yesterday\"}",
		"{\"rootfs\":{\"type\":\"layers\"},\"architecture\":\"../../x\"}",
		"{\"rootfs\":{\"type\":\"layers\"},\"os\":\"li\\nux\"}",
		"{\"rootfs\":{\"type\":\"layers\"}} x",
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct image_config c;
		struct err e = ERR_INIT;

		if (parse(rows[i], &c, &e) == 0)
			fail_msg("accepted: %s", rows[i]);
		assert_int_not_equal(strlen(e.msg), 0);
	}
}

static void many_layers(int n, int want)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	struct image_config c;
	struct err e = ERR_INIT;

	strbuf_add_str(&sb, "{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[");
	for (int i = 0; i < n; i++)
		strbuf_addf(&sb, "%s\"" ID "\"", i ? "," : "");
	strbuf_add_str(&sb, "]}}");
	assert_int_equal(parse(sb.data, &c, &e), want);
	if (want == 0)
		image_config_done(&c);
	else
		assert_int_equal(e.kind, ERR_TOO_LARGE);
}

static void limits(void **state)
{
	many_layers(LIMIT_LAYERS, 0);
	many_layers(LIMIT_LAYERS + 1, -1);
	_cleanup_free_ char *big = xcalloc(1, LIMIT_IMAGE_CONFIG + 2);
	struct image_config c;
	struct err e = ERR_INIT;
	memset(big, ' ', LIMIT_IMAGE_CONFIG + 1);
	memcpy(big, "{\"rootfs\":{}}", 13);
	assert_int_equal(image_config_parse(big, LIMIT_IMAGE_CONFIG, &c, &e), 0);
	image_config_done(&c);
	assert_int_equal(image_config_parse(big, LIMIT_IMAGE_CONFIG + 1, &c, &e), -1);
	assert_int_equal(e.kind, ERR_TOO_LARGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_all_fields),
		cmocka_unit_test(refuses),
		cmocka_unit_test(limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
