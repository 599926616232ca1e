/* SPDX-License-Identifier: Apache-2.0 */
/* Calls whose connection becomes a raw stream. */
#include "base/fd.h"
#include "base/strutil.h"
#include "client/client_priv.h"

int client_hijack(struct client *c, const char *path, const struct query *q, const char *json, struct hijack *ret,
		  struct err *e)
{
	struct call call = {.method = "POST", .path = path, .query = q, .json = json, .upgrade = true};
	_cleanup_reply_ struct reply r = REPLY_INIT;
	const char *type;

	if (client_call(c, &call, &r, e) < 0)
		return -1;
	type = reply_header(&r, "Content-Type");
	*ret = (struct hijack){.fd = TAKE_FD(r.fd),
			       .in = r.in,
			       .multiplexed = r.multiplexed,
			       .typed = r.multiplexed || (type && client_version_at_least(c, "1.42"))};
	r.in = (struct strbuf)STRBUF_INIT;
	return 0;
}

void hijack_done(struct hijack *h)
{
	h->fd = fd_close(h->fd);
	strbuf_done(&h->in);
}
