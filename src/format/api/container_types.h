/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bodies of the container and exec endpoints as structs, with one field table each: read from requests, written by
 * inspect and kept in container records. Members stand in the order in which Docker prints them; names follow the API
 * in snake case. Strings, vectors and nested structs are owned: json_fields_done(<table>, &s) frees, json_fields_copy
 * copies. Pure data.
 *
 * Go types that the tables do not know are kept as JSON text (JSON_T_RAW) and have a parser here: port bindings,
 * endpoint maps, console sizes, tmpfs options, capabilities of device requests.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "format/json/json.h"

/* --- Config --- */

struct healthcheck {
	char **test;
	int64_t interval, timeout, start_period, start_interval; /* ns; 0: the default */
	int64_t retries;
};
extern const struct json_field healthcheck_fields[];

struct container_config {
	char *hostname;
	char *domainname;
	char *user;
	bool attach_stdin, attach_stdout, attach_stderr;
	struct json_kv exposed_ports; /* "80/tcp"; a set */
	bool tty, open_stdin, stdin_once;
	char **env;
	char **cmd;
	struct healthcheck *healthcheck;
	bool args_escaped;
	char *image;
	struct json_kv volumes; /* a set of paths */
	char *working_dir;
	char **entrypoint;
	bool network_disabled;
	char *mac_address;
	char **on_build;
	struct json_kv labels;
	char *stop_signal;
	int64_t *stop_timeout; /* s; -1 waits for ever */
	char **shell;
};
extern const struct json_field container_config_fields[];

/* --- HostConfig --- */

struct log_config {
	char *type;
	struct json_kv config;
};
extern const struct json_field log_config_fields[];

struct restart_policy {
	char *name; /* "no", "always", "unless-stopped", "on-failure", "" */
	int64_t maximum_retry_count;
};
extern const struct json_field restart_policy_fields[];

struct weight_device {
	char *path;
	int64_t weight;
};
extern const struct json_field weight_device_fields[];

struct throttle_device {
	char *path;
	int64_t rate;
};
extern const struct json_field throttle_device_fields[];

struct device_mapping {
	char *path_on_host;
	char *path_in_container;
	char *cgroup_permissions;
};
extern const struct json_field device_mapping_fields[];

struct device_request {
	char *driver;
	int64_t count;
	char **device_ids;
	char *capabilities; /* JSON: [["gpu"]] */
	struct json_kv options;
};
extern const struct json_field device_request_fields[];

struct ulimit {
	char *name;
	int64_t hard, soft; /* -1: unlimited */
};
extern const struct json_field ulimit_fields[];

struct mount_bind_options {
	char *propagation;
	bool non_recursive;
	bool create_mountpoint;
	bool read_only_non_recursive;
	bool read_only_force_recursive;
};
struct mount_driver_config {
	char *name;
	struct json_kv options;
};
struct mount_volume_options {
	bool no_copy;
	struct json_kv labels;
	char *subpath;
	struct mount_driver_config *driver_config;
};
struct mount_image_options {
	char *subpath;
};
struct mount_tmpfs_options {
	int64_t size_bytes;
	int64_t mode;
	char *options; /* JSON: [["noexec"], ["size", "1m"]] */
};
struct mount {
	char *type; /* "bind", "volume", "tmpfs", "image", "npipe", "cluster" */
	char *source;
	char *target;
	bool read_only;
	char *consistency;
	struct mount_bind_options *bind_options;
	struct mount_volume_options *volume_options;
	struct mount_image_options *image_options;
	struct mount_tmpfs_options *tmpfs_options;
};
extern const struct json_field mount_fields[];

struct host_config {
	char **binds;
	char *container_id_file;
	struct log_config log_config;
	char *network_mode;
	char *port_bindings; /* JSON, see port_bindings_parse */
	struct restart_policy restart_policy;
	bool auto_remove;
	char *volume_driver;
	char **volumes_from;
	char *console_size; /* JSON, see console_size_parse */
	struct json_kv annotations;
	char **cap_add;
	char **cap_drop;
	char *cgroupns_mode;
	char **dns;
	char **dns_options;
	char **dns_search;
	char **extra_hosts;
	char **group_add;
	char *ipc_mode;
	char *cgroup;
	char **links;
	int64_t oom_score_adj;
	char *pid_mode;
	bool privileged;
	bool publish_all_ports;
	bool readonly_rootfs;
	char **security_opt;
	struct json_kv storage_opt;
	struct json_kv tmpfs;
	char *uts_mode;
	char *userns_mode;
	int64_t shm_size;
	struct json_kv sysctls;
	char *runtime;
	char *isolation;
	/* Resources */
	int64_t cpu_shares;
	int64_t memory;
	int64_t nano_cpus;
	char *cgroup_parent;
	int64_t blkio_weight;
	struct json_array blkio_weight_device;     /* struct weight_device */
	struct json_array blkio_device_read_bps;   /* struct throttle_device */
	struct json_array blkio_device_write_bps;  /* struct throttle_device */
	struct json_array blkio_device_read_iops;  /* struct throttle_device */
	struct json_array blkio_device_write_iops; /* struct throttle_device */
	int64_t cpu_period;
	int64_t cpu_quota;
	int64_t cpu_realtime_period;
	int64_t cpu_realtime_runtime;
	char *cpuset_cpus;
	char *cpuset_mems;
	struct json_array devices; /* struct device_mapping */
	char **device_cgroup_rules;
	struct json_array device_requests; /* struct device_request */
	int64_t kernel_memory;
	int64_t kernel_memory_tcp;
	int64_t memory_reservation;
	int64_t memory_swap;
	int64_t *memory_swappiness;
	bool *oom_kill_disable;
	int64_t *pids_limit;
	struct json_array ulimits; /* struct ulimit */
	int64_t cpu_count;
	int64_t cpu_percent;
	int64_t io_maximum_iops;
	int64_t io_maximum_bandwidth;
	/* --- */
	struct json_array mounts; /* struct mount */
	char **masked_paths;      /* NULL: the default */
	char **readonly_paths;    /* NULL: the default */
	bool *init;
};
extern const struct json_field host_config_fields[];

/* --- NetworkingConfig --- */

struct endpoint_ipam {
	char *ipv4_address;
	char *ipv6_address;
	char **link_local_ips;
};
struct endpoint_settings {
	struct endpoint_ipam *ipam_config;
	char **links;
	char **aliases;
	char *mac_address;
	struct json_kv driver_opts;
	int64_t gw_priority;
	char *network_id;
	char *endpoint_id;
	char *gateway;
	char *ip_address;
	int64_t ip_prefix_len;
	char *ipv6_gateway;
	char *global_ipv6_address;
	int64_t global_ipv6_prefix_len;
	char **dns_names;
};
extern const struct json_field endpoint_settings_fields[];

struct networking_config {
	char *endpoints_config; /* JSON: {"network": endpoint settings}, see endpoints_parse */
};
extern const struct json_field networking_config_fields[];

/* --- POST /containers/create --- */

struct container_create { /* the members of Config lie at the top of the body */
	struct container_config config;
	struct host_config host_config;
	struct networking_config networking_config;
};
/* Fills a zeroed struct; ERR_INVALID in Docker's words. The raw members are checked and brought into the form in which
 * Docker prints them. */
int container_create_decode(json_object *body, struct container_create *ret, struct err *e);
/* The whole object, braces included, as the docker client sends it. */
void container_create_write(struct json_writer *w, const struct container_create *c);
void container_create_done(struct container_create *c);
/* The pieces, for bodies that carry only one of them. */
int host_config_normalize(struct host_config *h, struct err *e);
int networking_config_normalize(struct networking_config *n, struct err *e);

/* --- exec --- */

struct exec_create {
	char *user;
	bool privileged;
	bool tty;
	char *console_size; /* JSON or NULL */
	bool attach_stdin, attach_stderr, attach_stdout;
	char *detach_keys;
	char **env;
	char *working_dir;
	char **cmd;
};
extern const struct json_field exec_create_fields[];

struct exec_start {
	bool detach;
	bool tty;
	char *console_size; /* JSON or NULL */
};
extern const struct json_field exec_start_fields[];

/* --- what is kept as JSON --- */

/* "[rows,cols]"; NULL and "null" give 0, 0. */
int console_size_parse(const char *json, unsigned *ret_rows, unsigned *ret_cols, struct err *e);

struct port_binding {
	char *port; /* "80/tcp" */
	char *host_ip;
	char *host_port;
};
struct port_bindings { /* one item per host port; a port without any has one item with host_port NULL */
	struct port_binding *items;
	size_t n;
};
int port_bindings_parse(const char *json, struct port_bindings *ret, struct err *e);
void port_bindings_done(struct port_bindings *b);

struct endpoint {
	char *network;
	struct endpoint_settings settings;
};
struct endpoints {
	struct endpoint *items;
	size_t n;
};
int endpoints_parse(const char *json, struct endpoints *ret, struct err *e);
void endpoints_done(struct endpoints *n);
/* {"network": settings, ...} as inspect and list print it. */
void endpoints_write(struct json_writer *w, const struct endpoints *n);

/* [["noexec"],["size","1m"]] -> "noexec", "size=1m"; NULL for none. */
int tmpfs_options_parse(const char *json, char ***ret, struct err *e);
