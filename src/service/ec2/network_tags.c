#include "service/ec2/network_tags.h"

#include <string.h>

#include "base/text.h"
#include "network/cidr.h"
#include "network/tag_values.h"
#include "service/ec2/kinds.h"
#include "store/networks.h"

/* ---- VPCs ----------------------------------------------------------------------------------------------------------- */

/* It says what was made when the VPC was, so it stays what it is. */
static int check_provider(struct ec2_request *request, struct db *db, const char *id,
			  const char *value, struct sp_error *err)
{
	struct vpc vpc;
	if (vpcs_find(db, id, &vpc, err) != 0)
		return -1;
	const char *provider = network_provider_name(vpc.provider);
	if (value != NULL && strcmp(value, provider) == 0)
		return 0;
	if (value == NULL)
		return ec2_refuse(request, err, EC2_INVALID_VALUE,
				  "The tag " NETWORK_TAG_PROVIDER " of '%s' cannot be taken away: "
				  "it says that the network is one of %s",
				  id, provider);
	return ec2_refuse(request, err, EC2_INVALID_VALUE,
			  "Value (%.64s) for the tag " NETWORK_TAG_PROVIDER " is invalid: '%s' was "
			  "made as a network of %s, which cannot change",
			  value, id, provider);
}

static int check_servers(struct ec2_request *request, const char *value, struct sp_error *err)
{
	struct name_server servers[TAG_SERVERS_MAX];
	size_t count;
	if (tag_value_servers(value, servers, &count))
		return 0;
	return ec2_refuse(request, err, EC2_INVALID_VALUE,
			  "Value (%.128s) for the tag " NETWORK_TAG_DNS
			  " is invalid: it needs one to "
			  "%d IPv4 addresses of name servers, as in \"10.0.0.2, 10.0.0.3:5353\"",
			  value, TAG_SERVERS_MAX);
}

int ec2_vpc_check_tag(struct ec2_request *request, struct db *db, const char *id, const char *key,
		      const char *value, struct sp_error *err)
{
	if (strcmp(key, NETWORK_TAG_PROVIDER) == 0)
		return check_provider(request, db, id, value, err);
	if (strcmp(key, NETWORK_TAG_DNS) == 0 && value != NULL)
		return check_servers(request, value, err);
	return 0;
}

/* ---- subnets -------------------------------------------------------------------------------------------------------- */

static int check_uplink(struct ec2_request *request, const struct subnet *subnet, const char *value,
			struct sp_error *err)
{
	(void)subnet;
	if (tag_value_interface(value))
		return 0;
	return ec2_refuse(request, err, EC2_INVALID_VALUE,
			  "Value (%.64s) for the tag " NETWORK_TAG_UPLINK
			  " is invalid: it needs the "
			  "name of a network interface of this machine, as in \"eth1.120\"",
			  value);
}

static int check_router(struct ec2_request *request, const struct subnet *subnet, const char *value,
			struct sp_error *err)
{
	struct cidr cidr;
	uint32_t address;
	if (cidr_parse(subnet->cidr, &cidr, NULL) && ipv4_parse(value, &address) &&
	    cidr_contains(&cidr, address))
		return 0;
	return ec2_refuse(request, err, EC2_INVALID_VALUE,
			  "Value (%.64s) for the tag " NETWORK_TAG_ROUTER
			  " is invalid: it needs an "
			  "address in %s, the range of '%s'",
			  value, subnet->cidr, subnet->id);
}

static const struct {
	const char *key;
	int (*check)(struct ec2_request *request, const struct subnet *subnet, const char *value,
		     struct sp_error *err);
} subnet_tags[] = {
	{ NETWORK_TAG_UPLINK, check_uplink },
	{ NETWORK_TAG_ROUTER, check_router },
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
