/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hull-worker: started by hulld for one job on bytes that it does not trust. Builds its cage, checks it, does the job,
 * writes one report. The protocol is image/worker.h.
 */
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sha256.h"
#include "base/strutil.h"
#include "format/json/json.h"
#include "image/worker.h"
#include "image/worker_sandbox.h"

static int run(int argc, char **argv, struct strbuf *out, struct err *e)
{
	const char *job = argc > 1 ? argv[1] : "";
	bool unpack = str_eq(job, "unpack");
	int64_t max_bytes, max_entries = 0;

	if (argc != 4 || (!unpack && !str_eq(job, "load")) || parse_i64(argv[2], &max_bytes) < 0 ||
	    (unpack && parse_i64(argv[3], &max_entries) < 0))
		return err_set(e, ERR_INVALID, "hull-worker is started by hulld, not by hand");
	/* libcrypto finds its algorithms now, while it still may look around */
	sha256_free(sha256_new());
	if (sandbox_enter(WORKER_DIR, unpack, e) < 0)
		return -1;
	if (unpack)
		return worker_unpack(WORKER_IN, WORKER_DIR, max_bytes, max_entries, out, e);
	return worker_load(WORKER_IN, WORKER_DIR, max_bytes, argv[3], out, e);
}

int main(int argc, char **argv)
{
	struct strbuf out = STRBUF_INIT_MAX(WORKER_REPORT_MAX);
	struct err e = ERR_INIT;

	if (run(argc, argv, &out, &e) < 0 || out.overflow) {
		struct json_writer w;

		if (out.overflow)
			err_set(&e, ERR_TOO_LARGE, "the report is too large");
		strbuf_clear(&out);
		json_writer_init(&w, &out);
		json_object_begin(&w);
		json_kstr(&w, "error", e.msg);
		json_kstr(&w, "kind", err_kind_name(e.kind));
		json_object_close(&w);
	}
	if (fd_write_full(WORKER_REPORT, out.data, out.len) < 0) {
		(void)fprintf(stderr, "hull-worker: %s\n",
			      argc > 1 ? e.msg : "hull-worker is started by hulld, not by hand");
		_exit(1);
	}
	_exit(0); /* no destructors: nothing is left to be done, and the filter is narrow */
}
