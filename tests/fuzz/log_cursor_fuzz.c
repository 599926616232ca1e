/* SPDX-License-Identifier: Apache-2.0 */
/* Whole log files, plain and gzip, of both kinds: read to the end, and a tail that agrees with it where nothing is
 * damaged. */
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/macros.h"
#include "monitor/log_cursor.h"

static void read_all(const uint8_t *data, size_t size, enum monitor_log_driver driver, bool gzip, int64_t tail)
{
	_cleanup_(log_cursor_done_p) struct log_cursor c = {.fd = -1};
	int fd = memfd_create("log", MFD_CLOEXEC);
	struct log_line l;
	int64_t found = 0;

	ASSERT(fd >= 0 && fd_write_full(fd, data, size) == 0 && lseek(fd, 0, SEEK_SET) == 0);
	if (log_cursor_open(&c, driver, fd, gzip) < 0)
		return;
	if (tail >= 0 && log_cursor_tail(&c, tail, &found) < 0)
		return;
	ASSERT(found <= tail || tail < 0);
	while (log_cursor_next(&c, &l) == 1)
		ASSERT(l.stream == LOG_STDOUT || l.stream == LOG_STDERR);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	read_all(data + 1, size - 1, data[0] & 1 ? MONITOR_LOG_LOCAL : MONITOR_LOG_JSON_FILE, data[0] & 2,
		 (data[0] >> 2) % 8 - 1);
	return 0;
}
