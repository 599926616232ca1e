/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The daemon's configuration as data: what the flags and daemon.json said (bin/hulld_config.c fills it), for whoever
 * reports or obeys it. Read-only once made: a reload makes a new one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "format/json/json.h"

struct daemon_config {
	/* where things are */
	char *data_root, *exec_root, *pidfile, *config_file;
	char *engine_id;
	/* API */
	char **hosts;
	char *group;
	bool tls, tls_verify, insecure_tcp;
	char *tls_ca, *tls_cert, *tls_key;
	/* logging of the daemon itself */
	bool debug;
	char *log_level, *log_format;
	/* containers */
	char *log_driver;
	struct json_kv log_opts;
	char *cgroup_parent;
	int64_t default_shm_size;
	char *default_ipc_mode, *default_cgroupns_mode;
	char *seccomp_profile; /* path, "unconfined", "builtin" or NULL */
	char **default_ulimits;
	bool no_new_privileges, init;
	char *init_path;
	bool live_restore;
	int64_t shutdown_timeout, default_stop_timeout; /* seconds */
	char *default_runtime;
	/* images, registries */
	char **registry_mirrors, **insecure_registries;
	int64_t max_concurrent_downloads, max_concurrent_uploads, max_download_attempts;
	char *http_proxy, *https_proxy, *no_proxy;
	/* reported */
	char **labels;
	bool experimental;
	bool buildkit; /* features.buildkit */
};
