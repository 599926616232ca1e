/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Option parsing from tables of flag_spec. Errors are worded as docker words them, since scripts and people know them;
 * the caller adds the usage line. No I/O.
 */
#include "cli/flags.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "base/strutil.h"
#include "base/strv.h"

int flag_parse_bool(const char *s, bool *ret)
{
	static const char *const yes[] = {"1", "t", "T", "true", "TRUE", "True"};
	static const char *const no[] = {"0", "f", "F", "false", "FALSE", "False"};

	for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
		if (str_eq(s, yes[i])) {
			*ret = true;
			return 0;
		}
		if (str_eq(s, no[i])) {
			*ret = false;
			return 0;
		}
	}
	return -EINVAL;
}

const char *flag_word(const struct flag_spec *f)
{
	static const char *const words[] = {
		[FLAG_BOOL] = NULL,           [FLAG_STR] = "string",   [FLAG_LIST] = "list",
		[FLAG_STRINGS] = "strings",   [FLAG_INT] = "int",      [FLAG_UINT] = "uint",
		[FLAG_UINT16] = "uint16",     [FLAG_BYTES] = "bytes",  [FLAG_SWAP] = "bytes",
		[FLAG_DURATION] = "duration", [FLAG_CPUS] = "decimal",
	};

	return f->word ? f->word : words[f->type];
}

int csv_split(const char *s, char ***ret)
{
	_cleanup_strv_ char **out = strv_new();
	const char *p = s;

	for (;;) {
		_cleanup_strbuf_ struct strbuf field = STRBUF_INIT;

		if (*p == '"') {
			for (p++;; p++) {
				if (!*p)
					return -EINVAL;
				if (*p == '"') {
					if (p[1] != '"')
						break;
					p++;
				}
				strbuf_add_char(&field, *p);
			}
			p++;
			if (*p && *p != ',')
				return -EINVAL;
		} else {
			for (; *p && *p != ','; p++) {
				if (*p == '"')
					return -EINVAL;
				strbuf_add_char(&field, *p);
			}
		}
		strv_push(&out, strbuf_steal(&field));
		if (!*p)
			break;
		p++;
	}
	*ret = TAKE_PTR(out);
	return 0;
}

/* strconv.ParseInt(s, 0, 64): sign, 0x 0o 0b prefixes. Says why in Go's words. */
static bool parse_go_int(const char *s, bool is_signed, uint64_t max, int64_t *ret, struct strbuf *why)
{
	const char *fn = is_signed ? "ParseInt" : "ParseUint";
	const char *p = s, *digits = "0123456789abcdef";
	bool negative = false, any = false;
	unsigned base = 10;
	uint64_t v = 0;

	if (is_signed && (*p == '-' || *p == '+'))
		negative = *p++ == '-';
	if (p[0] == '0' && p[1]) {
		base = p[1] == 'x' || p[1] == 'X' ? 16 : p[1] == 'b' || p[1] == 'B' ? 2 : 8;
		p += base != 8 || p[1] == 'o' || p[1] == 'O' ? 2 : 1;
	}
	for (; *p; p++) {
		char c = *p >= 'A' && *p <= 'F' ? (char)(*p + 32) : *p;
		const char *d = strchr(digits, c);

		if (!d || (unsigned)(d - digits) >= base)
			goto bad;
		any = true;
		if (v > (UINT64_MAX - 15) / base || (v = v * base + (unsigned)(d - digits)) > max + negative) {
			strbuf_addf(why, "strconv.%s: parsing \"%s\": value out of range", fn, s);
			return false;
		}
	}
	if (any) {
		*ret = negative ? (int64_t)(0 - v) : (int64_t)v;
		return true;
	}
bad:
	strbuf_addf(why, "strconv.%s: parsing \"%s\": invalid syntax", fn, s);
	return false;
}

/* Number of CPUs: a decimal with up to nine places or a fraction ("1/2"), in billionths. */
static bool parse_cpus(const char *s, int64_t *ret, struct strbuf *why)
{
	const char *digits = s + (*s == '-' || *s == '+'), *slash = strchr(digits, '/'), *dot = strchr(digits, '.');
	_cleanup_free_ char *whole = xstrndup(digits, strcspn(digits, "./"));
	size_t places = dot ? strlen(dot + 1) : 0;
	uint64_t n = 0, d = 1, scaled;

	while (places && dot[places] == '0')
		places--;
	if ((slash && dot) || (*whole && parse_u64(whole, &n) < 0) || (!*whole && !places) ||
	    (slash && (parse_u64(slash + 1, &d) < 0 || !d)) || (dot && dot[1] && !str_is_digits(dot + 1)) ||
	    __builtin_mul_overflow(n, 1000000000ull, &scaled) || scaled > INT64_MAX) {
		strbuf_addf(why, "failed to parse %s as a rational number", s);
		return false;
	}
	if (places > 9 || scaled % d) {
		strbuf_add_str(why, "value is too precise");
		return false;
	}
	scaled /= d;
	for (uint64_t i = 0, unit = 100000000; i < places; i++, unit /= 10)
		scaled += (uint64_t)(dot[1 + i] - '0') * unit;
	*ret = *s == '-' ? -(int64_t)scaled : (int64_t)scaled;
	return true;
}

static bool parse_go_duration(const char *s, int64_t *ret, struct strbuf *why)
{
	static const char *const units[] = {"ns", "us", "\xc2\xb5s", "\xce\xbcs", "ms", "s", "m", "h"};

	if (parse_duration(s, ret) == 0)
		return true;
	for (const char *p = s + (*s == '-' || *s == '+'); *p;) {
		size_t num = strspn(p, "0123456789."), unit = strcspn(p + num, "0123456789.");
		bool known = false;

		if (!num)
			break;
		if (!unit) {
			strbuf_addf(why, "time: missing unit in duration \"%s\"", s);
			return false;
		}
		for (size_t i = 0; i < ARRAY_SIZE(units); i++)
			known |= strlen(units[i]) == unit && memcmp(units[i], p + num, unit) == 0;
		if (!known) {
			strbuf_addf(why, "time: unknown unit \"%.*s\" in duration \"%s\"", (int)unit, p + num, s);
			return false;
		}
		p += num + unit;
	}
	strbuf_addf(why, "time: invalid duration \"%s\"", s);
	return false;
}

static bool parse_size(const char *s, int64_t *ret, struct strbuf *why)
{
	const char *sep = NULL;

	if (parse_bytes(s, ret) == 0)
		return true;
	for (const char *p = s; *p; p++)
		if (strchr("0123456789. ", *p))
			sep = p;
	if (sep && sep[1] && *s != '-')
		strbuf_addf(why, "invalid suffix: '%s'", sep + 1);
	else
		strbuf_addf(why, "invalid size: '%s'", s);
	return false;
}

static bool convert(enum flag_type type, const char *s, int64_t *ret, struct strbuf *why)
{
	bool b;

	switch (type) {
	case FLAG_BOOL:
		if (flag_parse_bool(s, &b) < 0) {
			strbuf_addf(why, "strconv.ParseBool: parsing \"%s\": invalid syntax", s);
			return false;
		}
		*ret = b;
		return true;
	case FLAG_INT:
		return parse_go_int(s, true, INT64_MAX, ret, why);
	case FLAG_UINT:
		return parse_go_int(s, false, INT64_MAX, ret, why);
	case FLAG_UINT16:
		return parse_go_int(s, false, UINT16_MAX, ret, why);
	case FLAG_SWAP:
		if (str_eq(s, "-1")) {
			*ret = -1;
			return true;
		}
		return parse_size(s, ret, why);
	case FLAG_BYTES:
		return parse_size(s, ret, why);
	case FLAG_DURATION:
		return parse_go_duration(s, ret, why);
	case FLAG_CPUS:
		return parse_cpus(s, ret, why);
	case FLAG_STR:
	case FLAG_LIST:
	case FLAG_STRINGS:
		return true;
	}
	UNREACHABLE("flag type");
}

static int bad_value(const struct flag_spec *f, const char *value, const char *why, struct err *e)
{
	if (f->letter)
		return err_set(e, ERR_INVALID, "invalid argument \"%s\" for \"-%c, --%s\" flag: %s", value, f->letter,
			       f->name, why);
	return err_set(e, ERR_INVALID, "invalid argument \"%s\" for \"--%s\" flag: %s", value, f->name, why);
}

static int store(struct args *a, size_t i, const char *value, struct err *e)
{
	const struct flag_spec *f = &a->specs[i];
	struct flag_value *v = &a->values[i];
	_cleanup_strbuf_ struct strbuf why = STRBUF_INIT;
	_cleanup_free_ char *replaced = NULL;
	_cleanup_strv_ char **parts = NULL;

	if (!convert(f->type, value, &v->num, &why))
		return bad_value(f, value, why.data, e);
	if (f->check && !f->check(value, &why, &replaced))
		return bad_value(f, value, why.data, e);
	v->set = true;
	if (f->type == FLAG_LIST) {
		strv_add(&v->list, replaced ? replaced : value);
	} else if (f->type == FLAG_STRINGS && *value) {
		if (csv_split(value, &parts) < 0)
			return bad_value(f, value, "parse error on line 1: bare \" in non-quoted-field", e);
		strv_extend(&v->list, parts);
	}
	free_and_set(&v->str, replaced ? TAKE_PTR(replaced) : xstrdup(value));
	return 0;
}

/* Index of the row, aliases resolved; n when there is none. */
static size_t find_long(const struct args *a, const char *name, size_t len)
{
	for (size_t i = 0; i < a->n; i++) {
		const struct flag_spec *f = &a->specs[i];

		if (strncmp(f->name, name, len) == 0 && !f->name[len])
			return f->alias_of ? find_long(a, f->alias_of, strlen(f->alias_of)) : i;
	}
	return a->n;
}

static size_t find_letter(const struct args *a, char c)
{
	for (size_t i = 0; i < a->n; i++) {
		const struct flag_spec *f = &a->specs[i];

		if (f->letter == c)
			return f->alias_of ? find_long(a, f->alias_of, strlen(f->alias_of)) : i;
	}
	return a->n;
}

/* One "--name..." at **argv; moves *argv to the last word it used. */
static int parse_long(struct args *a, char *const **argv, struct err *e)
{
	const char *name = **argv + 2, *eq = strchr(name, '=');
	size_t len = eq ? (size_t)(eq - name) : strlen(name), i;

	if (!len || *name == '-')
		return err_set(e, ERR_INVALID, "bad flag syntax: %s", **argv);
	i = find_long(a, name, len);
	if (i == a->n) {
		if (len == 4 && strncmp(name, "help", 4) == 0) {
			a->help = true;
			return 0;
		}
		return err_set(e, ERR_INVALID, "unknown flag: --%.*s", (int)len, name);
	}
	if (eq)
		return store(a, i, eq + 1, e);
	if (a->specs[i].type == FLAG_BOOL)
		return store(a, i, "true", e);
	if (!(*argv)[1])
		return err_set(e, ERR_INVALID, "flag needs an argument: --%s", name);
	(*argv)++;
	return store(a, i, **argv, e);
}

/* One "-abc..." at **argv. */
static int parse_short(struct args *a, char *const **argv, struct err *e)
{
	for (const char *p = **argv + 1; *p; p++) {
		size_t i = find_letter(a, *p);

		if (i == a->n) {
			if (*p == 'h') {
				a->help = true;
				return 0;
			}
			return err_set(e, ERR_INVALID, "unknown shorthand flag: '%c' in -%s", *p, p);
		}
		if (p[1] == '=' && p[2])
			return store(a, i, p + 2, e);
		if (a->specs[i].type == FLAG_BOOL) {
			if (store(a, i, "true", e) < 0)
				return -1;
			continue;
		}
		if (p[1])
			return store(a, i, p + 1, e);
		if (!(*argv)[1])
			return err_set(e, ERR_INVALID, "flag needs an argument: '%c' in -%s", *p, p);
		(*argv)++;
		return store(a, i, **argv, e);
	}
	return 0;
}

int args_parse(struct args *a, const struct flag_spec *specs, char *const *argv, bool interspersed, struct err *e)
{
	static const struct flag_spec none[] = {{.name = NULL}};

	*a = (struct args){.specs = specs ? specs : none};
	while (a->specs[a->n].name)
		a->n++;
	a->values = xnew_array(struct flag_value, a->n + 1);
	a->rest = strv_new();
	for (; *argv; argv++) {
		const char *s = *argv;

		if (s[0] != '-' || !s[1]) {
			if (!interspersed)
				break;
			strv_add(&a->rest, s);
			continue;
		}
		if (str_eq(s, "--")) {
			argv++;
			break;
		}
		if ((s[1] == '-' ? parse_long : parse_short)(a, &argv, e) < 0)
			return -1;
		if (a->help)
			return 0;
	}
	strv_extend(&a->rest, argv);
	return 0;
}

void args_done(struct args *a)
{
	for (size_t i = 0; a->values && i < a->n; i++) {
		free(a->values[i].str);
		strv_free(a->values[i].list);
	}
	free(a->values);
	strv_free(a->rest);
	*a = (struct args){.rest = NULL};
}

static size_t index_of(const struct args *a, const char *name)
{
	size_t i = find_long(a, name, strlen(name));

	ASSERT(i < a->n);
	return i;
}

bool flag_known(const struct args *a, const char *name)
{
	return find_long(a, name, strlen(name)) < a->n;
}

bool flag_is_set(const struct args *a, const char *name)
{
	return a->values[index_of(a, name)].set;
}

const char *flag_str(const struct args *a, const char *name)
{
	size_t i = index_of(a, name);

	return a->values[i].set ? a->values[i].str : str_or_empty(a->specs[i].def);
}

int64_t flag_num(const struct args *a, const char *name)
{
	size_t i = index_of(a, name);
	_cleanup_strbuf_ struct strbuf why = STRBUF_INIT;
	int64_t v = 0;

	if (a->values[i].set)
		return a->values[i].num;
	if (!a->specs[i].def || !convert(a->specs[i].type, a->specs[i].def, &v, &why))
		return 0;
	return v;
}

bool flag_bool(const struct args *a, const char *name)
{
	return flag_num(a, name) != 0;
}

char *const *flag_list(const struct args *a, const char *name)
{
	return a->values[index_of(a, name)].list;
}
