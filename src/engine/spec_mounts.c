/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mounts of the OCI configuration: what every container has, what its record says, and its three files of /etc.
 * Docker's order: first the defaults, then the rest by depth, so that nothing is hidden by a mount above it.
 */
#include "base/mem.h"
#include "base/path.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "engine/mounts.h"
#include "engine/spec_priv.h"
#include "engine/validate.h"

struct entry {
	char *destination;
	const char *type; /* a literal */
	char *source;
	char **options;
	int depth; /* 0: a default, stays in front */
};

struct entries {
	struct entry *items;
	size_t n;
};

static void entries_done(struct entries *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->items[i].destination);
		free(l->items[i].source);
		strv_free(l->items[i].options);
	}
	free(l->items);
}

static int depth_of(const char *path)
{
	int n = 0;

	for (; *path; path++)
		n += *path == '/' && path[1] && path[1] != '/';
	return n;
}

/* options is owned from here on. */
static void add(struct entries *l, const char *destination, const char *type, const char *source, char **options,
		int depth)
{
	l->items = xreallocarray(l->items, l->n + 1, sizeof(*l->items));
	l->items[l->n++] = (struct entry){
		.destination = xstrdup(destination),
		.type = type,
		.source = xstrdup(source),
		.options = options,
		.depth = depth,
	};
}

static char **words(const char *text)
{
	return strv_split(text, ',');
}

/* --- what the record names --- */

static bool has_destination(const struct container_record *rec, const char *path)
{
	const struct mount_point *m = rec->mounts.items;

	for (size_t i = 0; i < rec->mounts.n; i++) {
		if (str_eq(m[i].destination, path))
			return true;
	}
	for (size_t i = 0; i < rec->host_config.tmpfs.n; i++) {
		_cleanup_free_ char *clean = path_clean(rec->host_config.tmpfs.items[i].key);

		if (str_eq(clean, path))
			return true;
	}
	return false;
}

static const char *opposite(const char *flag)
{
	static const char *const pairs[][2] = {{"ro", "rw"},
					       {"exec", "noexec"},
					       {"suid", "nosuid"},
					       {"dev", "nodev"},
					       {"atime", "noatime"},
					       {"sync", "async"},
					       {"diratime", "nodiratime"},
					       {"relatime", "norelatime"},
					       {"strictatime", "nostrictatime"}};

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		if (str_eq(flag, pairs[i][0]))
			return pairs[i][1];
		if (str_eq(flag, pairs[i][1]))
			return pairs[i][0];
	}
	return NULL;
}

static void option_remove(char **v, const char *option)
{
	char **to = v;

	for (; v && *v; v++) {
		if (str_eq(*v, option))
			free(*v);
		else
			*to++ = *v;
	}
	if (to)
		*to = NULL;
}

/* noexec, nosuid and nodev unless the options say otherwise; what comes later wins. */
static char **tmpfs_words(char *const *given)
{
	char **v = words("noexec,nosuid,nodev");

	STRV_FOREACH (s, given) {
		const char *other = opposite(*s);

		if (!**s || str_eq(*s, "defaults"))
			continue;
		option_remove(v, *s);
		if (other)
			option_remove(v, other);
		strv_add(&v, *s);
	}
	return v;
}

static char **bind_words(const struct mount_point *m)
{
	char **v = NULL;

	strv_add(&v, m->non_recursive ? "bind" : "rbind");
	if (!m->rw)
		strv_add(&v, m->ro_non_recursive || m->non_recursive ? "ro" : "rro");
	strv_add(&v, str_empty(m->propagation) ? "rprivate" : m->propagation);
	return v;
}

static void add_points(struct entries *l, const struct container_record *rec)
{
	const struct mount_point *m = rec->mounts.items;

	for (size_t i = 0; i < rec->mounts.n; i++) {
		int depth = depth_of(m[i].destination);

		if (str_eq(m[i].type, "tmpfs")) {
			char **v = tmpfs_words(m[i].tmpfs_options);

			if (!m[i].rw)
				strv_add(&v, "ro");
			add(l, m[i].destination, "tmpfs", "tmpfs", v, depth);
		} else {
			add(l, m[i].destination, "bind", m[i].source, bind_words(&m[i]), depth);
		}
	}
	for (size_t i = 0; i < rec->host_config.tmpfs.n; i++) {
		_cleanup_free_ char *path = path_clean(rec->host_config.tmpfs.items[i].key);
		_cleanup_strv_ char **given = words(str_or_empty(rec->host_config.tmpfs.items[i].value));

		add(l, path, "tmpfs", "tmpfs", tmpfs_words(given), depth_of(path));
	}
}

/* --- what every container has --- */

static void add_shm(struct entries *l, const struct spec_plan *p)
{
	const struct host_config *h = &p->in->rec->host_config;
	char **v;

	if (str_eq(h->ipc_mode, "none"))
		return;
	if (str_eq(h->ipc_mode, "host")) {
		add(l, "/dev/shm", "bind", "/dev/shm", words("rbind,rprivate"), 0);
	} else if (p->in->shm_dir) {
		add(l, "/dev/shm", "bind", p->in->shm_dir, words("rbind,rprivate"), 0);
	} else {
		v = words("nosuid,noexec,nodev,mode=1777");
		strv_addf(&v, "size=%lld", (long long)h->shm_size);
		add(l, "/dev/shm", "tmpfs", "shm", v, 0);
	}
}

static void add_defaults(struct entries *l, const struct spec_plan *p)
{
	const struct host_config *h = &p->in->rec->host_config;

	add(l, "/proc", "proc", "proc", words("nosuid,noexec,nodev"), 0);
	add(l, "/dev", "tmpfs", "tmpfs", words("nosuid,strictatime,mode=755,size=65536k"), 0);
	add(l, "/dev/pts", "devpts", "devpts", words("nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5"), 0);
	add(l, "/sys", "sysfs", "sysfs", words(h->privileged ? "nosuid,noexec,nodev" : "nosuid,noexec,nodev,ro"), 0);
	add(l, "/sys/fs/cgroup", "cgroup", "cgroup",
	    words(p->writable_cgroups ? "nosuid,noexec,nodev" : "ro,nosuid,noexec,nodev"), 0);
	add(l, "/dev/mqueue", "mqueue", "mqueue", words("nosuid,noexec,nodev"), 0);
	add_shm(l, p);
}

/* A default gives way to a mount of the record at the same place; with a /dev of its own, all below it too. */
static void drop_overridden(struct entries *l, const struct container_record *rec)
{
	bool own_dev = has_destination(rec, "/dev"), own_sys = has_destination(rec, "/sys");
	size_t to = 0;

	for (size_t i = 0; i < l->n; i++) {
		struct entry *m = &l->items[i];

		if (has_destination(rec, m->destination) || (own_dev && str_starts(m->destination, "/dev/")) ||
		    (own_sys && str_starts(m->destination, "/sys/"))) {
			free(m->destination);
			free(m->source);
			strv_free(m->options);
		} else {
			l->items[to++] = *m;
		}
	}
	l->n = to;
}

static void add_files(struct entries *l, const struct spec_plan *p)
{
	static const char *const names[] = {"resolv.conf", "hostname", "hosts"};
	const struct container_record *rec = p->in->rec;
	const char *other = mode_container(rec->host_config.network_mode);
	_cleanup_free_ char *dir = NULL;

	/* Who shares a network shares these files; create has put the other's full id there. */
	if (other) {
		const char *slash = strrchr(p->in->dir, '/');

		dir = slash ? xasprintf("%.*s/%s", (int)(slash - p->in->dir), p->in->dir, other) : xstrdup(p->in->dir);
	} else {
		dir = xstrdup(p->in->dir);
	}
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *target = xasprintf("/etc/%s", names[i]), *source = path_join(dir, names[i]);

		if (!has_destination(rec, target))
			add(l, target, "bind", source, words("rbind,rprivate"), depth_of(target));
	}
}

/* Stable, by depth: a short list, and the order of equals is part of what users see. */
static void sort_by_depth(struct entries *l)
{
	for (size_t i = 1; i < l->n; i++) {
		struct entry item = l->items[i];
		size_t j = i;

		for (; j > 0 && l->items[j - 1].depth > item.depth; j--)
			l->items[j] = l->items[j - 1];
		l->items[j] = item;
	}
}

void spec_mounts_write(struct json_writer *w, const struct spec_plan *p)
{
	struct entries l = {0};

	add_defaults(&l, p);
	drop_overridden(&l, p->in->rec);
	if (p->in->init_path)
		add(&l, "/sbin/docker-init", "bind", p->in->init_path, words("bind,ro"), 0);
	add_points(&l, p->in->rec);
	add_files(&l, p);
	sort_by_depth(&l);
	json_array_begin(w);
	for (size_t i = 0; i < l.n; i++) {
		json_object_begin(w);
		json_kstr(w, "destination", l.items[i].destination);
		json_kstr(w, "type", l.items[i].type);
		json_kstr(w, "source", l.items[i].source);
		json_kstrv(w, "options", l.items[i].options);
		json_object_close(w);
	}
	json_array_close(w);
	entries_done(&l);
}

const char *spec_root_propagation(const struct container_record *rec)
{
	const struct mount_point *m = rec->mounts.items;
	const char *found = NULL;

	for (size_t i = 0; i < rec->mounts.n; i++) {
		if (str_ends(str_or_empty(m[i].propagation), "shared"))
			return "rshared";
		if (str_ends(str_or_empty(m[i].propagation), "slave"))
			found = "rslave";
	}
	return found;
}
