/* SPDX-License-Identifier: Apache-2.0 */
/* What CapAdd, CapDrop and Privileged make of the default set. */
#include "engine/caps.h"

#include <ctype.h>
#include <stdio.h>
#include <strings.h>

#include "base/strutil.h"

/* Docker's fourteen. */
static const char *const defaults[] = {
	"CHOWN",   "DAC_OVERRIDE", "FSETID",     "FOWNER",           "MKNOD", "NET_RAW",     "SETGID", "SETUID",
	"SETFCAP", "SETPCAP",      "SYS_CHROOT", "NET_BIND_SERVICE", "KILL",  "AUDIT_WRITE",
};

#define ALL_CAPS (((uint64_t)1 << CAP_COUNT) - 1)

int cap_number(const char *name)
{
	char full[32];

	if (strncasecmp(name, "CAP_", 4) == 0)
		return cap_parse(name);
	snprintf(full, sizeof(full), "CAP_%s", name);
	return cap_parse(full);
}

static bool is_all(const char *name)
{
	return strcasecmp(name, "ALL") == 0;
}

static int unknown(const char *what, const char *name, struct err *e)
{
	char upper[64];
	size_t n = 0;

	if (strncasecmp(name, "CAP_", 4) == 0)
		name += 4;
	for (; name[n] && n < sizeof(upper) - 1; n++)
		upper[n] = (char)toupper((unsigned char)name[n]);
	upper[n] = 0;
	return err_set(e, ERR_INVALID, "invalid %s: unknown capability: \"CAP_%s\"", what, upper);
}

static int mask_of(char *const *list, const char *what, uint64_t *ret, bool *ret_all, struct err *e)
{
	*ret = 0;
	*ret_all = false;
	for (; list && *list; list++) {
		int cap;

		if (is_all(*list)) {
			*ret_all = true;
			continue;
		}
		cap = cap_number(*list);
		if (cap < 0)
			return unknown(what, *list, e);
		*ret |= (uint64_t)1 << cap;
	}
	return 0;
}

int caps_of(char *const *add, char *const *drop, bool privileged, int last, uint64_t *ret, struct err *e)
{
	uint64_t known = last >= 0 && last < CAP_COUNT - 1 ? ((uint64_t)1 << (last + 1)) - 1 : ALL_CAPS;
	uint64_t added, dropped, base = 0;
	bool add_all, drop_all;

	if (mask_of(add, "CapAdd", &added, &add_all, e) < 0 || mask_of(drop, "CapDrop", &dropped, &drop_all, e) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(defaults); i++)
		base |= (uint64_t)1 << cap_number(defaults[i]);
	if (privileged)
		*ret = known;
	else if (add_all)
		*ret = known & ~dropped;
	else if (drop_all)
		*ret = known & added;
	else
		*ret = known & ((base & ~dropped) | added);
	return 0;
}
