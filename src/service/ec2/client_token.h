#pragma once
/** Within service/ec2/: creating once, however often an SDK repeats the request with its ClientToken. */

#include "service/ec2/kinds.h"

/** Makes one. @out_id: its id. */
typedef int ec2_make_fn(struct ec2_request *request, struct db *db, char out_id[NETWORK_ID_SIZE],
			struct sp_error *err);

/**
 * Inside a write: @make, unless the token made one before; answers it as a describe shows it, as the member @name,
 * with the token. A token that came with other parameters is an IdempotentParameterMismatch.
 *
 * @operation  "CreateRouteTable"
 */
int ec2_create_once(struct ec2_request *request, struct db *db, const char *operation,
		    ec2_make_fn *make, const struct ec2_kind *kind, const char *name,
		    struct sp_error *err);
