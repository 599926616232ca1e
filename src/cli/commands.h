/* SPDX-License-Identifier: Apache-2.0 */
/* All commands, each defined in its verb's file. commands.c makes the tree of them. */
#pragma once

#include "cli/cli.h"

extern const struct command cmd_attach, cmd_completion, cmd_container_inspect, cmd_container_ls, cmd_container_prune,
	cmd_container_rm, cmd_create, cmd_events, cmd_exec, cmd_history, cmd_image_inspect, cmd_image_ls,
	cmd_image_prune, cmd_image_rm, cmd_images, cmd_import, cmd_info, cmd_inspect, cmd_kill, cmd_load, cmd_logs,
	cmd_network_prune, cmd_pause, cmd_port, cmd_ps, cmd_pull, cmd_push, cmd_rename, cmd_restart, cmd_rm, cmd_rmi,
	cmd_run, cmd_save, cmd_start, cmd_stop, cmd_system_df, cmd_system_dial_stdio, cmd_system_prune, cmd_tag,
	cmd_top, cmd_unpause, cmd_version, cmd_volume_prune, cmd_wait;
extern const struct command cmd_commit, cmd_diff, cmd_export, cmd_update, cmd_network_connect, cmd_network_create,
	cmd_network_disconnect, cmd_network_inspect, cmd_network_ls, cmd_network_rm, cmd_volume_create,
	cmd_volume_inspect, cmd_volume_ls, cmd_volume_rm;
/* known by name, not offered */
extern const struct command cmd_build, cmd_builder, cmd_buildx, cmd_checkpoint, cmd_compose, cmd_config, cmd_context,
	cmd_cp, cmd_login, cmd_logout, cmd_manifest, cmd_node, cmd_plugin, cmd_search, cmd_secret, cmd_service,
	cmd_stack, cmd_stats, cmd_swarm, cmd_trust;
