/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Container record -> OCI runtime configuration: pure code, tested against golden files without root. What depends on
 * the host (devices, other containers' namespaces) is asked before and passed in.
 */
#pragma once

#include "base/err.h"
#include "base/strbuf.h"
#include "engine/container.h"
#include "engine/devices.h"

struct spec_input {
	const struct container_record *rec;
	const struct image_config *image; /* for Env, User ... already merged into rec->config at create */
	const char *rootfs;               /* MergedDir */
	const char *dir;                  /* <data_root>/containers/<id>: hostname, hosts, resolv.conf */
	const char *shm_dir;              /* IpcMode shareable/container: host directory with the tmpfs, or NULL */
	const char *init_path;            /* host path of the init to bind at /sbin/docker-init, or NULL */
	const char *cgroups_path;         /* "/docker/<id>" */
	bool cgroup_v2;
	const char *seccomp_profile; /* Docker-format profile JSON, or "unconfined"; NULL: built in */
	/* namespaces joined: "/proc/<pid>/ns/net" ... NULL: as the record says (new or host) */
	const char *join_net, *join_ipc, *join_pid;
	char *const *default_ulimits;
	bool no_new_privileges;
	int64_t kernel_caps_last;  /* last capability the kernel knows */
	char *const *host_devices; /* privileged: all device nodes of the host's /dev */
	/* How devices of the host are looked up; NULL: devices_find and device_number (tests have others). */
	int (*devices_find)(const char *host_path, const char *container_path, struct spec_devices *ret, struct err *e);
	int (*device_number)(const char *path, uint32_t *ret_major, uint32_t *ret_minor, struct err *e);
};
/* The OCI config.json text. */
int spec_build(const struct spec_input *in, struct strbuf *ret, struct err *e);
/* The OCI process object of an exec in that container. */
int spec_build_exec(const struct spec_input *in, const struct exec_create *x, struct strbuf *ret, struct err *e);
