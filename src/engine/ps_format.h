/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `docker top` prints, without running ps: which columns ps_args asks for, and a row for one process from the text
 * of its /proc files. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

#define PS_COLUMNS_MAX 32

struct ps_column {
	const struct ps_column_kind *kind;
	char *title; /* "UID", or what -o col=TITLE says; owned */
};

struct ps_format {
	struct ps_column columns[PS_COLUMNS_MAX];
	size_t n;
};
void ps_format_done(struct ps_format *f);

/* "-ef" (also for NULL and ""), "aux", "-o pid,comm", "-eo pid=P" and the like. ERR_INVALID for what is not understood,
 * and when no column is the pid, as Docker has it. */
int ps_format_parse(const char *args, struct ps_format *ret, struct err *e);

/* One process. Texts are owned by the caller. */
struct ps_process {
	pid_t pid;
	const char *stat;    /* /proc/<pid>/stat */
	const char *status;  /* /proc/<pid>/status */
	const char *cmdline; /* /proc/<pid>/cmdline, NULs turned into blanks */
	const char *wchan;
	const char *passwd, *group; /* the host's files */
};
struct ps_system {
	int64_t now_ns;  /* real time */
	int64_t boot_ns; /* real time of the boot */
	int64_t ticks;   /* per second */
	int64_t page;    /* bytes */
	int64_t memory;  /* bytes */
};
/* The row as a vector of f->n strings; NULL when the process' files make no sense (it has gone). */
char **ps_row(const struct ps_format *f, const struct ps_process *p, const struct ps_system *sys);
