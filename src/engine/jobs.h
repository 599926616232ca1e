/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Background work of the engine: what follows an exit off anybody's reply path (teardown, auto-remove, restarts after
 * their delay). A few threads, made when there is work and ended when there is none. Any thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct jobs;

struct jobs *jobs_new(void);
/* No further jobs are taken; what waits is called with cancelled = true, what runs is waited for. */
void jobs_stop(struct jobs *j);
void jobs_free(struct jobs *j);
/* Calls fn once, from another thread, delay_ms from now. cancelled: the engine ends, fn only frees what arg holds. */
void jobs_add(struct jobs *j, int64_t delay_ms, void (*fn)(void *arg, bool cancelled), void *arg);
