/* SPDX-License-Identifier: Apache-2.0 */
/* -p and --expose: "[ip:][host[-host]:]container[-container][/proto]" and the long form published=,target=,protocol=.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "cli/run.h"

/* "80" or "80-90"; -1 when it is none. *why gets Go's text. */
static int parse_range(const char *s, uint32_t *ret_first, uint32_t *ret_last, struct strbuf *why)
{
	const char *dash = strchr(s, '-');
	_cleanup_free_ char *first = dash ? xstrndup(s, (size_t)(dash - s)) : xstrdup(s);
	const char *last = dash ? dash + 1 : first;

	if (!*s) {
		strbuf_add_str(why, "empty string specified for ports.");
		return -1;
	}
	for (int i = 0; i < 2; i++) {
		const char *part = i ? last : first;

		if (parse_u32(part, i ? ret_last : ret_first) < 0 || *(i ? ret_last : ret_first) > 65535) {
			strbuf_addf(why, "strconv.ParseUint: parsing \"%s\": %s", part,
				    str_is_digits(part) ? "value out of range" : "invalid syntax");
			return -1;
		}
	}
	if (*ret_last < *ret_first) {
		strbuf_addf(why, "Invalid range specified for the Port: %s", s);
		return -1;
	}
	return 0;
}

static void add_port(json_object *exposed, uint32_t port, const char *proto)
{
	_cleanup_free_ char *key = xasprintf("%u/%s", port, proto);

	if (!json_member(exposed, key))
		json_object_object_add(exposed, key, json_object_new_object());
}

static void add_binding(json_object *bindings, uint32_t port, const char *proto, const char *ip, const char *host)
{
	_cleanup_free_ char *key = xasprintf("%u/%s", port, proto);
	json_object *list = json_member(bindings, key), *b = json_object_new_object();

	if (!list) {
		list = json_object_new_array();
		json_object_object_add(bindings, key, list);
	}
	put_str(b, "HostIp", ip);
	put_str(b, "HostPort", host);
	json_object_array_add(list, b);
}

struct port_spec {
	char *ip, *host, *container, *proto;
};

static void port_spec_done(struct port_spec *s)
{
	free(s->ip);
	free(s->host);
	free(s->container);
	free(s->proto);
}

/* The text parts of a spec, from the right: container, host, address (with brackets when IPv6). */
static int split_spec(const char *spec, struct port_spec *s, struct err *e)
{
	_cleanup_free_ char *text = xstrdup(spec), *proto = NULL;
	char *slash = strrchr(text, '/'), *colon;

	if (slash) {
		*slash = 0;
		proto = xstrdup(slash + 1);
		for (char *p = proto; *p; p++)
			*p = *p >= 'A' && *p <= 'Z' ? (char)(*p + 32) : *p;
	}
	s->proto = xstrdup(str_empty(proto) ? "tcp" : proto);
	colon = strrchr(text, ':');
	s->container = xstrdup(colon ? colon + 1 : text);
	if (!colon)
		return 0;
	*colon = 0;
	colon = strrchr(text, ':');
	s->host = xstrdup(colon ? colon + 1 : text);
	if (!colon)
		return 0;
	*colon = 0;
	if (*text == '[' && str_ends(text, "]")) {
		text[strlen(text) - 1] = 0;
		s->ip = xstrdup(text + 1);
	} else if (strchr(text, ':')) {
		return err_set(e, ERR_INVALID, "Invalid ip address %s: address %s:: too many colons in address", text,
			       text);
	} else {
		s->ip = xstrdup(text);
	}
	return 0;
}

int run_parse_port(const char *spec, json_object *exposed, json_object *bindings, struct err *e)
{
	_cleanup_(port_spec_done) struct port_spec s = {.ip = NULL};
	_cleanup_strbuf_ struct strbuf why = STRBUF_INIT;
	uint32_t first, last, host_first = 0, host_last = 0;
	struct in6_addr addr;

	if (split_spec(spec, &s, e) < 0)
		return -1;
	if (!str_empty(s.ip) && inet_pton(AF_INET, s.ip, &addr) != 1 && inet_pton(AF_INET6, s.ip, &addr) != 1)
		return err_set(e, ERR_INVALID, "Invalid ip address: %s", s.ip);
	if (!*s.container)
		return err_set(e, ERR_INVALID, "No port specified: %s<empty>", spec);
	if (parse_range(s.container, &first, &last, &why) < 0)
		return err_set(e, ERR_INVALID, "Invalid containerPort: %s", s.container);
	if (!str_empty(s.host) && parse_range(s.host, &host_first, &host_last, &why) < 0)
		return err_set(e, ERR_INVALID, "Invalid hostPort: %s", s.host);
	if (!str_empty(s.host) && host_last - host_first != last - first && last != first)
		return err_set(e, ERR_INVALID, "Invalid ranges specified for container and host Ports: %s and %s",
			       s.container, s.host);
	if (!str_eq(s.proto, "tcp") && !str_eq(s.proto, "udp") && !str_eq(s.proto, "sctp"))
		return err_set(e, ERR_INVALID, "Invalid proto: %s", s.proto);
	for (uint32_t i = 0; i <= last - first; i++) {
		_cleanup_free_ char *host = NULL;

		if (str_empty(s.host))
			host = xstrdup("");
		else if (last == first && host_last != host_first)
			host = xasprintf("%u-%u", host_first, host_last); /* any of these */
		else
			host = xasprintf("%u", host_first + i);
		add_port(exposed, first + i, s.proto);
		add_binding(bindings, first + i, s.proto, str_or_empty(s.ip), host);
	}
	return 0;
}

/* "published=8080,target=80,protocol=udp" in the short form. */
static int short_form(const char *spec, char **ret, struct err *e)
{
	_cleanup_strv_ char **fields = NULL, **kv = NULL;

	if (!strchr(spec, '=')) {
		*ret = xstrdup(spec);
		return 0;
	}
	fields = strv_split(spec, ',');
	STRV_FOREACH (f, fields) {
		if (!strchr(*f, '=') || **f == '=')
			return err_set(e, ERR_INVALID,
				       "invalid publish opts format (should be name=value but got '%s')", *f);
		strv_env_set(&kv, *f);
	}
	*ret = xasprintf("%s:%s/%s", str_or_empty(strv_env_get(kv, "published")),
			 str_or_empty(strv_env_get(kv, "target")),
			 strv_env_get(kv, "protocol") ? strv_env_get(kv, "protocol") : "tcp");
	return 0;
}

static int add_exposed(const char *spec, json_object *exposed, struct err *e)
{
	const char *slash = strchr(spec, '/');
	_cleanup_free_ char *port = slash ? xstrndup(spec, (size_t)(slash - spec)) : xstrdup(spec);
	const char *proto = slash && slash[1] ? slash + 1 : "tcp";
	_cleanup_strbuf_ struct strbuf why = STRBUF_INIT;
	uint32_t first, last;

	if (strchr(spec, ':'))
		return err_set(e, ERR_INVALID, "invalid port format for --expose: %s", spec);
	if (parse_range(port, &first, &last, &why) < 0)
		return err_set(e, ERR_INVALID, "invalid range format for --expose: %s, error: %s", spec, why.data);
	for (uint32_t p = first; p <= last; p++)
		add_port(exposed, p, proto);
	return 0;
}

int run_add_ports(const struct args *a, json_object *body, json_object *host, struct err *e)
{
	json_object *exposed = json_object_new_object(), *bindings = json_object_new_object();

	json_object_object_add(body, "ExposedPorts", exposed);
	json_object_object_add(host, "PortBindings", bindings);
	STRV_FOREACH (p, flag_list(a, "publish")) {
		_cleanup_free_ char *spec = NULL;

		if (short_form(*p, &spec, e) < 0 || run_parse_port(spec, exposed, bindings, e) < 0)
			return -1;
	}
	STRV_FOREACH (x, flag_list(a, "expose")) {
		if (add_exposed(*x, exposed, e) < 0)
			return -1;
	}
	if (!json_object_object_length(exposed))
		json_object_object_del(body, "ExposedPorts");
	return 0;
}
