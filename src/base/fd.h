/* SPDX-License-Identifier: Apache-2.0 */
/* File descriptors: close-on-exec at birth, -1 when empty, whole reads and writes, passing over unix sockets. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/macros.h"

/* Closes fd >= 0 and keeps errno; returns -1 to be assigned back. */
int fd_close(int fd);
static inline void fd_close_p(int *fd)
{
	fd_close(*fd);
}
#define _cleanup_close_ _cleanup_(fd_close_p)

/* All n bytes or -errno. EINTR is retried; EAGAIN waits. */
int fd_write_full(int fd, const void *p, size_t n);
/* Bytes read, less than n only at EOF, or -errno. */
ssize_t fd_read_full(int fd, void *p, size_t n);
int fd_set_nonblock(int fd, bool on);
int fd_set_cloexec(int fd, bool on);
/* A duplicate with close-on-exec, number >= 3; -errno. */
int fd_dup(int fd);
/* Copies until EOF or max bytes; bytes copied or -errno (-EFBIG when more than max would come). */
int64_t fd_copy(int from, int to, int64_t max);

/* A memfd sealed against writing, growing and shrinking that holds n bytes, at offset 0; -errno. */
int fd_memfd_sealed(const char *name, const void *p, size_t n);

#define FD_PASS_MAX 8
/* One message with up to FD_PASS_MAX descriptors; bytes sent or -errno. Sends without SIGPIPE. */
ssize_t fd_send(int sock, const void *p, size_t n, const int *fds, size_t n_fds);
/* One message; received descriptors are close-on-exec and owned by the caller; *n_fds is in: room, out: count.
 * Bytes (0 at EOF) or -errno; -EMSGSIZE when the message did not fit (its descriptors are closed). */
ssize_t fd_recv(int sock, void *p, size_t n, int *fds, size_t *n_fds);

/* pidfd_open(2); -errno. */
int pidfd_open_pid(pid_t pid);
int pidfd_signal(int pidfd, int sig);
