/* SPDX-License-Identifier: Apache-2.0 */
/* Template text to tokens: literal text with trim markers applied, and the words inside {{ }}. */
#include <ctype.h>
#include <string.h>

#include "base/mem.h"
#include "format/template/template_priv.h"

struct lexer {
	const char *src;
	size_t pos, len;
	struct tokens *out;
};

void template_tokens_done(struct tokens *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->v[i].str);
	free(t->v);
	*t = (struct tokens){.n = 0};
}

static struct token *push(struct lexer *l, enum token_type type, size_t pos, size_t len)
{
	struct tokens *t = l->out;

	if ((t->n & (t->n + 1)) == 0)
		t->v = xreallocarray(t->v, t->n * 2 + 1, sizeof(*t->v));
	t->v[t->n] = (struct token){.type = type, .pos = pos, .len = len};
	return &t->v[t->n++];
}

static int fail(const struct lexer *l, size_t pos, const char *what, struct err *e)
{
	int line = 1;

	for (size_t i = 0; i < pos && i < l->len; i++)
		line += l->src[i] == '\n';
	return err_set(e, ERR_INVALID, "template: :%d: %s", line, what);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

static void add_utf8(struct strbuf *sb, unsigned c)
{
	if (c < 0x80) {
		strbuf_add_char(sb, (char)c);
	} else if (c < 0x800) {
		strbuf_add_char(sb, (char)(0xc0 | c >> 6));
		strbuf_add_char(sb, (char)(0x80 | (c & 0x3f)));
	} else if (c < 0x10000) {
		strbuf_add_char(sb, (char)(0xe0 | c >> 12));
		strbuf_add_char(sb, (char)(0x80 | (c >> 6 & 0x3f)));
		strbuf_add_char(sb, (char)(0x80 | (c & 0x3f)));
	} else {
		strbuf_add_char(sb, (char)(0xf0 | c >> 18));
		strbuf_add_char(sb, (char)(0x80 | (c >> 12 & 0x3f)));
		strbuf_add_char(sb, (char)(0x80 | (c >> 6 & 0x3f)));
		strbuf_add_char(sb, (char)(0x80 | (c & 0x3f)));
	}
}

/* One escape behind a backslash at *p; moves *p behind it. False when it is none of Go's. */
static bool unescape(const char **p, const char *end, struct strbuf *out)
{
	static const char from[] = "abfnrtv\\'\"", to[] = "\a\b\f\n\r\t\v\\'\"";
	const char *s = *p, *at;
	unsigned v = 0, digits = 0, base = 16;

	if (s >= end)
		return false;
	at = memchr(from, *s, sizeof(from) - 1);
	if (at) {
		strbuf_add_char(out, to[at - from]);
		*p = s + 1;
		return true;
	}
	if (*s >= '0' && *s <= '7') {
		digits = 3;
		base = 8;
	} else {
		digits = *s == 'x' ? 2 : *s == 'u' ? 4 : *s == 'U' ? 8 : 0;
		s++;
	}
	if (!digits || (size_t)(end - s) < digits)
		return false;
	for (unsigned i = 0; i < digits; i++, s++) {
		unsigned d = isdigit((unsigned char)*s)    ? (unsigned)(*s - '0')
			     : isxdigit((unsigned char)*s) ? (unsigned)((*s | 32) - 'a' + 10)
							   : 99;

		if (d >= base)
			return false;
		v = v * base + d;
	}
	if (v > 0x10ffff)
		return false;
	if (digits <= 3)
		strbuf_add_char(out, (char)v);
	else
		add_utf8(out, v);
	*p = s;
	return true;
}

static int lex_quote(struct lexer *l, struct err *e)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	char quote = l->src[l->pos];
	size_t start = l->pos;
	const char *p = l->src + l->pos + 1, *end = l->src + l->len;
	struct token *t;

	for (; p < end && *p != quote;) {
		if (*p == '\n' && quote != '`')
			break;
		if (*p == '\\' && quote != '`') {
			p++;
			if (!unescape(&p, end, &sb))
				return fail(l, start, "invalid syntax", e);
			continue;
		}
		strbuf_add_char(&sb, *p++);
	}
	if (p >= end || *p != quote)
		return fail(l, start,
			    quote == '`'   ? "unterminated raw quoted string"
			    : quote == '"' ? "unterminated quoted string"
					   : "unterminated character constant",
			    e);
	l->pos = (size_t)(p + 1 - l->src);
	t = push(l, quote == '\'' ? TOK_CHAR : TOK_STR, start, l->pos - start);
	t->str_len = sb.len;
	t->str = strbuf_steal(&sb);
	return 0;
}

static int lex_number(struct lexer *l)
{
	size_t start = l->pos;

	if (l->src[l->pos] == '-' || l->src[l->pos] == '+')
		l->pos++;
	while (l->pos < l->len &&
	       (is_word(l->src[l->pos]) || l->src[l->pos] == '.' ||
		((l->src[l->pos] == '-' || l->src[l->pos] == '+') && (l->src[l->pos - 1] | 32) == 'e')))
		l->pos++;
	push(l, TOK_NUM, start, l->pos - start);
	return 0;
}

static size_t word_end(const struct lexer *l, size_t i)
{
	while (i < l->len && is_word(l->src[i]))
		i++;
	return i;
}

/* One token inside an action; *done when "}}" was met. */
static int lex_inside(struct lexer *l, bool *done, struct err *e)
{
	const char *s = l->src + l->pos;
	size_t start = l->pos, left = l->len - l->pos;
	static const struct {
		char c;
		enum token_type type;
	} singles[] = {{'|', TOK_PIPE}, {'=', TOK_ASSIGN}, {',', TOK_COMMA}, {'(', TOK_LPAREN}, {')', TOK_RPAREN}};

	if (left >= 2 && s[0] == '}' && s[1] == '}') {
		push(l, TOK_CLOSE, start, 2);
		l->pos += 2;
		*done = true;
		return 0;
	}
	if (is_blank(*s)) {
		while (l->pos < l->len && is_blank(l->src[l->pos]))
			l->pos++;
		if (l->len - l->pos >= 3 && strncmp(l->src + l->pos, "-}}", 3) == 0) {
			push(l, TOK_CLOSE, l->pos, 3);
			l->pos += 3;
			while (l->pos < l->len && is_blank(l->src[l->pos]))
				l->pos++;
			*done = true;
			return 0;
		}
		push(l, TOK_SPACE, start, l->pos - start);
		return 0;
	}
	if (*s == '"' || *s == '`' || *s == '\'')
		return lex_quote(l, e);
	if (left >= 2 && s[0] == ':' && s[1] == '=') {
		push(l, TOK_DECLARE, start, 2);
		l->pos += 2;
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(singles); i++) {
		if (*s == singles[i].c) {
			push(l, singles[i].type, start, 1);
			l->pos++;
			return 0;
		}
	}
	if (isdigit((unsigned char)*s) ||
	    ((*s == '-' || *s == '+' || *s == '.') && left > 1 && isdigit((unsigned char)s[1])))
		return lex_number(l);
	if (*s == '.' || *s == '$') {
		l->pos = word_end(l, start + 1);
		push(l, *s == '$' ? TOK_VAR : l->pos == start + 1 ? TOK_DOT : TOK_FIELD, start, l->pos - start);
		return 0;
	}
	if (is_word(*s)) {
		l->pos = word_end(l, start);
		push(l, TOK_IDENT, start, l->pos - start);
		return 0;
	}
	return err_set(e, ERR_INVALID, "template: :1: unexpected \"%c\" in command", *s);
}

/* A comment {{/ * ... * /}} at pos of "{{" (behind an optional "- "): skips it. 1 when there was one. */
static int lex_comment(struct lexer *l, size_t body, struct err *e)
{
	const char *end;
	size_t after;

	if (strncmp(l->src + body, "/*", 2) != 0)
		return 0;
	end = strstr(l->src + body + 2, "*/");
	if (!end)
		return fail(l, body, "unclosed comment", e);
	after = (size_t)(end + 2 - l->src);
	if (strncmp(l->src + after, "}}", 2) == 0) {
		l->pos = after + 2;
	} else if (strncmp(l->src + after, " -}}", 4) == 0) {
		l->pos = after + 4;
		while (l->pos < l->len && is_blank(l->src[l->pos]))
			l->pos++;
	} else {
		return fail(l, body, "comment ends before closing delimiter", e);
	}
	return 1;
}

int template_lex(const char *src, struct tokens *ret, struct err *e)
{
	struct lexer l = {.src = src, .len = strlen(src), .out = ret};

	if (l.len > TEMPLATE_MAX_TEXT)
		return err_set(e, ERR_TOO_LARGE, "template: longer than %d bytes", TEMPLATE_MAX_TEXT);
	while (l.pos < l.len) {
		const char *open = strstr(src + l.pos, "{{");
		size_t start = l.pos, end = open ? (size_t)(open - src) : l.len, body = end + 2;
		bool done = false;
		int r;

		if (open && src[body] == '-' && is_blank(src[body + 1])) {
			body += 2;
			for (; end > start && is_blank(src[end - 1]); end--)
				;
		}
		if (end > start)
			push(&l, TOK_TEXT, start, end - start);
		if (!open)
			break;
		l.pos = body;
		r = lex_comment(&l, body, e);
		if (r < 0)
			return -1;
		if (r > 0)
			continue;
		push(&l, TOK_OPEN, (size_t)(open - src), 2);
		while (!done) {
			if (l.pos >= l.len)
				return fail(&l, l.pos, "unclosed action", e);
			if (lex_inside(&l, &done, e) < 0)
				return -1;
		}
	}
	push(&l, TOK_EOF, l.len, 0);
	return 0;
}
