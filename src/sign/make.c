#include "sign/make.h"

#include <ctype.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/text.h"
#include "sign/canonical.h"
#include "sign/signature.h"

static int compare_names(const void *a, const void *b)
{
	const struct sign_header *one = a, *other = b;
	return strcasecmp(one->name, other->name);
}

/* "host;x-amz-date": lower case, ascending. */
static int list_names(const struct sign_request *request, struct sp_buffer *out,
		      struct sp_error *err)
{
	struct sign_header headers[SIGN_HEADER_NAMES_MAX];
	if (request->header_count > SIGN_HEADER_NAMES_MAX)
		return sp_fail(err, SP_LIMIT, "cannot sign %zu headers: at most %d fit",
			       request->header_count, SIGN_HEADER_NAMES_MAX);
	for (size_t i = 0; i < request->header_count; i++)
		headers[i] = request->headers[i];
	qsort(headers, request->header_count, sizeof(*headers), compare_names);
	for (size_t i = 0; i < request->header_count; i++) {
		if (i > 0)
			sp_buffer_add_char(out, ';');
		for (const char *at = headers[i].name; *at != '\0'; at++)
			sp_buffer_add_char(out, (char)tolower((unsigned char)*at));
	}
	return 0;
}

int sign_make(const struct sign_request *request, const struct sign_key *key, const char *region,
	      const char *service, struct sp_buffer *out, struct sp_error *err)
{
	const char *stamp = sign_header_value(request, "x-amz-date");
	int64_t time_ms;
	SP_AUTO_BUFFER names = { 0 };
	if (list_names(request, &names, err) != 0)
		return -1;
	if (stamp == NULL || !sp_time_from_amz(stamp, &time_ms) ||
	    !sign_names_contain(sp_buffer_text(&names), "host"))
		return sp_fail(err, SP_INVALID,
			       "cannot sign a request without its host and X-Amz-Date");

	char payload[SP_SHA256_HEX_SIZE], hash[SP_SHA256_HEX_SIZE];
	sp_sha256_hex(request->body, request->body_length, payload);
	if (!sign_hash_request(request, sp_buffer_text(&names), NULL, payload, sign_is_s3(service),
			       hash))
		return sp_fail(err, SP_LIMIT, "cannot sign \"%s\": it has too many parameters",
			       request->target);

	unsigned char signature[SIGN_SIGNATURE_SIZE];
	char digits[2 * SIGN_SIGNATURE_SIZE + 1];
	const struct sign_scope scope = { .stamp = stamp, .region = region, .service = service };
	sign_compute(&scope, key->secret, hash, signature);
	sp_hex_encode(signature, sizeof(signature), digits);
	OPENSSL_cleanse(signature, sizeof(signature));
	sp_buffer_format(out,
			 "AWS4-HMAC-SHA256 Credential=%s/%.8s/%s/%s/" SIGN_TERMINATOR
			 ", SignedHeaders=%s, Signature=%s",
			 key->id, stamp, region, service, sp_buffer_text(&names), digits);
	return 0;
}
