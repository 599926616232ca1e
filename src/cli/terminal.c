/* SPDX-License-Identifier: Apache-2.0 */
/* Raw mode, window size, detach keys. The saved settings are the one global: exit handlers need them. */
#include "cli/terminal.h"

#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/macros.h"
#include "base/strutil.h"
#include "base/strv.h"

static struct termios saved;
static bool is_raw;

void terminal_restore(void)
{
	if (!is_raw)
		return;
	is_raw = false;
	tcsetattr(STDIN_FILENO, TCSADRAIN, &saved);
}

bool terminal_raw(void)
{
	static bool registered;
	struct termios raw;

	if (tcgetattr(STDIN_FILENO, &saved) < 0)
		return false;
	raw = saved;
	cfmakeraw(&raw);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	if (!registered)
		atexit(terminal_restore);
	registered = true;
	is_raw = true;
	if (tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) < 0)
		is_raw = false;
	return is_raw;
}

bool terminal_size(unsigned *ret_rows, unsigned *ret_cols)
{
	struct winsize ws;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) < 0 && ioctl(STDIN_FILENO, TIOCGWINSZ, &ws) < 0)
		return false;
	if (!ws.ws_row && !ws.ws_col)
		return false;
	*ret_rows = ws.ws_row;
	*ret_cols = ws.ws_col;
	return true;
}

int detach_keys_parse(const char *text, struct detach_keys *ret, struct err *e)
{
	_cleanup_strv_ char **names = NULL;
	struct detach_keys d = {.n = 0};

	if (!*text)
		text = DETACH_KEYS_DEFAULT;
	names = strv_split(text, ',');
	STRV_FOREACH (name, names) {
		const char *ctrl = str_after(*name, "ctrl-");
		unsigned char c;

		if (strlen(*name) == 1) {
			c = (unsigned char)**name;
		} else if (ctrl && strlen(ctrl) == 1 && ((*ctrl >= 'a' && *ctrl <= 'z') || strchr("@[\\]^_", *ctrl))) {
			c = (unsigned char)(*ctrl & 0x1f);
		} else {
			return err_set(e, ERR_INVALID, "Unknown character: '%s'", *name);
		}
		if (d.n == DETACH_KEYS_MAX)
			return err_set(e, ERR_INVALID, "detach keys are too many");
		d.keys[d.n++] = c;
	}
	*ret = d;
	return 0;
}

/* Longest end of held[0..n) that is a beginning of the sequence and shorter than all of it. */
static size_t longest_match(const struct detach_keys *d, const unsigned char *held, size_t n)
{
	for (size_t len = MIN(n, d->n - 1); len > 0; len--)
		if (memcmp(held + n - len, d->keys, len) == 0)
			return len;
	return 0;
}

bool detach_keys_filter(struct detach_keys *d, const char *in, size_t n, char *out, size_t *ret_n)
{
	size_t used = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned char held[DETACH_KEYS_MAX + 1];
		size_t n_held = d->matched, keep;

		memcpy(held, d->keys, n_held);
		held[n_held++] = (unsigned char)in[i];
		if (n_held == d->n && memcmp(held, d->keys, d->n) == 0) {
			d->matched = 0;
			*ret_n = used;
			return true;
		}
		/* what can no longer begin the sequence goes through */
		keep = d->n ? longest_match(d, held, n_held) : 0;
		memcpy(out + used, held, n_held - keep);
		used += n_held - keep;
		d->matched = keep;
	}
	*ret_n = used;
	return false;
}
