/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The documents that tie an image together: OCI (and Docker schema 2) manifests and indexes, and the manifest.json of a
 * docker-archive. A document that could be read as two kinds is refused (rule D21); all counts and sizes are capped.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strbuf.h"

#define MEDIA_OCI_INDEX       "application/vnd.oci.image.index.v1+json"
#define MEDIA_OCI_MANIFEST    "application/vnd.oci.image.manifest.v1+json"
#define MEDIA_OCI_CONFIG      "application/vnd.oci.image.config.v1+json"
#define MEDIA_OCI_LAYER       "application/vnd.oci.image.layer.v1.tar"
#define MEDIA_OCI_LAYER_GZIP  MEDIA_OCI_LAYER "+gzip"
#define MEDIA_OCI_LAYER_ZSTD  MEDIA_OCI_LAYER "+zstd"
#define MEDIA_DOCKER_LIST     "application/vnd.docker.distribution.manifest.list.v2+json"
#define MEDIA_DOCKER_MANIFEST "application/vnd.docker.distribution.manifest.v2+json"
#define MEDIA_DOCKER_CONFIG   "application/vnd.docker.container.image.v1+json"

#define ANNOTATION_REF_NAME   "org.opencontainers.image.ref.name"
#define ANNOTATION_IMAGE_NAME "io.containerd.image.name"

struct descriptor {
	char *media_type;
	char *digest;                      /* checked */
	int64_t size;                      /* >= 0 */
	char *os, *architecture, *variant; /* of "platform", or NULL */
	char *ref_name, *image_name;       /* annotations, or NULL */
};
void descriptor_done(struct descriptor *d);

enum manifest_kind { MANIFEST_IMAGE, MANIFEST_INDEX };

struct manifest {
	enum manifest_kind kind;
	char *media_type;         /* as the document says, or what its form means */
	struct descriptor config; /* of an image */
	struct descriptor *items; /* its layers, bottom first, or the index's children */
	size_t n;
};
void manifest_done(struct manifest *m);
/* At most LIMIT_MANIFEST bytes, LIMIT_LAYERS layers, LIMIT_INDEX_CHILDREN children. media_type: what the descriptor
 * that led here said, or NULL; it must agree. */
int manifest_parse(const char *text, size_t n, const char *media_type, struct manifest *ret, struct err *e);
/* The canonical OCI manifest of an image (kind MANIFEST_IMAGE): the same input gives the same bytes. */
void manifest_write(const struct manifest *m, struct strbuf *out);

/* One entry of a docker-archive's manifest.json; paths are names inside the archive, cleaned and relative. */
struct archive_image {
	char *config;
	char **tags;
	char **layers;
};
struct archive_manifest {
	struct archive_image *images;
	size_t n;
};
void archive_manifest_done(struct archive_manifest *m);
int archive_manifest_parse(const char *text, size_t n, struct archive_manifest *ret, struct err *e);

static inline void manifest_done_p(struct manifest *m)
{
	manifest_done(m);
}
#define _cleanup_manifest_ _cleanup_(manifest_done_p)
