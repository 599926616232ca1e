/* SPDX-License-Identifier: Apache-2.0 */
/* All routes of the API: the tables, in the order in which they are asked. */
#include "api/api_priv.h"

const struct api_route *const api_route_tables[] = {
	api_routes_system,
	api_routes_events,
	api_routes_containers_create,
	api_routes_containers_list,
	api_routes_containers_inspect,
	api_routes_containers_prune,
	api_routes_containers_life,
	api_routes_containers_streams,
	api_routes_execs,
	api_routes_images,
	api_routes_unsupported,
	NULL,
};
