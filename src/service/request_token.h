#pragma once
/** Client tokens of requests that create: the same request with the same token makes nothing the second time. */

#include "base/json.h"
#include "model/network.h"
#include "store/client_tokens.h"

/**
 * Inside the write that creates.
 *
 * @operation  "vpc-lattice CreateResourceGateway"
 * @member     of @input that is the token: "clientToken"
 * @out_id     what the token made before; "" when it is new, or there is none
 * SP_EXISTS: the token came with other parameters.
 */
int request_token_look_up(struct db *db, const char *operation, const json_t *input,
			  const char *member, char out_id[NETWORK_ID_SIZE], struct sp_error *err);

/** What the request's token made. Without a token nothing happens. */
int request_token_note(struct db *db, const char *operation, const json_t *input,
		       const char *member, const char *id, struct sp_error *err);
