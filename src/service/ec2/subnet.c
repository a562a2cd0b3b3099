#include <string.h>

#include "base/scope.h"
#include "egress/host_addresses.h"
#include "network/cidr.h"
#include "service/ec2/describe.h"
#include "service/ec2/network_tags.h"
#include "service/ec2/operations.h"
#include "service/ec2/tags.h"
#include "service/ec2/zone.h"
#include "store/gateways.h"
#include "store/networks.h"

/* ---- describing ----------------------------------------------------------------------------------------------------- */

/* Which VPC a subnet is in, without asking the store for each. */
struct vpc_list {
	struct vpc *vpcs; /* ascending ids */
	size_t count;
};

static const struct vpc *vpc_of(const struct vpc_list *list, const struct subnet *subnet)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->vpcs[i].id, subnet->vpc_id) == 0)
			return &list->vpcs[i];
	return NULL;
}

static int count_usable(const struct vpc *vpc, const struct cidr *cidr, size_t *out,
			struct sp_error *err)
{
	if (vpc == NULL || vpc->provider != PROVIDER_HOST) {
		*out = (size_t)cidr_usable(cidr);
		return 0;
	}
	SP_AUTO_FREE struct ip_address *owned = NULL;
	return host_addresses_in(cidr, &owned, out, err);
}

/* How many network interfaces there is room for. */
static int count_free(struct db *db, const struct vpc *vpc, const struct subnet *subnet,
		      json_int_t *out, struct sp_error *err)
{
	struct cidr cidr;
	SP_AUTO_FREE struct network_interface *interfaces = NULL;
	size_t taken, all;
	if (!cidr_parse(subnet->cidr, &cidr, NULL))
		return sp_fail(err, SP_INTERNAL, "the subnet \"%s\" has the range \"%s\"",
			       subnet->id, subnet->cidr);
	if (interfaces_list(db, subnet->id, NULL, &interfaces, &taken, err) != 0 ||
	    count_usable(vpc, &cidr, &all, err) != 0)
		return -1;
	*out = all > taken ? (json_int_t)(all - taken) : 0;
	return 0;
}

static json_t *show_range6(const struct subnet *subnet)
{
	if (subnet->cidr6[0] == '\0')
		return json_array();
	return json_pack("[{s:s, s:s, s:{s:s}}]", "associationId", subnet->cidr6_association_id,
			 "ipv6CidrBlock", subnet->cidr6, "ipv6CidrBlockState", "state",
			 "associated");
}

static int show_subnet(const struct service_context *context, struct db *db, const struct vpc *vpc,
		       const struct subnet *subnet, json_t **out, struct sp_error *err)
{
	char zone_id[ZONE_SIZE];
	json_int_t free_count;
	if (count_free(db, vpc, subnet, &free_count, err) != 0)
		return -1;
	ec2_zone_id(context->region, subnet->zone, zone_id);
	SP_AUTO_FREE char *arn = ec2_arn(context, &ec2_subnet, subnet->id);
	json_t *names =
		json_pack("{s:s, s:b, s:b}", "hostnameType", "ip-name",
			  "enableResourceNameDnsARecord", 0, "enableResourceNameDnsAAAARecord", 0);
	json_t *item = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:s, s:s}", "subnetId",
				 subnet->id, "subnetArn", arn, "state", "available", "ownerId",
				 context->account, "vpcId", subnet->vpc_id, "cidrBlock",
				 subnet->cidr, "availableIpAddressCount", free_count,
				 "availabilityZone", subnet->zone, "availabilityZoneId", zone_id);
	json_t *more = json_pack("{s:b, s:b, s:b, s:b, s:b, s:b, s:o, s:o}", "defaultForAz", 0,
				 "mapPublicIpOnLaunch", subnet->map_public_ip,
				 "assignIpv6AddressOnCreation", subnet->assign_ipv6, "enableDns64",
				 subnet->enable_dns64, "mapCustomerOwnedIpOnLaunch", 0,
				 "ipv6Native", 0, "ipv6CidrBlockAssociationSet",
				 show_range6(subnet), "privateDnsNameOptionsOnLaunch", names);
	json_object_update(item, more);
	json_decref(more);
	*out = item;
	return 0;
}

static int list(struct ec2_view *view, struct db *db, struct sp_error *err)
{
	SP_AUTO_FREE struct subnet *subnets = NULL;
	SP_AUTO_FREE struct vpc *vpcs = NULL;
	struct vpc_list all = { 0 };
	size_t count;
	if (vpcs_list(db, &vpcs, &all.count, err) != 0 ||
	    subnets_list(db, NULL, &subnets, &count, err) != 0)
		return -1;
	all.vpcs = vpcs;
	for (size_t i = 0; i < count; i++) {
		json_t *item;
		if (ec2_view_wants(view, subnets[i].id) &&
		    (show_subnet(view->request->context, db, vpc_of(&all, &subnets[i]), &subnets[i],
				 &item, err) != 0 ||
		     ec2_view_add(view, db, subnets[i].id, item, err) != 0))
			return -1;
	}
	return 0;
}

/* clang-format off */
static const struct ec2_filter filters[] = {
	{ "availability-zone", "availabilityZone" },
	{ "availabilityZone", "availabilityZone" },
	{ "availability-zone-id", "availabilityZoneId" },
	{ "availabilityZoneId", "availabilityZoneId" },
	{ "available-ip-address-count", "availableIpAddressCount" },
	{ "cidr", "cidrBlock" },
	{ "cidr-block", "cidrBlock" },
	{ "cidrBlock", "cidrBlock" },
	{ "customer-owned-ipv4-pool", NULL },
	{ "default-for-az", "defaultForAz" },
	{ "defaultForAz", "defaultForAz" },
	{ "enable-dns64", "enableDns64" },
	{ "enable-lni-at-device-index", NULL },
	{ "ipv6-cidr-block-association.association-id", "ipv6CidrBlockAssociationSet.associationId" },
	{ "ipv6-cidr-block-association.ipv6-cidr-block", "ipv6CidrBlockAssociationSet.ipv6CidrBlock" },
	{ "ipv6-cidr-block-association.state", "ipv6CidrBlockAssociationSet.ipv6CidrBlockState.state" },
	{ "ipv6-native", "ipv6Native" },
	{ "map-customer-owned-ip-on-launch", "mapCustomerOwnedIpOnLaunch" },
	{ "map-public-ip-on-launch", "mapPublicIpOnLaunch" },
	{ "outpost-arn", NULL },
	{ "owner-id", "ownerId" },
	{ "private-dns-name-options-on-launch.hostname-type", "privateDnsNameOptionsOnLaunch.hostnameType" },
	{ "state", "state" },
	{ "subnet-arn", "subnetArn" },
	{ "subnet-id", "subnetId" },
	{ "vpc-id", "vpcId" },
	EC2_TAG_FILTERS,
	{ 0 },
};
/* clang-format on */

const struct ec2_kind ec2_subnet = {
	.type = "subnet",
	.id_prefix = "subnet-",
	.malformed = "InvalidSubnetID.Malformed",
	.selectors = { { "SubnetId", "subnetId", "InvalidSubnetID.NotFound", "subnet ID" } },
	.set = "subnetSet",
	.page_min = 5,
	.page_max = 1000,
	.filters = filters,
	.list = list,
	.check_tag = ec2_subnet_check_tag,
};

void ec2_describe_subnets(struct api_call *call)
{
	ec2_describe(call, &ec2_subnet);
}

/* ---- finding -------------------------------------------------------------------------------------------------------- */

int ec2_find_subnet(struct ec2_request *request, struct db *db, const char *parameter,
		    struct subnet *out, struct sp_error *err)
{
	const char *id = ec2_id_asked(request, &ec2_subnet, parameter, err);
	if (id == NULL)
		return -1;
	return subnets_find(db, id, out, err) == 0 ? 0
						   : ec2_not_found(request, &ec2_subnet, id, err);
}

/* ---- DeleteSubnet --------------------------------------------------------------------------------------------------- */

static int delete (struct ec2_request *request, struct db *db, void *ctx, struct sp_error *err)
{
	struct subnet subnet;
	(void)ctx;
	if (ec2_find_subnet(request, db, "SubnetId", &subnet, err) != 0)
		return -1;
	if (subnet.interface[0] != '\0')
		return ec2_refuse(request, err, EC2_NOT_PERMITTED,
				  "The subnet '%s' shows the interface %s of this machine and "
				  "cannot be deleted",
				  subnet.id, subnet.interface);
	if (ec2_tags_delete(request->context, db, &ec2_subnet, subnet.id, err) != 0)
		return -1;
	if (subnets_delete(db, subnet.id, err) == 0)
		return 0;
	if (err->code != SP_EXISTS)
		return -1;
	return ec2_refuse(request, err, EC2_DEPENDENCY_VIOLATION,
			  "The subnet '%s' has dependencies and cannot be deleted.", subnet.id);
}

void ec2_delete_subnet(struct api_call *call)
{
	ec2_write(call, delete, NULL);
}
