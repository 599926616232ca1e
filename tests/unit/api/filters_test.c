/* SPDX-License-Identifier: Apache-2.0 */
/* Filters in both encodings, Docker's comparisons, and which events pass. */
#include <stdlib.h>

#include "api/api_priv.h"
#include "base/macros.h"
#include "base/mem.h"
#include "engine/events.h"
#include "unit/test.h"

static void decodes_both_encodings(void **state)
{
	static const char *const allowed[] = {"label", "status", NULL};
	static const char *const texts[] = {"{\"label\":{\"a\":true,\"off\":false},\"status\":{\"x\":true,\"y\":true}}",
					    "{\"label\":[\"a\"],\"status\":[\"x\",\"y\"]}"};
	struct api_filters f;
	struct err e = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(api_filters_decode(texts[i], allowed, &f, &e), 0);
		assert_string_equal(api_filter_values(&f, "label")[0], "a");
		assert_null(api_filter_values(&f, "label")[1]);
		assert_string_equal(api_filter_values(&f, "status")[1], "y");
		assert_null(api_filter_values(&f, "other"));
		api_filters_done(&f);
	}
	assert_int_equal(api_filters_decode(NULL, allowed, &f, &e), 0);
	assert_int_equal(api_filters_decode("", allowed, &f, &e), 0);
	assert_int_equal(f.n, 0);
}

static void refuses_nonsense(void **state)
{
	static const char *const allowed[] = {"label", NULL};
	static const char *const rows[][2] = {
		{"{\"x\":[\"a\"]}", "invalid filter 'x'"},
		{"[]", "invalid filter"},
		{"{\"label\":\"a\"}", "invalid filter"},
		{"{\"label\":[1]}", "invalid filter"},
		{"{\"label\":{\"a\":1}}", "invalid filter"},
		{"{\"label\":null}", "invalid filter"},
		{"{", "invalid filter"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct api_filters f;
		struct err e = ERR_INIT;

		assert_int_equal(api_filters_decode(rows[i][0], allowed, &f, &e), -1);
		assert_int_equal(e.kind, ERR_INVALID);
		assert_string_equal(e.msg, rows[i][1]);
	}
}

static void compares(void **state)
{
	struct api_filters f;
	struct json_kv labels = {0};

	(void)state;
	json_kv_put(&labels, "a", "1");
	json_kv_put(&labels, "b", "");
	assert_int_equal(
		api_filters_decode("{\"l\":[\"a=1\",\"b\"],\"m\":[\"a=2\"],\"n\":[\"c\"],\"id\":[\"ab\",\"cd\"]}", NULL,
				   &f, NULL),
		0);
	assert_true(api_filter_labels(&f, "l", &labels));
	assert_false(api_filter_labels(&f, "m", &labels));
	assert_false(api_filter_labels(&f, "n", &labels));
	assert_true(api_filter_labels(&f, "none", &labels));
	assert_true(api_filter_exact(&f, "id", "cd"));
	assert_false(api_filter_exact(&f, "id", "cde"));
	assert_true(api_filter_prefix(&f, "id", "cde"));
	assert_false(api_filter_prefix(&f, "id", "c"));
	assert_true(api_filter_exact(&f, "none", NULL));
	api_filters_done(&f);
	json_kv_done(&labels);
}

static void events(void **state)
{
	static const struct {
		const char *filters;
		bool passes;
	} rows[] = {
		{"", true},
		{"{\"type\":[\"container\"]}", true},
		{"{\"type\":[\"image\"]}", false},
		{"{\"event\":[\"exec_create\"]}", true},
		{"{\"event\":[\"exec_create: sh\"]}", true},
		{"{\"event\":[\"exec\"]}", false},
		{"{\"event\":[\"start\",\"exec_start\"]}", false},
		{"{\"container\":[\"0123\"]}", true},
		{"{\"container\":[\"web\"]}", true},
		{"{\"container\":[\"db\"]}", false},
		{"{\"image\":[\"busybox\"]}", true},
		{"{\"image\":[\"busybox:latest\"]}", true},
		{"{\"image\":[\"busy\"]}", false},
		{"{\"label\":[\"tier=front\"]}", true},
		{"{\"label\":[\"tier=back\"]}", false},
		{"{\"scope\":[\"local\"]}", true},
		{"{\"scope\":[\"swarm\"]}", false},
		{"{\"type\":[\"container\"],\"container\":[\"web\"],\"event\":[\"die\"]}", false},
	};
	struct event ev = {.type = "container", .action = "exec_create: sh", .id = "0123456789ab"};

	(void)state;
	json_kv_put(&ev.attributes, "image", "busybox:latest");
	json_kv_put(&ev.attributes, "name", "web");
	json_kv_put(&ev.attributes, "tier", "front");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct api_filters f;

		assert_int_equal(api_filters_decode(rows[i].filters, NULL, &f, NULL), 0);
		if (api_event_matches(&f, &ev) != rows[i].passes)
			fail_msg("%s", rows[i].filters);
		api_filters_done(&f);
	}
	json_kv_done(&ev.attributes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decodes_both_encodings),
		cmocka_unit_test(refuses_nonsense),
		cmocka_unit_test(compares),
		cmocka_unit_test(events),
	};

	return RUN_TESTS(tests);
}
