#pragma once
/** DIR/admin.env and DIR/aws-config: what an administrator's tools need. That they are there means: we answer. */

#include "config/settings.h"
#include "daemon/endpoint.h"
#include "daemon/keys.h"
#include "daemon/state.h"

/** Before the start: what an earlier run left speaks of another port. */
int announce_withdraw(const struct state *state, struct sp_error *err);

int announce(const struct state *state, const struct settings *settings,
	     const struct endpoint *endpoint, const struct admin_key *key, const char *role,
	     struct sp_error *err);
