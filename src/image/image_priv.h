/* SPDX-License-Identifier: Apache-2.0 */
/* The image store's inside, shared by the files of this folder that run in the daemon. */
#pragma once

#include "base/lock.h"
#include "base/map.h"
#include "content/content.h"
#include "image/image.h"
#include "state/state.h"

#define STATE_IMAGE      "image"      /* key: id */
#define STATE_IMAGE_NAME "image-name" /* key: the full reference */

struct image_row {           /* an image in the table */
	struct image *image; /* the current snapshot; replaced as a whole */
	UT_hash_handle hh;   /* by id */
};

struct name_row {
	char *name; /* "docker.io/library/busybox:latest", or with @sha256:... */
	char *id;
	UT_hash_handle hh;
};

struct images {
	char *layers_path; /* <data root>/layers */
	char *worker;
	int layers, links, staging; /* directories: layers, layers/l, staging */
	struct content *content;
	struct state *state;

	struct lock ops;  /* whoever changes anything */
	struct lock lock; /* the members below */
	struct image_row *rows;
	struct name_row *names;
	int busy;       /* loads under way: what they brought is not in the table yet, so nothing is swept */
	char **garbage; /* blobs and layers that lost an image, to be looked at when nobody is busy */
};

/* --- image.c: the table; `lock` held for all of them --- */

struct image *images_find(struct images *s, const char *id);
struct name_row *images_find_name(struct images *s, const char *full);
/* The layer's size when an image of the table has it, else -1. blob (may be NULL): was it made of this blob, too? */
int64_t images_find_layer(struct images *s, const char *chain_id, const char *blob, bool *same_blob);
/* Puts a snapshot in the table (takes the reference), or takes it out. */
void images_put(struct images *s, struct image *i);
void images_drop(struct images *s, const char *id);
void images_set_name(struct images *s, const char *full, const char *id); /* id NULL: takes it away */

/* --- image.c: snapshots --- */

/* A copy with its own reference, to be changed before others see it. */
struct image *image_copy(const struct image *i);
/* The row's document. Owned. */
char *image_doc(const struct image *i);
char *image_name_doc(const char *id);
/* Fills chain_ids from the config. */
void image_chain_ids(const struct image_config *c, char ***ret);
/* Familiar names of an image, from the table (lock held), with the change that is about to be made: `less` goes, `more`
 * comes. */
void images_names_of(struct images *s, const char *id, char ***ret_tags, char ***ret_digests);

/* --- layers.c --- */

struct layer_job { /* a layer being made below staging/ */
	char *dir; /* its name there; NULL: it is in place already */
	char *chain_id;
	int64_t size;
};
void layer_job_done(struct layer_job *j);

int staging_begin(struct images *s, char **ret_name, int *ret_fd, struct err *e);
void staging_end(struct images *s, const char *name);
/* Unpacks a blob below staging_fd/name/diff and checks what it says of itself. */
int layer_unpack(struct images *s, int staging_fd, const char *name, const char *blob, const char *diff_id,
		 void (*progress)(void *arg, int64_t at, int64_t size), void *arg, int64_t *ret_size, char *ret_diff_id,
		 struct err *e);
/* Moves an unpacked and synced layer into place. ops held. */
int layer_publish(struct images *s, int staging_fd, const char *name, const char *chain_id, struct err *e);
void layer_remove(struct images *s, const char *chain_id);
/* Removes layers and staging directories that nobody knows. At start. */
void layers_sweep(struct images *s);
char *layer_link_path(struct images *s, const char *chain_id);

/* --- worker_client.c --- */

/* Runs a job; in (if not NULL) is pumped into it, else it reads in_fd. The report is a JSON object without "error". */
int worker_run(struct images *s, char *const *argv, int in_fd, const struct image_input *in, int dir_fd,
	       void (*progress)(void *arg, int64_t at), void *arg, json_object **ret, struct err *e);
/* Bytes that a job may write: what the file system has, less a reserve. */
int64_t worker_room(struct images *s);

/* --- commit.c --- */

struct image_commit {        /* an image about to be recorded */
	struct image *image; /* without names */
	struct layer_job *layers;
	size_t n_layers;
	char **tags; /* full references that it gets */
};
void image_commit_done(struct image_commit *c);
/* Syncs, publishes the layers, records, and shows it. moved(arg, full name, old id) for each name that was another
 * image's. */
int images_commit(struct images *s, int staging_fd, struct image_commit *c,
		  void (*moved)(void *arg, const char *name, const char *old_id), void *arg, struct err *e);
/* Around a load: keeps the garbage collector away from what is not recorded yet. */
/* A blob that was stored: it goes at the end of the load unless an image has it then. */
void images_suspect(struct images *s, const char *blob);
void images_busy_begin(struct images *s);
void images_busy_end(struct images *s);
/* ops held: removes of the garbage what no image has any more. Bytes regained. */
int64_t images_collect(struct images *s);

/* --- load.c --- */

/* The manifest of an image that came without one, stored; the same input gives the same digest. */
int image_make_manifest(struct images *s, const char *config, int64_t config_size, char *const *layers,
			const int64_t *sizes, char ret[DIGEST_MAX], struct err *e);
