/* SPDX-License-Identifier: Apache-2.0 */
/* Version prefixes, and which route a path belongs to. */
#include "api/api_priv.h"

#include <stdlib.h>

#include "base/macros.h"
#include "base/mem.h"
#include "unit/test.h"

static void versions(void **state)
{
	static const struct {
		const char *path, *rest, *text;
		int version;
	} rows[] = {
		{"/v1.41/info", "/info", "1.41", 141},
		{"/v1.51/a/b", "/a/b", "1.51", 151},
		{"/info", "/info", "", API_VERSION_MAX},
		{"/version", "/version", "", API_VERSION_MAX},
		{"/v1.10/version", "/version", "1.10", 110},
		{"/v9.99/x", "/x", "9.99", 999},
		{"/v1/x", "/x", "1", 100},
		{"/v1.100/x", "/x", "1.100", 9999},
		{"/v1.24", "/v1.24", "", API_VERSION_MAX},
		{"/v12.1/x", "/x", "12.1", 9999},
		{"/v99999999999999999999.1/x", "/x", "999999999999999", 9999},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *path = rows[i].path;
		char text[16];

		assert_int_equal(api_version_cut(&path, text), rows[i].version);
		assert_string_equal(path, rows[i].rest);
		assert_string_equal(text, rows[i].text);
	}
}

static void routes(void **state)
{
	static const struct {
		const char *method, *path, *pattern, *arg;
	} rows[] = {
		{"GET", "/info", "/info", NULL},
		{"DELETE", "/version", NULL, NULL},
		{"GET", "/nosuchroute", NULL, NULL},
		{"GET", "/info/", NULL, NULL},
		{"GET", "/", NULL, NULL},
		{"GET", "", NULL, NULL},
		{"GET", "/containers/json", "/containers/json", NULL},
		{"GET", "/containers/web/json", "/containers/{name}/json", "web"},
		{"GET", "/containers//json", NULL, NULL},
		{"POST", "/containers/prune", "/containers/prune", NULL},
		{"GET", "/networks/", "/networks/", NULL},
		{"GET", "/distribution/registry.example/a/b/json", "/distribution/{name...}/json",
		 "registry.example/a/b"},
		{"GET", "/distribution/json", NULL, NULL},
		{"DELETE", "/plugins/a/b:latest", "/plugins/{name...}", "a/b:latest"},
		{"HEAD", "/_ping", "/_ping", NULL},
		{"get", "/info", NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char *args[API_ARGS_MAX] = {0};
		const struct api_route *r = api_route_find(rows[i].method, rows[i].path, args);

		if (rows[i].pattern) {
			assert_non_null(r);
			assert_string_equal(r->pattern, rows[i].pattern);
		} else if (r) {
			fail_msg("%s is %s", rows[i].path, r->pattern);
		}
		if (rows[i].arg)
			assert_string_equal(args[0], rows[i].arg);
		for (size_t a = 0; a < API_ARGS_MAX; a++)
			free(args[a]);
	}
}

/* No two routes of one table say the same, and every method is one that the parser lets through. */
static void tables_are_sane(void **state)
{
	(void)state;
	for (size_t t = 0; api_route_tables[t]; t++) {
		for (const struct api_route *r = api_route_tables[t]; r->method; r++) {
			assert_non_null(r->handler);
			assert_int_equal(r->pattern[0], '/');
			for (const struct api_route *q = r + 1; q->method; q++)
				assert_false(strcmp(r->method, q->method) == 0 && strcmp(r->pattern, q->pattern) == 0);
		}
	}
}

static void local_hosts(void **state)
{
	static const char *const yes[] = {"localhost",  "localhost:2375", "127.0.0.1:2375",
					  "[::1]:2375", "10.1.2.3",       "LOCALHOST"};
	static const char *const no[] = {"",    "evil.example", "localhost.evil.example:2375", "127.0.0.1.nip.example",
					 "[x]", "docker"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(yes); i++)
		assert_true(api_host_is_local(yes[i]));
	for (size_t i = 0; i < ARRAY_SIZE(no); i++)
		assert_false(api_host_is_local(no[i]));
}

static void kinds_have_statuses(void **state)
{
	(void)state;
	assert_int_equal(api_status_of(ERR_INVALID), 400);
	assert_int_equal(api_status_of(ERR_NOT_FOUND), 404);
	assert_int_equal(api_status_of(ERR_CONFLICT), 409);
	assert_int_equal(api_status_of(ERR_NOT_MODIFIED), 304);
	assert_int_equal(api_status_of(ERR_UNSUPPORTED), 501);
	assert_int_equal(api_status_of(ERR_BUG), 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions),
		cmocka_unit_test(routes),
		cmocka_unit_test(tables_are_sane),
		cmocka_unit_test(local_hosts),
		cmocka_unit_test(kinds_have_statuses),
	};

	return RUN_TESTS(tests);
}
