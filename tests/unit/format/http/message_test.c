/* SPDX-License-Identifier: Apache-2.0 */
/* Heads: what is taken, and a corpus of what must be refused because two parsers could read it in two ways. */
#include "format/http/message.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/macros.h"
#include "base/mem.h"
#include "unit/test.h"

#define H "Host: docker\r\n"

static int parse(const char *text, struct http_request *r, char **keep)
{
	size_t scanned = 0, n = strlen(text);
	int len = http_head_length(text, n, &scanned);

	*keep = NULL;
	if (len <= 0)
		return len < 0 ? len : -EAGAIN;
	assert_int_equal(len, n);
	*keep = xmemdup0(text, n);
	return http_request_parse(*keep, n, r);
}

static void takes_usual_requests(void **state)
{
	struct http_request r;
	char *keep;

	(void)state;
	assert_int_equal(
		parse("GET /v1.41/containers/a%20b%2Fc/json?all=1&x=%zz HTTP/1.1\r\n" H
		      "X-Empty:\r\nAccept:   */* \t\r\nConnection: Upgrade, keep-alive\r\nUpgrade: tcp\r\n\r\n",
		      &r, &keep),
		0);
	assert_string_equal(r.method, "GET");
	assert_string_equal(r.path, "/v1.41/containers/a b/c/json");
	assert_string_equal(r.query, "all=1&x=%zz");
	assert_string_equal(r.upgrade, "tcp");
	assert_string_equal(http_field_get(r.fields, r.n_fields, "accept"), "*/*");
	assert_string_equal(http_field_get(r.fields, r.n_fields, "x-empty"), "");
	assert_null(http_field_get(r.fields, r.n_fields, "nope"));
	assert_true(r.keep_alive);
	assert_int_equal(r.content_length, -1);
	http_request_done(&r);
	free(keep);

	assert_int_equal(parse("POST http://docker/x HTTP/1.1\r\n" H "Content-Length: 007\r\nConnection: close\r\n"
			       "Expect: 100-continue\r\nUpgrade: h2c\r\n\r\n",
			       &r, &keep),
			 0);
	assert_string_equal(r.path, "/x");
	assert_int_equal(r.content_length, 7);
	assert_true(r.expect_continue);
	assert_false(r.keep_alive);
	assert_null(r.upgrade); /* Connection does not name it */
	http_request_done(&r);
	free(keep);

	assert_int_equal(parse("GET / HTTP/1.0\r\n\r\n", &r, &keep), 0);
	assert_false(r.keep_alive);
	http_request_done(&r);
	free(keep);

	assert_int_equal(parse("PUT /x HTTP/1.1\r\n" H "Transfer-Encoding: Chunked\r\n\r\n", &r, &keep), 0);
	assert_true(r.chunked);
	http_request_done(&r);
	free(keep);
}

static void refuses_what_is_ambiguous(void **state)
{
	static const char *const heads[] = {
		/* two lengths */
		"POST / HTTP/1.1\r\n" H "Content-Length: 5\r\nContent-Length: 6\r\n\r\n",
		"POST / HTTP/1.1\r\n" H "Content-Length: 5\r\nContent-Length: 5\r\n\r\n",
		"POST / HTTP/1.1\r\n" H "Content-Length: 5, 5\r\n\r\n",
		"POST / HTTP/1.1\r\n" H "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
		"POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
		/* lengths that are no numbers */
		"POST / HTTP/1.1\r\n" H "Content-Length: +5\r\n\r\n",
		"POST / HTTP/1.1\r\n" H "Content-Length: -5\r\n\r\n",
		"POST / HTTP/1.1\r\n" H "Content-Length: 0x5\r\n\r\n",
		"POST / HTTP/1.1\r\n" H "Content-Length: 5 5\r\n\r\n",
		"POST / HTTP/1.1\r\n" H "Content-Length:\r\n\r\n",
		"POST / HTTP/1.1\r\n" H "Content-Length: 9223372036854775808\r\n\r\n",
		"POST / HTTP/1.1\r\n" H "Content-Length: 99999999999999999999\r\n\r\n",
		/* encodings */
		"POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
		"POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked, identity\r\n\r\n",
		"POST / HTTP/1.1\r\n" H "Transfer-Encoding: gzip, chunked\r\n\r\n",
		"POST / HTTP/1.1\r\n" H "Transfer-Encoding: xchunked\r\n\r\n",
		"POST / HTTP/1.1\r\n" H "Transfer-Encoding:\r\n\r\n",
		"POST / HTTP/1.0\r\n" H "Transfer-Encoding: chunked\r\n\r\n",
		"POST / HTTP/1.1\r\n" H "Transfer-Encoding\x0b: chunked\r\n\r\n",
		/* names and folding */
		"GET / HTTP/1.1\r\n" H "Content-Length : 5\r\n\r\n",
		"GET / HTTP/1.1\r\n" H " Folded: x\r\n\r\n",
		"GET / HTTP/1.1\r\n" H "A: b\r\n folded\r\n\r\n",
		"GET / HTTP/1.1\r\n" H "A: b\r\n\tfolded\r\n\r\n",
		"GET / HTTP/1.1\r\n" H "NoColon\r\n\r\n",
		"GET / HTTP/1.1\r\n" H ": x\r\n\r\n",
		"GET / HTTP/1.1\r\n" H "A(b): x\r\n\r\n",
		"GET / HTTP/1.1\r\n" H "A: b\x01\r\n\r\n",
		"GET / HTTP/1.1\r\n" H "A: b\rc\r\n\r\n",
		"GET / HTTP/1.1\r\n" H "A: b\x7f\r\n\r\n",
		/* line ends */
		"GET / HTTP/1.1\n" H "\n",
		"GET / HTTP/1.1\r\n" H "A: b\n\r\n",
		"\r\nGET / HTTP/1.1\r\n" H "\r\n",
		"\nGET / HTTP/1.1\r\n" H "\r\n",
		/* request lines */
		"GET  / HTTP/1.1\r\n" H "\r\n",
		"GET /  HTTP/1.1\r\n" H "\r\n",
		"GET /a b HTTP/1.1\r\n" H "\r\n",
		" GET / HTTP/1.1\r\n" H "\r\n",
		"GET /\r\n" H "\r\n",
		"GET / HTTP/2.0\r\n" H "\r\n",
		"GET / HTTP/1.10\r\n" H "\r\n",
		"GET / http/1.1\r\n" H "\r\n",
		"GET / HTTP/1.1 \r\n" H "\r\n",
		"G@T / HTTP/1.1\r\n" H "\r\n",
		"GET x HTTP/1.1\r\n" H "\r\n",
		"GET * HTTP/1.1\r\n" H "\r\n",
		"GET /a#b HTTP/1.1\r\n" H "\r\n",
		"GET /%00 HTTP/1.1\r\n" H "\r\n",
		"GET /%2 HTTP/1.1\r\n" H "\r\n",
		"GET /%gg HTTP/1.1\r\n" H "\r\n",
		"GET /\x01 HTTP/1.1\r\n" H "\r\n",
		/* hosts */
		"GET / HTTP/1.1\r\n\r\n",
		"GET / HTTP/1.1\r\n" H H "\r\n",
		/* expectations nobody can meet */
		"POST / HTTP/1.1\r\n" H "Expect: 200-ok\r\nContent-Length: 1\r\n\r\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(heads); i++) {
		struct http_request r;
		char *keep;
		int got = parse(heads[i], &r, &keep);

		if (got != -EPROTO)
			fail_msg("%s gave %d", heads[i], got);
		free(keep);
	}
}

static void refuses_nul(void **state)
{
	static const char head[] = "GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n";
	size_t scanned = 0;

	(void)state;
	assert_int_equal(http_head_length(head, sizeof(head) - 1, &scanned), -EPROTO);
}

static void bounds_heads(void **state)
{
	_cleanup_free_ char *big = xmalloc(LIMIT_HTTP_HEAD + 64);
	struct http_request r;
	struct strbuf sb = STRBUF_INIT;
	size_t scanned = 0;
	char *keep;

	(void)state;
	memset(big, 'a', LIMIT_HTTP_HEAD + 64);
	assert_int_equal(http_head_length(big, LIMIT_HTTP_HEAD - 1, &scanned), 0);
	assert_int_equal(http_head_length(big, LIMIT_HTTP_HEAD, &scanned), -E2BIG);
	strbuf_add_str(&sb, "GET / HTTP/1.1\r\n" H);
	for (int i = 0; i < LIMIT_HTTP_HEADERS; i++)
		strbuf_addf(&sb, "A%d: b\r\n", i);
	strbuf_add_str(&sb, "\r\n");
	assert_int_equal(parse(sb.data, &r, &keep), -E2BIG);
	free(keep);
	strbuf_done(&sb);
}

/* The head comes byte by byte: the answer is the same at the same place. */
static void finds_the_end_in_pieces(void **state)
{
	static const char text[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\nbody";
	size_t scanned = 0, n;

	(void)state;
	for (n = 1; n < sizeof(text) - 5; n++)
		assert_int_equal(http_head_length(text, n, &scanned), 0);
	assert_int_equal(http_head_length(text, n, &scanned), (int)sizeof(text) - 5);
}

static void reads_responses(void **state)
{
	char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", bare[] = "HTTP/1.1 101\r\nUpgrade: tcp\r\n\r\n";
	char bad[] = "HTTP/1.1 2x0 OK\r\n\r\n";
	struct http_response r;

	(void)state;
	assert_int_equal(http_response_parse(ok, sizeof(ok) - 1, &r), 0);
	assert_int_equal(r.status, 200);
	assert_string_equal(r.reason, "OK");
	assert_int_equal(r.content_length, 3);
	assert_true(r.keep_alive);
	assert_int_equal(http_response_parse(bare, sizeof(bare) - 1, &r), 0);
	assert_int_equal(r.status, 101);
	assert_string_equal(r.reason, "");
	assert_int_equal(http_response_parse(bad, sizeof(bad) - 1, &r), -EPROTO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_usual_requests),
		cmocka_unit_test(refuses_what_is_ambiguous),
		cmocka_unit_test(refuses_nul),
		cmocka_unit_test(bounds_heads),
		cmocka_unit_test(finds_the_end_in_pieces),
		cmocka_unit_test(reads_responses),
	};

	return RUN_TESTS(tests);
}
