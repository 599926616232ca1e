/* SPDX-License-Identifier: Apache-2.0 */
/* See detach_keys.h. */
#include "engine/detach_keys.h"

#include "base/strutil.h"
#include "base/strv.h"

#define DETACH_KEYS_DEFAULT "ctrl-p,ctrl-q"

/* One key: a character, or "ctrl-" and a letter or one of @[\]^_. -1: neither. */
static int key_byte(const char *s)
{
	static const char specials[] = "[\\]^_";
	const char *ctrl = str_after(s, "ctrl-"), *at;

	if (s[0] != '\0' && s[1] == '\0')
		return (unsigned char)s[0];
	if (!ctrl || ctrl[0] == '\0' || ctrl[1] != '\0')
		return -1;
	if (ctrl[0] >= 'a' && ctrl[0] <= 'z')
		return ctrl[0] - 'a' + 1;
	if (ctrl[0] == '@')
		return 0;
	at = strchr(specials, ctrl[0]);
	return at ? 27 + (int)(at - specials) : -1;
}

int detach_keys_parse(const char *s, uint8_t ret[MONITOR_DETACH_KEYS_MAX], uint32_t *ret_n, struct err *e)
{
	_cleanup_strv_ char **parts = strv_split(str_empty(s) ? DETACH_KEYS_DEFAULT : s, ',');
	uint32_t n = 0;

	STRV_FOREACH (p, parts) {
		int b = key_byte(*p);

		if (b < 0 || n == MONITOR_DETACH_KEYS_MAX)
			return err_set(e, ERR_INVALID, "Invalid detach keys (%s) provided", s);
		ret[n++] = (uint8_t)b;
	}
	*ret_n = n;
	return 0;
}
