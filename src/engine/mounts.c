/* SPDX-License-Identifier: Apache-2.0 */
/* Mount options of the API as mount points: parsing, conflicts, and Docker's sentences about them. */
#include "engine/mounts.h"

#include <errno.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/random.h"
#include "base/strutil.h"
#include "base/strv.h"

void mount_point_done(struct mount_point *m)
{
	json_fields_done(mount_point_fields, m);
}

/* --- destinations --- */

/* Files of /proc that programs like lxcfs put better versions over; runc allows the same ones. */
static const char *const proc_allowed[] = {
	"/proc/cpuinfo",
	"/proc/diskstats",
	"/proc/meminfo",
	"/proc/stat",
	"/proc/swaps",
	"/proc/uptime",
	"/proc/loadavg",
	"/proc/slabinfo",
	"/proc/net/dev",
	"/proc/sys/kernel/ns_last_pid",
	"/proc/sys/crypto/fips_enabled",
	NULL,
};

static bool path_is_below(const char *path, const char *dir)
{
	const char *rest = str_after(path, dir);

	return rest && (*rest == 0 || *rest == '/');
}

int mount_destination_check(const char *type, const char *destination, struct err *e)
{
	if (destination[0] != '/')
		return err_set(e, ERR_INVALID, "invalid mount path: '%.300s' mount path must be absolute", destination);
	if (str_eq(destination, "/"))
		return err_set(e, ERR_INVALID, "invalid specification: destination can't be '/'");
	if (str_has_control(destination))
		return err_set(e, ERR_INVALID, "invalid mount path: control character");
	/* Whoever could cover /proc could forge what security decisions rest on (rule D6). */
	if (path_is_below(destination, "/proc") && !strv_contains((char *const *)proc_allowed, destination))
		return err_set(e, ERR_INVALID,
			       "invalid mount path: \"%.300s\" cannot be mounted because it is inside /proc",
			       destination);
	if (path_is_below(destination, "/sys") && str_eq(type, "volume"))
		return err_set(e, ERR_INVALID,
			       "invalid mount path: \"%.300s\" cannot be a volume because it is inside /sys",
			       destination);
	return 0;
}

/* --- volume names --- */

static bool volume_name_char(char c, bool first)
{
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
		return true;
	return !first && (c == '_' || c == '.' || c == '-');
}

static int volume_name_check(const char *name, struct err *e)
{
	if (strlen(name) == 1)
		return err_set(
			e, ERR_INVALID,
			"create %s: volume name is too short, names should be at least two alphanumeric characters",
			name);
	for (size_t i = 0; name[i]; i++) {
		if (!volume_name_char(name[i], i == 0))
			return err_set(
				e, ERR_INVALID,
				"create %.200s: \"%.200s\" includes invalid characters for a local volume name, only "
				"\"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed. If you intended to pass a host directory, "
				"use absolute path",
				name, name);
	}
	return err_set(e, ERR_UNSUPPORTED, "named volumes are not supported yet: volume %.200s", name);
}

/* --- modes of Binds --- */

static const char *const propagations[] = {"private", "rprivate", "shared", "rshared", "slave", "rslave", NULL};
static const char *const consistencies[] = {"consistent", "cached", "delegated", "default", NULL};

struct bind_mode {
	int access, label, nocopy, propagation, consistency; /* how often each was said */
	bool ro;
	const char *propagation_name; /* a literal */
};

static const char *const *word_in(const char *const *list, const char *s)
{
	for (; *list; list++) {
		if (str_eq(*list, s))
			return list;
	}
	return NULL;
}

static int bind_mode_parse(const char *text, struct bind_mode *m)
{
	_cleanup_strv_ char **words = NULL;

	*m = (struct bind_mode){0};
	if (!*text)
		return 0;
	words = strv_split(text, ',');
	STRV_FOREACH (w, words) {
		const char *const *p;

		if (str_eq(*w, "rw") || str_eq(*w, "ro")) {
			m->access++;
			m->ro = str_eq(*w, "ro");
		} else if (str_eq(*w, "z") || str_eq(*w, "Z")) {
			m->label++;
		} else if (str_eq(*w, "nocopy")) {
			m->nocopy++;
		} else if ((p = word_in(propagations, *w))) {
			m->propagation++;
			m->propagation_name = *p;
		} else if (word_in(consistencies, *w)) {
			m->consistency++;
		} else {
			return -EINVAL;
		}
	}
	if (m->access > 1 || m->label > 1 || m->nocopy > 1 || m->propagation > 1 || m->consistency > 1)
		return -EINVAL;
	return 0;
}

static int bind_fields(const char *text, char *const *part, size_t n, struct mount_point *m, struct err *e)
{
	const char *source = n > 1 ? part[0] : NULL, *target = part[n > 1 ? 1 : 0];
	const char *options = n == 3 ? part[2] : "";
	bool is_volume = !source || source[0] != '/';
	const char *type = is_volume ? "volume" : "bind";
	struct bind_mode mode;

	if (bind_mode_parse(options, &mode) < 0)
		return err_set(e, ERR_INVALID, "invalid mode: %.200s", options);
	m->type = xstrdup(type);
	if (is_volume && mode.propagation) {
		err_set(e, ERR_INVALID, "field BindOptions must not be specified");
		goto wrap;
	}
	if (!is_volume && mode.nocopy) {
		err_set(e, ERR_INVALID, "field VolumeOptions must not be specified");
		goto wrap;
	}
	if (target[0] != '/') {
		err_set(e, ERR_INVALID, "invalid mount path: '%.300s' mount path must be absolute", target);
		goto wrap;
	}
	m->destination = path_clean(target);
	if (mount_destination_check(m->type, m->destination, e) < 0)
		goto wrap;
	if (source && is_volume)
		return volume_name_check(source, e);
	m->rw = !mode.ro;
	m->no_copy = mode.nocopy > 0;
	m->mode = xstrdup(options);
	if (is_volume) {
		m->anonymous = true;
		m->driver = xstrdup("local");
		m->propagation = xstrdup("");
	} else {
		m->source = path_clean(source);
		m->make_source = true;
		m->propagation = xstrdup(mode.propagation_name ? mode.propagation_name : "rprivate");
	}
	return 0;
wrap:
	return err_wrap(e, "invalid volume specification: '%.300s': invalid mount config for type \"%s\"", text, type);
}

int mount_bind_parse(const char *text, struct mount_point *ret, struct err *e)
{
	_cleanup_strv_ char **part = strv_split(text, ':');
	size_t n = strv_len(part);
	struct mount_point m = {0};
	struct bind_mode mode;

	if (n > 3 || !*part[0] || (n > 1 && !*part[1]) || str_has_control(text) ||
	    (n == 2 && bind_mode_parse(part[1], &mode) == 0))
		return err_set(e, ERR_INVALID, "invalid volume specification: '%.300s'", text);
	if (bind_fields(text, part, n, &m, e) < 0) {
		mount_point_done(&m);
		return -1;
	}
	*ret = m;
	return 0;
}

/* --- Mounts --- */

static int field_absent(const void *options, const char *name, const char *type, struct err *e)
{
	if (options)
		return err_set(e, ERR_INVALID, "%s must not be specified on mount type \"%s\"", name, type);
	return 0;
}

static int mount_bind(const struct mount *m, struct mount_point *p, struct err *e)
{
	const struct mount_bind_options *o = m->bind_options;

	if (str_empty(m->source))
		return err_set(e, ERR_INVALID, "field Source must not be empty");
	if (m->source[0] != '/')
		return err_set(e, ERR_INVALID, "invalid mount path: '%.300s' mount path must be absolute", m->source);
	if (o && !str_empty(o->propagation) && !word_in(propagations, o->propagation))
		return err_set(e, ERR_INVALID, "invalid propagation mode: %.100s", o->propagation);
	p->source = path_clean(m->source);
	p->propagation = xstrdup(o && !str_empty(o->propagation) ? o->propagation : "rprivate");
	if (o) {
		p->non_recursive = o->non_recursive;
		p->make_source = o->create_mountpoint;
		p->ro_non_recursive = o->read_only_non_recursive;
		p->ro_force_recursive = o->read_only_force_recursive;
	}
	if (p->ro_force_recursive && (!m->read_only || p->ro_non_recursive || !str_eq(p->propagation, "rprivate")))
		return err_set(e, ERR_INVALID,
			       "mount option ReadOnlyForceRecursive needs ReadOnly, propagation rprivate and no "
			       "ReadOnlyNonRecursive");
	return 0;
}

static int mount_volume(const struct mount *m, struct mount_point *p, struct err *e)
{
	const struct mount_volume_options *o = m->volume_options;

	if (!str_empty(m->source))
		return 0; /* refused by its name, see mount_parse */
	if (o && !str_empty(o->subpath))
		return err_set(e, ERR_INVALID, "must not set Subpath when using anonymous volumes");
	if (m->read_only)
		return err_set(e, ERR_INVALID, "must not set ReadOnly mode when using anonymous volumes");
	if (o && o->driver_config && !str_empty(o->driver_config->name) && !str_eq(o->driver_config->name, "local"))
		return err_set(e, ERR_UNSUPPORTED, "volume driver \"%.100s\" is not supported", o->driver_config->name);
	p->anonymous = true;
	p->driver = xstrdup("local");
	p->propagation = xstrdup("");
	p->no_copy = o && o->no_copy;
	return 0;
}

static int mount_tmpfs(const struct mount *m, struct mount_point *p, struct err *e)
{
	const struct mount_tmpfs_options *o = m->tmpfs_options;
	_cleanup_strv_ char **words = NULL;

	if (!str_empty(m->source))
		return err_set(e, ERR_INVALID, "field Source must not be specified");
	p->propagation = xstrdup("");
	if (!o)
		return 0;
	if (o->size_bytes < 0)
		return err_set(e, ERR_INVALID, "invalid tmpfs size: %lld", (long long)o->size_bytes);
	if (o->mode < 0 || o->mode > 07777)
		return err_set(e, ERR_INVALID, "invalid tmpfs mode: %lld", (long long)o->mode);
	if (tmpfs_options_parse(o->options, &words, e) < 0)
		return -1;
	if (o->mode > 0)
		strv_addf(&p->tmpfs_options, "mode=%llo", (unsigned long long)o->mode);
	if (o->size_bytes > 0)
		strv_addf(&p->tmpfs_options, "size=%lld", (long long)o->size_bytes);
	STRV_FOREACH (w, words) {
		if (!str_eq(*w, "exec") && !str_eq(*w, "noexec"))
			return err_set(e, ERR_INVALID, "invalid option: %.*s", (int)MIN(strcspn(*w, "="), 100u), *w);
		strv_add(&p->tmpfs_options, *w);
	}
	return 0;
}

static int mount_fields_check(const struct mount *m, struct err *e)
{
	const char *type = str_or_empty(m->type);

	if (!str_eq(type, "bind") && field_absent(m->bind_options, "BindOptions", type, e) < 0)
		return -1;
	if (!str_eq(type, "volume") && field_absent(m->volume_options, "VolumeOptions", type, e) < 0)
		return -1;
	if (!str_eq(type, "tmpfs") && field_absent(m->tmpfs_options, "TmpfsOptions", type, e) < 0)
		return -1;
	return str_eq(type, "image") ? 0 : field_absent(m->image_options, "ImageOptions", type, e);
}

static int mount_config(const struct mount *m, struct mount_point *p, struct err *e)
{
	const char *type = str_or_empty(m->type);

	if (str_empty(m->target))
		return err_set(e, ERR_INVALID, "field Target must not be empty");
	if (!str_eq(type, "bind") && !str_eq(type, "volume") && !str_eq(type, "tmpfs") && !str_eq(type, "image"))
		return err_set(e, ERR_INVALID, "mount type unknown");
	if (m->target[0] != '/')
		return err_set(e, ERR_INVALID, "invalid mount path: '%.300s' mount path must be absolute", m->target);
	p->destination = path_clean(m->target);
	if (mount_destination_check(type, p->destination, e) < 0)
		return -1;
	if (str_eq(type, "image"))
		return str_empty(m->source) ? err_set(e, ERR_INVALID, "field Source must not be empty")
					    : err_set(e, ERR_UNSUPPORTED, "mounts of type image are not supported yet");
	p->rw = !m->read_only;
	p->mode = xstrdup("");
	if (str_eq(type, "bind"))
		return mount_bind(m, p, e);
	return str_eq(type, "volume") ? mount_volume(m, p, e) : mount_tmpfs(m, p, e);
}

int mount_parse(const struct mount *m, struct mount_point *ret, struct err *e)
{
	const char *type = str_or_empty(m->type);
	struct mount_point p = {.type = xstrdup(type)};

	if (!str_empty(m->target) && !str_empty(type) &&
	    word_in((const char *const[]){"bind", "volume", "tmpfs", NULL}, type) && mount_fields_check(m, e) < 0) {
		mount_point_done(&p);
		return -1;
	}
	if (mount_config(m, &p, e) < 0) {
		mount_point_done(&p);
		return err_wrap(e, "invalid mount config for type \"%.100s\"", type);
	}
	if (str_eq(type, "volume") && !str_empty(m->source)) {
		mount_point_done(&p);
		return volume_name_check(m->source, e);
	}
	*ret = p;
	return 0;
}

/* --- VolumesFrom, Tmpfs --- */

int volumes_from_parse(const char *text, char **ret_ref, bool *ret_rw, struct err *e)
{
	const char *colon = strchr(text, ':');
	struct bind_mode mode = {0};

	if (!*text)
		return err_set(e, ERR_INVALID, "volumes-from specification cannot be an empty string");
	if (colon && (bind_mode_parse(colon + 1, &mode) < 0 || mode.propagation || mode.nocopy))
		return err_set(e, ERR_INVALID, "invalid mode: %.100s", colon + 1);
	*ret_ref = colon ? xstrndup(text, (size_t)(colon - text)) : xstrdup(text);
	*ret_rw = !mode.ro;
	return 0;
}

int tmpfs_options_check(const char *options, struct err *e)
{
	static const char *const flags[] = {
		"rw",       "ro",         "exec",        "noexec",        "suid",     "nosuid",   "dev",
		"nodev",    "sync",       "async",       "atime",         "noatime",  "diratime", "nodiratime",
		"relatime", "norelatime", "strictatime", "nostrictatime", "private",  "rprivate", "shared",
		"rshared",  "slave",      "rslave",      "dirsync",       "defaults", NULL};
	static const char *const keys[] = {
		"size=", "mode=", "uid=", "gid=", "nr_inodes=", "nr_blocks=", "mpol=", "huge="};
	_cleanup_strv_ char **words = NULL;

	if (str_empty(options))
		return 0;
	words = strv_split(options, ',');
	STRV_FOREACH (w, words) {
		bool good = word_in(flags, *w) != NULL;

		for (size_t i = 0; !good && i < ARRAY_SIZE(keys); i++) {
			const char *value = str_after(*w, keys[i]);

			good = !str_empty(value) && !str_has_control(value);
		}
		if (!good)
			return err_set(e, ERR_INVALID, "Invalid tmpfs option [\"%.100s\"]", *w);
	}
	return 0;
}

/* --- the whole list --- */

static struct mount_point *list_find(const struct json_array *list, const char *destination)
{
	struct mount_point *m = list->items;

	for (size_t i = 0; i < list->n; i++) {
		if (str_eq(m[i].destination, destination))
			return &m[i];
	}
	return NULL;
}

/* Owns *m. */
static int list_add(struct json_array *list, struct mount_point *m, struct err *e)
{
	if (list->n >= MOUNTS_MAX) {
		mount_point_done(m);
		return err_set(e, ERR_TOO_LARGE, "more than %d mounts", MOUNTS_MAX);
	}
	list->items = xreallocarray(list->items, list->n + 1, sizeof(*m));
	mount_points(list)[list->n++] = *m;
	list->set = true;
	return 0;
}

static void volume_fill(struct mount_point *m, const char *data_root)
{
	char id[ID_LEN + 1];

	random_id(id);
	m->name = xstrdup(id);
	m->source = xasprintf("%s/volumes/%s/_data", data_root, id);
}

/* Explicit mounts: the same place twice is an error; one that came by VolumesFrom gives way. */
static int list_add_explicit(struct json_array *list, size_t n_from, struct mount_point *m, const char *said,
			     const char *data_root, struct err *e)
{
	struct mount_point *old = list_find(list, m->destination);

	if (old && (size_t)(old - mount_points(list)) >= n_from) {
		err_set(e, ERR_INVALID, "Duplicate mount point: %.300s", said);
		mount_point_done(m);
		return -1;
	}
	if (m->anonymous)
		volume_fill(m, data_root);
	if (old) {
		mount_point_done(old);
		*old = *m;
		return 0;
	}
	return list_add(list, m, e);
}

static int plan_from(const struct json_array *from, struct json_array *list, struct err *e)
{
	for (size_t i = 0; i < from->n; i++) {
		struct mount_point copy = {0}, *old;

		json_fields_copy(mount_point_fields, &copy, &mount_points(from)[i]);
		old = list_find(list, copy.destination);
		if (old) {
			mount_point_done(old);
			*old = copy;
		} else if (list_add(list, &copy, e) < 0) {
			return -1;
		}
	}
	return 0;
}

static int plan_explicit(const struct host_config *h, const char *data_root, struct json_array *list, struct err *e)
{
	const struct mount *mounts = h->mounts.items;
	size_t n_from = list->n;

	STRV_FOREACH (b, h->binds) {
		struct mount_point m;

		if (mount_bind_parse(*b, &m, e) < 0)
			return -1;
		for (size_t i = 0; i < h->tmpfs.n; i++) {
			if (str_eq(h->tmpfs.items[i].key, m.destination)) {
				err_set(e, ERR_INVALID, "Duplicate mount point: %.300s", m.destination);
				mount_point_done(&m);
				return -1;
			}
		}
		if (list_add_explicit(list, n_from, &m, m.destination, data_root, e) < 0)
			return -1;
	}
	for (size_t i = 0; i < h->mounts.n; i++) {
		struct mount_point m;
		struct stat st;

		if (mount_parse(&mounts[i], &m, e) < 0)
			return -1;
		if (str_eq(m.type, "bind") && !m.make_source && stat(m.source, &st) < 0) {
			err_set(e, ERR_INVALID,
				"invalid mount config for type \"bind\": bind source path does not exist: %.300s",
				str_or_empty(m.source));
			mount_point_done(&m);
			return -1;
		}
		if (list_add_explicit(list, n_from, &m, mounts[i].target, data_root, e) < 0)
			return -1;
	}
	return 0;
}

/* Config.Volumes, of the request and of the image: paths are taken as if "/" were the only root they could mean (B13).
 */
static int plan_volumes(const struct host_config *h, const struct container_config *c, const char *data_root,
			struct json_array *list, struct err *e)
{
	for (size_t i = 0; i < c->volumes.n; i++) {
		_cleanup_free_ char *rooted = xasprintf("/%s", c->volumes.items[i].key);
		_cleanup_free_ char *destination = path_clean(rooted);
		struct mount_point m = {0};

		if (mount_destination_check("volume", destination, e) < 0)
			return -1;
		if (list_find(list, destination) || json_kv_get(&h->tmpfs, destination))
			continue;
		m = (struct mount_point){
			.type = xstrdup("volume"),
			.destination = TAKE_PTR(destination),
			.driver = xstrdup("local"),
			.mode = xstrdup(""),
			.propagation = xstrdup(""),
			.rw = true,
			.anonymous = true,
		};
		volume_fill(&m, data_root);
		if (list_add(list, &m, e) < 0)
			return -1;
	}
	return 0;
}

static int tmpfs_check(const struct json_kv *tmpfs, struct err *e)
{
	for (size_t i = 0; i < tmpfs->n; i++) {
		_cleanup_free_ char *clean = path_clean(tmpfs->items[i].key);

		if (mount_destination_check("tmpfs", clean, e) < 0 || tmpfs_options_check(tmpfs->items[i].value, e) < 0)
			return -1;
	}
	return 0;
}

int mounts_plan(const struct host_config *h, const struct container_config *c, const struct json_array *from,
		const char *data_root, struct json_array *ret, struct err *e)
{
	struct json_array list = {.set = true};

	if (tmpfs_check(&h->tmpfs, e) < 0)
		return -1;
	if (plan_from(from, &list, e) < 0 || plan_explicit(h, data_root, &list, e) < 0 ||
	    plan_volumes(h, c, data_root, &list, e) < 0) {
		for (size_t i = 0; i < list.n; i++)
			mount_point_done(&mount_points(&list)[i]);
		free(list.items);
		return -1;
	}
	*ret = list;
	return 0;
}
