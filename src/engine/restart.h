/* SPDX-License-Identifier: Apache-2.0 */
/* Restart policies as a pure decision: Docker's rules and its back-off. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "format/api/container_types.h"

#define RESTART_BACKOFF_MIN_MS 100
#define RESTART_BACKOFF_MAX_MS 60000
#define RESTART_RESET_NS       (10LL * 1000000000LL) /* a run this long was a success */

struct restart_input {
	const struct restart_policy *policy;
	int64_t exit_code;
	bool manually_stopped;
	bool daemon_stopping;
	int64_t ran_ns;
	int64_t restarts;   /* by policy, since the last manual start */
	int64_t backoff_ms; /* of the last restart; 0: none yet */
};

/* Whether to restart after an exit, and after which delay. */
bool restart_decide(const struct restart_input *in, int64_t *ret_backoff_ms);
/* Whether a daemon that starts brings up a container that it finds stopped. */
bool restart_at_boot(const struct restart_policy *policy, bool manually_stopped, bool ever_started);
