/* SPDX-License-Identifier: Apache-2.0 */
/* The one door for durable writes (rule D17). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Replaces dirfd/name by a file of n bytes: temporary file, write, fsync, rename, fsync of the directory.
 * After a crash the old or the new content is there, whole. -errno. */
int file_replace(int dirfd, const char *name, const void *p, size_t n, mode_t mode);
/* The same without the two fsyncs, for state that a reboot ends anyway (run directory). */
int file_replace_volatile(int dirfd, const char *name, const void *p, size_t n, mode_t mode);
/* fsync of file and directory behind an open file that was renamed in by the caller. */
int file_sync_dir(int dirfd);
/* Takes an exclusive flock on path (made with mode 0600) and writes our pid; the descriptor holds the lock.
 * -EWOULDBLOCK when another process has it. */
int file_lock(const char *path);
