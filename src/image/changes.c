/* SPDX-License-Identifier: Apache-2.0 */
/* See changes.h. One row per instruction; words are split as a Dockerfile's are: blanks, quotes and backslashes. */
#include "image/changes.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "format/json/json.h"

/* ["a","b"] as a vector; false when it is no such list. */
static bool json_words(const char *s, char ***ret)
{
	_cleanup_json_ json_object *v = NULL;
	_cleanup_strv_ char **words = strv_new();

	if (*s != '[' || json_parse(s, strlen(s), &v, NULL) < 0 || !json_object_is_type(v, json_type_array))
		return false;
	for (size_t i = 0; i < json_object_array_length(v); i++) {
		json_object *w = json_object_array_get_idx(v, i);

		if (!json_object_is_type(w, json_type_string))
			return false;
		strv_add(&words, json_object_get_string(w));
	}
	*ret = TAKE_PTR(words);
	return true;
}

static char **words_of(const char *s)
{
	char **words = strv_new();

	for (;;) {
		_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
		char quote = 0;

		s += strspn(s, " \t");
		if (!*s)
			return words;
		for (; *s && (quote || (*s != ' ' && *s != '\t')); s++) {
			if (*s == '\\' && s[1] && quote != '\'')
				strbuf_add_char(&sb, *++s);
			else if (!quote && (*s == '"' || *s == '\''))
				quote = *s;
			else if (quote == *s)
				quote = 0;
			else
				strbuf_add_char(&sb, *s);
		}
		strv_push(&words, strbuf_steal(&sb));
	}
}

/* KEY=value KEY=value .., or the old form KEY value. */
static int pairs_of(const char *what, const char *rest, char ***ret, struct err *e)
{
	_cleanup_strv_ char **words = words_of(rest);

	if (*words && !strchr(words[0], '=')) {
		const char *value = rest + strcspn(rest, " \t");

		if (!words[1])
			return err_set(e, ERR_INVALID, "%s must have two arguments", what);
		*ret = strv_new();
		strv_addf(ret, "%s=%s", words[0], value + strspn(value, " \t"));
		return 0;
	}
	STRV_FOREACH (w, words)
		if (!strchr(*w, '=') || **w == '=')
			return err_set(e, ERR_INVALID,
				       "Syntax error - can't find = in \"%s\". Must be of the form: name=value", *w);
	*ret = TAKE_PTR(words);
	return 0;
}

static int command(char ***to, const char *rest)
{
	char **v;

	if (!json_words(rest, &v)) {
		v = strv_new();
		strv_add(&v, "/bin/sh");
		strv_add(&v, "-c");
		strv_add(&v, rest);
	}
	strv_free(*to);
	*to = v;
	return 0;
}

static int do_cmd(struct image_run_config *c, const char *rest, struct err *e)
{
	return command(&c->cmd, rest);
}

static int do_entrypoint(struct image_run_config *c, const char *rest, struct err *e)
{
	return command(&c->entrypoint, rest);
}

static int do_shell(struct image_run_config *c, const char *rest, struct err *e)
{
	char **v;

	if (!json_words(rest, &v))
		return err_set(e, ERR_INVALID, "SHELL requires the arguments to be in JSON form");
	strv_free(c->shell);
	c->shell = v;
	return 0;
}

static int do_env(struct image_run_config *c, const char *rest, struct err *e)
{
	_cleanup_strv_ char **pairs = NULL;

	if (pairs_of("ENV", rest, &pairs, e) < 0)
		return -1;
	STRV_FOREACH (p, pairs)
		strv_env_set(&c->env, *p);
	return 0;
}

static int do_label(struct image_run_config *c, const char *rest, struct err *e)
{
	_cleanup_strv_ char **pairs = NULL;

	if (pairs_of("LABEL", rest, &pairs, e) < 0)
		return -1;
	STRV_FOREACH (p, pairs) {
		char *eq = strchr(*p, '=');

		*eq = 0;
		json_kv_put(&c->labels, *p, eq + 1);
	}
	return 0;
}

static int do_expose(struct image_run_config *c, const char *rest, struct err *e)
{
	_cleanup_strv_ char **words = words_of(rest);

	STRV_FOREACH (w, words) {
		size_t digits = strspn(*w, "0123456789");
		const char *proto = *w + digits;
		_cleanup_free_ char *port = xstrndup(*w, digits), *key = NULL;
		uint32_t n;

		if (parse_u32(port, &n) < 0 || !n || n > 65535 ||
		    (*proto && !str_eq(proto, "/tcp") && !str_eq(proto, "/udp") && !str_eq(proto, "/sctp")))
			return err_set(e, ERR_INVALID, "Invalid containerPort: %s", *w);
		key = xasprintf("%s%s", port, *proto ? proto : "/tcp");
		json_kv_put(&c->exposed_ports, key, "");
	}
	return 0;
}

static int do_volume(struct image_run_config *c, const char *rest, struct err *e)
{
	_cleanup_strv_ char **words = NULL;

	if (!json_words(rest, &words))
		words = words_of(rest);
	STRV_FOREACH (w, words) {
		if (!**w)
			return err_set(e, ERR_INVALID, "VOLUME specified can not be an empty string");
		json_kv_put(&c->volumes, *w, "");
	}
	return 0;
}

static int do_user(struct image_run_config *c, const char *rest, struct err *e)
{
	free_and_set(&c->user, xstrdup(rest));
	return 0;
}

static int do_workdir(struct image_run_config *c, const char *rest, struct err *e)
{
	_cleanup_free_ char *joined =
		*rest == '/' ? xstrdup(rest) : path_join(str_empty(c->working_dir) ? "/" : c->working_dir, rest);

	free_and_set(&c->working_dir, path_clean(joined));
	return 0;
}

static int do_stopsignal(struct image_run_config *c, const char *rest, struct err *e)
{
	if (strpbrk(rest, " \t"))
		return err_set(e, ERR_INVALID, "STOPSIGNAL requires exactly one argument");
	free_and_set(&c->stop_signal, xstrdup(rest));
	return 0;
}

static int do_onbuild(struct image_run_config *c, const char *rest, struct err *e)
{
	strv_add(&c->on_build, rest);
	return 0;
}

static int health_option(struct image_healthcheck *h, const char *word, struct err *e)
{
	static const struct {
		const char *name;
		size_t offset;
	} rows[] = {
		{"--interval=", offsetof(struct image_healthcheck, interval)},
		{"--timeout=", offsetof(struct image_healthcheck, timeout)},
		{"--start-period=", offsetof(struct image_healthcheck, start_period)},
		{"--start-interval=", offsetof(struct image_healthcheck, start_interval)},
	};
	const char *value = str_after(word, "--retries=");

	if (value)
		return parse_i64(value, &h->retries) == 0 && h->retries >= 0
			       ? 0
			       : err_set(e, ERR_INVALID, "--retries must be a number, not \"%s\"", value);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if ((value = str_after(word, rows[i].name)))
			return parse_duration(value, (int64_t *)(void *)((char *)h + rows[i].offset)) == 0
				       ? 0
				       : err_set(e, ERR_INVALID, "invalid duration \"%s\"", value);
	return err_set(e, ERR_INVALID, "unknown flag: %s", word);
}

static int do_healthcheck(struct image_run_config *c, const char *rest, struct err *e)
{
	struct image_healthcheck *h = xnew(struct image_healthcheck);
	struct image_run_config old = {.healthcheck = c->healthcheck};
	const char *cmd;

	c->healthcheck = h;
	json_fields_done(image_run_config_fields, &old);
	while (str_starts(rest, "--")) {
		_cleanup_free_ char *word = xstrndup(rest, strcspn(rest, " \t"));

		if (health_option(h, word, e) < 0)
			return -1;
		rest += strlen(word);
		rest += strspn(rest, " \t");
	}
	if (str_eq_nocase(rest, "NONE")) {
		strv_add(&h->test, "NONE");
		return 0;
	}
	if (strncasecmp(rest, "CMD", 3) != 0 || !isspace((unsigned char)rest[3]))
		return err_set(e, ERR_INVALID, "Unknown type \"%.20s\" in HEALTHCHECK (try CMD)", rest);
	cmd = rest + 4 + strspn(rest + 4, " \t");
	if (json_words(cmd, &h->test)) {
		char **with = strv_new();

		strv_add(&with, "CMD");
		strv_extend(&with, h->test);
		strv_free(h->test);
		h->test = with;
	} else {
		strv_add(&h->test, "CMD-SHELL");
		strv_add(&h->test, cmd);
	}
	return 0;
}

static const struct {
	const char *name;
	int (*apply)(struct image_run_config *c, const char *rest, struct err *e);
} instructions[] = {
	{"cmd", do_cmd},
	{"entrypoint", do_entrypoint},
	{"env", do_env},
	{"expose", do_expose},
	{"healthcheck", do_healthcheck},
	{"label", do_label},
	{"onbuild", do_onbuild},
	{"shell", do_shell},
	{"stopsignal", do_stopsignal},
	{"user", do_user},
	{"volume", do_volume},
	{"workdir", do_workdir},
};

int image_change_apply(struct image_run_config *c, const char *line, struct err *e)
{
	_cleanup_free_ char *copy = NULL, *word = NULL;
	const char *rest;
	size_t n;

	line += strspn(line, " \t");
	copy = xstrdup(line);
	for (n = strlen(copy); n && isspace((unsigned char)copy[n - 1]); n--)
		copy[n - 1] = 0;
	word = xstrndup(copy, strcspn(copy, " \t"));
	rest = copy + strlen(word);
	rest += strspn(rest, " \t");
	for (size_t i = 0; i < ARRAY_SIZE(instructions); i++) {
		if (!str_eq_nocase(word, instructions[i].name))
			continue;
		if (!*rest)
			return err_set(e, ERR_INVALID, "%s requires at least one argument", word);
		return instructions[i].apply(c, rest, e);
	}
	return err_set(e, ERR_INVALID, "%s is not a valid change command", word);
}
