#include "sign/verify.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/digest.h"
#include "sign/canonical.h"
#include "sign/claim.h"
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
	int64_t skew_ms =
		strcmp(claim->service, "ec2") == 0 ? SIGN_CLOCK_SKEW_EC2_MS : SIGN_CLOCK_SKEW_MS;
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

static enum sign_verdict check_signature(const struct sign_request *request,
					 const struct sign_claim *claim,
					 const struct sign_keys *keys, int64_t now_ms,
					 struct sign_identity *out, struct sp_error *err)
{
	char payload[SP_SHA256_HEX_SIZE], hash[SP_SHA256_HEX_SIZE];
	enum sign_verdict verdict = check_payload(request, payload, err);
	if (verdict != SIGN_GOOD)
		return verdict;

	struct sign_key key = { 0 };
	verdict = find_key(claim, keys, now_ms, &key, err);
	if (verdict != SIGN_GOOD)
		return verdict;

	bool same = false;
	if (sign_hash_request(request, claim->names, claim->in_query ? "X-Amz-Signature" : NULL,
			      payload, hash)) {
		/* Its date is that of the stamp: check_scope(). */
		const struct sign_scope scope = { .stamp = claim->stamp,
						  .region = claim->region,
						  .service = claim->service };
		unsigned char computed[SIGN_SIGNATURE_SIZE];
		sign_compute(&scope, key.secret, hash, computed);
		same = CRYPTO_memcmp(computed, claim->signature, sizeof(computed)) == 0;
		OPENSSL_cleanse(computed, sizeof(computed));
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

enum sign_verdict sign_verify(const struct sign_request *request, const struct sign_keys *keys,
			      const char *region, int64_t now_ms, struct sign_identity *out,
			      struct sp_error *err)
{
	struct sign_claim claim;
	enum sign_verdict verdict = sign_read_claim(request, &claim, err);
	identify(&claim, out);
	if (verdict == SIGN_GOOD)
		verdict = check_scope(&claim, region, err);
	if (verdict == SIGN_GOOD)
		verdict = check_clock(&claim, now_ms, err);
	if (verdict == SIGN_GOOD)
		verdict = check_signed_names(request, &claim, err);
	if (verdict == SIGN_GOOD)
		verdict = check_signature(request, &claim, keys, now_ms, out, err);
	return verdict;
}
