/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Image references as Docker writes them: [domain/]path[:tag][@digest]. Held normalized ("docker.io",
 * "library/busybox"), shown familiar ("busybox"). Error texts are the ones that Docker's users know.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"

#define REFERENCE_DEFAULT_DOMAIN "docker.io"
#define REFERENCE_DEFAULT_TAG    "latest"

struct reference {
	char *domain; /* "docker.io", "localhost:5000" */
	char *path;   /* "library/busybox" */
	char *tag;    /* NULL: none given */
	char *digest; /* "sha256:...", NULL: none given */
};
void reference_done(struct reference *r);

/* A named reference; ERR_INVALID in Docker's words. At most LIMIT_REFERENCE bytes. */
int reference_parse(const char *s, struct reference *ret, struct err *e);
/* repo without tag or digest, and a tag ("" or NULL: latest), as the query parameters of the API give them. */
int reference_parse_repo_tag(const char *repo, const char *tag, struct reference *ret, struct err *e);
/* "latest" when there is neither tag nor digest. */
void reference_default_tag(struct reference *r);
bool reference_tag_is_valid(const char *tag);

/* All owned. */
char *reference_name(const struct reference *r);          /* docker.io/library/busybox */
char *reference_full(const struct reference *r);          /* ... with tag and digest */
char *reference_familiar_name(const struct reference *r); /* busybox */
char *reference_familiar(const struct reference *r);      /* busybox:latest, busybox@sha256:... */

static inline void reference_done_p(struct reference *r)
{
	reference_done(r);
}
#define _cleanup_reference_ _cleanup_(reference_done_p)

/* docker's `reference` filter: pattern matches the familiar reference or its name; -EINVAL for a bad pattern. */
int reference_match(const struct reference *r, const char *pattern, bool *ret);
