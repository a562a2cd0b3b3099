#include "service/ec2/network_tags.h"

#include <string.h>

#include "base/text.h"
#include "network/cidr.h"
#include "network/tag_values.h"
#include "service/ec2/kinds.h"
#include "store/gateways.h"
#include "store/networks.h"

/* @value NULL: the tag is taken away. */
static int refuse_value(struct ec2_request *request, const char *key, const char *value,
			const char *needs, struct sp_error *err)
{
	return ec2_refuse(request, err, EC2_INVALID_VALUE,
			  "Value (%.128s) for the tag %s is invalid: it needs %s", value, key,
			  needs);
}

static int check_uplink(struct ec2_request *request, const char *key, const char *value,
			struct sp_error *err)
{
	return tag_value_interface(value)
		       ? 0
		       : refuse_value(request, key, value,
				      "the name of a network interface of this machine, as in "
				      "\"eth1.120\"",
				      err);
}

/* ---- VPCs ----------------------------------------------------------------------------------------------------------- */

/* It says what was made when the VPC was, so it stays what it is. */
static int check_provider(struct ec2_request *request, const struct vpc *vpc, const char *value,
			  struct sp_error *err)
{
	const char *provider = network_provider_name(vpc->provider);
	if (value != NULL && strcmp(value, provider) == 0)
		return 0;
	if (value == NULL)
		return ec2_refuse(request, err, EC2_INVALID_VALUE,
				  "The tag " NETWORK_TAG_PROVIDER " of '%s' cannot be taken away: "
				  "it says that the network is one of %s",
				  vpc->id, provider);
	return ec2_refuse(request, err, EC2_INVALID_VALUE,
			  "Value (%.64s) for the tag " NETWORK_TAG_PROVIDER " is invalid: '%s' was "
			  "made as a network of %s, which cannot change",
			  value, vpc->id, provider);
}

static int check_servers(struct ec2_request *request, const struct vpc *vpc, const char *value,
			 struct sp_error *err)
{
	struct name_server servers[TAG_SERVERS_MAX];
	size_t count;
	(void)vpc;
	if (value == NULL || tag_value_servers(value, servers, &count))
		return 0;
	return ec2_refuse(request, err, EC2_INVALID_VALUE,
			  "Value (%.128s) for the tag " NETWORK_TAG_DNS
			  " is invalid: it needs one to "
			  "%d IP addresses of name servers, as in \"10.0.0.2, [fd00::2]:5353\"",
			  value, TAG_SERVERS_MAX);
}

/* A network of this host has no router of its own to join to anything. */
static int check_has_router(struct ec2_request *request, const struct vpc *vpc, const char *key,
			    struct sp_error *err)
{
	if (vpc->provider != PROVIDER_HOST)
		return 0;
	return ec2_refuse(request, err, EC2_INVALID_VALUE,
			  "The tag %s is not for '%s': it is a network of host, whose interfaces "
			  "and routes are this machine's own",
			  key, vpc->id);
}

static int check_vpc_uplink(struct ec2_request *request, const struct vpc *vpc, const char *value,
			    struct sp_error *err)
{
	if (value == NULL)
		return 0;
	if (check_has_router(request, vpc, NETWORK_TAG_UPLINK, err) != 0)
		return -1;
	return check_uplink(request, NETWORK_TAG_UPLINK, value, err);
}

static bool is_inside(const struct vpc *vpc, struct ip_address address)
{
	struct cidr range;
	return cidr_parse(vpc->cidr, &range, NULL) && cidr_contains(&range, address);
}

static int check_vpc_router(struct ec2_request *request, const struct vpc *vpc, const char *value,
			    struct sp_error *err)
{
	struct ip_address address;
	if (value == NULL)
		return 0;
	if (check_has_router(request, vpc, NETWORK_TAG_ROUTER, err) != 0)
		return -1;
	if (tag_value_host(value, &address) && !is_inside(vpc, address))
		return 0;
	return refuse_value(request, NETWORK_TAG_ROUTER, value,
			    "the IPv4 address of the next hop on the uplink, outside of the VPC's "
			    "own range",
			    err);
}

static int check_vpc_address(struct ec2_request *request, const struct vpc *vpc, const char *value,
			     struct sp_error *err)
{
	struct cidr range, network;
	struct ip_address address;
	int bits;
	if (value == NULL)
		return 0;
	if (check_has_router(request, vpc, NETWORK_TAG_ADDRESS, err) != 0)
		return -1;
	if (tag_value_host_in_network(value, &address, &bits) &&
	    cidr_parse(value, &network, NULL) && cidr_parse(vpc->cidr, &range, NULL) &&
	    !cidr_overlaps(&range, &network))
		return 0;
	return refuse_value(request, NETWORK_TAG_ADDRESS, value,
			    "an address of the VPC's router on the uplink with the length of that "
			    "network, outside of the VPC's own range, as in \"192.0.2.2/30\"",
			    err);
}

static const struct {
	const char *key;
	int (*check)(struct ec2_request *request, const struct vpc *vpc, const char *value,
		     struct sp_error *err);
} vpc_tags[] = {
	{ NETWORK_TAG_PROVIDER, check_provider },   { NETWORK_TAG_DNS, check_servers },
	{ NETWORK_TAG_UPLINK, check_vpc_uplink },   { NETWORK_TAG_ROUTER, check_vpc_router },
	{ NETWORK_TAG_ADDRESS, check_vpc_address },
};

int ec2_vpc_check_tag(struct ec2_request *request, struct db *db, const char *id, const char *key,
		      const char *value, struct sp_error *err)
{
	struct vpc vpc;
	for (size_t i = 0; i < SP_COUNT_OF(vpc_tags); i++) {
		if (strcmp(vpc_tags[i].key, key) != 0)
			continue;
		if (vpcs_find(db, id, &vpc, err) != 0)
			return -1;
		return vpc_tags[i].check(request, &vpc, value, err);
	}
	return 0;
}

/* ---- subnets -------------------------------------------------------------------------------------------------------- */

static int check_subnet_uplink(struct ec2_request *request, const struct subnet *subnet,
			       const char *value, struct sp_error *err)
{
	(void)subnet;
	return check_uplink(request, NETWORK_TAG_UPLINK, value, err);
}

static int check_subnet_router(struct ec2_request *request, const struct subnet *subnet,
			       const char *value, struct sp_error *err)
{
	struct cidr cidr, cidr6;
	struct tag_routers routers;
	if (cidr_parse(subnet->cidr, &cidr, NULL) && cidr_parse_optional(subnet->cidr6, &cidr6) &&
	    tag_value_routers(value, &cidr, &cidr6, &routers))
		return 0;
	return ec2_refuse(request, err, EC2_INVALID_VALUE,
			  "Value (%.128s) for the tag " NETWORK_TAG_ROUTER
			  " is invalid: it needs an "
			  "address in %s%s%s, the range of '%s'",
			  value, subnet->cidr, subnet->cidr6[0] == '\0' ? "" : " or one in ",
			  subnet->cidr6, subnet->id);
}

static const struct {
	const char *key;
	int (*check)(struct ec2_request *request, const struct subnet *subnet, const char *value,
		     struct sp_error *err);
} subnet_tags[] = {
	{ NETWORK_TAG_UPLINK, check_subnet_uplink },
	{ NETWORK_TAG_ROUTER, check_subnet_router },
};

int ec2_subnet_check_tag(struct ec2_request *request, struct db *db, const char *id,
			 const char *key, const char *value, struct sp_error *err)
{
	struct subnet subnet;
	struct vpc vpc;
	for (size_t i = 0; i < SP_COUNT_OF(subnet_tags) && value != NULL; i++) {
		if (strcmp(subnet_tags[i].key, key) != 0)
			continue;
		if (subnets_find(db, id, &subnet, err) != 0 ||
		    vpcs_find(db, subnet.vpc_id, &vpc, err) != 0)
			return -1;
		if (vpc.provider == PROVIDER_HOST)
			return ec2_refuse(
				request, err, EC2_INVALID_VALUE,
				"The tag %s is not for '%s': its vpc is a network of "
				"host, whose interfaces and routes are this machine's own",
				key, id);
		return subnet_tags[i].check(request, &subnet, value, err);
	}
	return 0;
}

/* ---- network interfaces --------------------------------------------------------------------------------------------- */

int ec2_interface_check_tag(struct ec2_request *request, struct db *db, const char *id,
			    const char *key, const char *value, struct sp_error *err)
{
	struct network_interface interface;
	bool is_external;
	if (strcmp(key, NETWORK_TAG_EXTERNAL) != 0 || value == NULL)
		return 0;
	if (!tag_value_flag(value, &is_external))
		return refuse_value(request, key, value,
				    "\"yes\", when a machine that is there already has the "
				    "interface's address, or \"no\"",
				    err);
	if (interfaces_find(db, id, &interface, err) != 0)
		return -1;
	if (interface.kind == INTERFACE_OF_USER || !is_external)
		return 0;
	return ec2_refuse(request, err, EC2_INVALID_VALUE,
			  "The tag " NETWORK_TAG_EXTERNAL "=yes is not for '%s': it is the "
			  "interface of %s, which is always made here",
			  id, interface.owner_id);
}
