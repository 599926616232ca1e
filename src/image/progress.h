/* SPDX-License-Identifier: Apache-2.0 */
/* Progress messages as Docker's jsonmessage has them: {"stream":..} lines and bars by id. */
#pragma once

#include <stdint.h>

#include "base/macros.h"
#include "image/image.h"

struct progress_bar {
	image_progress fn;
	void *arg;
	const char *id; /* shortened to 12 characters */
	const char *status;
};
void progress_show(const struct progress_bar *bar, int64_t at, int64_t total);
void progress_stream(image_progress fn, void *arg, const char *fmt, ...) _printf_(3, 4);
void progress_status(image_progress fn, void *arg, const char *status);
/* "2.14MB": decimal units, four digits, as docker/go-units prints. */
#define PROGRESS_SIZE_MAX 32
void progress_size(int64_t n, char out[PROGRESS_SIZE_MAX]);
