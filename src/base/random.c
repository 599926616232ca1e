/* SPDX-License-Identifier: Apache-2.0 */
/* Random bytes and identifiers: see random.h. */
#include "base/random.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "base/macros.h"
#include "base/strutil.h"

void random_bytes(void *p, size_t n)
{
	char *at = p;
	while (n) {
		ssize_t got = getrandom(at, n, 0);
		if (got < 0) {
			ASSERT(errno == EINTR);
			continue;
		}
		at += got;
		n -= (size_t)got;
	}
}

void random_id(char *out)
{
	uint8_t raw[ID_LEN / 2];
	do {
		random_bytes(raw, sizeof(raw));
		hex_encode(raw, sizeof(raw), out);
	} while (strspn(out, "0123456789") >= 12); /* a short id must not read as a number */
}
