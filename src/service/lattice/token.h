#pragma once
/** Within service/lattice/: client tokens. The same request with the same token makes nothing the second time. */

#include "service/lattice/request.h"

/**
 * Inside the write that creates. @operation: "vpc-lattice CreateResourceGateway".
 * @out_id: what the token made before; "" when it is new, or there is none. A token of another request is a
 * ConflictException.
 */
int lattice_token_look_up(struct lattice_request *request, struct db *db, const char *operation,
			  enum lattice_resource resource, char out_id[NETWORK_ID_SIZE],
			  struct sp_error *err);

/** What the request's token made. Without a token nothing happens. */
int lattice_token_note(struct lattice_request *request, struct db *db, const char *operation,
		       const char *id, struct sp_error *err);
