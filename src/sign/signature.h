#pragma once
/** What both sides compute: the hash of a request's canonical form, and the signature of that. Pure. */

#include <stdbool.h>
#include <stdint.h>

#include "base/digest.h"
#include "sign/verify.h"

enum { SIGN_SIGNATURE_SIZE = 32 /* bytes of an HMAC-SHA256 */ };

#define SIGN_TERMINATOR "aws4_request"

/** Whether a service's paths and bodies are signed as S3 has it. */
bool sign_is_s3(const char *service);

/** What a signature is good for. All borrowed. */
struct sign_scope {
	const char *stamp; /* yyyymmddThhmmssZ: its first eight characters are the scope's date */
	const char *region, *service;
};

/**
 * @names      the signed headers, canonical (sign/canonical.h)
 * @leave_out  a parameter of the query that is not part of what is signed; NULL: none
 * @payload    the last line of the canonical request
 * @as_it_is   S3's paths: keys may have "//" and "..", and are not encoded once more
 *
 * False when the request lacks one of the headers, or cannot be put into that form.
 */
bool sign_hash_request(const struct sign_request *request, const char *names, const char *leave_out,
		       const char *payload, bool as_it_is, char out[SP_SHA256_HEX_SIZE]);

/** The key of a scope: what signs, for one day, without the secret. */
void sign_derive_key(const struct sign_scope *scope, const char *secret,
		     unsigned char out[SIGN_SIGNATURE_SIZE]);

/** @hash: of the canonical request. */
void sign_compute(const struct sign_scope *scope, const char *secret, const char *hash,
		  unsigned char out[SIGN_SIGNATURE_SIZE]);
