#pragma once
/**
 * SHA-256 whose state can be copied while it runs. OpenSSL's EVP digests cannot be exported, so the plain SHA256_CTX
 * is wrapped here and nowhere else.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SP_SHA256_SIZE = 32, SP_SHA256_HEX_SIZE = 65 };

struct sp_digest {
	_Alignas(8) unsigned char state[128];
};

void sp_digest_start(struct sp_digest *digest);
void sp_digest_add(struct sp_digest *digest, const void *data, size_t length);
void sp_digest_end(struct sp_digest *digest, unsigned char out[SP_SHA256_SIZE]);

enum { SP_DIGEST_STATE_MAX = 2 * (32 + 8 + 63) + 1 };

/** The state as hex digits, to go on with later, in another process of any version of this program. */
void sp_digest_save(const struct sp_digest *digest, char out[SP_DIGEST_STATE_MAX]);
/** False when @state is none that was saved. @out_length: bytes that were added up to there. */
bool sp_digest_restore(struct sp_digest *digest, const char *state, uint64_t *out_length);

/** Lower-case hex digits of the SHA-256 of @data. */
void sp_sha256_hex(const void *data, size_t length, char out[SP_SHA256_HEX_SIZE]);
