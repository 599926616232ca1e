/* SPDX-License-Identifier: Apache-2.0 */
/* hull-runtime: `monitor` is the supervisor that hulld starts, everything else is the OCI runtime's command line. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "monitor/monitor.h"
#include "runtime/oci.h"

/* A caller that closed them would have our own descriptors take their numbers, and the container inherit those. */
static void stdio_fill(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR);
	} while (fd >= 0 && fd <= 2);
	if (fd > 2)
		close(fd);
}

int main(int argc, char **argv)
{
	struct err e = ERR_INIT;

	stdio_fill();
	if (argc == 2 && strcmp(argv[1], "monitor") == 0) {
		if (runtime_protect_self(argv, &e) < 0) {
			log_error("%s", e.msg);
			return 1;
		}
		return monitor_main();
	}
	return oci_main(argc, argv);
}
