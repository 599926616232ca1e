/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unpacked layers: layers/<chain id hex>/diff, with a short link layers/l/<12 digits> for mount options of limited
 * length. A layer is made below staging/ and renamed into place when it was verified and synced.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/failpoint.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/random.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "image/image_priv.h"

#define LINK_DIGITS 12

void layer_job_done(struct layer_job *j)
{
	free(j->dir);
	free(j->chain_id);
	memset(j, 0, sizeof(*j));
}

int staging_begin(struct images *s, char **ret_name, int *ret_fd, struct err *e)
{
	char name[ID_LEN + 1];
	int fd;

	random_id(name);
	name[16] = 0;
	fd = mkdirat(s->staging, name, 0700) < 0 ? -errno : dir_open_at(s->staging, name);
	if (fd < 0)
		return err_sys(e, -fd, "make a directory for the image");
	*ret_name = xstrdup(name);
	*ret_fd = fd;
	return 0;
}

void staging_end(struct images *s, const char *name)
{
	int r = name ? rm_rf_at(s->staging, name) : 0;

	if (r < 0)
		log_warn("cannot remove staging/%s: error %d, ignoring", name, -r);
}

/* --- unpacking --- */

struct unpack_progress {
	void (*fn)(void *arg, int64_t at, int64_t size);
	void *arg;
	int64_t size;
};

static void on_progress(void *arg, int64_t at)
{
	struct unpack_progress *p = arg;

	p->fn(p->arg, at, p->size);
}

/* The mark takes a privilege that the worker does not have. The name is the archive's: it is resolved below diff. */
static int mark_opaque(int diff, const char *hex, struct err *e)
{
	size_t n = strlen(hex) / 2;
	_cleanup_free_ char *name = xcalloc(1, n + 1);
	_cleanup_close_ int fd = -1;

	if (n >= LIMIT_TAR_PATH || hex_decode(hex, (uint8_t *)name, n) < 0 || strlen(name) != n)
		return err_set(e, ERR_INVALID, "the worker's report is malformed");
	fd = root_open(diff, name, ROOT_IN, O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0)
		return err_sys(e, -fd, "open \"%.200s\" of the layer", name);
	if (fsetxattr(fd, "trusted.overlay.opaque", "y", 1, 0) < 0)
		return err_sys(e, errno, "mark \"%.200s\" of the layer as opaque", name);
	return 0;
}

static int finish_unpack(int diff, json_object *report, const char *diff_id, char *ret_diff_id, int64_t *ret_size,
			 struct err *e)
{
	const char *got = json_member_str(report, "diff_id", "");
	json_object *opaque = json_member(report, "opaque");

	if (digest_check(got, e) < 0)
		return -1;
	if (diff_id && !str_eq(got, diff_id))
		return err_set(e, ERR_INVALID, "invalid diffID for layer: expected \"%s\", got \"%s\"", diff_id, got);
	for (size_t i = 0; opaque && i < json_object_array_length(opaque); i++)
		if (mark_opaque(diff, json_object_get_string(json_object_array_get_idx(opaque, i)), e) < 0)
			return -1;
	if (ret_diff_id)
		memcpy(ret_diff_id, got, DIGEST_LEN + 1);
	*ret_size = json_member_int(report, "size", 0);
	return 0;
}

int layer_unpack(struct images *s, int staging_fd, const char *name, const char *blob, const char *diff_id,
		 void (*progress)(void *arg, int64_t at, int64_t size), void *arg, int64_t *ret_size, char *ret_diff_id,
		 struct err *e)
{
	_cleanup_free_ char *max_bytes = xasprintf("%lld", (long long)worker_room(s));
	_cleanup_free_ char *max_entries = xasprintf("%d", LIMIT_LAYER_ENTRIES);
	char *argv[] = {(char *)"hull-worker", (char *)"unpack", max_bytes, max_entries, NULL};
	_cleanup_close_ int in = -1, dir = -1, diff = -1;
	_cleanup_json_ json_object *report = NULL;
	struct unpack_progress p = {.fn = progress, .arg = arg};

	if (content_get(s->content, blob, &in, &p.size, e) < 0)
		return -1;
	if (mkdirat(staging_fd, name, 0700) < 0 || (dir = dir_open_at(staging_fd, name)) < 0 ||
	    mkdirat(dir, "diff", 0755) < 0 || (diff = dir_open_at(dir, "diff")) < 0)
		return err_sys(e, errno, "make a directory for the layer");
	if (fchmod(diff, 0755) < 0 || fchmod(dir, 0711) < 0) /* user-namespaced containers walk through it */
		return err_sys(e, errno, "make a directory for the layer");
	if (worker_run(s, argv, in, NULL, diff, progress ? on_progress : NULL, &p, &report, e) < 0)
		return -1;
	if (progress)
		progress(arg, p.size, p.size);
	return finish_unpack(diff, report, diff_id, ret_diff_id, ret_size, e);
}

/* --- the place of layers --- */

static void link_name(const char *chain_id, char out[LINK_DIGITS + 1])
{
	memcpy(out, digest_hex(chain_id), LINK_DIGITS);
	out[LINK_DIGITS] = 0;
}

/* 48 bits: two chain ids that share them would have to be searched for; the second then gets no link and is refused. */
static int make_link(struct images *s, const char *chain_id, struct err *e)
{
	_cleanup_free_ char *target = xasprintf("../%s/diff", digest_hex(chain_id));
	char name[LINK_DIGITS + 1], there[128];
	ssize_t n;

	link_name(chain_id, name);
	if (symlinkat(target, s->links, name) == 0)
		return 0;
	if (errno != EEXIST)
		return err_sys(e, errno, "make the link of layer %s", chain_id);
	n = readlinkat(s->links, name, there, sizeof(there) - 1);
	if (n >= 0 && (size_t)n == strlen(target) && memcmp(there, target, (size_t)n) == 0)
		return 0;
	return err_set(e, ERR_CONFLICT, "layer %s has the short name of another one", chain_id);
}

char *layer_link_path(struct images *s, const char *chain_id)
{
	char name[LINK_DIGITS + 1];

	link_name(chain_id, name);
	return xasprintf("%s/l/%s", s->layers_path, name);
}

int layer_publish(struct images *s, int staging_fd, const char *name, const char *chain_id, struct err *e)
{
	const char *hex = digest_hex(chain_id);
	int r = FAILPOINT("layer.publish");

	if (r)
		return err_sys(e, r, "put layer %s in place", chain_id);
	/* no image of the table has it: what is there was left by one that went */
	r = rm_rf_at(s->layers, hex);
	if (r < 0)
		return err_sys(e, -r, "replace layer %s", chain_id);
	if (make_link(s, chain_id, e) < 0)
		return -1;
	if (renameat(staging_fd, name, s->layers, hex) < 0)
		return err_sys(e, errno, "put layer %s in place", chain_id);
	return 0;
}

/* Renamed first, so that no half of it is ever found under its name. */
void layer_remove(struct images *s, const char *chain_id)
{
	_cleanup_free_ char *gone = xasprintf("gone-%s", digest_hex(chain_id));
	char name[LINK_DIGITS + 1];
	int r;

	link_name(chain_id, name);
	(void)unlinkat(s->links, name, 0);
	if (renameat(s->layers, digest_hex(chain_id), s->staging, gone) < 0)
		return;
	r = rm_rf_at(s->staging, gone);
	if (r < 0)
		log_warn("cannot remove layer %s: error %d, ignoring", chain_id, -r);
}

static char **names_in(int dirfd)
{
	int fd = dir_open_at(dirfd, ".");
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	char **v = NULL;
	struct dirent *de;

	if (!d) {
		fd_close(fd);
		return NULL;
	}
	while ((de = readdir(d)) != NULL)
		if (!str_eq(de->d_name, ".") && !str_eq(de->d_name, ".."))
			strv_add(&v, de->d_name);
	closedir(d);
	return v;
}

struct chain { /* a layer that an image has */
	char *hex;
	UT_hash_handle hh;
};

void layers_sweep(struct images *s)
{
	_cleanup_strv_ char **staged = names_in(s->staging), **layers = names_in(s->layers);
	struct chain *set = NULL, *c, *tmp;

	STRV_FOREACH (name, staged)
		(void)rm_rf_at(s->staging, *name);
	for (struct image_row *r = s->rows; r; r = r->hh.next)
		STRV_FOREACH (id, r->image->chain_ids) {
			const char *hex = digest_hex(*id);

			HASH_FIND_STR(set, hex, c);
			if (c)
				continue;
			c = xnew(struct chain);
			c->hex = xstrdup(hex);
			HASH_ADD_KEYPTR(hh, set, c->hex, strlen(c->hex), c);
		}
	STRV_FOREACH (name, layers) {
		char digest[DIGEST_MAX];

		if (!str_is_hex(*name, DIGEST_HEX))
			continue;
		HASH_FIND_STR(set, *name, c);
		if (c)
			continue;
		digest_from_hex(*name, digest);
		layer_remove(s, digest);
	}
	HASH_ITER (hh, set, c, tmp) {
		HASH_DEL(set, c);
		free(c->hex);
		free(c);
	}
}

/* --- sizes --- */

static int add_dir(int fd, dev_t dev, int depth, int64_t *sum)
{
	DIR *d = fdopendir(fd);
	struct dirent *de;
	int r = 0;

	if (!d) {
		fd_close(fd);
		return -errno;
	}
	while (r == 0 && (de = readdir(d)) != NULL) {
		struct stat st;

		if (str_eq(de->d_name, ".") || str_eq(de->d_name, ".."))
			continue;
		if (fstatat(dirfd(d), de->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue; /* a running container may have removed it */
		if (S_ISREG(st.st_mode) || S_ISLNK(st.st_mode))
			*sum += st.st_nlink > 1 ? st.st_size / (int64_t)st.st_nlink : st.st_size;
		if (S_ISDIR(st.st_mode) && st.st_dev == dev && depth < 256) {
			int sub = dir_open_at(dirfd(d), de->d_name);

			if (sub >= 0)
				r = add_dir(sub, dev, depth + 1, sum);
		}
	}
	closedir(d);
	return r;
}

int layer_dir_size(const char *path, int64_t *ret, struct err *e)
{
	int fd = dir_open(path), r;
	struct stat st;

	*ret = 0;
	if (fd < 0)
		return err_sys(e, -fd, "measure %s", path);
	if (fstat(fd, &st) < 0) {
		r = errno;
		fd_close(fd);
		return err_sys(e, r, "measure %s", path);
	}
	r = add_dir(fd, st.st_dev, 0, ret);
	return r < 0 ? err_sys(e, -r, "measure %s", path) : 0;
}
