/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Images: names -> manifests -> configs -> layers, on the content store, with layers unpacked once per chain id for
 * overlayfs. Knows nothing of containers: callers say which images are in use. Any thread.
 *
 * On disk, below the data root:  content/ (the blobs)   layers/<chain id hex>/{diff,info}   layers/l/<short> links
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strbuf.h"
#include "format/json/json.h"
#include "format/oci/image_config.h"

struct state;
struct images;

/* A snapshot of one image; immutable; referenced. id is the config's digest ("sha256:..."), Docker's image id. */
struct image {
	unsigned refs;
	char *id;
	char *manifest_digest;      /* of the manifest it came with or was given */
	struct image_config config; /* parsed; config.text is the exact blob */
	char **layer_digests; /* compressed blobs, bottom first; an empty string where only the unpacked layer is kept
			       */
	char **chain_ids;     /* bottom first, "sha256:..." */
	int64_t size;         /* bytes of all unpacked layers */
	int64_t *layer_sizes;
	char *parent; /* image it was committed or built on, or NULL */
	int64_t last_tagged_ns;
	char **tags;    /* "busybox:latest", familiar form, sorted */
	char **digests; /* "busybox@sha256:..." */
};

int images_open(const char *data_root, const char *worker_path, struct state *st, struct images **ret, struct err *e);
void images_close(struct images *s);

void image_unref(struct image *i);
struct image *image_ref(struct image *i);
DEFINE_CLEANUP(struct image, image_unref)

/* By name, name@digest, id or unique id prefix, as Docker resolves. ERR_NOT_FOUND "No such image: busybox:latest". */
int image_get(struct images *s, const char *ref, struct image **ret, struct err *e);
/* All images, newest first; NULL-terminated array of references. */
struct image **image_all(struct images *s);
void image_all_free(struct image **all);

/* Directories for overlayfs, topmost first, verified to be there. */
int image_lower_dirs(struct images *s, const struct image *i, char ***ret, struct err *e);

/* Progress of a long job: one JSON message per call (no newline), in Docker's stream form. */
typedef void (*image_progress)(void *arg, const char *json);

struct image_loaded { /* what a load brought: references ("busybox:latest") and ids */
	char **refs;
	char **ids;
};
void image_loaded_done(struct image_loaded *l);
/* A docker-archive or OCI layout tar, plain, gzip or zstd, from in_fd to EOF; hostile bytes are parsed in the worker.
 */
int image_load(struct images *s, int in_fd, const char *platform, image_progress progress, void *arg,
	       struct image_loaded *ret, struct err *e);
/* Writes a tar that is both docker-archive and OCI layout to out_fd. */
int image_save(struct images *s, char *const *names, const char *platform, int out_fd, struct err *e);
/* A root file system tar becomes a one-layer image. changes are Dockerfile instructions. */
int image_import(struct images *s, int in_fd, const char *repo, const char *tag, const char *message,
		 char *const *changes, const char *platform, char ret_id[80], struct err *e);
int image_tag(struct images *s, const char *ref, const char *repo, const char *tag, struct image **ret, struct err *e);

/* Who uses which image, for removal. */
struct image_use {
	const char *image_id;
	const char *container_id;
	bool running;
};
struct image_removed { /* in order; one of the two set in each */
	struct image_removed_item {
		char *untagged, *deleted;
	} * items;
	size_t n;
};
void image_removed_done(struct image_removed *r);
/* Docker's rules: untag, by id with one name, force; ERR_CONFLICT in Docker's words when in use. */
int image_remove(struct images *s, const char *ref, bool force, bool prune_parents, const struct image_use *uses,
		 size_t n_uses, struct image_removed *ret, struct err *e);
/* Which ones goes: keep(arg, image) true keeps it. Gives what went and the bytes regained. */
int image_prune(struct images *s, bool dangling_only, bool (*keep)(void *arg, const struct image *i), void *arg,
		const struct image_use *uses, size_t n_uses, struct image_removed *ret, int64_t *ret_bytes,
		struct err *e);

/* Bytes of a container's upper directory, for `size`. */
int layer_dir_size(const char *path, int64_t *ret, struct err *e);
