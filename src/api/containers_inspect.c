/* SPDX-License-Identifier: Apache-2.0 */
/* GET /containers/{name}/json: all that is known of one container, key for key as Docker prints it. */
#include "api/api.h"
#include "api/container_text.h"
#include "base/mem.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "engine/engine.h"

static void write_health(struct json_writer *w, const struct container_record *rec)
{
	const char *health = container_health(rec);

	if (!health)
		return;
	json_key(w, "Health");
	json_object_begin(w);
	json_kstr(w, "Status", health);
	json_kint(w, "FailingStreak", 0);
	json_key(w, "Log");
	json_array_begin(w);
	json_array_close(w);
	json_object_close(w);
}

static void write_state(struct json_writer *w, const struct container_snapshot *s)
{
	const struct container_record *rec = &s->rec;
	enum container_status status = (enum container_status)rec->status;

	json_key(w, "State");
	json_object_begin(w);
	json_kstr(w, "Status", container_status_name(s->removing ? CONTAINER_REMOVING : status));
	json_kbool(w, "Running", container_record_running(rec));
	json_kbool(w, "Paused", status == CONTAINER_PAUSED);
	json_kbool(w, "Restarting", status == CONTAINER_RESTARTING);
	json_kbool(w, "OOMKilled", rec->oom_killed);
	json_kbool(w, "Dead", status == CONTAINER_DEAD);
	json_kint(w, "Pid", rec->pid);
	json_kint(w, "ExitCode", rec->exit_code);
	json_kstr(w, "Error", str_or_empty(rec->error));
	json_ktime(w, "StartedAt", rec->started_ns);
	json_ktime(w, "FinishedAt", rec->finished_ns);
	write_health(w, rec);
	json_object_close(w);
}

/* The files of who shares another container's network are the other's. */
static void write_files(struct json_writer *w, const struct container_snapshot *s)
{
	const char *other = str_after(str_or_empty(s->rec.host_config.network_mode), "container:");
	const char *slash = strrchr(s->dir, '/');
	_cleanup_free_ char *dir = other ? xasprintf("%.*s/%s", (int)(slash - s->dir), s->dir, other) : xstrdup(s->dir);
	static const struct {
		const char *key, *name;
	} files[] = {{"ResolvConfPath", "resolv.conf"}, {"HostnamePath", "hostname"}, {"HostsPath", "hosts"}};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		_cleanup_free_ char *path = xasprintf("%s/%s", dir, files[i].name);

		json_kstr(w, files[i].key, path);
	}
}

static void write_graph(struct json_writer *w, const struct container_snapshot *s)
{
	_cleanup_free_ char *lower = s->lower ? strv_join(s->lower, ":") : xstrdup("");

	json_key(w, "GraphDriver");
	json_object_begin(w);
	json_key(w, "Data");
	json_object_begin(w);
	json_kstr(w, "ID", s->rec.id);
	json_kstr(w, "LowerDir", lower);
	json_kstr(w, "MergedDir", s->merged);
	json_kstr(w, "UpperDir", s->upper);
	json_kstr(w, "WorkDir", s->work);
	json_object_close(w);
	json_kstr(w, "Name", "overlay2");
	json_object_close(w);
}

static void write_mounts(struct json_writer *w, const struct container_record *rec)
{
	const struct mount_point *m = rec->mounts.items;

	json_key(w, "Mounts");
	json_array_begin(w);
	for (size_t i = 0; i < rec->mounts.n; i++) {
		json_object_begin(w);
		json_fields_write(w, mount_point_api_fields, &m[i]);
		json_object_close(w);
	}
	json_array_close(w);
}

static void write_table(struct json_writer *w, const char *key, const struct json_field *fields, const void *s)
{
	json_key(w, key);
	json_object_begin(w);
	json_fields_write(w, fields, s);
	json_object_close(w);
}

/* No network reaches a container yet: the shape of Docker's answer for one that has no address. */
static void write_network(struct json_writer *w, const struct container_record *rec)
{
	bool ports = container_record_running(rec) && str_eq(rec->host_config.network_mode, "bridge");

	json_key(w, "NetworkSettings");
	json_object_begin(w);
	json_kstr(w, "Bridge", "");
	json_kstr(w, "SandboxID", "");
	json_kstr(w, "SandboxKey", "");
	json_key(w, "Ports");
	json_object_begin(w);
	for (size_t i = 0; ports && i < rec->config.exposed_ports.n; i++) {
		json_key(w, rec->config.exposed_ports.items[i].key);
		json_null(w);
	}
	json_object_close(w);
	json_kbool(w, "HairpinMode", false);
	json_kstr(w, "LinkLocalIPv6Address", "");
	json_kint(w, "LinkLocalIPv6PrefixLen", 0);
	json_key(w, "SecondaryIPAddresses");
	json_null(w);
	json_key(w, "SecondaryIPv6Addresses");
	json_null(w);
	json_kstr(w, "EndpointID", "");
	json_kstr(w, "Gateway", "");
	json_kstr(w, "GlobalIPv6Address", "");
	json_kint(w, "GlobalIPv6PrefixLen", 0);
	json_kstr(w, "IPAddress", "");
	json_kint(w, "IPPrefixLen", 0);
	json_kstr(w, "IPv6Gateway", "");
	json_kstr(w, "MacAddress", "");
	json_key(w, "Networks");
	json_raw(w, str_empty(rec->networking.endpoints_config) ? "{}" : rec->networking.endpoints_config);
	json_object_close(w);
}

static void write_container(struct json_writer *w, const struct container_snapshot *s)
{
	const struct container_record *rec = &s->rec;
	_cleanup_free_ char *name = xasprintf("/%s", rec->name);

	json_kstr(w, "Id", rec->id);
	json_ktime(w, "Created", rec->created_ns);
	json_kstr(w, "Path", str_or_empty(rec->path));
	json_kstrv(w, "Args", rec->args ? rec->args : (char *[]){NULL});
	write_state(w, s);
	json_kstr(w, "Image", str_or_empty(rec->image_id));
	write_files(w, s);
	json_kstr(w, "LogPath", str_or_empty(rec->log_path));
	json_kstr(w, "Name", name);
	json_kint(w, "RestartCount", rec->restart_count);
	json_kstr(w, "Driver", "overlay2");
	json_kstr(w, "Platform", str_or_empty(rec->platform));
	json_kstr(w, "MountLabel", "");
	json_kstr(w, "ProcessLabel", "");
	json_kstr(w, "AppArmorProfile", "");
	json_kstrv(w, "ExecIDs", s->exec_ids);
	write_table(w, "HostConfig", host_config_fields, &rec->host_config);
	write_graph(w, s);
}

static int handle_inspect(struct api_call *c, struct err *e)
{
	_cleanup_(container_snapshot_free_p) struct container_snapshot *s = NULL;
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;
	bool size = api_query_bool(c, "size");
	int64_t rw = 0, rootfs = 0;
	struct json_writer w;

	if (engine_get(c->api->engine, c->args[0], &s, e) < 0)
		return -1;
	if (size && engine_size(c->api->engine, s, &rw, &rootfs, e) < 0)
		return -1;
	json_writer_init(&w, &out);
	json_object_begin(&w);
	write_container(&w, s);
	if (size) {
		json_kint(&w, "SizeRw", rw);
		json_kint(&w, "SizeRootFs", rootfs);
	}
	write_mounts(&w, &s->rec);
	write_table(&w, "Config", container_config_fields, &s->rec.config);
	write_network(&w, &s->rec);
	json_object_close(&w);
	api_reply_json(c, 200, &out);
	return 0;
}

const struct api_route api_routes_containers_inspect[] = {
	{"GET", "/containers/{name}/json", handle_inspect},
	{NULL},
};
