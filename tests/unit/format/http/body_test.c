/* SPDX-License-Identifier: Apache-2.0 */
/* Chunks, queries and websocket frames. */
#include <errno.h>
#include <stdlib.h>

#include "base/macros.h"
#include "base/mem.h"
#include "format/http/message.h"
#include "format/http/websocket.h"
#include "unit/test.h"

/* Feeds `text` in pieces of `step` bytes through a window of `room`; 1 ended, 0 wants more, or the error. */
static int decode(const char *text, size_t n, size_t step, size_t room, struct strbuf *out, size_t *used)
{
	struct http_chunked c;
	size_t at = 0;
	int r = 0;

	http_chunked_init(&c);
	while (at < n && r == 0) {
		char buf[64];
		size_t in = MIN(step, n - at), made = room;

		r = http_chunked_decode(&c, text + at, &in, buf, &made);
		strbuf_add(out, buf, made);
		at += in;
		if (in == 0 && made == 0 && r == 0)
			fail_msg("no progress");
	}
	*used = at;
	return r;
}

static void chunks_in_pieces(void **state)
{
	static const char text[] =
		"5\r\nhello\r\n006;ext=\"v\"\r\n world\r\nA\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\nNEXT";

	(void)state;
	for (size_t step = 1; step < sizeof(text); step++) {
		for (size_t room = 1; room <= 16; room += 5) {
			_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;
			size_t used;

			assert_int_equal(decode(text, sizeof(text) - 1, step, room, &out, &used), 1);
			assert_string_equal(out.data, "hello world0123456789");
			assert_string_equal(text + used, "NEXT");
		}
	}
}

static void chunks_refused(void **state)
{
	static const char *const rows[] = {
		"\r\n",
		"g\r\n",
		"5\nhello\r\n",
		"5\r\nhelloX",
		"5\r\nhello\n",
		" 5\r\nhello\r\n",
		"-5\r\n",
		"0x5\r\n",
		"11111111111111111\r\n",
		"8000000000000000\r\n",
		"5;\x01\r\n",
		"5;a\nb\r\n",
		"0\r\nA: b\n\r\n",
		"0\r\n\rX",
		"0\r\nA\x01: b\r\n",
		"5\rhello\r\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;
		size_t used;
		int r = decode(rows[i], strlen(rows[i]), 64, 64, &out, &used);

		if (r != -EPROTO)
			fail_msg("row %zu gave %d", i, r);
	}
}

static void chunks_bound_lines(void **state)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT, out = STRBUF_INIT;
	size_t used;

	(void)state;
	strbuf_add_str(&text, "5;");
	for (int i = 0; i < LIMIT_HTTP_CHUNK_LINE; i++)
		strbuf_add_char(&text, 'x');
	assert_int_equal(decode(text.data, text.len, 64, 64, &out, &used), -EPROTO);
	strbuf_clear(&text);
	strbuf_add_str(&text, "0\r\n");
	for (int i = 0; i < 2 * LIMIT_HTTP_CHUNK_LINE; i++)
		strbuf_add_str(&text, "A: bbb\r\n");
	assert_int_equal(decode(text.data, text.len, 64, 64, &out, &used), -EPROTO);
}

static void chunk_payload_can_be_read_past(void **state)
{
	struct http_chunked c;
	size_t in = 4, out = 0;
	char buf[1];

	(void)state;
	http_chunked_init(&c);
	assert_int_equal(http_chunked_run(&c), 0);
	assert_int_equal(http_chunked_decode(&c, "10\r\n", &in, buf, &out), 0);
	assert_int_equal(http_chunked_run(&c), 16);
	http_chunked_took(&c, 16);
	assert_int_equal(http_chunked_run(&c), 0);
	in = 7;
	assert_int_equal(http_chunked_decode(&c, "\r\n0\r\n\r\n", &in, buf, &out), 1);
}

static void queries(void **state)
{
	struct http_query q;
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

	(void)state;
	assert_int_equal(http_query_parse("a=1&b=x+y%2B%26&c&&d=&a=2&e=%C3%A9", &q), 0);
	assert_int_equal(q.n, 6);
	assert_string_equal(http_query_get(&q, "a"), "1");
	assert_string_equal(http_query_get(&q, "b"), "x y+&");
	assert_string_equal(http_query_get(&q, "c"), "");
	assert_string_equal(http_query_get(&q, "d"), "");
	assert_string_equal(http_query_get(&q, "e"), "é");
	assert_null(http_query_get(&q, "f"));
	http_query_done(&q);
	assert_int_equal(http_query_parse("", &q), 0);
	assert_int_equal(q.n, 0);
	assert_int_equal(http_query_parse("a=%0", &q), -EINVAL);
	assert_int_equal(http_query_parse("a=%00", &q), -EINVAL);
	assert_int_equal(http_query_parse("a=%x1", &q), -EINVAL);
	assert_int_equal(http_query_parse("a;b=1", &q), -EINVAL);
	http_percent_encode(&sb, "a b/é~");
	assert_string_equal(sb.data, "a%20b%2F%C3%A9~");
}

/* A masked frame as a browser sends it. */
static void frame_add(struct strbuf *sb, int first, const char *text, size_t n)
{
	static const uint8_t mask[4] = {1, 2, 3, 250};

	strbuf_add_char(sb, (char)first);
	if (n < 126) {
		strbuf_add_char(sb, (char)(0x80 | n));
	} else {
		strbuf_add_char(sb, (char)(0x80 | 126));
		strbuf_add_char(sb, (char)(n >> 8));
		strbuf_add_char(sb, (char)n);
	}
	strbuf_add(sb, mask, 4);
	for (size_t i = 0; i < n; i++)
		strbuf_add_char(sb, (char)(text[i] ^ mask[i & 3]));
}

static void frames(void **state)
{
	_cleanup_strbuf_ struct strbuf in = STRBUF_INIT;
	char big[300];

	(void)state;
	memset(big, 'b', sizeof(big));
	frame_add(&in, 0x01, "hel", 3);
	frame_add(&in, 0x89, "ping", 4);
	frame_add(&in, 0x80, "lo", 2);
	frame_add(&in, 0x82, big, sizeof(big));
	frame_add(&in, 0x82, "", 0);
	frame_add(&in, 0x88, "\x03\xe8", 2);
	for (size_t step = 1; step < 20; step += 3) {
		_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;
		struct websocket_decoder d;
		size_t at = 0;
		int pings = 0, r = 0;

		websocket_decoder_init(&d);
		while (at < in.len && r != WEBSOCKET_CLOSE) {
			uint8_t buf[7];
			size_t n = MIN(step, in.len - at), made = sizeof(buf);

			r = websocket_decode(&d, (uint8_t *)in.data + at, &n, buf, &made);
			assert_true(r >= 0);
			strbuf_add(&out, buf, made);
			at += n;
			if (r == WEBSOCKET_PING) {
				pings++;
				assert_int_equal(d.n_control, 4);
				assert_memory_equal(d.control, "ping", 4);
			}
		}
		assert_int_equal(r, WEBSOCKET_CLOSE);
		assert_int_equal(pings, 1);
		assert_int_equal(out.len, 305);
		assert_memory_equal(out.data, "hellob", 6);
	}
}

static void frames_refused(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
	} rows[] = {
		{"\x82\x01x", 3},                           /* not masked */
		{"\xc2\x81\0\0\0\0x", 7},                   /* reserved bit */
		{"\x83\x81\0\0\0\0x", 7},                   /* reserved opcode */
		{"\x80\x81\0\0\0\0x", 7},                   /* continues nothing */
		{"\x09\x80\0\0\0\0", 6},                    /* control in fragments */
		{"\x89\xfe\0\x7e\0\0\0\0", 8},              /* long control */
		{"\x02\x80\0\0\0\0\x02\x80\0\0\0\0", 12},   /* message inside a message */
		{"\x82\xff\x80\0\0\0\0\0\0\0\0\0\0\0", 14}, /* 64-bit length */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct websocket_decoder d;
		uint8_t buf[16];
		size_t n = rows[i].n, made = sizeof(buf);

		websocket_decoder_init(&d);
		if (websocket_decode(&d, (const uint8_t *)rows[i].bytes, &n, buf, &made) != -EPROTO)
			fail_msg("row %zu was taken", i);
	}
}

static void frame_heads(void **state)
{
	uint8_t b[WEBSOCKET_HEAD_MAX];

	(void)state;
	assert_int_equal(websocket_head(b, WEBSOCKET_BINARY, 125), 2);
	assert_memory_equal(b, "\x82\x7d", 2);
	assert_int_equal(websocket_head(b, WEBSOCKET_BINARY, 126), 4);
	assert_memory_equal(b, "\x82\x7e\x00\x7e", 4);
	assert_int_equal(websocket_head(b, WEBSOCKET_CLOSE, 65536), 10);
	assert_memory_equal(b, "\x88\x7f\0\0\0\0\0\1\0\0", 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chunks_in_pieces),
		cmocka_unit_test(chunks_refused),
		cmocka_unit_test(chunks_bound_lines),
		cmocka_unit_test(chunk_payload_can_be_read_past),
		cmocka_unit_test(queries),
		cmocka_unit_test(frames),
		cmocka_unit_test(frames_refused),
		cmocka_unit_test(frame_heads),
	};

	return RUN_TESTS(tests);
}
