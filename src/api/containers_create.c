/* SPDX-License-Identifier: Apache-2.0 */
/* POST /containers/create, POST /containers/{name}/rename, DELETE /containers/{name}. */
#include "api/api.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "engine/engine.h"

static int handle_create(struct api_call *c, struct err *e)
{
	_cleanup_(container_create_done) struct container_create body = {0};
	_cleanup_json_ json_object *tree = NULL;
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;
	struct engine_created made;
	struct json_writer w;

	if (api_body_json(c, /* optional= */ false, &tree, e) < 0)
		return -1;
	if (!tree)
		return err_set(e, ERR_INVALID, "config cannot be empty in order to create a container");
	if (container_create_decode(tree, &body, e) < 0)
		return err_wrap(e, "invalid JSON");
	if (engine_create(c->api->engine, api_query(c, "name"), &body, api_query(c, "platform"), &made, e) < 0)
		return -1;
	json_writer_init(&w, &out);
	json_object_begin(&w);
	json_kstr(&w, "Id", made.id);
	json_kstrv(&w, "Warnings", made.warnings);
	json_object_close(&w);
	strv_free(made.warnings);
	api_reply_json(c, 201, &out);
	return 0;
}

static int handle_rename(struct api_call *c, struct err *e)
{
	if (engine_rename(c->api->engine, c->args[0], api_query(c, "name"), e) < 0)
		return -1;
	api_reply_empty(c, 204);
	return 0;
}

static int handle_remove(struct api_call *c, struct err *e)
{
	const struct engine_remove how = {
		.volumes = api_query_bool(c, "v"),
		.force = api_query_bool(c, "force"),
		.link = api_query_bool(c, "link"),
	};

	if (engine_remove(c->api->engine, c->args[0], how, e) < 0)
		return -1;
	api_reply_empty(c, 204);
	return 0;
}

const struct api_route api_routes_containers_create[] = {
	{"POST", "/containers/create", handle_create},
	{"POST", "/containers/{name}/rename", handle_rename},
	{"DELETE", "/containers/{name}", handle_remove},
	{NULL},
};
