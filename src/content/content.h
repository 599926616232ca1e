/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blobs by digest, as an OCI image layout below one directory (blobs/sha256/<hex>, oci-layout). A blob is visible only
 * when its bytes were verified against the digest asked for and synced (rule D21). Any thread, only the daemon opens
 * it: others get descriptors.
 */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/strbuf.h"
#include "format/oci/digest.h"

struct content;

int content_open(const char *root, struct content **ret, struct err *e);
void content_close(struct content *c);

bool content_has(struct content *c, const char *digest);
/* Read-only descriptor and size; ERR_NOT_FOUND names the digest. */
int content_get(struct content *c, const char *digest, int *ret_fd, int64_t *ret_size, struct err *e);
/* A whole small blob of at most max bytes, verified again while it is read. */
int content_read(struct content *c, const char *digest, size_t max, struct strbuf *ret, struct err *e);
int content_remove(struct content *c, const char *digest, struct err *e);
/* Calls fn for each blob; fn returns non-zero to stop. */
int content_each(struct content *c, int (*fn)(void *arg, const char *digest, int64_t size), void *arg, struct err *e);

/* Writing: bytes go to a temporary file; commit makes the blob visible, abort (or a crash) leaves nothing. */
struct content_writer;
int content_write_begin(struct content *c, struct content_writer **ret, struct err *e);
int content_write(struct content_writer *w, const void *p, size_t n, struct err *e);
/* expected NULL: any digest is right. Writes the digest to ret (may be NULL). Frees w in all cases. */
int content_write_commit(struct content_writer *w, const char *expected, int64_t expected_size, char ret[DIGEST_MAX],
			 struct err *e);
void content_write_abort(struct content_writer *w);
/* A blob from memory. */
int content_put(struct content *c, const void *p, size_t n, char ret[DIGEST_MAX], struct err *e);
/* Makes the plain file dirfd/name (same file system, no writer left) a blob: it is hashed here and renamed, not copied.
 * expected NULL and expected_size -1: anything is right. On failure the file stays. */
int content_adopt(struct content *c, int dirfd, const char *name, const char *expected, int64_t expected_size,
		  char ret[DIGEST_MAX], int64_t *ret_size, struct err *e);
