/* SPDX-License-Identifier: Apache-2.0 */
/* The `local` log codec: records come back byte for byte, from both ends; damaged ones are told apart. */
#include "unit/test.h"

#include <errno.h>

#include "format/log/local_file.h"

static void comes_back(void **state)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	struct log_line a = {.stream = LOG_STDERR, .time_ns = -5, .text = "\0\xff\n", .len = 3}, l;
	struct log_line b = {.stream = LOG_STDOUT, .time_ns = 1700000000123456789LL, .text = "", .len = 0};
	ssize_t n;

	local_file_encode(&sb, &a);
	n = (ssize_t)sb.len;
	local_file_encode(&sb, &b);
	for (ssize_t i = 0; i < n; i++)
		assert_int_equal(local_file_decode(sb.data, (size_t)i, &l), 0);
	assert_int_equal(local_file_decode(sb.data, sb.len, &l), n);
	assert_int_equal(l.stream, LOG_STDERR);
	assert_int_equal(l.time_ns, -5);
	assert_int_equal(l.len, 3);
	assert_memory_equal(l.text, "\0\xff\n", 3);
	assert_int_equal(local_file_size_before(sb.data, (size_t)n), n);
	assert_int_equal(local_file_size_before(sb.data, sb.len), sb.len - (size_t)n);
	assert_int_equal(local_file_decode(sb.data + n, sb.len - (size_t)n, &l), sb.len - (size_t)n);
	assert_int_equal(l.len, 0);
}

static void refuses_what_is_broken(void **state)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	struct log_line a = {.stream = LOG_STDOUT, .time_ns = 1, .text = "abc", .len = 3}, l;

	local_file_encode(&sb, &a);
	sb.data[12] = 3;
	assert_int_equal(local_file_decode(sb.data, sb.len, &l), -EINVAL);
	sb.data[12] = 1;
	sb.data[sb.len - 4]++;
	assert_int_equal(local_file_decode(sb.data, sb.len, &l), -EINVAL);
	assert_int_equal(local_file_decode("\xff\xff\xff\xff", 4, &l), -EINVAL);
	assert_int_equal(local_file_decode("\0\0\0\0", 4, &l), -EINVAL);
	assert_int_equal(local_file_size_before("\xff\xff\xff\x7f", 4), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_back),
		cmocka_unit_test(refuses_what_is_broken),
	};
	return RUN_TESTS(tests);
}
