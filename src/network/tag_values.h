#pragma once
/** What the values of Sallyport's own tags say (NETWORK_TAG_…: model/network.h). Pure. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ip.h"
#include "model/network.h"

enum { TAG_SERVERS_MAX = 4, TAG_SERVER_PORT = 53 };

struct name_server {
	struct ip_address address;
	uint16_t port;
};

/** "10.0.0.2, 10.0.0.3:5353, fd00::2, [fd00::3]:5353". False: no such list, or longer than TAG_SERVERS_MAX. */
bool tag_value_servers(const char *text, struct name_server out[TAG_SERVERS_MAX],
		       size_t *out_count);

/** "eth1.120": what the kernel takes as an interface's name. */
bool tag_value_interface(const char *text);

/** A subnet's next hops. */
struct tag_routers {
	struct ip_address v4, v6; /* none: not said */
};

/**
 * "10.0.0.1", "fd00::1", "10.0.0.1, fd00::1": one of each family at most, in the subnet's block of that family.
 * @cidr6  maybe none
 */
bool tag_value_routers(const char *text, const struct cidr *cidr, const struct cidr *cidr6,
		       struct tag_routers *out);

/** "192.0.2.1": an address that a single machine can have. */
bool tag_value_host(const char *text, struct ip_address *out);

/** "192.0.2.2/30": the same, with its network's length; neither that network's first nor its last. */
bool tag_value_host_in_network(const char *text, struct ip_address *out, int *out_bits);

/** "yes", "no". */
bool tag_value_flag(const char *text, bool *out);
