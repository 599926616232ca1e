/* SPDX-License-Identifier: Apache-2.0 */
/* The tree of commands. A new command: its file, a line in commands.h, a line (or two) here. */
#include "cli/commands.h"

#define GROUP(var, word, what, ...)                                                                                    \
	static const struct command *const var##_subs[] = {__VA_ARGS__, NULL};                                         \
	static const struct command var = {                                                                            \
		.name = word, .usage = "COMMAND", .brief = what, .subs = var##_subs, .section = SECTION_MANAGEMENT}

GROUP(group_container, "container", "Manage containers", &cmd_attach, &cmd_create, &cmd_exec, &cmd_container_inspect,
      &cmd_kill, &cmd_logs, &cmd_container_ls, &cmd_pause, &cmd_port, &cmd_container_prune, &cmd_rename, &cmd_restart,
      &cmd_container_rm, &cmd_run, &cmd_start, &cmd_stop, &cmd_top, &cmd_unpause, &cmd_wait);
GROUP(group_image, "image", "Manage images", &cmd_history, &cmd_import, &cmd_image_inspect, &cmd_load, &cmd_image_ls,
      &cmd_image_prune, &cmd_pull, &cmd_push, &cmd_image_rm, &cmd_save, &cmd_tag);
GROUP(group_system, "system", "Manage the engine", &cmd_system_df, &cmd_system_dial_stdio, &cmd_events, &cmd_info,
      &cmd_system_prune);

static const struct command *const root_subs[] = {
	&cmd_run,    &cmd_exec,        &cmd_ps,      &cmd_pull,     &cmd_push,    &cmd_images,     &cmd_version,
	&cmd_info,   &group_container, &group_image, &group_system, &cmd_attach,  &cmd_completion, &cmd_create,
	&cmd_events, &cmd_history,     &cmd_import,  &cmd_inspect,  &cmd_kill,    &cmd_load,       &cmd_logs,
	&cmd_pause,  &cmd_port,        &cmd_rename,  &cmd_restart,  &cmd_rm,      &cmd_rmi,        &cmd_save,
	&cmd_start,  &cmd_stop,        &cmd_tag,     &cmd_top,      &cmd_unpause, &cmd_wait,       NULL,
};

const struct command command_root = {
	.name = "", .usage = "[OPTIONS] COMMAND", .brief = "A container engine", .subs = root_subs};
