/* SPDX-License-Identifier: Apache-2.0 */
/* One line per option word; what is not in the table goes to the file system. */
#include "runtime/mount_options.h"

#include <linux/mount.h>
#include <string.h>

#include "base/strutil.h"
#include "base/strv.h"

/* <sys/mount.h> and <linux/mount.h> do not go together; these are the kernel's values. */
#define PROPAGATE_UNBINDABLE (1u << 17)
#define PROPAGATE_PRIVATE    (1u << 18)
#define PROPAGATE_SLAVE      (1u << 19)
#define PROPAGATE_SHARED     (1u << 20)

enum kind {
	SET,
	CLEAR,
	ATIME,
	REC_SET,
	REC_CLEAR,
	REC_ATIME,
	BIND,
	IDMAP,
	PROPAGATE,
	REC_PROPAGATE,
	REMOUNT,
	COPY_UP,
	DATA,
	IGNORE
};

static const struct option {
	const char *name;
	enum kind kind;
	uint64_t value;
} options_table[] = {
	{"ro", SET, MOUNT_ATTR_RDONLY},
	{"rw", CLEAR, MOUNT_ATTR_RDONLY},
	{"suid", CLEAR, MOUNT_ATTR_NOSUID},
	{"nosuid", SET, MOUNT_ATTR_NOSUID},
	{"dev", CLEAR, MOUNT_ATTR_NODEV},
	{"nodev", SET, MOUNT_ATTR_NODEV},
	{"exec", CLEAR, MOUNT_ATTR_NOEXEC},
	{"noexec", SET, MOUNT_ATTR_NOEXEC},
	{"diratime", CLEAR, MOUNT_ATTR_NODIRATIME},
	{"nodiratime", SET, MOUNT_ATTR_NODIRATIME},
	{"symfollow", CLEAR, MOUNT_ATTR_NOSYMFOLLOW},
	{"nosymfollow", SET, MOUNT_ATTR_NOSYMFOLLOW},
	{"atime", ATIME, MOUNT_ATTR_RELATIME},
	{"noatime", ATIME, MOUNT_ATTR_NOATIME},
	{"relatime", ATIME, MOUNT_ATTR_RELATIME},
	{"norelatime", ATIME, MOUNT_ATTR_RELATIME},
	{"strictatime", ATIME, MOUNT_ATTR_STRICTATIME},
	{"nostrictatime", ATIME, MOUNT_ATTR_RELATIME},
	{"rro", REC_SET, MOUNT_ATTR_RDONLY},
	{"rrw", REC_CLEAR, MOUNT_ATTR_RDONLY},
	{"rsuid", REC_CLEAR, MOUNT_ATTR_NOSUID},
	{"rnosuid", REC_SET, MOUNT_ATTR_NOSUID},
	{"rdev", REC_CLEAR, MOUNT_ATTR_NODEV},
	{"rnodev", REC_SET, MOUNT_ATTR_NODEV},
	{"rexec", REC_CLEAR, MOUNT_ATTR_NOEXEC},
	{"rnoexec", REC_SET, MOUNT_ATTR_NOEXEC},
	{"rdiratime", REC_CLEAR, MOUNT_ATTR_NODIRATIME},
	{"rnodiratime", REC_SET, MOUNT_ATTR_NODIRATIME},
	{"rsymfollow", REC_CLEAR, MOUNT_ATTR_NOSYMFOLLOW},
	{"rnosymfollow", REC_SET, MOUNT_ATTR_NOSYMFOLLOW},
	{"ratime", REC_ATIME, MOUNT_ATTR_RELATIME},
	{"rnoatime", REC_ATIME, MOUNT_ATTR_NOATIME},
	{"rrelatime", REC_ATIME, MOUNT_ATTR_RELATIME},
	{"rnorelatime", REC_ATIME, MOUNT_ATTR_RELATIME},
	{"rstrictatime", REC_ATIME, MOUNT_ATTR_STRICTATIME},
	{"rnostrictatime", REC_ATIME, MOUNT_ATTR_RELATIME},
	{"bind", BIND, MOUNT_BIND_ONE},
	{"rbind", BIND, MOUNT_BIND_TREE},
	{"idmap", IDMAP, MOUNT_BIND_ONE},
	{"ridmap", IDMAP, MOUNT_BIND_TREE},
	{"private", PROPAGATE, PROPAGATE_PRIVATE},
	{"shared", PROPAGATE, PROPAGATE_SHARED},
	{"slave", PROPAGATE, PROPAGATE_SLAVE},
	{"unbindable", PROPAGATE, PROPAGATE_UNBINDABLE},
	{"rprivate", REC_PROPAGATE, PROPAGATE_PRIVATE},
	{"rshared", REC_PROPAGATE, PROPAGATE_SHARED},
	{"rslave", REC_PROPAGATE, PROPAGATE_SLAVE},
	{"runbindable", REC_PROPAGATE, PROPAGATE_UNBINDABLE},
	{"remount", REMOUNT, 0},
	{"tmpcopyup", COPY_UP, 1},
	{"notmpcopyup", COPY_UP, 0},
	{"copy", COPY_UP, 1},
	{"nocopy", COPY_UP, 0},
	/* of the superblock: fsconfig takes them as flags */
	{"sync", DATA, 0},
	{"dirsync", DATA, 0},
	{"lazytime", DATA, 0},
	{"mand", DATA, 0},
	/* the defaults, and words that Docker keeps for other systems */
	{"defaults", IGNORE, 0},
	{"async", IGNORE, 0},
	{"nolazytime", IGNORE, 0},
	{"nomand", IGNORE, 0},
	{"iversion", IGNORE, 0},
	{"noiversion", IGNORE, 0},
	{"silent", IGNORE, 0},
	{"loud", IGNORE, 0},
	{"acl", IGNORE, 0},
	{"noacl", IGNORE, 0},
	{"U", IGNORE, 0},
};

static const struct option *option_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(options_table); i++)
		if (str_eq(options_table[i].name, name))
			return &options_table[i];
	return NULL;
}

/* Later words win over earlier ones. */
static void change(uint64_t *add, uint64_t *drop, uint64_t value)
{
	*add |= value;
	*drop &= ~value;
}

static void atime(uint64_t *set, uint64_t *clr, uint64_t value)
{
	*set = (*set & ~(uint64_t)MOUNT_ATTR__ATIME) | value;
	*clr |= MOUNT_ATTR__ATIME; /* the kernel wants the whole field cleared to change it */
}

static void option_apply(const struct option *o, struct mount_options *m)
{
	switch (o->kind) {
	case SET:
		change(&m->set, &m->clr, o->value);
		break;
	case CLEAR:
		change(&m->clr, &m->set, o->value);
		break;
	case ATIME:
		atime(&m->set, &m->clr, o->value);
		break;
	case REC_SET:
		change(&m->rec_set, &m->rec_clr, o->value);
		break;
	case REC_CLEAR:
		change(&m->rec_clr, &m->rec_set, o->value);
		break;
	case REC_ATIME:
		atime(&m->rec_set, &m->rec_clr, o->value);
		break;
	case BIND:
		m->bind = (enum mount_bind)o->value;
		break;
	case IDMAP:
		m->idmap = (enum mount_bind)o->value;
		break;
	case PROPAGATE:
	case REC_PROPAGATE:
		m->propagation = o->value;
		m->propagation_rec = o->kind == REC_PROPAGATE;
		break;
	case REMOUNT:
		m->remount = true;
		break;
	case COPY_UP:
		m->copy_up = o->value;
		break;
	case DATA:
		strv_add(&m->data, o->name);
		break;
	case IGNORE:
		break;
	}
}

void mount_options_parse(const char *type, char *const *options, struct mount_options *ret)
{
	struct mount_options m = {0};

	if (str_eq(type, "bind"))
		m.bind = MOUNT_BIND_TREE;
	STRV_FOREACH (word, options) {
		const struct option *o = option_find(*word);
		if (o)
			option_apply(o, &m);
		else if (**word)
			strv_add(&m.data, *word);
	}
	*ret = m;
}

void mount_options_done(struct mount_options *o)
{
	strv_free(o->data);
	o->data = NULL;
}

int mount_propagation_parse(const char *name, uint64_t *ret, bool *ret_rec)
{
	const struct option *o = option_find(name);

	if (!o || (o->kind != PROPAGATE && o->kind != REC_PROPAGATE))
		return -1;
	*ret = o->value;
	*ret_rec = o->kind == REC_PROPAGATE;
	return 0;
}

char **mount_option_names(void)
{
	char **names = strv_new();

	for (size_t i = 0; i < ARRAY_SIZE(options_table); i++)
		strv_add(&names, options_table[i].name);
	return names;
}
