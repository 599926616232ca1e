/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The members of container bodies that field tables cannot describe (maps of arrays, arrays of arrays): parsed from
 * JSON text, checked as Go would check them, and brought into Docker's print form. Also the create body as a whole.
 */
#include "format/api/container_types.h"

#include "base/mem.h"
#include "base/strutil.h"
#include "base/strv.h"

#define CONSOLE_SIDE_MAX 65535

static int parse_text(const char *json, const char *what, json_object **ret, struct err *e)
{
	if (json_parse(json, strlen(json), ret, e) < 0)
		return err_wrap(e, "%s", what);
	return 0;
}

static const char *type_word(json_object *o)
{
	switch (json_object_get_type(o)) {
	case json_type_boolean:
		return "bool";
	case json_type_double:
	case json_type_int:
		return "number";
	case json_type_object:
		return "object";
	case json_type_array:
		return "array";
	case json_type_string:
		return "string";
	case json_type_null:
		break;
	}
	return "null";
}

static int wrong_type(json_object *o, const char *field, const char *type, struct err *e)
{
	return err_set(e, ERR_INVALID, "json: cannot unmarshal %s into Go struct field %s of type %s", type_word(o),
		       field, type);
}

/* --- console size --- */

int console_size_parse(const char *json, unsigned *ret_rows, unsigned *ret_cols, struct err *e)
{
	unsigned side[2] = {0, 0};

	if (json && !str_eq(json, "null")) {
		_cleanup_json_ json_object *o = NULL;

		if (parse_text(json, "ConsoleSize", &o, e) < 0)
			return -1;
		if (!json_object_is_type(o, json_type_array))
			return wrong_type(o, "HostConfig.ConsoleSize", "[2]uint", e);
		for (size_t i = 0; i < json_object_array_length(o) && i < 2; i++) {
			json_object *v = json_object_array_get_idx(o, i);
			int64_t n = json_object_get_int64(v);

			if (!json_object_is_type(v, json_type_int) || n < 0 || n > UINT32_MAX)
				return wrong_type(v, "HostConfig.ConsoleSize", "uint", e);
			side[i] = (unsigned)(n > CONSOLE_SIDE_MAX ? CONSOLE_SIDE_MAX : n);
		}
	}
	*ret_rows = side[0];
	*ret_cols = side[1];
	return 0;
}

static int console_size_normalize(char **json, struct err *e)
{
	unsigned rows, cols;

	if (console_size_parse(*json, &rows, &cols, e) < 0)
		return -1;
	free_and_set(json, xasprintf("[%u,%u]", rows, cols));
	return 0;
}

/* --- port bindings --- */

static const struct json_field port_binding_fields[] = {
	{.name = "HostIp", .type = JSON_T_STR, .offset = offsetof(struct port_binding, host_ip)},
	{.name = "HostPort", .type = JSON_T_STR, .offset = offsetof(struct port_binding, host_port)},
	{.name = NULL},
};

static struct port_binding *port_bindings_grow(struct port_bindings *b, const char *port)
{
	b->items = xreallocarray(b->items, b->n + 1, sizeof(*b->items));
	b->items[b->n] = (struct port_binding){.port = xstrdup(port)};
	return &b->items[b->n++];
}

static int port_bindings_add(struct port_bindings *b, const char *port, json_object *list, struct err *e)
{
	size_t n;

	if (list && !json_object_is_type(list, json_type_array))
		return wrong_type(list, "HostConfig.PortBindings", "[]nat.PortBinding", e);
	n = list ? json_object_array_length(list) : 0;
	if (n == 0)
		port_bindings_grow(b, port);
	for (size_t i = 0; i < n; i++) {
		json_object *o = json_object_array_get_idx(list, i);
		struct port_binding *item = port_bindings_grow(b, port);

		if (o && !json_object_is_type(o, json_type_object))
			return wrong_type(o, "HostConfig.PortBindings", "nat.PortBinding", e);
		if (o && json_fields_decode(o, "PortBinding", port_binding_fields, item, e) < 0)
			return -1;
		if (!item->host_ip)
			item->host_ip = xstrdup("");
		if (!item->host_port)
			item->host_port = xstrdup("");
	}
	return 0;
}

int port_bindings_parse(const char *json, struct port_bindings *ret, struct err *e)
{
	_cleanup_json_ json_object *o = NULL;
	struct port_bindings b = {0};

	if (json && parse_text(json, "PortBindings", &o, e) < 0)
		return -1;
	if (o && !json_object_is_type(o, json_type_object))
		return wrong_type(o, "HostConfig.PortBindings", "nat.PortMap", e);
	if (o) {
		json_object_object_foreach(o, port, list)
		{
			if (port_bindings_add(&b, port, list, e) < 0) {
				port_bindings_done(&b);
				return -1;
			}
		}
	}
	*ret = b;
	return 0;
}

void port_bindings_done(struct port_bindings *b)
{
	for (size_t i = 0; i < b->n; i++) {
		free(b->items[i].port);
		free(b->items[i].host_ip);
		free(b->items[i].host_port);
	}
	free(b->items);
	*b = (struct port_bindings){0};
}

/* Groups by port: members of one port follow each other because the map had one key for them. */
static void port_bindings_write(struct json_writer *w, const struct port_bindings *b)
{
	json_object_begin(w);
	for (size_t i = 0; i < b->n;) {
		const char *port = b->items[i].port;

		json_key(w, port);
		json_array_begin(w);
		for (; i < b->n && str_eq(b->items[i].port, port); i++) {
			if (!b->items[i].host_port)
				continue;
			json_object_begin(w);
			json_fields_write(w, port_binding_fields, &b->items[i]);
			json_object_close(w);
		}
		json_array_close(w);
	}
	json_object_close(w);
}

static int port_bindings_normalize(char **json, struct err *e)
{
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;
	struct port_bindings b;
	struct json_writer w;

	if (!*json)
		return 0;
	if (str_eq(*json, "null")) {
		free_and_set(json, NULL);
		return 0;
	}
	if (port_bindings_parse(*json, &b, e) < 0)
		return -1;
	/* an insertion sort by port keeps equal ones in order; qsort would not */
	for (size_t i = 1; i < b.n; i++) {
		struct port_binding item = b.items[i];
		size_t j = i;

		for (; j > 0 && strcmp(b.items[j - 1].port, item.port) > 0; j--)
			b.items[j] = b.items[j - 1];
		b.items[j] = item;
	}
	json_writer_init(&w, &out);
	port_bindings_write(&w, &b);
	port_bindings_done(&b);
	free_and_set(json, strbuf_steal(&out));
	return 0;
}

/* --- endpoints --- */

int endpoints_parse(const char *json, struct endpoints *ret, struct err *e)
{
	_cleanup_json_ json_object *o = NULL;
	struct endpoints n = {0};

	if (json && parse_text(json, "EndpointsConfig", &o, e) < 0)
		return -1;
	if (o && !json_object_is_type(o, json_type_object))
		return wrong_type(o, "NetworkingConfig.EndpointsConfig", "map[string]*network.EndpointSettings", e);
	if (o) {
		json_object_object_foreach(o, name, v)
		{
			struct endpoint *item;

			n.items = xreallocarray(n.items, n.n + 1, sizeof(*n.items));
			item = &n.items[n.n++];
			*item = (struct endpoint){.network = xstrdup(name)};
			if (!v)
				continue;
			if (!json_object_is_type(v, json_type_object)) {
				wrong_type(v, "NetworkingConfig.EndpointsConfig", "network.EndpointSettings", e);
				endpoints_done(&n);
				return -1;
			}
			if (json_fields_decode(v, "EndpointSettings", endpoint_settings_fields, &item->settings, e) <
			    0) {
				endpoints_done(&n);
				return -1;
			}
		}
	}
	*ret = n;
	return 0;
}

void endpoints_done(struct endpoints *n)
{
	for (size_t i = 0; i < n->n; i++) {
		free(n->items[i].network);
		json_fields_done(endpoint_settings_fields, &n->items[i].settings);
	}
	free(n->items);
	*n = (struct endpoints){0};
}

void endpoints_write(struct json_writer *w, const struct endpoints *n)
{
	json_object_begin(w);
	for (size_t i = 0; i < n->n; i++) {
		json_key(w, n->items[i].network);
		json_object_begin(w);
		json_fields_write(w, endpoint_settings_fields, &n->items[i].settings);
		json_object_close(w);
	}
	json_object_close(w);
}

int networking_config_normalize(struct networking_config *n, struct err *e)
{
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;
	struct endpoints list;
	struct json_writer w;

	if (!n->endpoints_config)
		return 0;
	if (str_eq(n->endpoints_config, "null")) {
		free_and_set(&n->endpoints_config, NULL);
		return 0;
	}
	if (endpoints_parse(n->endpoints_config, &list, e) < 0)
		return -1;
	json_writer_init(&w, &out);
	endpoints_write(&w, &list);
	endpoints_done(&list);
	free_and_set(&n->endpoints_config, strbuf_steal(&out));
	return 0;
}

/* --- tmpfs options --- */

int tmpfs_options_parse(const char *json, char ***ret, struct err *e)
{
	_cleanup_json_ json_object *o = NULL;
	_cleanup_strv_ char **v = NULL;

	if (json && parse_text(json, "TmpfsOptions.Options", &o, e) < 0)
		return -1;
	if (o && !json_object_is_type(o, json_type_array))
		return wrong_type(o, "HostConfig.Mounts.TmpfsOptions.Options", "[][]string", e);
	for (size_t i = 0; o && i < json_object_array_length(o); i++) {
		json_object *pair = json_object_array_get_idx(o, i);
		size_t n;

		if (!pair || !json_object_is_type(pair, json_type_array))
			return wrong_type(pair, "HostConfig.Mounts.TmpfsOptions.Options", "[]string", e);
		n = json_object_array_length(pair);
		for (size_t k = 0; k < n; k++) {
			json_object *word = json_object_array_get_idx(pair, k);

			if (!word || !json_object_is_type(word, json_type_string))
				return wrong_type(word, "HostConfig.Mounts.TmpfsOptions.Options", "string", e);
		}
		if (n == 1)
			strv_add(&v, json_object_get_string(json_object_array_get_idx(pair, 0)));
		else if (n == 2)
			strv_addf(&v, "%s=%s", json_object_get_string(json_object_array_get_idx(pair, 0)),
				  json_object_get_string(json_object_array_get_idx(pair, 1)));
		else
			return err_set(e, ERR_INVALID, "invalid option array length");
	}
	*ret = TAKE_PTR(v);
	return 0;
}

/* --- whole bodies --- */

int host_config_normalize(struct host_config *h, struct err *e)
{
	const struct mount *m = h->mounts.items;

	if (console_size_normalize(&h->console_size, e) < 0)
		return -1;
	if (port_bindings_normalize(&h->port_bindings, e) < 0)
		return -1;
	for (size_t i = 0; i < h->mounts.n; i++) {
		_cleanup_strv_ char **options = NULL;

		if (m[i].tmpfs_options && tmpfs_options_parse(m[i].tmpfs_options->options, &options, e) < 0)
			return -1;
	}
	return 0;
}

int container_create_decode(json_object *body, struct container_create *ret, struct err *e)
{
	json_object *host = json_member(body, "HostConfig");
	json_object *net = json_member(body, "NetworkingConfig");

	if (!json_object_is_type(body, json_type_object))
		return wrong_type(body, "CreateRequest", "container.CreateRequest", e);
	if (json_fields_decode(body, "CreateRequest", container_config_fields, &ret->config, e) < 0)
		return -1;
	if (host && !json_object_is_type(host, json_type_object))
		return wrong_type(host, "CreateRequest.HostConfig", "container.HostConfig", e);
	if (host && json_fields_decode(host, "CreateRequest.HostConfig", host_config_fields, &ret->host_config, e) < 0)
		return -1;
	if (net && !json_object_is_type(net, json_type_object))
		return wrong_type(net, "CreateRequest.NetworkingConfig", "network.NetworkingConfig", e);
	if (net && json_fields_decode(net, "CreateRequest.NetworkingConfig", networking_config_fields,
				      &ret->networking_config, e) < 0)
		return -1;
	if (host_config_normalize(&ret->host_config, e) < 0)
		return -1;
	return networking_config_normalize(&ret->networking_config, e);
}

void container_create_write(struct json_writer *w, const struct container_create *c)
{
	json_object_begin(w);
	json_fields_write(w, container_config_fields, &c->config);
	json_key(w, "HostConfig");
	json_object_begin(w);
	json_fields_write(w, host_config_fields, &c->host_config);
	json_object_close(w);
	json_key(w, "NetworkingConfig");
	json_object_begin(w);
	json_fields_write(w, networking_config_fields, &c->networking_config);
	json_object_close(w);
	json_object_close(w);
}

void container_create_done(struct container_create *c)
{
	json_fields_done(container_config_fields, &c->config);
	json_fields_done(host_config_fields, &c->host_config);
	json_fields_done(networking_config_fields, &c->networking_config);
}
