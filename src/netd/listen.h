#pragma once
/** Started by systemd, with a socket that it has opened for us. */

#include <stdbool.h>

#include "base/error.h"

/**
 * @leads_to_host  internet gateways without uplink may
 * Serves one daemon after the other, for ever. Whoever is not @user is sent away without a word; who comes while
 * another is served waits.
 *
 * Fails when there is no such socket or no such user, or nothing can be made here.
 */
int listen_for(const char *user, bool leads_to_host, struct sp_error *err);
