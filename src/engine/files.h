/* SPDX-License-Identifier: Apache-2.0 */
/* The three files of /etc that the engine gives a container: hostname, hosts, resolv.conf. Texts are pure. */
#pragma once

#include "base/err.h"
#include "base/strbuf.h"
#include "engine/container.h"

void hosts_text(const struct container_record *rec, const char *host_hosts, struct strbuf *ret);
/* host: text of the host's own resolv.conf, or "". */
void resolv_text(const struct host_config *h, const char *host, struct strbuf *ret);
/* Writes those that are missing into dirfd, <data_root>/containers/<id>. */
int files_write(int dirfd, const struct container_record *rec, struct err *e);
