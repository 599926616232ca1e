/* SPDX-License-Identifier: Apache-2.0 */
/* The table of states.h. */
#include "monitor/states.h"

#include "base/macros.h"

/* Stays in its phase. */
#define STAY (PHASE_COUNT)

/* An empty cell is STEP_IGNORE: the phase stays. */
static const struct monitor_move moves[PHASE_COUNT][EVENT_COUNT] =
	{
		[PHASE_READY] =
			{
				[EVENT_HELLO] = {STEP_HELLO, STAY},
				[EVENT_ATTACH] = {STEP_ATTACH, STAY},
				[EVENT_START] = {STEP_START, PHASE_STARTING},
				[EVENT_ABORT] = {STEP_QUIT, PHASE_GONE},
				[EVENT_RESIZE] = {STEP_REFUSE, STAY},
				[EVENT_SIGNAL] = {STEP_REFUSE, STAY},
				[EVENT_CLOSE_STDIN] = {STEP_REFUSE, STAY},
				[EVENT_RELEASE] = {STEP_QUIT, PHASE_GONE},
				[EVENT_ALONE] = {STEP_QUIT, PHASE_GONE},
			},
		[PHASE_STARTING] =
			{
				[EVENT_STARTED] = {STEP_ANNOUNCE, PHASE_RUNNING},
				[EVENT_FAILED] = {STEP_QUIT, PHASE_GONE},
			},
		[PHASE_RUNNING] =
			{
				[EVENT_HELLO] = {STEP_HELLO, STAY},
				[EVENT_ATTACH] = {STEP_ATTACH, STAY},
				[EVENT_START] = {STEP_REFUSE, STAY},
				[EVENT_RESIZE] = {STEP_RESIZE, STAY},
				[EVENT_SIGNAL] = {STEP_SIGNAL, STAY},
				[EVENT_CLOSE_STDIN] = {STEP_CLOSE_STDIN, STAY},
				[EVENT_DIED] = {STEP_REAP, PHASE_DRAINING},
			},
		[PHASE_DRAINING] =
			{
				[EVENT_HELLO] = {STEP_HELLO, STAY},
				[EVENT_ATTACH] = {STEP_ATTACH, STAY},
				[EVENT_START] = {STEP_REFUSE, STAY},
				[EVENT_RESIZE] = {STEP_REFUSE, STAY},
				[EVENT_SIGNAL] = {STEP_REFUSE, STAY},
				[EVENT_CLOSE_STDIN] = {STEP_CLOSE_STDIN, STAY},
				[EVENT_DRAINED] = {STEP_RECORD, PHASE_EXITED},
			},
		[PHASE_EXITED] =
			{
				[EVENT_HELLO] = {STEP_HELLO, STAY},
				[EVENT_ATTACH] = {STEP_REFUSE, STAY},
				[EVENT_START] = {STEP_REFUSE, STAY},
				[EVENT_RESIZE] = {STEP_REFUSE, STAY},
				[EVENT_SIGNAL] = {STEP_REFUSE, STAY},
				[EVENT_CLOSE_STDIN] = {STEP_REFUSE, STAY},
				[EVENT_RELEASE] = {STEP_LEAVE, PHASE_LEAVING},
				[EVENT_ALONE] = {STEP_WAIT_HULLD, STAY},
				[EVENT_ALONE_LONG] = {STEP_LEAVE, PHASE_LEAVING},
			},
		[PHASE_LEAVING] =
			{
				[EVENT_FLUSHED] = {STEP_QUIT, PHASE_GONE},
			},
};

struct monitor_move monitor_next(enum monitor_phase phase, enum monitor_event event)
{
	struct monitor_move m;

	ASSERT(phase < PHASE_COUNT && event < EVENT_COUNT);
	m = moves[phase][event];
	if (m.step == STEP_IGNORE || m.next == STAY)
		m.next = phase;
	return m;
}
