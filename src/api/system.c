/* SPDX-License-Identifier: Apache-2.0 */
/* GET and HEAD /_ping, GET /version. /info is in system_info.c. */
#include <string.h>
#include <sys/utsname.h>

#include "api/daemon_config.h"
#include "api/system_priv.h"
#include "base/strutil.h"

/* Clients compare it and switch features by it, so it is the Docker release whose API this is; our own stands beside
 * it. */
#define DOCKER_VERSION "28.5.2"

static int ping(struct api_call *c, struct err *e)
{
	bool head = str_eq(c->req->method, "HEAD");

	(void)e;
	/* Builder version 2 is BuildKit; clients ask for it by default. */
	http_header(c->conn, "Builder-Version", api_config(c->api)->buildkit ? "2" : "1");
	http_header(c->conn, "Swarm", "inactive");
	http_header(c->conn, "Cache-Control", "no-cache, no-store, must-revalidate");
	http_header(c->conn, "Pragma", "no-cache");
	http_reply(c->conn, 200, "text/plain; charset=utf-8", "OK", head ? 0 : 2);
	return 0;
}

const char *system_server_version(void)
{
	return DOCKER_VERSION;
}

const char *system_arch(const struct utsname *u)
{
	static const char *const names[][2] = {
		{"x86_64", "amd64"},    {"aarch64", "arm64"}, {"armv7l", "arm"},      {"i686", "386"},
		{"ppc64le", "ppc64le"}, {"s390x", "s390x"},   {"riscv64", "riscv64"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (str_eq(u->machine, names[i][0]))
			return names[i][1];
	return u->machine;
}

static void component_begin(struct json_writer *w, const char *name, const char *version)
{
	json_object_begin(w);
	json_kstr(w, "Name", name);
	json_kstr(w, "Version", version);
	json_key(w, "Details");
	json_object_begin(w);
}

static void component_end(struct json_writer *w)
{
	json_object_close(w);
	json_object_close(w);
}

#define BUILD_TIME "1970-01-01T00:00:00.000000000+00:00" /* builds are reproducible: no clock in them */

static void components_write(struct json_writer *w, const struct utsname *u)
{
	json_key(w, "Components");
	json_array_begin(w);
	component_begin(w, "Engine", DOCKER_VERSION);
	json_kstr(w, "ApiVersion", API_VERSION_MAX_TEXT);
	json_kstr(w, "Arch", system_arch(u));
	json_kstr(w, "BuildTime", BUILD_TIME);
	json_kstr(w, "Experimental", "false");
	json_kstr(w, "GitCommit", HULL_VERSION);
	json_kstr(w, "GoVersion", "none");
	json_kstr(w, "KernelVersion", u->release);
	json_kstr(w, "MinAPIVersion", API_VERSION_MIN_TEXT);
	json_kstr(w, "Os", "linux");
	component_end(w);
	component_begin(w, "hull", HULL_VERSION);
	json_kstr(w, "GitCommit", HULL_VERSION);
	component_end(w);
	component_begin(w, "hull-runtime", HULL_VERSION);
	json_kstr(w, "GitCommit", HULL_VERSION);
	component_end(w);
	json_array_close(w);
}

static int version(struct api_call *c, struct err *e)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	struct json_writer w;
	struct utsname u;

	(void)e;
	uname(&u);
	json_writer_init(&w, &sb);
	json_object_begin(&w);
	json_key(&w, "Platform");
	json_object_begin(&w);
	json_kstr(&w, "Name", "Hull " HULL_VERSION);
	json_object_close(&w);
	components_write(&w, &u);
	json_kstr(&w, "Version", DOCKER_VERSION);
	json_kstr(&w, "ApiVersion", API_VERSION_MAX_TEXT);
	json_kstr(&w, "MinAPIVersion", API_VERSION_MIN_TEXT);
	json_kstr(&w, "GitCommit", HULL_VERSION);
	json_kstr(&w, "GoVersion", "none");
	json_kstr(&w, "Os", "linux");
	json_kstr(&w, "Arch", system_arch(&u));
	json_kstr(&w, "KernelVersion", u.release);
	json_kstr(&w, "BuildTime", BUILD_TIME);
	json_object_close(&w);
	api_reply_json(c, 200, &sb);
	return 0;
}

const struct api_route api_routes_system[] = {
	{"GET", "/_ping", ping},
	{"HEAD", "/_ping", ping},
	{"GET", "/version", version},
	{"GET", "/info", system_info},
	{0},
};
