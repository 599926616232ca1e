/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Named places where a test makes the program die, fail or wait. Compiled in only with -Dfailpoints=true (test builds);
 * otherwise FAILPOINT() is 0 and costs nothing.
 *
 * The environment variable HULL_FAILPOINTS (or the file it names when it starts with '@', re-read at each hit) holds
 * "name=action[,name=action...]"; an action is kill (SIGKILL to ourselves), errno:N, pause:MS, each with an optional
 * "*K": only at the K-th hit. Names are listed by `grep -rhoE 'FAILPOINT\("[a-z.-]+"\)' src`.
 */
#pragma once

#ifdef HULL_FAILPOINTS
/* 0, or the positive errno to fail with. */
int failpoint_hit(const char *name);
#define FAILPOINT(name) failpoint_hit(name)
#else
#define FAILPOINT(name) 0
#endif
