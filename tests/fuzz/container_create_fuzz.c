/* SPDX-License-Identifier: Apache-2.0 */
/* Create bodies: decoded, checked, planned, written as an OCI configuration; what was decoded must survive its own
 * print. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "base/mem.h"
#include "engine/defaults.h"
#include "engine/mounts.h"
#include "engine/spec.h"
#include "engine/validate.h"

#include "base/strv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int no_devices(const char *host, const char *path, struct spec_devices *ret, struct err *e)
{
	(void)path;
	(void)ret;
	return err_set(e, ERR_INVALID, "%s", host);
}

static int no_number(const char *path, uint32_t *ret_major, uint32_t *ret_minor, struct err *e)
{
	(void)path;
	(void)e;
	*ret_major = *ret_minor = 1;
	return 0;
}

static void build(struct container_create *c)
{
	static const struct engine_config cfg = {.data_root = "/d"};
	static const struct json_array none;
	struct container_record rec = {.config = c->config,
				       .host_config = c->host_config,
				       .networking = c->networking_config,
				       .id = xstrdup("x")};
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;
	struct spec_input in = {
		.rec = &rec,
		.rootfs = "/r",
		.dir = "/d/containers/x",
		.cgroups_path = "/docker/x",
		.kernel_caps_last = 40,
		.devices_find = no_devices,
		.device_number = no_number,
	};

	*c = (struct container_create){0};
	host_config_fill(&rec.host_config, &cfg, /* cgroup_v2= */ true);
	config_command(&rec.config, &rec.path, &rec.args);
	if (mounts_plan(&rec.host_config, &rec.config, &none, "/d", &rec.mounts, /* e= */ NULL) == 0)
		spec_build(&in, &out, /* e= */ NULL);
	container_record_done(&rec);
}

static void reread(const struct container_create *c)
{
	_cleanup_(container_create_done) struct container_create again = {0};
	_cleanup_strbuf_ struct strbuf a = STRBUF_INIT, b = STRBUF_INIT;
	_cleanup_json_ json_object *o = NULL;
	struct json_writer w;

	json_writer_init(&w, &a);
	container_create_write(&w, c);
	if (json_parse(a.data, a.len, &o, /* e= */ NULL) < 0)
		return; /* deeper than the cap once it is wrapped */
	ASSERT(container_create_decode(o, &again, /* e= */ NULL) == 0);
	json_writer_init(&w, &b);
	container_create_write(&w, &again);
	ASSERT(a.len == b.len && memcmp(a.data, b.data, a.len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct host_facts facts = {.cpus = "0-1", .mems = "0"};
	_cleanup_(container_create_done) struct container_create c = {0};
	_cleanup_json_ json_object *o = NULL;
	_cleanup_strv_ char **warnings = NULL;

	if (json_parse((const char *)data, size, &o, /* e= */ NULL) < 0 ||
	    container_create_decode(o, &c, /* e= */ NULL) < 0)
		return 0;
	reread(&c);
	if (config_check(&c.config, /* e= */ NULL) < 0 ||
	    host_config_check(&c.host_config, &c.config, &facts, &warnings, /* e= */ NULL) < 0)
		return 0;
	host_config_drop_unsupported(&c.host_config, &facts, &warnings);
	build(&c);
	return 0;
}
