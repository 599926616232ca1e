/* SPDX-License-Identifier: Apache-2.0 */
/* Container records and snapshots as data: how a record is stored, copied and freed. */
#include "engine/container.h"

#include "base/mem.h"
#include "base/strv.h"

static const char *const status_names[] = {
	[CONTAINER_CREATED] = "created",   [CONTAINER_RUNNING] = "running",
	[CONTAINER_PAUSED] = "paused",     [CONTAINER_RESTARTING] = "restarting",
	[CONTAINER_REMOVING] = "removing", [CONTAINER_EXITED] = "exited",
	[CONTAINER_DEAD] = "dead",
};

const char *container_status_name(enum container_status s)
{
	ASSERT((size_t)s < ARRAY_SIZE(status_names));
	return status_names[s];
}

#define MOUNT(kind, member, key, ...)                                                                                  \
	{                                                                                                              \
		.name = (key), .type = JSON_T_##kind, .offset = offsetof(struct mount_point, member), ##__VA_ARGS__    \
	}
#define OMIT .flags = JSON_F_OMIT_EMPTY

const struct json_field mount_point_api_fields[] = {
	MOUNT(STR, type, "Type"),
	MOUNT(STR, name, "Name", OMIT),
	MOUNT(STR, source, "Source"),
	MOUNT(STR, destination, "Destination"),
	MOUNT(STR, driver, "Driver", OMIT),
	MOUNT(STR, mode, "Mode"),
	MOUNT(BOOL, rw, "RW"),
	MOUNT(STR, propagation, "Propagation"),
	{.name = NULL},
};

const struct json_field mount_point_fields[] = {
	MOUNT(STR, type, "Type"),
	MOUNT(STR, name, "Name", OMIT),
	MOUNT(STR, source, "Source", OMIT),
	MOUNT(STR, destination, "Destination"),
	MOUNT(STR, driver, "Driver", OMIT),
	MOUNT(STR, mode, "Mode", OMIT),
	MOUNT(BOOL, rw, "RW", OMIT),
	MOUNT(STR, propagation, "Propagation", OMIT),
	MOUNT(BOOL, anonymous, "Anonymous", OMIT),
	MOUNT(BOOL, non_recursive, "NonRecursive", OMIT),
	MOUNT(BOOL, ro_non_recursive, "ReadOnlyNonRecursive", OMIT),
	MOUNT(BOOL, ro_force_recursive, "ReadOnlyForceRecursive", OMIT),
	MOUNT(BOOL, no_copy, "NoCopy", OMIT),
	MOUNT(BOOL, make_source, "MakeSource", OMIT),
	MOUNT(STRV, tmpfs_options, "TmpfsOptions", OMIT),
	{.name = NULL},
};

#define RECORD(kind, member, key, ...)                                                                                 \
	{                                                                                                              \
		.name = (key), .type = JSON_T_##kind, .offset = offsetof(struct container_record, member),             \
		##__VA_ARGS__                                                                                          \
	}

/* State goes first: whoever looks at a row with the sqlite3 shell sees what matters. Empty values are left out, since a
 * row is written at every transition. */
const struct json_field container_record_fields[] = {
	RECORD(STR, id, "Id"),
	RECORD(STR, name, "Name"),
	RECORD(INT, status, "Status", OMIT),
	RECORD(INT, pid, "Pid", OMIT),
	RECORD(INT, pid_start_time, "PidStartTime", OMIT),
	RECORD(INT, exit_code, "ExitCode", OMIT),
	RECORD(STR, error, "Error", OMIT),
	RECORD(BOOL, oom_killed, "OOMKilled", OMIT),
	RECORD(BOOL, manually_stopped, "ManuallyStopped", OMIT),
	RECORD(INT, created_ns, "Created", OMIT),
	RECORD(INT, started_ns, "Started", OMIT),
	RECORD(INT, finished_ns, "Finished", OMIT),
	RECORD(INT, restart_count, "RestartCount", OMIT),
	RECORD(INT, restart_failures, "RestartFailures", OMIT),
	RECORD(STR, log_path, "LogPath", OMIT),
	RECORD(STR, image_id, "Image", OMIT),
	RECORD(STR, platform, "Platform", OMIT),
	RECORD(STR, path, "Path", OMIT),
	RECORD(STRV, args, "Args"),
	RECORD(OBJ, config, "Config", .fields = container_config_fields, .size = sizeof(struct container_config)),
	RECORD(OBJ, host_config, "HostConfig", .fields = host_config_fields, .size = sizeof(struct host_config)),
	RECORD(OBJ, networking, "Networking", .fields = networking_config_fields,
	       .size = sizeof(struct networking_config)),
	RECORD(OBJ_ARRAY, mounts, "Mounts", .fields = mount_point_fields, .size = sizeof(struct mount_point)),
	{.name = NULL},
};

void container_record_done(struct container_record *r)
{
	json_fields_done(container_record_fields, r);
}

void container_record_copy(struct container_record *to, const struct container_record *from)
{
	json_fields_copy(container_record_fields, to, from);
}

void container_record_encode(const struct container_record *r, struct strbuf *out)
{
	struct json_writer w;

	json_writer_init(&w, out);
	json_object_begin(&w);
	json_fields_write(&w, container_record_fields, r);
	json_object_close(&w);
}

int container_record_decode(const char *json, size_t n, struct container_record *ret, struct err *e)
{
	_cleanup_json_ json_object *o = NULL;
	struct container_record r = {0};

	if (json_parse(json, n, &o, e) < 0)
		return -1;
	if (json_fields_decode(o, "container", container_record_fields, &r, e) < 0) {
		container_record_done(&r);
		return -1;
	}
	if (!r.id || !r.name || r.status < 0 || (size_t)r.status >= ARRAY_SIZE(status_names)) {
		container_record_done(&r);
		return err_set(e, ERR_INVALID, "container record without id, name or known status");
	}
	*ret = r;
	return 0;
}

struct container_snapshot *container_snapshot_new(const struct container_record *r)
{
	struct container_snapshot *c = xnew(struct container_snapshot);

	container_record_copy(&c->rec, r);
	return c;
}

void container_snapshot_free(struct container_snapshot *c)
{
	if (!c)
		return;
	container_record_done(&c->rec);
	strv_free(c->exec_ids);
	free(c->dir);
	free(c->upper);
	free(c->work);
	free(c->merged);
	strv_free(c->lower);
	free(c);
}

void container_snapshot_free_all(struct container_snapshot **all)
{
	for (size_t i = 0; all && all[i]; i++)
		container_snapshot_free(all[i]);
	free(all);
}

void exec_snapshot_done(struct exec_snapshot *x)
{
	free(x->id);
	free(x->container_id);
	json_fields_done(exec_create_fields, &x->config);
	*x = (struct exec_snapshot){0};
}
