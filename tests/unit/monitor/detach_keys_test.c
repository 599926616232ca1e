/* SPDX-License-Identifier: Apache-2.0 */
/* Detach keys: found however they arrive, and nothing else is lost. */
#include "unit/test.h"

#include "base/macros.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "monitor/detach_keys.h"

/* Feeds `typed` in pieces of `step`; what came through is appended to out. */
static bool feed(const char *keys, const char *typed, size_t step, struct strbuf *out)
{
	size_t n = strlen(typed);
	struct detach_keys d;

	detach_keys_init(&d, (const uint8_t *)keys, (uint32_t)strlen(keys));
	for (size_t i = 0; i < n; i += step) {
		uint8_t room[256];
		size_t got;
		bool found = detach_keys_feed(&d, (const uint8_t *)typed + i, MIN(step, n - i), room, &got);

		assert_true(got <= step + MONITOR_DETACH_KEYS_MAX);
		strbuf_add(out, room, got);
		if (found)
			return true;
	}
	return false;
}

static void cases(void **state)
{
	static const struct {
		const char *keys, *typed, *out;
		bool found;
	} all[] = {
		{"", "\x10\x11", "\x10\x11", false},
		{"\x10\x11", "ls\n\x10\x11more", "ls\n", true},
		{"\x10\x11", "\x10", "", false}, /* held back */
		{"\x10\x11",
		 "a\x10"
		 "b",
		 "a\x10"
		 "b",
		 false}, /* let through */
		{"\x10\x11", "\x10\x10\x11", "\x10", true},
		{"q", "abcq", "abc", true},
		{"aab", "aaaab", "aa", true},
		{"abab", "abaabab", "aba", true},
		{"abac", "ababac", "ab", true},
		{"abc", "ababab", "abab", false},
	};
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		for (size_t step = 1; step < 6; step++) {
			_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;

			if (feed(all[i].keys, all[i].typed, step, &out) != all[i].found)
				fail_msg("case %zu, step %zu", i, step);
			assert_string_equal(out.data, all[i].out);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cases),
	};
	return RUN_TESTS(tests);
}
