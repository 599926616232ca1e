/* SPDX-License-Identifier: Apache-2.0 */
/* The tree of commands. A new command: its file, a line in commands.h, a line (or two) here. */
#include "cli/commands.h"

#define GROUP(var, word, what, ...)                                                                                    \
	static const struct command *const var##_subs[] = {__VA_ARGS__, NULL};                                         \
	static const struct command var = {                                                                            \
		.name = word, .usage = "COMMAND", .brief = what, .subs = var##_subs, .section = SECTION_MANAGEMENT}

GROUP(group_container, "container", "Manage containers", &cmd_attach, &cmd_commit, &cmd_cp, &cmd_create, &cmd_diff,
      &cmd_exec, &cmd_export, &cmd_container_inspect, &cmd_kill, &cmd_logs, &cmd_container_ls, &cmd_pause, &cmd_port,
      &cmd_container_prune, &cmd_rename, &cmd_restart, &cmd_container_rm, &cmd_run, &cmd_start, &cmd_stats, &cmd_stop,
      &cmd_top, &cmd_unpause, &cmd_update, &cmd_wait);
GROUP(group_image, "image", "Manage images", &cmd_build, &cmd_history, &cmd_import, &cmd_image_inspect, &cmd_load,
      &cmd_image_ls, &cmd_image_prune, &cmd_pull, &cmd_push, &cmd_image_rm, &cmd_save, &cmd_tag);
GROUP(group_network, "network", "Manage networks", &cmd_network_connect, &cmd_network_create, &cmd_network_disconnect,
      &cmd_network_inspect, &cmd_network_ls, &cmd_network_prune, &cmd_network_rm);
GROUP(group_system, "system", "Manage the engine", &cmd_system_df, &cmd_system_dial_stdio, &cmd_events, &cmd_info,
      &cmd_system_prune);
GROUP(group_volume, "volume", "Manage volumes", &cmd_volume_create, &cmd_volume_inspect, &cmd_volume_ls,
      &cmd_volume_prune, &cmd_volume_rm);

static const struct command *const root_subs[] = {
	&cmd_run,    &cmd_exec,        &cmd_ps,      &cmd_pull,      &cmd_push,     &cmd_images,   &cmd_version,
	&cmd_info,   &group_container, &group_image, &group_network, &group_system, &group_volume, &cmd_attach,
	&cmd_commit, &cmd_completion,  &cmd_create,  &cmd_diff,      &cmd_events,   &cmd_export,   &cmd_history,
	&cmd_import, &cmd_inspect,     &cmd_kill,    &cmd_load,      &cmd_logs,     &cmd_pause,    &cmd_port,
	&cmd_rename, &cmd_restart,     &cmd_rm,      &cmd_rmi,       &cmd_save,     &cmd_start,    &cmd_stop,
	&cmd_tag,    &cmd_top,         &cmd_unpause, &cmd_update,    &cmd_wait,     &cmd_build,    &cmd_builder,
	&cmd_buildx, &cmd_checkpoint,  &cmd_compose, &cmd_config,    &cmd_context,  &cmd_cp,       &cmd_login,
	&cmd_logout, &cmd_manifest,    &cmd_node,    &cmd_plugin,    &cmd_search,   &cmd_secret,   &cmd_service,
	&cmd_stack,  &cmd_stats,       &cmd_swarm,   &cmd_trust,     NULL,
};

const struct command command_root = {
	.name = "", .usage = "[OPTIONS] COMMAND", .brief = "A container engine", .subs = root_subs};
