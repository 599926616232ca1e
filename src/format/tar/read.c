/* SPDX-License-Identifier: Apache-2.0 */
/* The tar reader: see tar.h. Input chunks are handed on as they come; only headers are assembled. */
#include <errno.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/strutil.h"
#include "format/tar/header.h"
#include "format/tar/tar.h"

struct tar_reader {
	tar_fill fill;
	void *arg;
	const uint8_t *p; /* what is left of the current chunk */
	size_t n;
	bool ended; /* fill has said so */
	bool done;  /* the archive has ended */
	const char *error;

	struct tar_entry entry;
	int64_t left;  /* bytes of the entry's data still in the archive */
	size_t pad;    /* bytes behind them */
	size_t extent; /* of entry.map: where the next data goes */
	int64_t extent_at;
	int64_t plain_at;

	char *gnu_name, *gnu_link; /* for the next entry */
	struct tar_pax pax;
};

struct tar_reader *tar_reader_new(tar_fill fill, void *arg)
{
	struct tar_reader *r = xnew(struct tar_reader);

	r->fill = fill;
	r->arg = arg;
	return r;
}

void tar_entry_done(struct tar_entry *t)
{
	for (size_t i = 0; i < t->n_xattrs; i++) {
		free(t->xattrs[i].name);
		free(t->xattrs[i].value);
	}
	free(t->xattrs);
	free(t->map);
	free(t->name);
	free(t->link);
	free(t->uname);
	free(t->gname);
	memset(t, 0, sizeof(*t));
}

static void forget_extensions(struct tar_reader *r)
{
	free_and_set(&r->gnu_name, NULL);
	free_and_set(&r->gnu_link, NULL);
	tar_pax_done(&r->pax);
}

void tar_reader_free(struct tar_reader *r)
{
	if (!r)
		return;
	forget_extensions(r);
	tar_entry_done(&r->entry);
	free(r);
}

const char *tar_reader_error(const struct tar_reader *r)
{
	return r->error ? r->error : "invalid tar archive";
}

static int bad(struct tar_reader *r, int err, const char *what)
{
	r->error = what;
	r->done = true;
	return err;
}

static int bad_proto(struct tar_reader *r, const char *what)
{
	return bad(r, -EPROTO, what);
}

/* Bytes in the current chunk, getting one when it is used up; 0 at the end of input. */
static ssize_t more(struct tar_reader *r)
{
	ssize_t n;

	if (r->n)
		return (ssize_t)MIN(r->n, (size_t)INT32_MAX);
	if (r->ended)
		return 0;
	n = r->fill(r->arg, &r->p);
	if (n < 0)
		return bad(r, (int)n, "the archive cannot be read");
	if (n == 0)
		r->ended = true;
	r->n = (size_t)n;
	return n;
}

static void take(struct tar_reader *r, size_t n)
{
	r->p += n;
	r->n -= n;
}

/* Copies n bytes; the number is less at the end of input. */
static ssize_t read_bytes(struct tar_reader *r, void *to, size_t n)
{
	size_t got = 0;

	while (got < n) {
		ssize_t have = more(r);
		size_t k;

		if (have < 0)
			return have;
		if (have == 0)
			break;
		k = MIN((size_t)have, n - got);
		memcpy((char *)to + got, r->p, k);
		take(r, k);
		got += k;
	}
	return (ssize_t)got;
}

static int skip_bytes(struct tar_reader *r, int64_t n)
{
	while (n > 0) {
		ssize_t have = more(r);
		size_t k;

		if (have < 0)
			return (int)have;
		if (have == 0)
			return bad_proto(r, "the archive is cut off");
		k = (size_t)MIN((int64_t)have, n);
		take(r, k);
		n -= (int64_t)k;
	}
	return 0;
}

int tar_drain(struct tar_reader *r)
{
	for (;;) {
		ssize_t have = more(r);

		if (have <= 0)
			return (int)have;
		take(r, (size_t)have);
	}
}

static bool is_zero(const uint8_t *b)
{
	static const uint8_t zero[TAR_BLOCK_SIZE];

	return memcmp(b, zero, TAR_BLOCK_SIZE) == 0;
}

/* 1: a header; 0: the end. */
static int read_header(struct tar_reader *r, uint8_t b[TAR_BLOCK_SIZE])
{
	int64_t want, sum_signed;
	unsigned sum;
	ssize_t n;

	n = read_bytes(r, b, TAR_BLOCK_SIZE);
	if (n < 0)
		return (int)n;
	if (n == 0)
		return 0; /* no closing blocks: others' writers leave them out too */
	if (n < TAR_BLOCK_SIZE)
		return bad_proto(r, "the archive is cut off");
	if (is_zero(b)) {
		n = read_bytes(r, b, TAR_BLOCK_SIZE);
		if (n < 0)
			return (int)n;
		if (n == 0 || (n == TAR_BLOCK_SIZE && is_zero(b)))
			return 0;
		return bad_proto(r, "a block of zeroes stands between headers");
	}
	sum = tar_checksum(b, &sum_signed);
	if (tar_number_parse((char *)b + offsetof(struct tar_header, checksum), 8, &want) < 0 ||
	    (want != (int64_t)sum && want != sum_signed))
		return bad_proto(r, "a header has a wrong check sum");
	return 1;
}

/* The data of an extension header (pax records, a GNU long name), NUL-terminated. */
static int read_extension(struct tar_reader *r, int64_t size, size_t max, char **ret)
{
	_cleanup_free_ char *text = NULL;
	ssize_t n;
	int rc;

	if (size < 0)
		return bad_proto(r, "an extension header has a negative size");
	if (size > (int64_t)max)
		return bad(r, -E2BIG, "an extension header is too large");
	text = xmalloc((size_t)size + 1);
	n = read_bytes(r, text, (size_t)size);
	if (n < 0)
		return (int)n;
	if (n < size)
		return bad_proto(r, "the archive is cut off");
	text[size] = 0;
	rc = skip_bytes(r, (int64_t)tar_padding(size));
	if (rc < 0)
		return rc;
	*ret = TAKE_PTR(text);
	return 0;
}

static int read_gnu_name(struct tar_reader *r, int64_t size, char **to)
{
	char *text;
	int rc = read_extension(r, size, LIMIT_TAR_PATH, &text);

	if (rc == 0)
		free_and_set(to, text);
	return rc;
}

static int read_pax(struct tar_reader *r, int64_t size)
{
	_cleanup_free_ char *text = NULL;
	int rc = read_extension(r, size, LIMIT_TAR_PAX, &text);

	if (rc < 0)
		return rc;
	tar_pax_done(&r->pax); /* as Go: the last of several headers holds alone */
	rc = tar_pax_parse(&r->pax, text, (size_t)size);
	if (rc == -E2BIG)
		return bad(r, rc, "a pax record is too large");
	return rc < 0 ? bad_proto(r, "a pax header is malformed") : 0;
}

/* --- the entry --- */

static char *field_text(const char *f, size_t n)
{
	return xstrndup(f, strnlen(f, n));
}

static int number(struct tar_reader *r, const char *f, size_t n, int64_t *ret)
{
	return tar_number_parse(f, n, ret) < 0 ? bad_proto(r, "a header has a malformed number") : 0;
}

enum format { FORMAT_V7, FORMAT_USTAR, FORMAT_STAR, FORMAT_GNU };

static enum format format_of(const uint8_t *b)
{
	const struct tar_header *h = (const void *)b;

	if (memcmp(h->magic, "ustar\0", 6) == 0)
		return memcmp(b + TAR_STAR_TRAILER_AT, "tar\0", 4) == 0 ? FORMAT_STAR : FORMAT_USTAR;
	return memcmp(h->magic, "ustar ", 6) == 0 && memcmp(h->version, " \0", 2) == 0 ? FORMAT_GNU : FORMAT_V7;
}

static void header_names(struct tar_reader *r, const uint8_t *b, enum format format)
{
	const struct tar_header *h = (const void *)b;
	struct tar_entry *t = &r->entry;

	t->name = field_text(h->name, sizeof(h->name));
	t->link = field_text(h->link, sizeof(h->link));
	if (format == FORMAT_V7)
		return;
	t->uname = field_text(h->uname, sizeof(h->uname));
	t->gname = field_text(h->gname, sizeof(h->gname));
	if ((format == FORMAT_USTAR || format == FORMAT_STAR) && h->prefix[0]) {
		_cleanup_free_ char *prefix =
			field_text(h->prefix, format == FORMAT_STAR ? TAR_STAR_PREFIX_SIZE : sizeof(h->prefix));

		free_and_set(&t->name, xasprintf("%s/%s", prefix, t->name));
	}
}

static int header_numbers(struct tar_reader *r, const uint8_t *b, enum format format)
{
	const struct tar_header *h = (const void *)b;
	struct tar_entry *t = &r->entry;
	int64_t mode;

	if (number(r, h->mode, sizeof(h->mode), &mode) < 0 || number(r, h->uid, sizeof(h->uid), &t->uid) < 0 ||
	    number(r, h->gid, sizeof(h->gid), &t->gid) < 0 || number(r, h->size, sizeof(h->size), &t->size) < 0 ||
	    number(r, h->mtime, sizeof(h->mtime), &t->mtime_s) < 0)
		return -EPROTO;
	t->mode = (uint32_t)mode & 07777;
	if (format == FORMAT_V7)
		return 0;
	if (number(r, h->dev_major, sizeof(h->dev_major), &t->dev_major) < 0 ||
	    number(r, h->dev_minor, sizeof(h->dev_minor), &t->dev_minor) < 0)
		return -EPROTO;
	return 0;
}

static int set_type(struct tar_reader *r, char flag)
{
	struct tar_entry *t = &r->entry;

	switch (flag) {
	case 0: /* v7: a directory is known by its slash */
		t->type = str_ends(t->name, "/") ? TAR_DIRECTORY : TAR_REGULAR;
		return 0;
	case '0':
	case '7':
	case 'S':
		t->type = TAR_REGULAR;
		return 0;
	case '1':
		t->type = TAR_HARDLINK;
		return 0;
	case '2':
		t->type = TAR_SYMLINK;
		return 0;
	case '3':
		t->type = TAR_CHAR;
		return 0;
	case '4':
		t->type = TAR_BLOCK;
		return 0;
	case '5':
		t->type = TAR_DIRECTORY;
		return 0;
	case '6':
		t->type = TAR_FIFO;
		return 0;
	default:
		return bad_proto(r, "an entry has an unknown type");
	}
}

static void apply_extensions(struct tar_reader *r)
{
	struct tar_entry *t = &r->entry;
	struct tar_pax *x = &r->pax;

	if (r->gnu_name)
		free_and_set(&t->name, TAKE_PTR(r->gnu_name));
	if (r->gnu_link)
		free_and_set(&t->link, TAKE_PTR(r->gnu_link));
	if (x->path)
		free_and_set(&t->name, TAKE_PTR(x->path));
	if (x->linkpath)
		free_and_set(&t->link, TAKE_PTR(x->linkpath));
	if (x->uname)
		free_and_set(&t->uname, TAKE_PTR(x->uname));
	if (x->gname)
		free_and_set(&t->gname, TAKE_PTR(x->gname));
	if (x->has_size)
		t->size = x->size;
	if (x->has_uid)
		t->uid = x->uid;
	if (x->has_gid)
		t->gid = x->gid;
	if (x->has_mtime) {
		t->mtime_s = x->mtime_s;
		t->mtime_ns = x->mtime_ns;
	}
	t->xattrs = x->xattrs;
	t->n_xattrs = x->n_xattrs;
	x->xattrs = NULL;
	x->n_xattrs = 0;
}

/* --- sparse files --- */

static int check_map(struct tar_reader *r, int64_t real_size)
{
	struct tar_entry *t = &r->entry;
	int64_t end = 0, sum = 0;

	if (real_size < 0)
		return bad_proto(r, "a sparse file has a negative size");
	for (size_t i = 0; i < t->n_map; i++) {
		const struct tar_extent *x = &t->map[i];

		if (x->offset < end || x->size < 0 || x->size > real_size || x->offset > real_size - x->size)
			return bad_proto(r, "a sparse file has a malformed map");
		end = x->offset + x->size;
		sum += x->size; /* no overflow: all lie side by side in real_size */
	}
	if (sum != r->left)
		return bad_proto(r, "a sparse file's map does not agree with its size");
	t->sparse = true;
	t->size = real_size;
	return 0;
}

static int add_gnu_extents(struct tar_reader *r, const uint8_t *at, size_t n)
{
	struct tar_entry *t = &r->entry;

	for (size_t i = 0; i < n; i++) {
		const struct tar_gnu_extent *x = (const struct tar_gnu_extent *)at + i;
		struct tar_extent ext;

		if (!x->offset[0] && !x->size[0])
			return 0;
		if (number(r, x->offset, sizeof(x->offset), &ext.offset) < 0 ||
		    number(r, x->size, sizeof(x->size), &ext.size) < 0)
			return -EPROTO;
		if (t->n_map == LIMIT_TAR_SPARSE)
			return bad(r, -E2BIG, "a sparse file has too many parts");
		if ((t->n_map & (t->n_map - 1)) == 0)
			t->map = xreallocarray(t->map, t->n_map ? 2 * t->n_map : 1, sizeof(*t->map));
		t->map[t->n_map++] = ext;
	}
	return 0;
}

static int read_gnu_sparse(struct tar_reader *r, const uint8_t *b)
{
	uint8_t ext[TAR_BLOCK_SIZE];
	bool extended = b[TAR_GNU_EXTENDED_AT] != 0;
	int64_t real_size;
	int rc;

	if (number(r, (const char *)b + TAR_GNU_REALSIZE_AT, 12, &real_size) < 0)
		return -EPROTO;
	rc = add_gnu_extents(r, b + TAR_GNU_SPARSE_AT, TAR_GNU_SPARSE_N);
	while (rc == 0 && extended) {
		ssize_t n = read_bytes(r, ext, sizeof(ext));

		if (n < 0)
			return (int)n;
		if (n < (ssize_t)sizeof(ext))
			return bad_proto(r, "the archive is cut off");
		extended = ext[TAR_GNU_EXT_MORE_AT] != 0;
		if (extended && !ext[0] && !ext[12])
			return bad_proto(r, "a sparse file has a malformed map");
		rc = add_gnu_extents(r, ext, TAR_GNU_EXT_N);
	}
	return rc < 0 ? rc : check_map(r, real_size);
}

/* Format 1.0: the map stands before the data as decimal lines, padded to whole blocks. */
struct sparse_lines {
	struct tar_reader *r;
	uint8_t block[TAR_BLOCK_SIZE];
	size_t at, have;
};

static int next_line_number(struct sparse_lines *s, int64_t *ret)
{
	char word[24];
	size_t n = 0;

	for (;;) {
		char c;

		if (s->at == s->have) {
			ssize_t got;

			if (s->r->left < TAR_BLOCK_SIZE)
				return bad_proto(s->r, "a sparse file has a malformed map");
			got = read_bytes(s->r, s->block, sizeof(s->block));
			if (got < 0)
				return (int)got;
			if (got < (ssize_t)sizeof(s->block))
				return bad_proto(s->r, "the archive is cut off");
			s->r->left -= TAR_BLOCK_SIZE;
			s->at = 0;
			s->have = sizeof(s->block);
		}
		c = (char)s->block[s->at++];
		if (c == '\n')
			break;
		if (n == sizeof(word) - 1)
			return bad_proto(s->r, "a sparse file has a malformed map");
		word[n++] = c;
	}
	word[n] = 0;
	if (strlen(word) != n || parse_i64(word, ret) < 0 || *ret < 0)
		return bad_proto(s->r, "a sparse file has a malformed map");
	return 0;
}

static int read_sparse_lines(struct tar_reader *r)
{
	struct tar_entry *t = &r->entry;
	struct sparse_lines s = {.r = r};
	int64_t n;
	int rc = next_line_number(&s, &n);

	if (rc < 0)
		return rc;
	if (n > LIMIT_TAR_SPARSE)
		return bad(r, -E2BIG, "a sparse file has too many parts");
	t->map = xnew_array(struct tar_extent, n ? (size_t)n : 1);
	for (; t->n_map < (size_t)n; t->n_map++) {
		rc = next_line_number(&s, &t->map[t->n_map].offset);
		if (rc == 0)
			rc = next_line_number(&s, &t->map[t->n_map].size);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int read_pax_sparse(struct tar_reader *r)
{
	struct tar_entry *t = &r->entry;
	struct tar_pax *x = &r->pax;
	int rc = 0;

	if (x->sparse_name)
		free_and_set(&t->name, TAKE_PTR(x->sparse_name));
	if (!x->has_real_size)
		return bad_proto(r, "a sparse file has no size");
	if (x->sparse_major == 1 && x->sparse_minor == 0) {
		rc = read_sparse_lines(r);
	} else if (x->sparse_major == 0 && x->sparse_map) {
		rc = tar_sparse_map_parse(x->sparse_map, &t->map, &t->n_map);
		if (rc == -E2BIG)
			return bad(r, rc, "a sparse file has too many parts");
		if (rc < 0)
			return bad_proto(r, "a sparse file has a malformed map");
	} else if (x->sparse_major == 0) {
		if (x->n_map != x->n_numbytes)
			return bad_proto(r, "a sparse file has a malformed map");
		t->map = x->map;
		t->n_map = x->n_map;
		x->map = NULL;
	} else {
		return bad_proto(r, "a sparse file has an unknown format");
	}
	return rc < 0 ? rc : check_map(r, x->real_size);
}

static int build_entry(struct tar_reader *r, const uint8_t *b)
{
	const struct tar_header *h = (const void *)b;
	enum format format = format_of(b);
	struct tar_entry *t = &r->entry;
	int rc;

	header_names(r, b, format);
	if (header_numbers(r, b, format) < 0 || set_type(r, h->type) < 0)
		return -EPROTO;
	apply_extensions(r);
	if (h->type == 0 && str_ends(t->name, "/"))
		t->type = TAR_DIRECTORY;
	if (t->type != TAR_REGULAR)
		t->size = 0; /* such entries have no data, whatever their size says */
	if (t->type != TAR_SYMLINK && t->type != TAR_HARDLINK)
		free_and_set(&t->link, NULL);
	if (t->size < 0)
		return bad_proto(r, "an entry has a negative size");
	if (t->size > INT64_MAX - TAR_BLOCK_SIZE)
		return bad(r, -E2BIG, "an entry has an impossible size");
	r->left = t->size;
	r->pad = tar_padding(t->size);
	r->extent = 0;
	r->extent_at = r->plain_at = 0;
	if (h->type == 'S') {
		if (format != FORMAT_GNU)
			return bad_proto(r, "an entry has an unknown type");
		rc = read_gnu_sparse(r, b);
	} else {
		rc = t->type == TAR_REGULAR && r->pax.sparse ? read_pax_sparse(r) : 0;
	}
	if (rc < 0)
		return rc;
	if (!*t->name)
		return bad_proto(r, "an entry has no name");
	if (strlen(t->name) >= LIMIT_TAR_PATH || (t->link && strlen(t->link) >= LIMIT_TAR_PATH))
		return bad(r, -E2BIG, "an entry's name is too long");
	if (t->link && !*t->link)
		return bad_proto(r, "a link has no target");
	return 1;
}

int tar_next(struct tar_reader *r, const struct tar_entry **ret)
{
	uint8_t b[TAR_BLOCK_SIZE] __attribute__((aligned(8)));
	bool extended = false;
	int rc;

	if (r->error)
		return bad_proto(r, r->error);
	if (r->done)
		return 0;
	rc = skip_bytes(r, r->left);
	for (ssize_t n; rc == 0 && r->pad; r->pad -= (size_t)n) { /* some writers leave out the very last padding */
		n = MIN(more(r), (ssize_t)r->pad);
		if (n <= 0) {
			rc = (int)n;
			break;
		}
		take(r, (size_t)n);
	}
	r->left = 0;
	r->pad = 0;
	tar_entry_done(&r->entry);
	while (rc == 0) {
		const struct tar_header *h = (const void *)b;
		int64_t size;

		rc = read_header(r, b);
		if (rc == 0) {
			if (extended)
				return bad_proto(r, "the archive is cut off");
			r->done = true;
			return 0;
		}
		if (rc < 0)
			return rc;
		if (!strchr("xgLK", h->type) || !h->type) {
			rc = build_entry(r, b);
			forget_extensions(r);
			if (rc == 1)
				*ret = &r->entry;
			return rc;
		}
		extended = true;
		if (number(r, h->size, sizeof(h->size), &size) < 0)
			return -EPROTO;
		if (h->type == 'x') {
			rc = read_pax(r, size);
		} else if (h->type ==
			   'g') { /* global headers say nothing that an image needs; Go passes over them too */
			_cleanup_free_ char *unused = NULL;

			rc = read_extension(r, size, LIMIT_TAR_PAX, &unused);
		} else {
			rc = read_gnu_name(r, size, h->type == 'L' ? &r->gnu_name : &r->gnu_link);
		}
	}
	return rc;
}

ssize_t tar_data(struct tar_reader *r, const uint8_t **p, int64_t *ret_offset)
{
	struct tar_entry *t = &r->entry;
	int64_t room = r->left;
	ssize_t n;
	size_t k;

	if (r->error)
		return bad_proto(r, r->error);
	if (t->sparse) {
		while (r->extent < t->n_map && r->extent_at == t->map[r->extent].size) {
			r->extent++;
			r->extent_at = 0;
		}
		if (r->extent == t->n_map)
			return 0;
		room = t->map[r->extent].size - r->extent_at;
	}
	if (room == 0)
		return 0;
	n = more(r);
	if (n < 0)
		return n;
	if (n == 0)
		return bad_proto(r, "the archive is cut off");
	k = (size_t)MIN((int64_t)n, room);
	*p = r->p;
	if (t->sparse) {
		*ret_offset = t->map[r->extent].offset + r->extent_at;
		r->extent_at += (int64_t)k;
	} else {
		*ret_offset = r->plain_at;
		r->plain_at += (int64_t)k;
	}
	take(r, k);
	r->left -= (int64_t)k;
	return (ssize_t)k;
}
