/* SPDX-License-Identifier: Apache-2.0 */
/* hull-runtime: `monitor` is the supervisor that hulld starts, everything else is the OCI runtime's command line. */
#include <string.h>

#include "base/log.h"
#include "monitor/monitor.h"
#include "runtime/oci.h"

int main(int argc, char **argv)
{
	struct err e = ERR_INIT;

	runtime_fill_stdio();
	if (argc == 2 && strcmp(argv[1], "monitor") == 0) {
		if (runtime_protect_self(argv, &e) < 0) {
			log_error("%s", e.msg);
			return 1;
		}
		return monitor_main();
	}
	return oci_main(argc, argv);
}
