/* SPDX-License-Identifier: Apache-2.0 */
/* config.json, process and resources documents, and what the runtime makes of mount options and device rules in them.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "format/oci/runtime_config.h"
#include "runtime/bpf_devices.h"
#include "runtime/mount_options.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e = ERR_INIT;
	struct oci_config c;
	struct oci_process p;
	struct oci_resources r;

	if (oci_config_parse((const char *)data, size, &c, &e) == 0) {
		for (size_t i = 0; i < c.n_mounts; i++) {
			struct mount_options o;
			mount_options_parse(c.mounts[i].type, c.mounts[i].options, &o);
			mount_options_done(&o);
		}
		struct device_rule *rules;
		ssize_t n = device_rules_resolve(c.linux_.resources, &rules, &e);
		if (n > 0) {
			struct bpf_insn *insns;
			device_program_build(rules, (size_t)n, &insns);
			free(insns);
			free(rules);
		}
		oci_config_done(&c);
	}
	if (oci_process_parse((const char *)data, size, &p, &e) == 0)
		oci_process_done(&p);
	if (oci_resources_parse((const char *)data, size, &r, &e) == 0)
		oci_resources_done(&r);
	return 0;
}
