/* SPDX-License-Identifier: Apache-2.0 */
/* Output cut into log records, however it arrives. */
#include "unit/test.h"

#include "base/limits.h"
#include "base/mem.h"
#include "format/log/line_split.h"

struct got {
	struct strbuf all; /* the texts */
	size_t lens[64];
	int64_t times[64];
	size_t n;
};

static void note(void *arg, int64_t time_ns, const char *text, size_t len)
{
	struct got *g = arg;

	assert_true(len > 0 && len <= LIMIT_LOG_LINE);
	strbuf_add(&g->all, text, len);
	if (g->n < ARRAY_SIZE(g->lens)) {
		g->lens[g->n] = len;
		g->times[g->n] = time_ns;
	}
	g->n++;
}

static void lines_across_reads(void **state)
{
	struct got g = {.all = STRBUF_INIT};
	struct line_split s;

	line_split_init(&s);
	line_split_add(&s, 1, "one\ntw", 6, note, &g);
	assert_int_equal(g.n, 1);
	line_split_add(&s, 2, "o", 1, note, &g);
	line_split_add(&s, 3, "\n\nthree", 7, note, &g);
	assert_int_equal(g.n, 3);
	assert_int_equal(g.times[1], 1); /* when it began */
	assert_int_equal(g.times[2], 3);
	assert_int_equal(g.lens[2], 1);
	line_split_finish(&s, note, &g);
	assert_int_equal(g.n, 4);
	assert_string_equal(g.all.data, "one\ntwo\n\nthree");
	line_split_finish(&s, note, &g);
	assert_int_equal(g.n, 4);
	line_split_done(&s);
	strbuf_done(&g.all);
}

static void long_lines(void **state)
{
	static const size_t chunks[] = {1, 7, 1000, LIMIT_LOG_LINE - 1, LIMIT_LOG_LINE, LIMIT_LOG_LINE + 1, 100000};
	size_t n = 3 * LIMIT_LOG_LINE;
	_cleanup_free_ char *text = xmalloc(n + 2);

	memset(text, 'x', n);
	text[n] = '\n';
	text[n + 1] = 'y';
	for (size_t k = 0; k < ARRAY_SIZE(chunks); k++) {
		struct got g = {.all = STRBUF_INIT};
		struct line_split s;

		line_split_init(&s);
		for (size_t i = 0; i < n + 2; i += chunks[k])
			line_split_add(&s, 5 + (int64_t)i, text + i, MIN(chunks[k], n + 2 - i), note, &g);
		line_split_finish(&s, note, &g);
		/* Docker, too, cuts a buffer that is full even when only the newline is missing. */
		assert_int_equal(g.n, 5);
		assert_int_equal(g.lens[0], LIMIT_LOG_LINE);
		assert_int_equal(g.lens[2], LIMIT_LOG_LINE);
		assert_int_equal(g.lens[3], 1);
		assert_int_equal(g.times[3], 5);
		assert_int_equal(g.all.len, n + 2);
		assert_memory_equal(g.all.data, text, n + 2);
		line_split_done(&s);
		strbuf_done(&g.all);
	}
}

static void keeps_characters_whole(void **state)
{
	for (size_t chunk = 1; chunk < 40000; chunk = chunk * 3 + 1) {
		struct got g = {.all = STRBUF_INIT};
		_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
		struct line_split s;
		size_t at = 0;

		while (text.len < 40000)
			strbuf_add_str(&text, "\xf0\x9f\x90\x8b\xe2\x82\xac\xc3\xbc");
		line_split_init(&s);
		for (size_t i = 0; i < text.len; i += chunk)
			line_split_add(&s, 1, text.data + i, MIN(chunk, text.len - i), note, &g);
		line_split_finish(&s, note, &g);
		for (size_t i = 0; i < g.n; i++) {
			assert_true((g.all.data[at] & 0xc0) != 0x80);
			at += g.lens[i];
		}
		assert_int_equal(g.all.len, text.len);
		assert_memory_equal(g.all.data, text.data, text.len);
		line_split_done(&s);
		strbuf_done(&g.all);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_across_reads),
		cmocka_unit_test(long_lines),
		cmocka_unit_test(keeps_characters_whole),
	};
	return RUN_TESTS(tests);
}
