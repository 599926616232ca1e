/* SPDX-License-Identifier: Apache-2.0 */
/* daemon.json: taken or refused with a sentence, beside a few flags. */
#include <stdint.h>
#include <stdlib.h>

#include "base/strv.h"
#include "bin/hulld_config.h"
#include "bin/hulld_listen.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char *const argv[] = {"hulld", "-D", "--label=a=b", NULL};
	struct config_source *s = NULL;
	struct daemon_config *c = NULL, *again = NULL;
	enum config_action action;
	char **ignored = NULL;
	struct err e = ERR_INIT;

	if (config_flags_parse(3, argv, &s, &action, &e) < 0)
		abort();
	if (config_load_text(s, (const char *)data, size, &c, &ignored, &e) == 0) {
		STRV_FOREACH (host, c->hosts) {
			struct host_address a;

			if (host_address_parse(*host, c->tls, &a, &e) == 0)
				host_address_done(&a);
		}
		strv_free(ignored);
		ignored = NULL;
		if (config_load_text(s, (const char *)data, size, &again, &ignored, &e) < 0)
			abort();
		config_reloaded(c, again);
	} else if (e.kind == ERR_NONE || !e.msg[0]) {
		abort();
	}
	strv_free(ignored);
	daemon_config_free(c);
	daemon_config_free(again);
	config_source_free(s);
	return 0;
}
