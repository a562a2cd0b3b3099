#include "sign/presign.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/scope.h"
#include "base/secret.h"
#include "base/text.h"
#include "sign/canonical.h"
#include "sign/signature.h"

enum { DATE_LENGTH = 8 };

static void add_pair(struct sp_buffer *query, const char *name, const char *value)
{
	if (query->length > 0)
		sp_buffer_add_char(query, '&');
	sp_buffer_format(query, "%s=", name);
	sign_encode(value, strlen(value), false, query);
}

/* All but the signature, in the order in which it is signed. */
static void make_query(const struct sign_presign *wish, const struct sign_signer *signer,
		       const char *stamp, const char *names, struct sp_buffer *out)
{
	SP_AUTO_BUFFER query = { .secret = true };
	SP_AUTO_BUFFER credential = { 0 };
	char expires[12];
	snprintf(expires, sizeof(expires), "%u", wish->expires_s);
	sp_buffer_format(&credential, "%s/%.*s/%s/s3/" SIGN_TERMINATOR, signer->access_key_id,
			 DATE_LENGTH, stamp, signer->region);
	sp_buffer_add_text(&query, wish->query);
	add_pair(&query, "X-Amz-Algorithm", "AWS4-HMAC-SHA256");
	add_pair(&query, "X-Amz-Credential", sp_buffer_text(&credential));
	add_pair(&query, "X-Amz-Date", stamp);
	add_pair(&query, "X-Amz-Expires", expires);
	add_pair(&query, "X-Amz-SignedHeaders", names);
	if (signer->session_token != NULL)
		add_pair(&query, "X-Amz-Security-Token", signer->session_token);
	bool fits = sign_canonical_query(sp_buffer_text(&query), NULL, out);
	assert(fits); /* we wrote it ourselves */
	(void)fits;
}

/* "host" comes before all names of ours, which begin with "if-" or "x-". */
static void add_headers(const struct sign_presign *wish, const char *host, const char *names,
			struct sp_buffer *out)
{
	sp_buffer_format(out, "host:%s\n", host);
	for (size_t i = 0; i < wish->header_count; i++)
		sp_buffer_format(out, "%s:%s\n", wish->headers[i].name, wish->headers[i].value);
	sp_buffer_format(out, "\n%s\nUNSIGNED-PAYLOAD", names);
}

char *sign_presign(const struct sign_presign *wish, const struct sign_signer *signer)
{
	char stamp[SP_ISO_TIME_SIZE], hash[SP_SHA256_HEX_SIZE];
	SP_AUTO_BUFFER names = { 0 };
	SP_AUTO_BUFFER path = { 0 };
	SP_AUTO_BUFFER query = { .secret = true };
	SP_AUTO_BUFFER request = { .secret = true };
	const char *host = strstr(wish->origin, "://");
	assert(host != NULL);
	host += 3;

	sp_time_to_amz(wish->now_ms, stamp);
	sp_buffer_add_text(&names, "host");
	for (size_t i = 0; i < wish->header_count; i++)
		sp_buffer_format(&names, ";%s", wish->headers[i].name);
	sign_encode(wish->path, strlen(wish->path), true, &path);
	make_query(wish, signer, stamp, sp_buffer_text(&names), &query);

	sp_buffer_format(&request, "%s\n%s\n%s\n", wish->method, sp_buffer_text(&path),
			 sp_buffer_text(&query));
	add_headers(wish, host, sp_buffer_text(&names), &request);
	sp_sha256_hex(request.data, request.length, hash);

	unsigned char signature[SIGN_SIGNATURE_SIZE];
	char hex[2 * SIGN_SIGNATURE_SIZE + 1];
	const struct sign_scope scope = { .stamp = stamp,
					  .region = signer->region,
					  .service = "s3" };
	sign_compute(&scope, signer->secret, hash, signature);
	sp_hex_encode(signature, sizeof(signature), hex);

	SP_AUTO_BUFFER url = { .secret = true };
	sp_buffer_format(&url, "%s%s?%s&X-Amz-Signature=%s", wish->origin, sp_buffer_text(&path),
			 sp_buffer_text(&query), hex);
	return sp_buffer_take(&url);
}
