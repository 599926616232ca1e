/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options of run and create, and the request body they become. Pure but for the files that options name
 * (--env-file,
 * --label-file, seccomp profiles): given the same options it yields the body that docker 28 sends.
 */
#pragma once

#include "base/err.h"
#include "cli/config.h"
#include "cli/flags.h"
#include "format/json/json.h"

extern const struct flag_spec run_flags[];    /* run */
extern const struct flag_spec create_flags[]; /* create */

/* Body of POST /containers/create. args->rest is IMAGE [COMMAND...]. */
int run_body(const struct args *args, const struct config *config, json_object **ret, struct err *e);

/* --- parts, each from its own options into the tree --- */
int run_add_networks(const struct args *a, json_object *body, json_object *host, struct err *e);
int run_add_ports(const struct args *a, json_object *body, json_object *host, struct err *e);
int run_add_mounts(const struct args *a, json_object *body, json_object *host, struct err *e);
int run_add_devices(const struct args *a, json_object *host, struct err *e);
int run_add_security(const struct args *a, json_object *host, struct err *e);
int run_add_health(const struct args *a, json_object *body, struct err *e);

/* Environment: files, then --env; NULL stays NULL. */
int run_env(char *const *files, char *const *assignments, char ***ret, struct err *e);
/* "k=v" lines of a file (# comments); a name alone takes its value from our environment (from_env),
 * or is left out. */
int run_read_kv_file(const char *path, bool from_env, char ***out, struct err *e);
/* The same from text: for tests and the fuzzer. */
int run_parse_kv(const char *path, const char *text, size_t n, bool from_env, char ***out, struct err *e);

/* --- checks while parsing (see flag_spec.check) --- */
flag_check_fn run_check_attach, run_check_env, run_check_label, run_check_ip, run_check_search, run_check_link,
	run_check_host, run_check_rate_bps, run_check_rate_iops, run_check_weight, run_check_sysctl, run_check_ulimit,
	run_check_mount, run_check_network, run_check_gpus, run_check_rule;

/* One --mount value as the API's Mount. */
int run_parse_mount(const char *value, json_object **ret, struct strbuf *why);
/* One --network value: {"Target":…,"Aliases":[…],…}. */
int run_parse_network(const char *value, json_object **ret, struct strbuf *why);
/* name=soft[:hard] */
int run_parse_ulimit(const char *value, json_object **ret, struct strbuf *why);
int run_parse_gpus(const char *value, json_object **ret, struct strbuf *why);
/* One -p value added to bindings ({"80/tcp":[{HostIp,HostPort}]}) and exposed ({"80/tcp":{}}). */
int run_parse_port(const char *spec, json_object *exposed, json_object *bindings, struct err *e);

/* --- small makers of JSON --- */
void put_str(json_object *o, const char *key, const char *value);
void put_int(json_object *o, const char *key, int64_t value);
void put_bool(json_object *o, const char *key, bool value);
void put_strv(json_object *o, const char *key, char *const *v); /* NULL: null */
void put_list(json_object *o, const char *key, char *const *v); /* NULL: [] */
/* {"k":"v"} of "k=v" strings; a string without '=' has the value "". */
json_object *kv_object(char *const *v);
