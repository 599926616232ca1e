/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A layer's tar becomes a directory as overlayfs wants it: whiteouts are 0:0 devices; opaque directories are only
 * reported, since their mark (trusted.overlay.opaque) takes a privilege that the worker does not have. Runs in the
 * worker, its root directory being the target; still, all names are resolved below a descriptor of it.
 */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "format/tar/tar.h"

struct unpack_limits {
	int64_t bytes; /* of file data */
	int64_t entries;
};

struct unpack_result {
	int64_t bytes; /* data of its files, as Docker counts a layer's size */
	int64_t entries;
	char **opaque; /* directories, relative to the root; "." is the root itself; each once */
};
void unpack_result_done(struct unpack_result *r);

int unpack_layer(struct tar_reader *tar, int rootfd, const struct unpack_limits *limits, struct unpack_result *ret,
		 struct err *e);
