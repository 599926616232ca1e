/* SPDX-License-Identifier: Apache-2.0 */
/* Streams: what is compressed how, several members, damage and cuts, and the caps. */
#include "image/decompress.h"

#include <errno.h>
#include <stdlib.h>
#include <zstd.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/strutil.h"
#include "unit/test.h"

/* "hello\n" by gzip -n */
static const uint8_t hello_gz[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0xcb, 0x48, 0xcd,
				   0xc9, 0xc9, 0xe7, 0x02, 0x00, 0x20, 0x30, 0x3a, 0x36, 0x06, 0x00, 0x00, 0x00};

struct source {
	const uint8_t *p;
	size_t n, chunk;
};

static ssize_t next(void *arg, void *p, size_t n)
{
	struct source *s = arg;
	size_t k = MIN(MIN(s->n, s->chunk), n);

	memcpy(p, s->p, k);
	s->p += k;
	s->n -= k;
	return (ssize_t)k;
}

static char *unpack(const void *p, size_t n, size_t chunk, int64_t max)
{
	struct source s = {.p = p, .n = n, .chunk = chunk};
	_cleanup_(decompress_free_p) struct decompress *d = decompress_new(next, &s, max);
	struct strbuf out = STRBUF_INIT;
	const uint8_t *b;
	ssize_t k;

	while ((k = decompress_next(d, &b)) > 0)
		strbuf_add(&out, b, (size_t)k);
	if (k < 0) {
		assert_true(decompress_failed(d));
		strbuf_clear(&out);
		strbuf_addf(&out, "error: %s", decompress_error(d));
	} else {
		assert_int_equal(decompress_out_bytes(d), out.len);
	}
	return strbuf_steal(&out);
}

static void expect(const void *p, size_t n, const char *want)
{
	for (size_t chunk = 1; chunk < 1000; chunk *= 7) {
		_cleanup_free_ char *got = unpack(p, n, chunk, 1 << 20);

		assert_string_equal(got, want);
	}
}

static void plain(void **state)
{
	expect("", 0, "");
	expect("x", 1, "x");
	expect("hello\n", 6, "hello\n");
	expect("\x1f\x8b", 2, "\x1f\x8b"); /* not enough to be gzip */
}

static void gzip(void **state)
{
	uint8_t two[2 * sizeof(hello_gz) + 8] = {0};

	expect(hello_gz, sizeof(hello_gz), "hello\n");
	memcpy(two, hello_gz, sizeof(hello_gz));
	memcpy(two + sizeof(hello_gz), hello_gz, sizeof(hello_gz));
	expect(two, 2 * sizeof(hello_gz), "hello\nhello\n");
	expect(two, sizeof(two), "hello\nhello\n"); /* zeroes behind */
	two[2 * sizeof(hello_gz) + 5] = 'x';
	expect(two, sizeof(two), "error: the gzip stream has something behind its end");
	for (size_t n = 4; n < sizeof(hello_gz); n++)
		expect(hello_gz, n, "error: the gzip stream is cut off");
	for (size_t at = 10; at < sizeof(hello_gz) - 4; at++) {
		uint8_t bad[sizeof(hello_gz)];
		_cleanup_free_ char *got = NULL;

		memcpy(bad, hello_gz, sizeof(bad));
		if (at == 17) /* bits behind the last block mean nothing */
			continue;
		bad[at] ^= 0x10;
		got = unpack(bad, sizeof(bad), 1000, 1 << 20);
		if (!str_starts(got, "error: the gzip stream is "))
			fail_msg("damage at %zu gave %s", at, got);
	}
}

static void zstd(void **state)
{
	uint8_t z[100];
	size_t n = ZSTD_compress(z, sizeof(z), "hello\n", 6, 3);

	assert_false(ZSTD_isError(n));
	expect(z, n, "hello\n");
	for (size_t k = 4; k < n; k++)
		expect(z, k, "error: the zstd stream is cut off");
	z[5] ^= 0xff;
	_cleanup_free_ char *got = unpack(z, n, 1000, 1 << 20);
	assert_true(str_starts(got, "error: "));
}

static void others(void **state)
{
	expect("BZh91AY", 7, "error: bzip2 compression is not supported: use gzip, zstd or none");
	expect("\xfd"
	       "7zXZ\0\0",
	       7, "error: xz compression is not supported: use gzip, zstd or none");
}

static void caps(void **state)
{
	_cleanup_free_ char *fits = unpack("12345678", 8, 3, 8), *over = unpack("123456789", 9, 3, 8);
	_cleanup_free_ char *zero = xcalloc(1, 64 << 20), *packed = xmalloc(1 << 20), *bomb = NULL;
	struct strbuf all = STRBUF_INIT;
	size_t n;

	assert_string_equal(fits, "12345678");
	assert_string_equal(over, "error: it holds more than fits here");
	/* frames of zeroes that make more than IMAGE_BOMB_BYTES; counted, not kept */
	n = ZSTD_compress(packed, 1 << 20, zero, 64 << 20, 1);
	assert_false(ZSTD_isError(n));
	for (int i = 0; i < 17; i++)
		strbuf_add(&all, packed, n);
	struct source s = {.p = (uint8_t *)all.data, .n = all.len, .chunk = 1 << 20};
	_cleanup_(decompress_free_p) struct decompress *d = decompress_new(next, &s, INT64_MAX);
	const uint8_t *b;
	ssize_t k;
	while ((k = decompress_next(d, &b)) > 0)
		;
	assert_int_equal(k, -EFBIG);
	assert_true(decompress_out_bytes(d) < IMAGE_BOMB_BYTES + (1 << 20));
	bomb = xstrdup(decompress_error(d));
	assert_string_equal(bomb, "it unpacks to many times its size: a decompression bomb");
	strbuf_done(&all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain),  cmocka_unit_test(gzip), cmocka_unit_test(zstd),
		cmocka_unit_test(others), cmocka_unit_test(caps),
	};

	return RUN_TESTS(tests);
}
