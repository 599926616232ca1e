/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What hulld and a supervisor (`hull-runtime monitor`) say to each other. hulld may die and come back at any time; the
 * supervisor and its container go on. docs/monitor-protocol.md tells the same as a story.
 *
 * Start: hulld spawns `hull-runtime monitor` with
 *   fd 3  SOCK_SEQPACKET socket pair: the first control connection
 *   fd 4  sealed memfd: the launch document (JSON, see struct monitor_launch)
 *   fd 5  the container's state directory (O_DIRECTORY), where the supervisor puts its listening socket `monitor.sock`
 *         (mode 0600) and, when the process has ended, the exit record `exit` (struct monitor_exit as JSON, written
 *         before EXITED is sent)
 *   fd 6  only when the log driver writes files: the container's log directory
 *   fd 7  only for execs: the state directory of the container. The container's supervisor keeps its OCI configuration
 * there
 *         (`config.json`), which has the seccomp filter that the exec gets, too
 * Then hulld may send ATTACH (clients that attached before the start), and START or ABORT. After START the supervisor
 * makes the container, answers STARTED (with the pidfd of the container's first process) and serves, or answers FAILED
 * and ends; it then closes clients without shutting their connection down, so that hulld can still write an error
 * through a descriptor it kept.
 * A later hulld connects to monitor.sock and says HELLO; any number of control connections may be open, SO_PEERCRED uid
 * must be the supervisor's own (rule D12).
 *
 * A message is one packet: struct monitor_msg, then `len` bytes of payload; descriptors ride on it. Even types are
 * requests of hulld, odd ones come from the supervisor; reply = request + 1; news (EXITED, OOM, DETACHED, ...) go to
 * every control connection, unasked. Integers are in host order: both ends are one machine and one build;
 * MONITOR_PROTOCOL_VERSION guards an upgrade, and a new hulld must speak all older versions (containers survive it).
 */
#pragma once

#include <stdint.h>

#define MONITOR_PROTOCOL_VERSION 1

#define MONITOR_FD_CONTROL   3
#define MONITOR_FD_LAUNCH    4
#define MONITOR_FD_STATE     5
#define MONITOR_FD_LOG       6
#define MONITOR_FD_CONTAINER 7

/* The environment to start a supervisor with. malloc's per-thread cache would keep chunks all over the heap, and with
 * them half of the pages that the start has used. */
#define MONITOR_ENV "GLIBC_TUNABLES=glibc.malloc.tcache_count=0"

#define MONITOR_SOCKET_NAME "monitor.sock"
#define MONITOR_EXIT_NAME   "exit"
#define MONITOR_CONFIG_NAME "config.json"

enum monitor_msg_type {
	/* no payload; reply: struct monitor_hello_reply, with the pidfd when the process runs. In state EXITED the
	 * news EXITED follows the reply. */
	MONITOR_HELLO = 2,
	MONITOR_HELLO_REPLY = 3,
	/* struct monitor_attach + leftover bytes already read from the client; one descriptor: the client's socket.
	 * The supervisor owns it from here on and closes it at the end. Reply: struct monitor_result. */
	MONITOR_ATTACH = 4,
	MONITOR_ATTACH_REPLY = 5,
	/* no payload; reply: STARTED or FAILED */
	MONITOR_START = 6,
	MONITOR_STARTED = 7, /* struct monitor_started + pidfd */
	/* no payload; before START only: the supervisor ends and leaves nothing */
	MONITOR_ABORT = 8,
	MONITOR_FAILED = 9, /* struct monitor_failed + text */
	/* struct monitor_resize; reply: struct monitor_result */
	MONITOR_RESIZE = 10,
	MONITOR_RESIZE_REPLY = 11,
	/* struct monitor_signal: to the first process; reply: struct monitor_result */
	MONITOR_SIGNAL = 12,
	MONITOR_SIGNAL_REPLY = 13,
	/* no payload: the stdin of the process is closed; reply: struct monitor_result */
	MONITOR_CLOSE_STDIN = 14,
	MONITOR_CLOSE_STDIN_REPLY = 15,
	/* no payload: the exit has been recorded by hulld, the supervisor may end (it also ends by itself once all
	 * output is drained, the exit record is written and no control connection has been open for 10 s). It removes
	 * its socket, then closes all control connections: from there on the state directory is not touched any more,
	 * though the process may stay until slow clients have read what is theirs. */
	MONITOR_RELEASE = 16,

	/* news */
	MONITOR_EXITED = 33,   /* struct monitor_exit */
	MONITOR_OOM = 35,      /* no payload: the kernel killed something of the container for memory */
	MONITOR_DETACHED = 37, /* struct monitor_detached: a client left by its detach keys */
	MONITOR_ROTATED = 39,  /* no payload, only with log_compress: a log file was rotated, hulld may compress it */
};

struct monitor_msg {
	uint32_t type; /* enum monitor_msg_type */
	uint32_t len;  /* payload bytes behind this struct */
};

enum monitor_attach_flags {
	MONITOR_ATTACH_STDIN = 1,
	MONITOR_ATTACH_STDOUT = 2,
	MONITOR_ATTACH_STDERR = 4,
	MONITOR_ATTACH_RAW = 8, /* no stdcopy framing (a terminal) */
};

#define MONITOR_DETACH_KEYS_MAX 32
struct monitor_attach {
	uint64_t client; /* hulld's number for this client, comes back in DETACHED */
	uint32_t flags;
	uint32_t n_keys; /* detach keys as bytes; 0: none are looked for */
	uint8_t keys[MONITOR_DETACH_KEYS_MAX];
};

struct monitor_hello_reply {
	uint32_t version;
	uint32_t state; /* enum monitor_state */
	int64_t started_ns;
	int32_t pid;  /* in hulld's pid namespace; 0 when not running */
	uint32_t oom; /* 1: MONITOR_OOM was seen */
};

enum monitor_state {
	MONITOR_STATE_READY,   /* before START */
	MONITOR_STATE_RUNNING, /* the process runs */
	MONITOR_STATE_EXITED,  /* ended; the exit record is written */
};

struct monitor_started {
	int32_t pid;
	int32_t reserved;
	int64_t started_ns; /* real time */
};

struct monitor_failed {
	int32_t exit_code; /* Docker's code for it: 126, 127 or 128 */
	int32_t errnum;
	/* the message, not NUL-terminated, follows */
};

struct monitor_resize {
	uint16_t rows, cols;
};

struct monitor_signal {
	int32_t signal;
};

struct monitor_result {
	int32_t errnum; /* 0 or a positive errno */
};

struct monitor_detached {
	uint64_t client;
};

struct monitor_exit {
	int32_t code; /* exit code, or 128 + signal */
	uint32_t oom; /* 1: killed for memory */
	int64_t finished_ns;
};
