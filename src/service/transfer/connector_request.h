#pragma once
/** Within service/transfer/: what a request says about a connector. Pure. */

#include "base/json.h"
#include "model/connector.h"

/** A new connector, with an id of its own. Returns 0, or -1 with SP_INVALID, SP_UNSUPPORTED; SP_NOT_FOUND: the security policy. */
int connector_request_create(const json_t *input, int64_t now_ms, struct connector *out,
			     struct sp_error *err);

/** Changes what the request names and leaves all else. On failure @connector is whole, but neither old nor new. */
int connector_request_update(const json_t *input, struct connector *connector,
			     struct sp_error *err);
