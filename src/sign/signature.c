#include "sign/signature.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "sign/canonical.h"

enum { DATE_LENGTH = 8 };

bool sign_is_s3(const char *service)
{
	return strcmp(service, "s3") == 0;
}

bool sign_hash_request(const struct sign_request *request, const char *names, const char *leave_out,
		       const char *payload, bool as_it_is, char out[SP_SHA256_HEX_SIZE])
{
	size_t path_length = strcspn(request->target, "?");
	const char *query = request->target + path_length + (request->target[path_length] == '?');
	SP_AUTO_BUFFER text = { 0 };

	if (request->target[0] != '/')
		return false;
	sp_buffer_format(&text, "%s\n", request->method);
	if (as_it_is)
		sign_plain_path(request->target, path_length, &text);
	else
		sign_canonical_path(request->target, path_length, &text);
	sp_buffer_add_char(&text, '\n');
	if (!sign_canonical_query(query, leave_out, &text))
		return false;
	sp_buffer_add_char(&text, '\n');
	if (!sign_canonical_headers(request, names, &text))
		return false;
	sp_buffer_format(&text, "\n%s\n%s", names, payload);
	sp_sha256_hex(text.data, text.length, out);
	return !text.failed;
}

static void hmac(unsigned char key[SIGN_SIGNATURE_SIZE], const char *text, size_t length)
{
	unsigned char out[SIGN_SIGNATURE_SIZE];
	if (HMAC(EVP_sha256(), key, SIGN_SIGNATURE_SIZE, (const unsigned char *)text, length, out,
		 NULL) == NULL)
		sp_die("an HMAC could not be computed");
	memcpy(key, out, sizeof(out));
	OPENSSL_cleanse(out, sizeof(out));
}

void sign_derive_key(const struct sign_scope *scope, const char *secret,
		     unsigned char out[SIGN_SIGNATURE_SIZE])
{
	char first[sizeof(((struct sign_key *)NULL)->secret) + 4];
	snprintf(first, sizeof(first), "AWS4%s", secret);
	if (HMAC(EVP_sha256(), first, (int)strlen(first), (const unsigned char *)scope->stamp,
		 DATE_LENGTH, out, NULL) == NULL)
		sp_die("an HMAC could not be computed");
	OPENSSL_cleanse(first, sizeof(first));
	hmac(out, scope->region, strlen(scope->region));
	hmac(out, scope->service, strlen(scope->service));
	hmac(out, SIGN_TERMINATOR, strlen(SIGN_TERMINATOR));
}

void sign_compute(const struct sign_scope *scope, const char *secret, const char *hash,
		  unsigned char out[SIGN_SIGNATURE_SIZE])
{
	sign_derive_key(scope, secret, out);
	SP_AUTO_BUFFER text = { 0 };
	sp_buffer_format(&text, "AWS4-HMAC-SHA256\n%s\n%.*s/%s/%s/" SIGN_TERMINATOR "\n%s",
			 scope->stamp, DATE_LENGTH, scope->stamp, scope->region, scope->service,
			 hash);
	hmac(out, sp_buffer_text(&text), text.length);
}
