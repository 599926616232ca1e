/* SPDX-License-Identifier: Apache-2.0 */
/* See digest.h. */
#include "format/oci/digest.h"

#include <string.h>

#include "base/strutil.h"

bool digest_is_valid(const char *digest)
{
	const char *hex = digest ? str_after(digest, DIGEST_PREFIX) : NULL;

	return hex && str_is_hex(hex, DIGEST_HEX);
}

int digest_check(const char *digest, struct err *e)
{
	if (digest_is_valid(digest))
		return 0;
	return err_set(e, ERR_INVALID, "invalid digest \"%.80s\": it must be sha256: and 64 lower-case hex digits",
		       str_or_empty(digest));
}

const char *digest_hex(const char *digest)
{
	ASSERT(digest_is_valid(digest));
	return digest + strlen(DIGEST_PREFIX);
}

void digest_from_hex(const char *hex, char ret[DIGEST_MAX])
{
	ASSERT(str_is_hex(hex, DIGEST_HEX));
	memcpy(ret, DIGEST_PREFIX, strlen(DIGEST_PREFIX));
	memcpy(ret + strlen(DIGEST_PREFIX), hex, DIGEST_HEX + 1);
}
