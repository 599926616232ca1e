/* SPDX-License-Identifier: Apache-2.0 */
/* Writes tar headers: ustar, with a pax header in front where ustar has no room. See tar.h. */
#include <stdio.h>
#include <string.h>

#include "base/strutil.h"
#include "format/tar/header.h"
#include "format/tar/tar.h"

static const char type_flags[] = {
	[TAR_REGULAR] = '0', [TAR_DIRECTORY] = '5', [TAR_SYMLINK] = '2', [TAR_HARDLINK] = '1',
	[TAR_CHAR] = '3',    [TAR_BLOCK] = '4',     [TAR_FIFO] = '6',
};

size_t tar_padding(int64_t size)
{
	return (size_t)(-(uint64_t)size & (TAR_BLOCK_SIZE - 1));
}

void tar_write_end(struct strbuf *out)
{
	static const char zero[2 * TAR_BLOCK_SIZE];

	strbuf_add(out, zero, sizeof(zero));
}

static void pad(struct strbuf *out, int64_t size)
{
	static const char zero[TAR_BLOCK_SIZE];

	strbuf_add(out, zero, tar_padding(size));
}

/* The length counts its own digits. */
static void pax_record(struct strbuf *out, const char *key, const void *value, size_t n)
{
	size_t body = strlen(key) + n + 3, len = body + 1;
	char digits[24];

	for (;;) {
		size_t next;

		(void)snprintf(digits, sizeof(digits), "%zu", len);
		next = body + strlen(digits);
		if (next == len)
			break;
		len = next;
	}
	strbuf_addf(out, "%s %s=", digits, key);
	strbuf_add(out, value, n);
	strbuf_add_char(out, '\n');
}

/* Where to cut a long name into prefix and name: before its last `sizeof(name)` bytes, at a slash. 0: it cannot be. */
static size_t split_at(const char *name)
{
	const struct tar_header *h = NULL;
	size_t n = strlen(name);

	for (size_t i = n - 1; i-- > 0;)
		if (name[i] == '/' && i <= sizeof(h->prefix) && n - i - 1 <= sizeof(h->name) && i > 0)
			return i;
	return 0;
}

static bool is_ascii(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s >= 0x80)
			return false;
	return true;
}

static bool fits_octal(int64_t v, size_t field)
{
	return v >= 0 && (uint64_t)v >> (3 * (field - 1)) == 0;
}

static void collect_pax(struct strbuf *pax, const struct tar_entry *t, int64_t size)
{
	const struct tar_header *h = NULL;
	char text[32];

	if (!is_ascii(t->name) || (strlen(t->name) > sizeof(h->name) && !split_at(t->name)))
		pax_record(pax, "path", t->name, strlen(t->name));
	if (t->link && (!is_ascii(t->link) || strlen(t->link) > sizeof(h->link)))
		pax_record(pax, "linkpath", t->link, strlen(t->link));
	for (int i = 0; i < 3; i++) {
		static const char *const key[] = {"size", "uid", "gid"};
		const int64_t value[] = {size, t->uid, t->gid};

		if (fits_octal(value[i], i == 0 ? sizeof(h->size) : sizeof(h->uid)))
			continue;
		(void)snprintf(text, sizeof(text), "%lld", (long long)value[i]);
		pax_record(pax, key[i], text, strlen(text));
	}
	if (t->mtime_ns || !fits_octal(t->mtime_s, sizeof(h->mtime))) {
		(void)snprintf(text, sizeof(text), t->mtime_ns ? "%lld.%09u" : "%lld", (long long)t->mtime_s,
			       t->mtime_ns);
		if (t->mtime_s >= 0 || !t->mtime_ns)
			pax_record(pax, "mtime", text, strlen(text));
	}
	for (size_t i = 0; i < t->n_xattrs; i++) {
		char key[300];

		(void)snprintf(key, sizeof(key), "SCHILY.xattr.%.255s", t->xattrs[i].name);
		pax_record(pax, key, t->xattrs[i].value, t->xattrs[i].len);
	}
}

static void put_text(char *field, size_t n, const char *s)
{
	size_t len = s ? strnlen(s, n) : 0;

	memcpy(field, str_or_empty(s), len);
}

static void write_block(struct strbuf *out, const struct tar_entry *t, char type, const char *name, int64_t size)
{
	union {
		struct tar_header h;
		uint8_t bytes[TAR_BLOCK_SIZE];
	} u = {0};
	size_t cut = strlen(name) > sizeof(u.h.name) ? split_at(name) : 0;

	if (cut)
		memcpy(u.h.prefix, name, cut);
	put_text(u.h.name, sizeof(u.h.name), cut ? name + cut + 1 : name);
	put_text(u.h.link, sizeof(u.h.link), t->link);
	put_text(u.h.uname, sizeof(u.h.uname) - 1, t->uname);
	put_text(u.h.gname, sizeof(u.h.gname) - 1, t->gname);
	tar_number_write(u.h.mode, sizeof(u.h.mode), t->mode & 07777);
	/* what does not fit is in the pax header; a zero here is what other writers put */
	tar_number_write(u.h.uid, sizeof(u.h.uid), fits_octal(t->uid, sizeof(u.h.uid)) ? t->uid : 0);
	tar_number_write(u.h.gid, sizeof(u.h.gid), fits_octal(t->gid, sizeof(u.h.gid)) ? t->gid : 0);
	tar_number_write(u.h.size, sizeof(u.h.size), fits_octal(size, sizeof(u.h.size)) ? size : 0);
	tar_number_write(u.h.mtime, sizeof(u.h.mtime), fits_octal(t->mtime_s, sizeof(u.h.mtime)) ? t->mtime_s : 0);
	tar_number_write(u.h.dev_major, sizeof(u.h.dev_major), t->dev_major);
	tar_number_write(u.h.dev_minor, sizeof(u.h.dev_minor), t->dev_minor);
	u.h.type = type;
	memcpy(u.h.magic, "ustar", 6);
	memcpy(u.h.version, "00", 2);
	tar_number_write(u.h.checksum, 7, tar_checksum(u.bytes, NULL));
	u.h.checksum[7] = ' ';
	strbuf_add(out, u.bytes, sizeof(u.bytes));
}

void tar_write_header(struct strbuf *out, const struct tar_entry *t)
{
	_cleanup_strbuf_ struct strbuf pax = STRBUF_INIT;
	int64_t size = t->type == TAR_REGULAR ? t->size : 0;

	collect_pax(&pax, t, size);
	if (pax.len) {
		const struct tar_entry head = {.mode = 0644};

		write_block(out, &head, 'x', "PaxHeaders.0/entry", (int64_t)pax.len);
		strbuf_add(out, pax.data, pax.len);
		pad(out, (int64_t)pax.len);
	}
	write_block(out, t, type_flags[t->type], t->name, size);
}
