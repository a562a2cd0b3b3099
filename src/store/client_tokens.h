#pragma once
/** What an idempotent create with a client token made, so that the same request again makes nothing. */

#include "db/db.h"

enum { CLIENT_TOKEN_KEPT_MS = 24 * 3600 * 1000 };

/**
 * Inside the write that creates. Older ones than CLIENT_TOKEN_KEPT_MS are forgotten here.
 *
 * @operation     "vpc-lattice CreateResourceGateway": a token counts within one
 * @fingerprint   of the request without its token: hex of a digest
 * @out_id        room for NETWORK_ID_SIZE; what it made then, "" when the token is new
 * Returns 0, or -1 with SP_EXISTS: the token came with another request.
 */
int client_tokens_look_up(struct db *db, const char *operation, const char *token,
			  const char *fingerprint, int64_t now_ms, char *out_id,
			  struct sp_error *err);
int client_tokens_note(struct db *db, const char *operation, const char *token,
		       const char *fingerprint, const char *id, int64_t now_ms,
		       struct sp_error *err);
