/* SPDX-License-Identifier: Apache-2.0 */
/* Failpoints of test builds: see failpoint.h. */
#include "base/failpoint.h"

#ifdef HULL_FAILPOINTS
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/path.h"
#include "base/strutil.h"
#include "base/strv.h"

#define FAILPOINT_NAMES 64

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct {
	char name[48];
	unsigned hits;
} counts[FAILPOINT_NAMES];

static unsigned count_hit(const char *name)
{
	for (size_t i = 0; i < FAILPOINT_NAMES; i++) {
		if (!counts[i].name[0])
			strncpy(counts[i].name, name, sizeof(counts[i].name) - 1);
		if (str_eq(counts[i].name, name))
			return ++counts[i].hits;
	}
	return 0;
}

static int act(const char *action)
{
	const char *arg;
	if (str_eq(action, "kill")) {
		kill(getpid(), SIGKILL);
		for (;;)
			pause();
	}
	uint32_t n;
	if ((arg = str_after(action, "errno:")) && parse_u32(arg, &n) == 0)
		return (int)n;
	if ((arg = str_after(action, "pause:")) && parse_u32(arg, &n) == 0) {
		struct timespec ts = {.tv_sec = n / 1000, .tv_nsec = (long)(n % 1000) * 1000000};
		nanosleep(&ts, NULL);
	}
	return 0;
}

int failpoint_hit(const char *name)
{
	const char *conf = getenv("HULL_FAILPOINTS");
	if (!conf || !*conf)
		return 0;
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT_MAX(65536);
	if (*conf == '@') {
		if (path_read_file(conf + 1, text.max, &text) < 0)
			return 0;
		while (text.len && text.data[text.len - 1] == '\n')
			strbuf_truncate(&text, text.len - 1);
		conf = text.data;
	}
	size_t len = strlen(name);
	_cleanup_strv_ char **rules = strv_split(conf, ',');
	STRV_FOREACH (rule, rules) {
		if (strncmp(*rule, name, len) != 0 || (*rule)[len] != '=')
			continue;
		pthread_mutex_lock(&mutex);
		unsigned hit = count_hit(name);
		pthread_mutex_unlock(&mutex);
		char *action = *rule + len + 1, *star = strchr(action, '*');
		uint32_t wanted = 0;
		if (star) {
			*star = 0;
			if (parse_u32(star + 1, &wanted) < 0)
				return 0;
		}
		return !star || hit == wanted ? act(action) : 0;
	}
	return 0;
}
#endif
