/* SPDX-License-Identifier: Apache-2.0 */
/* Reads config.json and the contexts below it; finds credentials for registries. */
#include "cli/config.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "base/strutil.h"
#include "base/strv.h"

#define CONFIG_MAX (16 * 1024 * 1024)

int config_parse(const char *text, size_t n, json_object **ret, struct err *e)
{
	_cleanup_json_ json_object *root = NULL;

	if (!n) {
		*ret = json_object_new_object();
		return 0;
	}
	if (json_parse(text, n, &root, e) < 0)
		return -1;
	if (!json_object_is_type(root, json_type_object))
		return err_set(e, ERR_INVALID, "not a JSON object");
	*ret = TAKE_PTR(root);
	return 0;
}

int config_load(const char *dir, struct config **ret, struct err *e)
{
	struct config *c = xnew(struct config);
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	_cleanup_free_ char *path = NULL;
	const char *env = getenv("DOCKER_CONFIG"), *home = getenv("HOME");
	int r;

	c->dir = dir               ? xstrdup(dir)
		 : !str_empty(env) ? xstrdup(env)
				   : path_join(str_empty(home) ? "/root" : home, ".docker");
	*ret = c;
	path = path_join(c->dir, "config.json");
	r = path_read_file(path, CONFIG_MAX, &text);
	if (r < 0 && r != -ENOENT && r != -ENOTDIR && r != -EACCES) {
		c->root = json_object_new_object();
		return err_sys(e, -r, "Error loading config file: %s", path);
	}
	if (r >= 0 && config_parse(text.data, text.len, &c->root, e) < 0) {
		c->root = json_object_new_object();
		return err_wrap(e, "Error parsing config file (%s)", path);
	}
	if (!c->root)
		c->root = json_object_new_object();
	return 0;
}

void config_free(struct config *c)
{
	if (!c)
		return;
	free(c->dir);
	json_object_put(c->root);
	free(c);
}

const char *config_str(const struct config *c, const char *key)
{
	return json_member_str(c->root, key, NULL);
}

int config_context_host(const struct config *c, const char *context, char **ret, struct err *e)
{
	_cleanup_free_ char *meta = path_join(c->dir, "contexts/meta");
	DIR *d = opendir(meta);
	struct dirent *ent;
	bool found = false;

	/* the folder's name is a digest of the context's; reading the few files spares linking a hash */
	while (d && !found && (ent = readdir(d))) {
		_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
		_cleanup_free_ char *path = xasprintf("%s/%s/meta.json", meta, ent->d_name);
		_cleanup_json_ json_object *root = NULL;
		json_object *docker;

		if (*ent->d_name == '.' || path_read_file(path, CONFIG_MAX, &text) < 0 ||
		    json_parse(text.data, text.len, &root, NULL) < 0 ||
		    !str_eq(json_member_str(root, "Name", NULL), context))
			continue;
		found = true;
		docker = json_member(json_member(root, "Endpoints"), "docker");
		*ret = xstrdup(json_member_str(docker, "Host", ""));
	}
	if (d)
		closedir(d);
	if (found)
		return 0;
	return err_set(e, ERR_NOT_FOUND, "context \"%s\": context not found: no such context in %s", context, meta);
}

char *config_base64url(const char *s)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;
	size_t n = strlen(s);

	for (size_t i = 0; i < n; i += 3) {
		uint32_t v = (uint32_t)(unsigned char)s[i] << 16;

		v |= i + 1 < n ? (uint32_t)(unsigned char)s[i + 1] << 8 : 0;
		v |= i + 2 < n ? (uint32_t)(unsigned char)s[i + 2] : 0;
		strbuf_add_char(&out, digits[v >> 18]);
		strbuf_add_char(&out, digits[v >> 12 & 63]);
		strbuf_add_char(&out, i + 1 < n ? digits[v >> 6 & 63] : '=');
		strbuf_add_char(&out, i + 2 < n ? digits[v & 63] : '=');
	}
	return strbuf_steal(&out);
}

/* Standard base64 of "user:password" in config.json; NULL when it is none. */
static char *base64_decode(const char *s)
{
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT_MAX(64 * 1024);
	uint32_t v = 0;
	int bits = 0;

	for (; *s && *s != '='; s++) {
		static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
		const char *at = strchr(digits, *s);

		if (!at)
			return NULL;
		v = v << 6 | (uint32_t)(at - digits);
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			strbuf_add_char(&out, (char)(v >> bits & 0xff));
		}
	}
	return strbuf_steal(&out);
}

/* The registry a reference names: what is before the first '/' when it looks like a host, else Docker Hub's key. */
static char *registry_of(const char *image)
{
	const char *slash = strchr(image, '/');
	size_t n = slash ? (size_t)(slash - image) : 0;

	if (!slash ||
	    (!memchr(image, '.', n) && !memchr(image, ':', n) && strncmp(image, "localhost", MAX(n, (size_t)9)) != 0))
		return xstrdup("https://index.docker.io/v1/");
	if (strncmp(image, "docker.io", MAX(n, (size_t)9)) == 0)
		return xstrdup("https://index.docker.io/v1/");
	return xstrndup(image, n);
}

char *config_registry_auth(const struct config *c, const char *image)
{
	_cleanup_free_ char *registry = registry_of(image), *plain = NULL;
	json_object *entry = json_member(json_member(c->root, "auths"), registry);
	const char *auth = json_member_str(entry, "auth", NULL), *token = json_member_str(entry, "identitytoken", NULL);
	_cleanup_json_ json_object *out = json_object_new_object();
	char *colon;

	plain = auth ? base64_decode(auth) : NULL;
	colon = plain ? strchr(plain, ':') : NULL;
	if (colon) {
		*colon = 0;
		json_object_object_add(out, "username", json_object_new_string(plain));
		if (!token)
			json_object_object_add(out, "password", json_object_new_string(colon + 1));
	}
	if (token)
		json_object_object_add(out, "identitytoken", json_object_new_string(token));
	if (entry)
		json_object_object_add(out, "serveraddress", json_object_new_string(registry));
	return config_base64url(json_object_to_json_string_ext(out, JSON_C_TO_STRING_PLAIN));
}
