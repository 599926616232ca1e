/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The image store with a real worker and a real record file: load, restart, tag, remove, prune, save and load again,
 * and what is refused. Needs root (mount namespaces, devices, owners); skipped otherwise.
 */
#include "image/image.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/proc.h"
#include "base/sha256.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "format/tar/tar.h"
#include "state/state.h"
#include "unit/test.h"

static char dir[64];
static char *worker;
static struct state *st;
static struct images *s;

static void open_store(void)
{
	_cleanup_free_ char *db = path_join(dir, "db");
	struct err e = ERR_INIT;

	if (state_open(db, &st, &e) < 0 || images_open(dir, worker, st, &s, &e) < 0)
		fail_msg("%s", e.msg);
}

static void close_store(void)
{
	images_close(s);
	state_close(st);
}

static int setup(void **state)
{
	_cleanup_free_ char *self = proc_self_dir();

	snprintf(dir, sizeof(dir), "/tmp/image-test.XXXXXX");
	assert_non_null(mkdtemp(dir));
	worker = path_join(self, "../../src/bin/hull-worker");
	open_store();
	return 0;
}

static int teardown(void **state)
{
	close_store();
	free(worker);
	return rm_rf_at(AT_FDCWD, dir);
}

/* --- archives --- */

static void add(struct strbuf *out, const struct tar_entry *t, const void *data)
{
	static const char zero[512];

	tar_write_header(out, t);
	if (t->type == TAR_REGULAR) {
		strbuf_add(out, data, (size_t)t->size);
		strbuf_add(out, zero, tar_padding(t->size));
	}
}

static void add_text(struct strbuf *out, const char *name, const char *text)
{
	add(out, &(struct tar_entry){.name = (char *)name, .size = (int64_t)strlen(text), .mode = 0644}, text);
}

static char *digest_of(const struct strbuf *sb)
{
	char hex[SHA256_HEX_SIZE];

	sha256_hex_of(sb->data, sb->len, hex);
	return xasprintf("sha256:%s", hex);
}

/* A docker-archive of one image; layers are tars. diff_ids: what the configuration claims, or NULL for the truth. */
static void archive(struct strbuf *out, const char *tag, const struct strbuf *layers, size_t n,
		    const char *wrong_diff_id, const char *extra)
{
	_cleanup_strbuf_ struct strbuf config = STRBUF_INIT, manifest = STRBUF_INIT;

	strbuf_addf(&config,
		    "{\"architecture\":\"amd64\",\"os\":\"linux\",\"created\":\"2024-01-01T00:00:00Z\",%s\"rootfs\":{"
		    "\"type\":\"layers\",\"diff_ids\":[",
		    extra);
	strbuf_addf(&manifest, "[{\"Config\":\"c.json\",\"RepoTags\":[\"%s\"],\"Layers\":[", tag);
	for (size_t i = 0; i < n; i++) {
		_cleanup_free_ char *digest = digest_of(&layers[i]), *name = xasprintf("l%zu.tar", i);

		strbuf_addf(&config, "%s\"%s\"", i ? "," : "", wrong_diff_id ? wrong_diff_id : digest);
		strbuf_addf(&manifest, "%s\"%s\"", i ? "," : "", name);
		add(out, &(struct tar_entry){.name = name, .size = (int64_t)layers[i].len, .mode = 0644},
		    layers[i].data);
	}
	strbuf_add_str(&config, "]}}");
	strbuf_add_str(&manifest, "]}]");
	add_text(out, "c.json", config.data);
	add_text(out, "manifest.json", manifest.data);
	tar_write_end(out);
}

struct cursor {
	const char *p;
	size_t n;
};

static ssize_t read_cursor(void *arg, void *p, size_t n)
{
	struct cursor *c = arg;
	size_t k = MIN(n, c->n);

	memcpy(p, c->p, k);
	c->p += k;
	c->n -= k;
	return (ssize_t)k;
}

static int load(const struct strbuf *sb, struct image_loaded *l, struct err *e)
{
	struct cursor c = {.p = sb->data, .n = sb->len};
	const struct image_input in = {.read = read_cursor, .arg = &c};

	return image_load(s, &in, NULL, true, NULL, NULL, l, e);
}

static void must_load(const struct strbuf *sb)
{
	struct image_loaded l = {0};
	struct err e = ERR_INIT;

	if (load(sb, &l, &e) < 0)
		fail_msg("%s", e.msg);
	image_loaded_done(&l);
}

static int write_buf(void *arg, const void *p, size_t n)
{
	strbuf_add(arg, p, n);
	return 0;
}

static int entries(const char *sub)
{
	_cleanup_free_ char *path = path_join(dir, sub);
	DIR *d = opendir(path);
	int n = -2;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static void assert_clean(void)
{
	assert_int_equal(entries("staging"), 0);
	assert_int_equal(entries("content/ingest"), 0);
	assert_int_equal(entries("content/blobs/sha256"), 0);
	assert_int_equal(entries("layers/l"), 0);
	assert_int_equal(entries("layers"), 1);
}

static void remove_all(void)
{
	struct image_removed removed = {0};
	int64_t bytes;

	assert_int_equal(image_prune(s, false, NULL, NULL, NULL, 0, &removed, &bytes, NULL), 0);
	image_removed_done(&removed);
	assert_clean();
}

static struct stat stat_in(const struct image *i, size_t layer, const char *name)
{
	_cleanup_strv_ char **dirs = NULL;
	_cleanup_free_ char *path = NULL;
	struct stat out;

	assert_int_equal(image_lower_dirs(s, i, &dirs, NULL), 0);
	path = path_join(dirs[strv_len(dirs) - 1 - layer], name);
	if (lstat(path, &out) < 0)
		fail_msg("%s: %s", path, strerror(errno));
	return out;
}

/* --- tests --- */

static void unpacks_as_overlayfs_wants(void **state)
{
	struct strbuf l[2] = {STRBUF_INIT, STRBUF_INIT};
	_cleanup_strbuf_ struct strbuf a = STRBUF_INIT;
	_cleanup_(image_unref_p) struct image *i = NULL;
	struct tar_xattr x[2] = {{.name = (char *)"security.capability",
				  .value = (char *)"\1\0\0\2\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
				  .len = 20},
				 {.name = (char *)"user.overlay.whiteout", .value = (char *)"y", .len = 1}};
	struct stat st_;
	struct err e = ERR_INIT;
	char value[64];

	add(&l[0],
	    &(struct tar_entry){.type = TAR_DIRECTORY, .name = (char *)"./", .mode = 0751, .uid = 3, .mtime_s = 99},
	    NULL);
	add(&l[0], &(struct tar_entry){.type = TAR_DIRECTORY, .name = (char *)"d/", .mode = 01777, .mtime_s = 1000},
	    NULL);
	add(&l[0],
	    &(struct tar_entry){.name = (char *)"d/f",
				.mode = 06755,
				.uid = 12,
				.gid = 34,
				.size = 5,
				.mtime_s = 77,
				.xattrs = x,
				.n_xattrs = 2},
	    "hello");
	add(&l[0], &(struct tar_entry){.type = TAR_HARDLINK, .name = (char *)"hard", .link = (char *)"d/f"}, NULL);
	add(&l[0],
	    &(struct tar_entry){.type = TAR_SYMLINK, .name = (char *)"sym", .link = (char *)"/etc/passwd", .uid = 5},
	    NULL);
	add(&l[0],
	    &(struct tar_entry){.type = TAR_CHAR, .name = (char *)"null", .dev_major = 1, .dev_minor = 3, .mode = 0666},
	    NULL);
	add(&l[0], &(struct tar_entry){.type = TAR_FIFO, .name = (char *)"fifo", .mode = 0600}, NULL);
	tar_write_end(&l[0]);
	add_text(&l[1], ".wh.sym", "");
	add_text(&l[1], "d/.wh..wh..opq", "");
	add_text(&l[1], "d/new", "x");
	add_text(&l[1], ".wh..wh.plnk", "");
	tar_write_end(&l[1]);
	archive(&a, "t:1", l, 2, NULL, "");
	must_load(&a);

	if (image_get(s, "t:1", &i, &e) < 0)
		fail_msg("%s", e.msg);
	assert_int_equal(i->size, 6);
	st_ = stat_in(i, 0, ".");
	assert_int_equal(st_.st_mode, S_IFDIR | 0751);
	assert_int_equal(st_.st_uid, 3);
	assert_int_equal(st_.st_mtime, 99);
	st_ = stat_in(i, 0, "d");
	assert_int_equal(st_.st_mode, S_IFDIR | 01777);
	assert_int_equal(st_.st_mtime, 1000);
	st_ = stat_in(i, 0, "d/f");
	assert_int_equal(st_.st_mode, S_IFREG | 06755);
	assert_int_equal(st_.st_uid, 12);
	assert_int_equal(st_.st_gid, 34);
	assert_int_equal(st_.st_mtime, 77);
	assert_int_equal(st_.st_nlink, 2);
	st_ = stat_in(i, 0, "sym");
	assert_true(S_ISLNK(st_.st_mode));
	assert_int_equal(st_.st_uid, 5);
	st_ = stat_in(i, 0, "null");
	assert_true(S_ISCHR(st_.st_mode) && st_.st_rdev == 0x103);
	assert_true(S_ISFIFO(stat_in(i, 0, "fifo").st_mode));
	st_ = stat_in(i, 1, "sym");
	assert_true(S_ISCHR(st_.st_mode) && st_.st_rdev == 0);
	_cleanup_strv_ char **dirs = NULL;
	assert_int_equal(image_lower_dirs(s, i, &dirs, NULL), 0);
	_cleanup_free_ char *opaque = path_join(dirs[0], "d"), *plnk = path_join(dirs[0], ".wh..wh.plnk"),
			    *file = path_join(dirs[1], "d/f");
	assert_int_equal(getxattr(opaque, "trusted.overlay.opaque", value, sizeof(value)), 1);
	assert_false(path_exists(plnk));
	assert_int_equal(getxattr(file, "security.capability", value, sizeof(value)), 20);
	assert_true(getxattr(file, "user.overlay.whiteout", value, sizeof(value)) < 0);
	strbuf_done(&l[0]);
	strbuf_done(&l[1]);
	remove_all();
}

static void simple_layer(struct strbuf *l, const char *name, const char *text)
{
	add_text(l, name, text);
	tar_write_end(l);
}

static void lives_through_a_restart(void **state)
{
	_cleanup_strbuf_ struct strbuf l = STRBUF_INIT, a = STRBUF_INIT;
	_cleanup_(image_unref_p) struct image *i = NULL, *t = NULL, *again = NULL;
	struct err e = ERR_INIT;

	simple_layer(&l, "f", "x");
	archive(&a, "busybox:1", &l, 1, NULL, "");
	must_load(&a);
	assert_int_equal(image_get(s, "busybox:1", &i, &e), 0);
	assert_int_equal(image_tag(s, i->id, "foo/bar", "", &t, &e), 0);
	assert_int_equal(strv_len(t->tags), 2);
	close_store();
	open_store();
	assert_int_equal(image_get(s, "docker.io/foo/bar:latest", &again, &e), 0);
	assert_string_equal(again->id, i->id);
	assert_string_equal(again->manifest_digest, i->manifest_digest);
	assert_string_equal(again->tags[0], "busybox:1");
	assert_string_equal(again->tags[1], "foo/bar:latest");
	assert_int_equal(again->size, 1);
	assert_true(S_ISREG(stat_in(again, 0, "f").st_mode));
	remove_all();
}

static void resolves_names(void **state)
{
	_cleanup_strbuf_ struct strbuf l = STRBUF_INIT, a = STRBUF_INIT;
	_cleanup_(image_unref_p) struct image *i = NULL;
	char prefix[20];
	static const char *const good[] = {"busybox", "busybox:latest", "docker.io/library/busybox",
					   "library/busybox:latest"};
	static const char *const absent[][2] = {{"nosuch", "No such image: nosuch:latest"},
						{"busybox:2", "No such image: busybox:2"},
						{"0123", "No such image: 0123:latest"}};
	static const char *const wrong[] = {"", "UPPER", "a b", "../x"};

	simple_layer(&l, "f", "y");
	archive(&a, "busybox:latest", &l, 1, NULL, "");
	must_load(&a);
	for (size_t k = 0; k < ARRAY_SIZE(good); k++) {
		image_unref(TAKE_PTR(i));
		assert_int_equal(image_get(s, good[k], &i, NULL), 0);
	}
	snprintf(prefix, sizeof(prefix), "%.12s", digest_hex(i->id));
	for (int k = 0; k < 3; k++) {
		_cleanup_(image_unref_p) struct image *same = NULL;
		const char *ref = k == 0 ? prefix : k == 1 ? i->id : digest_hex(i->id);

		assert_int_equal(image_get(s, ref, &same, NULL), 0);
		assert_string_equal(same->id, i->id);
	}
	for (size_t k = 0; k < ARRAY_SIZE(absent); k++) {
		struct image *none;
		struct err e = ERR_INIT;

		assert_int_equal(image_get(s, absent[k][0], &none, &e), -1);
		assert_int_equal(e.kind, ERR_NOT_FOUND);
		assert_string_equal(e.msg, absent[k][1]);
	}
	for (size_t k = 0; k < ARRAY_SIZE(wrong); k++) {
		struct image *none;
		struct err e = ERR_INIT;

		assert_int_equal(image_get(s, wrong[k], &none, &e), -1);
		assert_int_equal(e.kind, ERR_INVALID);
	}
	remove_all();
}

static void refuses_wrong_archives(void **state)
{
	_cleanup_strbuf_ struct strbuf l = STRBUF_INIT, a = STRBUF_INIT, b = STRBUF_INIT, junk = STRBUF_INIT;
	struct image_loaded got = {0};
	struct err e = ERR_INIT;

	simple_layer(&l, "f", "z");
	archive(&a, "t:1", &l, 1, "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "");
	assert_int_equal(load(&a, &got, &e), -1);
	assert_non_null(strstr(e.msg, "invalid diffID for layer"));
	assert_clean();
	strbuf_clear(&a);
	archive(&a, "../../t:1", &l, 1, NULL, "");
	assert_int_equal(load(&a, &got, &e), -1);
	assert_int_equal(e.kind, ERR_INVALID);
	assert_clean();
	add_text(&b, "manifest.json",
		 "[{\"Config\":\"blobs/sha256/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"}]");
	add_text(&b, "blobs/sha256/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "{}");
	assert_int_equal(load(&b, &got, &e), -1);
	assert_non_null(strstr(e.msg, "wrong digest"));
	assert_clean();
	strbuf_add_str(&junk, "this is no archive");
	assert_int_equal(load(&junk, &got, &e), -1);
	assert_clean();
	strbuf_clear(&junk);
	assert_int_equal(load(&junk, &got, &e), -1);
	assert_clean();
}

/* A second image claims a layer of the first, and brings other bytes for it. */
static void layers_are_not_taken_on_trust(void **state)
{
	_cleanup_strbuf_ struct strbuf good = STRBUF_INIT, bad = STRBUF_INIT, a = STRBUF_INIT, b = STRBUF_INIT;
	_cleanup_free_ char *diff_id = NULL;
	_cleanup_(image_unref_p) struct image *i = NULL;
	struct image_loaded got = {0};
	struct err e = ERR_INIT;

	simple_layer(&good, "f", "good");
	simple_layer(&bad, "f", "evil");
	diff_id = digest_of(&good);
	archive(&a, "good:1", &good, 1, NULL, "");
	must_load(&a);
	archive(&b, "bad:1", &bad, 1, diff_id, "\"author\":\"x\",");
	assert_int_equal(load(&b, &got, &e), -1);
	assert_non_null(strstr(e.msg, "invalid diffID"));
	assert_int_equal(image_get(s, "good:1", &i, &e), 0);
	assert_int_equal(stat_in(i, 0, "f").st_size, 4);
	remove_all();
}

static void save_and_load_keep_everything(void **state)
{
	struct strbuf l[2] = {STRBUF_INIT, STRBUF_INIT};
	_cleanup_strbuf_ struct strbuf a = STRBUF_INIT, first = STRBUF_INIT, second = STRBUF_INIT;
	_cleanup_(image_unref_p) struct image *i = NULL, *t = NULL, *again = NULL;
	_cleanup_strv_ char **ids = NULL;
	char *names[] = {(char *)"a", (char *)"b/c", NULL};
	struct image_output out = {.write = write_buf, .arg = &first};
	struct err e = ERR_INIT;

	simple_layer(&l[0], "f", "1");
	simple_layer(&l[1], "g", "2");
	archive(&a, "a:latest", l, 2, NULL, "");
	must_load(&a);
	assert_int_equal(image_get(s, "a", &i, &e), 0);
	assert_int_equal(image_tag(s, "a", "b/c", "x", &t, &e), 0);
	if (image_save(s, names, NULL, &out, NULL, &ids, &e) < 0)
		fail_msg("%s", e.msg);
	assert_int_equal(strv_len(ids), 1);
	remove_all();
	must_load(&first);
	assert_int_equal(image_get(s, "b/c:x", &again, &e), 0);
	assert_string_equal(again->id, i->id);
	assert_string_equal(again->manifest_digest, i->manifest_digest);
	assert_true(strv_equal(again->layer_digests, i->layer_digests));
	out.arg = &second;
	assert_int_equal(image_save(s, names, NULL, &out, NULL, NULL, &e), 0);
	assert_int_equal(first.len, second.len);
	assert_memory_equal(first.data, second.data, first.len);
	names[0] = (char *)"nosuch";
	assert_int_equal(image_save(s, names, NULL, &out, NULL, NULL, &e), -1);
	assert_string_equal(e.msg, "No such image: nosuch");
	strbuf_done(&l[0]);
	strbuf_done(&l[1]);
	remove_all();
}

static char *remove_text(const char *ref, bool force, const struct image_use *uses, size_t n)
{
	struct image_removed r = {0};
	struct strbuf sb = STRBUF_INIT;
	struct err e = ERR_INIT;

	if (image_remove(s, ref, force, true, uses, n, &r, &e) < 0)
		return xstrdup(e.msg);
	for (size_t i = 0; i < r.n; i++)
		strbuf_addf(&sb, "%s%.20s;", r.items[i].untagged ? "-" : "x",
			    r.items[i].untagged ? r.items[i].untagged
			    : r.items[i].id     ? "image"
						: "layer");
	image_removed_done(&r);
	return strbuf_steal(&sb);
}

#define CID "c0c0c0c0c0c0d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1"

static bool say(void *arg, const char *image_id)
{
	return *(bool *)arg;
}

static void removes_by_dockers_rules(void **state)
{
	_cleanup_strbuf_ struct strbuf l = STRBUF_INIT, a = STRBUF_INIT;
	_cleanup_(image_unref_p) struct image *i = NULL, *t = NULL, *ghost = NULL;
	struct image_use use = {.container_id = CID, .running = true};
	_cleanup_free_ char *id = NULL, *text = NULL, *want = NULL;
	struct err e = ERR_INIT;

	simple_layer(&l, "f", "r");
	archive(&a, "a:latest", &l, 1, NULL, "");
	must_load(&a);
	assert_int_equal(image_get(s, "a", &i, &e), 0);
	use.image_id = i->id;
	id = xstrndup(digest_hex(i->id), 12);

	free_and_set(&text, remove_text("a", false, &use, 1));
	free_and_set(&want, xasprintf("conflict: unable to remove repository reference \"a\" (must force) - container "
				      "c0c0c0c0c0c0 is using its referenced image %s",
				      id));
	assert_string_equal(text, want);
	free_and_set(&text, remove_text(id, true, &use, 1));
	free_and_set(&want, xasprintf("conflict: unable to delete %s (cannot be forced) - image is being used by "
				      "running container c0c0c0c0c0c0",
				      id));
	assert_string_equal(text, want);
	use.running = false;
	free_and_set(&text, remove_text(id, false, &use, 1));
	free_and_set(&want, xasprintf("conflict: unable to delete %s (must be forced) - image is being used by stopped "
				      "container c0c0c0c0c0c0",
				      id));
	assert_string_equal(text, want);

	assert_int_equal(image_tag(s, "a", "b", "1", &t, &e), 0);
	free_and_set(&text, remove_text(id, false, NULL, 0));
	free_and_set(
		&want,
		xasprintf(
			"conflict: unable to delete %s (must be forced) - image is referenced in multiple repositories",
			id));
	assert_string_equal(text, want);
	free_and_set(&text, remove_text("b:1", false, &use, 1));
	assert_string_equal(text, "-b:1;");

	/* by force while a container has it: gone for all but that container */
	free_and_set(&text, remove_text("a", true, &use, 1));
	assert_string_equal(text, "-a:latest;ximage;");
	assert_int_equal(image_get(s, id, &ghost, &e), -1);
	assert_int_equal(image_get(s, i->id, &ghost, &e), 0);
	assert_true(ghost->hidden);
	assert_true(S_ISREG(stat_in(ghost, 0, "f").st_mode));
	close_store();
	open_store();
	assert_true(S_ISREG(stat_in(ghost, 0, "f").st_mode));
	/* loaded again it is an image like any other */
	must_load(&a);
	image_unref(TAKE_PTR(ghost));
	assert_int_equal(image_get(s, id, &ghost, &e), 0);
	assert_false(ghost->hidden);
	free_and_set(&text, remove_text("a", true, &use, 1));
	assert_string_equal(text, "-a:latest;ximage;");
	/* and goes with its container */
	image_drop_unused(s, say, &(bool){true});
	image_unref(TAKE_PTR(ghost));
	assert_int_equal(image_get(s, i->id, &ghost, &e), 0);
	image_drop_unused(s, say, &(bool){false});
	image_unref(TAKE_PTR(ghost));
	assert_int_equal(image_get(s, i->id, &ghost, &e), -1);
	assert_clean();
}

static void moved_names_leave_dangling_images(void **state)
{
	_cleanup_strbuf_ struct strbuf l = STRBUF_INIT, a = STRBUF_INIT, b = STRBUF_INIT;
	struct image_removed r = {0};
	struct image **all;
	struct err e = ERR_INIT;
	int64_t bytes;

	simple_layer(&l, "f", "same");
	archive(&a, "a:1", &l, 1, NULL, "");
	archive(&b, "a:1", &l, 1, NULL, "\"author\":\"other\",");
	must_load(&a);
	must_load(&b);
	all = image_all(s);
	assert_non_null(all[1]);
	assert_null(all[2]);
	assert_int_equal(strv_len(all[0]->tags) + strv_len(all[1]->tags), 1);
	image_all_free(all);
	assert_int_equal(entries("layers"), 2); /* one layer, and l */
	assert_int_equal(image_prune(s, true, NULL, NULL, NULL, 0, &r, &bytes, &e), 0);
	assert_int_equal(r.n, 1); /* the layer stays with the other one */
	image_removed_done(&r);
	assert_int_equal(entries("layers"), 2);
	remove_all();
}

static void imports_trees(void **state)
{
	_cleanup_strbuf_ struct strbuf l = STRBUF_INIT;
	_cleanup_(image_unref_p) struct image *i = NULL;
	char *changes[] = {(char *)"CMD [\"a\",\"b\"]",
			   (char *)"ENV X=1 Y=\"two words\"",
			   (char *)"ENTRYPOINT run it",
			   (char *)"EXPOSE 80 53/udp",
			   (char *)"label k=v",
			   (char *)"WORKDIR /w",
			   (char *)"USER 5",
			   (char *)"VOLUME /v",
			   (char *)"STOPSIGNAL SIGINT",
			   (char *)"HEALTHCHECK --interval=5s --retries=2 CMD true",
			   NULL};
	char *bad[] = {(char *)"RUN rm -rf /", NULL};
	char id[DIGEST_MAX];
	struct err e = ERR_INIT;

	simple_layer(&l, "f", "i");
	struct cursor c = {.p = l.data, .n = l.len};
	const struct image_input in = {.read = read_cursor, .arg = &c};
	assert_int_equal(image_import(s, &in, "imp", "1", "msg", bad, NULL, id, &e), -1);
	assert_string_equal(e.msg, "RUN is not a valid change command");
	if (image_import(s, &in, "imp", "1", "msg", changes, "linux/arm64", id, &e) < 0)
		fail_msg("%s", e.msg);
	assert_int_equal(image_get(s, "imp:1", &i, &e), 0);
	assert_string_equal(i->id, id);
	assert_string_equal(i->config.architecture, "arm64");
	assert_string_equal(i->config.config.cmd[1], "b");
	assert_string_equal(i->config.config.env[1], "Y=two words");
	assert_string_equal(i->config.config.entrypoint[2], "run it");
	assert_non_null(json_kv_get(&i->config.config.exposed_ports, "80/tcp"));
	assert_non_null(json_kv_get(&i->config.config.exposed_ports, "53/udp"));
	assert_string_equal(json_kv_get(&i->config.config.labels, "k"), "v");
	assert_string_equal(i->config.config.stop_signal, "SIGINT");
	assert_true(i->config.config.healthcheck->interval == 5000000000LL);
	assert_string_equal(i->config.config.healthcheck->test[0], "CMD-SHELL");
	assert_true(S_ISREG(stat_in(i, 0, "f").st_mode));
	remove_all();
}

static void sweeps_what_a_crash_left(void **state)
{
	_cleanup_free_ char
		*a = path_join(dir, "staging/x/l0/diff"),
		*b = path_join(dir, "layers/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef/diff"),
		*blob = path_join(
			dir, "content/blobs/sha256/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");

	assert_int_equal(mkdir_p(a, 0700), 0);
	assert_int_equal(mkdir_p(b, 0700), 0);
	fclose(fopen(blob, "w"));
	close_store();
	open_store();
	assert_clean();
}

struct crowd {
	struct strbuf *a, *b;
	int n;
};

/* Any answer is right but a wrong one: an image that is found is whole. cmocka's checks are not for threads: abort. */
static void *one_of_many(void *arg)
{
	const struct crowd *c = arg;

	for (int k = 0; k < 6; k++) {
		_cleanup_free_ char *repo = xasprintf("many%d", c->n);
		struct image_loaded l = {0};
		struct image_removed r = {0};
		struct image *i = NULL, *t = NULL;
		struct image **all;
		struct err e = ERR_INIT;
		int64_t bytes;

		if (load(k % 2 ? c->a : c->b, &l, &e) < 0)
			abort();
		image_loaded_done(&l);
		if (image_get(s, "a:1", &i, &e) == 0) {
			if (strv_len(i->chain_ids) != 1 || !i->config.text)
				abort();
			if (image_tag(s, i->id, repo, "x", &t, &e) == 0)
				image_unref(t);
			image_unref(i);
		}
		all = image_all(s);
		image_all_free(all);
		if (image_remove(s, repo, true, true, NULL, 0, &r, &e) < 0 && e.kind != ERR_NOT_FOUND &&
		    e.kind != ERR_CONFLICT)
			abort();
		image_removed_done(&r);
		if (k == 3)
			(void)image_prune(s, false, NULL, NULL, NULL, 0, &r, &bytes, &e);
		image_removed_done(&r);
	}
	return NULL;
}

static void many_at_once(void **state)
{
	_cleanup_strbuf_ struct strbuf l = STRBUF_INIT, m = STRBUF_INIT, a = STRBUF_INIT, b = STRBUF_INIT;
	struct crowd crowds[4];
	pthread_t threads[4];

	simple_layer(&l, "f", "many");
	simple_layer(&m, "f", "other");
	archive(&a, "a:1", &l, 1, NULL, "");
	archive(&b, "a:1", &m, 1, NULL, "");
	for (int n = 0; n < 4; n++) {
		crowds[n] = (struct crowd){.a = &a, .b = &b, .n = n};
		assert_int_equal(pthread_create(&threads[n], NULL, one_of_many, &crowds[n]), 0);
	}
	for (int n = 0; n < 4; n++)
		pthread_join(threads[n], NULL);
	remove_all();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unpacks_as_overlayfs_wants),
		cmocka_unit_test(lives_through_a_restart),
		cmocka_unit_test(resolves_names),
		cmocka_unit_test(refuses_wrong_archives),
		cmocka_unit_test(layers_are_not_taken_on_trust),
		cmocka_unit_test(save_and_load_keep_everything),
		cmocka_unit_test(removes_by_dockers_rules),
		cmocka_unit_test(moved_names_leave_dangling_images),
		cmocka_unit_test(imports_trees),
		cmocka_unit_test(sweeps_what_a_crash_left),
		cmocka_unit_test(many_at_once),
	};

	if (geteuid() != 0) {
		puts("1..1\nok 1 - image # SKIP needs root");
		return 0;
	}
	return cmocka_run_group_tests(tests, setup, teardown);
}
