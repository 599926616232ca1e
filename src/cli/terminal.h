/* SPDX-License-Identifier: Apache-2.0 */
/* The user's terminal: raw mode that is always undone, its size, and detach key sequences. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* Raw mode on fd 0. Undone by terminal_restore, at exit and when a signal ends us. False when fd 0 is no terminal. */
bool terminal_raw(void);
void terminal_restore(void);
/* Rows and columns of stdout's (else stdin's) terminal; false when there is none or it has no size. */
bool terminal_size(unsigned *ret_rows, unsigned *ret_cols);

#define DETACH_KEYS_MAX     32
#define DETACH_KEYS_DEFAULT "ctrl-p,ctrl-q"
struct detach_keys {
	unsigned char keys[DETACH_KEYS_MAX];
	size_t n;
	size_t matched; /* of the sequence so far */
};
/* "ctrl-p,ctrl-q", "a,b,ctrl-^"; "" is the default. */
int detach_keys_parse(const char *text, struct detach_keys *ret, struct err *e);
/* Passes input through: out (room n + DETACH_KEYS_MAX) gets what is to be sent, keys held back while they may be the
 * sequence. True when the sequence was completed; what came before it is in out. */
bool detach_keys_filter(struct detach_keys *d, const char *in, size_t n, char *out, size_t *ret_n);
