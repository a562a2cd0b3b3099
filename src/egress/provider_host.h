#pragma once
/** Within egress/: sockets of ENIs whose addresses are this machine's own. No privileges, nothing to be made. */

#include "egress/networks.h"

/** Whether this host has the address of @interface now. */
int provider_host_check(const struct network_interface *interface, struct sp_error *err);

/**
 * Bound to the ENI's address and to the network interface that has it: a source address alone does not choose the way
 * out. @out: as networks_open_sockets() gives it.
 */
void provider_host_open(const struct network_interface *interface, const struct socket_wish *wish,
			struct networks_sockets *out);
