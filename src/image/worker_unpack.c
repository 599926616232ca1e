/* SPDX-License-Identifier: Apache-2.0 */
/* The worker's job `unpack`: one pass over a layer that hashes and unpacks it. See worker.h. */
#include <errno.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/sha256.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "format/json/json.h"
#include "format/oci/digest.h"
#include "image/decompress.h"
#include "image/unpack.h"
#include "image/worker.h"

struct layer_stream {
	int fd;
	struct decompress *d;
	struct sha256 *hash;
};

static ssize_t read_in(void *arg, void *p, size_t n)
{
	struct layer_stream *s = arg;
	ssize_t r;

	do
		r = read(s->fd, p, n);
	while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : r;
}

static ssize_t fill(void *arg, const uint8_t **p)
{
	struct layer_stream *s = arg;
	ssize_t n = decompress_next(s->d, p);

	if (n > 0)
		sha256_add(s->hash, *p, (size_t)n);
	return n;
}

static int run(struct layer_stream *s, int dirfd, const struct unpack_limits *limits, struct unpack_result *r,
	       struct err *e)
{
	_cleanup_(tar_reader_free_p) struct tar_reader *tar = tar_reader_new(fill, s);
	int rc = unpack_layer(tar, dirfd, limits, r, e);

	if (rc == 0 && tar_drain(tar) < 0)
		rc = err_set(e, ERR_INVALID, "the archive cannot be read");
	/* the stream's own trouble is the cause, whatever the tar reader made of it */
	if (rc < 0 && decompress_failed(s->d))
		err_set(e, ERR_INVALID, "%s", decompress_error(s->d));
	return rc;
}

int worker_unpack(int in, int dirfd, int64_t max_bytes, int64_t max_entries, struct strbuf *out, struct err *e)
{
	_cleanup_(sha256_free_p) struct sha256 *hash = sha256_new();
	struct layer_stream s = {.fd = in, .hash = hash};
	_cleanup_(decompress_free_p) struct decompress *d = s.d = decompress_new(read_in, &s, max_bytes);
	const struct unpack_limits limits = {.bytes = max_bytes, .entries = max_entries};
	struct unpack_result r = {0};
	char hex[SHA256_HEX_SIZE], digest[DIGEST_MAX];
	struct json_writer w;

	if (run(&s, dirfd, &limits, &r, e) < 0)
		return -1;
	sha256_finish_hex(hash, hex);
	digest_from_hex(hex, digest);
	json_writer_init(&w, out);
	json_object_begin(&w);
	json_kstr(&w, "diff_id", digest);
	json_kint(&w, "diff_size", decompress_out_bytes(d));
	json_kint(&w, "size", r.bytes);
	json_kint(&w, "entries", r.entries);
	json_key(&w, "opaque");
	json_array_begin(&w);
	STRV_FOREACH (dir, r.opaque) {
		_cleanup_free_ char *hex_name = xmalloc(2 * strlen(*dir) + 1);

		hex_encode((const uint8_t *)*dir, strlen(*dir), hex_name);
		json_str(&w, hex_name);
	}
	json_array_close(&w);
	json_object_close(&w);
	unpack_result_done(&r);
	return 0;
}
