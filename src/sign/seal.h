#pragma once
/**
 * What a request to S3 says about its body before the body is there, and what the body is then checked with. The rules are
 * those of AWS's documentation, "Signature calculations for the authorization header: transferring payload in multiple chunks".
 */

#include <stdbool.h>

#include "base/clock.h"
#include "sign/signature.h"

enum sign_payload {
	SIGN_PAYLOAD_DIGEST,           /* the header x-amz-content-sha256 is its SHA-256 */
	SIGN_PAYLOAD_UNSIGNED,         /* "UNSIGNED-PAYLOAD" */
	SIGN_PAYLOAD_CHUNKS,           /* "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" */
	SIGN_PAYLOAD_CHUNKS_TRAILER,   /* the same "-TRAILER": with signed headers behind it */
	SIGN_PAYLOAD_UNSIGNED_TRAILER, /* "STREAMING-UNSIGNED-PAYLOAD-TRAILER" */
};

enum { SIGN_SCOPE_TEXT_SIZE = 176 };

/** Filled by sign_verify_head(). */
struct sign_seal {
	enum sign_payload payload;
	char digest[SP_SHA256_HEX_SIZE]; /* DIGEST only; lower case */
	/* Of chunks that are signed: with this key (a secret: wipe it), of this scope, each after the one before. */
	unsigned char key[SIGN_SIGNATURE_SIZE];
	char stamp[SP_ISO_TIME_SIZE], scope[SIGN_SCOPE_TEXT_SIZE];
	char before[2 * SIGN_SIGNATURE_SIZE + 1];
};

/** The kind that the value of x-amz-content-sha256 names; false when it is none. */
bool sign_payload_of(const char *said, enum sign_payload *out);

/** Whether the body comes in chunks ("aws-chunked"). */
bool sign_payload_is_chunked(enum sign_payload payload);

/** Whether @signature (hex) is that of a chunk whose bytes have the SHA-256 @hash (hex); it is then the one before the next. */
bool sign_seal_chunk(struct sign_seal *seal, const char *hash, const char *signature);

/** The same of the trailer, which @hash is that of. */
bool sign_seal_trailer(struct sign_seal *seal, const char *hash, const char *signature);
