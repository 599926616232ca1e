/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers and check sums of tar headers: see header.h. */
#include "format/tar/header.h"

#include <errno.h>
#include <string.h>

#include "format/tar/tar.h"

static int parse_base256(const uint8_t *f, size_t n, int64_t *ret)
{
	bool negative = f[0] & 0x40;
	uint64_t v = negative ? ~(uint64_t)0 : 0;

	for (size_t i = 0; i < n; i++) {
		uint8_t b = f[i];

		if (i == 0)
			b = negative ? (uint8_t)(b | 0x80) : (uint8_t)(b & 0x7f);
		/* the byte that is shifted out must be sign only */
		if ((v >> 56) != (negative ? 0xff : 0))
			return -EPROTO;
		v = (v << 8) | b;
	}
	if ((v >> 63) != (negative ? 1 : 0))
		return -EPROTO;
	*ret = (int64_t)v;
	return 0;
}

int tar_number_parse(const char *field, size_t n, int64_t *ret)
{
	uint64_t v = 0;
	size_t i = 0;

	if ((uint8_t)field[0] & 0x80)
		return parse_base256((const uint8_t *)field, n, ret);
	while (i < n && (field[i] == ' ' || field[i] == 0))
		i++;
	while (n > i && (field[n - 1] == ' ' || field[n - 1] == 0))
		n--;
	for (; i < n && field[i]; i++) {
		if (field[i] < '0' || field[i] > '7' || v >> 60)
			return -EPROTO;
		v = (v << 3) | (uint64_t)(field[i] - '0');
	}
	*ret = (int64_t)v;
	return 0;
}

void tar_number_write(char *field, size_t n, int64_t value)
{
	uint64_t v = (uint64_t)value;

	if (value >= 0 && (n > 21 || v >> (3 * (n - 1)) == 0)) {
		field[n - 1] = 0;
		for (size_t i = n - 1; i-- > 0; v >>= 3)
			field[i] = (char)('0' + (v & 7));
		return;
	}
	for (size_t i = n; i-- > 0;) {
		field[i] = (char)(v & 0xff);
		v = (uint64_t)((int64_t)v >> 8);
	}
	field[0] = (char)((uint8_t)field[0] | 0x80);
}

unsigned tar_checksum(const uint8_t *block, int64_t *ret_signed)
{
	const size_t from = offsetof(struct tar_header, checksum), to = from + 8;
	unsigned sum = 0;
	int64_t s = 0;

	for (size_t i = 0; i < TAR_BLOCK_SIZE; i++) {
		uint8_t b = i >= from && i < to ? ' ' : block[i];

		sum += b;
		s += (int8_t)b;
	}
	if (ret_signed)
		*ret_signed = s;
	return sum;
}
