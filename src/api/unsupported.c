/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Routes of Docker's API whose subject is not there yet: each answers 501 with its name, never silence. They come last,
 * so a route that got its handler simply stands before its line here. Swarm answers as a node outside a swarm does.
 */
#include "api/api.h"

static int unsupported(struct api_call *c, struct err *e)
{
	return err_set(e, ERR_UNSUPPORTED, "%s %s is not implemented by this version of Hull", c->route->method,
		       c->route->pattern);
}

static int no_manager(struct api_call *c, struct err *e)
{
	(void)c;
	return err_set(e, ERR_UNAVAILABLE,
		       "This node is not a swarm manager. Use \"docker swarm init\" or \"docker swarm join\" to "
		       "connect this node to "
		       "swarm and try again.");
}

static int no_swarm(struct api_call *c, struct err *e)
{
	(void)c;
	return err_set(e, ERR_UNAVAILABLE, "This node is not part of a swarm");
}

/* What cannot be made cannot be there: asking for one by name has a true answer, which `docker inspect` relies on. */
static int no_such_network(struct api_call *c, struct err *e)
{
	return err_set(e, ERR_NOT_FOUND, "network %s not found", c->args[0]);
}

static int no_such_volume(struct api_call *c, struct err *e)
{
	return err_set(e, ERR_NOT_FOUND, "get %s: no such volume", c->args[0]);
}

static int no_such_plugin(struct api_call *c, struct err *e)
{
	return err_set(e, ERR_NOT_FOUND, "plugin \"%s\" not found", c->args[0]);
}

/* Without networks, volumes and build cache there is nothing to prune, which is the truth. */
static int prune_networks(struct api_call *c, struct err *e)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

	(void)e;
	strbuf_add_str(&sb, "{\"NetworksDeleted\":null}");
	api_reply_json(c, 200, &sb);
	return 0;
}

static int prune_volumes(struct api_call *c, struct err *e)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

	(void)e;
	strbuf_add_str(&sb, "{\"VolumesDeleted\":[],\"SpaceReclaimed\":0}");
	api_reply_json(c, 200, &sb);
	return 0;
}

static int prune_build(struct api_call *c, struct err *e)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

	(void)e;
	strbuf_add_str(&sb, "{\"CachesDeleted\":null,\"SpaceReclaimed\":0}");
	api_reply_json(c, 200, &sb);
	return 0;
}

static int list_volumes(struct api_call *c, struct err *e)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

	(void)e;
	strbuf_add_str(&sb, "{\"Volumes\":[],\"Warnings\":null}");
	api_reply_json(c, 200, &sb);
	return 0;
}

static int list_plugins(struct api_call *c, struct err *e)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

	(void)e;
	strbuf_add_str(&sb, "[]");
	api_reply_json(c, 200, &sb);
	return 0;
}

const struct api_route api_routes_unsupported[] = {
	{"GET", "/plugins", list_plugins},
	{"POST", "/networks/prune", prune_networks},
	{"POST", "/volumes/prune", prune_volumes},
	{"POST", "/build/prune", prune_build},
	{"GET", "/volumes", list_volumes},

	{"POST", "/build", unsupported},
	{"POST", "/build/cancel", unsupported},
	{"POST", "/commit", unsupported},
	{"POST", "/session", unsupported},
	{"GET", "/system/df", unsupported},

	{"GET", "/containers/{name}/archive", unsupported},
	{"HEAD", "/containers/{name}/archive", unsupported},
	{"PUT", "/containers/{name}/archive", unsupported},
	{"GET", "/containers/{name}/changes", unsupported},
	{"GET", "/containers/{name}/checkpoints", unsupported},
	{"POST", "/containers/{name}/checkpoints", unsupported},
	{"DELETE", "/containers/{name}/checkpoints/{checkpoint}", unsupported},
	{"GET", "/containers/{name}/export", unsupported},
	{"GET", "/containers/{name}/stats", unsupported},
	{"POST", "/containers/{name}/update", unsupported},

	{"GET", "/networks", unsupported},
	{"GET", "/networks/", unsupported},
	{"POST", "/networks/create", unsupported},
	{"DELETE", "/networks/{name}", no_such_network},
	{"GET", "/networks/{name}", no_such_network},
	{"POST", "/networks/{name}/connect", unsupported},
	{"POST", "/networks/{name}/disconnect", unsupported},

	{"POST", "/volumes/create", unsupported},
	{"DELETE", "/volumes/{name}", no_such_volume},
	{"GET", "/volumes/{name}", no_such_volume},
	{"PUT", "/volumes/{name}", unsupported},

	{"POST", "/plugins/create", unsupported},
	{"GET", "/plugins/privileges", unsupported},
	{"POST", "/plugins/pull", unsupported},
	{"GET", "/plugins/{name...}/json", no_such_plugin},
	{"POST", "/plugins/{name...}/disable", unsupported},
	{"POST", "/plugins/{name...}/enable", unsupported},
	{"POST", "/plugins/{name...}/push", unsupported},
	{"POST", "/plugins/{name...}/set", unsupported},
	{"POST", "/plugins/{name...}/upgrade", unsupported},
	{"DELETE", "/plugins/{name...}", no_such_plugin},

	{"POST", "/swarm/init", unsupported},
	{"POST", "/swarm/join", unsupported},
	{"POST", "/swarm/leave", no_swarm},
	{"POST", "/swarm/unlock", no_swarm},
	{"GET", "/swarm", no_manager},
	{"POST", "/swarm/update", no_manager},
	{"GET", "/swarm/unlockkey", no_manager},
	{"GET", "/configs", no_manager},
	{"POST", "/configs/create", no_manager},
	{"DELETE", "/configs/{id}", no_manager},
	{"GET", "/configs/{id}", no_manager},
	{"POST", "/configs/{id}/update", no_manager},
	{"GET", "/nodes", no_manager},
	{"DELETE", "/nodes/{id}", no_manager},
	{"GET", "/nodes/{id}", no_manager},
	{"POST", "/nodes/{id}/update", no_manager},
	{"GET", "/secrets", no_manager},
	{"POST", "/secrets/create", no_manager},
	{"DELETE", "/secrets/{id}", no_manager},
	{"GET", "/secrets/{id}", no_manager},
	{"POST", "/secrets/{id}/update", no_manager},
	{"GET", "/services", no_manager},
	{"POST", "/services/create", no_manager},
	{"DELETE", "/services/{id}", no_manager},
	{"GET", "/services/{id}", no_manager},
	{"GET", "/services/{id}/logs", no_manager},
	{"POST", "/services/{id}/update", no_manager},
	{"GET", "/tasks", no_manager},
	{"GET", "/tasks/{id}", no_manager},
	{"GET", "/tasks/{id}/logs", no_manager},
	{0},
};
