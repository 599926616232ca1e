/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests, indexes and manifest.json: one reading only, limits, names that stay inside the archive. */
#include "base/limits.h"
#include "base/mem.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "format/oci/manifest.h"
#include "unit/test.h"

#define ID   "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define DESC "{\"mediaType\":\"x/y\",\"digest\":\"" ID "\",\"size\":12}"

static int parse(const char *text, const char *type, struct manifest *m, struct err *e)
{
	return manifest_parse(text, strlen(text), type, m, e);
}

static void reads_image(void **state)
{
	struct manifest m;
	struct err e = ERR_INIT;

	if (parse("{\"schemaVersion\":2,\"config\":" DESC ",\"layers\":[" DESC "," DESC "]}", MEDIA_OCI_MANIFEST, &m,
		  &e) < 0)
		fail_msg("%s", e.msg);
	assert_int_equal(m.kind, MANIFEST_IMAGE);
	assert_int_equal(m.n, 2);
	assert_string_equal(m.config.digest, ID);
	assert_int_equal(m.items[1].size, 12);

	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;
	manifest_write(&m, &out);
	assert_string_equal(out.data, "{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_MANIFEST "\",\"config\":" DESC
				      ",\"layers\":[" DESC "," DESC "]}");
	manifest_done(&m);
}

static void reads_index(void **state)
{
	struct manifest m;
	struct err e = ERR_INIT;

	if (parse("{\"schemaVersion\":2,\"manifests\":[{\"digest\":\"" ID
		  "\",\"size\":1,\"platform\":{\"os\":\"linux\",\"architecture\":"
		  "\"arm64\",\"variant\":\"v8\"},\"annotations\":{\"" ANNOTATION_REF_NAME "\":\"a:b\"}}]}",
		  NULL, &m, &e) < 0)
		fail_msg("%s", e.msg);
	assert_int_equal(m.kind, MANIFEST_INDEX);
	assert_string_equal(m.media_type, MEDIA_OCI_INDEX);
	assert_string_equal(m.items[0].variant, "v8");
	assert_string_equal(m.items[0].ref_name, "a:b");
	manifest_done(&m);
}

static void refuses(void **state)
{
	static const char *const rows[][2] = {
		{"", NULL},
		{"[]", NULL},
		{"null", NULL},
		{"{}", NULL},
		{"{\"schemaVersion\":1,\"manifests\":[]}", NULL},
		{"{\"schemaVersion\":\"2\",\"manifests\":[]}", NULL},
		{"{\"schemaVersion\":2}", NULL},
		{"{\"schemaVersion\":2,\"layers\":[]}", NULL},
		{"{\"schemaVersion\":2,\"manifests\":[],\"layers\":[]}", NULL},
		{"{\"schemaVersion\":2,\"manifests\":[],\"config\":" DESC "}", NULL},
		{"{\"schemaVersion\":2,\"manifests\":[],\"fsLayers\":[]}", NULL},
		{"{\"schemaVersion\":2,\"manifests\":{}}", NULL},
		{"{\"schemaVersion\":2,\"manifests\":[1]}", NULL},
		{"{\"schemaVersion\":2,\"manifests\":[{}]}", NULL},
		{"{\"schemaVersion\":2,\"manifests\":[{\"digest\":\"" ID "\"}]}", NULL},
		{"{\"schemaVersion\":2,\"manifests\":[{\"digest\":\"" ID "\",\"size\":-1}]}", NULL},
		{"{\"schemaVersion\":2,\"manifests\":[{\"digest\":\"" ID "\",\"size\":1.5}]}", NULL},
		{"{\"schemaVersion\":2,\"manifests\":[{\"digest\":\"" ID "\",\"size\":9223372036854775807}]}", NULL},
		{"{\"schemaVersion\":2,\"manifests\":[{\"digest\":\"" ID "\",\"size\":99999999999999999999}]}", NULL},
		{"{\"schemaVersion\":2,\"manifests\":[{\"digest\":\"sha256:../x\",\"size\":1}]}", NULL},
		{"{\"schemaVersion\":2,\"manifests\":[{\"digest\":7,\"size\":1}]}", NULL},
		{"{\"schemaVersion\":2,\"manifests\":[],\"manifests\":[]}", NULL},
		{"{\"schemaVersion\":2,\"manifests\":[{\"digest\":\"" ID "\",\"size\":1,\"annotations\":[]}]}", NULL},
		{"{\"schemaVersion\":2,\"manifests\":[{\"digest\":\"" ID "\",\"size\":1,\"platform\":\"x\"}]}", NULL},
		{"{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_MANIFEST "\",\"manifests\":[]}", NULL},
		{"{\"schemaVersion\":2,\"mediaType\":\"text/plain\",\"manifests\":[]}", NULL},
		{"{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_DOCKER_LIST "\",\"manifests\":[]}", MEDIA_OCI_INDEX},
		{"{\"schemaVersion\":2,\"manifests\":[]}", MEDIA_OCI_MANIFEST},
		{"{\"schemaVersion\":2,\"config\":" DESC ",\"layers\":[]}", MEDIA_OCI_INDEX},
		{"{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_INDEX "\",\"config\":" DESC ",\"layers\":[]}", NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct manifest m;
		struct err e = ERR_INIT;

		if (parse(rows[i][0], rows[i][1], &m, &e) == 0)
			fail_msg("accepted: %s", rows[i][0]);
		assert_int_not_equal(strlen(e.msg), 0);
	}
}

static void children(int n, int want)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	struct manifest m;
	struct err e = ERR_INIT;

	strbuf_add_str(&sb, "{\"schemaVersion\":2,\"manifests\":[");
	for (int i = 0; i < n; i++)
		strbuf_addf(&sb, "%s" DESC, i ? "," : "");
	strbuf_add_str(&sb, "]}");
	assert_int_equal(parse(sb.data, NULL, &m, &e), want);
	if (want == 0)
		manifest_done(&m);
	else
		assert_int_equal(e.kind, ERR_TOO_LARGE);
}

static void limits(void **state)
{
	children(LIMIT_INDEX_CHILDREN, 0);
	children(LIMIT_INDEX_CHILDREN + 1, -1);
}

static void archive(void **state)
{
	static const char ok[] =
		"[{\"Config\":\"./a.json\",\"RepoTags\":[\"x:1\"],\"Layers\":[\"b//c.tar\",\"d/../e\"]},"
		"{\"Config\":\"b\",\"RepoTags\":null,\"Layers\":null,\"LayerSources\":{}}]";
	static const char *const wrong[] = {
		"{}",
		"[1]",
		"[{}]",
		"[{\"Config\":\"\"}]",
		"[{\"Config\":\"/etc/passwd\"}]",
		"[{\"Config\":\"../x\"}]",
		"[{\"Config\":\"a/../../x\"}]",
		"[{\"Config\":\".\"}]",
		"[{\"Config\":\"a\\u0001\"}]",
		"[{\"Config\":[\"a\"]}]",
		"[{\"Config\":\"a\",\"Layers\":\"b\"}]",
		"[{\"Config\":\"a\",\"Layers\":[\"../b\"]}]",
		"[{\"Config\":\"a\",\"Layers\":[null]}]",
		"[{\"Config\":\"a\",\"RepoTags\":[1]}]",
		"[{\"Config\":\"a\",\"RepoTags\":\"x\"}]",
	};
	struct archive_manifest m;
	struct err e = ERR_INIT;

	if (archive_manifest_parse(ok, strlen(ok), &m, &e) < 0)
		fail_msg("%s", e.msg);
	assert_int_equal(m.n, 2);
	assert_string_equal(m.images[0].config, "a.json");
	assert_string_equal(m.images[0].layers[0], "b/c.tar");
	assert_string_equal(m.images[0].layers[1], "e");
	assert_int_equal(strv_len(m.images[1].tags), 0);
	archive_manifest_done(&m);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		if (archive_manifest_parse(wrong[i], strlen(wrong[i]), &m, &e) == 0)
			fail_msg("accepted: %s", wrong[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_image), cmocka_unit_test(reads_index), cmocka_unit_test(refuses),
		cmocka_unit_test(limits),      cmocka_unit_test(archive),
	};

	return RUN_TESTS(tests);
}
