/* SPDX-License-Identifier: Apache-2.0 */
/* The elastic tabs behind every listing. No I/O. */
#include "cli/table.h"

#include <string.h>

#include "base/mem.h"
#include "cli/human.h"

struct cell {
	const char *text;
	size_t len;
	size_t width; /* of its column once known */
};

struct line {
	struct cell *cells; /* the last one ends with the line */
	size_t n;
};

static void split_line(struct line *l, const char *s, size_t n)
{
	const char *end = s + n;

	for (;;) {
		const char *tab = memchr(s, '\t', (size_t)(end - s)), *stop = tab ? tab : end;

		l->cells = xreallocarray(l->cells, l->n + 1, sizeof(*l->cells));
		l->cells[l->n++] = (struct cell){.text = s, .len = (size_t)(stop - s)};
		if (!tab)
			return;
		s = tab + 1;
	}
}

/* Sets the widths of column `column` for the runs of lines in [from, to) that have it, then of the columns right of it.
 */
static void measure(struct line *lines, size_t from, size_t to, size_t column, struct table_layout layout)
{
	for (size_t i = from; i < to;) {
		size_t start = i, width = layout.min_width;

		if (column + 1 >= lines[i].n) {
			i++;
			continue;
		}
		for (; i < to && column + 1 < lines[i].n; i++) {
			const struct cell *c = &lines[i].cells[column];

			width = MAX(width, human_width(c->text, c->len) + layout.padding);
		}
		for (size_t k = start; k < i; k++)
			lines[k].cells[column].width = width;
		measure(lines, start, i, column + 1, layout);
	}
}

void table_align(struct strbuf *out, const char *text, size_t n, struct table_layout layout)
{
	struct line *lines = NULL;
	size_t n_lines = 0;
	const char *end = text + n;

	while (text < end) {
		const char *nl = memchr(text, '\n', (size_t)(end - text)), *stop = nl ? nl : end;

		if ((n_lines & (n_lines + 1)) == 0)
			lines = xreallocarray(lines, n_lines * 2 + 1, sizeof(*lines));
		lines[n_lines] = (struct line){.n = 0};
		split_line(&lines[n_lines++], text, (size_t)(stop - text));
		text = nl ? nl + 1 : end;
	}
	measure(lines, 0, n_lines, 0, layout);
	for (size_t i = 0; i < n_lines; i++) {
		for (size_t k = 0; k < lines[i].n; k++) {
			const struct cell *c = &lines[i].cells[k];
			size_t width = human_width(c->text, c->len);

			strbuf_add(out, c->text, c->len);
			for (; k + 1 < lines[i].n && width < c->width; width++)
				strbuf_add_char(out, ' ');
		}
		strbuf_add_char(out, '\n');
		free(lines[i].cells);
	}
	free(lines);
}
