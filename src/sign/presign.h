#pragma once
/**
 * The other side of verify.h: URLs that carry their own Signature Version 4, for storage that speaks S3. Whoever has one
 * may do that one thing until it expires, and needs no secret. Pure: no I/O.
 */

#include <stddef.h>
#include <stdint.h>

#include "sign/verify.h"

/** Who signs. Borrowed. */
struct sign_signer {
	const char *access_key_id;
	const char *secret;        /* at most 128 bytes */
	const char *session_token; /* NULL: none */
	const char *region;
};

/** A request that shall be allowed. All borrowed. */
struct sign_presign {
	const char *method;
	const char *origin; /* "https://host:port": no slash at its end */
	const char
		*path; /* bytes, not escaped yet, from the first slash on; S3 takes it as it is */
	const char *query; /* escaped, "" or "a=b&c=d" */
	/* Headers besides Host that must come along just so, in the order of their names, which are in lower case. */
	const struct sign_header *headers;
	size_t header_count;
	uint32_t expires_s;
	int64_t now_ms;
};

/** The URL, owned by the caller. Wipe it: until it expires it is a key to that object. */
char *sign_presign(const struct sign_presign *wish, const struct sign_signer *signer);
