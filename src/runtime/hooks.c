/* SPDX-License-Identifier: Apache-2.0 */
/* OCI hooks: programs of the host's administrator that hear of a container's life. The state document is their stdin.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "format/json/json.h"
#include "runtime/runtime_priv.h"

#define HOOK_OUTPUT_MAX 512 /* of what it says when it fails */

bool hooks_any(const struct oci_hook_list *l)
{
	return l->n > 0;
}

char *state_json(const struct oci_config *c, const char *id, const char *status, pid_t pid, const char *bundle)
{
	struct strbuf sb = STRBUF_INIT;
	struct json_writer w;

	json_writer_init(&w, &sb);
	json_object_begin(&w);
	json_kstr(&w, "ociVersion", str_empty(c->oci_version) ? "1.0.2" : c->oci_version);
	json_kstr(&w, "id", id);
	json_kstr(&w, "status", status);
	if (pid > 0)
		json_kint(&w, "pid", pid);
	json_kstr(&w, "bundle", str_or_empty(bundle));
	if (c->n_annotations) {
		json_key(&w, "annotations");
		json_object_begin(&w);
		for (size_t i = 0; i < c->n_annotations; i++)
			json_kstr(&w, c->annotations[i].key, c->annotations[i].value);
		json_object_close(&w);
	}
	json_object_close(&w);
	return strbuf_steal(&sb);
}

static int hook_run(const struct oci_hook *h, const char *state, struct err *e)
{
	char *fallback[] = {h->path, NULL};
	int out[2];

	if (str_empty(h->path) || *h->path != '/')
		return err_set(e, ERR_INVALID, "the path of a hook must be absolute");
	_cleanup_close_ int in = fd_memfd_sealed("state", state, strlen(state));
	if (in < 0)
		return err_sys(e, -in, "memfd");
	if (pipe2(out, O_CLOEXEC | O_NONBLOCK) < 0)
		return err_sys(e, errno, "pipe");
	_cleanup_close_ int reader = out[0];
	_cleanup_close_ int writer = out[1];
	const struct proc_fd fds[] = {{in, 0}, {writer, 1}, {writer, 2}};
	const struct proc_spawn spawn = {
		.path = h->path,
		.argv = strv_len(h->args) ? h->args : fallback,
		.env = h->env,
		.fds = fds,
		.n_fds = ARRAY_SIZE(fds),
	};
	int pidfd = -1;
	if (proc_spawn(&spawn, NULL, &pidfd, e) < 0)
		return -1;
	_cleanup_close_ int child = pidfd;
	int code = h->timeout > 0 ? proc_wait_timeout(child, (int)MIN(h->timeout, 86400) * 1000) : proc_wait(child);
	if (code == -ETIMEDOUT) {
		pidfd_signal(child, SIGKILL);
		proc_wait(child);
		return err_set(e, ERR_SYSTEM, "timed out after %ld s", (long)h->timeout);
	}
	if (code == 0)
		return 0;
	char text[HOOK_OUTPUT_MAX];
	ssize_t n = read(reader, text, sizeof(text) - 1);
	text[MAX(n, 0)] = '\0';
	return err_set(e, ERR_SYSTEM, "exit status %d, output: %s", code, text);
}

int hooks_run(const char *name, const struct oci_hook_list *l, const char *state, struct err *e)
{
	for (size_t i = 0; i < l->n; i++)
		if (hook_run(&l->items[i], state, e) < 0)
			return err_wrap(e, "error running %s hook #%zu", name, i);
	return 0;
}
