/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The launch document as JSON. Encoded by hulld and decoded by the supervisor of the same installation, but checked
 * all the same: one table says the fields' names and types. See launch.h.
 */
#include "monitor/launch.h"

#include <stddef.h>
#include <string.h>

#include "base/macros.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "format/json/json.h"

/* The document's numbers are int64_t in the field table; the struct's are narrower where the kernel's are. */
struct launch_doc {
	char *id, *container, *spec;
	char **lower;
	char *upper, *work;
	char *runtime_root, *seccomp_cache;
	int64_t target_pid, target_start_time;
	bool tty, open_stdin, stdin_once;
	int64_t rows, cols;
	char *log_driver, *log_name;
	int64_t log_max_size, log_max_files;
	bool log_compress;
	char **log_attrs;
};

#define FIELD(name_, type_)                                                                                            \
	{                                                                                                              \
		.name = #name_, .type = (type_), .offset = offsetof(struct launch_doc, name_)                          \
	}
static const struct json_field launch_fields[] = {
	FIELD(id, JSON_T_STR),
	FIELD(container, JSON_T_STR),
	FIELD(spec, JSON_T_STR),
	FIELD(lower, JSON_T_STRV),
	FIELD(upper, JSON_T_STR_NULL),
	FIELD(work, JSON_T_STR_NULL),
	FIELD(runtime_root, JSON_T_STR_NULL),
	FIELD(seccomp_cache, JSON_T_STR_NULL),
	FIELD(target_pid, JSON_T_INT),
	FIELD(target_start_time, JSON_T_INT),
	FIELD(tty, JSON_T_BOOL),
	FIELD(open_stdin, JSON_T_BOOL),
	FIELD(stdin_once, JSON_T_BOOL),
	FIELD(rows, JSON_T_INT),
	FIELD(cols, JSON_T_INT),
	FIELD(log_driver, JSON_T_STR),
	FIELD(log_name, JSON_T_STR_NULL),
	FIELD(log_max_size, JSON_T_INT),
	FIELD(log_max_files, JSON_T_INT),
	FIELD(log_compress, JSON_T_BOOL),
	FIELD(log_attrs, JSON_T_STRV),
	{0},
};

static const char *const driver_names[] = {
	[MONITOR_LOG_NONE] = "none",
	[MONITOR_LOG_JSON_FILE] = "json-file",
	[MONITOR_LOG_LOCAL] = "local",
};

void monitor_launch_done(struct monitor_launch *l)
{
	free(l->id);
	free(l->container);
	free(l->spec);
	strv_free(l->lower);
	free(l->upper);
	free(l->work);
	free(l->runtime_root);
	free(l->seccomp_cache);
	free(l->log_name);
	strv_free(l->log_attrs);
	memset(l, 0, sizeof(*l));
}

void monitor_launch_encode(const struct monitor_launch *l, struct strbuf *out)
{
	/* Borrows the strings of l. */
	struct launch_doc d = {
		.id = l->id,
		.container = l->container,
		.spec = l->spec,
		.lower = l->lower,
		.upper = l->upper,
		.work = l->work,
		.runtime_root = l->runtime_root,
		.seccomp_cache = l->seccomp_cache,
		.target_pid = l->target_pid,
		.target_start_time = (int64_t)l->target_start_time,
		.tty = l->tty,
		.open_stdin = l->open_stdin,
		.stdin_once = l->stdin_once,
		.rows = l->rows,
		.cols = l->cols,
		.log_driver = (char *)(uintptr_t)driver_names[l->log_driver],
		.log_name = l->log_name,
		.log_max_size = l->log_max_size,
		.log_max_files = l->log_max_files,
		.log_compress = l->log_compress,
		.log_attrs = l->log_attrs,
	};
	struct json_writer w;

	json_writer_init(&w, out);
	json_object_begin(&w);
	json_fields_write(&w, launch_fields, &d);
	json_object_close(&w);
}

static int driver_parse(const char *name, enum monitor_log_driver *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(driver_names); i++)
		if (str_eq(name, driver_names[i])) {
			*ret = (enum monitor_log_driver)i;
			return 0;
		}
	return -1;
}

/* A log name is one path component, so that it stays in the log directory. */
static bool is_component(const char *s)
{
	return !str_empty(s) && !strchr(s, '/') && strcmp(s, ".") != 0 && strcmp(s, "..") != 0 && strlen(s) < 200;
}

static int launch_check(const struct launch_doc *d, enum monitor_log_driver *ret_driver, struct err *e)
{
	if (str_empty(d->id) || str_empty(d->spec))
		return err_set(e, ERR_INVALID, "launch document without id or spec");
	if (driver_parse(d->log_driver, ret_driver) < 0)
		return err_set(e, ERR_INVALID, "launch document with the unknown log driver \"%s\"",
			       str_or_empty(d->log_driver));
	if (*ret_driver != MONITOR_LOG_NONE && !is_component(d->log_name))
		return err_set(e, ERR_INVALID, "launch document with a bad log name");
	if (d->target_pid < 0 || d->target_pid > INT32_MAX || d->target_start_time < 0 || d->rows < 0 ||
	    d->rows > UINT16_MAX || d->cols < 0 || d->cols > UINT16_MAX || d->log_max_files < 0 ||
	    d->log_max_files > 1000000 || d->log_max_size < -1)
		return err_set(e, ERR_INVALID, "launch document with a number out of range");
	if (!str_empty(d->container) && d->target_pid <= 0)
		return err_set(e, ERR_INVALID, "launch document of an exec session without its container's process");
	return 0;
}

int monitor_launch_decode(const char *json, size_t n, struct monitor_launch *ret, struct err *e)
{
	_cleanup_json_ json_object *doc = NULL;
	struct launch_doc d = {.log_max_size = -1, .log_max_files = 1};
	enum monitor_log_driver driver = MONITOR_LOG_NONE;
	int r;

	if (json_parse(json, n, &doc, e) < 0)
		return err_wrap(e, "launch document");
	r = json_fields_decode(doc, "launch", launch_fields, &d, e);
	if (r == 0)
		r = launch_check(&d, &driver, e);
	if (r < 0) {
		json_fields_done(launch_fields, &d);
		return -1;
	}
	*ret = (struct monitor_launch){
		.id = TAKE_PTR(d.id),
		.container = TAKE_PTR(d.container),
		.spec = TAKE_PTR(d.spec),
		.lower = TAKE_PTR(d.lower),
		.upper = TAKE_PTR(d.upper),
		.work = TAKE_PTR(d.work),
		.runtime_root = TAKE_PTR(d.runtime_root),
		.seccomp_cache = TAKE_PTR(d.seccomp_cache),
		.target_pid = (int32_t)d.target_pid,
		.target_start_time = (uint64_t)d.target_start_time,
		.tty = d.tty,
		.open_stdin = d.open_stdin,
		.stdin_once = d.stdin_once,
		.rows = (uint16_t)d.rows,
		.cols = (uint16_t)d.cols,
		.log_driver = driver,
		.log_name = TAKE_PTR(d.log_name),
		.log_max_size = d.log_max_size,
		.log_max_files = (int32_t)d.log_max_files,
		.log_compress = d.log_compress,
		.log_attrs = TAKE_PTR(d.log_attrs),
	};
	json_fields_done(launch_fields, &d);
	return 0;
}
