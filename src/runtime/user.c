/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who the process runs as: names of the container's own passwd and group, read inside its root with bounds on file and
 * line (rules D8, D10, D22) and without the C library's name services. A word of digits only is a number and never a
 * name.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "runtime/runtime_priv.h"
#include "runtime/user.h"

#define GROUPS_MAX 65536 /* the kernel's NGROUPS_MAX */

void user_ids_done(struct user_ids *u)
{
	free(u->groups);
	free(u->home);
	*u = (struct user_ids){0};
}

/* A regular file inside the root; missing is empty. No /proc is used: here it may be the container's. */
static int file_read(int rootfd, const char *path, struct strbuf *sb, struct err *e)
{
	_cleanup_close_ int at = root_open(rootfd, path, ROOT_IN, O_PATH, 0);
	struct stat a, b;

	if (at == -ENOENT || at == -ENOTDIR)
		return 0;
	if (at < 0)
		return err_sys(e, -at, "open /%s of the container", path);
	if (fstat(at, &a) < 0 || !S_ISREG(a.st_mode))
		return err_set(e, ERR_INVALID, "/%s of the container is no regular file", path);
	if (a.st_size > LIMIT_PASSWD_FILE)
		return err_set(e, ERR_TOO_LARGE, "/%s of the container has more than %d bytes", path,
			       LIMIT_PASSWD_FILE);
	_cleanup_close_ int fd = root_open(rootfd, path, ROOT_IN, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	if (fd < 0 || fstat(fd, &b) < 0 || b.st_ino != a.st_ino || b.st_dev != a.st_dev)
		return err_set(e, ERR_INVALID, "/%s of the container changed while it was read", path);
	int r = strbuf_read_fd(sb, fd);
	return r < 0 ? err_set(e, r == -EFBIG ? ERR_TOO_LARGE : ERR_SYSTEM, "read /%s of the container: %s", path,
			       r == -EFBIG ? "too large" : strerrordesc_np(-r))
		     : 0;
}

/* The next line without its end, or NULL; over-long lines are skipped. Changes the text. */
static char *line_next(char **pos)
{
	while (*pos && **pos) {
		char *line = *pos;
		char *end = strchr(line, '\n');
		size_t n = end ? (size_t)(end - line) : strlen(line);
		*pos = end ? end + 1 : line + n;
		line[n] = '\0';
		if (n > 0 && n <= LIMIT_PASSWD_LINE)
			return line;
	}
	return NULL;
}

/* Cuts "a:b:c" into at most n fields; the number of them. */
static size_t fields_cut(char *line, char **field, size_t n)
{
	size_t k = 0;

	for (char *p = line; p && k < n; k++) {
		field[k] = p;
		p = strchr(p, ':');
		if (p)
			*p++ = '\0';
	}
	return k;
}

bool passwd_find(char *text, const char *name, const uint32_t *uid, struct passwd_entry *ret)
{
	char *f[7], *line;

	while ((line = line_next(&text))) {
		uint32_t u, g;
		size_t n = fields_cut(line, f, 7);
		if (n < 4 || parse_id(f[2], &u) < 0 || parse_id(f[3], &g) < 0)
			continue;
		if (name ? !str_eq(f[0], name) : u != *uid)
			continue;
		*ret = (struct passwd_entry){.name = f[0], .uid = u, .gid = g, .home = n > 5 ? f[5] : ""};
		return true;
	}
	return false;
}

static void group_add(struct user_ids *u, uint32_t gid)
{
	for (size_t i = 0; i < u->n_groups; i++)
		if (u->groups[i] == gid)
			return;
	if (u->n_groups >= GROUPS_MAX)
		return;
	u->groups = xreallocarray(u->groups, u->n_groups + 1, sizeof(uint32_t));
	u->groups[u->n_groups++] = gid;
}

/* Is the word in the comma-separated list? */
static bool members_have(const char *list, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = list; *p; p += strcspn(p, ","), p += *p == ',')
		if (strncmp(p, name, n) == 0 && (p[n] == ',' || p[n] == '\0'))
			return true;
	return false;
}

/* What is wanted from the group file, gathered in one pass. */
struct group_wish {
	const char *user;    /* all groups that list this member; NULL: none */
	const char *primary; /* this group's number */
	char *const *more;   /* and these */
	bool *more_found;
	uint32_t primary_gid;
	bool primary_found;
};

static void groups_scan(char *text, struct group_wish *w, struct user_ids *u)
{
	char *f[4], *line;

	while ((line = line_next(&text))) {
		uint32_t gid;
		size_t n = fields_cut(line, f, 4);
		if (n < 3 || parse_id(f[2], &gid) < 0)
			continue;
		if (w->primary && !w->primary_found && str_eq(f[0], w->primary)) {
			w->primary_found = true;
			w->primary_gid = gid;
		}
		if (w->user && n == 4 && members_have(f[3], w->user))
			group_add(u, gid);
		for (size_t i = 0; w->more && w->more[i]; i++) {
			if (!w->more_found[i] && str_eq(f[0], w->more[i])) {
				w->more_found[i] = true;
				group_add(u, gid);
			}
		}
	}
}

/* "user" and "group" of "user[:group]". */
static int name_split(const char *spec, char **ret_user, char **ret_group, struct err *e)
{
	const char *colon = strchr(spec, ':');

	if (str_has_control(spec) || strlen(spec) > 512 || (colon && strchr(colon + 1, ':')))
		return err_set(e, ERR_INVALID, "invalid user \"%s\"", spec);
	*ret_user = colon ? xmemdup0(spec, (size_t)(colon - spec)) : xstrdup(spec);
	*ret_group = colon && colon[1] ? xstrdup(colon + 1) : NULL;
	return 0;
}

/* Digits, also with a sign, are meant as a number: out of range is an error, never a name. */
static int number_of(const char *word, uint32_t *ret, struct err *e)
{
	const char *digits = *word == '-' || *word == '+' ? word + 1 : word;

	if (!str_is_digits(digits))
		return 0;
	if (parse_id(word, ret) < 0)
		return err_set(e, ERR_INVALID, "uids and gids must be in range 0-4294967294");
	return 1;
}

/* Fills uid, default gid, home and the name for the group file's member lists. */
static int passwd_resolve(const char *user, char *text, struct user_ids *u, char **ret_name, struct err *e)
{
	struct passwd_entry entry = {0};
	uint32_t number = 0;
	int is_number = *user ? number_of(user, &number, e) : 1; /* empty: root */

	if (is_number < 0)
		return -1;
	bool found = passwd_find(text, is_number ? NULL : user, &number, &entry);
	if (!found && !is_number)
		return err_set(e, ERR_INVALID, "unable to find user %s: no matching entries in passwd file", user);
	u->uid = found ? entry.uid : number;
	u->gid = found ? entry.gid : 0;
	if (found) {
		*ret_name = xstrdup(entry.name);
		if (*entry.home)
			u->home = xstrdup(entry.home);
	}
	return 0;
}

static int group_resolve(const char *group, char *const *more, int rootfd, const char *member, struct user_ids *u,
			 struct err *e)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT_MAX(LIMIT_PASSWD_FILE);
	_cleanup_strv_ char **names = NULL;
	struct group_wish w = {.user = group ? NULL : member};
	uint32_t number;

	int primary = group ? number_of(group, &number, e) : 1;
	if (primary < 0)
		return -1;
	if (group && primary)
		u->gid = number;
	else if (group)
		w.primary = group;
	STRV_FOREACH (g, more) {
		int is_number = number_of(*g, &number, e);
		if (is_number < 0)
			return -1;
		if (is_number)
			group_add(u, number);
		else
			strv_add(&names, *g);
	}
	if (file_read(rootfd, "etc/group", &text, e) < 0)
		return -1;
	w.more = names;
	_cleanup_free_ bool *found = xnew_array(bool, strv_len(names) + 1);
	w.more_found = found;
	groups_scan(text.data, &w, u);
	if (w.primary && !w.primary_found)
		return err_set(e, ERR_INVALID, "unable to find group %s: no matching entries in group file", group);
	if (w.primary)
		u->gid = w.primary_gid;
	for (size_t i = 0; names && names[i]; i++)
		if (!found[i])
			return err_set(e, ERR_INVALID, "Unable to find group %s", names[i]);
	return 0;
}

static int resolve(const struct oci_user *spec, int rootfd, bool need_home, struct user_ids *u, struct err *e)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT_MAX(LIMIT_PASSWD_FILE);
	_cleanup_free_ char *user = NULL, *group = NULL, *member = NULL;

	u->uid = spec->uid;
	u->gid = spec->gid;
	if (!spec->username) {
		struct passwd_entry entry;
		/* Only for HOME: a broken file does not stop a numeric user. */
		if (need_home && file_read(rootfd, "etc/passwd", &text, NULL) == 0 &&
		    passwd_find(text.data, NULL, &u->uid, &entry) && *entry.home)
			u->home = xstrdup(entry.home);
		for (size_t i = 0; i < spec->n_additional_gids; i++)
			group_add(u, spec->additional_gids[i]);
		if (!spec->additional_group_names)
			return 0;
		return group_resolve(NULL, spec->additional_group_names, rootfd, NULL, u, e);
	}
	if (name_split(spec->username, &user, &group, e) < 0 || file_read(rootfd, "etc/passwd", &text, e) < 0 ||
	    passwd_resolve(user, text.data, u, &member, e) < 0)
		return -1;
	for (size_t i = 0; i < spec->n_additional_gids; i++)
		group_add(u, spec->additional_gids[i]);
	if (group_resolve(group, spec->additional_group_names, rootfd, member, u, e) < 0)
		return -1;
	/* A file may deny its own group what it gives to others: the primary one is always among them. */
	group_add(u, u->gid);
	return 0;
}

int user_resolve(const struct oci_user *spec, int rootfd, bool need_home, struct user_ids *ret, struct err *e)
{
	struct user_ids u = {0};

	if (resolve(spec, rootfd, need_home, &u, e) < 0) {
		user_ids_done(&u);
		return -1;
	}
	*ret = u;
	return 0;
}
