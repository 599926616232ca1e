/* SPDX-License-Identifier: Apache-2.0 */
/* The words of `docker ps`: durations, status, command. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "engine/container.h"

/* "About a minute", "3 hours": as docker/go-units prints durations. */
void human_duration(int64_t ns, struct strbuf *out);
/* "Up 5 seconds (Paused)", "Exited (0) 2 minutes ago" */
void container_status_text(const struct container_record *rec, bool removing, int64_t now_ns, struct strbuf *out);
/* What runs, in one line. */
void container_command_text(const struct container_record *rec, struct strbuf *out);
/* "starting", "unhealthy", or NULL when the container has no health check (none are run yet). */
const char *container_health(const struct container_record *rec);
bool container_record_running(const struct container_record *rec);
