/* SPDX-License-Identifier: Apache-2.0 */
/* Reading flags and daemon.json by the option table, merging them, and making a struct daemon_config of them. No side
 * effects. */
#include "bin/hulld_config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "bin/hulld_options.h"

#define DEFAULT_FILE "/etc/docker/daemon.json"

struct value {
	bool set;
	char **texts; /* each value as text; of OPTION_ANY the JSON */
};

struct config_source {
	struct value *flags; /* by index in option_specs */
	struct value *file;
};

static void values_free(struct value *v)
{
	for (size_t i = 0; v && i < option_specs_n; i++)
		strv_free(v[i].texts);
	free(v);
}

void config_source_free(struct config_source *s)
{
	if (!s)
		return;
	values_free(s->flags);
	values_free(s->file);
	free(s);
}

static bool is_repeatable(const struct option_spec *o)
{
	return o->type == OPTION_LIST || o->type == OPTION_MAP || o->type == OPTION_ULIMIT || o->type == OPTION_ANY;
}

/* --- values --- */

static int value_check(const struct option_spec *o, const char *text, struct err *e)
{
	int64_t n;

	switch (o->type) {
	case OPTION_BOOL:
		if (option_bool_parse(text) < 0)
			return err_set(e, ERR_INVALID, "strconv.ParseBool: parsing \"%s\": invalid syntax", text);
		break;
	case OPTION_INT:
		if (parse_i64(text, &n) < 0 || n > INT32_MAX || n < INT32_MIN)
			return err_set(e, ERR_INVALID, "strconv.ParseInt: parsing \"%s\": invalid syntax", text);
		break;
	case OPTION_BYTES:
		if (parse_bytes(text, &n) < 0)
			return err_set(e, ERR_INVALID, "invalid size: '%s'", text);
		break;
	case OPTION_MAP:
		if (!strchr(text, '=') || *text == '=')
			return err_set(e, ERR_INVALID, "invalid key=value pair: %s", text);
		break;
	case OPTION_STR:
	case OPTION_LIST:
	case OPTION_ULIMIT:
	case OPTION_ANY:
		break;
	}
	return o->check ? o->check(text, e) : 0;
}

static int value_add(const struct option_spec *o, struct value *v, const char *text, struct err *e)
{
	if (value_check(o, text, e) < 0)
		return -1;
	if (!is_repeatable(o)) {
		strv_free(v->texts);
		v->texts = NULL;
	}
	strv_add(&v->texts, text);
	v->set = true;
	return 0;
}

/* --- the command line, by pflag's rules --- */

static int flag_find(const char *name, size_t n)
{
	for (size_t i = 0; i < option_specs_n; i++)
		if (option_specs[i].flag && strncmp(option_specs[i].flag, name, n) == 0 && !option_specs[i].flag[n])
			return (int)i;
	return -1;
}

static int letter_find(char letter)
{
	for (size_t i = 0; i < option_specs_n; i++)
		if (option_specs[i].letter == letter)
			return (int)i;
	return -1;
}

static int flag_add(struct config_source *s, int which, const char *shown, const char *text, struct err *e)
{
	if (value_add(&option_specs[which], &s->flags[which], text, e) == 0)
		return 0;
	return err_wrap(e, "invalid argument \"%s\" for \"%s\" flag", text, shown);
}

/* --name, --name=value, --name value. Returns how many further words were taken. */
static int long_parse(struct config_source *s, const char *word, const char *next, struct err *e)
{
	size_t n = strcspn(word + 2, "=");
	int which = flag_find(word + 2, n);
	_cleanup_free_ char *shown = xstrndup(word, n + 2);

	if (which < 0)
		return err_set(e, ERR_INVALID, "unknown flag: %s", shown);
	if (word[2 + n] == '=')
		return flag_add(s, which, shown, word + 3 + n, e);
	if (option_specs[which].type == OPTION_BOOL)
		return flag_add(s, which, shown, "true", e);
	if (!next)
		return err_set(e, ERR_INVALID, "flag needs an argument: %s", shown);
	return flag_add(s, which, shown, next, e) < 0 ? -1 : 1;
}

/* -D, -Dl info, -H=x, -Hx. */
static int short_parse(struct config_source *s, const char *word, const char *next, struct err *e)
{
	for (const char *p = word + 1; *p; p++) {
		int which = letter_find(*p);
		_cleanup_free_ char *shown = NULL;

		if (which < 0)
			return err_set(e, ERR_INVALID, "unknown shorthand flag: '%c' in %s", *p, word);
		shown = xasprintf("-%c, --%s", *p, option_specs[which].flag);
		if (p[1] == '=')
			return flag_add(s, which, shown, p + 2, e);
		if (option_specs[which].type == OPTION_BOOL) {
			if (flag_add(s, which, shown, "true", e) < 0)
				return -1;
			continue;
		}
		if (p[1])
			return flag_add(s, which, shown, p + 1, e);
		if (!next)
			return err_set(e, ERR_INVALID, "flag needs an argument: '%c' in %s", *p, word);
		return flag_add(s, which, shown, next, e) < 0 ? -1 : 1;
	}
	return 0;
}

static bool flag_is_on(const struct config_source *s, const char *name)
{
	const struct value *v = &s->flags[flag_find(name, strlen(name))];

	return v->set && option_bool_parse(v->texts[0]) == 1;
}

int config_flags_parse(int argc, char *const *argv, struct config_source **ret, enum config_action *ret_action,
		       struct err *e)
{
	_cleanup_(config_source_free_p) struct config_source *s = xnew(struct config_source);

	s->flags = xnew_array(struct value, option_specs_n);
	for (int i = 1; i < argc; i++) {
		const char *word = argv[i], *next = i + 1 < argc ? argv[i + 1] : NULL;
		int taken;

		if (word[0] != '-' || !word[1] || str_eq(word, "--"))
			return err_set(e, ERR_INVALID, "\"hulld\" accepts no arguments.");
		taken = word[1] == '-' ? long_parse(s, word, next, e) : short_parse(s, word, next, e);
		if (taken < 0)
			return -1;
		i += taken;
	}
	*ret_action = CONFIG_RUN;
	if (flag_is_on(s, "help"))
		*ret_action = CONFIG_HELP;
	else if (flag_is_on(s, "version"))
		*ret_action = CONFIG_VERSION;
	else if (flag_is_on(s, "validate"))
		*ret_action = CONFIG_VALIDATE;
	*ret = TAKE_PTR(s);
	return 0;
}

/* --- daemon.json --- */

static int fail_json(const struct option_spec *o, const char *type, struct err *e)
{
	return err_set(e, ERR_INVALID, "json: cannot unmarshal the value of \"%s\": it must be %s", o->key, type);
}

static char *tree_text(json_object *v)
{
	struct strbuf sb = STRBUF_INIT;
	struct json_writer w;

	json_writer_init(&w, &sb);
	json_tree(&w, v);
	return strbuf_steal(&sb);
}

static int list_read(const struct option_spec *o, struct value *v, json_object *j, struct err *e)
{
	if (!json_object_is_type(j, json_type_array))
		return fail_json(o, "an array of strings", e);
	v->set = true;
	for (size_t i = 0; i < json_object_array_length(j); i++) {
		json_object *s = json_object_array_get_idx(j, i);

		if (!json_object_is_type(s, json_type_string))
			return fail_json(o, "an array of strings", e);
		if (value_add(o, v, json_object_get_string(s), e) < 0)
			return -1;
	}
	return 0;
}

static int map_read(const struct option_spec *o, struct value *v, json_object *j, struct err *e)
{
	if (!json_object_is_type(j, json_type_object))
		return fail_json(o, "an object of strings", e);
	v->set = true;
	json_object_object_foreach(j, key, s)
	{
		_cleanup_free_ char *pair = NULL;

		if (!json_object_is_type(s, json_type_string))
			return fail_json(o, "an object of strings", e);
		pair = xasprintf("%s=%s", key, json_object_get_string(s));
		if (value_add(o, v, pair, e) < 0)
			return -1;
	}
	return 0;
}

/* {"nofile": {"Name": "nofile", "Soft": 1, "Hard": 2}} */
static int ulimits_read(const struct option_spec *o, struct value *v, json_object *j, struct err *e)
{
	if (!json_object_is_type(j, json_type_object))
		return fail_json(o, "an object of ulimits", e);
	v->set = true;
	json_object_object_foreach(j, key, u)
	{
		_cleanup_free_ char *text = NULL;

		if (!json_object_is_type(u, json_type_object))
			return fail_json(o, "an object of ulimits", e);
		text = xasprintf("%s=%lld:%lld", json_member_str(u, "Name", key),
				 (long long)json_member_int(u, "Soft", 0), (long long)json_member_int(u, "Hard", 0));
		if (value_add(o, v, text, e) < 0)
			return -1;
	}
	return 0;
}

static int scalar_read(const struct option_spec *o, struct value *v, json_object *j, struct err *e)
{
	static const char *const wants[] = {
		[OPTION_BOOL] = "a boolean",
		[OPTION_STR] = "a string",
		[OPTION_INT] = "an integer",
		[OPTION_BYTES] = "a size",
	};
	enum json_type type = json_object_get_type(j);
	_cleanup_free_ char *text = NULL;
	bool fits = (o->type == OPTION_BOOL && type == json_type_boolean) ||
		    (o->type == OPTION_STR && type == json_type_string) ||
		    (o->type == OPTION_INT && type == json_type_int) ||
		    (o->type == OPTION_BYTES && (type == json_type_string || type == json_type_int));

	if (!fits)
		return fail_json(o, wants[o->type], e);
	text = type == json_type_string ? xstrdup(json_object_get_string(j)) : tree_text(j);
	return value_add(o, v, text, e);
}

static int option_read(const struct option_spec *o, struct value *v, json_object *j, struct err *e)
{
	_cleanup_free_ char *text = NULL;

	switch (o->type) {
	case OPTION_LIST:
		return list_read(o, v, j, e);
	case OPTION_MAP:
		return map_read(o, v, j, e);
	case OPTION_ULIMIT:
		return ulimits_read(o, v, j, e);
	case OPTION_ANY:
		text = tree_text(j);
		strv_add(&v->texts, text);
		v->set = true;
		return 0;
	default:
		return scalar_read(o, v, j, e);
	}
}

static int key_find(const char *key)
{
	for (size_t i = 0; i < option_specs_n; i++)
		if (str_eq(option_specs[i].key, key))
			return (int)i;
	return -1;
}

/* Members of a group such as "proxies" are options of their own; so are those of the top. */
static int members_read(struct value *values, json_object *tree, const char *prefix, char ***unknown, struct err *e)
{
	json_object_object_foreach(tree, name, j)
	{
		_cleanup_free_ char *key = xasprintf("%s%s", prefix, name);
		int which = key_find(key);

		if (which >= 0) {
			if (j && option_read(&option_specs[which], &values[which], j, e) < 0)
				return -1;
		} else if (str_eq(key, "proxies") && json_object_is_type(j, json_type_object)) {
			if (members_read(values, j, "proxies.", unknown, e) < 0)
				return -1;
		} else {
			strv_add(unknown, key);
		}
	}
	return 0;
}

static int file_parse(struct value *values, const char *text, size_t n, struct err *e)
{
	_cleanup_json_ json_object *tree = NULL;
	_cleanup_strv_ char **unknown = NULL;
	_cleanup_free_ char *list = NULL;
	size_t blanks = 0;

	while (blanks < n && strchr(" \t\r\n", text[blanks]) && text[blanks])
		blanks++;
	if (blanks == n) /* Docker takes an empty file as {} */
		return 0;
	if (json_parse(text, n, &tree, e) < 0)
		return -1;
	if (!json_object_is_type(tree, json_type_object))
		return err_set(e, ERR_INVALID, "json: cannot unmarshal the file: it must be an object");
	if (members_read(values, tree, "", &unknown, e) < 0)
		return -1;
	if (unknown) {
		strv_sort(unknown);
		list = strv_join(unknown, ", ");
		return err_set(e, ERR_INVALID, "the following directives don't match any configuration option: %s",
			       list);
	}
	return 0;
}

static char *value_show(const struct option_spec *o, const struct value *v)
{
	_cleanup_free_ char *list = v->texts ? strv_join(v->texts, " ") : xstrdup("");

	return is_repeatable(o) ? xasprintf("[%s]", list) : TAKE_PTR(list);
}

static int conflicts_check(const struct config_source *s, struct err *e)
{
	_cleanup_strv_ char **both = NULL;
	_cleanup_free_ char *list = NULL;

	for (size_t i = 0; i < option_specs_n; i++) {
		const struct option_spec *o = &option_specs[i];
		_cleanup_free_ char *flag = NULL, *file = NULL;

		if (!s->flags[i].set || !s->file[i].set || str_eq(o->key, "runtimes"))
			continue;
		flag = value_show(o, &s->flags[i]);
		file = value_show(o, &s->file[i]);
		strv_addf(&both, "%s: (from flag: %s, from file: %s)", o->key, flag, file);
	}
	if (!both)
		return 0;
	list = strv_join(both, ", ");
	return err_set(e, ERR_INVALID,
		       "the following directives are specified both as a flag and in the configuration file: %s", list);
}

/* --- values -> struct daemon_config --- */

static void store(struct daemon_config *c, const struct option_spec *o, const struct value *v)
{
	void *p = (char *)c + o->offset;

	switch (o->type) {
	case OPTION_BOOL:
		*(bool *)p = option_bool_parse(v->texts[0]) == 1;
		break;
	case OPTION_STR:
		free_and_set(p, xstrdup(v->texts[0]));
		break;
	case OPTION_INT:
		parse_i64(v->texts[0], p);
		break;
	case OPTION_BYTES:
		parse_bytes(v->texts[0], p);
		break;
	case OPTION_LIST:
	case OPTION_ULIMIT:
		strv_free(*(char ***)p);
		*(char ***)p = v->texts ? strv_dup(v->texts) : NULL;
		break;
	case OPTION_MAP:
		STRV_FOREACH (pair, v->texts) {
			_cleanup_free_ char *key = xstrndup(*pair, strcspn(*pair, "="));

			json_kv_put(p, key, *pair + strlen(key) + 1);
		}
		break;
	case OPTION_ANY:
		break;
	}
}

static char *docker_dir_file(const char *name)
{
	const char *dir = getenv("DOCKER_CERT_PATH");
	const char *home = getenv("HOME");

	if (str_empty(dir))
		dir = getenv("DOCKER_CONFIG");
	if (!str_empty(dir))
		return path_join(dir, name);
	return xasprintf("%s/.docker/%s", home ? home : "/root", name);
}

static char *env_proxy(const char *upper, const char *lower)
{
	const char *v = getenv(upper);

	return xstrdup(v ? v : getenv(lower));
}

static void defaults_set(struct daemon_config *c)
{
	c->data_root = xstrdup("/var/lib/docker");
	c->exec_root = xstrdup("/var/run/docker");
	c->pidfile = xstrdup("/var/run/docker.pid");
	c->config_file = xstrdup(DEFAULT_FILE);
	c->tls_verify = !str_empty(getenv("DOCKER_TLS_VERIFY"));
	c->log_level = xstrdup("info");
	c->log_format = xstrdup("text");
	c->log_driver = xstrdup("json-file");
	c->default_shm_size = 64 * 1024 * 1024;
	c->default_ipc_mode = xstrdup("private");
	c->default_runtime = xstrdup("runc");
	c->live_restore = true;
	c->shutdown_timeout = 15;
	c->default_stop_timeout = 10;
	c->max_concurrent_downloads = 3;
	c->max_concurrent_uploads = 5;
	c->max_download_attempts = 5;
	c->http_proxy = env_proxy("HTTP_PROXY", "http_proxy");
	c->https_proxy = env_proxy("HTTPS_PROXY", "https_proxy");
	c->no_proxy = env_proxy("NO_PROXY", "no_proxy");
	c->buildkit = true;
}

/* features.buildkit, from {"buildkit": false} or --feature buildkit=false. */
static void features_store(struct daemon_config *c, const struct value *v)
{
	STRV_FOREACH (text, v->texts) {
		_cleanup_json_ json_object *tree = NULL;
		const char *flag = str_after(*text, "buildkit=");

		if (flag)
			c->buildkit = option_bool_parse(flag) != 0;
		else if (json_parse(*text, strlen(*text), &tree, NULL) == 0)
			c->buildkit = json_member_bool(tree, "buildkit", c->buildkit);
	}
}

static void finish(struct daemon_config *c)
{
	if (c->tls_verify)
		c->tls = true;
	if (c->debug)
		free_and_set(&c->log_level, xstrdup("debug"));
	if (str_empty(c->default_runtime))
		free_and_set(&c->default_runtime, xstrdup("runc"));
	if (str_empty(c->default_ipc_mode))
		free_and_set(&c->default_ipc_mode, xstrdup("private"));
	if (!c->hosts)
		strv_add(&c->hosts, "unix:///var/run/docker.sock");
	if (!c->tls)
		return;
	if (!c->tls_cert)
		c->tls_cert = docker_dir_file("cert.pem");
	if (!c->tls_key)
		c->tls_key = docker_dir_file("key.pem");
	if (!c->tls_ca && c->tls_verify)
		c->tls_ca = docker_dir_file("ca.pem");
}

/* An option that asks for nothing: --selinux-enabled=false, "userns-remap": "". */
static bool asks_nothing(const struct option_spec *o, const struct value *v)
{
	if (!v->texts || !v->texts[0])
		return true;
	if (o->type == OPTION_BOOL)
		return option_bool_parse(v->texts[0]) == 0;
	return !*v->texts[0];
}

static int values_store(const struct config_source *s, struct daemon_config *c, char ***ignored, struct err *e)
{
	for (size_t i = 0; i < option_specs_n; i++) {
		const struct option_spec *o = &option_specs[i];
		const struct value *v = s->flags[i].set ? &s->flags[i] : &s->file[i];

		if (!v->set)
			continue;
		if ((o->flags & OPTION_REFUSE) && !asks_nothing(o, v))
			return err_set(e, ERR_UNSUPPORTED, "%s is not implemented by this version of Hull",
				       o->key ? o->key : o->flag);
		if (o->flags & OPTION_WARN)
			strv_add(ignored, o->key ? o->key : o->flag);
		if (o->offset != OPTION_NOWHERE)
			store(c, o, v);
		else if (str_eq(o->key, "features"))
			features_store(c, v);
	}
	return 0;
}

int config_load_text(struct config_source *s, const char *text, size_t n, struct daemon_config **ret,
		     char ***ret_ignored, struct err *e)
{
	_cleanup_(daemon_config_free_p) struct daemon_config *c = xnew(struct daemon_config);
	_cleanup_strv_ char **ignored = NULL;

	values_free(s->file);
	s->file = xnew_array(struct value, option_specs_n);
	if (text && (file_parse(s->file, text, n, e) < 0 || conflicts_check(s, e) < 0))
		return -1;
	defaults_set(c);
	if (values_store(s, c, &ignored, e) < 0)
		return -1;
	finish(c);
	*ret = TAKE_PTR(c);
	*ret_ignored = TAKE_PTR(ignored);
	return 0;
}

int config_load(struct config_source *s, struct daemon_config **ret, char ***ret_ignored, struct err *e)
{
	_cleanup_strbuf_ struct strbuf file = STRBUF_INIT_MAX(LIMIT_API_BODY);
	const struct value *flag = &s->flags[flag_find("config-file", 11)];
	const char *path = flag->set ? flag->texts[0] : DEFAULT_FILE;
	int r = path_read_file(path, LIMIT_API_BODY, &file);

	if (r == -ENOENT && !flag->set)
		return config_load_text(s, NULL, 0, ret, ret_ignored, e);
	if (r < 0)
		return err_sys(e, -r, "unable to configure the Docker daemon with file %s: open %s", path, path);
	if (config_load_text(s, file.data, file.len, ret, ret_ignored, e) < 0)
		return err_wrap(e, "unable to configure the Docker daemon with file %s", path);
	return 0;
}

static void field_free(const struct option_spec *o, struct daemon_config *c)
{
	void *p;

	if (o->offset == OPTION_NOWHERE)
		return;
	p = (char *)c + o->offset;
	if (o->type == OPTION_STR) {
		free(*(char **)p);
		*(char **)p = NULL;
	} else if (o->type == OPTION_LIST || o->type == OPTION_ULIMIT) {
		strv_free(*(char ***)p);
		*(char ***)p = NULL;
	} else if (o->type == OPTION_MAP) {
		json_kv_done(p);
	}
}

void daemon_config_free(struct daemon_config *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < option_specs_n; i++)
		field_free(&option_specs[i], c);
	free(c->engine_id);
	free(c);
}

/* Copies one field: `to` held a fresh value of its own. */
static void field_keep(const struct option_spec *o, struct daemon_config *to, const struct daemon_config *from)
{
	void *p = (char *)to + o->offset;
	const void *q = (const char *)from + o->offset;

	field_free(o, to);
	switch (o->type) {
	case OPTION_BOOL:
		*(bool *)p = *(const bool *)q;
		break;
	case OPTION_STR:
		*(char **)p = xstrdup(*(char *const *)q);
		break;
	case OPTION_INT:
	case OPTION_BYTES:
		*(int64_t *)p = *(const int64_t *)q;
		break;
	case OPTION_LIST:
	case OPTION_ULIMIT:
		*(char ***)p = *(char **const *)q ? strv_dup(*(char **const *)q) : NULL;
		break;
	case OPTION_MAP:
		json_kv_copy(p, q);
		break;
	case OPTION_ANY:
		break;
	}
}

struct daemon_config *config_reloaded(const struct daemon_config *old, struct daemon_config *fresh)
{
	for (size_t i = 0; i < option_specs_n; i++)
		if (option_specs[i].offset != OPTION_NOWHERE && !(option_specs[i].flags & OPTION_RELOAD))
			field_keep(&option_specs[i], fresh, old);
	free_and_set(&fresh->engine_id, xstrdup(old->engine_id));
	return fresh;
}

void config_help(struct strbuf *out)
{
	static const char *const kinds[] = {
		[OPTION_BOOL] = "",     [OPTION_STR] = "string", [OPTION_INT] = "int",       [OPTION_BYTES] = "bytes",
		[OPTION_LIST] = "list", [OPTION_MAP] = "map",    [OPTION_ULIMIT] = "ulimit", [OPTION_ANY] = "value",
	};

	strbuf_add_str(out,
		       "\nUsage:  hulld [OPTIONS]\n\nA container engine that Docker clients can use.\n\nOptions:\n");
	for (size_t i = 0; i < option_specs_n; i++) {
		const struct option_spec *o = &option_specs[i];
		_cleanup_free_ char *name = NULL;

		if (!o->flag || !o->help)
			continue;
		name = xasprintf("--%s %s", o->flag, kinds[o->type]);
		if (o->letter)
			strbuf_addf(out, "  -%c, %-38s %s\n", o->letter, name, o->help);
		else
			strbuf_addf(out, "      %-38s %s\n", name, o->help);
	}
}
