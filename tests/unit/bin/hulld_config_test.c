/* SPDX-License-Identifier: Apache-2.0 */
/* hulld's options: flags by pflag's rules, daemon.json, how they meet, and what is refused in which words. */
#include "bin/hulld_config.h"

#include <stdlib.h>

#include "base/macros.h"
#include "base/mem.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "bin/hulld_listen.h"
#include "unit/test.h"

/* words and file; the configuration, or NULL with e. */
static struct daemon_config *load(const char *words, const char *file, char ***ignored, struct err *e)
{
	_cleanup_strv_ char **argv = strv_split(*words ? words : "hulld", ' ');
	_cleanup_(config_source_free_p) struct config_source *s = NULL;
	struct daemon_config *c = NULL;
	enum config_action action;
	char **names = NULL;

	if (*words) {
		free(argv[0]);
		argv[0] = xstrdup("hulld");
	}
	if (config_flags_parse((int)strv_len(argv), argv, &s, &action, e) < 0 ||
	    config_load_text(s, file, file ? strlen(file) : 0, &c, &names, e) < 0)
		return NULL;
	if (ignored)
		*ignored = names;
	else
		strv_free(names);
	return c;
}

static void flags_by_pflag(void **state)
{
	_cleanup_(daemon_config_free_p) struct daemon_config *c = NULL;
	struct err e = ERR_INIT;

	(void)state;
	c = load("_ -Dl warn -Hunix:///a -H=tcp://127.0.0.1:1 --host fd:// --label a=b --label=c=d --tls=false "
		 "--data-root /d "
		 "--exec-root=/e --log-opt max-size=1m --default-ulimit nofile=1:2 --default-shm-size 1g "
		 "--shutdown-timeout -1",
		 NULL, NULL, &e);
	assert_string_equal(e.msg, "");
	assert_non_null(c);
	assert_true(c->debug);
	assert_string_equal(c->hosts[0], "unix:///a");
	assert_string_equal(c->hosts[1], "tcp://127.0.0.1:1");
	assert_string_equal(c->hosts[2], "fd://");
	assert_string_equal(c->labels[1], "c=d");
	assert_string_equal(c->data_root, "/d");
	assert_string_equal(c->exec_root, "/e");
	assert_string_equal(json_kv_get(&c->log_opts, "max-size"), "1m");
	assert_string_equal(c->default_ulimits[0], "nofile=1:2");
	assert_int_equal(c->default_shm_size, 1 << 30);
	assert_int_equal(c->shutdown_timeout, -1);
	assert_false(c->tls);
}

static void defaults(void **state)
{
	_cleanup_(daemon_config_free_p) struct daemon_config *c = load("", NULL, NULL, NULL);

	(void)state;
	assert_non_null(c);
	assert_string_equal(c->hosts[0], "unix:///var/run/docker.sock");
	assert_string_equal(c->data_root, "/var/lib/docker");
	assert_string_equal(c->log_driver, "json-file");
	assert_true(c->live_restore);
	assert_true(c->buildkit);
	assert_int_equal(c->shutdown_timeout, 15);
	assert_null(c->group);
}

static void file(void **state)
{
	_cleanup_(daemon_config_free_p) struct daemon_config *c = NULL;
	_cleanup_strv_ char **ignored = NULL;
	struct err e = ERR_INIT;

	(void)state;
	c = load("_ --debug",
		 "{\"hosts\":[\"unix:///"
		 "x\"],\"live-restore\":false,\"log-opts\":{\"max-file\":\"3\"},\"proxies\":{\"http-proxy\":\"p\"},"
		 "\"default-ulimits\":{\"nofile\":{\"Name\":\"nofile\",\"Soft\":5,\"Hard\":6}},\"features\":{"
		 "\"buildkit\":false},"
		 "\"default-shm-size\":\"8m\",\"mtu\":1400,\"bip\":\"10.0.0.1/24\",\"runtimes\":{\"x\":{\"path\":\"/"
		 "x\"}},"
		 "\"userland-proxy\":false,\"selinux-enabled\":false,\"labels\":[]}",
		 &ignored, &e);
	assert_string_equal(e.msg, "");
	assert_non_null(c);
	assert_false(c->live_restore);
	assert_string_equal(c->http_proxy, "p");
	assert_string_equal(c->default_ulimits[0], "nofile=5:6");
	assert_false(c->buildkit);
	assert_int_equal(c->default_shm_size, 8 << 20);
	assert_true(strv_contains(ignored, "mtu"));
	assert_true(strv_contains(ignored, "bip"));
	assert_true(strv_contains(ignored, "runtimes"));
	assert_false(strv_contains(ignored, "userland-proxy"));
	daemon_config_free(TAKE_PTR(c));
	c = load("", " \n", NULL, &e);
	assert_non_null(c);
}

static void refusals(void **state)
{
	static const char *const rows[][3] = {
		{"_ --nope", NULL, "unknown flag: --nope"},
		{"_ --nope=1", NULL, "unknown flag: --nope"},
		{"_ -Z", NULL, "unknown shorthand flag: 'Z' in -Z"},
		{"_ foo", NULL, "\"hulld\" accepts no arguments."},
		{"_ --data-root", NULL, "flag needs an argument: --data-root"},
		{"_ -l", NULL, "flag needs an argument: 'l' in -l"},
		{"_ --debug=x", NULL,
		 "invalid argument \"x\" for \"--debug\" flag: strconv.ParseBool: parsing \"x\": invalid syntax"},
		{"_ --mtu=x", NULL,
		 "invalid argument \"x\" for \"--mtu\" flag: strconv.ParseInt: parsing \"x\": invalid syntax"},
		{"_ -l loud", NULL,
		 "invalid argument \"loud\" for \"-l, --log-level\" flag: invalid logging level: loud"},
		{"_ --label a", NULL, "invalid argument \"a\" for \"--label\" flag: bad attribute format: a"},
		{"_ --dns 1.2.3", NULL, "invalid string being converted to IP address: 1.2.3"},
		{"_ --bip 1.2.3.4", NULL, "invalid CIDR address: 1.2.3.4"},
		{"_ --storage-driver vfs", NULL, "driver not supported: vfs"},
		{"_ --registry-mirror ftp://x", NULL, "must use either 'https://' or 'http://'"},
		{"_ --insecure-registry http://x", NULL, "insecure registry http://x should not contain '://'"},
		{"_ --default-ipc-mode host", NULL, "IPC mode \"host\" is not supported as default value"},
		{"_ --default-ulimit nofile=5:2", NULL,
		 "ulimit soft limit must be less than or equal to hard limit: 5 > 2"},
		{"_ --default-ulimit bogus=5", NULL, "invalid ulimit type: bogus"},
		{"_ --max-concurrent-downloads -1", NULL, "invalid max concurrent downloads: -1"},
		{"_ --log-driver syslog", NULL, "no log driver named 'syslog' is registered"},
		{"_ --userns-remap default", NULL, "userns-remap is not implemented"},
		{"_ --authorization-plugin x", NULL, "authorization-plugins is not implemented"},
		{"", "{\"debug\":\"yes\"}", "cannot unmarshal the value of \"debug\": it must be a boolean"},
		{"", "{\"hosts\":\"x\"}", "it must be an array of strings"},
		{"", "{\"labels\":[1]}", "it must be an array of strings"},
		{"", "{\"mtu\":1.5}", "it must be an integer"},
		{"", "{\"nope\":1,\"debg\":true,\"proxies\":{\"ftp\":\"x\"}}",
		 "the following directives don't match any configuration option: debg, nope, proxies.ftp"},
		{"", "{\"debug\":true", "unexpected end of JSON input"},
		{"", "[]", "it must be an object"},
		{"_ -D --label a=b", "{\"debug\":false,\"labels\":[\"c=d\"]}",
		 "the following directives are specified both as a flag and in the configuration file: debug: (from "
		 "flag: true, from "
		 "file: false), labels: (from flag: [a=b], from file: [c=d])"},
		{"_ -H unix:///a", "{\"hosts\":[\"unix:///a\"]}",
		 "hosts: (from flag: [unix:///a], from file: [unix:///a])"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct err e = ERR_INIT;
		_cleanup_(daemon_config_free_p) struct daemon_config *c = load(rows[i][0], rows[i][1], NULL, &e);

		if (c)
			fail_msg("%s %s was taken", rows[i][0], rows[i][1] ? rows[i][1] : "");
		if (!strstr(e.msg, rows[i][2]))
			fail_msg("%s: %s, wanted %s", rows[i][0], e.msg, rows[i][2]);
	}
}

static void actions(void **state)
{
	static char *const help[] = {"hulld", "--help", NULL}, *const version[] = {"hulld", "-v", NULL},
			   *const validate[] = {"hulld", "--validate", NULL};
	char *const *const rows[] = {help, version, validate};
	const enum config_action wanted[] = {CONFIG_HELP, CONFIG_VERSION, CONFIG_VALIDATE};
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		_cleanup_(config_source_free_p) struct config_source *s = NULL;
		enum config_action action;

		assert_int_equal(config_flags_parse(2, rows[i], &s, &action, NULL), 0);
		assert_int_equal(action, wanted[i]);
	}
	config_help(&sb);
	assert_non_null(strstr(sb.data, "  -H, --host list"));
}

static void reload_takes_only_what_may_change(void **state)
{
	_cleanup_(daemon_config_free_p) struct daemon_config *old =
		load("_ --data-root /a", "{\"debug\":false,\"init\":false}", NULL, NULL);
	_cleanup_(daemon_config_free_p) struct daemon_config *fresh =
		load("_ --data-root /a",
		     "{\"debug\":true,\"init\":true,\"labels\":[\"x=y\"],\"hosts\":[\"unix:///z\"]}", NULL, NULL);

	(void)state;
	old->engine_id = xstrdup("me");
	config_reloaded(old, fresh);
	assert_true(fresh->debug);
	assert_false(fresh->init);
	assert_string_equal(fresh->labels[0], "x=y");
	assert_string_equal(fresh->hosts[0], "unix:///var/run/docker.sock");
	assert_string_equal(fresh->engine_id, "me");
}

static void addresses(void **state)
{
	static const struct {
		const char *text, *host, *port;
	} good[] = {
		{"tcp://1.2.3.4:5", "1.2.3.4", "5"},
		{"tcp://", "localhost", "2375"},
		{"tcp://:7", "localhost", "7"},
		{"tcp://[::1]:9", "::1", "9"},
		{"h:1", "h", "1"},
		{"tcp://x", "x", "2375"},
		{"tcp://[::]", "::", "2375"},
	};
	static const char *const bad[] = {"http://x",    "",           "tcp://::1", "tcp://x:99999", "tcp://x:y",
					  "tcp://a/b:1", "tcp://[::1", "npipe://x"};
	struct host_address a;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(host_address_parse(good[i].text, false, &a, NULL), 0);
		assert_int_equal(a.kind, HOST_TCP);
		assert_string_equal(a.host, good[i].host);
		assert_string_equal(a.port, good[i].port);
		host_address_done(&a);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (host_address_parse(bad[i], false, &a, NULL) == 0)
			fail_msg("%s was taken", bad[i]);
	assert_int_equal(host_address_parse("unix:///a b", true, &a, NULL), 0);
	assert_string_equal(a.path, "/a b");
	host_address_done(&a);
	assert_int_equal(host_address_parse("tcp://x", true, &a, NULL), 0);
	assert_string_equal(a.port, "2376");
	host_address_done(&a);
	assert_true(host_is_loopback("127.9.9.9"));
	assert_true(host_is_loopback("::1"));
	assert_false(host_is_loopback("127.0.0.1.example"));
	assert_false(host_is_loopback("0.0.0.0"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flags_by_pflag), cmocka_unit_test(defaults),
		cmocka_unit_test(file),           cmocka_unit_test(refusals),
		cmocka_unit_test(actions),        cmocka_unit_test(reload_takes_only_what_may_change),
		cmocka_unit_test(addresses),
	};

	return RUN_TESTS(tests);
}
