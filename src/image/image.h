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
#include <sys/types.h>

#include "base/err.h"
#include "base/strbuf.h"
#include "format/json/json.h"
#include "format/oci/digest.h"
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
	bool hidden;    /* removed by force while containers still have it: only they find it, by its whole id */
};

int images_open(const char *data_root, const char *worker_path, struct state *st, struct images **ret, struct err *e);
void images_close(struct images *s);

void image_unref(struct image *i);
struct image *image_ref(struct image *i);
DEFINE_CLEANUP(struct image, image_unref)

/* By name, name@digest, id or unique id prefix, as Docker resolves. ERR_NOT_FOUND "No such image: busybox:latest". The
 * whole id ("sha256:" and 64 digits) also finds a hidden image. Costs no I/O. */
int image_get(struct images *s, const char *ref, struct image **ret, struct err *e);
/* All images, newest first; NULL-terminated array of references. */
struct image **image_all(struct images *s);
void image_all_free(struct image **all);

/* Directories for overlayfs, topmost first; short paths (layers/l/..). Costs no I/O. */
int image_lower_dirs(struct images *s, const struct image *i, char ***ret, struct err *e);

/* Progress of a long job: one JSON message per call (no newline), in Docker's stream form. */
typedef void (*image_progress)(void *arg, const char *json);

/* Where bytes come from: count, 0 at the end, -errno. Called from the calling thread only. */
struct image_input {
	ssize_t (*read)(void *arg, void *p, size_t n);
	void *arg;
};
/* Where bytes go: 0 or -errno. */
struct image_output {
	int (*write)(void *arg, const void *p, size_t n);
	void *arg;
};

struct image_loaded { /* what a load brought, in order */
	struct image_loaded_item {
		char *id;
		char **tags; /* "busybox:latest"; empty: it has no name */
	} * items;
	size_t n;
};
void image_loaded_done(struct image_loaded *l);
/* A docker-archive or OCI layout tar, plain, gzip or zstd, to its end; hostile bytes are parsed in the worker.
 * platform: NULL
 * or "linux/arm64[/v8]". quiet: no bars. */
int image_load(struct images *s, const struct image_input *in, const char *platform, bool quiet,
	       image_progress progress, void *arg, struct image_loaded *ret, struct err *e);
/* Writes a tar that is both docker-archive and OCI layout. All names are looked up before the first byte. begin (may be
 * NULL) is called then; ret_ids (may be NULL) gets the ids of what was written. */
int image_save(struct images *s, char *const *names, const char *platform, const struct image_output *out,
	       int (*begin)(void *arg), char ***ret_ids, struct err *e);
/* A root file system tar becomes a one-layer image. changes are Dockerfile instructions. */
int image_import(struct images *s, const struct image_input *in, const char *repo, const char *tag, const char *message,
		 char *const *changes, const char *platform, char ret_id[DIGEST_MAX], struct err *e);
int image_tag(struct images *s, const char *ref, const char *repo, const char *tag, struct image **ret, struct err *e);

/* Who uses which image, for removal. */
struct image_use {
	const char *image_id;
	const char *container_id;
	bool running;
};
struct image_removed { /* in order; one of the first two set in each */
	struct image_removed_item {
		char *untagged, *deleted;
		char *id; /* of the image that lost a name or went; NULL: a layer */
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

/* Ends hidden images of which used(arg, id) says that no container has them any more. */
void image_drop_unused(struct images *s, bool (*used)(void *arg, const char *image_id), void *arg);

/* Bytes of a container's upper directory, for `size`. */
int layer_dir_size(const char *path, int64_t *ret, struct err *e);
