/* SPDX-License-Identifier: Apache-2.0 */
/* See signals.h. */
#include "engine/signals.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <strings.h>

#include "base/macros.h"
#include "base/strutil.h"

/* glibc keeps the first two real-time signals for itself; Docker's names count from 34, as glibc does. */
#define RT_FIRST 34
#define RT_LAST  64

static const struct {
	const char *name;
	int sig;
} names[] = {
	{"ABRT", SIGABRT},     {"ALRM", SIGALRM},   {"BUS", SIGBUS},   {"CHLD", SIGCHLD}, {"CLD", SIGCHLD},
	{"CONT", SIGCONT},     {"FPE", SIGFPE},     {"HUP", SIGHUP},   {"ILL", SIGILL},   {"INT", SIGINT},
	{"IO", SIGIO},         {"IOT", SIGIOT},     {"KILL", SIGKILL}, {"PIPE", SIGPIPE}, {"POLL", SIGPOLL},
	{"PROF", SIGPROF},     {"PWR", SIGPWR},     {"QUIT", SIGQUIT}, {"SEGV", SIGSEGV}, {"STKFLT", SIGSTKFLT},
	{"STOP", SIGSTOP},     {"SYS", SIGSYS},     {"TERM", SIGTERM}, {"TRAP", SIGTRAP}, {"TSTP", SIGTSTP},
	{"TTIN", SIGTTIN},     {"TTOU", SIGTTOU},   {"URG", SIGURG},   {"USR1", SIGUSR1}, {"USR2", SIGUSR2},
	{"VTALRM", SIGVTALRM}, {"WINCH", SIGWINCH}, {"XCPU", SIGXCPU}, {"XFSZ", SIGXFSZ},
};

/* RTMIN, RTMIN+n, RTMAX, RTMAX-n. */
static int parse_realtime(const char *s)
{
	uint32_t n = 0;
	int base;

	if (strncasecmp(s, "RTMIN", 5) == 0)
		base = RT_FIRST;
	else if (strncasecmp(s, "RTMAX", 5) == 0)
		base = RT_LAST;
	else
		return -EINVAL;
	s += 5;
	if (*s == '\0')
		return base;
	if (*s != (base == RT_FIRST ? '+' : '-') || parse_u32(s + 1, &n) < 0 || n > RT_LAST - RT_FIRST)
		return -EINVAL;
	return base == RT_FIRST ? base + (int)n : base - (int)n;
}

int signal_parse(const char *s)
{
	int32_t n;

	if (str_is_digits(s))
		return parse_i32(s, &n) == 0 && n > 0 ? n : -EINVAL;
	if (strncasecmp(s, "SIG", 3) == 0)
		s += 3;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (str_eq_nocase(s, names[i].name))
			return names[i].sig;
	}
	return parse_realtime(s);
}

bool signal_valid(int sig)
{
	return (sig >= 1 && sig <= 31) || (sig >= RT_FIRST && sig <= RT_LAST);
}
