#include "sign/verify.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/scope.h"
#include "base/text.h"
#include "sign/canonical.h"
#include "sign/claim.h"
#include "sign/seal.h"
#include "sign/signature.h"

#define GLOBAL_REGION "us-east-1"

__attribute__((format(printf, 3, 4))) static enum sign_verdict refuse(struct sp_error *err,
								      enum sign_verdict verdict,
								      const char *format, ...)
{
	va_list args;
	va_start(args, format);
	sp_fail_va(err, SP_DENIED, format, args);
	va_end(args);
	return verdict;
}

static enum sign_verdict check_scope(const struct sign_claim *claim, const char *region,
				     struct sp_error *err)
{
	if (strcmp(claim->terminator, SIGN_TERMINATOR) != 0)
		return refuse(
			err, SIGN_WRONG_SCOPE,
			"Credential should be scoped with a valid terminator: '" SIGN_TERMINATOR
			"', not '%s'.",
			claim->terminator);
	/* IAM is in no Region: its clients sign for the one where AWS has it. */
	bool is_global =
		strcmp(claim->service, "iam") == 0 && strcmp(claim->region, GLOBAL_REGION) == 0;
	if (strcmp(claim->region, region) != 0 && !is_global)
		return refuse(err, SIGN_WRONG_SCOPE,
			      "Credential should be scoped to a valid region, not '%s'; "
			      "this endpoint's is '%s'.",
			      claim->region, region);
	if (strncmp(claim->date, claim->stamp, sizeof(claim->date) - 1) != 0)
		return refuse(err, SIGN_WRONG_SCOPE,
			      "Date in Credential scope does not match YYYYMMDD from ISO-8601 "
			      "version of date from HTTP: '%s' != '%.8s', from '%s'.",
			      claim->date, claim->stamp, claim->stamp);
	return SIGN_GOOD;
}

static enum sign_verdict check_clock(const struct sign_claim *claim, int64_t now_ms,
				     struct sp_error *err)
{
	bool is_wide = strcmp(claim->service, "ec2") == 0 || sign_is_s3(claim->service);
	int64_t skew_ms = is_wide ? SIGN_CLOCK_SKEW_WIDE_MS : SIGN_CLOCK_SKEW_MS;
	int minutes = (int)(skew_ms / 60000);
	char now[SP_ISO_TIME_SIZE], limit[SP_ISO_TIME_SIZE];
	sp_time_to_amz(now_ms, now);

	if (claim->time_ms > now_ms + skew_ms) {
		sp_time_to_amz(now_ms + skew_ms, limit);
		return refuse(err, SIGN_EXPIRED,
			      "Signature not yet current: %s is still later than %s (%s + %d min.)",
			      claim->stamp, limit, now, minutes);
	}
	/* A signed URL says itself how long it is good. */
	if (claim->in_query && claim->time_ms + claim->expires_ms < now_ms) {
		sp_time_to_amz(claim->time_ms + claim->expires_ms, limit);
		return refuse(err, SIGN_EXPIRED, "Signature expired: %s is now earlier than %s",
			      limit, now);
	}
	if (!claim->in_query && claim->time_ms < now_ms - skew_ms) {
		sp_time_to_amz(now_ms - skew_ms, limit);
		return refuse(err, SIGN_EXPIRED,
			      "Signature expired: %s is now earlier than %s (%s - %d min.)",
			      claim->stamp, limit, now, minutes);
	}
	return SIGN_GOOD;
}

/* What was not signed could have been changed on its way. */
static enum sign_verdict check_signed_names(const struct sign_request *request,
					    const struct sign_claim *claim, struct sp_error *err)
{
	if (!sign_names_contain(claim->names, "host"))
		return refuse(err, SIGN_WRONG,
			      "'Host' must be a 'SignedHeader' in the AWS Authorization.");
	for (size_t i = 0; i < request->header_count; i++) {
		const char *name = request->headers[i].name;
		/* SDKs that presign leave content-type to whoever will use the URL. */
		bool matters = strncasecmp(name, "x-amz-", 6) == 0 ||
			       (!claim->in_query && strcasecmp(name, "content-type") == 0);
		if (matters && !sign_names_contain(claim->names, name))
			return refuse(err, SIGN_WRONG,
				      "'%.64s' must be a 'SignedHeader' in the AWS Authorization.",
				      name);
	}
	return SIGN_GOOD;
}

/* The payload's line of the canonical request: what the client says it is, once that is known to be true. */
static enum sign_verdict check_payload(const struct sign_request *request,
				       char out[SP_SHA256_HEX_SIZE], struct sp_error *err)
{
	static const char unsigned_payload[] = "UNSIGNED-PAYLOAD";
	const char *said = sign_header_value(request, "x-amz-content-sha256");

	sp_sha256_hex(request->body, request->body_length, out);
	if (said == NULL || strcmp(said, out) == 0)
		return SIGN_GOOD;
	if (strcmp(said, unsigned_payload) != 0)
		return refuse(err, SIGN_WRONG_BODY,
			      "The provided 'x-amz-content-sha256' header does not match what was "
			      "computed.");
	if (!request->secure)
		return refuse(err, SIGN_WRONG_BODY,
			      "'UNSIGNED-PAYLOAD' is accepted over TLS only: sign the body.");
	snprintf(out, SP_SHA256_HEX_SIZE, "%s", unsigned_payload);
	return SIGN_GOOD;
}

static enum sign_verdict find_key(const struct sign_claim *claim, const struct sign_keys *keys,
				  int64_t now_ms, struct sign_key *out, struct sp_error *err)
{
	enum sign_verdict verdict =
		claim->has_bad_token
			? SIGN_BAD_TOKEN
			: keys->find(keys->ctx, claim->access_key_id,
				     claim->token[0] == '\0' ? NULL : claim->token, now_ms, out);
	if (verdict == SIGN_GOOD)
		return SIGN_GOOD;
	return refuse(err, verdict, "%s",
		      verdict == SIGN_OLD_TOKEN
			      ? "The security token included in the request is expired"
			      : SIGN_UNKNOWN_KEY_TEXT);
}

/* Of S3: what it says of a body, which need not be here. A signed URL says nothing when anything may be sent with it. */
static enum sign_verdict read_payload(const struct sign_request *request,
				      const struct sign_claim *claim, struct sign_seal *seal,
				      char out[SP_SHA256_HEX_SIZE], struct sp_error *err)
{
	const char *mark = strchr(request->target, '?');
	const char *said = sign_header_value(request, "x-amz-content-sha256");
	SP_AUTO_FREE char *in_query =
		said == NULL && claim->in_query
			? sign_query_value(mark == NULL ? "" : mark + 1, "X-Amz-Content-Sha256")
			: NULL;
	if (said == NULL)
		said = in_query != NULL ? in_query : claim->in_query ? "UNSIGNED-PAYLOAD" : NULL;
	if (said == NULL)
		return refuse(err, SIGN_INCOMPLETE,
			      "Missing required header for this request: x-amz-content-sha256");
	if (!sign_payload_of(said, &seal->payload))
		return refuse(err, SIGN_INCOMPLETE,
			      "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, "
			      "STREAMING-UNSIGNED-PAYLOAD-TRAILER, "
			      "STREAMING-AWS4-HMAC-SHA256-PAYLOAD, the same with -TRAILER, or a "
			      "valid sha256 value, not '%.80s'.",
			      said);
	snprintf(out, SP_SHA256_HEX_SIZE, "%s", said);
	snprintf(seal->digest, sizeof(seal->digest), "%s", said);
	return SIGN_GOOD;
}

/* Of S3, with the body here. */
static enum sign_verdict check_s3_payload(const struct sign_request *request,
					  const struct sign_claim *claim,
					  char out[SP_SHA256_HEX_SIZE], struct sp_error *err)
{
	struct sign_seal seal;
	char computed[SP_SHA256_HEX_SIZE];
	enum sign_verdict verdict = read_payload(request, claim, &seal, out, err);
	if (verdict != SIGN_GOOD || seal.payload == SIGN_PAYLOAD_UNSIGNED)
		return verdict;
	if (seal.payload != SIGN_PAYLOAD_DIGEST)
		return refuse(err, SIGN_WRONG_BODY,
			      "only an object's bytes may come in chunks: sign the body.");
	sp_sha256_hex(request->body, request->body_length, computed);
	if (strcasecmp(computed, out) != 0)
		return refuse(err, SIGN_WRONG_BODY,
			      "The provided 'x-amz-content-sha256' header does not match what was "
			      "computed.");
	return SIGN_GOOD;
}

/* What chunks are signed with, each after the one before; the first after the request itself. */
static void prepare_seal(const struct sign_scope *scope, const struct sign_claim *claim,
			 const char *secret, struct sign_seal *seal)
{
	sign_derive_key(scope, secret, seal->key);
	snprintf(seal->stamp, sizeof(seal->stamp), "%s", claim->stamp);
	snprintf(seal->scope, sizeof(seal->scope), "%s/%s/%s/" SIGN_TERMINATOR, claim->date,
		 claim->region, claim->service);
	sp_hex_encode(claim->signature, sizeof(claim->signature), seal->before);
}

/* @seal: NULL when nothing more comes. */
static enum sign_verdict check_signature(const struct sign_request *request,
					 const struct sign_claim *claim, const char *payload,
					 const struct sign_keys *keys, int64_t now_ms,
					 struct sign_identity *out, struct sign_seal *seal,
					 struct sp_error *err)
{
	char hash[SP_SHA256_HEX_SIZE];
	struct sign_key key = { 0 };
	enum sign_verdict verdict = find_key(claim, keys, now_ms, &key, err);
	if (verdict != SIGN_GOOD)
		return verdict;

	bool same = false;
	if (sign_hash_request(request, claim->names, claim->in_query ? "X-Amz-Signature" : NULL,
			      payload, sign_is_s3(claim->service), hash)) {
		/* Its date is that of the stamp: check_scope(). */
		const struct sign_scope scope = { .stamp = claim->stamp,
						  .region = claim->region,
						  .service = claim->service };
		unsigned char computed[SIGN_SIGNATURE_SIZE];
		sign_compute(&scope, key.secret, hash, computed);
		same = CRYPTO_memcmp(computed, claim->signature, sizeof(computed)) == 0;
		OPENSSL_cleanse(computed, sizeof(computed));
		if (same && seal != NULL)
			prepare_seal(&scope, claim, key.secret, seal);
	}
	if (same) {
		memcpy(out->session, key.session, sizeof(out->session));
		out->session_issued_ms = key.session_issued_ms;
	}
	OPENSSL_cleanse(&key, sizeof(key));
	if (!same)
		return refuse(err, SIGN_WRONG,
			      "The request signature we calculated does not match the signature "
			      "you provided. "
			      "Check your AWS Secret Access Key and signing method. "
			      "Consult the service documentation for details.");
	return SIGN_GOOD;
}

static void identify(const struct sign_claim *claim, struct sign_identity *out)
{
	memset(out, 0, sizeof(*out));
	memcpy(out->access_key_id, claim->access_key_id, sizeof(out->access_key_id));
	memcpy(out->service, claim->service, sizeof(out->service));
	memcpy(out->region, claim->region, sizeof(out->region));
}

bool sign_identify(const struct sign_request *request, struct sign_identity *out)
{
	struct sign_claim claim;
	struct sp_error ignored;
	sign_read_claim(request, &claim, &ignored);
	identify(&claim, out);
	return out->service[0] != '\0';
}

/* Everything that the body has no part in, up to the key. */
static enum sign_verdict check_claim(const struct sign_request *request, const char *region,
				     int64_t now_ms, struct sign_claim *claim,
				     struct sign_identity *out, struct sp_error *err)
{
	enum sign_verdict verdict = sign_read_claim(request, claim, err);
	identify(claim, out);
	if (verdict == SIGN_GOOD)
		verdict = check_scope(claim, region, err);
	if (verdict == SIGN_GOOD)
		verdict = check_clock(claim, now_ms, err);
	if (verdict == SIGN_GOOD)
		verdict = check_signed_names(request, claim, err);
	return verdict;
}

enum sign_verdict sign_verify(const struct sign_request *request, const struct sign_keys *keys,
			      const char *region, int64_t now_ms, struct sign_identity *out,
			      struct sp_error *err)
{
	struct sign_claim claim;
	char payload[SP_SHA256_HEX_SIZE];
	enum sign_verdict verdict = check_claim(request, region, now_ms, &claim, out, err);
	if (verdict == SIGN_GOOD)
		verdict = sign_is_s3(claim.service)
				  ? check_s3_payload(request, &claim, payload, err)
				  : check_payload(request, payload, err);
	if (verdict == SIGN_GOOD)
		verdict = check_signature(request, &claim, payload, keys, now_ms, out, NULL, err);
	return verdict;
}

enum sign_verdict sign_verify_head(const struct sign_request *request, const struct sign_keys *keys,
				   const char *region, int64_t now_ms, struct sign_identity *out,
				   struct sign_seal *seal, struct sp_error *err)
{
	struct sign_claim claim;
	char payload[SP_SHA256_HEX_SIZE];
	*seal = (struct sign_seal){ 0 };
	enum sign_verdict verdict = check_claim(request, region, now_ms, &claim, out, err);
	if (verdict == SIGN_GOOD)
		verdict = read_payload(request, &claim, seal, payload, err);
	if (verdict == SIGN_GOOD)
		verdict = check_signature(request, &claim, payload, keys, now_ms, out, seal, err);
	return verdict;
}
