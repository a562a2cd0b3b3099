#pragma once
/**
 * Spawned by sallyportd: this process stays, holds the socket and (for an ordinary user) the namespaces, and starts a
 * working process on it; another one when that one dies, which says HELLO again.
 */

#include "base/error.h"

/** Until the other end of @fd is gone. Returns 0, or -1 when nothing can be done here; the daemon was told why. */
int supervise(int fd, struct sp_error *err);
