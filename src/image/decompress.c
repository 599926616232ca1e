/* SPDX-License-Identifier: Apache-2.0 */
/* See decompress.h. */
#include "image/decompress.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <zstd.h>

#include "base/mem.h"
#include "image/decompress_priv.h"

#define IN_SIZE    (256 * 1024)
#define OUT_SIZE   (512 * 1024)
#define MAGIC_SIZE 6
/* zstd may ask for windows of GiB; what encoders make without --ultra --long fits in this */
#define ZSTD_WINDOW_LOG 27

enum kind { KIND_UNKNOWN, KIND_PLAIN, KIND_GZIP, KIND_ZSTD };

struct decompress {
	byte_source source;
	void *arg;
	int64_t max, in_bytes, out_bytes;
	enum kind kind;
	uint8_t *in, *out;
	size_t at, have;
	bool in_ended, member_ended, member_begun, done;
	struct gunzip *gz;
	ZSTD_DStream *zs;
	char error[128];
};

struct decompress *decompress_new(byte_source source, void *arg, int64_t max_bytes)
{
	struct decompress *d = xnew(struct decompress);

	d->source = source;
	d->arg = arg;
	d->max = max_bytes;
	d->in = xmalloc(IN_SIZE);
	return d;
}

void decompress_free(struct decompress *d)
{
	if (!d)
		return;
	gunzip_free(d->gz);
	ZSTD_freeDStream(d->zs);
	free(d->in);
	free(d->out);
	free(d);
}

const char *decompress_error(const struct decompress *d)
{
	return *d->error ? d->error : "the stream cannot be read";
}

bool decompress_failed(const struct decompress *d)
{
	return *d->error;
}

int64_t decompress_out_bytes(const struct decompress *d)
{
	return d->out_bytes;
}

static int fail(struct decompress *d, int err, const char *what)
{
	(void)snprintf(d->error, sizeof(d->error), "%s", what);
	d->done = true;
	return err;
}

/* Gets input when there is none; 1 when there is some, 0 at its end. */
static int refill(struct decompress *d)
{
	ssize_t n;

	if (d->at < d->have)
		return 1;
	if (d->in_ended)
		return 0;
	n = d->source(d->arg, d->in, IN_SIZE);
	if (n < 0)
		return fail(d, (int)n, "the stream cannot be read");
	d->in_ended = n == 0;
	d->at = 0;
	d->have = (size_t)n;
	d->in_bytes += n;
	return n > 0;
}

static bool begins(const struct decompress *d, const char *magic, size_t n)
{
	return d->have >= n && memcmp(d->in, magic, n) == 0;
}

static int detect(struct decompress *d)
{
	while (d->have < MAGIC_SIZE && !d->in_ended) {
		ssize_t n = d->source(d->arg, d->in + d->have, IN_SIZE - d->have);

		if (n < 0)
			return fail(d, (int)n, "the stream cannot be read");
		d->in_ended = n == 0;
		d->have += (size_t)n;
		d->in_bytes += n;
	}
	if (begins(d, "BZh", 3))
		return fail(d, -EOPNOTSUPP, "bzip2 compression is not supported: use gzip, zstd or none");
	if (begins(d,
		   "\xfd"
		   "7zXZ\0",
		   6))
		return fail(d, -EOPNOTSUPP, "xz compression is not supported: use gzip, zstd or none");
	d->kind = KIND_PLAIN;
	if (begins(d, "\x1f\x8b\x08", 3)) {
		d->kind = KIND_GZIP;
		d->gz = gunzip_new();
	} else if (begins(d, "\x28\xb5\x2f\xfd", 4) ||
		   (d->have >= 4 && (d->in[0] & 0xf0) == 0x50 && memcmp(d->in + 1, "\x2a\x4d\x18", 3) == 0)) {
		d->kind = KIND_ZSTD;
		d->zs = ZSTD_createDStream();
		ASSERT(d->zs && !ZSTD_isError(ZSTD_DCtx_setParameter(d->zs, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG)));
	}
	if (d->kind != KIND_PLAIN)
		d->out = xmalloc(OUT_SIZE);
	return 0;
}

/* Zeroes behind the last member are padding of some writers; anything else is a member or damage. */
static int rest_is_zero(struct decompress *d)
{
	for (int r; (r = refill(d)) != 0; d->at++) {
		if (r < 0)
			return r;
		if (d->in[d->at])
			return 0;
	}
	return 1;
}

static ssize_t next_gzip(struct decompress *d)
{
	for (;;) {
		size_t in, out = OUT_SIZE;
		int r = refill(d);

		if (r < 0)
			return r;
		if (r == 0 && !d->member_begun)
			return 0;
		if (!d->member_begun && d->member_ended && !d->in[d->at]) {
			r = rest_is_zero(d);
			return r == 1  ? 0
			       : r < 0 ? r
				       : fail(d, -EPROTO, "the gzip stream has something behind its end");
		}
		d->member_begun = true;
		in = d->have - d->at;
		r = gunzip_step(d->gz, d->in + d->at, &in, d->out, &out);
		if (r < 0)
			return fail(d, -EPROTO, "the gzip stream is damaged");
		if (r == 0 && out == 0 && in == d->have - d->at && d->in_ended)
			return fail(d, -EPROTO, "the gzip stream is cut off");
		d->at = d->have - in;
		if (r == 1) {
			gunzip_reset(d->gz);
			d->member_begun = false;
			d->member_ended = true;
		}
		if (out)
			return (ssize_t)out;
	}
}

static ssize_t next_zstd(struct decompress *d)
{
	for (;;) {
		ZSTD_outBuffer out = {.dst = d->out, .size = OUT_SIZE};
		ZSTD_inBuffer in;
		size_t left;
		int r = refill(d);

		if (r < 0)
			return r;
		if (r == 0 && !d->member_begun)
			return 0;
		in = (ZSTD_inBuffer){.src = d->in + d->at, .size = d->have - d->at};
		left = ZSTD_decompressStream(d->zs, &out, &in);
		if (ZSTD_isError(left))
			return fail(d, -EPROTO, "the zstd stream is damaged");
		if (r == 0 && out.pos == 0)
			return fail(d, -EPROTO, "the zstd stream is cut off");
		d->at += in.pos;
		d->member_begun = left != 0;
		if (out.pos)
			return (ssize_t)out.pos;
	}
}

static ssize_t next_plain(struct decompress *d, const uint8_t **p)
{
	int r = refill(d);

	if (r <= 0)
		return r;
	*p = d->in + d->at;
	r = (int)(d->have - d->at);
	d->at = d->have;
	return r;
}

ssize_t decompress_next(struct decompress *d, const uint8_t **p)
{
	ssize_t n;
	int r;

	if (d->done)
		return *d->error ? -EPROTO : 0;
	if (d->kind == KIND_UNKNOWN && (r = detect(d)) < 0)
		return r;
	if (d->kind == KIND_PLAIN) {
		n = next_plain(d, p);
	} else {
		n = d->kind == KIND_GZIP ? next_gzip(d) : next_zstd(d);
		*p = d->out;
	}
	if (n <= 0) {
		d->done = true;
		return n;
	}
	d->out_bytes += n;
	if (d->out_bytes > d->max)
		return fail(d, -EFBIG, "it holds more than fits here");
	if (d->kind != KIND_PLAIN && d->out_bytes > IMAGE_BOMB_BYTES && d->out_bytes / IMAGE_BOMB_RATIO > d->in_bytes)
		return fail(d, -EFBIG, "it unpacks to many times its size: a decompression bomb");
	return n;
}
