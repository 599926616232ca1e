/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The supervisor's life as a table: phase x event -> what to do, next phase. Pure; supervise.c raises events and does
 * the steps.
 */
#pragma once

enum monitor_phase {
	PHASE_READY,    /* waiting for START */
	PHASE_STARTING, /* inside runtime_start or runtime_exec; no message is read here */
	PHASE_RUNNING,
	PHASE_DRAINING, /* the process has ended, its last output is being read */
	PHASE_EXITED,   /* the exit record is written */
	PHASE_LEAVING,  /* waiting for clients to read what is theirs */
	PHASE_GONE,
	PHASE_COUNT,
};

enum monitor_event {
	/* requests */
	EVENT_HELLO,
	EVENT_ATTACH,
	EVENT_START,
	EVENT_ABORT,
	EVENT_RESIZE,
	EVENT_SIGNAL,
	EVENT_CLOSE_STDIN,
	EVENT_RELEASE,
	/* outcomes */
	EVENT_STARTED,
	EVENT_FAILED,
	EVENT_DIED,       /* the process has ended */
	EVENT_DRAINED,    /* its output is at its end, or is not waited for any more */
	EVENT_ALONE,      /* the last control connection has closed */
	EVENT_ALONE_LONG, /* and stayed away */
	EVENT_FLUSHED,    /* no client is left */
	EVENT_COUNT,
};

enum monitor_step {
	STEP_IGNORE, /* a request without an answer, or an event without a meaning here */
	STEP_REFUSE, /* the answer is an error */
	STEP_HELLO,
	STEP_ATTACH,
	STEP_START,
	STEP_ANNOUNCE, /* STARTED, then give up what is not needed any more */
	STEP_RESIZE,
	STEP_SIGNAL,
	STEP_CLOSE_STDIN,
	STEP_REAP,       /* take the exit status, clean up, drain */
	STEP_RECORD,     /* write the exit record, say EXITED, end the clients */
	STEP_WAIT_HULLD, /* start the timer of EVENT_ALONE_LONG */
	STEP_LEAVE,      /* remove the socket, close the control connections */
	STEP_QUIT,       /* end now */
};

struct monitor_move {
	enum monitor_step step;
	enum monitor_phase next;
};

struct monitor_move monitor_next(enum monitor_phase phase, enum monitor_event event);
