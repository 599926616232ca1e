/* SPDX-License-Identifier: Apache-2.0 */
/* The chunked decoder (RFC 9112, section 7.1): CRLF only, bounded size lines and trailers, which are read and dropped.
 */
#include <errno.h>
#include <string.h>

#include "base/macros.h"
#include "format/http/message.h"

enum chunk_state {
	CHUNK_SIZE,    /* hex digits */
	CHUNK_EXT,     /* the rest of the size line */
	CHUNK_SIZE_LF, /* its LF */
	CHUNK_DATA,
	CHUNK_DATA_CR,
	CHUNK_DATA_LF,
	CHUNK_TRAILER,    /* first byte of a trailer line */
	CHUNK_TRAILER_IN, /* inside one */
	CHUNK_TRAILER_LF,
	CHUNK_LAST_LF, /* of the empty line */
	CHUNK_END,
};

#define TRAILERS_MAX (8 * LIMIT_HTTP_CHUNK_LINE)

void http_chunked_init(struct http_chunked *c)
{
	*c = (struct http_chunked){.state = CHUNK_SIZE};
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static int size_byte(struct http_chunked *c, char b)
{
	int digit = hex_digit(b);

	if (digit >= 0) {
		if (c->left >> 59) /* the next digit would pass INT64_MAX */
			return -EPROTO;
		c->left = c->left * 16 + (unsigned)digit;
		return ++c->line > 16 ? -EPROTO : 0;
	}
	if (c->line == 0)
		return -EPROTO;
	if (b == '\r')
		c->state = CHUNK_SIZE_LF;
	else if (b == ';' || b == ' ' || b == '\t')
		c->state = CHUNK_EXT;
	else
		return -EPROTO;
	return 0;
}

/* A byte of text that ends at CR: no other control but HT. */
static int text_byte(struct http_chunked *c, char b, enum chunk_state after_cr, size_t max)
{
	if (++c->line > max)
		return -EPROTO;
	if (b == '\r')
		c->state = (int)after_cr;
	else if (((unsigned char)b < 0x20 && b != '\t') || b == 0x7f)
		return -EPROTO;
	return 0;
}

static int expect_byte(struct http_chunked *c, char b, char wanted, enum chunk_state next)
{
	if (b != wanted)
		return -EPROTO;
	c->state = (int)next;
	return 0;
}

static int framing_byte(struct http_chunked *c, char b)
{
	switch ((enum chunk_state)c->state) {
	case CHUNK_SIZE:
		return size_byte(c, b);
	case CHUNK_EXT:
		return text_byte(c, b, CHUNK_SIZE_LF, LIMIT_HTTP_CHUNK_LINE);
	case CHUNK_SIZE_LF:
		c->line = 0;
		return expect_byte(c, b, '\n', c->left ? CHUNK_DATA : CHUNK_TRAILER);
	case CHUNK_DATA_CR:
		return expect_byte(c, b, '\r', CHUNK_DATA_LF);
	case CHUNK_DATA_LF:
		c->line = 0;
		return expect_byte(c, b, '\n', CHUNK_SIZE);
	case CHUNK_TRAILER:
		if (b == '\r') {
			c->state = CHUNK_LAST_LF;
			return 0;
		}
		c->state = CHUNK_TRAILER_IN;
		return text_byte(c, b, CHUNK_TRAILER_LF, TRAILERS_MAX);
	case CHUNK_TRAILER_IN:
		return text_byte(c, b, CHUNK_TRAILER_LF, TRAILERS_MAX);
	case CHUNK_TRAILER_LF:
		return expect_byte(c, b, '\n', CHUNK_TRAILER);
	case CHUNK_LAST_LF:
		return expect_byte(c, b, '\n', CHUNK_END);
	case CHUNK_DATA:
	case CHUNK_END:
		break;
	}
	UNREACHABLE("chunk state");
}

int http_chunked_decode(struct http_chunked *c, const char *in, size_t *n_in, char *out, size_t *n_out)
{
	size_t at = 0, made = 0;
	int r = 0;

	while (r == 0 && c->state != CHUNK_END && at < *n_in) {
		if (c->state == CHUNK_DATA) {
			size_t n = MIN(*n_in - at, *n_out - made);

			if (n > c->left)
				n = (size_t)c->left;
			if (n == 0)
				break;
			memcpy(out + made, in + at, n);
			at += n;
			made += n;
			c->left -= n;
			if (c->left == 0)
				c->state = CHUNK_DATA_CR;
		} else {
			r = framing_byte(c, in[at++]);
		}
	}
	*n_in = at;
	*n_out = made;
	if (r < 0)
		return r;
	return c->state == CHUNK_END;
}

uint64_t http_chunked_run(const struct http_chunked *c)
{
	return c->state == CHUNK_DATA ? c->left : 0;
}

void http_chunked_took(struct http_chunked *c, uint64_t n)
{
	ASSERT(c->state == CHUNK_DATA && n <= c->left);
	c->left -= n;
	if (c->left == 0)
		c->state = CHUNK_DATA_CR;
}
