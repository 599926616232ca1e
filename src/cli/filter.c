/* SPDX-License-Identifier: Apache-2.0 */
/* Filters of listings, prune and events. */
#include "cli/filter.h"

#include <ctype.h>
#include <string.h>

#include "base/mem.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "format/template/template.h"

bool filter_check(const char *value, struct strbuf *why, char **ret)
{
	const char *eq = strchr(value, '='), *end;
	char *out;
	size_t n;

	if (!*value)
		return true;
	if (!eq) {
		strbuf_add_str(why, "bad format of filter (expected name=value)");
		return false;
	}
	value += strspn(value, " \t");
	for (end = eq; end > value && isspace((unsigned char)end[-1]); end--)
		;
	n = (size_t)(end - value);
	eq++;
	eq += strspn(eq, " \t");
	out = xasprintf("%.*s=%s", (int)n, value, eq);
	for (size_t i = 0; i < n; i++)
		out[i] = (char)tolower((unsigned char)out[i]);
	for (n = strlen(out); n && isspace((unsigned char)out[n - 1]); n--)
		out[n - 1] = 0;
	*ret = out;
	return true;
}

static void put(json_object *all, const char *filter)
{
	const char *eq = strchr(filter, '=');
	_cleanup_free_ char *key = xstrndup(filter, (size_t)(eq - filter));
	json_object *values = json_member(all, key);

	if (!values) {
		values = json_object_new_object();
		json_object_object_add(all, key, values);
	}
	json_object_object_add(values, eq + 1, json_object_new_boolean(true));
}

int filter_add(struct query *q, char *const *filters, const char *extra, struct err *e)
{
	_cleanup_json_ json_object *all = json_object_new_object();
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;

	STRV_FOREACH (f, filters) {
		if (!**f)
			continue;
		if (!strchr(*f, '='))
			return err_set(e, ERR_INVALID, "bad format of filter (expected name=value)");
		put(all, *f);
	}
	if (extra)
		put(all, extra);
	if (!json_object_object_length(all))
		return 0;
	template_print_json(&text, all, true, false);
	query_add(q, "filters", text.data);
	return 0;
}
