/* SPDX-License-Identifier: Apache-2.0 */
/* The parsed form of a template and the values it computes with; only for the files of this folder. */
#pragma once

#include "format/template/template.h"

enum token_type {
	TOK_TEXT,
	TOK_OPEN,  /* {{ */
	TOK_CLOSE, /* }} */
	TOK_FIELD, /* .Name */
	TOK_DOT,
	TOK_VAR,   /* $name */
	TOK_IDENT, /* function or keyword */
	TOK_STR,
	TOK_CHAR,
	TOK_NUM,
	TOK_PIPE,
	TOK_DECLARE, /* := */
	TOK_ASSIGN,  /* = */
	TOK_COMMA,
	TOK_LPAREN,
	TOK_RPAREN,
	TOK_SPACE,
	TOK_EOF,
};

struct token {
	enum token_type type;
	size_t pos, len; /* in the source; text tokens after trimming */
	char *str;       /* TOK_STR: the value */
	size_t str_len;
};

struct tokens {
	struct token *v;
	size_t n;
};

int template_lex(const char *src, struct tokens *ret, struct err *e);
void template_tokens_done(struct tokens *t);

enum node_type {
	NODE_TEXT,
	NODE_ACTION,
	NODE_IF,
	NODE_WITH,
	NODE_RANGE,
	NODE_BREAK,
	NODE_CONTINUE,
	/* operands */
	NODE_FIELD, /* names below dot */
	NODE_VAR,   /* variable, then names */
	NODE_CHAIN, /* (pipeline).names */
	NODE_DOT,
	NODE_NIL,
	NODE_CONST,
	NODE_FUNC,
	NODE_PIPE,
};

struct node_list {
	struct node **v;
	size_t n;
};

struct pipe_cmd {
	struct node_list args;
};

struct pipeline {
	char **vars; /* declared or assigned, at most two */
	bool assign;
	struct pipe_cmd *cmds;
	size_t n;
};

struct node {
	enum node_type type;
	size_t pos;         /* column shown in errors */
	size_t start, len;  /* source text of an operand, for errors */
	char *text;         /* NODE_TEXT, NODE_VAR and NODE_FUNC: name */
	char **names;       /* NODE_FIELD, NODE_VAR, NODE_CHAIN */
	json_object *value; /* NODE_CONST */
	struct pipeline *pipe;
	struct node_list body, otherwise;
};

struct template
{
	char *source;
	struct node_list root;
};

void template_node_free(struct node *n);

/* A computed value: nil is obj == NULL; `field` remembers which member a nil came from, for printing. */
struct value {
	json_object *obj; /* owned reference */
	const char *field;
};

/* A function: takes n values, gives a new reference. -1 with e (text without position). */
struct template_func {
	const char *name;
	int min, max; /* arguments; max -1: any */
	int (*call)(json_object *const *args, size_t n, json_object **ret, struct err *e);
};
const struct template_func *template_func_find(const char *name);
bool template_truth(json_object *o);
/* Go's "print": blanks between operands when neither is a string. */
void template_sprint(struct strbuf *out, json_object *const *args, size_t n, bool line);
int template_sprintf(struct strbuf *out, const char *format, json_object *const *args, size_t n);
