/* SPDX-License-Identifier: Apache-2.0 */
/*
 * httpload SOCKET PATH CONNECTIONS SECONDS: GETs the path over so many kept-alive unix connections, one thread each,
 * and prints "requests-per-second median-microseconds p99-microseconds". For tests/bench/run only.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define SAMPLES_MAX 2000000

static const char *socket_path, *path;
static double seconds;
static uint32_t *samples;
static size_t n_samples;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Reads one answer, with Content-Length or chunked; false when the connection is gone. */
static int read_answer(int fd, char *buf, size_t size)
{
	size_t have = 0, want = 0;
	char *body = NULL;
	for (;;) {
		ssize_t n = read(fd, buf + have, size - have - 1);
		if (n <= 0)
			return 0;
		have += (size_t)n;
		buf[have] = 0;
		if (!body) {
			char *end = strstr(buf, "\r\n\r\n");
			if (!end)
				continue;
			body = end + 4;
			char *length = strcasestr(buf, "content-length:");
			want = length && length < body ? (size_t)(body - buf) + strtoul(length + 15, NULL, 10) : 0;
		}
		if (want ? have >= want : (have >= 5 && memcmp(buf + have - 5, "0\r\n\r\n", 5) == 0))
			return 1;
		if (have + 1 >= size) { /* a long chunked answer: only its end matters */
			memmove(buf, buf + have - 16, 16);
			have = 16;
			body = buf;
		}
	}
}

static void *client(void *arg)
{
	(void)arg;
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	snprintf(a.sun_path, sizeof(a.sun_path), "%s", socket_path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0) {
		perror(socket_path);
		exit(1);
	}
	char request[512], *buf = malloc(1 << 22);
	int n = snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: d\r\n\r\n", path);
	double end = now() + seconds;
	for (double t = now(); t < end;) {
		if (write(fd, request, (size_t)n) != n || !read_answer(fd, buf, 1 << 22)) {
			fprintf(stderr, "connection lost\n");
			exit(1);
		}
		double after = now();
		pthread_mutex_lock(&lock);
		if (n_samples < SAMPLES_MAX)
			samples[n_samples++] = (uint32_t)((after - t) * 1e6);
		pthread_mutex_unlock(&lock);
		t = after;
	}
	close(fd);
	free(buf);
	return NULL;
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return x < y ? -1 : x > y;
}

int main(int argc, char **argv)
{
	if (argc != 5)
		return 2;
	socket_path = argv[1];
	path = argv[2];
	int connections = (int)strtol(argv[3], NULL, 10);
	seconds = strtod(argv[4], NULL);
	samples = malloc(SAMPLES_MAX * sizeof(*samples));
	pthread_t *threads = calloc((size_t)connections, sizeof(*threads));
	for (int i = 0; i < connections; i++)
		pthread_create(&threads[i], NULL, client, NULL);
	for (int i = 0; i < connections; i++)
		pthread_join(threads[i], NULL);
	qsort(samples, n_samples, sizeof(*samples), compare);
	printf("%.0f %u %u\n", (double)n_samples / seconds, samples[n_samples / 2], samples[n_samples * 99 / 100]);
	return 0;
}
