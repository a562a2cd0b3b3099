#pragma once
/**
 * Within egress/: what the store wants of networks, read in one snapshot. Indexes lead from one list into another.
 *
 *   wanted.c             VPCs, subnets, resource gateways; the whole
 *   wanted_tags.c        what Sallyport's own tags say of them
 *   wanted_interfaces.c  NAT gateways, network interfaces and their rules
 *   wanted_routes.c      internet gateways, public addresses, route tables
 */

#include "db/db.h"
#include "egress/host_addresses.h"
#include "ipc/netd_message.h"
#include "model/network.h"
#include "model/routing.h"

/* A refusal says why a thing cannot be made, whoever makes it: what stands on it cannot be made either. Owned; NULL: none. */

#define WANTED_NONE SIZE_MAX /* in place of an index */

struct wanted_vpc {
	struct vpc row;
	struct cidr cidr, cidr6;                      /* cidr6: maybe none */
	struct netd_server servers[NETD_SERVERS_MAX]; /* of the tag sallyport:dns */
	uint32_t server_count;
	char *refusal;
	/* Where its internet gateway leads, as its tags say. */
	struct wanted_way_out {
		char uplink[INTERFACE_NAME_SIZE];  /* "": to this host */
		struct ip_address router, address; /* none: no such tag */
		int bits;                          /* of the address's network */
		char *refusal;
	} way_out;
	size_t internet; /* the internet gateway that is attached, or WANTED_NONE */
};

struct wanted_subnet {
	struct subnet row;
	size_t vpc;
	struct cidr cidr, cidr6;           /* cidr6: maybe none */
	char uplink[INTERFACE_NAME_SIZE];  /* "" when none */
	struct ip_address router, router6; /* router6: none without cidr6 */
	size_t table; /* that it goes by; WANTED_NONE with a provider that knows no tables */
	char *refusal;
};

struct wanted_gateway {
	struct resource_gateway row;
	size_t vpc;
	struct egress_rule *rules; /* of all its ENIs; owned */
	size_t rule_count;
	char *refusal;
};

struct wanted_nat {
	struct nat_gateway row; /* also of deleted ones */
};

struct wanted_eni {
	struct network_interface row;
	size_t subnet;
	size_t gateway,
		nat; /* whose it is: one of them, or of the user's neither; else WANTED_NONE */
	struct ip_address address, address6; /* address6: maybe none */
	bool is_external;                    /* a machine that is there already has the address */
	struct egress_rule
		*rules; /* of the user's; owned. A resource gateway's are in its gateway */
	size_t rule_count;
	char *refusal;
};

/** An internet gateway that is attached to a VPC of the provider netns. */
struct wanted_internet {
	struct internet_gateway row;
	size_t vpc;
	struct netd_mapping *mappings; /* owned */
	size_t mapping_count;
	char *refusal;
};

/** A route table of such a VPC. */
struct wanted_table {
	struct route_table row;
	size_t vpc;
	struct netd_route *routes; /* besides the local one; owned */
	size_t route_count;
	bool uses_internet; /* a route goes by the VPC's INTERNET */
	char *flaw;         /* a route that cannot be made, and leads nowhere; owned; NULL: none */
};

struct wanted {
	struct wanted_vpc *vpcs; /* all lists: ascending ids */
	struct wanted_subnet *subnets;
	struct wanted_gateway *gateways;
	struct wanted_nat *nats;
	struct wanted_eni *enis;
	struct wanted_internet *internets;
	struct wanted_table *tables;
	size_t vpc_count, subnet_count, gateway_count, nat_count, eni_count, internet_count,
		table_count;
};

struct wanted_options {
	const char *region, *account; /* of the ARNs that tags hang on */
	bool internet;                /* an internet gateway may lead to this host */
	const struct host_address
		*own; /* this host's addresses: no public address may be one of them */
	size_t own_count;
};

/** @out is the caller's to finish either way. */
int wanted_read(struct db *db, const struct wanted_options *options, struct wanted *out,
		struct sp_error *err);
void wanted_finish(struct wanted *wanted);

/** NULL when there is none. */
const struct wanted_eni *wanted_find_eni(const struct wanted *wanted, const char *id);

enum network_provider wanted_provider(const struct wanted *wanted, const struct wanted_eni *eni);
