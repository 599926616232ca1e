/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Field tables of the container and exec bodies. Order is Docker's print order: Go prints struct members as they are
 * declared, and people compare inspect output.
 */
#include "format/api/container_types.h"

#include <stddef.h>

#define FIELD(kind, st, member, key, ...)                                                                              \
	{                                                                                                              \
		.name = (key), .type = JSON_T_##kind, .offset = offsetof(struct st, member), ##__VA_ARGS__             \
	}
#define OMIT      .flags = JSON_F_OMIT_EMPTY
#define NESTED(t) .fields = t##_fields, .size = sizeof(struct t)
#define END_OF_TABLE                                                                                                   \
	{                                                                                                              \
		.name = NULL                                                                                           \
	}

const struct json_field healthcheck_fields[] = {
	FIELD(STRV, healthcheck, test, "Test", OMIT),
	FIELD(INT, healthcheck, interval, "Interval", OMIT),
	FIELD(INT, healthcheck, timeout, "Timeout", OMIT),
	FIELD(INT, healthcheck, start_period, "StartPeriod", OMIT),
	FIELD(INT, healthcheck, start_interval, "StartInterval", OMIT),
	FIELD(INT, healthcheck, retries, "Retries", OMIT),
	END_OF_TABLE,
};

#define CONFIG(kind, member, key, ...) FIELD(kind, container_config, member, key, ##__VA_ARGS__)
const struct json_field container_config_fields[] = {
	CONFIG(STR, hostname, "Hostname"),
	CONFIG(STR, domainname, "Domainname"),
	CONFIG(STR, user, "User"),
	CONFIG(BOOL, attach_stdin, "AttachStdin"),
	CONFIG(BOOL, attach_stdout, "AttachStdout"),
	CONFIG(BOOL, attach_stderr, "AttachStderr"),
	CONFIG(SET, exposed_ports, "ExposedPorts", OMIT),
	CONFIG(BOOL, tty, "Tty"),
	CONFIG(BOOL, open_stdin, "OpenStdin"),
	CONFIG(BOOL, stdin_once, "StdinOnce"),
	CONFIG(STRV, env, "Env"),
	CONFIG(STR_OR_STRV, cmd, "Cmd"),
	CONFIG(OBJ_PTR, healthcheck, "Healthcheck", OMIT, NESTED(healthcheck)),
	CONFIG(BOOL, args_escaped, "ArgsEscaped", OMIT),
	CONFIG(STR, image, "Image"),
	CONFIG(SET, volumes, "Volumes"),
	CONFIG(STR, working_dir, "WorkingDir"),
	CONFIG(STR_OR_STRV, entrypoint, "Entrypoint"),
	CONFIG(BOOL, network_disabled, "NetworkDisabled", OMIT),
	CONFIG(STR, mac_address, "MacAddress", OMIT),
	CONFIG(STRV, on_build, "OnBuild"),
	CONFIG(KV, labels, "Labels"),
	CONFIG(STR, stop_signal, "StopSignal", OMIT),
	CONFIG(INT_PTR, stop_timeout, "StopTimeout", OMIT),
	CONFIG(STR_OR_STRV, shell, "Shell", OMIT),
	END_OF_TABLE,
};

const struct json_field log_config_fields[] = {
	FIELD(STR, log_config, type, "Type"),
	FIELD(KV, log_config, config, "Config"),
	END_OF_TABLE,
};

const struct json_field restart_policy_fields[] = {
	FIELD(STR, restart_policy, name, "Name"),
	FIELD(INT, restart_policy, maximum_retry_count, "MaximumRetryCount"),
	END_OF_TABLE,
};

const struct json_field weight_device_fields[] = {
	FIELD(STR, weight_device, path, "Path"),
	FIELD(INT, weight_device, weight, "Weight"),
	END_OF_TABLE,
};

const struct json_field throttle_device_fields[] = {
	FIELD(STR, throttle_device, path, "Path"),
	FIELD(INT, throttle_device, rate, "Rate"),
	END_OF_TABLE,
};

const struct json_field device_mapping_fields[] = {
	FIELD(STR, device_mapping, path_on_host, "PathOnHost"),
	FIELD(STR, device_mapping, path_in_container, "PathInContainer"),
	FIELD(STR, device_mapping, cgroup_permissions, "CgroupPermissions"),
	END_OF_TABLE,
};

const struct json_field device_request_fields[] = {
	FIELD(STR, device_request, driver, "Driver"),         FIELD(INT, device_request, count, "Count"),
	FIELD(STRV, device_request, device_ids, "DeviceIDs"), FIELD(RAW, device_request, capabilities, "Capabilities"),
	FIELD(KV, device_request, options, "Options"),        END_OF_TABLE,
};

const struct json_field ulimit_fields[] = {
	FIELD(STR, ulimit, name, "Name"),
	FIELD(INT, ulimit, hard, "Hard"),
	FIELD(INT, ulimit, soft, "Soft"),
	END_OF_TABLE,
};

static const struct json_field mount_bind_options_fields[] = {
	FIELD(STR, mount_bind_options, propagation, "Propagation", OMIT),
	FIELD(BOOL, mount_bind_options, non_recursive, "NonRecursive", OMIT),
	FIELD(BOOL, mount_bind_options, create_mountpoint, "CreateMountpoint", OMIT),
	FIELD(BOOL, mount_bind_options, read_only_non_recursive, "ReadOnlyNonRecursive", OMIT),
	FIELD(BOOL, mount_bind_options, read_only_force_recursive, "ReadOnlyForceRecursive", OMIT),
	END_OF_TABLE,
};

static const struct json_field mount_driver_config_fields[] = {
	FIELD(STR, mount_driver_config, name, "Name", OMIT),
	FIELD(KV, mount_driver_config, options, "Options", OMIT),
	END_OF_TABLE,
};

static const struct json_field mount_volume_options_fields[] = {
	FIELD(BOOL, mount_volume_options, no_copy, "NoCopy", OMIT),
	FIELD(KV, mount_volume_options, labels, "Labels", OMIT),
	FIELD(STR, mount_volume_options, subpath, "Subpath", OMIT),
	FIELD(OBJ_PTR, mount_volume_options, driver_config, "DriverConfig", OMIT, NESTED(mount_driver_config)),
	END_OF_TABLE,
};

static const struct json_field mount_image_options_fields[] = {
	FIELD(STR, mount_image_options, subpath, "Subpath", OMIT),
	END_OF_TABLE,
};

static const struct json_field mount_tmpfs_options_fields[] = {
	FIELD(INT, mount_tmpfs_options, size_bytes, "SizeBytes", OMIT),
	FIELD(INT, mount_tmpfs_options, mode, "Mode", OMIT),
	FIELD(RAW, mount_tmpfs_options, options, "Options", OMIT),
	END_OF_TABLE,
};

const struct json_field mount_fields[] = {
	FIELD(STR, mount, type, "Type", OMIT),
	FIELD(STR, mount, source, "Source", OMIT),
	FIELD(STR, mount, target, "Target", OMIT),
	FIELD(BOOL, mount, read_only, "ReadOnly", OMIT),
	FIELD(STR, mount, consistency, "Consistency", OMIT),
	FIELD(OBJ_PTR, mount, bind_options, "BindOptions", OMIT, NESTED(mount_bind_options)),
	FIELD(OBJ_PTR, mount, volume_options, "VolumeOptions", OMIT, NESTED(mount_volume_options)),
	FIELD(OBJ_PTR, mount, image_options, "ImageOptions", OMIT, NESTED(mount_image_options)),
	FIELD(OBJ_PTR, mount, tmpfs_options, "TmpfsOptions", OMIT, NESTED(mount_tmpfs_options)),
	END_OF_TABLE,
};

#define HOST(kind, member, key, ...) FIELD(kind, host_config, member, key, ##__VA_ARGS__)
const struct json_field host_config_fields[] = {
	HOST(STRV, binds, "Binds"),
	HOST(STR, container_id_file, "ContainerIDFile"),
	HOST(OBJ, log_config, "LogConfig", NESTED(log_config)),
	HOST(STR, network_mode, "NetworkMode"),
	HOST(RAW, port_bindings, "PortBindings"),
	HOST(OBJ, restart_policy, "RestartPolicy", NESTED(restart_policy)),
	HOST(BOOL, auto_remove, "AutoRemove"),
	HOST(STR, volume_driver, "VolumeDriver"),
	HOST(STRV, volumes_from, "VolumesFrom"),
	HOST(RAW, console_size, "ConsoleSize"),
	HOST(KV, annotations, "Annotations", OMIT),
	HOST(STR_OR_STRV, cap_add, "CapAdd"),
	HOST(STR_OR_STRV, cap_drop, "CapDrop"),
	HOST(STR, cgroupns_mode, "CgroupnsMode"),
	HOST(STRV, dns, "Dns"),
	HOST(STRV, dns_options, "DnsOptions"),
	HOST(STRV, dns_search, "DnsSearch"),
	HOST(STRV, extra_hosts, "ExtraHosts"),
	HOST(STRV, group_add, "GroupAdd"),
	HOST(STR, ipc_mode, "IpcMode"),
	HOST(STR, cgroup, "Cgroup"),
	HOST(STRV, links, "Links"),
	HOST(INT, oom_score_adj, "OomScoreAdj"),
	HOST(STR, pid_mode, "PidMode"),
	HOST(BOOL, privileged, "Privileged"),
	HOST(BOOL, publish_all_ports, "PublishAllPorts"),
	HOST(BOOL, readonly_rootfs, "ReadonlyRootfs"),
	HOST(STRV, security_opt, "SecurityOpt"),
	HOST(KV, storage_opt, "StorageOpt", OMIT),
	HOST(KV, tmpfs, "Tmpfs", OMIT),
	HOST(STR, uts_mode, "UTSMode"),
	HOST(STR, userns_mode, "UsernsMode"),
	HOST(INT, shm_size, "ShmSize"),
	HOST(KV, sysctls, "Sysctls", OMIT),
	HOST(STR, runtime, "Runtime", OMIT),
	HOST(STR, isolation, "Isolation"),
	HOST(INT, cpu_shares, "CpuShares"),
	HOST(INT, memory, "Memory"),
	HOST(INT, nano_cpus, "NanoCpus"),
	HOST(STR, cgroup_parent, "CgroupParent"),
	HOST(INT, blkio_weight, "BlkioWeight"),
	HOST(OBJ_ARRAY, blkio_weight_device, "BlkioWeightDevice", NESTED(weight_device)),
	HOST(OBJ_ARRAY, blkio_device_read_bps, "BlkioDeviceReadBps", NESTED(throttle_device)),
	HOST(OBJ_ARRAY, blkio_device_write_bps, "BlkioDeviceWriteBps", NESTED(throttle_device)),
	HOST(OBJ_ARRAY, blkio_device_read_iops, "BlkioDeviceReadIOps", NESTED(throttle_device)),
	HOST(OBJ_ARRAY, blkio_device_write_iops, "BlkioDeviceWriteIOps", NESTED(throttle_device)),
	HOST(INT, cpu_period, "CpuPeriod"),
	HOST(INT, cpu_quota, "CpuQuota"),
	HOST(INT, cpu_realtime_period, "CpuRealtimePeriod"),
	HOST(INT, cpu_realtime_runtime, "CpuRealtimeRuntime"),
	HOST(STR, cpuset_cpus, "CpusetCpus"),
	HOST(STR, cpuset_mems, "CpusetMems"),
	HOST(OBJ_ARRAY, devices, "Devices", NESTED(device_mapping)),
	HOST(STRV, device_cgroup_rules, "DeviceCgroupRules"),
	HOST(OBJ_ARRAY, device_requests, "DeviceRequests", NESTED(device_request)),
	HOST(INT, kernel_memory, "KernelMemory", OMIT),
	HOST(INT, kernel_memory_tcp, "KernelMemoryTCP", OMIT),
	HOST(INT, memory_reservation, "MemoryReservation"),
	HOST(INT, memory_swap, "MemorySwap"),
	HOST(INT_PTR, memory_swappiness, "MemorySwappiness"),
	HOST(BOOL_PTR, oom_kill_disable, "OomKillDisable"),
	HOST(INT_PTR, pids_limit, "PidsLimit"),
	HOST(OBJ_ARRAY, ulimits, "Ulimits", NESTED(ulimit)),
	HOST(INT, cpu_count, "CpuCount"),
	HOST(INT, cpu_percent, "CpuPercent"),
	HOST(INT, io_maximum_iops, "IOMaximumIOps"),
	HOST(INT, io_maximum_bandwidth, "IOMaximumBandwidth"),
	HOST(OBJ_ARRAY, mounts, "Mounts", OMIT, NESTED(mount)),
	HOST(STRV, masked_paths, "MaskedPaths"),
	HOST(STRV, readonly_paths, "ReadonlyPaths"),
	HOST(BOOL_PTR, init, "Init", OMIT),
	END_OF_TABLE,
};

static const struct json_field endpoint_ipam_fields[] = {
	FIELD(STR, endpoint_ipam, ipv4_address, "IPv4Address", OMIT),
	FIELD(STR, endpoint_ipam, ipv6_address, "IPv6Address", OMIT),
	FIELD(STRV, endpoint_ipam, link_local_ips, "LinkLocalIPs", OMIT),
	END_OF_TABLE,
};

#define ENDPOINT(kind, member, key, ...) FIELD(kind, endpoint_settings, member, key, ##__VA_ARGS__)
const struct json_field endpoint_settings_fields[] = {
	ENDPOINT(OBJ_PTR, ipam_config, "IPAMConfig", NESTED(endpoint_ipam)),
	ENDPOINT(STRV, links, "Links"),
	ENDPOINT(STRV, aliases, "Aliases"),
	ENDPOINT(STR, mac_address, "MacAddress"),
	ENDPOINT(KV, driver_opts, "DriverOpts"),
	ENDPOINT(INT, gw_priority, "GwPriority"),
	ENDPOINT(STR, network_id, "NetworkID"),
	ENDPOINT(STR, endpoint_id, "EndpointID"),
	ENDPOINT(STR, gateway, "Gateway"),
	ENDPOINT(STR, ip_address, "IPAddress"),
	ENDPOINT(INT, ip_prefix_len, "IPPrefixLen"),
	ENDPOINT(STR, ipv6_gateway, "IPv6Gateway"),
	ENDPOINT(STR, global_ipv6_address, "GlobalIPv6Address"),
	ENDPOINT(INT, global_ipv6_prefix_len, "GlobalIPv6PrefixLen"),
	ENDPOINT(STRV, dns_names, "DNSNames"),
	END_OF_TABLE,
};

const struct json_field networking_config_fields[] = {
	FIELD(RAW, networking_config, endpoints_config, "EndpointsConfig"),
	END_OF_TABLE,
};

#define EXEC(kind, member, key, ...) FIELD(kind, exec_create, member, key, ##__VA_ARGS__)
const struct json_field exec_create_fields[] = {
	EXEC(STR, user, "User"),
	EXEC(BOOL, privileged, "Privileged"),
	EXEC(BOOL, tty, "Tty"),
	EXEC(RAW, console_size, "ConsoleSize", OMIT),
	EXEC(BOOL, attach_stdin, "AttachStdin"),
	EXEC(BOOL, attach_stderr, "AttachStderr"),
	EXEC(BOOL, attach_stdout, "AttachStdout"),
	EXEC(STR, detach_keys, "DetachKeys"),
	EXEC(STRV, env, "Env"),
	EXEC(STR, working_dir, "WorkingDir"),
	EXEC(STR_OR_STRV, cmd, "Cmd"),
	END_OF_TABLE,
};

const struct json_field exec_start_fields[] = {
	FIELD(BOOL, exec_start, detach, "Detach"),
	FIELD(BOOL, exec_start, tty, "Tty"),
	FIELD(RAW, exec_start, console_size, "ConsoleSize", OMIT),
	END_OF_TABLE,
};
