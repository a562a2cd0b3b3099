#pragma once
/** Within service/transfer/: what a request says about a connector. Pure. */

#include "base/json.h"
#include "model/connector.h"

/** Where we are: resource configurations of other places are refused. */
struct connector_home {
	const char *region, *account;
};

/** A new connector, with an id of its own. Returns 0, or -1 with SP_INVALID, SP_UNSUPPORTED; SP_NOT_FOUND: the security policy. */
int connector_request_create(const json_t *input, const struct connector_home *home, int64_t now_ms,
			     struct connector *out, struct sp_error *err);

/**
 * Changes what the request names and leaves all else. Url makes the connector service-managed, EgressConfig makes it
 * VPC_LATTICE; either may change only a part. A private path that is named, or was ERRORED, is PENDING again. On failure @connector is whole, but
 * neither old nor new.
 */
int connector_request_update(const json_t *input, const struct connector_home *home,
			     struct connector *connector, struct sp_error *err);
