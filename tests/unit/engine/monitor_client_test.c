/* SPDX-License-Identifier: Apache-2.0 */
/* Talking with a supervisor played by the test: requests, news in between, and its end. */
#include "unit/test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "engine/monitor_client.h"

struct heard {
	atomic_int exited, oom, gone, freed;
	atomic_int code;
};

static void news(void *owner, struct monitor_client *mc, const struct monitor_packet *p)
{
	struct heard *h = owner;

	if (!p) {
		h->gone++;
	} else if (p->type == MONITOR_EXITED) {
		h->code = p->exit.code;
		h->exited++;
	} else if (p->type == MONITOR_OOM) {
		h->oom++;
	}
}

static void freed(void *owner)
{
	((struct heard *)owner)->freed++;
}

static bool eventually(const atomic_int *n, int want)
{
	for (int i = 0; i < 500 && *n != want; i++)
		nanosleep(&(struct timespec){.tv_nsec = 10 * NS_PER_MS}, NULL);
	return *n == want;
}

/* Answers resizes: the columns say with which errno; after the rows-th it goes. News come before each answer. */
static void *play(void *arg)
{
	int fd = *(int *)arg;
	uint8_t buf[LIMIT_MONITOR_MSG];
	struct message m;
	int passed;

	for (;;) {
		struct monitor_resize size;
		struct monitor_result result;

		if (message_recv(fd, buf, sizeof(buf), &m, &passed) != 1)
			break;
		if (m.type == MONITOR_RELEASE)
			break;
		assert_int_equal(m.type, MONITOR_RESIZE);
		message_body(&m, &size, sizeof(size));
		if (size.rows == 0)
			break;
		message_send(fd, MONITOR_OOM, NULL, 0, NULL, 0, -1);
		result.errnum = size.cols;
		message_send(fd, MONITOR_RESIZE_REPLY, &result, sizeof(result), NULL, 0, -1);
	}
	close(fd);
	return NULL;
}

struct fixture {
	struct monitor_loop *loop;
	struct monitor_client *mc;
	struct heard heard;
	int theirs;
	pthread_t player;
};

static void begin(struct fixture *f)
{
	struct err e = ERR_INIT;
	int ours;

	*f = (struct fixture){0};
	assert_int_equal(monitor_loop_new(&f->loop, &e), 0);
	assert_int_equal(monitor_pair(&ours, &f->theirs, &e), 0);
	f->mc = monitor_client_new(f->loop, ours);
	monitor_client_listen(f->mc, news, &f->heard, freed);
}

static int resize(struct monitor_client *mc, uint16_t rows, uint16_t cols, struct err *e)
{
	struct monitor_resize size = {.rows = rows, .cols = cols};

	return monitor_client_call(mc, MONITOR_RESIZE, &size, sizeof(size), e);
}

static void test_calls(void **state)
{
	struct fixture f;
	struct err e = ERR_INIT;

	begin(&f);
	pthread_create(&f.player, NULL, play, &f.theirs);
	assert_int_equal(resize(f.mc, 1, 0, &e), 0);
	assert_int_equal(resize(f.mc, 1, 25, &e), -1);
	assert_int_equal(e.kind, ERR_SYSTEM);
	assert_int_equal(e.errnum, 25);
	assert_true(eventually(&f.heard.oom, 2));
	assert_true(monitor_client_release(f.mc, 5000));
	pthread_join(f.player, NULL);
	assert_true(eventually(&f.heard.freed, 1));
	assert_int_equal(f.heard.gone, 1);
	err_clear(&e);
	assert_int_equal(resize(f.mc, 1, 0, &e), -1);
	assert_int_equal(e.kind, ERR_UNAVAILABLE);
	monitor_client_unref(f.mc);
	monitor_loop_free(f.loop);
}

/* A supervisor that dies with a request under way. */
static void test_death(void **state)
{
	struct fixture f;
	struct err e = ERR_INIT;

	begin(&f);
	pthread_create(&f.player, NULL, play, &f.theirs);
	assert_int_equal(resize(f.mc, 0, 0, &e), -1);
	assert_int_equal(e.kind, ERR_UNAVAILABLE);
	pthread_join(f.player, NULL);
	assert_true(eventually(&f.heard.freed, 1));
	monitor_client_unref(f.mc);
	monitor_loop_free(f.loop);
}

static void *caller(void *arg)
{
	intptr_t bad = 0;

	for (int i = 0; i < 200; i++)
		bad += resize(arg, 1, 0, NULL) != 0;
	return (void *)bad;
}

static void test_many_callers(void **state)
{
	struct fixture f;
	pthread_t t[4];

	begin(&f);
	pthread_create(&f.player, NULL, play, &f.theirs);
	for (int i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, caller, f.mc);
	for (int i = 0; i < 4; i++) {
		void *bad;

		pthread_join(t[i], &bad);
		assert_null(bad);
	}
	assert_true(monitor_client_release(f.mc, 5000));
	pthread_join(f.player, NULL);
	monitor_client_unref(f.mc);
	monitor_loop_free(f.loop);
}

/* The daemon goes, the supervisor stays: owners are freed without being told of an end. */
static void test_loop_free(void **state)
{
	struct fixture f;
	struct monitor_exit x = {.code = 7};

	begin(&f);
	assert_int_equal(message_send(f.theirs, MONITOR_EXITED, &x, sizeof(x), NULL, 0, -1), 0);
	assert_true(eventually(&f.heard.exited, 1));
	assert_int_equal(f.heard.code, 7);
	monitor_loop_free(f.loop);
	assert_int_equal(f.heard.gone, 0);
	assert_int_equal(f.heard.freed, 1);
	monitor_client_unref(f.mc);
	close(f.theirs);
}

/* What is no message of the protocol ends the connection. */
static void test_nonsense(void **state)
{
	struct fixture f;

	begin(&f);
	assert_int_equal(write(f.theirs, "nonsense", 8), 8);
	assert_true(eventually(&f.heard.freed, 1));
	assert_int_equal(f.heard.gone, 1);
	monitor_client_unref(f.mc);
	monitor_loop_free(f.loop);
	close(f.theirs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calls),     cmocka_unit_test(test_death),    cmocka_unit_test(test_many_callers),
		cmocka_unit_test(test_loop_free), cmocka_unit_test(test_nonsense),
	};
	return RUN_TESTS(tests);
}
