/* SPDX-License-Identifier: Apache-2.0 */
/* Strict reading of user and group texts. */
#include "engine/users.h"

#include "base/mem.h"
#include "base/strutil.h"

static int part_parse(const char *whole, const char *s, uint32_t *ret, bool *ret_known, struct err *e)
{
	*ret = 0;
	*ret_known = false;
	if (parse_id(s, ret) == 0) {
		*ret_known = true;
		return 0;
	}
	if (str_is_digits(s) || s[0] == '-' || s[0] == '+')
		return err_set(e, ERR_INVALID, "invalid user \"%s\": uids and gids must be in range 0-4294967294",
			       whole);
	for (const char *c = s; *c; c++) {
		if ((unsigned char)*c <= ' ' || *c == 0x7f || *c == ':' || *c == ',' || *c == '/')
			return err_set(e, ERR_INVALID, "invalid user \"%s\"", whole);
	}
	return 0;
}

int user_parse(const char *text, struct user_spec *ret, struct err *e)
{
	struct user_spec u = {.uid_known = true};
	_cleanup_free_ char *user = NULL;
	const char *colon;

	if (str_empty(text)) {
		*ret = u;
		return 0;
	}
	if (strlen(text) > USER_TEXT_MAX || str_has_control(text))
		return err_set(e, ERR_INVALID, "invalid user: too long or not printable");
	colon = strchr(text, ':');
	user = colon ? xstrndup(text, (size_t)(colon - text)) : xstrdup(text);
	if (*user && part_parse(text, user, &u.uid, &u.uid_known, e) < 0)
		return -1;
	if (colon && colon[1] && part_parse(text, colon + 1, &u.gid, &u.gid_known, e) < 0)
		return -1;
	*ret = u;
	return 0;
}

int group_name_check(const char *text, struct err *e)
{
	uint32_t gid;
	bool known;

	if (str_empty(text) || strlen(text) > USER_TEXT_MAX || str_has_control(text))
		return err_set(e, ERR_INVALID, "invalid group: empty, too long or not printable");
	return part_parse(text, text, &gid, &known, e);
}
