#pragma once
/** Sockets that belong to a network namespace for life, whoever holds them. */

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/ip.h"
#include "netd/namespaces.h"

/**
 * @streams TCP and then @datagrams UDP sockets, bound to @address, non-blocking, close-on-exec.
 * @out  room for @streams + @datagrams, owned by the caller; none is open after a failure
 */
int sockets_open(const struct namespaces *namespaces, int namespace_fd, struct ip_address address,
		 size_t streams, size_t datagrams, int *out, struct sp_error *err);
