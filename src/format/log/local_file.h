/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The `local` log: compact, binary, keeps every byte. A record is
 *
 *   u32 len     bytes between the two lengths, little-endian
 *   i64 time    nanoseconds since 1970
 *   u8  stream  1 stdout, 2 stderr
 *   ... text
 *   u32 len     again, so that a file can be read from its end
 *
 * A file begins with LOCAL_FILE_MAGIC. Pure.
 */
#pragma once

#include "base/limits.h"
#include "base/strbuf.h"
#include "format/log/line.h"

#define LOCAL_FILE_MAGIC      "HULLLOG1"
#define LOCAL_FILE_MAGIC_LEN  8
#define LOCAL_FILE_OVERHEAD   (4 + 8 + 1 + 4)
#define LOCAL_FILE_RECORD_MAX (LOCAL_FILE_OVERHEAD + LIMIT_LOG_LINE)

void local_file_encode(struct strbuf *out, const struct log_line *l);
/* The record at the start of p. Its size; 0 when it is not complete; -EINVAL
 * when it is none. ret->text points into p. */
ssize_t local_file_decode(const void *p, size_t n, struct log_line *ret);
/* Size of the record that ends at p + n; 0 when more bytes before it are needed
 * (4 are enough); -EINVAL. */
ssize_t local_file_size_before(const void *p, size_t n);
