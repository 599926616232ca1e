/* SPDX-License-Identifier: Apache-2.0 */
/* See restart.h. */
#include "engine/restart.h"

#include "base/macros.h"
#include "base/strutil.h"

static int64_t next_backoff(int64_t last_ms, int64_t ran_ns)
{
	if (last_ms == 0 || ran_ns >= RESTART_RESET_NS)
		return RESTART_BACKOFF_MIN_MS;
	return MIN(last_ms * 2, RESTART_BACKOFF_MAX_MS);
}

bool restart_decide(const struct restart_input *in, int64_t *ret_backoff_ms)
{
	const char *name = str_or_empty(in->policy->name);
	bool restart = false;

	/* A stop by hand ends "always", too: only the next start of the daemon brings such a container up again. */
	if (in->manually_stopped || in->daemon_stopping)
		return false;
	if (str_eq(name, "always") || str_eq(name, "unless-stopped"))
		restart = true;
	else if (str_eq(name, "on-failure"))
		restart = in->exit_code != 0 &&
			  (in->policy->maximum_retry_count == 0 || in->restarts < in->policy->maximum_retry_count);
	if (restart)
		*ret_backoff_ms = next_backoff(in->backoff_ms, in->ran_ns);
	return restart;
}

bool restart_at_boot(const struct restart_policy *policy, bool manually_stopped, bool ever_started)
{
	const char *name = str_or_empty(policy->name);

	if (!ever_started)
		return false;
	return str_eq(name, "always") || (str_eq(name, "unless-stopped") && !manually_stopped);
}
