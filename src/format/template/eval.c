/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a parsed template over a document. Errors name the place as Go's do. */
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "format/template/template_priv.h"

struct variable {
	const char *name; /* borrowed from the tree */
	struct value value;
};

enum flow { FLOW_ON, FLOW_BREAK, FLOW_CONTINUE };

struct exec {
	const struct template *t;
	const struct template_options *o;
	struct strbuf *out;
	struct variable *vars; /* innermost last */
	size_t n_vars;
	struct err *e;
	enum flow flow;
};

static void value_done(struct value *v)
{
	json_object_put(v->obj);
	v->obj = NULL;
}
#define _cleanup_value_ _cleanup_(value_done)

static int eval_pipe(struct exec *x, const struct pipeline *p, struct value dot, struct value *ret);
static int walk_list(struct exec *x, const struct node_list *l, struct value dot);

/* "template: :LINE:COL: executing "" at <source>: why" */
static int fail(struct exec *x, const struct node *n, enum err_kind kind, const char *why)
{
	int line = 1;
	size_t column = n->pos;

	for (size_t i = 0; i < n->pos && x->t->source[i]; i++) {
		if (x->t->source[i] == '\n') {
			line++;
			column = n->pos - i - 1;
		}
	}
	return err_set(x->e, kind, "template: :%d:%zu: executing \"\" at <%.*s%s>: %s", line, column,
		       (int)MIN(n->len, (size_t)20), x->t->source + n->start, n->len > 20 ? "..." : "", why);
}

static int failf(struct exec *x, const struct node *n, const char *fmt, ...) _printf_(3, 4);
static int failf(struct exec *x, const struct node *n, const char *fmt, ...)
{
	_cleanup_free_ char *why = NULL;
	va_list ap;

	va_start(ap, fmt);
	why = xvasprintf(fmt, ap);
	va_end(ap);
	return fail(x, n, ERR_INVALID, why);
}

static void var_push(struct exec *x, const char *name, struct value v)
{
	x->vars = xreallocarray(x->vars, x->n_vars + 1, sizeof(*x->vars));
	x->vars[x->n_vars++] =
		(struct variable){.name = name, .value = {.obj = json_object_get(v.obj), .field = v.field}};
}

static void var_pop(struct exec *x, size_t n)
{
	while (x->n_vars > n)
		value_done(&x->vars[--x->n_vars].value);
}

static struct variable *var_find(struct exec *x, const char *name)
{
	for (size_t i = x->n_vars; i > 0; i--)
		if (str_eq(x->vars[i - 1].name, name))
			return &x->vars[i - 1];
	return NULL;
}

static void var_set(struct exec *x, const char *name, struct value v)
{
	struct variable *var = var_find(x, name);
	json_object *old;

	if (!var)
		return;
	old = var->value.obj;
	var->value = (struct value){.obj = json_object_get(v.obj), .field = v.field};
	json_object_put(old);
}

/* Go's name of the type, for messages. */
static const char *type_name(json_object *o)
{
	switch (json_object_get_type(o)) {
	case json_type_null:
		return "<nil>";
	case json_type_boolean:
		return "bool";
	case json_type_double:
		return "float64";
	case json_type_int:
		return "int";
	case json_type_object:
		return "map[string]interface {}";
	case json_type_array:
		return "[]interface {}";
	case json_type_string:
		return "string";
	}
	return "unknown";
}

static bool find_member(struct exec *x, json_object *obj, const char *name, json_object **ret)
{
	if (json_object_object_get_ex(obj, name, ret))
		return true;
	if (x->o && x->o->fold_case) {
		json_object_object_foreach(obj, key, val)
		{
			if (strcasecmp(key, name) == 0) {
				*ret = val;
				return true;
			}
		}
	}
	return false;
}

/* obj.name, with arguments when it is a method. */
static int eval_field(struct exec *x, const struct node *n, struct value obj, const char *name,
		      json_object *const *args, size_t n_args, struct value *ret)
{
	json_object *member = NULL;
	int r;

	if (!obj.obj)
		return failf(x, n, "nil data; no entry for key \"%s\"", name);
	if (x->o && x->o->method) {
		struct err why = ERR_INIT;

		r = x->o->method(x->o->user, obj.obj, name, args, n_args, &member, &why);
		if (r < 0)
			return failf(x, n, "error calling %s: %s", name, why.msg);
		if (r > 0) {
			*ret = (struct value){.obj = member, .field = name};
			return 0;
		}
	}
	if (!json_object_is_type(obj.obj, json_type_object))
		return failf(x, n, "can't evaluate field %s in type %s", name, type_name(obj.obj));
	if (find_member(x, obj.obj, name, &member)) {
		if (n_args)
			return failf(x, n, "%s has arguments but cannot be invoked as function", name);
		*ret = (struct value){.obj = json_object_get(member), .field = name};
		return 0;
	}
	if (x->o && x->o->may_be_absent && x->o->may_be_absent(name)) {
		*ret = (struct value){.field = name};
		return 0;
	}
	if (x->o && x->o->type_name)
		return failf(x, n, "can't evaluate field %s in type %s", name, x->o->type_name);
	return failf(x, n, "map has no entry for key \"%s\"", name);
}

/* Follows names from `from` (consumed); arguments belong to the last one. */
static int eval_names(struct exec *x, const struct node *n, struct value from, json_object *const *args, size_t n_args,
		      struct value *ret)
{
	size_t count = strv_len(n->names);

	for (size_t i = 0; i < count; i++) {
		struct value v;
		bool last = i + 1 == count;

		if (eval_field(x, n, from, n->names[i], last ? args : NULL, last ? n_args : 0, &v) < 0) {
			value_done(&from);
			return -1;
		}
		value_done(&from);
		from = v;
	}
	*ret = from;
	return 0;
}

/* and, or, not evaluated as functions: and/or stop at the deciding argument. */
static int eval_logic(struct exec *x, const struct node *n, const struct pipe_cmd *cmd, struct value dot,
		      const struct value *final, bool is_and, struct value *ret);

static int eval_operand(struct exec *x, const struct node *n, struct value dot, struct value *ret);

static int call_func(struct exec *x, const struct node *n, json_object *const *args, size_t n_args, struct value *ret)
{
	const struct template_func *f = template_func_find(n->text);
	struct err why = ERR_INIT;
	json_object *o = NULL;

	if (n_args < (size_t)f->min || (f->max >= 0 && n_args > (size_t)f->max))
		return failf(x, n, "wrong number of args for %s: want %s%d got %zu", f->name,
			     f->max < 0 ? "at least " : "", f->min, n_args);
	if (f->call(args, n_args, &o, &why) < 0)
		return failf(x, n, "error calling %s: %s", f->name, why.msg);
	*ret = (struct value){.obj = o};
	return 0;
}

static int eval_with_args(struct exec *x, const struct node *n, struct value dot, json_object *const *args,
			  size_t n_args, struct value *ret)
{
	struct value from;

	switch (n->type) {
	case NODE_FUNC:
		return call_func(x, n, args, n_args, ret);
	case NODE_FIELD:
		from = (struct value){.obj = json_object_get(dot.obj), .field = dot.field};
		return eval_names(x, n, from, args, n_args, ret);
	case NODE_VAR:
		if (!n->names)
			break;
		from = var_find(x, n->text)->value;
		json_object_get(from.obj);
		return eval_names(x, n, from, args, n_args, ret);
	case NODE_CHAIN:
		if (eval_operand(x, n->body.v[0], dot, &from) < 0)
			return -1;
		return eval_names(x, n, from, args, n_args, ret);
	default:
		break;
	}
	if (n_args)
		return failf(x, n, "can't give argument to non-function %.*s", (int)n->len, x->t->source + n->start);
	switch (n->type) {
	case NODE_DOT:
		*ret = (struct value){.obj = json_object_get(dot.obj), .field = dot.field};
		return 0;
	case NODE_VAR:
		*ret = var_find(x, n->text)->value;
		json_object_get(ret->obj);
		return 0;
	case NODE_NIL:
		*ret = (struct value){.obj = NULL};
		return 0;
	case NODE_CONST:
		*ret = (struct value){.obj = json_object_get(n->value)};
		return 0;
	case NODE_PIPE:
		return eval_pipe(x, n->pipe, dot, ret);
	default:
		UNREACHABLE("operand type");
	}
}

static int eval_operand(struct exec *x, const struct node *n, struct value dot, struct value *ret)
{
	return eval_with_args(x, n, dot, NULL, 0, ret);
}

static int eval_logic(struct exec *x, const struct node *n, const struct pipe_cmd *cmd, struct value dot,
		      const struct value *final, bool is_and, struct value *ret)
{
	size_t n_args = cmd->args.n - 1 + (final != NULL);
	struct value v = {.obj = NULL};

	if (!n_args)
		return failf(x, n, "wrong number of args for %s: want at least 1 got 0", n->text);
	for (size_t i = 0; i < n_args; i++) {
		value_done(&v);
		if (i + 1 == cmd->args.n) { /* the value piped in comes last */
			v = *final;
			json_object_get(v.obj);
		} else if (eval_operand(x, cmd->args.v[i + 1], dot, &v) < 0) {
			return -1;
		}
		if (template_truth(v.obj) != is_and)
			break;
	}
	*ret = v;
	return 0;
}

static int eval_command(struct exec *x, const struct pipe_cmd *cmd, struct value dot, const struct value *final,
			struct value *ret)
{
	const struct node *first = cmd->args.v[0];
	json_object **args;
	size_t n = 0, room = cmd->args.n + 1;
	int r = 0;

	if (first->type == NODE_FUNC && (str_eq(first->text, "and") || str_eq(first->text, "or")))
		return eval_logic(x, first, cmd, dot, final, *first->text == 'a', ret);
	args = xnew_array(json_object *, room);
	for (size_t i = 1; i < cmd->args.n && r == 0; i++) {
		struct value v = {.obj = NULL};

		r = eval_operand(x, cmd->args.v[i], dot, &v);
		args[n++] = v.obj;
	}
	if (final)
		args[n++] = json_object_get(final->obj);
	if (r == 0)
		r = eval_with_args(x, first, dot, args, n, ret);
	for (size_t i = 0; i < n; i++)
		json_object_put(args[i]);
	free(args);
	return r;
}

static int eval_pipe(struct exec *x, const struct pipeline *p, struct value dot, struct value *ret)
{
	struct value v = {.obj = NULL};

	for (size_t i = 0; i < p->n; i++) {
		struct value out;

		if (eval_command(x, &p->cmds[i], dot, i ? &v : NULL, &out) < 0) {
			value_done(&v);
			return -1;
		}
		value_done(&v);
		v = out;
	}
	*ret = v;
	return 0;
}

/* Declares or assigns the variables of a pipeline. */
static void bind_vars(struct exec *x, const struct pipeline *p, struct value v)
{
	STRV_FOREACH (name, p->vars) {
		if (p->assign)
			var_set(x, *name, v);
		else
			var_push(x, *name, v);
	}
}

static void print_value(struct exec *x, struct value v)
{
	const char *text = NULL;

	if (!v.obj) {
		if (v.field && x->o && x->o->null_text)
			text = x->o->null_text(v.field);
		strbuf_add_str(x->out, text ? text : "<no value>");
		return;
	}
	template_print_value(x->out, v.obj);
}

static int range_step(struct exec *x, const struct node *n, json_object *key, struct value element)
{
	size_t mark = x->n_vars, n_decl = strv_len(n->pipe->vars);
	int r;

	if (n_decl && n->pipe->assign) {
		var_set(x, n->pipe->vars[n_decl - 1], element);
		if (n_decl == 2)
			var_set(x, n->pipe->vars[0], (struct value){.obj = key});
	} else {
		if (n_decl == 2)
			var_push(x, n->pipe->vars[0], (struct value){.obj = key});
		if (n_decl)
			var_push(x, n->pipe->vars[n_decl - 1], element);
	}
	r = walk_list(x, &n->body, element);
	var_pop(x, mark);
	if (x->flow == FLOW_CONTINUE)
		x->flow = FLOW_ON;
	return r;
}

static char **sorted_keys(json_object *o)
{
	char **keys = strv_new();

	json_object_object_foreach(o, key, val)
	{
		(void)val;
		strv_add(&keys, key);
	}
	strv_sort(keys);
	return keys;
}

static int walk_range(struct exec *x, const struct node *n, struct value v, struct value dot)
{
	size_t count = 0;
	int r = 0;

	if (json_object_is_type(v.obj, json_type_array)) {
		count = json_object_array_length(v.obj);
		for (size_t i = 0; i < count && r == 0 && x->flow == FLOW_ON; i++) {
			json_object *key = json_object_new_int64((int64_t)i);

			r = range_step(x, n, key, (struct value){.obj = json_object_array_get_idx(v.obj, i)});
			json_object_put(key);
		}
	} else if (json_object_is_type(v.obj, json_type_object)) {
		_cleanup_strv_ char **keys = sorted_keys(v.obj);

		count = strv_len(keys);
		for (size_t i = 0; i < count && r == 0 && x->flow == FLOW_ON; i++) {
			json_object *key = json_object_new_string(keys[i]), *member = NULL;

			json_object_object_get_ex(v.obj, keys[i], &member);
			r = range_step(x, n, key, (struct value){.obj = member, .field = NULL});
			json_object_put(key);
		}
	} else if (json_object_is_type(v.obj, json_type_int)) {
		int64_t total = json_object_get_int64(v.obj);

		for (int64_t i = 0; i < total && r == 0 && x->flow == FLOW_ON && !x->out->overflow; i++) {
			json_object *key = json_object_new_int64(i);

			r = range_step(x, n, key, (struct value){.obj = key});
			json_object_put(key);
			count = 1;
			if (i > 1000000)
				return failf(x, n, "range is too long");
		}
	} else if (v.obj) {
		_cleanup_strbuf_ struct strbuf s = STRBUF_INIT_MAX(200);

		template_print_value(&s, v.obj);
		return failf(x, n, "range can't iterate over %s", s.data);
	}
	if (x->flow == FLOW_BREAK)
		x->flow = FLOW_ON;
	if (r < 0 || count)
		return r;
	return walk_list(x, &n->otherwise, dot);
}

static int walk_control(struct exec *x, const struct node *n, struct value dot)
{
	size_t mark = x->n_vars;
	_cleanup_value_ struct value v = {.obj = NULL};
	int r;

	if (eval_pipe(x, n->pipe, dot, &v) < 0)
		return -1;
	if (n->type == NODE_RANGE) {
		r = walk_range(x, n, v, dot);
	} else {
		bind_vars(x, n->pipe, v);
		if (template_truth(v.obj))
			r = walk_list(x, &n->body, n->type == NODE_WITH ? v : dot);
		else
			r = walk_list(x, &n->otherwise, dot);
	}
	var_pop(x, mark);
	return r;
}

static int walk_list(struct exec *x, const struct node_list *l, struct value dot)
{
	size_t mark = x->n_vars;
	int r = 0;

	for (size_t i = 0; i < l->n && r == 0 && x->flow == FLOW_ON; i++) {
		const struct node *n = l->v[i];
		struct value v = {.obj = NULL};

		switch (n->type) {
		case NODE_TEXT:
			strbuf_add_str(x->out, n->text);
			break;
		case NODE_ACTION:
			r = eval_pipe(x, n->pipe, dot, &v);
			if (r == 0 && n->pipe->vars)
				bind_vars(x, n->pipe, v);
			else if (r == 0)
				print_value(x, v);
			value_done(&v);
			break;
		case NODE_BREAK:
			x->flow = FLOW_BREAK;
			break;
		case NODE_CONTINUE:
			x->flow = FLOW_CONTINUE;
			break;
		default:
			r = walk_control(x, n, dot);
		}
		if (x->out->overflow)
			r = err_set(x->e, ERR_TOO_LARGE, "template: the output is too large");
	}
	/* variables declared by actions of this list end with it; at the top they end with the run */
	var_pop(x, mark);
	return r;
}

int template_execute(const struct template *t, json_object *data, const struct template_options *o, struct strbuf *out,
		     struct err *e)
{
	struct exec x = {.t = t, .o = o, .out = out, .e = e};
	struct value dot = {.obj = data};
	int r;

	var_push(&x, "$", dot);
	r = walk_list(&x, &t->root, dot);
	var_pop(&x, 0);
	free(x.vars);
	return r;
}
