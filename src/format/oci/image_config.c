/* SPDX-License-Identifier: Apache-2.0 */
/* See image_config.h. Fields are one table; what the table cannot say (limits, digests, counts) is checked behind it.
 */
#include "format/oci/image_config.h"

#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "format/oci/digest.h"

#define F(type_, field_, name_, kind_, ...)                                                                            \
	{                                                                                                              \
		.name = name_, .type = kind_, .offset = offsetof(struct type_, field_), __VA_ARGS__                    \
	}
#define OMIT .flags = JSON_F_OMIT_EMPTY

const struct json_field image_healthcheck_fields[] = {
	F(image_healthcheck, test, "Test", JSON_T_STRV, OMIT),
	F(image_healthcheck, interval, "Interval", JSON_T_INT, OMIT),
	F(image_healthcheck, timeout, "Timeout", JSON_T_INT, OMIT),
	F(image_healthcheck, start_period, "StartPeriod", JSON_T_INT, OMIT),
	F(image_healthcheck, start_interval, "StartInterval", JSON_T_INT, OMIT),
	F(image_healthcheck, retries, "Retries", JSON_T_INT, OMIT),
	{0},
};

const struct json_field image_run_config_fields[] = {
	F(image_run_config, user, "User", JSON_T_STR, OMIT),
	F(image_run_config, exposed_ports, "ExposedPorts", JSON_T_SET, OMIT),
	F(image_run_config, env, "Env", JSON_T_STRV, OMIT),
	F(image_run_config, entrypoint, "Entrypoint", JSON_T_STR_OR_STRV, OMIT),
	F(image_run_config, cmd, "Cmd", JSON_T_STR_OR_STRV, OMIT),
	F(image_run_config, volumes, "Volumes", JSON_T_SET, OMIT),
	F(image_run_config, working_dir, "WorkingDir", JSON_T_STR, OMIT),
	F(image_run_config, labels, "Labels", JSON_T_KV, OMIT),
	F(image_run_config, stop_signal, "StopSignal", JSON_T_STR, OMIT),
	F(image_run_config, args_escaped, "ArgsEscaped", JSON_T_BOOL, OMIT),
	F(image_run_config, healthcheck, "Healthcheck", JSON_T_OBJ_PTR, OMIT, .fields = image_healthcheck_fields,
	  .size = sizeof(struct image_healthcheck)),
	F(image_run_config, shell, "Shell", JSON_T_STR_OR_STRV, OMIT),
	F(image_run_config, on_build, "OnBuild", JSON_T_STRV, OMIT),
	{0},
};

const struct json_field image_history_fields[] = {
	F(image_history, created, "created", JSON_T_STR, OMIT),
	F(image_history, author, "author", JSON_T_STR, OMIT),
	F(image_history, created_by, "created_by", JSON_T_STR, OMIT),
	F(image_history, comment, "comment", JSON_T_STR, OMIT),
	F(image_history, empty_layer, "empty_layer", JSON_T_BOOL, OMIT),
	{0},
};

static const struct json_field image_config_fields[] = {
	F(image_config, created, "created", JSON_T_STR, OMIT),
	F(image_config, author, "author", JSON_T_STR, OMIT),
	F(image_config, architecture, "architecture", JSON_T_STR),
	F(image_config, variant, "variant", JSON_T_STR, OMIT),
	F(image_config, os, "os", JSON_T_STR),
	F(image_config, os_version, "os.version", JSON_T_STR, OMIT),
	F(image_config, os_features, "os.features", JSON_T_STRV, OMIT),
	F(image_config, docker_version, "docker_version", JSON_T_STR, OMIT),
	F(image_config, comment, "comment", JSON_T_STR, OMIT),
	F(image_config, parent, "parent", JSON_T_STR, OMIT),
	F(image_config, config, "config", JSON_T_OBJ, .fields = image_run_config_fields,
	  .size = sizeof(struct image_run_config)),
	F(image_config, history, "history", JSON_T_OBJ_ARRAY, OMIT, .fields = image_history_fields,
	  .size = sizeof(struct image_history)),
	{0},
};

void image_config_done(struct image_config *c)
{
	if (!c)
		return;
	json_fields_done(image_config_fields, c);
	strv_free(c->diff_ids);
	free(c->text);
	memset(c, 0, sizeof(*c));
}

static int parse_rootfs(json_object *root, struct image_config *c, struct err *e)
{
	json_object *rootfs = json_member(root, "rootfs");
	json_object *ids = json_member(rootfs, "diff_ids");
	const char *type = json_member_str(rootfs, "type", NULL);
	size_t n;

	if (!rootfs)
		return err_set(e, ERR_INVALID, "invalid image config: it has no rootfs");
	if (!str_empty(type) && !str_eq(type, "layers"))
		return err_set(e, ERR_INVALID, "invalid image config: unknown rootfs type \"%.40s\"", type);
	c->diff_ids = strv_new();
	if (!ids)
		return 0;
	if (!json_object_is_type(ids, json_type_array))
		return err_set(e, ERR_INVALID, "invalid image config: rootfs.diff_ids is no array");
	n = json_object_array_length(ids);
	if (n > LIMIT_LAYERS)
		return err_set(e, ERR_TOO_LARGE,
			       "max depth exceeded: the image has %zu layers, at most %d are possible", n,
			       LIMIT_LAYERS);
	for (size_t i = 0; i < n; i++) {
		json_object *id = json_object_array_get_idx(ids, i);

		if (!json_object_is_type(id, json_type_string))
			return err_set(e, ERR_INVALID, "invalid image config: rootfs.diff_ids[%zu] is no string", i);
		if (digest_check(json_object_get_string(id), e) < 0)
			return err_wrap(e, "invalid image config: rootfs.diff_ids[%zu]", i);
		strv_add(&c->diff_ids, json_object_get_string(id));
	}
	return 0;
}

/* Names of an operating system or an architecture are shown and compared: keep them to what GOOS and GOARCH look like.
 */
static int check_platform_word(const char *what, const char *s, struct err *e)
{
	if (str_empty(s))
		return 0;
	if (strlen(s) > 64 || s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")])
		return err_set(e, ERR_INVALID, "invalid image config: %s \"%.64s\"", what, s);
	return 0;
}

static int check_config(struct image_config *c, struct err *e)
{
	size_t filled = 0;

	if (check_platform_word("os", c->os, e) < 0 || check_platform_word("architecture", c->architecture, e) < 0 ||
	    check_platform_word("variant", c->variant, e) < 0)
		return -1;
	if (!str_empty(c->created) && clock_parse_rfc3339(c->created, &c->created_ns) < 0)
		return err_set(e, ERR_INVALID, "invalid image config: created \"%.40s\" is no time", c->created);
	for (size_t i = 0; i < c->history.n; i++)
		filled += !image_history_at(c, i)->empty_layer;
	if (c->history.n && filled != strv_len(c->diff_ids))
		return err_set(e, ERR_INVALID, "invalid image config: its history names %zu layers, its rootfs has %zu",
			       filled, strv_len(c->diff_ids));
	return 0;
}

int image_config_parse(const char *text, size_t n, struct image_config *ret, struct err *e)
{
	_cleanup_json_ json_object *root = NULL;
	struct image_config c = {0};

	if (n > LIMIT_IMAGE_CONFIG)
		return err_set(e, ERR_TOO_LARGE, "the image config has %zu bytes, at most %d are allowed", n,
			       LIMIT_IMAGE_CONFIG);
	if (json_parse(text, n, &root, e) < 0)
		return err_wrap(e, "invalid image config");
	if (!json_object_is_type(root, json_type_object))
		return err_set(e, ERR_INVALID, "invalid image config: it is no object");
	if (json_fields_decode(root, "Image", image_config_fields, &c, e) < 0) {
		err_wrap(e, "invalid image config");
		goto fail;
	}
	if (parse_rootfs(root, &c, e) < 0 || check_config(&c, e) < 0)
		goto fail;
	c.text = xmemdup0(text, n);
	c.text_len = n;
	*ret = c;
	return 0;
fail:
	image_config_done(&c);
	return -1;
}

void image_config_write(const struct image_config *c, struct strbuf *out)
{
	struct json_writer w;

	json_writer_init(&w, out);
	json_object_begin(&w);
	json_fields_write(&w, image_config_fields, c);
	json_key(&w, "rootfs");
	json_object_begin(&w);
	json_kstr(&w, "type", "layers");
	json_key(&w, "diff_ids");
	json_array_begin(&w);
	STRV_FOREACH (id, c->diff_ids)
		json_str(&w, *id);
	json_array_close(&w);
	json_object_close(&w);
	json_object_close(&w);
}

char *image_config_platform(const struct image_config *c)
{
	return xasprintf("%s/%s%s%s", str_empty(c->os) ? "linux" : c->os, str_or_empty(c->architecture),
			 str_empty(c->variant) ? "" : "/", str_or_empty(c->variant));
}

bool platform_fits(const char *have, const char *wanted)
{
	const char *rest = str_empty(wanted) ? "" : str_after(have, wanted);

	return rest && (!*rest || *rest == '/');
}

bool image_config_fits(const struct image_config *c, const char *platform)
{
	_cleanup_free_ char *have = image_config_platform(c);

	return platform_fits(have, platform);
}

const char *platform_host_architecture(void)
{
#if defined(__x86_64__)
	return "amd64";
#elif defined(__aarch64__)
	return "arm64";
#else
#error "name this architecture as Go does"
#endif
}
