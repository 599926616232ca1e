/* SPDX-License-Identifier: Apache-2.0 */
/* The attach, wait and stream steps of run, start -a and attach. */
#include "cli/attach.h"

#include <unistd.h>

#include "base/mem.h"
#include "base/strutil.h"

void attachment_done(struct attachment *a)
{
	hijack_done(&a->hijack);
	reply_done(&a->wait);
}

int attach_check_tty(bool in, bool tty, struct err *e)
{
	if (in && tty && !isatty(STDIN_FILENO))
		return err_set(e, ERR_INVALID, "the input device is not a TTY");
	return 0;
}

int attachment_open(struct cli *cli, const char *id, const struct attach_options *o, struct attachment *ret,
		    struct err *e)
{
	_cleanup_free_ char *path = client_path("/containers/%s/attach", id);
	_cleanup_query_ struct query q = QUERY_INIT;
	const char *keys = o->detach_keys;
	struct client *c = cli_client(cli, e);

	if (!c)
		return -1;
	if (str_empty(keys))
		keys = str_or_empty(config_str(cli->config, "detachKeys"));
	if (detach_keys_parse(keys, &ret->stream.keys, e) < 0)
		return err_wrap(e, "invalid detach keys (%s)", keys);
	if (*keys)
		query_add(&q, "detachKeys", keys);
	query_add_flag(&q, "logs", o->logs);
	query_add_flag(&q, "stderr", o->err);
	query_add_flag(&q, "stdin", o->in);
	query_add_flag(&q, "stdout", o->out);
	query_add(&q, "stream", "1");
	if (client_hijack(c, path, &q, NULL, &ret->hijack, e) < 0)
		return -1;
	ret->attached = true;
	ret->stream.client = c;
	ret->stream.id = id;
	ret->stream.tty = o->tty;
	ret->stream.in = o->in;
	ret->stream.sig_proxy = o->sig_proxy && !o->tty;
	ret->stream.resize = o->tty && isatty(STDOUT_FILENO);
	ret->stream.hijack = &ret->hijack;
	stream_block_signals(ret->stream.resize, ret->stream.sig_proxy);
	return 0;
}

int attachment_wait(struct cli *cli, const char *id, const char *condition, struct attachment *a, struct err *e)
{
	_cleanup_free_ char *path = client_path("/containers/%s/wait", id);
	_cleanup_query_ struct query q = QUERY_INIT;
	struct client *c = cli_client(cli, e);

	if (!c)
		return -1;
	if (condition)
		query_add(&q, "condition", condition);
	if (client_call(c, &(struct call){.method = "POST", .path = path, .query = &q, .own_connection = true},
			&a->wait, e) < 0)
		return -1;
	a->waiting = true;
	return 0;
}

int attachment_status(struct attachment *a, struct err *e)
{
	_cleanup_strbuf_ struct strbuf body = STRBUF_INIT_MAX(1024 * 1024);
	_cleanup_json_ json_object *root = NULL;
	const char *message;

	if (reply_read_all(&a->wait, &body, e) < 0 || json_parse(body.data, body.len, &root, e) < 0)
		return err_wrap(e, "Error waiting for container");
	message = json_member_str(json_member(root, "Error"), "Message", NULL);
	if (message)
		return err_set(e, ERR_UNAVAILABLE, "Error waiting for container: %s", message);
	return (int)(json_member_int(root, "StatusCode", 0) & 0xff);
}

int attachment_stream(struct attachment *a, struct err *e)
{
	bool raw = a->stream.tty && a->stream.in && terminal_raw();
	int r;

	a->stream.hijack = &a->hijack;
	r = stream_run(&a->stream, e);
	if (raw)
		terminal_restore();
	return r;
}
