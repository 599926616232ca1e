/* SPDX-License-Identifier: Apache-2.0 */
/* Engine addresses and stdcopy frames. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "client/client.h"
#include "client/demux.h"

static struct endpoint *parse(const char *url, bool tls)
{
	struct endpoint *ep = NULL;
	struct err e = ERR_INIT;

	if (endpoint_parse(url, &(struct endpoint_tls){.on = tls}, &ep, &e) < 0)
		fail_msg("%s: %s", url, e.msg);
	return ep;
}

static void test_endpoints(void **state)
{
	static const char *const bad[] = {"foo://x",      "nothing",         "tcp://[::1",
					  "tcp://h:port", "ssh://",          "ssh://-oProxyCommand=x",
					  "ssh://-u@h",   "ssh://u:secret@h"};
	struct endpoint *ep = parse("", false);

	assert_int_equal(ep->kind, ENDPOINT_UNIX);
	assert_string_equal(ep->path, "/var/run/docker.sock");
	endpoint_free(ep);
	ep = parse("tcp://[::1]:99/base/", true);
	assert_string_equal(ep->host, "::1");
	assert_string_equal(ep->port, "99");
	assert_string_equal(ep->base, "/base");
	assert_true(ep->tls);
	endpoint_free(ep);
	ep = parse("tcp://h", false);
	assert_string_equal(ep->port, "2375");
	endpoint_free(ep);
	ep = parse("ssh://user@host:2222", false);
	assert_string_equal(ep->user, "user");
	assert_string_equal(ep->host, "host");
	assert_string_equal(ep->port, "2222");
	assert_null(ep->path);
	endpoint_free(ep);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct endpoint *none = NULL;

		assert_int_equal(endpoint_parse(bad[i], &(struct endpoint_tls){.on = false}, &none, NULL), -1);
	}
}

/* Feeds in pieces of `step` bytes; what came is "1:text" and "2:text" in out. */
static int feed(const char *in, size_t n, size_t step, struct strbuf *out, struct err *e)
{
	struct demux d;
	int last = 0, r = 0;

	demux_init(&d);
	for (size_t i = 0; i < n && r == 0;) {
		const char *p;
		size_t len;
		int stream;
		ssize_t used = demux_feed(&d, in + i, MIN(step, n - i), &stream, &p, &len, e);

		if (used <= 0) {
			r = -1;
			break;
		}
		i += (size_t)used;
		if (!stream)
			continue;
		if (stream != last)
			strbuf_addf(out, "%d:", stream);
		last = stream;
		strbuf_add(out, p, len);
	}
	demux_done(&d);
	return r;
}

static void test_demux(void **state)
{
	static const char in[] = "\1\0\0\0\0\0\0\3abc\2\0\0\0\0\0\0\2de\1\0\0\0\0\0\0\0\1\0\0\0\0\0\0\1f";
	static const char error[] = "\3\0\0\0\0\0\0\4oops";

	for (size_t step = 1; step < sizeof(in); step++) {
		_cleanup_strbuf_ struct strbuf out = STRBUF_INIT, none = STRBUF_INIT;
		struct err e = ERR_INIT;

		assert_int_equal(feed(in, sizeof(in) - 1, step, &out, &e), 0);
		assert_string_equal(out.data, "1:abc2:de1:f");
		assert_int_equal(feed(error, sizeof(error) - 1, step, &none, &e), -1);
		assert_string_equal(e.msg, "error from daemon in stream: oops");
		assert_int_equal(feed("\7\0\0\0\0\0\0\1x", 9, step, &none, &e), -1);
	}
}

static void test_query(void **state)
{
	_cleanup_query_ struct query q = QUERY_INIT;
	char *path = client_path("/containers/%s/json", "a/b c?");

	query_add(&q, "name", "x&y=z");
	query_add_flag(&q, "no", false);
	query_add_int(&q, "t", -1);
	assert_string_equal(q.text.data, "name=x%26y%3Dz&t=-1");
	assert_non_null(strstr(path, "b%20c%3F/json"));
	free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_endpoints), cmocka_unit_test(test_demux),
					   cmocka_unit_test(test_query)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
