/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Columns of text as Go's text/tabwriter lays them out: a cell is what a tab ends, a column is a run of lines that have
 * a cell there, its width is the widest cell plus padding. Text behind the last tab of a line belongs to no column.
 */
#pragma once

#include <stddef.h>

#include "base/strbuf.h"

struct table_layout {
	size_t min_width, padding;
};
#define TABLE_LAYOUT_DOCKER ((struct table_layout){.min_width = 10, .padding = 3})

/* Lines of tab-separated cells in, aligned lines out. */
void table_align(struct strbuf *out, const char *text, size_t n, struct table_layout layout);
