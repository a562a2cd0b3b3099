#pragma once
/**
 * Spawned by sallyportd: this process stays, holds the socket and (for an ordinary user) the namespaces, and starts a
 * working process on it; another one when that one dies, which says HELLO again.
 */

#include <stdbool.h>

#include "base/error.h"

/**
 * Until the other end of @fd is gone.
 * @leads_to_host  internet gateways without uplink may; never in a user namespace
 * Returns 0, or -1 when nothing can be done here; the daemon was told why.
 */
int supervise(int fd, bool leads_to_host, struct sp_error *err);
