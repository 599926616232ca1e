/* SPDX-License-Identifier: Apache-2.0 */
/* Environment and label files, and the makers of JSON that the run_*.c files share. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "cli/run.h"
#include "cli/user_file.h"

#define KV_FILE_MAX (16 * 1024 * 1024)

void put_str(json_object *o, const char *key, const char *value)
{
	json_object_object_add(o, key, json_object_new_string(str_or_empty(value)));
}

void put_int(json_object *o, const char *key, int64_t value)
{
	json_object_object_add(o, key, json_object_new_int64(value));
}

void put_bool(json_object *o, const char *key, bool value)
{
	json_object_object_add(o, key, json_object_new_boolean(value));
}

static json_object *strv_array(char *const *v)
{
	json_object *a = json_object_new_array();

	STRV_FOREACH (s, v)
		json_object_array_add(a, json_object_new_string(*s));
	return a;
}

void put_strv(json_object *o, const char *key, char *const *v)
{
	json_object_object_add(o, key, v ? strv_array(v) : NULL);
}

void put_list(json_object *o, const char *key, char *const *v)
{
	json_object_object_add(o, key, strv_array(v));
}

json_object *kv_object(char *const *v)
{
	json_object *o = json_object_new_object();

	STRV_FOREACH (s, v) {
		const char *eq = strchr(*s, '=');
		_cleanup_free_ char *key = eq ? xstrndup(*s, (size_t)(eq - *s)) : xstrdup(*s);

		put_str(o, key, eq ? eq + 1 : "");
	}
	return o;
}

int run_parse_kv(const char *path, const char *text, size_t n, bool from_env, char ***out, struct err *e)
{
	const char *p = text, *end = text + n;

	if (n >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0)
		p += 3;
	for (size_t number = 1; p < end; number++) {
		const char *nl = memchr(p, '\n', (size_t)(end - p)), *stop = nl ? nl : end;
		_cleanup_free_ char *line = NULL;
		char *eq;

		if (!str_is_utf8(p, (size_t)(stop - p)))
			return err_set(e, ERR_INVALID, "invalid env file (%s): invalid utf8 bytes at line %zu", path,
				       number);
		while (p < stop && isspace((unsigned char)*p))
			p++;
		line = xstrndup(p, (size_t)(stop - p));
		if (*line && line[strlen(line) - 1] == '\r')
			line[strlen(line) - 1] = 0;
		p = nl ? nl + 1 : end;
		if (!*line || *line == '#')
			continue;
		eq = strchr(line, '=');
		if (eq == line)
			return err_set(e, ERR_INVALID, "invalid env file (%s): no variable name on line '%s'", path,
				       line);
		for (char *s = line; *s && s != eq; s++)
			if (isspace((unsigned char)*s))
				return err_set(e, ERR_INVALID,
					       "invalid env file (%s): variable '%.*s' contains whitespaces", path,
					       (int)(eq ? (size_t)(eq - line) : strlen(line)), line);
		if (eq)
			strv_add(out, line);
		else if (from_env && getenv(line)) /* a name alone passes ours on, if we have it */
			strv_addf(out, "%s=%s", line, getenv(line));
	}
	return 0;
}

int run_read_kv_file(const char *path, bool from_env, char ***out, struct err *e)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	int r = path_read_file(path, KV_FILE_MAX, &text);

	if (r < 0)
		return user_file_error(e, -r, "open %s", path);
	return run_parse_kv(path, text.data, text.len, from_env, out, e);
}

int run_env(char *const *files, char *const *assignments, char ***ret, struct err *e)
{
	_cleanup_strv_ char **env = NULL;

	STRV_FOREACH (f, files) {
		if (run_read_kv_file(*f, true, &env, e) < 0)
			return -1;
	}
	strv_extend(&env, assignments);
	*ret = TAKE_PTR(env);
	return 0;
}
