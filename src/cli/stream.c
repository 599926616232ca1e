/* SPDX-License-Identifier: Apache-2.0 */
/* The poll loop behind run, start -a, attach and exec. */
#include "cli/stream.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/strutil.h"
#include "client/demux.h"

#define CHUNK (64 * 1024)
/* A container or exec session that has just been started may not know its terminal yet. */
#define RESIZE_TRIES   10
#define RESIZE_WAIT_MS 10

struct loop {
	struct stream *s;
	struct demux demux;
	int sigfd;
	bool in_open;  /* our stdin */
	bool out_open; /* the connection towards the container */
	bool in_eof;   /* send it once the buffer is empty */
	bool detached;
	int resize_tries;
	struct strbuf up; /* typed, not yet sent */
	char *buf;
};

static const struct {
	int sig;
	const char *name;
} signals[] = {
	{SIGHUP, "HUP"},   {SIGINT, "INT"},   {SIGQUIT, "QUIT"},     {SIGTRAP, "TRAP"}, {SIGABRT, "ABRT"},
	{SIGBUS, "BUS"},   {SIGUSR1, "USR1"}, {SIGUSR2, "USR2"},     {SIGALRM, "ALRM"}, {SIGTERM, "TERM"},
	{SIGCONT, "CONT"}, {SIGTSTP, "TSTP"}, {SIGTTIN, "TTIN"},     {SIGTTOU, "TTOU"}, {SIGWINCH, "WINCH"},
	{SIGXCPU, "XCPU"}, {SIGXFSZ, "XFSZ"}, {SIGVTALRM, "VTALRM"}, {SIGPROF, "PROF"}, {SIGIO, "IO"},
	{SIGPWR, "PWR"},   {SIGSYS, "SYS"},   {SIGKILL, "KILL"},
};

const char *signal_name(int sig)
{
	static char realtime[16];

	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		if (signals[i].sig == sig)
			return signals[i].name;
	if (sig == SIGRTMIN)
		return "RTMIN";
	if (sig > SIGRTMIN && sig <= SIGRTMAX) {
		snprintf(realtime, sizeof(realtime), "RTMIN+%d", sig - SIGRTMIN);
		return realtime;
	}
	return "";
}

static void signal_set(sigset_t *set, bool tty, bool sig_proxy)
{
	sigemptyset(set);
	if (tty) {
		sigaddset(set, SIGWINCH);
		sigaddset(set, SIGTERM); /* to restore the terminal before we end */
		sigaddset(set, SIGHUP);
		sigaddset(set, SIGINT);
		sigaddset(set, SIGQUIT);
		return;
	}
	if (!sig_proxy)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		if (signals[i].sig != SIGKILL && signals[i].sig != SIGTTIN && signals[i].sig != SIGTTOU)
			sigaddset(set, signals[i].sig);
	for (int sig = SIGRTMIN; sig <= SIGRTMAX; sig++)
		sigaddset(set, sig);
}

void stream_block_signals(bool tty, bool sig_proxy)
{
	sigset_t set;

	signal_set(&set, tty, sig_proxy);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static int send_resize(struct loop *l, unsigned more)
{
	_cleanup_free_ char *path = client_path(l->s->exec ? "/exec/%s/resize" : "/containers/%s/resize", l->s->id);
	_cleanup_query_ struct query q = QUERY_INIT;
	unsigned rows, cols;

	if (!terminal_size(&rows, &cols))
		return 0;
	query_add_int(&q, "h", rows + more);
	query_add_int(&q, "w", cols + more);
	return client_post(l->s->client, path, &q, NULL, NULL, NULL);
}

static void try_resize(struct loop *l)
{
	if (send_resize(l, 0) == 0)
		l->resize_tries = 0;
	else
		l->resize_tries--;
}

static int write_out(int fd, const char *p, size_t n)
{
	int r = fd_write_full(fd, p, n);

	return r == -EPIPE ? 0 : r; /* nobody reads any more: the container goes on */
}

/* Output of the container to ours. */
static int deliver(struct loop *l, const char *p, size_t n, struct err *e)
{
	if (l->s->tty) {
		if (write_out(STDOUT_FILENO, p, n) < 0)
			return err_set(e, ERR_SYSTEM, "cannot write the output");
		return 0;
	}
	while (n) {
		const char *piece;
		size_t len;
		int stream;
		ssize_t used = demux_feed(&l->demux, p, n, &stream, &piece, &len, e);

		if (used < 0)
			return -1;
		if (stream && write_out(stream, piece, len) < 0)
			return err_set(e, ERR_SYSTEM, "cannot write the output");
		p += used;
		n -= (size_t)used;
	}
	return 0;
}

/* 1 while the connection is open, 0 at its end. */
static int read_output(struct loop *l, struct err *e)
{
	ssize_t n = recv(l->s->hijack->fd, l->buf, CHUNK, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 1;
	if (n < 0 && errno == ECONNRESET)
		return 0;
	if (n < 0)
		return err_sys(e, errno, "cannot read from the engine");
	if (n == 0)
		return 0;
	return deliver(l, l->buf, (size_t)n, e) < 0 ? -1 : 1;
}

static void read_input(struct loop *l)
{
	char in[4096], out[sizeof(in) + DETACH_KEYS_MAX];
	ssize_t n = read(STDIN_FILENO, in, sizeof(in));
	size_t len;

	if (n < 0 && errno == EINTR)
		return;
	if (n <= 0) {
		l->in_open = false;
		l->in_eof = true;
		return;
	}
	if (!l->s->tty) {
		strbuf_add(&l->up, in, (size_t)n);
		return;
	}
	l->detached = detach_keys_filter(&l->s->keys, in, (size_t)n, out, &len);
	strbuf_add(&l->up, out, len);
}

/* Sends what was typed as far as the connection takes it. */
static void send_input(struct loop *l)
{
	while (l->up.len && l->out_open) {
		ssize_t n = send(l->s->hijack->fd, l->up.data, l->up.len, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0) {
			l->out_open = false;
			l->in_open = false;
			return;
		}
		strbuf_consume(&l->up, (size_t)n);
	}
	if (l->in_eof && l->out_open && !l->up.len) {
		shutdown(l->s->hijack->fd, SHUT_WR);
		l->out_open = false;
	}
}

static void die_of(int sig)
{
	sigset_t set;

	terminal_restore();
	fflush(NULL);
	sigemptyset(&set);
	sigaddset(&set, sig);
	sigaction(sig, &(struct sigaction){.sa_handler = SIG_DFL}, NULL);
	raise(sig);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static void take_signal(struct loop *l)
{
	struct signalfd_siginfo si;
	_cleanup_free_ char *path = NULL;
	_cleanup_query_ struct query q = QUERY_INIT;
	int sig;

	if (read(l->sigfd, &si, sizeof(si)) != sizeof(si))
		return;
	sig = (int)si.ssi_signo;
	if (sig == SIGWINCH && l->s->resize) {
		send_resize(l, 0);
		return;
	}
	if (l->s->tty && sig != SIGWINCH)
		die_of(sig);
	if (l->s->sig_proxy && *signal_name(sig)) {
		path = client_path("/containers/%s/kill", l->s->id);
		query_add(&q, "signal", signal_name(sig));
		client_post(l->s->client, path, &q, NULL, NULL, NULL);
	}
}

static int poll_once(struct loop *l, struct err *e)
{
	struct pollfd p[3] = {
		{.fd = l->s->hijack->fd, .events = (short)(POLLIN | (l->up.len && l->out_open ? POLLOUT : 0))},
		{.fd = l->in_open && !l->up.len ? STDIN_FILENO : -1, .events = POLLIN},
		{.fd = l->sigfd, .events = POLLIN},
	};
	int n = poll(p, 3, l->resize_tries > 0 ? RESIZE_WAIT_MS : -1);

	if (n < 0)
		return errno == EINTR ? 1 : err_sys(e, errno, "cannot poll");
	if (n == 0) {
		try_resize(l);
		return 1;
	}
	if (p[2].revents)
		take_signal(l);
	if (p[1].revents)
		read_input(l);
	send_input(l);
	if (l->detached)
		return 0;
	if (p[0].revents & (POLLIN | POLLHUP | POLLERR))
		return read_output(l, e);
	return 1;
}

int stream_run(struct stream *s, struct err *e)
{
	struct loop l = {.s = s, .in_open = s->in, .out_open = true, .in_eof = false, .up = STRBUF_INIT, .sigfd = -1};
	sigset_t set;
	int r = 1;

	signal_set(&set, s->tty && s->resize, s->sig_proxy);
	sigprocmask(SIG_BLOCK, &set, NULL);
	l.sigfd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	l.buf = xmalloc(CHUNK);
	demux_init(&l.demux);
	fflush(stdout);
	if (s->resize) {
		l.resize_tries = RESIZE_TRIES;
		if (s->redraw)
			send_resize(&l, 1);
		try_resize(&l);
	}
	if (s->hijack->in.len && deliver(&l, s->hijack->in.data, s->hijack->in.len, e) < 0)
		r = -1;
	while (r > 0)
		r = poll_once(&l, e);
	free(l.buf);
	demux_done(&l.demux);
	strbuf_done(&l.up);
	fd_close(l.sigfd);
	sigprocmask(SIG_UNBLOCK, &set, NULL); /* from here on ^C ends us: nothing is left to pass it on to */
	if (r < 0)
		return -1;
	return l.detached ? STREAM_DETACHED : STREAM_ENDED;
}

int stream_copy_reply(struct reply *reply, bool raw, struct err *e)
{
	struct stream s = {.tty = raw};
	struct loop l = {.s = &s, .sigfd = -1, .up = STRBUF_INIT};
	_cleanup_free_ char *buf = xmalloc(CHUNK);
	int r = 0;

	demux_init(&l.demux);
	for (;;) {
		ssize_t n = reply_read(reply, buf, CHUNK, e);

		if (n < 0)
			r = -1;
		else if (n > 0)
			r = deliver(&l, buf, (size_t)n, e);
		if (r < 0 || (n == 0 && reply->ended))
			break;
	}
	demux_done(&l.demux);
	return r;
}
