/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hull-worker: one sandboxed process per job that touches bytes from outside. This header is the whole protocol
 * between it and the daemon (image/worker_client.c).
 *
 *   hull-worker unpack MAX_BYTES MAX_ENTRIES   a layer (tar, plain or compressed) becomes the tree of the target
 * directory hull-worker load MAX_BYTES PLATFORM        an image archive becomes files f0, f1, .. in the target
 * directory, and a plan
 *
 * Descriptors: WORKER_IN the stream, WORKER_DIR the target directory, WORKER_REPORT an empty memfd for the report: one
 * JSON object. {"error":"text","kind":"invalid"} when the job failed; else, of unpack:
 *   {"diff_id":"sha256:..","diff_size":N,"size":N,"entries":N,"opaque":[DIR,..]}   DIR: a name in hex, since names need
 * not be text and of load:
 *   {"images":[{"tags":["busybox:latest"],"config":FILE,"manifest":FILE or null,"layers":[FILE,..]}]}
 * with FILE {"file":"f3","digest":"sha256:.." or "","size":N or -1}: what the archive claims of it. The daemon believes
 * none of it: it hashes every file itself before it is used. Exit code 0: the report is whole; anything else: it died.
 */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/strbuf.h"

#define WORKER_IN         3
#define WORKER_DIR        4
#define WORKER_REPORT     5
#define WORKER_REPORT_MAX (32 * 1024 * 1024)

#define WORKER_LIMIT_MEMBERS 100000 /* files of an image archive */
#define WORKER_LIMIT_DOCS    256    /* manifests and indexes read of one archive */

/* The jobs, inside the sandbox; the report is written to out. */
int worker_unpack(int in, int dirfd, int64_t max_bytes, int64_t max_entries, struct strbuf *out, struct err *e);
int worker_load(int in, int dirfd, int64_t max_bytes, const char *platform, struct strbuf *out, struct err *e);
