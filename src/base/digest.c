/* The low-level SHA-256 is deprecated in OpenSSL 3, yet the only one whose state is plain memory. */
#define OPENSSL_API_COMPAT 10100

#include "base/digest.h"

#include <assert.h>
#include <openssl/sha.h>
#include <string.h>

#include "base/text.h"

static_assert(sizeof(SHA256_CTX) <= sizeof(struct sp_digest), "the state does not fit");

void sp_digest_start(struct sp_digest *digest)
{
	memset(digest, 0, sizeof(*digest));
	SHA256_Init((SHA256_CTX *)(void *)digest->state);
}

void sp_digest_add(struct sp_digest *digest, const void *data, size_t length)
{
	SHA256_Update((SHA256_CTX *)(void *)digest->state, data, length);
}

void sp_digest_end(struct sp_digest *digest, unsigned char out[SP_SHA256_SIZE])
{
	SHA256_Final(out, (SHA256_CTX *)(void *)digest->state);
}

void sp_sha256_hex(const void *data, size_t length, char out[SP_SHA256_HEX_SIZE])
{
	struct sp_digest digest;
	unsigned char sum[SP_SHA256_SIZE];
	sp_digest_start(&digest);
	sp_digest_add(&digest, data, length);
	sp_digest_end(&digest, sum);
	sp_hex_encode(sum, sizeof(sum), out);
}
