/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control connections to supervisors. One thread hears them all (monitor_loop) and calls the owners with the news;
 * requests may come from any thread and wait for their reply. Supervisors that we started are reaped here too. Knows
 * neither containers nor execs; the packets themselves are monitor/client.h's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "monitor/client.h"

struct monitor_loop;
struct monitor_client;

/* News, from the loop's thread: packet NULL when the connection has ended (once, the last call). Must not wait for
 * anything that the loop's thread has to do. */
typedef void (*monitor_news)(void *owner, struct monitor_client *mc, const struct monitor_packet *packet);

int monitor_loop_new(struct monitor_loop **ret, struct err *e);
/* Ends the thread and closes all connections without telling the owners: supervisors go on. */
void monitor_loop_free(struct monitor_loop *l);
/* Reaps the child behind pidfd (owned from here on) when it ends. */
void monitor_loop_reap(struct monitor_loop *l, int pidfd);

/* An open connection (owned from here on). Until monitor_client_listen, one thread talks on it by monitor_send and
 * monitor_recv with its descriptor. */
struct monitor_client *monitor_client_new(struct monitor_loop *l, int fd);
struct monitor_client *monitor_client_ref(struct monitor_client *mc);
void monitor_client_unref(struct monitor_client *mc);
DEFINE_CLEANUP(struct monitor_client, monitor_client_unref)
int monitor_client_fd(const struct monitor_client *mc);
/* From now on the loop reads. owner is given to free_owner after the last news. */
void monitor_client_listen(struct monitor_client *mc, monitor_news news, void *owner, void (*free_owner)(void *owner));

/* A request that struct monitor_result answers. ERR_UNAVAILABLE when the supervisor has gone, ERR_SYSTEM with its errno
 * when it refuses. */
int monitor_client_call(struct monitor_client *mc, enum monitor_msg_type type, const void *body, size_t n,
			struct err *e);
int monitor_client_attach(struct monitor_client *mc, const struct monitor_attach *a, int fd, const void *leftover,
			  size_t n, struct err *e);
/* Tells the supervisor that its process' end is recorded, and waits until it has gone; false when it does not go. */
bool monitor_client_release(struct monitor_client *mc, int timeout_ms);
