#pragma once
/** Signature Version 4, the client's side: the header that says who sent a request. Pure. */

#include "base/buffer.h"
#include "base/error.h"
#include "sign/verify.h"

/**
 * The value of Authorization for @request. All of its headers are signed: "host" and "x-amz-date" (the time of signing)
 * have to be among them, with a session token "x-amz-security-token", and none of them twice.
 *
 * SP_INVALID when one of the two is missing; SP_LIMIT when there are too many headers or parameters.
 */
int sign_make(const struct sign_request *request, const struct sign_key *key, const char *region,
	      const char *service, struct sp_buffer *out, struct sp_error *err);
