#pragma once
/**
 * The canonical forms of a request's parts: what both sides hash, however the bytes travelled.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "sign/verify.h"

enum {
	SIGN_QUERY_PAIRS_MAX = 256,
	SIGN_HEADER_NAMES_MAX = 100,
};

/** Everything but unreserved characters as %XX: as names, values and S3's keys are written in URLs. */
void sign_encode(const char *text, size_t length, bool keep_slashes, struct sp_buffer *out);

/** Dot segments resolved, empty ones dropped, and encoded once more: a path on the wire is encoded already. */
void sign_canonical_path(const char *path, size_t length, struct sp_buffer *out);

/** S3's: nothing resolved and nothing dropped, each byte but the slashes decoded and encoded again. */
void sign_plain_path(const char *path, size_t length, struct sp_buffer *out);

/** @leave_out: the name of a parameter that cannot be part of what is signed; NULL: none. False: too many parameters. */
bool sign_canonical_query(const char *query, const char *leave_out, struct sp_buffer *out);

/** @names: "host;x-amz-date", lower case and ascending. False when the request lacks one of them. */
bool sign_canonical_headers(const struct sign_request *request, const char *names,
			    struct sp_buffer *out);

/** Is @name (any case) in the list @names? */
bool sign_names_contain(const char *names, const char *name);

/** Lower-case header names, ascending, none twice, at most SIGN_HEADER_NAMES_MAX. */
bool sign_names_are_canonical(const char *names);

/** The value of the first such parameter, decoded, owned by the caller; NULL when there is none. */
char *sign_query_value(const char *query, const char *name);
