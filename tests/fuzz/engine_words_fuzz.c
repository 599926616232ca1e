/* SPDX-License-Identifier: Apache-2.0 */
/* Short texts of clients that the engine reads: detach keys, signals, ps arguments; and the /proc files behind top. */
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "base/strv.h"
#include "engine/detach_keys.h"
#include "engine/ps_format.h"
#include "engine/signals.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_ps(const char *s)
{
	struct ps_format f;

	if (ps_format_parse(s, &f, /* e= */ NULL) == 0)
		ps_format_done(&f);
}

static void fuzz_row(const char *s)
{
	const struct ps_process p = {
		.pid = 1, .stat = s, .status = s, .cmdline = s, .wchan = s, .passwd = s, .group = s};
	const struct ps_system sys = {.now_ns = 1, .boot_ns = 0, .ticks = 100, .page = 4096, .memory = 1};
	struct ps_format f;

	if (ps_format_parse("aux -opid,etime,etimes,lstart,time,pri,wchan,ruser,group", &f, /* e= */ NULL) < 0)
		return;
	strv_free(ps_row(&f, &p, &sys));
	ps_format_done(&f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t keys[MONITOR_DETACH_KEYS_MAX];
	uint32_t n;

	if (size == 0)
		return 0;
	_cleanup_free_ char *s = xmemdup0(data + 1, size - 1);
	switch (data[0]) {
	case 'k':
		if (detach_keys_parse(s, keys, &n, /* e= */ NULL) == 0 && n > sizeof(keys))
			__builtin_trap();
		break;
	case 's':
		signal_parse(s);
		break;
	case 'p':
		fuzz_ps(s);
		break;
	default:
		fuzz_row(s);
	}
	return 0;
}
