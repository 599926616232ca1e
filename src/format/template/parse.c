/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens to the tree of a template. Recursion is bounded by TEMPLATE_MAX_DEPTH. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/strutil.h"
#include "base/strv.h"
#include "format/template/template_priv.h"

struct parser {
	const char *src;
	struct tokens tokens;
	size_t at;
	int depth, loops;
	char **vars; /* declared so far, innermost last */
};

DEFINE_CLEANUP(struct node, template_node_free)

static void list_done(struct node_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		template_node_free(l->v[i]);
	free(l->v);
	*l = (struct node_list){.n = 0};
}

static void pipeline_free(struct pipeline *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n; i++)
		list_done(&p->cmds[i].args);
	free(p->cmds);
	strv_free(p->vars);
	free(p);
}
DEFINE_CLEANUP(struct pipeline, pipeline_free)

void template_node_free(struct node *n)
{
	if (!n)
		return;
	free(n->text);
	strv_free(n->names);
	json_object_put(n->value);
	pipeline_free(n->pipe);
	list_done(&n->body);
	list_done(&n->otherwise);
	free(n);
}

static void list_push(struct node_list *l, struct node *n)
{
	if ((l->n & (l->n + 1)) == 0)
		l->v = xreallocarray(l->v, l->n * 2 + 1, sizeof(*l->v));
	l->v[l->n++] = n;
}

static struct node *node_new(enum node_type type, const struct token *t)
{
	struct node *n = xnew(struct node);

	n->type = type;
	n->pos = n->start = t->pos;
	n->len = t->len;
	return n;
}

static const struct token *peek(const struct parser *p)
{
	return &p->tokens.v[p->at];
}

static const struct token *next(struct parser *p)
{
	const struct token *t = &p->tokens.v[p->at];

	if (t->type != TOK_EOF)
		p->at++;
	return t;
}

static void skip_space(struct parser *p)
{
	while (peek(p)->type == TOK_SPACE)
		p->at++;
}

static bool token_is(const struct parser *p, const struct token *t, const char *word)
{
	return t->type == TOK_IDENT && strlen(word) == t->len && strncmp(p->src + t->pos, word, t->len) == 0;
}

static int line_of(const struct parser *p, size_t pos)
{
	int line = 1;

	for (size_t i = 0; i < pos; i++)
		line += p->src[i] == '\n';
	return line;
}

static int unexpected(const struct parser *p, const struct token *t, const char *where, struct err *e)
{
	if (t->type == TOK_EOF)
		return err_set(e, ERR_INVALID, "template: :%d: unexpected EOF", line_of(p, t->pos));
	return err_set(e, ERR_INVALID, "template: :%d: unexpected \"%.*s\" in %s", line_of(p, t->pos), (int)t->len,
		       p->src + t->pos, where);
}

static int parse_pipeline(struct parser *p, enum token_type end, const char *where, struct pipeline **ret,
			  struct err *e);

static int parse_number(const struct parser *p, const struct token *t, struct node *n, struct err *e)
{
	_cleanup_free_ char *s = xstrndup(p->src + t->pos, t->len);
	char *end;
	long long v;
	double d;

	if (t->type == TOK_CHAR) {
		if (t->str_len != 1)
			return err_set(e, ERR_INVALID, "template: :1: malformed character constant: %s", s);
		n->value = json_object_new_int64((unsigned char)t->str[0]);
		return 0;
	}
	errno = 0;
	v = strtoll(s, &end, 0);
	if (!*end && !errno) {
		n->value = json_object_new_int64(v);
		return 0;
	}
	d = strtod(s, &end);
	if (*end || !isfinite(d))
		return err_set(e, ERR_INVALID, "template: :%d: bad number syntax: \"%s\"", line_of(p, t->pos), s);
	n->value = json_object_new_double(d);
	return 0;
}

static int parse_ident(struct parser *p, const struct token *t, struct node *n, struct err *e)
{
	if (token_is(p, t, "nil")) {
		n->type = NODE_NIL;
	} else if (token_is(p, t, "true") || token_is(p, t, "false")) {
		n->type = NODE_CONST;
		n->value = json_object_new_boolean(t->len == 4);
	} else {
		n->type = NODE_FUNC;
		n->text = xstrndup(p->src + t->pos, t->len);
		if (!template_func_find(n->text))
			return err_set(e, ERR_INVALID, "template: :%d: function \"%s\" not defined", line_of(p, t->pos),
				       n->text);
	}
	return 0;
}

static int parse_var(struct parser *p, const struct token *t, struct node *n, struct err *e)
{
	n->type = NODE_VAR;
	n->text = xstrndup(p->src + t->pos, t->len);
	if (t->len > 1 && !strv_contains(p->vars, n->text))
		return err_set(e, ERR_INVALID, "template: :%d: undefined variable \"%s\"", line_of(p, t->pos), n->text);
	return 0;
}

/* An operand: a term and the fields behind it. *ret is NULL when the next token starts none. */
static int parse_operand(struct parser *p, struct node **ret, struct err *e)
{
	const struct token *t = peek(p);
	_cleanup_(template_node_free_p) struct node *n = node_new(NODE_DOT, t);
	bool first = true;

	*ret = NULL;
	switch (t->type) {
	case TOK_DOT:
		break;
	case TOK_FIELD:
		n->type = NODE_FIELD;
		strv_push(&n->names, xstrndup(p->src + t->pos + 1, t->len - 1));
		break;
	case TOK_VAR:
		if (parse_var(p, t, n, e) < 0)
			return -1;
		break;
	case TOK_NUM:
	case TOK_CHAR:
		n->type = NODE_CONST;
		if (parse_number(p, t, n, e) < 0)
			return -1;
		break;
	case TOK_STR:
		n->type = NODE_CONST;
		n->value = json_object_new_string_len(t->str, (int)t->str_len);
		break;
	case TOK_IDENT:
		if (parse_ident(p, t, n, e) < 0)
			return -1;
		break;
	case TOK_LPAREN:
		next(p);
		n->type = NODE_PIPE;
		if (parse_pipeline(p, TOK_RPAREN, "parenthesized pipeline", &n->pipe, e) < 0)
			return -1;
		p->at--; /* the ")" is taken below */
		break;
	default:
		return 0;
	}
	next(p);
	while (peek(p)->type == TOK_FIELD) {
		const struct token *f = next(p);

		if (n->type == NODE_CONST || n->type == NODE_NIL || n->type == NODE_DOT)
			return unexpected(p, f, "operand", e);
		if (n->type == NODE_PIPE || n->type == NODE_FUNC) {
			struct node *chain = node_new(NODE_CHAIN, f);

			list_push(&chain->body, TAKE_PTR(n));
			n = chain;
		}
		if (first) /* Go reports the position of the second field */
			n->pos = f->pos;
		first = false;
		strv_push(&n->names, xstrndup(p->src + f->pos + 1, f->len - 1));
	}
	n->len = p->tokens.v[p->at - 1].pos + p->tokens.v[p->at - 1].len - n->start;
	*ret = TAKE_PTR(n);
	return 0;
}

static int parse_command(struct parser *p, struct pipe_cmd *cmd, struct err *e)
{
	for (;;) {
		struct node *n;

		skip_space(p);
		if (parse_operand(p, &n, e) < 0)
			return -1;
		if (!n)
			return 0;
		list_push(&cmd->args, n);
		if (peek(p)->type != TOK_SPACE)
			return 0;
	}
}

/* "$i, $e :=" or "$x :=" or "$x =" in front of a pipeline. */
static int parse_decl(struct parser *p, struct pipeline *pipe, struct err *e)
{
	size_t start = p->at;

	skip_space(p);
	while (peek(p)->type == TOK_VAR && strv_len(pipe->vars) < 2) {
		const struct token *t = next(p);

		strv_push(&pipe->vars, xstrndup(p->src + t->pos, t->len));
		skip_space(p);
		if (peek(p)->type == TOK_COMMA) {
			next(p);
			skip_space(p);
			continue;
		}
		if (peek(p)->type == TOK_DECLARE || peek(p)->type == TOK_ASSIGN) {
			pipe->assign = next(p)->type == TOK_ASSIGN;
			STRV_FOREACH (v, pipe->vars) {
				if (pipe->assign && !strv_contains(p->vars, *v))
					return err_set(e, ERR_INVALID, "template: :1: undefined variable \"%s\"", *v);
			}
			return 0;
		}
		break;
	}
	strv_free(pipe->vars);
	pipe->vars = NULL;
	p->at = start;
	return 0;
}

static int parse_pipeline(struct parser *p, enum token_type end, const char *where, struct pipeline **ret,
			  struct err *e)
{
	_cleanup_(pipeline_free_p) struct pipeline *pipe = xnew(struct pipeline);

	if (++p->depth > TEMPLATE_MAX_DEPTH)
		return err_set(e, ERR_INVALID, "template: :1: nested too deeply");
	if (parse_decl(p, pipe, e) < 0)
		return -1;
	for (;;) {
		const struct token *t;

		pipe->cmds = xreallocarray(pipe->cmds, pipe->n + 1, sizeof(*pipe->cmds));
		pipe->cmds[pipe->n] = (struct pipe_cmd){.args.n = 0};
		if (parse_command(p, &pipe->cmds[pipe->n++], e) < 0)
			return -1;
		skip_space(p);
		t = peek(p);
		if (!pipe->cmds[pipe->n - 1].args.n && (t->type == end || t->type == TOK_PIPE))
			return err_set(e, ERR_INVALID, "template: :%d: missing value for %s", line_of(p, t->pos),
				       where);
		if (pipe->n > 1) {
			enum node_type first =
				pipe->cmds[pipe->n - 1].args.v ? pipe->cmds[pipe->n - 1].args.v[0]->type : NODE_DOT;

			if (first == NODE_CONST || first == NODE_NIL || first == NODE_DOT)
				return err_set(e, ERR_INVALID,
					       "template: :%d: non executable command in pipeline stage %zu",
					       line_of(p, t->pos), pipe->n);
		}
		if (t->type != end && t->type != TOK_PIPE)
			return unexpected(p, t, where, e);
		next(p);
		if (t->type == end)
			break;
	}
	if (pipe->vars && !pipe->assign)
		strv_extend(&p->vars, pipe->vars);
	p->depth--;
	*ret = TAKE_PTR(pipe);
	return 0;
}

static int parse_list(struct parser *p, struct node_list *out, struct node **ret_end, struct err *e);

static void vars_pop(struct parser *p, size_t n)
{
	for (size_t i = strv_len(p->vars); i > n; i--) {
		free(p->vars[i - 1]);
		p->vars[i - 1] = NULL;
	}
}

/* if, with, range: up to and including its {{end}}. */
static int parse_control(struct parser *p, enum node_type type, const char *word, const struct token *t,
			 struct node **ret, struct err *e)
{
	_cleanup_(template_node_free_p) struct node *n = node_new(type, t);
	_cleanup_(template_node_free_p) struct node *end = NULL;
	size_t n_vars = strv_len(p->vars);

	if (++p->depth > TEMPLATE_MAX_DEPTH)
		return err_set(e, ERR_INVALID, "template: :1: nested too deeply");
	if (parse_pipeline(p, TOK_CLOSE, word, &n->pipe, e) < 0)
		return -1;
	p->loops += type == NODE_RANGE;
	if (parse_list(p, &n->body, &end, e) < 0)
		return -1;
	p->loops -= type == NODE_RANGE;
	if (end && str_eq(end->text, "else")) {
		skip_space(p);
		t = peek(p);
		if (type != NODE_RANGE && (token_is(p, t, "if") || token_is(p, t, "with"))) {
			enum node_type inner = token_is(p, t, "if") ? NODE_IF : NODE_WITH;
			struct node *other;

			next(p);
			if (parse_control(p, inner, inner == NODE_IF ? "if" : "with", t, &other, e) < 0)
				return -1;
			list_push(&n->otherwise, other);
		} else {
			_cleanup_(template_node_free_p) struct node *end2 = NULL;

			if (next(p)->type != TOK_CLOSE)
				return unexpected(p, t, "else", e);
			if (parse_list(p, &n->otherwise, &end2, e) < 0)
				return -1;
			if (!end2 || !str_eq(end2->text, "end"))
				return err_set(e, ERR_INVALID, "template: :1: expected end; found {{else}}");
		}
	}
	vars_pop(p, n_vars);
	p->depth--;
	*ret = TAKE_PTR(n);
	return 0;
}

/* The action behind "{{": a control structure, an end marker (*ret_end) or a pipeline. */
static int parse_action(struct parser *p, struct node **ret, struct node **ret_end, struct err *e)
{
	static const struct {
		const char *word;
		enum node_type type;
	} controls[] = {{"if", NODE_IF}, {"with", NODE_WITH}, {"range", NODE_RANGE}};
	static const char *const absent[] = {"define", "template", "block"};
	const struct token *t;
	struct node *n;

	skip_space(p);
	t = peek(p);
	for (size_t i = 0; i < ARRAY_SIZE(controls); i++) {
		if (token_is(p, t, controls[i].word)) {
			next(p);
			return parse_control(p, controls[i].type, controls[i].word, t, ret, e);
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(absent); i++)
		if (token_is(p, t, absent[i]))
			return err_set(e, ERR_UNSUPPORTED, "template: :1: {{%s}} is not supported", absent[i]);
	if (token_is(p, t, "end") || token_is(p, t, "else")) {
		*ret_end = node_new(NODE_TEXT, t);
		(*ret_end)->text = xstrndup(p->src + t->pos, t->len);
		next(p);
		if (str_eq((*ret_end)->text, "else"))
			return 0;
		skip_space(p);
		t = next(p);
		return t->type == TOK_CLOSE ? 0 : unexpected(p, t, "end", e);
	}
	if (token_is(p, t, "break") || token_is(p, t, "continue")) {
		if (!p->loops)
			return err_set(e, ERR_INVALID, "template: :1: {{%.*s}} outside {{range}}", (int)t->len,
				       p->src + t->pos);
		*ret = node_new(t->len == 5 ? NODE_BREAK : NODE_CONTINUE, t);
		next(p);
		skip_space(p);
		t = next(p);
		return t->type == TOK_CLOSE ? 0 : unexpected(p, t, "break", e);
	}
	n = node_new(NODE_ACTION, t);
	*ret = n;
	return parse_pipeline(p, TOK_CLOSE, "command", &n->pipe, e);
}

/* Nodes up to EOF (*ret_end stays NULL) or an {{end}} or {{else}} (behind whose word it stops). */
static int parse_list(struct parser *p, struct node_list *out, struct node **ret_end, struct err *e)
{
	for (;;) {
		const struct token *t = next(p);
		struct node *n = NULL;

		if (t->type == TOK_EOF) {
			if (p->depth)
				return err_set(e, ERR_INVALID, "template: :%d: unexpected EOF", line_of(p, t->pos));
			return 0;
		}
		if (t->type == TOK_TEXT) {
			n = node_new(NODE_TEXT, t);
			n->text = xstrndup(p->src + t->pos, t->len);
			list_push(out, n);
			continue;
		}
		if (parse_action(p, &n, ret_end, e) < 0) {
			template_node_free(n);
			return -1;
		}
		if (*ret_end)
			return 0;
		list_push(out, n);
	}
}

int template_parse(const char *text, struct template **ret, struct err *e)
{
	struct parser p = {.src = text};
	_cleanup_(template_free_p) struct template *t = xnew(struct template);
	_cleanup_(template_node_free_p) struct node *end = NULL;
	int r;

	t->source = xstrdup(text);
	r = template_lex(text, &p.tokens, e);
	if (r == 0)
		r = parse_list(&p, &t->root, &end, e);
	if (r == 0 && end)
		r = err_set(e, ERR_INVALID, "template: :%d: unexpected {{%s}}", line_of(&p, end->pos), end->text);
	template_tokens_done(&p.tokens);
	strv_free(p.vars);
	if (r < 0)
		return -1;
	*ret = TAKE_PTR(t);
	return 0;
}

void template_free(struct template *t)
{
	if (!t)
		return;
	list_done(&t->root);
	free(t->source);
	free(t);
}
