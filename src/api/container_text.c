/* SPDX-License-Identifier: Apache-2.0 */
/* Status lines and durations in the words that scripts look for. */
#include "api/container_text.h"

#include "base/clock.h"
#include "base/strutil.h"
#include "base/strv.h"

void human_duration(int64_t ns, struct strbuf *out)
{
	int64_t seconds = ns / NS_PER_SEC, minutes = seconds / 60, hours = (seconds + 1800) / 3600;

	if (seconds < 1)
		strbuf_add_str(out, "Less than a second");
	else if (seconds == 1)
		strbuf_add_str(out, "1 second");
	else if (seconds < 60)
		strbuf_addf(out, "%lld seconds", (long long)seconds);
	else if (minutes == 1)
		strbuf_add_str(out, "About a minute");
	else if (minutes < 60)
		strbuf_addf(out, "%lld minutes", (long long)minutes);
	else if (hours == 1)
		strbuf_add_str(out, "About an hour");
	else if (hours < 48)
		strbuf_addf(out, "%lld hours", (long long)hours);
	else if (hours < 24 * 7 * 2)
		strbuf_addf(out, "%lld days", (long long)(hours / 24));
	else if (hours < 24 * 30 * 2)
		strbuf_addf(out, "%lld weeks", (long long)(hours / 24 / 7));
	else if (hours < 24 * 365 * 2)
		strbuf_addf(out, "%lld months", (long long)(hours / 24 / 30));
	else
		strbuf_addf(out, "%lld years", (long long)(seconds / 3600 / 24 / 365));
}

bool container_record_running(const struct container_record *rec)
{
	return rec->status == CONTAINER_RUNNING || rec->status == CONTAINER_PAUSED ||
	       rec->status == CONTAINER_RESTARTING;
}

const char *container_health(const struct container_record *rec)
{
	const struct healthcheck *h = rec->config.healthcheck;

	if (!h || strv_len(h->test) == 0 || str_eq(h->test[0], "NONE") || rec->started_ns == 0)
		return NULL;
	return container_record_running(rec) ? "starting" : "unhealthy";
}

void container_status_text(const struct container_record *rec, bool removing, int64_t now_ns, struct strbuf *out)
{
	const char *health = container_health(rec);

	switch ((enum container_status)rec->status) {
	case CONTAINER_RESTARTING:
		strbuf_addf(out, "Restarting (%lld) ", (long long)rec->exit_code);
		human_duration(now_ns - rec->finished_ns, out);
		strbuf_add_str(out, " ago");
		return;
	case CONTAINER_RUNNING:
	case CONTAINER_PAUSED:
		strbuf_add_str(out, "Up ");
		human_duration(now_ns - rec->started_ns, out);
		if (rec->status == CONTAINER_PAUSED)
			strbuf_add_str(out, " (Paused)");
		else if (health)
			strbuf_addf(out, " (health: %s)", health);
		return;
	case CONTAINER_REMOVING:
	case CONTAINER_CREATED:
	case CONTAINER_EXITED:
	case CONTAINER_DEAD:
		break;
	}
	if (removing || rec->status == CONTAINER_REMOVING) {
		strbuf_add_str(out, "Removal In Progress");
	} else if (rec->status == CONTAINER_DEAD) {
		strbuf_add_str(out, "Dead");
	} else if (rec->status == CONTAINER_CREATED) {
		strbuf_add_str(out, "Created");
	} else {
		strbuf_addf(out, "Exited (%lld) ", (long long)rec->exit_code);
		human_duration(now_ns - rec->finished_ns, out);
		strbuf_add_str(out, " ago");
	}
}

void container_command_text(const struct container_record *rec, struct strbuf *out)
{
	strbuf_add_str(out, str_or_empty(rec->path));
	STRV_FOREACH (s, rec->args) {
		if (strchr(*s, ' '))
			strbuf_addf(out, " '%s'", *s);
		else
			strbuf_addf(out, " %s", *s);
	}
}
