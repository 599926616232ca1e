/* SPDX-License-Identifier: Apache-2.0 */
/* --network in both notations, and the options that belong to the first network: --ip, --network-alias, --link, … */
#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "cli/run.h"

static bool is_user_defined(const char *target)
{
	static const char *const built_in[] = {"", "default", "bridge", "host", "none"};

	for (size_t i = 0; i < ARRAY_SIZE(built_in); i++)
		if (str_eq(target, built_in[i]))
			return false;
	return !str_starts(target, "container:");
}

static void append(json_object *o, const char *key, const char *value)
{
	json_object *list = json_member(o, key);

	if (!list) {
		list = json_object_new_array();
		json_object_object_add(o, key, list);
	}
	json_object_array_add(list, json_object_new_string(value));
}

static bool network_option(json_object *o, const char *key, const char *value, struct strbuf *why)
{
	int64_t priority;

	if (str_eq(key, "name")) {
		put_str(o, "Target", value);
	} else if (str_eq(key, "alias")) {
		append(o, "Aliases", value);
	} else if (str_eq(key, "ip")) {
		put_str(o, "IPv4Address", value);
	} else if (str_eq(key, "ip6")) {
		put_str(o, "IPv6Address", value);
	} else if (str_eq(key, "mac-address")) {
		put_str(o, "MacAddress", value);
	} else if (str_eq(key, "link-local-ip")) {
		append(o, "LinkLocalIPs", value);
	} else if (str_eq(key, "driver-opt")) {
		const char *eq = strchr(value, '=');
		json_object *opts = json_member(o, "DriverOpts");
		_cleanup_free_ char *name = NULL;

		if (!eq || eq == value) {
			strbuf_add_str(why, "invalid key value pair format in driver options");
			return false;
		}
		if (!opts) {
			opts = json_object_new_object();
			json_object_object_add(o, "DriverOpts", opts);
		}
		name = xstrndup(value, (size_t)(eq - value));
		put_str(opts, name, eq + 1);
	} else if (str_eq(key, "gw-priority")) {
		if (parse_i64(value, &priority) < 0) {
			strbuf_addf(why, "invalid gw-priority (%s): invalid syntax", value);
			return false;
		}
		put_int(o, "GwPriority", priority);
	} else {
		strbuf_addf(why, "invalid field key %s", key);
		return false;
	}
	return true;
}

int run_parse_network(const char *value, json_object **ret, struct strbuf *why)
{
	_cleanup_json_ json_object *o = json_object_new_object();
	_cleanup_strv_ char **fields = NULL;

	if (!strchr(value, '=')) {
		put_str(o, "Target", value);
		*ret = TAKE_PTR(o);
		return 0;
	}
	if (csv_split(value, &fields) < 0) {
		strbuf_add_str(why, "parse error on line 1: bare \" in non-quoted-field");
		return -1;
	}
	STRV_FOREACH (f, fields) {
		const char *eq = strchr(*f, '=');
		_cleanup_free_ char *key = NULL;

		if (!eq || eq == *f) {
			strbuf_addf(why, "invalid field %s", *f);
			return -1;
		}
		key = xstrndup(*f, (size_t)(eq - *f));
		for (char *p = key; *p; p++)
			*p = *p >= 'A' && *p <= 'Z' ? (char)(*p + 32) : *p;
		if (!network_option(o, key, eq + 1, why))
			return -1;
	}
	if (!*json_member_str(o, "Target", "")) {
		strbuf_add_str(why, "network name/id is not specified");
		return -1;
	}
	*ret = TAKE_PTR(o);
	return 0;
}

/* Moves one single-network option into the first network, unless that has it already. */
static int merge(json_object *net, const char *key, bool given, json_object *value, const char *what, struct err *e)
{
	if (!given) {
		json_object_put(value);
		return 0;
	}
	if (json_member(net, key)) {
		json_object_put(value);
		return err_set(e, ERR_INVALID, "conflicting options: cannot specify both %s", what);
	}
	json_object_object_add(net, key, value);
	return 0;
}

static json_object *list_of(char *const *v)
{
	json_object *a = json_object_new_array();

	STRV_FOREACH (s, v)
		json_object_array_add(a, json_object_new_string(*s));
	return a;
}

static int merge_options(const struct args *a, json_object *net, struct err *e)
{
	char *const *aliases = flag_list(a, "network-alias"), *const *links = flag_list(a, "link");
	char *const *local = flag_list(a, "link-local-ip");
	const char *ip = flag_str(a, "ip"), *ip6 = flag_str(a, "ip6"), *mac = flag_str(a, "mac-address");
	bool user = is_user_defined(json_member_str(net, "Target", ""));

	if (merge(net, "Aliases", aliases != NULL, list_of(aliases), "--network-alias and per-network alias", e) < 0 ||
	    merge(net, "Links", links && user, list_of(links), "--link and per-network links", e) < 0 ||
	    merge(net, "IPv4Address", *ip, json_object_new_string(ip), "--ip and per-network IPv4 address", e) < 0 ||
	    merge(net, "IPv6Address", *ip6, json_object_new_string(ip6), "--ip6 and per-network IPv6 address", e) < 0 ||
	    merge(net, "MacAddress", *mac, json_object_new_string(mac), "--mac-address and per-network MAC address",
		  e) < 0)
		return -1;
	return merge(net, "LinkLocalIPs", local != NULL, list_of(local),
		     "--link-local-ip and per-network link-local IP addresses", e);
}

static void move(json_object *from, const char *key, json_object *to, const char *as)
{
	json_object *v = json_member(from, key);

	if (v)
		json_object_object_add(to, as, json_object_get(v));
}

/* The API's EndpointSettings: every member, as docker sends them. */
static int make_endpoint(json_object *net, bool alone, json_object *endpoints, struct err *e)
{
	static const char *const strings[] = {"NetworkID", "EndpointID", "Gateway", "IPAddress"};
	const char *target = json_member_str(net, "Target", "");
	json_object *ep, *ipam = NULL;

	if (!target[strspn(target, " ")])
		return err_set(e, ERR_INVALID, "no name set for network");
	if (!is_user_defined(target) && json_member(net, "Aliases"))
		return err_set(e, ERR_INVALID, "network-scoped aliases are only supported for user-defined networks");
	if (!is_user_defined(target) && json_member(net, "Links"))
		return err_set(e, ERR_INVALID, "network-scoped links are only supported for user-defined networks");
	if (json_member(endpoints, target))
		return err_set(e, ERR_INVALID, "network \"%s\" is specified multiple times", target);
	if (alone && json_object_object_length(net) == 1)
		return 0; /* NetworkMode says it all */
	ep = json_object_new_object();
	if (json_member(net, "IPv4Address") || json_member(net, "IPv6Address") || json_member(net, "LinkLocalIPs")) {
		ipam = json_object_new_object();
		move(net, "IPv4Address", ipam, "IPv4Address");
		move(net, "IPv6Address", ipam, "IPv6Address");
		move(net, "LinkLocalIPs", ipam, "LinkLocalIPs");
	}
	json_object_object_add(ep, "IPAMConfig", ipam);
	json_object_object_add(ep, "Links", NULL);
	json_object_object_add(ep, "Aliases", NULL);
	put_str(ep, "MacAddress", "");
	json_object_object_add(ep, "DriverOpts", NULL);
	put_int(ep, "GwPriority", json_member_int(net, "GwPriority", 0));
	for (size_t i = 0; i < ARRAY_SIZE(strings); i++)
		put_str(ep, strings[i], "");
	put_int(ep, "IPPrefixLen", 0);
	put_str(ep, "IPv6Gateway", "");
	put_str(ep, "GlobalIPv6Address", "");
	put_int(ep, "GlobalIPv6PrefixLen", 0);
	json_object_object_add(ep, "DNSNames", NULL);
	move(net, "Links", ep, "Links");
	move(net, "Aliases", ep, "Aliases");
	move(net, "MacAddress", ep, "MacAddress");
	move(net, "DriverOpts", ep, "DriverOpts");
	json_object_object_add(endpoints, target, ep);
	return 0;
}

int run_add_networks(const struct args *a, json_object *body, json_object *host, struct err *e)
{
	json_object *config = json_object_new_object(), *endpoints = json_object_new_object();
	char *fallback[] = {"name=default,gw-priority=0", NULL}; /* has an endpoint although nothing is set */
	char *const *given = flag_list(a, "network"), *const *list = given ? given : fallback;
	bool user = false, other = false;

	json_object_object_add(config, "EndpointsConfig", endpoints);
	json_object_object_add(body, "NetworkingConfig", config);
	STRV_FOREACH (value, list) {
		_cleanup_json_ json_object *net = NULL;
		_cleanup_strbuf_ struct strbuf why = STRBUF_INIT;

		if (run_parse_network(*value, &net, &why) < 0)
			return err_set(e, ERR_INVALID, "%s", why.data);
		if (value == list) {
			put_str(host, "NetworkMode", json_member_str(net, "Target", ""));
			if (merge_options(a, net, e) < 0)
				return -1;
		}
		if (given) {
			user |= is_user_defined(json_member_str(net, "Target", ""));
			other |= !is_user_defined(json_member_str(net, "Target", ""));
		}
		if (make_endpoint(net, !list[1], endpoints, e) < 0)
			return -1;
	}
	if (user && other)
		return err_set(
			e, ERR_INVALID,
			"conflicting options: cannot attach both user-defined and non-user-defined network-modes");
	put_strv(host, "Links", flag_list(a, "link"));
	return 0;
}
