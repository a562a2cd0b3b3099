#pragma once
/** Who asks, as identity/ wants to be told. */

#include "api/call.h"
#include "identity/identities.h"

/** Borrows from the call. */
static inline struct asker service_asker(const struct api_call *call)
{
	struct asker asker = { .key_id = api_access_key_id(call) };
	asker.session = api_session(call, &asker.session_issued_ms);
	return asker;
}
