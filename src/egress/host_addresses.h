#pragma once
/** The IPv4 addresses and interfaces that this machine has: what the host provider's subnets are made of. */

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "network/cidr.h"

enum { HOST_ADDRESSES_MAX = 1024, HOST_CANDIDATES_MAX = 4096 };

struct host_address {
	struct ip_address address;
	struct cidr network;
	char interface[IF_NAMESIZE];
	bool is_loopback; /* the kernel owns all of its network */
};

/** Those that are there now, at most HOST_ADDRESSES_MAX. @out: an array, owned by the caller. */
int host_addresses_list(struct host_address **out, size_t *out_count, struct sp_error *err);

/**
 * What an ENI of @subnet may have: addresses that this host owns there. In a loopback network every address counts,
 * HOST_CANDIDATES_MAX of them at most. @out: an array, owned by the caller; @out_count 0 when there are none.
 */
int host_addresses_in(const struct cidr *subnet, struct ip_address **out, size_t *out_count,
		      struct sp_error *err);

/** Why one of those is nobody's Elastic IP. */
#define HOSTS_OWN_ADDRESS "cannot use %s as a public address: it is one of this host's own"

/** Whether the address is one of @list, or in a loopback network of it. */
bool host_addresses_own(const struct host_address *list, size_t count, struct ip_address address);

/** The interface that has it, for SO_BINDTODEVICE. SP_NOT_FOUND names the addresses that there are. */
int host_addresses_interface(struct ip_address address, char out[IF_NAMESIZE],
			     struct sp_error *err);

/**
 * What a socket that is bound to an address and its interface cannot reach, although it would only time out: SP_UNREACHABLE.
 * A loopback address reaches what this host owns and nothing else; nothing else reaches loopback addresses.
 */
int host_addresses_check_reach(struct ip_address from, struct ip_address to, struct sp_error *err);

/** "192.0.2.1 (eth0), 127.0.0.1 (lo)": for sentences. */
void host_addresses_describe(struct sp_buffer *out);
