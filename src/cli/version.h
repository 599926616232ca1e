/* SPDX-License-Identifier: Apache-2.0 */
/* What we say of ourselves in version and info. */
#pragma once

#include "cli/cli.h"
#include "format/json/json.h"

const char *version_arch(void);
const char *version_context(const struct cli *cli);
json_object *version_client(const struct cli *cli, bool for_info);
