/* SPDX-License-Identifier: Apache-2.0 */
/* Layout of the 512-byte header (POSIX.1-2017 pax, GNU tar's tar.h), for this folder only. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tar_header {
	char name[100];
	char mode[8];
	char uid[8];
	char gid[8];
	char size[12];
	char mtime[12];
	char checksum[8];
	char type;
	char link[100];
	char magic[6];
	char version[2];
	char uname[32];
	char gname[32];
	char dev_major[8];
	char dev_minor[8];
	char prefix[155];
	char pad[12];
};

/* GNU's use of the bytes from `prefix` on. */
struct tar_gnu_extent {
	char offset[12];
	char size[12];
};
#define TAR_GNU_SPARSE_AT    386 /* four extents */
#define TAR_GNU_SPARSE_N     4
#define TAR_GNU_EXTENDED_AT  482
#define TAR_GNU_REALSIZE_AT  483
#define TAR_GNU_EXT_N        21 /* extents of an extension block */
#define TAR_GNU_EXT_MORE_AT  504
#define TAR_STAR_TRAILER_AT  508 /* "tar\0" */
#define TAR_STAR_PREFIX_SIZE 131

/* Octal or base-256; -EPROTO for anything else or what int64_t cannot hold. */
int tar_number_parse(const char *field, size_t n, int64_t *ret);
/* Octal with a closing NUL when it fits, else base-256. */
void tar_number_write(char *field, size_t n, int64_t value);
unsigned tar_checksum(const uint8_t *block, int64_t *ret_signed);

/* Pax records, and what they say about the entry that follows (pax.c). */
struct tar_pax {
	char *path, *linkpath, *uname, *gname;
	bool has_size, has_uid, has_gid, has_mtime;
	int64_t size, uid, gid, mtime_s;
	uint32_t mtime_ns;
	struct tar_xattr *xattrs;
	size_t n_xattrs;
	/* GNU.sparse.* */
	bool sparse;
	int64_t sparse_major, sparse_minor, real_size;
	bool has_real_size;
	char *sparse_name, *sparse_map;
	struct tar_extent *map; /* of format 0.0 */
	size_t n_map, n_numbytes;
};
void tar_pax_done(struct tar_pax *p);
/* 0, -EPROTO, -E2BIG; records of an earlier header stay unless they come again. */
int tar_pax_parse(struct tar_pax *p, const char *text, size_t n);
/* "offset,size,offset,size"; 0, -EPROTO, -E2BIG. */
int tar_sparse_map_parse(const char *text, struct tar_extent **ret, size_t *ret_n);
