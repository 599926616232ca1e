/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The supervisor: raises events (requests of hulld, the process's end, timers) and does the steps that the table in
 * states.c answers them with. The descriptors it is born with are told in protocol.h. See monitor.h.
 */
#include "monitor/monitor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/strbuf.h"
#include "base/strutil.h"
#include "monitor/confine.h"
#include "monitor/control.h"
#include "monitor/exit_record.h"
#include "monitor/process.h"
#include "monitor/states.h"
#include "monitor/stdio_hub.h"

#define SETTLE_MS     100   /* after the start: what the runtime left for later */
#define QUIET_MS      1000  /* after an event: memory is given back */
#define DRAIN_STEP_MS 200   /* an ended process's output: silence that long ends the waiting for EOF */
#define DRAIN_MAX_MS  2000  /* ... and so does this, as in Docker: a child left behind may hold the pipe for ever */
#define ALONE_MS      10000 /* after the exit without hulld */

struct supervisor {
	enum monitor_phase phase;
	struct loop loop;
	struct control control;
	struct stdio_hub stdio;
	struct log_writer log;
	struct process process;
	struct loop_source died; /* the pidfd */
	struct loop_source oom_watch;
	struct monitor_launch launch; /* emptied by the start */
	int statedir, configdir;
	int64_t started_ns, drain_until_ns;
	struct monitor_exit exit;
	bool oom, tty, compress, was_alone;
	/* the request being answered */
	struct control_conn *conn;
	const struct message *message;
	int fd; /* that came with it, owned */
};

/* One event at a time holds something here; the pages are given back when it is quiet. */
static uint8_t scratch[STDIO_SCRATCH] __attribute__((aligned(4096)));
_Static_assert(STDIO_SCRATCH >= LIMIT_MONITOR_MSG, "a control message must fit");

static struct supervisor the; /* the process is the object */

static void handle(enum monitor_event event);

/* --- steps --- */

static void do_refuse(void)
{
	uint32_t type = the.message->type;

	if (type == MONITOR_START) {
		struct monitor_failed failed = {.exit_code = 128, .errnum = EALREADY};

		control_reply(the.conn, MONITOR_FAILED, &failed, sizeof(failed), "already started", 15, -1);
		return;
	}
	control_reply_result(the.conn, type + 1, ESRCH);
}

static void do_hello(void)
{
	bool ended = the.phase == PHASE_EXITED;
	struct monitor_hello_reply r = {
		.version = MONITOR_PROTOCOL_VERSION,
		.state = the.phase == PHASE_READY ? MONITOR_STATE_READY
			 : ended                  ? MONITOR_STATE_EXITED
						  : MONITOR_STATE_RUNNING,
		.started_ns = the.started_ns,
		.pid = ended ? 0 : the.process.rt.pid,
		.oom = the.oom,
	};

	control_reply(the.conn, MONITOR_HELLO_REPLY, &r, sizeof(r), NULL, 0, ended ? -1 : the.process.rt.pidfd);
	if (ended)
		control_reply(the.conn, MONITOR_EXITED, &the.exit, sizeof(the.exit), NULL, 0, -1);
}

static void do_attach(void)
{
	const struct message *m = the.message;
	struct monitor_attach a;
	int r;

	message_body(m, &a, sizeof(a));
	r = stdio_attach(&the.stdio, &a, the.fd, m->body + m->fixed, m->len - m->fixed);
	if (r == 0)
		the.fd = -1;
	control_reply_result(the.conn, MONITOR_ATTACH_REPLY, -r);
}

static void do_start(void)
{
	struct err e = ERR_INIT;

	if (process_start(&the.launch, the.configdir, &the.process, &e) < 0) {
		struct monitor_failed failed = {.exit_code = runtime_exit_code(&e), .errnum = e.errnum};

		control_reply(the.conn, MONITOR_FAILED, &failed, sizeof(failed), e.msg, strlen(e.msg), -1);
		handle(EVENT_FAILED);
		return;
	}
	handle(EVENT_STARTED);
}

static void oom_ready(struct loop_source *s, uint32_t events)
{
	if (!cgroup_oom_check(&the.process.rt.cgroup, s->fd) || the.oom)
		return;
	the.oom = true;
	control_news(&the.control, MONITOR_OOM, NULL, 0);
}

static void died_ready(struct loop_source *s, uint32_t events)
{
	handle(EVENT_DIED);
}

static void do_announce(void)
{
	struct process *p = &the.process;
	struct monitor_started started = {.pid = p->rt.pid, .started_ns = clock_realtime_ns()};

	the.started_ns = started.started_ns;
	control_reply(the.conn, MONITOR_STARTED, &started, sizeof(started), NULL, 0, p->rt.pidfd);
	confine_signals();
	umask(027);
	the.died = (struct loop_source){.fd = p->rt.pidfd, .ready = died_ready};
	loop_watch(&the.loop, &the.died, EPOLLIN);
	stdio_start(&the.stdio, TAKE_FD(p->in), TAKE_FD(p->out), TAKE_FD(p->err));
	if (!p->is_exec) {
		the.oom_watch = (struct loop_source){.fd = cgroup_oom_watch(&p->rt.cgroup, NULL), .ready = oom_ready};
		loop_watch(&the.loop, &the.oom_watch, EPOLLIN);
	}
	loop_timer_set(&the.loop, LOOP_TIMER_SETTLE, SETTLE_MS);
	monitor_launch_done(&the.launch);
	/* A supervisor that could not give these up is still better than a container that is lost. */
	if (!process_has_hooks(p)) {
		confine_capabilities(NULL);
		confine_syscalls(NULL);
	}
}

static void do_resize(void)
{
	struct winsize ws = {0};
	struct monitor_resize r;
	int errnum = 0;

	message_body(the.message, &r, sizeof(r));
	ws.ws_row = r.rows;
	ws.ws_col = r.cols;
	/* Without a terminal there is nothing to do, which Docker takes for success. */
	if (the.tty && the.stdio.out[0].src.fd >= 0 && ioctl(the.stdio.out[0].src.fd, TIOCSWINSZ, &ws) < 0)
		errnum = errno;
	control_reply_result(the.conn, MONITOR_RESIZE_REPLY, errnum);
}

static void do_signal(void)
{
	struct monitor_signal s;
	int r = -EINVAL;

	message_body(the.message, &s, sizeof(s));
	if (s.signal >= 0 && s.signal <= 64)
		r = pidfd_signal(the.process.rt.pidfd, s.signal);
	control_reply_result(the.conn, MONITOR_SIGNAL_REPLY, r < 0 ? -r : 0);
}

static void do_close_stdin(void)
{
	stdio_close_stdin(&the.stdio);
	control_reply_result(the.conn, MONITOR_CLOSE_STDIN_REPLY, 0);
}

static void do_reap(void)
{
	loop_watch(&the.loop, &the.died, 0);
	the.exit.code = process_reap(&the.process);
	the.exit.finished_ns = clock_realtime_ns();
	if (the.oom_watch.fd >= 0 && !the.process.is_exec) {
		oom_ready(&the.oom_watch, 0);
		loop_watch(&the.loop, &the.oom_watch, 0);
		the.oom_watch.fd = fd_close(the.oom_watch.fd);
	}
	the.exit.oom = the.oom;
	loop_timer_stop(&the.loop, LOOP_TIMER_SETTLE);
	process_cleanup(&the.process);
	stdio_drain(&the.stdio);
	the.drain_until_ns = clock_monotonic_ns() + DRAIN_MAX_MS * NS_PER_MS;
	loop_timer_set(&the.loop, LOOP_TIMER_DRAIN, DRAIN_STEP_MS);
}

static void do_record(void)
{
	char text[EXIT_RECORD_MAX];
	size_t n = exit_record_encode(&the.exit, text);

	loop_timer_stop(&the.loop, LOOP_TIMER_DRAIN);
	/* All output is in the log and the record is there before anyone hears of the end, be it by EOF. */
	stdio_stop(&the.stdio);
	/* A failure (disk full) costs only a hulld that is not there now; the one that is gets the news. */
	file_replace_volatile(the.statedir, MONITOR_EXIT_NAME, text, n, 0600);
	control_news(&the.control, MONITOR_EXITED, &the.exit, sizeof(the.exit));
	stdio_finish(&the.stdio);
}

static void do_leave(void)
{
	control_close(&the.control);
}

static void handle(enum monitor_event event)
{
	static void (*const steps[])(void) = {
		[STEP_IGNORE] = NULL,      [STEP_REFUSE] = do_refuse, [STEP_HELLO] = do_hello,
		[STEP_ATTACH] = do_attach, [STEP_START] = do_start,   [STEP_ANNOUNCE] = do_announce,
		[STEP_RESIZE] = do_resize, [STEP_SIGNAL] = do_signal, [STEP_CLOSE_STDIN] = do_close_stdin,
		[STEP_REAP] = do_reap,     [STEP_RECORD] = do_record, [STEP_WAIT_HULLD] = NULL,
		[STEP_LEAVE] = do_leave,   [STEP_QUIT] = NULL,
	};
	struct monitor_move move = monitor_next(the.phase, event);

	/* The next phase is entered first: a step may raise the event that follows it. */
	the.phase = move.next;
	if (move.step == STEP_WAIT_HULLD)
		loop_timer_set(&the.loop, LOOP_TIMER_ALONE, ALONE_MS);
	else if (steps[move.step])
		steps[move.step]();
}

/* --- events --- */

static void on_request(struct control *c, struct control_conn *conn, const struct message *m, int fd)
{
	static const struct {
		uint32_t type;
		enum monitor_event event;
	} requests[] = {
		{MONITOR_HELLO, EVENT_HELLO},     {MONITOR_ATTACH, EVENT_ATTACH},
		{MONITOR_START, EVENT_START},     {MONITOR_ABORT, EVENT_ABORT},
		{MONITOR_RESIZE, EVENT_RESIZE},   {MONITOR_SIGNAL, EVENT_SIGNAL},
		{MONITOR_RELEASE, EVENT_RELEASE}, {MONITOR_CLOSE_STDIN, EVENT_CLOSE_STDIN},
	};

	the.conn = conn;
	the.message = m;
	the.fd = fd;
	for (size_t i = 0; i < ARRAY_SIZE(requests); i++)
		if (requests[i].type == m->type)
			handle(requests[i].event);
	the.fd = fd_close(the.fd);
}

static void on_timer(enum loop_timer t)
{
	int64_t now = clock_monotonic_ns();

	switch (t) {
	case LOOP_TIMER_SETTLE:
		if (!the.process.is_exec)
			runtime_settle(&the.process.rt);
		break;
	case LOOP_TIMER_QUIET:
		log_writer_trim(&the.log);
		madvise(scratch, sizeof(scratch), MADV_DONTNEED);
		confine_memory();
		break;
	case LOOP_TIMER_DRAIN:
		if (now >= the.drain_until_ns || now - the.stdio.last_output_ns >= DRAIN_STEP_MS * NS_PER_MS)
			handle(EVENT_DRAINED);
		else
			loop_timer_set(&the.loop, t, DRAIN_STEP_MS);
		break;
	case LOOP_TIMER_ALONE:
		handle(EVENT_ALONE_LONG);
		break;
	default:
		UNREACHABLE("a timer without a meaning");
	}
}

/* What the step of the loop has brought about. */
static void look_around(void)
{
	uint64_t client;
	bool alone;

	if (stdio_take_detached(&the.stdio, &client)) {
		struct monitor_detached d = {.client = client};

		control_news(&the.control, MONITOR_DETACHED, &d, sizeof(d));
	}
	if (log_writer_take_rotated(&the.log) && the.compress)
		control_news(&the.control, MONITOR_ROTATED, NULL, 0);
	stdio_sweep(&the.stdio);
	if (the.phase == PHASE_DRAINING && stdio_drained(&the.stdio))
		handle(EVENT_DRAINED);
	alone = the.control.n_conns == 0;
	if (!alone)
		loop_timer_stop(&the.loop, LOOP_TIMER_ALONE);
	else if (!the.was_alone || (the.phase == PHASE_EXITED && !the.loop.at[LOOP_TIMER_ALONE]))
		handle(EVENT_ALONE);
	the.was_alone = alone;
	if (the.phase == PHASE_LEAVING && stdio_flushed(&the.stdio))
		handle(EVENT_FLUSHED);
}

/* --- birth --- */

static bool fd_is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

/* What only hulld gives: people who try the command are told so. */
static bool is_born_right(void)
{
	struct stat st;
	int type = 0;
	socklen_t n = sizeof(type);

	return getsockopt(MONITOR_FD_CONTROL, SOL_SOCKET, SO_TYPE, &type, &n) == 0 && type == SOCK_SEQPACKET &&
	       fd_is_open(MONITOR_FD_LAUNCH) && fstat(MONITOR_FD_STATE, &st) == 0 && S_ISDIR(st.st_mode);
}

static int read_launch(struct err *e)
{
	_cleanup_strbuf_ struct strbuf doc = STRBUF_INIT_MAX(2 * LIMIT_RUNTIME_SPEC);
	int r = strbuf_read_fd(&doc, MONITOR_FD_LAUNCH);

	fd_close(MONITOR_FD_LAUNCH);
	if (r < 0)
		return err_sys(e, -r, "cannot read the launch document");
	return monitor_launch_decode(doc.data, doc.len, &the.launch, e);
}

/* Everything that can fail before START is told as FAILED, in the place of an answer to it. */
static int birth(struct err *e)
{
	struct monitor_launch *l = &the.launch;

	if (read_launch(e) < 0 || control_listen(&the.control, the.statedir, e) < 0)
		return -1;
	if (l->log_driver != MONITOR_LOG_NONE && log_writer_open(&the.log, MONITOR_FD_LOG, l, e) < 0)
		return -1;
	the.tty = the.stdio.tty = l->tty;
	the.stdio.has_stdin = l->open_stdin;
	the.stdio.stdin_once = l->stdin_once;
	the.compress = l->log_compress;
	the.configdir = str_empty(l->container) ? the.statedir : MONITOR_FD_CONTAINER;
	return 0;
}

int monitor_main(void)
{
	struct err e = ERR_INIT;
	int r;

	if (!is_born_right()) {
		log_error("a supervisor is started by hulld, with its descriptors");
		return 1;
	}
	for (int fd = MONITOR_FD_CONTROL; fd <= MONITOR_FD_CONTAINER; fd++)
		if (fd_is_open(fd))
			fd_set_cloexec(fd, true);
	umask(022);
	the.statedir = MONITOR_FD_STATE;
	the.fd = the.died.fd = the.oom_watch.fd = -1;
	process_init(&the.process);
	log_writer_init(&the.log);
	r = loop_init(&the.loop);
	if (r < 0)
		return 1;
	control_init(&the.control, &the.loop, MONITOR_FD_CONTROL, scratch, on_request);
	stdio_init(&the.stdio, &the.loop, &the.log, scratch);
	if (birth(&e) < 0) {
		struct monitor_failed failed = {.exit_code = 128, .errnum = e.errnum};

		control_reply(&the.control.conns[0], MONITOR_FAILED, &failed, sizeof(failed), e.msg, strlen(e.msg), -1);
		the.phase = PHASE_GONE;
	}
	while (the.phase != PHASE_GONE) {
		int timer = loop_step(&the.loop);

		if (timer >= 0)
			on_timer((enum loop_timer)timer);
		if (timer != LOOP_TIMER_QUIET && !the.loop.at[LOOP_TIMER_QUIET])
			loop_timer_set(&the.loop, LOOP_TIMER_QUIET, QUIET_MS);
		look_around();
	}
	stdio_abandon(&the.stdio);
	control_close(&the.control);
	log_writer_done(&the.log);
	monitor_launch_done(&the.launch);
	process_done(&the.process);
	return 0;
}
