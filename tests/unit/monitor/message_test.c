/* SPDX-License-Identifier: Apache-2.0 */
/* Packets: what is taken, what is refused, and the client's calls over a real socket pair. */
#include "unit/test.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "monitor/client.h"

static int decode(uint32_t type, uint32_t len, size_t real, size_t n_fds)
{
	_cleanup_free_ uint8_t *p = xcalloc(1, sizeof(struct monitor_msg) + real);
	struct monitor_msg head = {type, len};
	struct message m;

	memcpy(p, &head, sizeof(head));
	return message_decode(p, sizeof(head) + real, n_fds, &m);
}

static void checks(void **state)
{
	struct message m;

	assert_int_equal(decode(MONITOR_HELLO, 0, 0, 0), 0);
	assert_int_equal(decode(MONITOR_HELLO, 0, 1, 0), -EPROTO);
	assert_int_equal(decode(MONITOR_HELLO, 1, 0, 0), -EPROTO);
	assert_int_equal(decode(MONITOR_HELLO, 0, 0, 1), -EPROTO);
	assert_int_equal(decode(MONITOR_HELLO, UINT32_MAX, 0, 0), -EPROTO);
	assert_int_equal(decode(0, 0, 0, 0), -EOPNOTSUPP);
	assert_int_equal(decode(1000, 0, 0, 0), -EOPNOTSUPP);
	assert_int_equal(decode(MONITOR_RESIZE, 4, 4, 0), 0);
	assert_int_equal(decode(MONITOR_RESIZE, 3, 3, 0), -EPROTO);
	assert_int_equal(decode(MONITOR_RESIZE, 5, 5, 0), -EPROTO);
	assert_int_equal(decode(MONITOR_ATTACH, sizeof(struct monitor_attach), sizeof(struct monitor_attach), 0),
			 -EPROTO);
	assert_int_equal(
		decode(MONITOR_ATTACH, sizeof(struct monitor_attach) + 9, sizeof(struct monitor_attach) + 9, 1), 0);
	assert_int_equal(decode(MONITOR_ATTACH, LIMIT_MONITOR_MSG, LIMIT_MONITOR_MSG, 1), -EPROTO);
	assert_int_equal(message_decode("abc", 3, 0, &m), -EPROTO);
}

static void attach_arrives(void **state)
{
	struct monitor_attach a = {.client = 7, .flags = MONITOR_ATTACH_STDIN, .n_keys = 2, .keys = {16, 17}}, got;
	uint8_t *buf = xmalloc(LIMIT_MONITOR_MSG);
	_cleanup_free_ char *big = xcalloc(1, MONITOR_LEFTOVER_MAX + 1);
	int ours, theirs, fd = -1, pipes[2];
	struct err e = ERR_INIT;
	struct message m;

	assert_int_equal(monitor_pair(&ours, &theirs, &e), 0);
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(monitor_send_attach(ours, &a, pipes[1], "rest", 4, &e), 0);
	assert_int_equal(message_recv(theirs, buf, LIMIT_MONITOR_MSG, &m, &fd), 1);
	assert_int_equal(m.type, MONITOR_ATTACH);
	message_body(&m, &got, sizeof(got));
	assert_memory_equal(&a, &got, sizeof(a));
	assert_int_equal(m.len - m.fixed, 4);
	assert_memory_equal(m.body + m.fixed, "rest", 4);
	assert_int_equal(write(fd, "x", 1), 1);
	close(fd);
	assert_int_equal(monitor_send_attach(ours, &a, pipes[1], big, MONITOR_LEFTOVER_MAX, &e), 0);
	assert_int_equal(message_recv(theirs, buf, LIMIT_MONITOR_MSG, &m, &fd), 1);
	assert_int_equal(m.len - m.fixed, MONITOR_LEFTOVER_MAX);
	close(fd);
	assert_int_equal(monitor_send_attach(ours, &a, pipes[1], big, MONITOR_LEFTOVER_MAX + 1, &e), -1);
	assert_int_equal(e.kind, ERR_TOO_LARGE);
	close(theirs);
	assert_int_equal(monitor_send(ours, MONITOR_HELLO, &e), -1);
	assert_int_equal(e.kind, ERR_UNAVAILABLE);
	close(ours);
	close(pipes[0]);
	close(pipes[1]);
	free(buf);
}

static void answers_arrive(void **state)
{
	struct monitor_failed failed = {.exit_code = 127, .errnum = 2};
	struct monitor_exit x = {.code = 3, .finished_ns = 5};
	struct monitor_packet p;
	struct err e = ERR_INIT;
	int ours, theirs;

	assert_int_equal(monitor_pair(&ours, &theirs, &e), 0);
	assert_int_equal(monitor_recv(ours, 10, &p, &e), 0);
	assert_int_equal(message_send(theirs, MONITOR_FAILED, &failed, sizeof(failed), "no such", 7, -1), 0);
	assert_int_equal(message_send(theirs, MONITOR_EXITED, &x, sizeof(x), NULL, 0, -1), 0);
	assert_int_equal(message_send(theirs, MONITOR_HELLO, NULL, 0, NULL, 0, -1), 0);
	assert_int_equal(monitor_recv(ours, -1, &p, &e), 1);
	assert_int_equal(p.type, MONITOR_FAILED);
	assert_int_equal(p.failed.exit_code, 127);
	assert_string_equal(p.text, "no such");
	monitor_packet_done(&p);
	assert_int_equal(monitor_recv(ours, -1, &p, &e), 1);
	assert_int_equal(p.type, MONITOR_EXITED);
	assert_int_equal(p.exit.code, 3);
	monitor_packet_done(&p);
	assert_int_equal(monitor_recv(ours, -1, &p, &e), -1);
	assert_int_equal(e.kind, ERR_INVALID); /* a supervisor makes no requests */
	close(theirs);
	assert_int_equal(monitor_recv(ours, -1, &p, &e), -1);
	assert_int_equal(e.kind, ERR_UNAVAILABLE);
	close(ours);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checks),
		cmocka_unit_test(attach_arrives),
		cmocka_unit_test(answers_arrive),
	};
	return RUN_TESTS(tests);
}
