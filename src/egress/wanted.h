#pragma once
/** Within egress/: what the store wants of networks, read in one snapshot. Indexes lead from one list into another. */

#include "db/db.h"
#include "ipc/netd_message.h"
#include "model/network.h"

/* A refusal says why a thing cannot be made, whoever makes it: what stands on it cannot be made either. */

struct wanted_vpc {
	struct vpc row;
	struct cidr cidr;
	struct netd_server servers[NETD_SERVERS_MAX]; /* of the tag sallyport:dns */
	uint32_t server_count;
	char *refusal; /* owned; NULL: none */
};

struct wanted_subnet {
	struct subnet row;
	size_t vpc;
	struct cidr cidr;
	char uplink[INTERFACE_NAME_SIZE]; /* "" when none */
	uint32_t router;
	char *refusal;
};

struct wanted_gateway {
	struct resource_gateway row;
	size_t vpc;
	struct egress_rule *rules; /* of all its ENIs; owned */
	size_t rule_count;
	char *refusal;
};

struct wanted_eni {
	struct network_interface row;
	size_t subnet, gateway;
	uint32_t address;
};

struct wanted {
	struct wanted_vpc *vpcs; /* all lists: ascending ids */
	struct wanted_subnet *subnets;
	struct wanted_gateway *gateways;
	struct wanted_eni *enis;
	size_t vpc_count, subnet_count, gateway_count, eni_count;
};

/** @region, @account: of the ARNs that tags hang on. @out is the caller's to finish either way. */
int wanted_read(struct db *db, const char *region, const char *account, struct wanted *out,
		struct sp_error *err);
void wanted_finish(struct wanted *wanted);

/** NULL when there is none. */
const struct wanted_eni *wanted_find_eni(const struct wanted *wanted, const char *id);

enum network_provider wanted_provider(const struct wanted *wanted, const struct wanted_eni *eni);
