/* SPDX-License-Identifier: Apache-2.0 */
/* Commands of docker that are known here but not offered: each says so by name. Their options are taken as they come.
 */
#include "cli/commands.h"

static int run_absent(struct cli *cli, struct args *a)
{
	(void)a;
	return cli_failf("%s: '%s %s' is not offered by this version of hull", cli->prog, cli->prog, cli->path);
}

#define ABSENT(var, word, what)                                                                                        \
	const struct command var = {.name = word,                                                                      \
				    .usage = "[OPTIONS] [ARG...]",                                                     \
				    .brief = what " (not offered yet)",                                                \
				    .max_args = ARGS_ANY,                                                              \
				    .any_flags = true,                                                                 \
				    .run = run_absent,                                                                 \
				    .hidden = true}

ABSENT(cmd_build, "build", "Build an image from a Dockerfile");
ABSENT(cmd_builder, "builder", "Manage builds");
ABSENT(cmd_buildx, "buildx", "Build with BuildKit");
ABSENT(cmd_compose, "compose", "Define and run multi-container applications");
ABSENT(cmd_context, "context", "Manage contexts");
ABSENT(cmd_cp, "cp", "Copy files/folders between a container and the local filesystem");
ABSENT(cmd_login, "login", "Authenticate to a registry");
ABSENT(cmd_logout, "logout", "Log out from a registry");
ABSENT(cmd_search, "search", "Search Docker Hub for images");
ABSENT(cmd_stats, "stats", "Display a live stream of container(s) resource usage statistics");
ABSENT(cmd_manifest, "manifest", "Manage image manifests and manifest lists");
ABSENT(cmd_plugin, "plugin", "Manage plugins");
ABSENT(cmd_trust, "trust", "Manage trust on images");
ABSENT(cmd_checkpoint, "checkpoint", "Manage checkpoints");
ABSENT(cmd_swarm, "swarm", "Manage Swarm");
ABSENT(cmd_service, "service", "Manage Swarm services");
ABSENT(cmd_stack, "stack", "Manage Swarm stacks");
ABSENT(cmd_node, "node", "Manage Swarm nodes");
ABSENT(cmd_secret, "secret", "Manage Swarm secrets");
ABSENT(cmd_config, "config", "Manage Swarm configs");
