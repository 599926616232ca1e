/* SPDX-License-Identifier: Apache-2.0 */
/* See progress.h. */
#include "image/progress.h"

#include <stdio.h>

#include "base/mem.h"
#include "base/strutil.h"

#define BAR_WIDTH 50

void progress_size(int64_t n, char out[PROGRESS_SIZE_MAX])
{
	static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
	double v = (double)n;
	size_t u = 0;

	for (; v >= 1000 && u + 1 < ARRAY_SIZE(units); u++)
		v /= 1000;
	(void)snprintf(out, PROGRESS_SIZE_MAX, "%.4g%s", v, units[u]);
}

/* "[====>      ]  32.77kB/2.14MB", as docker's jsonmessage draws it. */
static char *bar_text(int64_t at, int64_t total)
{
	static const char full[] = "==================================================";
	char have[PROGRESS_SIZE_MAX], all[PROGRESS_SIZE_MAX];
	int filled = total > 0 ? (int)((double)at / (double)total * BAR_WIDTH) : 0;

	filled = MIN(MAX(filled, 0), BAR_WIDTH);
	progress_size(at, have);
	progress_size(total, all);
	return xasprintf("[%.*s>%*s] %8s/%s", filled, full, BAR_WIDTH - filled, "", have, all);
}

static void begin(struct json_writer *w, struct strbuf *sb)
{
	json_writer_init(w, sb);
	json_object_begin(w);
}

void progress_show(const struct progress_bar *bar, int64_t at, int64_t total)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	_cleanup_free_ char *text = NULL, *id = NULL;
	struct json_writer w;

	if (!bar->fn || at <= 0)
		return;
	text = bar_text(at, total);
	id = xstrndup(bar->id, 12);
	begin(&w, &sb);
	json_kstr(&w, "status", bar->status);
	json_key(&w, "progressDetail");
	json_object_begin(&w);
	json_kint(&w, "current", at);
	json_kint(&w, "total", total);
	json_object_close(&w);
	json_kstr(&w, "progress", text);
	json_kstr(&w, "id", id);
	json_object_close(&w);
	bar->fn(bar->arg, sb.data);
}

void progress_stream(image_progress fn, void *arg, const char *fmt, ...)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	_cleanup_free_ char *text = NULL;
	struct json_writer w;
	va_list ap;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	begin(&w, &sb);
	json_kstr(&w, "stream", text);
	json_object_close(&w);
	fn(arg, sb.data);
}

void progress_status(image_progress fn, void *arg, const char *status)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	struct json_writer w;

	begin(&w, &sb);
	json_kstr(&w, "status", status);
	json_object_close(&w);
	fn(arg, sb.data);
}
