/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files below a pinned directory (rules D1, D22, D23). Every path that an image, container, client or archive had a
 * hand in is resolved once, by openat2(2), from a directory descriptor; afterwards only descriptors are used.
 * All functions return -errno; descriptors are close-on-exec.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/strbuf.h"

enum root_how {
	ROOT_IN,      /* RESOLVE_IN_ROOT: absolute links and ".." stay inside, as in a chroot */
	ROOT_BENEATH, /* RESOLVE_BENEATH: leaving is an error */
	ROOT_NO_LINKS /* RESOLVE_BENEATH and no symbolic link in any component */
};

/* openat2 with RESOLVE_NO_MAGICLINKS always. flags as open(2); O_CLOEXEC is added. */
int root_open(int rootfd, const char *path, enum root_how how, int flags, mode_t mode);
/* The directory, made with its parents (mode, current ids) where missing; O_PATH|O_DIRECTORY. */
int root_mkdir_p(int rootfd, const char *path, enum root_how how, mode_t mode);
/* Parent directory (O_PATH) and last component of path, for *at calls. `ret_name` points into path.
 * -EINVAL when the path has no name ("/", "..", "."). */
int root_open_parent(int rootfd, const char *path, enum root_how how, const char **ret_name);
/* Opens O_PATH, checks that it is a regular file, then reopens with flags: never blocks on a FIFO or device. */
int root_open_regular(int rootfd, const char *path, enum root_how how, int flags);
/* Whole regular file of at most max bytes appended to sb; -EFBIG past it. */
int root_read_file(int rootfd, const char *path, enum root_how how, size_t max, struct strbuf *sb);

/* Trusted, engine-owned paths. */
int dir_open(const char *path);               /* O_RDONLY|O_DIRECTORY */
int dir_open_at(int dirfd, const char *name); /* same, no link followed */
int mkdir_p(const char *path, mode_t mode);   /* absolute or relative, existing is fine */
int path_read_file(const char *path, size_t max, struct strbuf *sb);
bool path_exists(const char *path);
/* Removes name and all below it by descriptor: no link followed, no mount crossed, any depth. -ENOENT is success. */
int rm_rf_at(int dirfd, const char *name);
/* dir/name joined, owned. */
char *path_join(const char *dir, const char *name);
/* Lexical clean-up as Go's path.Clean: no ".", "..", "//" where they can be resolved. Owned. */
char *path_clean(const char *path);
