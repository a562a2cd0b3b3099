#pragma once
/** What a request says about its signature, in the Authorization header or in the query: read, not yet believed. */

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/error.h"
#include "sign/signature.h"
#include "sign/verify.h"

enum {
	SIGN_NAMES_SIZE = 4096,
	SIGN_EXPIRES_MAX = 7 * 24 * 3600,
};

struct sign_claim {
	bool in_query;
	char access_key_id[129];
	char date[9]; /* of the scope */
	char region[65], service[65], terminator[33];
	char names[SIGN_NAMES_SIZE]; /* SignedHeaders, checked for form and order */
	unsigned char signature[SIGN_SIGNATURE_SIZE];
	char stamp[SP_ISO_TIME_SIZE]; /* as signed: yyyymmddThhmmssZ */
	int64_t time_ms;              /* the same */
	int64_t expires_ms;           /* query form: how long it is good; else 0 */
	char token[SIGN_TOKEN_SIZE];  /* "": there is none … */
	bool has_bad_token; /* … or one that is none, for it is empty, too long or there twice */
};

/**
 * SIGN_GOOD means: complete and well-formed. @out is filled as far as it could be read in any case.
 * SIGN_MISSING or SIGN_INCOMPLETE otherwise, with @err.
 */
enum sign_verdict sign_read_claim(const struct sign_request *request, struct sign_claim *out,
				  struct sp_error *err);
