/* SPDX-License-Identifier: Apache-2.0 */
/* Capabilities by system call (rule D11). No library: three calls. */
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/strutil.h"
#include "base/strv.h"
#include "runtime/runtime_priv.h"

int cap_last(void)
{
	static int last = -1;

	if (last >= 0)
		return last;
	for (last = 63; last > 0 && prctl(PR_CAPBSET_READ, last, 0, 0, 0) < 0; last--)
		;
	return last;
}

static int set_resolve(char *const *names, uint64_t *ret, struct err *e)
{
	*ret = 0;
	STRV_FOREACH (name, names) {
		int cap = cap_parse(*name);
		if (cap < 0)
			return err_set(e, ERR_INVALID, "unknown capability \"%s\"", *name);
		/* One that this kernel does not have yet gives nothing and takes nothing. */
		if (cap <= cap_last())
			*ret |= 1ULL << cap;
	}
	return 0;
}

int caps_resolve(const struct oci_capabilities *c, struct cap_sets *ret, struct err *e)
{
	*ret = (struct cap_sets){0};
	if (!c)
		return 0;
	if (set_resolve(c->bounding, &ret->bounding, e) < 0 || set_resolve(c->effective, &ret->effective, e) < 0 ||
	    set_resolve(c->permitted, &ret->permitted, e) < 0 ||
	    set_resolve(c->inheritable, &ret->inheritable, e) < 0 || set_resolve(c->ambient, &ret->ambient, e) < 0)
		return -1;
	/* An effective one that is not permitted cannot be; the kernel wants ambient ones in both other sets. */
	ret->effective &= ret->permitted;
	ret->ambient &= ret->permitted & ret->inheritable;
	return 0;
}

int caps_drop_bounding(const struct cap_sets *c, struct err *e)
{
	for (int cap = 0; cap <= cap_last(); cap++) {
		if (c->bounding & 1ULL << cap)
			continue;
		/* One that is gone already needs no right to drop it. */
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0 && prctl(PR_CAPBSET_READ, cap, 0, 0, 0) == 1)
			return err_sys(e, errno, "drop capability %s", str_or_empty(cap_name(cap)));
	}
	return 0;
}

static int current(struct __user_cap_data_struct data[2])
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};

	return (int)syscall(SYS_capget, &head, data);
}

int caps_set(const struct cap_sets *c, uint64_t extra, struct err *e)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct now[2], data[2];

	if (current(now) < 0)
		return err_sys(e, errno, "capget");
	uint64_t have = now[0].permitted | (uint64_t)now[1].permitted << 32;
	/* What the caller itself lacks (this host, a user namespace) cannot be given: it starts with less, as runc lets
	 * it. */
	uint64_t permitted = (c->permitted | extra) & have;
	uint64_t effective = (c->effective | extra) & permitted;
	for (int i = 0; i < 2; i++) {
		data[i].permitted = (uint32_t)(permitted >> 32 * i);
		data[i].effective = (uint32_t)(effective >> 32 * i);
		data[i].inheritable = (uint32_t)(c->inheritable >> 32 * i);
	}
	if (syscall(SYS_capset, &head, data) < 0)
		return err_sys(e, errno, "set the capabilities");
	return 0;
}

int caps_set_ambient(const struct cap_sets *c, struct err *e)
{
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	for (int cap = 0; c->ambient && cap <= cap_last(); cap++)
		if ((c->ambient & 1ULL << cap) && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0 &&
		    errno != EPERM)
			return err_sys(e, errno, "raise ambient capability %s", str_or_empty(cap_name(cap)));
	return 0;
}
