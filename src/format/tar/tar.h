/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tar as data: a reader of ustar, pax, GNU (long names, base-256, sparse) and v7 archives, and a writer of header
 * bytes. No system calls: input comes in chunks by a callback and is handed on without a copy. Made for hostile input:
 * every size is capped (base/limits.h), an entry is given only when its header is consistent. What GNU tar and Go's
 * archive/tar read differently is read as Go does, since Docker's users know that. One thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/macros.h"
#include "base/strbuf.h"

#define TAR_BLOCK_SIZE 512

enum tar_type { TAR_REGULAR, TAR_DIRECTORY, TAR_SYMLINK, TAR_HARDLINK, TAR_CHAR, TAR_BLOCK, TAR_FIFO };

struct tar_xattr {
	char *name; /* "security.capability" */
	char *value;
	size_t len;
};

struct tar_extent {
	int64_t offset, size;
};

struct tar_entry {
	enum tar_type type;
	char *name;    /* as written: may be absolute, hold "..", end in a slash; never empty, no NUL */
	char *link;    /* target of a symbolic or hard link, else NULL */
	uint32_t mode; /* permission bits, 07777 */
	int64_t uid, gid;
	char *uname, *gname;
	int64_t size; /* of the file, holes included */
	int64_t mtime_s;
	uint32_t mtime_ns;
	int64_t dev_major, dev_minor;
	struct tar_xattr *xattrs;
	size_t n_xattrs;
	bool sparse; /* map says where the data is; sorted, no overlap, inside size */
	struct tar_extent *map;
	size_t n_map;
};
void tar_entry_done(struct tar_entry *t);

/* The next piece of the archive: its length with *p set (valid until the next call), 0 at the end, -errno. */
typedef ssize_t (*tar_fill)(void *arg, const uint8_t **p);

struct tar_reader;
struct tar_reader *tar_reader_new(tar_fill fill, void *arg);
void tar_reader_free(struct tar_reader *r);
/* 1: *ret is the next entry, valid until the next call (data left over of the last one is passed over); 0: end of
 * archive; -EPROTO: a bad archive; -E2BIG: a cap was passed; other -errno came from fill. */
int tar_next(struct tar_reader *r, const struct tar_entry **ret);
/* The next piece of the entry's data and the offset in the file where it goes; bytes, 0 at its end, or as tar_next. */
ssize_t tar_data(struct tar_reader *r, const uint8_t **p, int64_t *ret_offset);
/* What was wrong, for -EPROTO and -E2BIG; a constant text. */
const char *tar_reader_error(const struct tar_reader *r);
/* Takes all input behind the end, as a digest over the whole stream needs. 0 or -errno. */
int tar_drain(struct tar_reader *r);

DEFINE_CLEANUP(struct tar_reader, tar_reader_free)

/* --- writing --- */

/* Appends the header block(s) of an entry: ustar, with a pax header before it for what ustar cannot say. Its data, of
 * t->size bytes for a regular file, and the padding follow. Sparse files are not written. */
void tar_write_header(struct strbuf *out, const struct tar_entry *t);
/* Zeroes after size bytes of data: 0..511. */
size_t tar_padding(int64_t size);
/* The two blocks at the end. */
void tar_write_end(struct strbuf *out);
