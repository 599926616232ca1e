/* SPDX-License-Identifier: Apache-2.0 */
/* Archives that the engine sends, into a file or to stdout: save and export. */
#pragma once

#include "client/client.h"

/* output "" is stdout, which must be no terminal; a directory is refused. what: "save" for the message. */
int save_check_output(const char *output, const char *what, struct err *e);
int save_reply(struct reply *r, const char *output, struct err *e);
