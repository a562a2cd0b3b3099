#pragma once
/** Within egress/: one address and port, and what kind of address it is. Pure. */

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/ip.h"
#include "egress/egress.h"

struct address {
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} at;
	socklen_t length;
};

/** "192.0.2.7" or "2001:db8::7"; false for anything else, names included. */
bool address_parse(const char *text, uint16_t port, struct address *out);

/** False when it is of a family that we do not speak. */
bool address_from_sockaddr(const struct sockaddr *from, uint16_t port, struct address *out);

/** Without the port. */
struct ip_address address_ip(const struct address *address);

int address_family(const struct address *address);

/** IPv6 before IPv4, each in its order; @out has room for all. */
void addresses_prefer_v6(const struct address *addresses, size_t count, struct address *out);

/** Without the port. */
void address_host_text(const struct address *address, char out[EGRESS_ADDRESS_TEXT_MAX]);

/** "192.0.2.7:22", "[2001:db8::7]:22" */
void address_text(const struct address *address, char out[EGRESS_ADDRESS_TEXT_MAX]);

/**
 * NULL when it is an address of the public internet; else what it is: "a loopback address" …
 * An IPv4 address inside an IPv6 one (mapped, NAT64, 6to4) counts as what it leads to.
 */
const char *address_private_kind(const struct address *address);
