/* SPDX-License-Identifier: Apache-2.0 */
/* Listings and documents through templates to stdout. */
#include "cli/format.h"

#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "cli/human.h"
#include "cli/table.h"
#include "format/template/template.h"

json_object *col_str(const char *s)
{
	return json_object_new_string(str_or_empty(s));
}

json_object *col_take(char *s)
{
	json_object *o = col_str(s);

	free(s);
	return o;
}

char *format_labels(json_object *labels)
{
	_cleanup_strv_ char **list = strv_new();

	if (json_object_is_type(labels, json_type_object)) {
		json_object_object_foreach(labels, key, value)
			strv_addf(&list, "%s=%s", key, str_or_empty(json_object_get_string(value)));
	}
	strv_sort(list);
	return strv_join(list, ",");
}

void format_json_indent(struct strbuf *out, json_object *o, int depth)
{
	bool first = true;

	if (json_object_is_type(o, json_type_object) && json_object_object_length(o)) {
		strbuf_add_char(out, '{');
		json_object_object_foreach(o, key, value)
		{
			json_object *name = json_object_new_string(key);

			strbuf_addf(out, "%s\n%*s", first ? "" : ",", (depth + 1) * 4, "");
			first = false;
			template_print_json(out, name, false, false);
			json_object_put(name);
			strbuf_add_str(out, ": ");
			format_json_indent(out, value, depth + 1);
		}
		strbuf_addf(out, "\n%*s}", depth * 4, "");
	} else if (json_object_is_type(o, json_type_array) && json_object_array_length(o)) {
		strbuf_add_char(out, '[');
		for (size_t i = 0; i < json_object_array_length(o); i++) {
			strbuf_addf(out, "%s\n%*s", i ? "," : "", (depth + 1) * 4, "");
			format_json_indent(out, json_object_array_get_idx(o, i), depth + 1);
		}
		strbuf_addf(out, "\n%*s]", depth * 4, "");
	} else {
		template_print_json(out, o, false, false);
	}
}

/* \t and \n as people type them in a shell. */
static char *unescape(const char *format)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

	for (const char *p = format; *p; p++) {
		if (p[0] == '\\' && (p[1] == 't' || p[1] == 'n'))
			strbuf_add_char(&sb, *++p == 't' ? '\t' : '\n');
		else
			strbuf_add_char(&sb, *p);
	}
	return strbuf_steal(&sb);
}

/* Strings of the tree with controls made visible, when stdout is a terminal (rule D26). Returns a reference. */
static json_object *for_terminal(json_object *o)
{
	if (json_object_is_type(o, json_type_string)) {
		_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

		human_escape(&sb, json_object_get_string(o), (size_t)json_object_get_string_len(o));
		return json_object_new_string_len(sb.data, (int)sb.len);
	}
	return json_object_get(o);
}

/* The column that follows `last` by name. */
static const struct column *next_column(const struct listing *l, const struct column *last)
{
	const struct column *best = NULL;

	for (const struct column *c = l->columns; c->name; c++)
		if ((!last || strcmp(c->name, last->name) > 0) && (!best || strcmp(c->name, best->name) < 0))
			best = c;
	return best;
}

static json_object *make_row(const struct row *row, bool terminal)
{
	json_object *o = json_object_new_object();

	/* in the order of the names, as Go prints maps */
	for (const struct column *c = next_column(row->list, NULL); c; c = next_column(row->list, c)) {
		json_object *v = c->get(row);

		json_object_object_add(o, c->name, terminal ? for_terminal(v) : json_object_get(v));
		json_object_put(v);
	}
	return o;
}

/* .Label "name" of a row. */
static int row_method(void *user, json_object *self, const char *name, json_object *const *args, size_t n,
		      json_object **ret, struct err *e)
{
	const struct row *row = user;
	json_object *labels;
	const char *value;

	(void)self;
	if (!str_eq(name, "Label"))
		return 0;
	if (n != 1 || !json_object_is_type(args[0], json_type_string))
		return err_set(e, ERR_INVALID, "Label needs one name");
	labels = json_member(row->raw, "Labels");
	value = json_member_str(labels, json_object_get_string(args[0]), "");
	*ret = json_object_new_string(value);
	return 1;
}

/* The heading of .Label "a.b-c" is "b c". */
static int heading_method(void *user, json_object *self, const char *name, json_object *const *args, size_t n,
			  json_object **ret, struct err *e)
{
	_cleanup_free_ char *s = NULL;
	const char *dot;

	(void)user;
	(void)self;
	if (!str_eq(name, "Label"))
		return 0;
	if (n != 1 || !json_object_is_type(args[0], json_type_string))
		return err_set(e, ERR_INVALID, "Label needs one name");
	dot = strrchr(json_object_get_string(args[0]), '.');
	s = xstrdup(dot ? dot + 1 : json_object_get_string(args[0]));
	for (char *p = s; *p; p++)
		if (*p == '-' || *p == '_')
			*p = ' ';
	*ret = json_object_new_string(s);
	return 1;
}

static int print_heading(const struct listing *l, const struct template *t, struct strbuf *out, struct err *e)
{
	struct template_options o = {.method = heading_method, .type_name = NULL};
	_cleanup_json_ json_object *headings = json_object_new_object();

	for (const struct column *c = l->columns; c->name; c++)
		json_object_object_add(
			headings, c->name,
			json_object_new_string(l->not_human && c->raw_heading ? c->raw_heading : c->heading));
	if (template_execute(t, headings, &o, out, e) < 0)
		return -1;
	strbuf_add_char(out, '\n');
	return 0;
}

static int print_rows(const struct listing *l, const struct template *t, json_object *raws, struct strbuf *out,
		      struct err *e)
{
	struct row row = {.list = l, .trunc = !l->no_trunc, .human = !l->not_human, .now_ns = clock_realtime_ns()};
	struct template_options o = {.method = row_method, .user = &row, .type_name = l->type_name};
	bool terminal = isatty(STDOUT_FILENO);

	for (size_t i = 0; raws && i < json_object_array_length(raws); i++) {
		_cleanup_json_ json_object *shown = NULL;

		row.raw = json_object_array_get_idx(raws, i);
		shown = make_row(&row, terminal);
		if (!t)
			template_print_json(out, shown, true, true);
		else if (template_execute(t, shown, &o, out, e) < 0)
			return -1;
		strbuf_add_char(out, '\n');
	}
	return 0;
}

int format_list(const struct listing *l, const char *format, json_object *raws)
{
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;
	_cleanup_(template_free_p) struct template *t = NULL;
	_cleanup_free_ char *text = NULL;
	const char *columns = str_after(format, "table");
	struct err e = ERR_INIT;
	struct table_layout layout = {.min_width = l->min_width ? l->min_width : 10,
				      .padding = l->padding ? l->padding : 3};
	bool table = !*format || (columns && (!*columns || *columns == ' ' || *columns == '\t'));

	if (str_eq(format, "json")) {
		print_rows(l, NULL, raws, &out, &e);
		fwrite(out.data, 1, out.len, stdout);
		return 0;
	}
	if (!table)
		text = unescape(format);
	else if (!columns || !columns[strspn(columns, " \t")])
		text = xstrdup(l->table);
	else
		text = unescape(columns + strspn(columns, " \t"));
	if (template_parse(text, &t, &e) < 0) {
		err_wrap(&e, "failed to parse template");
		return cli_fail(&e);
	}
	if ((table && print_heading(l, t, &out, &e) < 0) || print_rows(l, t, raws, &out, &e) < 0) {
		err_wrap(&e, "failed to execute template");
		return cli_fail(&e);
	}
	if (table) {
		_cleanup_strbuf_ struct strbuf aligned = STRBUF_INIT;

		table_align(&aligned, out.data, out.len, layout);
		fwrite(aligned.data, 1, aligned.len, stdout);
	} else {
		fwrite(out.data, 1, out.len, stdout);
	}
	return 0;
}

void format_quiet(json_object *raws, const char *member, bool trunc)
{
	for (size_t i = 0; raws && i < json_object_array_length(raws); i++) {
		const char *id = json_member_str(json_object_array_get_idx(raws, i), member, "");
		_cleanup_free_ char *shown = trunc ? human_short_id(id) : xstrdup(id);

		cli_print_line(shown);
	}
}

struct formatter {
	struct template *t; /* NULL: JSON */
};

struct formatter *formatter_new(const char *format, struct err *e)
{
	struct formatter *f = xnew(struct formatter);
	_cleanup_free_ char *text = unescape(format);

	if (!str_eq(format, "json") && template_parse(text, &f->t, e) < 0) {
		err_wrap(e, "template parsing error");
		free(f);
		return NULL;
	}
	return f;
}

void formatter_free(struct formatter *f)
{
	if (!f)
		return;
	template_free(f->t);
	free(f);
}

int formatter_print(struct formatter *f, json_object *doc, struct err *e)
{
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;
	struct template_options o = {.fold_case = true};

	if (!f->t)
		template_print_json(&out, doc, false, false);
	else if (template_execute(f->t, doc, &o, &out, e) < 0)
		return -1;
	strbuf_add_char(&out, '\n');
	cli_write(out.data, out.len);
	return 0;
}

int format_document(const char *format, json_object *doc)
{
	struct err e = ERR_INIT;
	struct formatter *f = formatter_new(format, &e);
	int code = 0;

	if (!f) {
		cli_fail(&e);
		return 64;
	}
	if (formatter_print(f, doc, &e) < 0) {
		cli_print("\n");
		code = cli_fail(&e);
	}
	formatter_free(f);
	return code;
}
