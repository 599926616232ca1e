/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the image routes: images.c (what changes and streams) and images_show.c (list, inspect, history). */
#pragma once

#include "api/api.h"
#include "image/image.h"

/* As image_get, without images that were removed and live on for a container. */
int images_get_visible(struct api_call *c, const char *ref, struct image **ret, struct err *e);
/* ?platform= as "linux/arm64/v8" (owned), from its JSON form; NULL when it is not given. */
int images_platform(struct api_call *c, char **ret, struct err *e);
/* ERR_NOT_FOUND when the image is of another one. platform NULL: any. */
int images_check_platform(const struct image *i, const char *ref, const char *platform, struct err *e);
/* Values of a boolean filter; ERR_INVALID "invalid filter 'dangling=[x]'". */
int images_filter_bool(const struct api_filters *f, const char *key, bool fallback, bool *ret, struct err *e);
/* label, label! and until of list and prune: does the image pass? */
struct image_filter {
	const struct api_filters *filters;
	int64_t until_ns; /* 0: none */
};
int images_filter_init(struct image_filter *f, const struct api_filters *filters, struct err *e);
bool images_filter_passes(const struct image_filter *f, const struct image *i);

int handle_image_list(struct api_call *c, struct err *e);
int handle_image_inspect(struct api_call *c, struct err *e);
int handle_image_history(struct api_call *c, struct err *e);
