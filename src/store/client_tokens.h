#pragma once
/** What a create with a token made, so that the same request again makes nothing. */

#include "db/db.h"

enum { CLIENT_TOKENS_FORGOTTEN = 8 /* that have had their time, with every new one at most */ };

/**
 * Inside the write that creates.
 *
 * @operation     "vpc-lattice CreateResourceGateway": a token counts within one
 * @fingerprint   of the request without its token: hex of a digest
 * @out_id        room for NETWORK_ID_SIZE; what it made then, "" when the token is new
 * Returns 0, or -1 with SP_EXISTS: the token came with another request.
 */
int client_tokens_look_up(struct db *db, const char *operation, const char *token,
			  const char *fingerprint, int64_t now_ms, char *out_id,
			  struct sp_error *err);
/** Counts until @forget_ms. */
int client_tokens_note(struct db *db, const char *operation, const char *token,
		       const char *fingerprint, const char *id, int64_t now_ms, int64_t forget_ms,
		       struct sp_error *err);
