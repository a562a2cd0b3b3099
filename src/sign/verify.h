#pragma once
/**
 * Signature Version 4: is this request what the owner of an access key signed? Header and query form. The rules are
 * those of AWS's public documentation, "AWS Signature Version 4". Pure: no I/O.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct sign_header {
	/* Borrowed; names as received, in the order received, repeated ones repeated. */
	const char *name, *value;
};

/** A request as it came over the wire. All borrowed. */
struct sign_request {
	const char *method;
	const char *target; /* raw: path and query, escapes kept */
	const struct sign_header *headers;
	size_t header_count;
	const void *body;
	size_t body_length;
	bool secure; /* came over TLS */
};

enum { SIGN_SESSION_SIZE = 96, SIGN_TOKEN_SIZE = 1025 };

/** An access key, or temporary credentials: whose session it is, in one word, and since when. */
struct sign_key {
	char id[129];
	char secret[129];
	char session[SIGN_SESSION_SIZE]; /* "": none */
	int64_t session_issued_ms;
};

/** Why it was refused: each protocol has its own names for these (contract: sigv4, "Error codes by protocol"). */
enum sign_verdict {
	SIGN_GOOD,
	SIGN_MISSING,    /* no authorization at all */
	SIGN_INCOMPLETE, /* malformed, or parts missing */
	SIGN_UNKNOWN_KEY,
	SIGN_WRONG,       /* the signature does not match */
	SIGN_WRONG_SCOPE, /* region, date, terminator */
	SIGN_EXPIRED,     /* the date is too old, or too far ahead */
	SIGN_WRONG_BODY,  /* x-amz-content-sha256 is not that of the body */
	SIGN_BAD_TOKEN,   /* a session token that we did not give */
	SIGN_OLD_TOKEN,   /* one that has expired */
};

/** Finds the secret of an access key id. Any thread. */
struct sign_keys {
	void *ctx;
	/**
	 * @token  the session token that came with it; NULL: none
	 * SIGN_GOOD; SIGN_UNKNOWN_KEY when there is no such key, or it may not be used; SIGN_BAD_TOKEN; SIGN_OLD_TOKEN.
	 */
	enum sign_verdict (*find)(void *ctx, const char *id, const char *token, int64_t now_ms,
				  struct sign_key *out);
};

/** What is said of SIGN_UNKNOWN_KEY, and of SIGN_BAD_TOKEN. */
#define SIGN_UNKNOWN_KEY_TEXT "The security token included in the request is invalid."

/** Who asked, and for which service. Filled as far as it could be read, also for a refusal (so that it can be said in the service's own form). */
struct sign_identity {
	char access_key_id[129];
	char service[65];
	char region[65];
	/* With SIGN_GOOD only: */
	char session[SIGN_SESSION_SIZE]; /* as sign_key has it */
	int64_t session_issued_ms;
};

enum { SIGN_CLOCK_SKEW_MS = 5 * 60 * 1000, SIGN_CLOCK_SKEW_WIDE_MS = 15 * 60 * 1000 };

/** @region: this endpoint's. @err has the sentence for the client unless the verdict is SIGN_GOOD. */
enum sign_verdict sign_verify(const struct sign_request *request, const struct sign_keys *keys,
			      const char *region, int64_t now_ms, struct sign_identity *out,
			      struct sp_error *err);

struct sign_seal;

/**
 * The same of a request to S3 whose body is not here yet: it is checked afterwards with @seal (sign/seal.h), which holds a
 * secret and is to be wiped.
 */
enum sign_verdict sign_verify_head(const struct sign_request *request, const struct sign_keys *keys,
				   const char *region, int64_t now_ms, struct sign_identity *out,
				   struct sign_seal *seal, struct sp_error *err);

/** Who a request says it is from: read, not verified. False when it does not say. */
bool sign_identify(const struct sign_request *request, struct sign_identity *out);

/** The value of the only such header (any case), borrowed; NULL when there is none, or more than one. */
const char *sign_header_value(const struct sign_request *request, const char *name);
