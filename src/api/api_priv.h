/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shared inside api/ only: the list of route tables, how a path finds its route, and which events pass a filter. Apart
 * from the tables this is pure code, tested without a server.
 */
#pragma once

#include "api/api.h"

extern const struct api_route *const api_route_tables[]; /* ended by NULL */

#define API_ARGS_MAX 4
/* The first route that method and path (version prefix cut off) fit, its {names} in args (owned); NULL when none does.
 */
const struct api_route *api_route_find(const char *method, const char *path, char *args[API_ARGS_MAX]);
/* "/v1.41/info" -> 141 and "/info"; an unversioned path gives API_VERSION_MAX. The text between v and / goes to text.
 */
int api_version_cut(const char **path, char text[16]);

/* A Host header that no name server can redirect: "localhost" or an address, with or without port. */
bool api_host_is_local(const char *host);

struct event;
/* Does the event pass ?filters= of GET /events? */
bool api_event_matches(const struct api_filters *f, const struct event *ev);
