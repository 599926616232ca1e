/* SPDX-License-Identifier: Apache-2.0 */
/* The programs' log: see log.h. One write(2) per record, so that records of several threads do not mix. */
#include "base/log.h"

#include <errno.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/strbuf.h"
#include "base/strutil.h"

static _Atomic int current_level = LOG_LEVEL_INFO;
static _Atomic bool as_json;
static const char *_Atomic program = "hull";

static const char *const level_names[] = {"error", "warning", "info", "debug"};

void log_set_level(enum log_level level)
{
	current_level = (int)level;
}

enum log_level log_get_level(void)
{
	return (enum log_level)current_level;
}

int log_level_parse(const char *name, enum log_level *ret)
{
	static const struct {
		const char *name;
		enum log_level level;
	} names[] = {{"trace", LOG_LEVEL_DEBUG}, {"debug", LOG_LEVEL_DEBUG},  {"info", LOG_LEVEL_INFO},
		     {"warn", LOG_LEVEL_WARN},   {"warning", LOG_LEVEL_WARN}, {"error", LOG_LEVEL_ERROR},
		     {"fatal", LOG_LEVEL_ERROR}, {"panic", LOG_LEVEL_ERROR}};
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (str_eq(name, names[i].name)) {
			*ret = names[i].level;
			return 0;
		}
	return -EINVAL;
}

void log_set_json(bool on)
{
	as_json = on;
}

void log_set_name(const char *name)
{
	program = name;
}

static void add_json_text(struct strbuf *sb, const char *s)
{
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			strbuf_addf(sb, "\\%c", *s);
		else if ((unsigned char)*s < 0x20)
			strbuf_addf(sb, "\\u%04x", *s);
		else
			strbuf_add_char(sb, *s);
	}
}

void log_write(enum log_level level, const char *fmt, ...)
{
	if ((int)level > current_level)
		return;
	int saved = errno;
	_cleanup_strbuf_ struct strbuf msg = STRBUF_INIT_MAX(8192), line = STRBUF_INIT_MAX(32768);
	va_list ap;
	va_start(ap, fmt);
	strbuf_vaddf(&msg, fmt, ap);
	va_end(ap);
	char now[RFC3339_MAX];
	clock_format_rfc3339_fixed(clock_realtime_ns(), now);
	if (as_json) {
		strbuf_addf(&line, "{\"level\":\"%s\",\"msg\":\"", level_names[level]);
		add_json_text(&line, msg.data);
		strbuf_addf(&line, "\",\"name\":\"%s\",\"time\":\"%s\"}\n", program, now);
	} else {
		for (size_t i = 0; i < msg.len; i++) /* hostile text must not write lines or colours of its own */
			if ((unsigned char)msg.data[i] < 0x20 || msg.data[i] == 0x7f)
				msg.data[i] = '?';
		strbuf_addf(&line, "%s %s %s: %s\n", now, level_names[level], program, msg.data);
	}
	fd_write_full(STDERR_FILENO, line.data, line.len);
	errno = saved;
}
