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

/* ---- kept: eight words of state, the length, and the bytes that do not fill a block yet, all big-endian -------- */

enum { WORDS = 8, WORD_SIZE = 4, LENGTH_SIZE = 8, KEPT_SIZE = WORDS * WORD_SIZE + LENGTH_SIZE };

static void put_number(unsigned char *out, size_t size, uint64_t value)
{
	for (size_t i = size; i-- > 0; value >>= 8)
		out[i] = (unsigned char)value;
}

static uint64_t get_number(const unsigned char *data, size_t size)
{
	uint64_t value = 0;
	for (size_t i = 0; i < size; i++)
		value = value << 8 | data[i];
	return value;
}

void sp_digest_save(const struct sp_digest *digest, char out[SP_DIGEST_STATE_MAX])
{
	const SHA256_CTX *sha = (const SHA256_CTX *)(const void *)digest->state;
	unsigned char kept[KEPT_SIZE + SHA256_CBLOCK];
	uint64_t bits = (uint64_t)sha->Nh << 32 | sha->Nl;
	for (size_t i = 0; i < WORDS; i++)
		put_number(kept + i * WORD_SIZE, WORD_SIZE, sha->h[i]);
	put_number(kept + (size_t)WORDS * WORD_SIZE, LENGTH_SIZE, bits / 8);
	memcpy(kept + KEPT_SIZE, sha->data, sha->num);
	sp_hex_encode(kept, KEPT_SIZE + sha->num, out);
}

bool sp_digest_restore(struct sp_digest *digest, const char *state, uint64_t *out_length)
{
	unsigned char kept[KEPT_SIZE + SHA256_CBLOCK];
	size_t size = strlen(state) / 2;
	if (size < KEPT_SIZE || size >= sizeof(kept) || !sp_hex_decode(state, kept, size))
		return false;
	uint64_t length = get_number(kept + (size_t)WORDS * WORD_SIZE, LENGTH_SIZE);
	if (length > UINT64_MAX / 8 || length % SHA256_CBLOCK != size - KEPT_SIZE)
		return false;

	sp_digest_start(digest);
	SHA256_CTX *sha = (SHA256_CTX *)(void *)digest->state;
	for (size_t i = 0; i < WORDS; i++)
		sha->h[i] = (SHA_LONG)get_number(kept + i * WORD_SIZE, WORD_SIZE);
	sha->Nl = (SHA_LONG)(length * 8);
	sha->Nh = (SHA_LONG)(length * 8 >> 32);
	sha->num = (unsigned)(size - KEPT_SIZE);
	memcpy(sha->data, kept + KEPT_SIZE, sha->num);
	*out_length = length;
	return true;
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
