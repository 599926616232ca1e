/* SPDX-License-Identifier: Apache-2.0 */
/* Packets of the supervisor's protocol, and the two documents that go with it. */
#include "base/macros.h"
#include "monitor/exit_record.h"
#include "monitor/launch.h"
#include "monitor/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct monitor_launch l = {0};
	struct monitor_exit x;
	struct message m;

	for (size_t n_fds = 0; n_fds < 3; n_fds++)
		if (message_decode(data, size, n_fds, &m) == 0) {
			ASSERT(m.fixed <= m.len && m.len < size && n_fds < 2);
			ASSERT(message_type_name(m.type)[0] != 'u');
		}
	if (size > 0 && data[0] == '{') {
		exit_record_decode((const char *)data, size, &x);
		if (monitor_launch_decode((const char *)data, size, &l, NULL) == 0)
			monitor_launch_done(&l);
	}
	return 0;
}
