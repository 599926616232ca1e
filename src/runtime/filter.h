/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Seccomp filters: compiled by libseccomp on the first use of a profile, then read back from a cache whose files hold
 * the whole profile as key, so that a wrong hit is impossible. The cache directory is the engine's own (mode 0700).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strbuf.h"
#include "format/oci/runtime_config.h"

struct seccomp_filter {
	void *insns; /* struct sock_filter[n], owned */
	size_t n;
	unsigned flags; /* SECCOMP_FILTER_FLAG_* */
	bool notify;    /* a listener is wanted */
	bool from_cache;
};
/* cache_dir may be NULL. */
int seccomp_filter_prepare(const struct oci_seccomp *s, const char *cache_dir, struct seccomp_filter *ret,
			   struct err *e);
void seccomp_filter_done(struct seccomp_filter *f);
/* Loads it for the calling thread; the listener descriptor when f->notify, else 0; -1. */
int seccomp_filter_load(const struct seccomp_filter *f, struct err *e);
/* The bytes that stand for a profile in the cache; tested. */
void seccomp_key(const struct oci_seccomp *s, struct strbuf *out);
/* The words a profile may use. */
void seccomp_names(char ***ret_actions, char ***ret_operators, char ***ret_flags);
