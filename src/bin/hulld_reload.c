/* SPDX-License-Identifier: Apache-2.0 */
/* SIGHUP: see hulld_reload.h. Called by the main thread only. */
#include "bin/hulld_reload.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "engine/engine.h"

static struct old {
	struct daemon_config *config;
	struct old *next;
} * olds;

static char *list_text(char *const *v)
{
	struct strbuf sb = STRBUF_INIT;
	struct json_writer w;

	json_writer_init(&w, &sb);
	json_strv(&w, v ? v : (char *const[]){NULL});
	return strbuf_steal(&sb);
}

static void publish(struct events *events, const struct daemon_config *c)
{
	_cleanup_free_ char *labels = list_text(c->labels), *mirrors = list_text(c->registry_mirrors),
			    *insecure = list_text(c->insecure_registries),
			    *shm = xasprintf("%lld", (long long)c->default_shm_size);
	_cleanup_free_ char *down = xasprintf("%lld", (long long)c->max_concurrent_downloads),
			    *up = xasprintf("%lld", (long long)c->max_concurrent_uploads),
			    *tries = xasprintf("%lld", (long long)c->max_download_attempts),
			    *stop = xasprintf("%lld", (long long)c->shutdown_timeout);
	char name[256] = "";
	const char *const extra[] = {
		"name",
		name,
		"debug",
		c->debug ? "true" : "false",
		"default-ipc-mode",
		c->default_ipc_mode,
		"default-runtime",
		c->default_runtime,
		"default-shm-size",
		shm,
		"insecure-registries",
		insecure,
		"labels",
		labels,
		"live-restore",
		c->live_restore ? "true" : "false",
		"max-concurrent-downloads",
		down,
		"max-concurrent-uploads",
		up,
		"max-download-attempts",
		tries,
		"registry-mirrors",
		mirrors,
		"shutdown-timeout",
		stop,
		NULL,
	};

	gethostname(name, sizeof(name) - 1);
	events_publish(events, "daemon", "reload", c->engine_id, NULL, extra);
}

void reload(struct config_source *source, struct daemon_config **config, struct api *api, struct events *events)
{
	_cleanup_strv_ char **ignored = NULL;
	struct daemon_config *fresh;
	struct err e = ERR_INIT;
	enum log_level level;
	struct old *old;

	log_info("Got signal to reload configuration, reloading from: %s", (*config)->config_file);
	if (config_load(source, &fresh, &ignored, &e) < 0) {
		log_error("%s", e.msg);
		return;
	}
	config_reloaded(*config, fresh);
	STRV_FOREACH (name, ignored)
		log_warn("the option \"%s\" has no effect in this version of Hull", *name);
	if (log_level_parse(fresh->log_level, &level) == 0)
		log_set_level(level);
	old = xnew(struct old);
	old->config = *config;
	old->next = olds;
	olds = old;
	*config = fresh;
	__atomic_store_n(&api->config, fresh, __ATOMIC_RELEASE);
	engine_reconfigure(api->engine, fresh->live_restore, (int)fresh->shutdown_timeout);
	publish(events, fresh);
	log_info("Reloaded configuration");
}

void reload_free_old(void)
{
	while (olds) {
		struct old *o = olds;

		olds = o->next;
		daemon_config_free(o->config);
		free(o);
	}
}
