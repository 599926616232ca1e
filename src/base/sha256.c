/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 through OpenSSL's EVP interface: see sha256.h. */
#include "base/sha256.h"

#include <openssl/evp.h>

#include "base/mem.h"
#include "base/strutil.h"

struct sha256 {
	EVP_MD_CTX *ctx;
};

struct sha256 *sha256_new(void)
{
	struct sha256 *h = xnew(struct sha256);
	h->ctx = EVP_MD_CTX_new();
	ASSERT(h->ctx && EVP_DigestInit_ex(h->ctx, EVP_sha256(), NULL) == 1);
	return h;
}

void sha256_free(struct sha256 *h)
{
	if (!h)
		return;
	EVP_MD_CTX_free(h->ctx);
	free(h);
}

void sha256_add(struct sha256 *h, const void *p, size_t n)
{
	ASSERT(EVP_DigestUpdate(h->ctx, p, n) == 1);
}

void sha256_finish(struct sha256 *h, uint8_t out[SHA256_SIZE])
{
	ASSERT(EVP_DigestFinal_ex(h->ctx, out, NULL) == 1);
	ASSERT(EVP_DigestInit_ex(h->ctx, EVP_sha256(), NULL) == 1);
}

void sha256_finish_hex(struct sha256 *h, char out[SHA256_HEX_SIZE])
{
	uint8_t raw[SHA256_SIZE];
	sha256_finish(h, raw);
	hex_encode(raw, sizeof(raw), out);
}

void sha256_hex_of(const void *p, size_t n, char out[SHA256_HEX_SIZE])
{
	_cleanup_(sha256_free_p) struct sha256 *h = sha256_new();
	sha256_add(h, p, n);
	sha256_finish_hex(h, out);
}
