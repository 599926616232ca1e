/* SPDX-License-Identifier: Apache-2.0 */
/* The supervisor's table: the usual life, and what must never happen. */
#include "unit/test.h"

#include <stdbool.h>

#include "base/macros.h"

#include "monitor/states.h"

static void usual_life(void **state)
{
	static const struct {
		enum monitor_event event;
		enum monitor_step step;
		enum monitor_phase next;
	} life[] = {
		{EVENT_ATTACH, STEP_ATTACH, PHASE_READY},      {EVENT_START, STEP_START, PHASE_STARTING},
		{EVENT_STARTED, STEP_ANNOUNCE, PHASE_RUNNING}, {EVENT_RESIZE, STEP_RESIZE, PHASE_RUNNING},
		{EVENT_ALONE, STEP_IGNORE, PHASE_RUNNING},     {EVENT_HELLO, STEP_HELLO, PHASE_RUNNING},
		{EVENT_DIED, STEP_REAP, PHASE_DRAINING},       {EVENT_RELEASE, STEP_IGNORE, PHASE_DRAINING},
		{EVENT_DRAINED, STEP_RECORD, PHASE_EXITED},    {EVENT_ATTACH, STEP_REFUSE, PHASE_EXITED},
		{EVENT_ALONE, STEP_WAIT_HULLD, PHASE_EXITED},  {EVENT_RELEASE, STEP_LEAVE, PHASE_LEAVING},
		{EVENT_FLUSHED, STEP_QUIT, PHASE_GONE},
	};
	enum monitor_phase phase = PHASE_READY;

	for (size_t i = 0; i < ARRAY_SIZE(life); i++) {
		struct monitor_move m = monitor_next(phase, life[i].event);

		if (m.step != life[i].step || m.next != life[i].next)
			fail_msg("event %u in phase %u: step %u, phase %u", life[i].event, phase, m.step, m.next);
		phase = m.next;
	}
}

static void what_must_hold(void **state)
{
	for (enum monitor_phase p = 0; p < PHASE_COUNT; p++)
		for (enum monitor_event ev = 0; ev < EVENT_COUNT; ev++) {
			struct monitor_move m = monitor_next(p, ev);
			bool alive = p == PHASE_STARTING || p == PHASE_RUNNING || p == PHASE_DRAINING;

			assert_true(m.next < PHASE_COUNT);
			/* a living process is not left, whatever is asked, unless it never came to be */
			if (alive && ev != EVENT_FAILED)
				assert_true(m.step != STEP_QUIT && m.step != STEP_LEAVE);
			/* the one way to an exit record, and it is taken once */
			assert_int_equal(m.step == STEP_RECORD, p == PHASE_DRAINING && ev == EVENT_DRAINED);
			assert_int_equal(m.step == STEP_START, p == PHASE_READY && ev == EVENT_START);
			/* requests that need an answer get one while connections are open */
			if ((ev == EVENT_HELLO || ev == EVENT_ATTACH || ev == EVENT_START || ev == EVENT_RESIZE ||
			     ev == EVENT_SIGNAL || ev == EVENT_CLOSE_STDIN) &&
			    p != PHASE_STARTING && p != PHASE_LEAVING && p != PHASE_GONE)
				assert_true(m.step != STEP_IGNORE);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(usual_life),
		cmocka_unit_test(what_must_hold),
	};
	return RUN_TESTS(tests);
}
