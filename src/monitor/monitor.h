/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The supervisor, `hull-runtime monitor`: one process per container (and per exec session) that holds its stdio, log,
 * and exit status and outlives hulld. It takes no arguments; its descriptors are told in monitor/protocol.h. Never
 * returns before it is done; the result is the exit status of the program.
 */
#pragma once

int monitor_main(void);
