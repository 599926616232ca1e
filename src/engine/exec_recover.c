/* SPDX-License-Identifier: Apache-2.0 */
/* Exec sessions across a restart of the daemon: a small file tells the next one what runs; their supervisors are
 * adopted. */
#include <dirent.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/path.h"
#include "engine/exec_priv.h"

#define HELLO_TIMEOUT_MS 5000

void exec_record_write(const struct exec *x, int dirfd)
{
	_cleanup_strbuf_ struct strbuf doc = STRBUF_INIT;
	struct json_writer w;
	int r;

	json_writer_init(&w, &doc);
	json_object_begin(&w);
	json_fields_write(&w, exec_create_fields, &x->config);
	json_object_close(&w);
	r = file_replace_volatile(dirfd, EXEC_RECORD, doc.data, doc.len, 0600);
	if (r < 0)
		log_warn("exec=%.12s a later daemon will not know what it runs: %s", x->id, strerror(-r));
}

static void record_read(int dirfd, struct exec_create *ret)
{
	_cleanup_strbuf_ struct strbuf doc = STRBUF_INIT;
	_cleanup_json_ json_object *o = NULL;
	struct err e = ERR_INIT;

	if (root_read_file(dirfd, EXEC_RECORD, ROOT_NO_LINKS, LIMIT_API_BODY, &doc) < 0)
		return;
	if (json_parse(doc.data, doc.len, &o, &e) < 0 || json_fields_decode(o, "exec", exec_create_fields, ret, &e) < 0)
		log_warn("the record of an exec session is damaged: %s", e.msg);
}

/* A running one, or NULL. */
static struct exec *adopt(struct container *c, const char *id, int dirfd)
{
	_cleanup_(monitor_client_unref_p) struct monitor_client *mc = NULL;
	struct monitor_packet p;
	struct err e = ERR_INIT;
	struct exec *x;
	int fd = monitor_connect(dirfd, &e);

	if (fd < 0)
		return NULL;
	mc = monitor_client_new(c->engine->loop, fd);
	if (monitor_send(fd, MONITOR_HELLO, &e) < 0 || monitor_recv(fd, HELLO_TIMEOUT_MS, &p, &e) != 1)
		return NULL;
	if (p.type != MONITOR_HELLO_REPLY || p.hello.state != MONITOR_STATE_RUNNING) {
		if (p.type == MONITOR_HELLO_REPLY)
			supervisor_end(mc, &p);
		monitor_packet_done(&p);
		return NULL;
	}
	x = xnew(struct exec);
	x->refs = 1;
	memcpy(x->id, id, ID_LEN + 1);
	x->c = container_ref(c);
	x->state = EXEC_RUNNING;
	x->pid = p.hello.pid;
	x->pidfd = TAKE_FD(p.fd);
	x->monitor = TAKE_PTR(mc);
	record_read(dirfd, &x->config);
	monitor_packet_done(&p);
	return x;
}

void exec_recover(struct container *c, int rundirfd)
{
	int fd = dir_open_at(rundirfd, ".");
	struct dirent *de;
	DIR *d;

	if (fd < 0)
		return;
	d = fdopendir(fd);
	if (!d) {
		fd_close(fd);
		return;
	}
	while ((de = readdir(d))) {
		const char *id = str_after(de->d_name, EXEC_PREFIX);
		_cleanup_close_ int dirfd = -1;
		struct exec *x = NULL;

		if (!id || !str_is_hex(id, ID_LEN))
			continue;
		dirfd = dir_open_at(fd, de->d_name);
		if (dirfd >= 0)
			x = adopt(c, id, dirfd);
		if (!x) {
			rm_rf_at(fd, de->d_name);
			continue;
		}
		if (exec_add(x))
			exec_listen(x);
		else
			exec_unref(x);
	}
	closedir(d);
}
