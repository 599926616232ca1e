/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hull-init -- COMMAND [ARG...]: the first process of a container that asked for one (`--init`). Starts the command,
 * passes signals on to it, reaps what is orphaned to it, and ends with the command's status. Static, so that any image
 * will do; it uses nothing of the image.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/macros.h"

/* Raised by our own faults or by job control: not to be passed on. */
static const int not_ours[] = {SIGTTIN, SIGTTOU, SIGFPE, SIGILL, SIGSEGV, SIGBUS, SIGABRT, SIGTRAP, SIGSYS};

static _noreturn_ void run_command(char **argv, const sigset_t *mask)
{
	/* a group of its own, in the foreground when there is a terminal, so that ^C reaches the command and not us */
	setpgid(0, 0);
	if (isatty(STDIN_FILENO)) {
		signal(SIGTTOU, SIG_IGN);
		tcsetpgrp(STDIN_FILENO, getpgrp());
		signal(SIGTTOU, SIG_DFL);
	}
	sigprocmask(SIG_SETMASK, mask, NULL);
	execvp(argv[0], argv);
	int error = errno;
	fprintf(stderr, "exec %s failed: %s\n", argv[0], strerror(error));
	_exit(error == ENOENT ? 127 : 126);
}

/* Reaps all that has ended; true when `child` was among them, with its exit code in *ret. */
static bool reap(pid_t child, int *ret)
{
	bool ended = false;
	for (;;) {
		int status;
		pid_t pid = waitpid(-1, &status, WNOHANG);
		if (pid <= 0)
			return ended;
		if (pid == child) {
			*ret = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
			ended = true;
		}
	}
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		puts("hull-init version " HULL_VERSION);
		return 0;
	}
	if (argc > 1 && strcmp(argv[1], "--") == 0) {
		argv++;
		argc--;
	}
	if (argc < 2) {
		fprintf(stderr, "usage: hull-init -- COMMAND [ARG...]\n");
		return 1;
	}
	sigset_t waited, old;
	sigfillset(&waited);
	for (size_t i = 0; i < ARRAY_SIZE(not_ours); i++)
		sigdelset(&waited, not_ours[i]);
	sigprocmask(SIG_SETMASK, &waited, &old);
	pid_t child = fork();
	if (child < 0) {
		perror("fork");
		return 1;
	}
	if (child == 0)
		run_command(argv + 1, &old);
	for (;;) {
		int sig = sigwaitinfo(&waited, NULL), code = 0;
		if (sig > 0 && sig != SIGCHLD)
			kill(child, sig);
		else if (reap(child, &code))
			return code;
	}
}
