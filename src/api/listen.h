#pragma once
/** Where the server listens. */

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/**
 * "127.0.0.1:8722", "[::1]:0", "localhost:8722": a listening socket, non-blocking and close-on-exec.
 *
 * @loopback_only  refuse an address that others could reach
 * @out_fd         owned by the caller
 */
int listen_open(const char *address, bool loopback_only, int *out_fd, uint16_t *out_port,
		struct sp_error *err);
