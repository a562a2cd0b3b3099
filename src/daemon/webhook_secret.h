#pragma once
/** The secret that signs what is sent to webhooks. */

#include "daemon/state.h"

/**
 * @setting  its file; NULL: one in the state folder, created when it is not there
 * @out      owned by the caller: sp_secret_free()
 */
int webhook_secret_open(const struct state *state, const char *setting, char **out,
			struct sp_error *err);
