/* SPDX-License-Identifier: Apache-2.0 */
/* Every size that comes from outside has its cap here (rule D8). Bytes unless the name says otherwise. */
#pragma once

/* HTTP */
#define LIMIT_HTTP_HEAD            (64 * 1024) /* request line and headers together */
#define LIMIT_HTTP_HEADERS         128         /* header fields */
#define LIMIT_HTTP_CHUNK_LINE      1024
#define LIMIT_HTTP_CONNS           4096
#define LIMIT_HTTP_HEAD_TIMEOUT_MS 10000
#define LIMIT_API_BODY             (4 * 1024 * 1024) /* a JSON body */

/* JSON */
#define LIMIT_JSON_DEPTH 64

/* Images */
#define LIMIT_MANIFEST       (4 * 1024 * 1024)
#define LIMIT_IMAGE_CONFIG   (8 * 1024 * 1024)
#define LIMIT_INDEX_CHILDREN 1000
#define LIMIT_LAYERS         127 /* of one image, as overlayfs and Docker take them */
#define LIMIT_REFERENCE      512
#define LIMIT_TAR_PATH       4096
#define LIMIT_TAR_PAX        (1024 * 1024)
#define LIMIT_TAR_SPARSE     65536   /* map entries */
#define LIMIT_LAYER_ENTRIES  5000000 /* of one layer */
#define LIMIT_LAYER_BYTES    (64LL * 1024 * 1024 * 1024)

/* Containers */
#define LIMIT_PASSWD_FILE  (1024 * 1024)
#define LIMIT_PASSWD_LINE  (64 * 1024)
#define LIMIT_CPUSET       8192 /* highest cpu or node number + 1 */
#define LIMIT_RUNTIME_SPEC (16 * 1024 * 1024)
#define LIMIT_LOG_LINE     (16 * 1024) /* a longer line is split */
#define LIMIT_MONITOR_MSG  (64 * 1024)
#define LIMIT_EXECS        4096 /* remembered exec sessions of one container */
