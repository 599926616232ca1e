/* SPDX-License-Identifier: Apache-2.0 */
/* POST /containers/prune: stopped containers, by label and age. */
#include "api/api.h"
#include "base/clock.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "engine/engine.h"

struct prune {
	const struct api_filters *filters;
	int64_t until_ns; /* 0: any age */
};

static int until_read(const struct api_filters *f, int64_t *ret, struct err *e)
{
	char *const *v = api_filter_values(f, "until");

	*ret = 0;
	if (!v || !v[0])
		return 0;
	if (v[1])
		return err_set(e, ERR_INVALID, "more than one until filter specified");
	if (clock_parse_docker(v[0], clock_realtime_ns(), ret) < 0)
		return err_set(e, ERR_INVALID, "failed to parse value as time or duration: \"%.100s\"", v[0]);
	return 0;
}

static bool keep(void *arg, const struct container_snapshot *c)
{
	const struct prune *p = arg;

	if (p->until_ns && c->rec.created_ns > p->until_ns)
		return true;
	if (!api_filter_labels(p->filters, "label", &c->rec.config.labels))
		return true;
	return api_filter_values(p->filters, "label!") &&
	       api_filter_labels(p->filters, "label!", &c->rec.config.labels);
}

static int handle_prune(struct api_call *c, struct err *e)
{
	static const char *const allowed[] = {"label", "label!", "until", NULL};
	_cleanup_(api_filters_done) struct api_filters filters = {0};
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;
	_cleanup_strv_ char **ids = NULL;
	struct prune p = {.filters = &filters};
	struct json_writer w;
	int64_t bytes;

	if (api_filters_parse(c, allowed, &filters, e) < 0 || until_read(&filters, &p.until_ns, e) < 0)
		return -1;
	if (engine_prune(c->api->engine, keep, &p, &ids, &bytes, e) < 0)
		return -1;
	json_writer_init(&w, &out);
	json_object_begin(&w);
	json_kstrv(&w, "ContainersDeleted", ids);
	json_kint(&w, "SpaceReclaimed", bytes);
	json_object_close(&w);
	api_reply_json(c, 200, &out);
	return 0;
}

const struct api_route api_routes_containers_prune[] = {
	{"POST", "/containers/prune", handle_prune},
	{NULL},
};
