/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A container as data: what is recorded (struct container_record, one JSON row), and the snapshot that readers get. The
 * live object, with its lock, operation slot and supervisor connection, is private to the engine (container_priv.h).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/random.h"
#include "format/api/container_types.h"

enum container_status {
	CONTAINER_CREATED,
	CONTAINER_RUNNING,
	CONTAINER_PAUSED,
	CONTAINER_RESTARTING,
	CONTAINER_REMOVING,
	CONTAINER_EXITED,
	CONTAINER_DEAD,
};
const char *container_status_name(enum container_status s);

/* How a mount of a container came to be; `Mounts` of inspect, decided at create. */
struct mount_point {
	char *type;   /* "bind", "volume", "tmpfs" */
	char *name;   /* of a volume */
	char *source; /* on the host */
	char *destination;
	char *driver; /* "local" for volumes */
	char *mode;   /* the option text as given */
	bool rw;
	char *propagation;
	bool anonymous; /* an anonymous directory made for this container: goes with rm -v */
	/* how it is mounted; not shown */
	bool non_recursive;      /* only the one mount, nothing mounted below it */
	bool ro_non_recursive;   /* read-only: mounts below stay as they are */
	bool ro_force_recursive; /* read-only all the way down, or an error */
	bool no_copy;            /* a volume that does not want the image's content */
	bool make_source;        /* a bind whose missing source is made, as -v does */
	char **tmpfs_options;    /* "size=1024", "mode=1777", "noexec" */
};
extern const struct json_field mount_point_fields[];     /* as recorded */
extern const struct json_field mount_point_api_fields[]; /* as inspect and list show it */

/* Written in one row by every transition. Field table in container.c. */
struct container_record {
	char *id;
	char *name; /* without slash */
	int64_t created_ns;
	char *image_id;
	char *platform; /* "linux" */
	char *path;     /* Entrypoint + Cmd, first word */
	char **args;    /* the rest */
	struct container_config config;
	struct host_config host_config;
	struct networking_config networking;
	struct json_array mounts; /* struct mount_point */

	/* state */
	int64_t status; /* enum container_status */
	int64_t pid;
	uint64_t pid_start_time;
	int64_t exit_code;
	char *error;
	bool oom_killed;
	bool manually_stopped; /* no restart by policy until the next start */
	int64_t started_ns, finished_ns;
	int64_t restart_count;
	int64_t restart_failures; /* of on-failure, since the last manual start */
	char *log_path;
};
extern const struct json_field container_record_fields[];
void container_record_done(struct container_record *r);
void container_record_copy(struct container_record *to, const struct container_record *from);
/* The JSON document that is stored, and back. */
void container_record_encode(const struct container_record *r, struct strbuf *out);
int container_record_decode(const char *json, size_t n, struct container_record *ret, struct err *e);

/* A deep copy of the record with what else a reader sees. */
struct container_snapshot {
	struct container_record rec;
	char **exec_ids;
	bool removing;
	/* where things are */
	char *dir; /* <data_root>/containers/<id> */
	char *upper, *work, *merged;
	char **lower; /* NULL when the image is gone */
};
/* Copies the record; the rest is empty. */
struct container_snapshot *container_snapshot_new(const struct container_record *r);
void container_snapshot_free(struct container_snapshot *c);
void container_snapshot_free_all(struct container_snapshot **all);
DEFINE_CLEANUP(struct container_snapshot, container_snapshot_free)

struct exec_snapshot {
	char *id;
	char *container_id;
	struct exec_create config;
	bool running;
	bool can_remove;
	bool has_exit_code;
	int64_t exit_code;
	int64_t pid;
};
void exec_snapshot_done(struct exec_snapshot *x);
