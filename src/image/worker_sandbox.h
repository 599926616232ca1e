/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cage of hull-worker (rule D7): from here on the process sees one directory as "/", has no network, no way to
 * start a program, six capabilities at most, and a list of system calls that a job needs. Single-threaded callers.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"

/* Enters the cage around the directory behind dirfd, then checks that it holds. with_caps: for unpacking (owners,
 * modes, devices, file capabilities); otherwise none is kept. dirfd stays open and is the new root. */
int sandbox_enter(int dirfd, bool with_caps, struct err *e);
