/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The daemon: options, wiring, signals. Everything it does is in the modules it opens here, in order of their tiers:
 * state, images, engine, API.
 */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "api/api.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/proc.h"
#include "base/random.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "bin/hulld_config.h"
#include "bin/hulld_listen.h"
#include "bin/hulld_reload.h"
#include "engine/engine.h"
#include "engine/events.h"
#include "http/server.h"
#include "image/image.h"
#include "runtime/runtime.h"
#include "state/state.h"

/* How long requests may finish after the engine has stopped. */
#define REQUESTS_END_MS 500

struct daemon {
	struct config_source *source;
	struct daemon_config *config;
	struct engine_config engine_config;
	struct strbuf seccomp; /* the profile that the configuration names */
	char *runtime_path, *worker_path, *init_path;
	struct strbuf runtime_features;
	int runtime_fd;
	int lock_fd;
	bool pidfile_ours;
	char **socket_paths;
	struct state *state;
	struct events *events;
	struct images *images;
	struct engine *engine;
	struct http_server *server;
	struct api api;
};

/* --- places --- */

/* A program of ours: beside hulld in a build tree, in libexec when installed. */
static char *sibling_find(const char *name)
{
	_cleanup_free_ char *dir = proc_self_dir();

	for (int i = 0; dir && i < 3; i++) {
		_cleanup_free_ char *path = NULL;

		switch (i) {
		case 0:
			path = xasprintf("%s/%s", dir, name);
			break;
		case 1:
			path = xasprintf("%s/../libexec/hull/%s", dir, name);
			break;
		default:
			path = xasprintf("/usr/libexec/hull/%s", name);
			break;
		}
		if (access(path, X_OK) == 0)
			return path_clean(path);
	}
	return dir ? path_join(dir, name) : xstrdup(name);
}

static int dirs_make(const struct daemon_config *c, struct err *e)
{
	static const mode_t data_mode = 0710, exec_mode = 0700;
	int r = mkdir_p(c->data_root, data_mode);

	if (r < 0)
		return err_sys(e, -r, "cannot make the data root %s", c->data_root);
	r = mkdir_p(c->exec_root, exec_mode);
	return r < 0 ? err_sys(e, -r, "cannot make the exec root %s", c->exec_root) : 0;
}

static int data_root_lock(struct daemon *d, struct err *e)
{
	_cleanup_free_ char *path = path_join(d->config->data_root, "hulld.lock");

	/* A hulld that was killed may have left a child between clone and exec, which holds the lock for a moment more.
	 */
	for (int64_t end = clock_monotonic_ns() + 2 * NS_PER_SEC;;
	     nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL)) {
		d->lock_fd = file_lock(path);
		if (d->lock_fd != -EWOULDBLOCK || clock_monotonic_ns() > end)
			break;
	}
	if (d->lock_fd == -EWOULDBLOCK)
		return err_set(e, ERR_CONFLICT, "the data root %s is in use by another hulld", d->config->data_root);
	return d->lock_fd < 0 ? err_sys(e, -d->lock_fd, "cannot lock %s", path) : 0;
}

static int pidfile_write(struct daemon *d, struct err *e)
{
	_cleanup_strbuf_ struct strbuf old = STRBUF_INIT_MAX(64);
	_cleanup_free_ char *dir = NULL;
	const char *path = d->config->pidfile, *slash = strrchr(path, '/');
	char text[16];
	int32_t pid;
	int r, dirfd;

	if (!*path)
		return 0;
	if (path_read_file(path, 64, &old) >= 0) {
		old.data[strcspn(old.data, "\n ")] = '\0';
		if (parse_i32(old.data, &pid) == 0 && pid > 0 && pid != getpid() &&
		    (kill(pid, 0) == 0 || errno == EPERM))
			return err_set(e, ERR_CONFLICT,
				       "failed to start daemon, ensure docker is not running or delete %s: process "
				       "with PID %d is still "
				       "running",
				       path, pid);
	}
	dir = slash ? (slash == path ? xstrdup("/") : xstrndup(path, (size_t)(slash - path))) : xstrdup(".");
	r = mkdir_p(dir, 0755);
	dirfd = r < 0 ? r : dir_open(dir);
	if (dirfd >= 0) {
		snprintf(text, sizeof(text), "%d", (int)getpid());
		r = file_replace_volatile(dirfd, slash ? slash + 1 : path, text, strlen(text), 0644);
		fd_close(dirfd);
	} else {
		r = dirfd;
	}
	if (r < 0)
		return err_sys(e, -r, "cannot write the pid file %s", path);
	d->pidfile_ours = true;
	return 0;
}

/* A name for this engine that lasts as long as its data. */
static int engine_id_load(struct daemon_config *c, struct err *e)
{
	_cleanup_free_ char *path = path_join(c->data_root, "engine-id");
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT_MAX(128);
	_cleanup_close_ int dirfd = -1;
	unsigned char b[16];
	char id[40];
	int r;

	if (path_read_file(path, 128, &sb) >= 0 && sb.len >= 36) {
		c->engine_id = xstrndup(sb.data, 36);
		return 0;
	}
	random_bytes(b, sizeof(b));
	b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
	b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
	snprintf(id, sizeof(id), "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1],
		 b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
	c->engine_id = xstrdup(id);
	dirfd = dir_open(c->data_root);
	r = dirfd < 0 ? dirfd : file_replace(dirfd, "engine-id", id, strlen(id), 0600);
	return r < 0 ? err_sys(e, -r, "cannot write %s", path) : 0;
}

/* --- configuration --- */

static void log_set_up(const struct daemon_config *c)
{
	enum log_level level;

	if (log_level_parse(c->log_level, &level) == 0)
		log_set_level(level);
	log_set_json(str_eq(c->log_format, "json"));
}

static int seccomp_load(struct daemon *d, struct err *e)
{
	const char *profile = d->config->seccomp_profile;
	int r;

	if (str_empty(profile) || str_eq(profile, "builtin"))
		return 0;
	if (str_eq(profile, "unconfined")) {
		strbuf_add_str(&d->seccomp, profile);
		return 0;
	}
	r = path_read_file(profile, LIMIT_API_BODY, &d->seccomp);
	return r < 0 ? err_sys(e, -r, "opening seccomp profile (%s) failed", profile) : 0;
}

/* What the runtime can do, as it says itself: reported by GET /info. Without it the report has no such key. */
static void runtime_features_read(struct daemon *d)
{
	char *const argv[] = {(char *)"hull-runtime", (char *)"features", NULL};
	struct proc_spawn how = {.path = d->runtime_path, .argv = argv};
	_cleanup_close_ int pidfd = -1, out = -1, in = -1;
	struct err e = ERR_INIT;
	struct proc_fd fds[1];
	int pipe_fds[2];
	pid_t pid;

	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return;
	out = pipe_fds[0];
	in = pipe_fds[1];
	fds[0] = (struct proc_fd){.parent = in, .child = 1};
	how.fds = fds;
	how.n_fds = 1;
	if (proc_spawn(&how, &pid, &pidfd, &e) < 0) {
		log_warn("the runtime cannot be asked for its features: %s", e.msg);
		return;
	}
	in = fd_close(in);
	strbuf_read_fd(&d->runtime_features, out);
	while (d->runtime_features.len && d->runtime_features.data[d->runtime_features.len - 1] == '\n')
		strbuf_truncate(&d->runtime_features, d->runtime_features.len - 1);
	if (proc_wait(pidfd) == 0 && d->runtime_features.len)
		__atomic_store_n(&d->api.runtime_features, d->runtime_features.data, __ATOMIC_RELEASE);
}

static void engine_config_fill(struct daemon *d)
{
	const struct daemon_config *c = d->config;

	d->engine_config = (struct engine_config){
		.data_root = c->data_root,
		.exec_root = c->exec_root,
		.runtime_path = d->runtime_path,
		.runtime_fd = d->runtime_fd,
		.init_path = d->init_path,
		.cgroup_parent = str_empty(c->cgroup_parent) ? "/docker" : c->cgroup_parent,
		.default_log_driver = c->log_driver,
		.default_log_opts = c->log_opts,
		.default_shm_size = c->default_shm_size,
		.default_ipc_mode = c->default_ipc_mode,
		.default_cgroupns_mode = str_empty(c->default_cgroupns_mode) ? NULL : c->default_cgroupns_mode,
		.seccomp_profile = d->seccomp.len ? d->seccomp.data : NULL,
		.default_ulimits = c->default_ulimits,
		.no_new_privileges = c->no_new_privileges,
		.init = c->init,
		.live_restore = c->live_restore,
		.shutdown_timeout = (int)c->shutdown_timeout,
		.default_stop_timeout = (int)c->default_stop_timeout,
	};
}

/* --- start and stop --- */

static int daemon_open(struct daemon *d, struct err *e)
{
	_cleanup_free_ char *db = NULL;
	const struct daemon_config *c = d->config;

	if (dirs_make(c, e) < 0 || pidfile_write(d, e) < 0 || data_root_lock(d, e) < 0 ||
	    engine_id_load(d->config, e) < 0 || seccomp_load(d, e) < 0)
		return -1;
	d->runtime_path = sibling_find("hull-runtime");
	/* Without it every supervisor protects itself, by one more exec. */
	d->runtime_fd = d->runtime_path ? runtime_exe_open(d->runtime_path, NULL) : -1;
	d->worker_path = sibling_find("hull-worker");
	d->init_path = str_empty(c->init_path) ? sibling_find("hull-init") : xstrdup(c->init_path);
	engine_config_fill(d);
	d->api = (struct api){.config = c, .runtime_path = d->runtime_path, .init_path = d->init_path};
	if (http_server_new(api_serve, &d->api, &d->server, e) < 0 ||
	    hosts_listen(d->server, c, &d->socket_paths, e) < 0)
		return -1;
	db = path_join(c->data_root, "hull.db");
	if (state_open(db, &d->state, e) < 0)
		return -1;
	d->events = d->api.events = events_new();
	if (images_open(c->data_root, d->worker_path, d->state, &d->images, e) < 0)
		return -1;
	d->api.images = d->images;
	if (engine_open(&d->engine_config, d->state, d->images, d->events, &d->engine, e) < 0)
		return -1;
	d->api.engine = d->engine;
	/* Clients that connect meanwhile wait in the sockets' queues. */
	return engine_recover(d->engine, e);
}

static void daemon_close(struct daemon *d)
{
	STRV_FOREACH (path, d->socket_paths)
		unlink(*path);
	http_server_stop(d->server, REQUESTS_END_MS);
	engine_close(d->engine);
	images_close(d->images);
	http_server_free(d->server);
	events_free(d->events);
	state_close(d->state);
	if (d->pidfile_ours)
		unlink(d->config->pidfile);
	fd_close(d->lock_fd);
	strv_free(d->socket_paths);
	strbuf_done(&d->seccomp);
	strbuf_done(&d->runtime_features);
	fd_close(d->runtime_fd);
	free(d->runtime_path);
	free(d->worker_path);
	free(d->init_path);
	reload_free_old();
	daemon_config_free(d->config);
	config_source_free(d->source);
}

/* --- signals --- */

static void signals_block(sigset_t *set)
{
	static const int ours[] = {SIGHUP, SIGINT, SIGTERM, SIGQUIT, SIGUSR1};

	sigemptyset(set);
	for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
		sigaddset(set, ours[i]);
	/* Before the first thread, so that all inherit it. */
	pthread_sigmask(SIG_BLOCK, set, NULL);
	sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
}

static void dump(const struct daemon *d)
{
	struct engine_counts n = engine_count(d->engine);
	struct mallinfo2 m = mallinfo2();

	log_info("dump: containers=%d running=%d paused=%d stopped=%d event_listeners=%d heap_used=%zu heap_free=%zu "
		 "mapped=%zu",
		 n.total, n.running, n.paused, n.stopped, events_listener_count(d->events), m.uordblks, m.fordblks,
		 m.hblkhd);
	http_server_dump(d->server);
}

/* A clean stop that takes too long for somebody: the third signal ends it. */
static void *impatience_main(void *arg)
{
	const sigset_t *set = arg;
	int seen = 1, sig;

	for (;;) {
		if (sigwait(set, &sig) != 0)
			continue;
		if (sig == SIGQUIT)
			_exit(128 + sig);
		if ((sig == SIGINT || sig == SIGTERM) && ++seen >= 3) {
			log_warn("forcing the daemon to end after three signals");
			_exit(128 + sig);
		}
	}
	return NULL;
}

static void serve_until_stopped(struct daemon *d, const sigset_t *set)
{
	pthread_t t;
	int sig;

	for (;;) {
		if (sigwait(set, &sig) != 0)
			continue;
		if (sig == SIGHUP) {
			notify_send("RELOADING=1");
			reload(d->source, &d->config, &d->api, d->events);
			notify_send("READY=1");
		} else if (sig == SIGUSR1) {
			dump(d);
		} else if (sig == SIGQUIT) {
			_exit(128 + sig);
		} else {
			break;
		}
	}
	log_info("Processing signal '%s'", sig == SIGINT ? "interrupt" : "terminated");
	notify_send("STOPPING=1");
	if (pthread_create(&t, NULL, impatience_main, (void *)set) == 0)
		pthread_detach(t);
}

static void unlimit_files(void)
{
	struct rlimit r;

	/* One descriptor per connection, supervisor and process adds up. */
	if (getrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_cur < r.rlim_max) {
		r.rlim_cur = r.rlim_max;
		setrlimit(RLIMIT_NOFILE, &r);
	}
}

static int run(struct daemon *d, struct err *e)
{
	static sigset_t set;
	int64_t begun = clock_monotonic_ns();

	if (geteuid() != 0)
		return err_set(e, ERR_DENIED, "hulld needs to be started with root privileges");
	signals_block(&set);
	unlimit_files();
	umask(022);
	log_info("Starting up");
	if (daemon_open(d, e) < 0 || http_server_start(d->server, e) < 0)
		return -1;
	/* What reading the records left behind. */
	malloc_trim(0);
	STRV_FOREACH (host, d->config->hosts)
		log_info("API listen on %s", str_starts(*host, "unix://") ? str_after(*host, "unix://") : *host);
	log_info("Daemon has completed initialization in %lld ms",
		 (long long)((clock_monotonic_ns() - begun) / NS_PER_MS));
	notify_send("READY=1");
	runtime_features_read(d); /* nobody waits for it */
	serve_until_stopped(d, &set);
	engine_shutdown(d->engine);
	return 0;
}

static int configure(struct daemon *d, int argc, char **argv, enum config_action *action, struct err *e)
{
	_cleanup_strv_ char **ignored = NULL;

	if (config_flags_parse(argc, argv, &d->source, action, e) < 0)
		return -1;
	if (*action == CONFIG_HELP || *action == CONFIG_VERSION)
		return 0;
	if (config_load(d->source, &d->config, &ignored, e) < 0)
		return -1;
	log_set_up(d->config);
	STRV_FOREACH (host, d->config->hosts) {
		struct host_address a;

		if (host_address_parse(*host, d->config->tls, &a, e) < 0)
			return -1;
		host_address_done(&a);
	}
	STRV_FOREACH (name, ignored)
		log_warn("the option \"%s\" has no effect in this version of Hull", *name);
	return 0;
}

int main(int argc, char **argv)
{
	struct daemon d = {.lock_fd = -1,
			   .runtime_fd = -1,
			   .seccomp = STRBUF_INIT,
			   .runtime_features = STRBUF_INIT_MAX(64 * 1024)};
	enum config_action action = CONFIG_RUN;
	struct err e = ERR_INIT;
	int r;

	/* Each arena of malloc keeps its own free memory; two are enough for what the daemon allocates. */
	mallopt(M_ARENA_MAX, 2);
	log_set_name("hulld");
	r = configure(&d, argc, argv, &action, &e);
	if (r == 0 && action == CONFIG_VALIDATE) {
		puts("configuration OK");
	} else if (r == 0 && action == CONFIG_VERSION) {
		puts("Hull version " HULL_VERSION ", build " HULL_VERSION);
	} else if (r == 0 && action == CONFIG_HELP) {
		_cleanup_strbuf_ struct strbuf help = STRBUF_INIT;

		config_help(&help);
		fputs(help.data, stdout);
	} else if (r == 0) {
		r = run(&d, &e);
	}
	if (r < 0)
		fprintf(stderr, "%s\n", e.msg);
	daemon_close(&d);
	return r < 0 ? 1 : 0;
}
