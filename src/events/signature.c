#include "events/signature.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/text.h"

void event_signature(const char *secret, int64_t time_ms, const char *body, size_t length,
		     char out[EVENT_SIGNATURE_SIZE])
{
	unsigned char code[SP_SHA256_SIZE];
	char digits[SP_SHA256_HEX_SIZE];
	SP_AUTO_BUFFER text = { 0 };
	sp_buffer_format(&text, "%" PRId64 ".", time_ms / 1000);
	sp_buffer_add(&text, body, length);
	if (HMAC(EVP_sha256(), secret, (int)strlen(secret),
		 (const unsigned char *)sp_buffer_text(&text), text.length, code, NULL) == NULL)
		sp_die("an event could not be signed");
	sp_hex_encode(code, sizeof(code), digits);
	snprintf(out, EVENT_SIGNATURE_SIZE, "t=%" PRId64 ",v1=%s", time_ms / 1000, digits);
}
