#include "sign/seal.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "base/buffer.h"
#include "base/text.h"

static const struct {
	const char *said;
	enum sign_payload payload;
} payloads[] = {
	{ "UNSIGNED-PAYLOAD", SIGN_PAYLOAD_UNSIGNED },
	{ "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", SIGN_PAYLOAD_CHUNKS },
	{ "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", SIGN_PAYLOAD_CHUNKS_TRAILER },
	{ "STREAMING-UNSIGNED-PAYLOAD-TRAILER", SIGN_PAYLOAD_UNSIGNED_TRAILER },
};

bool sign_payload_of(const char *said, enum sign_payload *out)
{
	unsigned char digest[SP_SHA256_SIZE];
	for (size_t i = 0; i < SP_COUNT_OF(payloads); i++) {
		if (strcmp(payloads[i].said, said) == 0) {
			*out = payloads[i].payload;
			return true;
		}
	}
	*out = SIGN_PAYLOAD_DIGEST;
	return sp_hex_decode(said, digest, sizeof(digest));
}

bool sign_payload_is_chunked(enum sign_payload payload)
{
	return payload != SIGN_PAYLOAD_DIGEST && payload != SIGN_PAYLOAD_UNSIGNED;
}

/* @text: what is signed, but for the first three lines. */
static bool check(struct sign_seal *seal, const char *kind, const char *text, const char *signature)
{
	unsigned char said[SIGN_SIGNATURE_SIZE], computed[SIGN_SIGNATURE_SIZE];
	SP_AUTO_BUFFER all = { 0 };
	if (!sp_hex_decode(signature, said, sizeof(said)))
		return false;
	sp_buffer_format(&all, "AWS4-HMAC-SHA256-%s\n%s\n%s\n%s\n%s", kind, seal->stamp,
			 seal->scope, seal->before, text);
	if (HMAC(EVP_sha256(), seal->key, sizeof(seal->key), (const unsigned char *)all.data,
		 all.length, computed, NULL) == NULL)
		sp_die("an HMAC could not be computed");
	sp_hex_encode(computed, sizeof(computed), seal->before);
	return CRYPTO_memcmp(said, computed, sizeof(said)) == 0;
}

bool sign_seal_chunk(struct sign_seal *seal, const char *hash, const char *signature)
{
	char nothing[SP_SHA256_HEX_SIZE];
	SP_AUTO_BUFFER text = { 0 };
	sp_sha256_hex("", 0, nothing);
	sp_buffer_format(&text, "%s\n%s", nothing, hash);
	return check(seal, "PAYLOAD", sp_buffer_text(&text), signature);
}

bool sign_seal_trailer(struct sign_seal *seal, const char *hash, const char *signature)
{
	return check(seal, "TRAILER", hash, signature);
}
