/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The image configuration (OCI image-spec config.md, and Docker's additions to it): what an image is made of and what
 * containers made from it inherit. Read from the blob whose digest is the image's id; the exact bytes are kept.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strbuf.h"
#include "format/json/json.h"

struct image_healthcheck { /* durations in nanoseconds; 0: inherit or default */
	char **test;       /* {"NONE"}, {"CMD", ...}, {"CMD-SHELL", text}; empty: inherit */
	int64_t interval, timeout, start_period, start_interval, retries;
};
extern const struct json_field image_healthcheck_fields[];

/* "config" of the blob: what `docker inspect IMAGE` shows as Config. */
struct image_run_config {
	char *user;
	struct json_kv exposed_ports; /* "80/tcp": {} */
	char **env;
	char **entrypoint;
	char **cmd;
	struct json_kv volumes; /* "/data": {} */
	char *working_dir;
	struct json_kv labels;
	char *stop_signal;
	struct image_healthcheck *healthcheck; /* NULL: none given */
	char **shell;
	char **on_build;
	bool args_escaped;
};
extern const struct json_field image_run_config_fields[];

struct image_history {
	char *created; /* as written, or NULL */
	char *created_by;
	char *author;
	char *comment;
	bool empty_layer;
};
extern const struct json_field image_history_fields[];

struct image_config {
	char *created;      /* RFC3339 as written, or NULL */
	int64_t created_ns; /* 0 when not given */
	char *author;
	char *architecture, *os, *variant, *os_version;
	char **os_features;
	char *docker_version, *comment; /* Docker's own */
	char *parent;
	struct image_run_config config;
	char **diff_ids;           /* rootfs.diff_ids, bottom first, each checked */
	struct json_array history; /* struct image_history, oldest first */
	char *text;                /* the exact blob */
	size_t text_len;
};

/* Reads a blob of at most LIMIT_IMAGE_CONFIG bytes with at most LIMIT_LAYERS layers; diff ids are valid digests, the
 * non-empty history entries, when there is a history, are as many as the layers. ret need not be initialised. */
int image_config_parse(const char *text, size_t n, struct image_config *ret, struct err *e);
void image_config_done(struct image_config *c);

/* For those who make images (import, commit, build): writes the canonical JSON of c (text is not used). */
void image_config_write(const struct image_config *c, struct strbuf *out);

/* The platform as "linux/arm64/v8". Owned. */
char *image_config_platform(const struct image_config *c);
/* Is it of this platform ("linux/arm64", "linux/arm64/v8")? NULL and "" fit all; what platform leaves out is not asked
 * for. */
bool image_config_fits(const struct image_config *c, const char *platform);
bool platform_fits(const char *have, const char *wanted);
/* This machine's, as images call it: "amd64". */
const char *platform_host_architecture(void);

static inline const struct image_history *image_history_at(const struct image_config *c, size_t i)
{
	return (const struct image_history *)c->history.items + i;
}
