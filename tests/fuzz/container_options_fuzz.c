/* SPDX-License-Identifier: Apache-2.0 */
/* The parsers of single options; the first byte says which. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "base/mem.h"
#include "base/strutil.h"
#include "engine/mounts.h"
#include "engine/names.h"
#include "engine/options.h"
#include "engine/seccomp_profile.h"
#include "engine/users.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void hosts(const char *s)
{
	char *name, *address;

	if (extra_host_parse(s, &name, &address, NULL) < 0)
		return;
	ASSERT(!strchr(name, '\n') && !strchr(address, '\n'));
	free(name);
	free(address);
}

static void bind_mount(const char *s)
{
	struct mount_point m = {0};

	if (mount_bind_parse(s, &m, NULL) < 0)
		return;
	ASSERT(m.destination[0] == '/' && m.destination[1] && !strstr(m.destination, "/../"));
	mount_point_done(&m);
}

static void volumes_from(const char *s)
{
	char *ref;
	bool rw;

	if (volumes_from_parse(s, &ref, &rw, NULL) == 0)
		free(ref);
}

static void limits(const char *s)
{
	struct ulimit u;
	struct device_rule r;

	if (ulimit_parse(s, &u, NULL) == 0)
		ulimit_done(&u);
	device_rule_parse(s, &r, NULL);
	cpu_list_check(s, "0-3", "cpuset cpus", "CPUs", NULL);
}

static void words(const char *s)
{
	char *const list[] = {(char *)s, NULL};
	struct security_options o;
	struct port_spec p;
	struct user_spec u;
	const char *name;

	security_options_parse(list, &o, NULL);
	port_spec_parse(s, &p);
	name_check(s, &name, NULL);
	if (user_parse(s, &u, NULL) == 0)
		ASSERT(!str_is_digits(s) || u.uid_known);
	tmpfs_options_check(s, NULL);
	sysctl_check(s, s, false, false, false, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const parsers[])(const char *s) = {hosts, bind_mount, volumes_from, limits, words};
	_cleanup_free_ char *s = NULL;

	if (size == 0)
		return 0;
	s = xmemdup0(data + 1, size - 1);
	if (data[0] % 6 == 5)
		seccomp_custom_check(s, NULL);
	else
		parsers[data[0] % 6](s);
	return 0;
}
