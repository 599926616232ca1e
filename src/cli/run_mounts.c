/* SPDX-License-Identifier: Apache-2.0 */
/* -v, --mount, --tmpfs, --volumes-from. Paths are only made absolute, never opened: the engine's host is what counts.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "cli/run.h"

/* "./x" against the working directory, as docker does for paths that begin with a dot. */
static char *absolute(const char *path)
{
	_cleanup_free_ char *cwd = NULL, *joined = NULL;

	if (*path != '.')
		return xstrdup(path);
	cwd = getcwd(NULL, 0);
	joined = xasprintf("%s/%s", cwd ? cwd : "", path);
	return path_clean(joined);
}

/* Options of one mount, by kind; each becomes a nested object when it was set. */
struct mount_parts {
	json_object *mount, *bind, *volume, *tmpfs, *image, *driver, *driver_opts, *labels;
	const char *first_volume, *first_bind, *first_tmpfs, *first_image; /* option names, for messages */
};

static void mount_parts_done(struct mount_parts *m)
{
	json_object_put(m->mount);
	json_object_put(m->bind);
	json_object_put(m->volume);
	json_object_put(m->tmpfs);
	json_object_put(m->image);
	json_object_put(m->driver);
	json_object_put(m->driver_opts);
	json_object_put(m->labels);
}

static bool put_flag(json_object *o, const char *key, const char *name, const char *value, struct strbuf *why)
{
	bool b;

	if (flag_parse_bool(value, &b) < 0) {
		strbuf_addf(why, "invalid value for %s: %s", name, value);
		return false;
	}
	if (b)
		put_bool(o, key, true);
	return true;
}

static void put_pair(json_object *o, const char *value)
{
	const char *eq = strchr(value, '=');
	_cleanup_free_ char *key = eq ? xstrndup(value, (size_t)(eq - value)) : xstrdup(value);

	put_str(o, key, eq ? eq + 1 : "");
}

static bool bind_option(struct mount_parts *m, const char *key, const char *value, struct strbuf *why)
{
	if (str_eq(key, "bind-propagation")) {
		put_str(m->bind, "Propagation", value);
	} else if (str_eq(key, "bind-nonrecursive")) {
		return put_flag(m->bind, "NonRecursive", key, value, why);
	} else if (str_eq(value, "enabled")) {
		return true;
	} else if (str_eq(value, "disabled")) {
		put_bool(m->bind, "NonRecursive", true);
	} else if (str_eq(value, "writable")) {
		put_bool(m->bind, "ReadOnlyNonRecursive", true);
	} else if (str_eq(value, "readonly")) {
		put_bool(m->bind, "ReadOnlyForceRecursive", true);
	} else {
		strbuf_addf(
			why,
			"invalid value for %s: %s (must be \"enabled\", \"disabled\", \"writable\", or \"readonly\")",
			key, value);
		return false;
	}
	return true;
}

static bool volume_option(struct mount_parts *m, const char *key, const char *value, struct strbuf *why)
{
	if (str_eq(key, "volume-nocopy"))
		return put_flag(m->volume, "NoCopy", key, value, why);
	if (str_eq(key, "volume-subpath"))
		put_str(m->volume, "Subpath", value);
	else if (str_eq(key, "volume-label"))
		put_pair(m->labels, value);
	else if (str_eq(key, "volume-driver"))
		put_str(m->driver, "Name", value);
	else
		put_pair(m->driver_opts, value);
	return true;
}

static bool tmpfs_option(struct mount_parts *m, const char *key, const char *value, struct strbuf *why)
{
	int64_t size;
	char *end;
	unsigned long mode;

	if (str_eq(key, "tmpfs-size")) {
		if (parse_bytes(value, &size) < 0) {
			strbuf_addf(why, "invalid value for %s: %s", key, value);
			return false;
		}
		if (size)
			put_int(m->tmpfs, "SizeBytes", size);
		return true;
	}
	mode = strtoul(value, &end, 8);
	if (!*value || *end || mode > 07777777) {
		strbuf_addf(why, "invalid value for %s: %s", key, value);
		return false;
	}
	if (mode)
		put_int(m->tmpfs, "Mode", (int64_t)mode);
	return true;
}

/* One key=value (value NULL: none was given). */
static bool mount_option(struct mount_parts *m, const char *key, const char *value, const char *field,
			 struct strbuf *why)
{
	static const char *const volume_keys[] = {"volume-nocopy", "volume-subpath", "volume-label", "volume-driver",
						  "volume-opt"};
	static const char *const flags[] = {"readonly", "ro", "volume-nocopy", "bind-nonrecursive"};
	bool is_flag = false;

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		is_flag |= str_eq(key, flags[i]);
	if (!value && !is_flag) {
		strbuf_addf(why, "invalid field '%s' must be a key=value pair", field);
		return false;
	}
	value = value ? value : "true";
	if (str_eq(key, "type")) {
		_cleanup_free_ char *lower = xstrdup(value);

		for (char *p = lower; *p; p++)
			*p = *p >= 'A' && *p <= 'Z' ? (char)(*p + 32) : *p;
		put_str(m->mount, "Type", lower);
		return true;
	}
	if (str_eq(key, "source") || str_eq(key, "src")) {
		_cleanup_free_ char *abs =
			str_eq(value, ".") || str_starts(value, "./") || str_starts(value, "../") || str_eq(value, "..")
				? absolute(value)
				: xstrdup(value);

		put_str(m->mount, "Source", abs);
		return true;
	}
	if (str_eq(key, "target") || str_eq(key, "dst") || str_eq(key, "destination")) {
		put_str(m->mount, "Target", value);
		return true;
	}
	if (str_eq(key, "readonly") || str_eq(key, "ro"))
		return put_flag(m->mount, "ReadOnly", key, value, why);
	if (str_eq(key, "consistency")) {
		put_str(m->mount, "Consistency", value);
		return true;
	}
	if (str_eq(key, "bind-propagation") || str_eq(key, "bind-nonrecursive") || str_eq(key, "bind-recursive")) {
		m->first_bind = "bind";
		return bind_option(m, key, value, why);
	}
	for (size_t i = 0; i < ARRAY_SIZE(volume_keys); i++) {
		if (str_eq(key, volume_keys[i])) {
			m->first_volume = "volume";
			return volume_option(m, key, value, why);
		}
	}
	if (str_eq(key, "tmpfs-size") || str_eq(key, "tmpfs-mode")) {
		m->first_tmpfs = "tmpfs";
		return tmpfs_option(m, key, value, why);
	}
	if (str_eq(key, "image-subpath")) {
		m->first_image = "image";
		put_str(m->image, "Subpath", value);
		return true;
	}
	strbuf_addf(why, "unexpected key '%s' in '%s'", key, field);
	return false;
}

/* Options must fit the type. */
static bool mount_check(const struct mount_parts *m, struct strbuf *why)
{
	const char *type = json_member_str(m->mount, "Type", "");
	const char *kinds[] = {m->first_volume, m->first_bind, m->first_tmpfs, m->first_image};

	if (!*type) {
		strbuf_add_str(why, "type is required");
		return false;
	}
	if (!*json_member_str(m->mount, "Target", "")) {
		strbuf_add_str(why, "target is required");
		return false;
	}
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (kinds[i] && !str_eq(kinds[i], type)) {
			strbuf_addf(why, "cannot mix '%s-*' options with mount type '%s'", kinds[i], type);
			return false;
		}
	}
	if (json_member_bool(m->bind, "ReadOnlyNonRecursive", false) &&
	    !json_member_bool(m->mount, "ReadOnly", false)) {
		strbuf_add_str(why,
			       "option 'bind-recursive=writable' requires 'readonly' to be specified in conjunction");
		return false;
	}
	if (json_member_bool(m->bind, "ReadOnlyForceRecursive", false)) {
		if (!json_member_bool(m->mount, "ReadOnly", false)) {
			strbuf_add_str(
				why,
				"option 'bind-recursive=readonly' requires 'readonly' to be specified in conjunction");
			return false;
		}
		if (!str_eq(json_member_str(m->bind, "Propagation", ""), "rprivate")) {
			strbuf_add_str(why, "option 'bind-recursive=readonly' requires 'bind-propagation=rprivate' to "
					    "be specified in conjunction");
			return false;
		}
	}
	return true;
}

static void put_nested(json_object *to, const char *key, json_object *o, bool wanted)
{
	if (wanted)
		json_object_object_add(to, key, json_object_get(o));
}

int run_parse_mount(const char *value, json_object **ret, struct strbuf *why)
{
	_cleanup_(mount_parts_done) struct mount_parts m = {
		.mount = json_object_new_object(),
		.bind = json_object_new_object(),
		.volume = json_object_new_object(),
		.tmpfs = json_object_new_object(),
		.image = json_object_new_object(),
		.driver = json_object_new_object(),
		.driver_opts = json_object_new_object(),
		.labels = json_object_new_object(),
	};
	_cleanup_strv_ char **fields = NULL;

	if (!*value || csv_split(value, &fields) < 0) {
		strbuf_add_str(why, *value ? "parse error on line 1: bare \" in non-quoted-field" : "EOF");
		return -1;
	}
	put_str(m.mount, "Type", "volume");
	STRV_FOREACH (f, fields) {
		const char *eq = strchr(*f, '=');
		_cleanup_free_ char *key = eq ? xstrndup(*f, (size_t)(eq - *f)) : xstrdup(*f);

		for (char *p = key; *p; p++)
			*p = *p >= 'A' && *p <= 'Z' ? (char)(*p + 32) : *p;
		if (!mount_option(&m, key, eq ? eq + 1 : NULL, *f, why))
			return -1;
	}
	if (!mount_check(&m, why))
		return -1;
	put_nested(m.driver, "Options", m.driver_opts, json_object_object_length(m.driver_opts));
	put_nested(m.volume, "Labels", m.labels, json_object_object_length(m.labels));
	put_nested(m.volume, "DriverConfig", m.driver, true);
	put_nested(m.mount, "BindOptions", m.bind, m.first_bind != NULL);
	put_nested(m.mount, "VolumeOptions", m.volume, m.first_volume != NULL);
	put_nested(m.mount, "TmpfsOptions", m.tmpfs, m.first_tmpfs != NULL);
	put_nested(m.mount, "ImageOptions", m.image, m.first_image != NULL);
	*ret = json_object_get(m.mount);
	return 0;
}

static int add_volume(const char *spec, json_object *volumes, char ***binds, struct err *e)
{
	const char *colon = strchr(spec, ':');
	_cleanup_free_ char *source = NULL, *abs = NULL;

	if (!*spec)
		return err_set(e, ERR_INVALID, "invalid empty volume spec");
	if (!colon) {
		json_object_object_add(volumes, spec, json_object_new_object());
		return 0;
	}
	if (colon == spec || !colon[1])
		return err_set(e, ERR_INVALID, "invalid spec: %s: empty section between colons", spec);
	source = xstrndup(spec, (size_t)(colon - spec));
	abs = absolute(source);
	strv_addf(binds, "%s%s", abs, colon);
	return 0;
}

int run_add_mounts(const struct args *a, json_object *body, json_object *host, struct err *e)
{
	_cleanup_strv_ char **binds = NULL;
	json_object *volumes = json_object_new_object(), *mounts = NULL, *tmpfs = NULL;

	json_object_object_add(body, "Volumes", volumes);
	STRV_FOREACH (v, flag_list(a, "volume")) {
		if (add_volume(*v, volumes, &binds, e) < 0)
			return -1;
	}
	put_strv(host, "Binds", binds);
	STRV_FOREACH (m, flag_list(a, "mount")) {
		_cleanup_strbuf_ struct strbuf why = STRBUF_INIT;
		json_object *o = NULL;

		if (run_parse_mount(*m, &o, &why) < 0)
			return err_set(e, ERR_INVALID, "%s", why.data);
		if (!mounts) {
			mounts = json_object_new_array();
			json_object_object_add(host, "Mounts", mounts);
		}
		json_object_array_add(mounts, o);
	}
	STRV_FOREACH (t, flag_list(a, "tmpfs")) {
		const char *colon = strchr(*t, ':');
		_cleanup_free_ char *path = colon ? xstrndup(*t, (size_t)(colon - *t)) : xstrdup(*t);

		if (!tmpfs) {
			tmpfs = json_object_new_object();
			json_object_object_add(host, "Tmpfs", tmpfs);
		}
		put_str(tmpfs, path, colon ? colon + 1 : "");
	}
	put_strv(host, "VolumesFrom", flag_list(a, "volumes-from"));
	return 0;
}
