#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/scope.h"
#include "base/text.h"
#include "egress/host_addresses.h"
#include "egress/networks.h"
#include "network/cidr.h"
#include "service/ec2/describe.h"
#include "service/ec2/operations.h"
#include "service/ec2/range.h"
#include "service/ec2/tags.h"
#include "service/ec2/zone.h"
#include "store/networks.h"

/* What this machine has in the range that is asked for: looked up before the write, which waits for nothing. */
struct creation {
	size_t owned_count;
	struct sp_buffer owned; /* what it has at all, when that is 0 */
	struct sp_error failure;
};

static int refuse_what_is_not_here(struct ec2_request *request, struct sp_error *err)
{
	static const char *const absent[] = {
		"Ipv4IpamPoolId",
		"Ipv6IpamPoolId",
		"OutpostArn",
	};
	for (size_t i = 0; i < SP_COUNT_OF(absent); i++)
		if (ec2_text(request, absent[i]) != NULL)
			return ec2_refuse(request, err, EC2_UNSUPPORTED_OPERATION,
					  "The parameter %s is not supported: subnets have ranges "
					  "that the request names in CidrBlock and Ipv6CidrBlock",
					  absent[i]);
	if (ec2_flag(request, "Ipv6Native"))
		return ec2_refuse(request, err, EC2_UNSUPPORTED_OPERATION,
				  "The parameter Ipv6Native is not supported: every subnet has an "
				  "IPv4 range, and may have one of IPv6 beside it");
	return 0;
}

/* ---- the zone --------------------------------------------------------------------------------------------------------- */

/* The one with the fewest of the VPC's subnets, so that subnets without a wish are in different ones. */
static const char *emptiest_zone(const char *const *zones, const struct subnet *subnets,
				 size_t count)
{
	const char *emptiest = NULL;
	size_t fewest = SIZE_MAX;
	for (; *zones != NULL; zones++) {
		size_t used = 0;
		for (size_t i = 0; i < count; i++)
			used += strcmp(subnets[i].zone, *zones) == 0;
		if (used < fewest) {
			fewest = used;
			emptiest = *zones;
		}
	}
	return emptiest;
}

static int refuse_zone(struct ec2_request *request, const char *parameter, const char *given,
		       struct sp_error *err)
{
	const char *const *zones = networks_zones(request->context->networks);
	SP_AUTO_BUFFER names = { 0 };
	for (size_t i = 0; zones[i] != NULL; i++)
		sp_buffer_format(&names, "%s%s", i == 0 ? "" : ", ", zones[i]);
	return ec2_refuse(request, err, EC2_INVALID_VALUE,
			  "Value (%.64s) for parameter %s is invalid. Subnets can currently only "
			  "be created in the following availability zones: %s.",
			  given, parameter, sp_buffer_text(&names));
}

static int choose_zone(struct ec2_request *request, const struct subnet *subnets, size_t count,
		       char out[ZONE_SIZE], struct sp_error *err)
{
	const char *const *zones = networks_zones(request->context->networks);
	const char *name = ec2_text(request, "AvailabilityZone");
	const char *id = ec2_text(request, "AvailabilityZoneId");
	const char *chosen = NULL;
	if (name != NULL && id != NULL)
		return ec2_refuse(request, err, EC2_INVALID_COMBINATION,
				  "The parameters AvailabilityZone and AvailabilityZoneId cannot "
				  "be used together");
	if (name == NULL && id == NULL)
		chosen = emptiest_zone(zones, subnets, count);
	for (size_t i = 0; zones[i] != NULL && chosen == NULL; i++) {
		char zone_id[ZONE_SIZE];
		ec2_zone_id(request->context->region, zones[i], zone_id);
		if (sp_text_equal(name, zones[i]) || sp_text_equal(id, zone_id))
			chosen = zones[i];
	}
	if (chosen == NULL && name != NULL)
		return refuse_zone(request, "availabilityZone", name, err);
	if (chosen == NULL)
		return refuse_zone(request, "availabilityZoneId", id, err);
	snprintf(out, ZONE_SIZE, "%s", chosen);
	return 0;
}

/* ---- the range -------------------------------------------------------------------------------------------------------- */

static int check_range(struct ec2_request *request, const struct vpc *vpc,
		       const struct subnet *subnets, size_t count, const struct cidr *range,
		       struct sp_error *err)
{
	struct cidr other;
	const char *text = ec2_text(request, "CidrBlock");
	if (!cidr_parse(vpc->cidr, &other, NULL) || !cidr_covers(&other, range))
		return ec2_refuse(
			request, err, "InvalidSubnet.Range",
			"The CIDR '%s' is invalid: it is not within %s, the range of '%s'", text,
			vpc->cidr, vpc->id);
	for (size_t i = 0; i < count; i++)
		if (cidr_parse(subnets[i].cidr, &other, NULL) && cidr_overlaps(&other, range))
			return ec2_refuse(
				request, err, "InvalidSubnet.Conflict",
				"The CIDR '%s' conflicts with another subnet: '%s' has %s", text,
				subnets[i].id, subnets[i].cidr);
	return 0;
}

static int read_range6(struct ec2_request *request, const struct vpc *vpc,
		       const struct subnet *others, size_t count, struct subnet *subnet,
		       struct sp_error *err)
{
	const char *text = ec2_text(request, "Ipv6CidrBlock");
	struct cidr whole, range, other;
	if (text == NULL)
		return 0;
	if (ec2_range6_read(request, text, &range, err) != 0)
		return -1;
	if (vpc->cidr6[0] == '\0')
		return ec2_refuse(request, err, "InvalidSubnet.Range",
				  "The IPv6 CIDR '%.64s' is invalid: '%s' has no IPv6 range", text,
				  vpc->id);
	if (range.bits != EC2_RANGE6_SUBNET_BITS || !cidr_parse_v6(vpc->cidr6, &whole) ||
	    !cidr_covers(&whole, &range))
		return ec2_refuse(request, err, "InvalidSubnet.Range",
				  "The IPv6 CIDR '%.64s' is invalid: it is no /%d within %s, the "
				  "IPv6 range of '%s'",
				  text, EC2_RANGE6_SUBNET_BITS, vpc->cidr6, vpc->id);
	for (size_t i = 0; i < count; i++)
		if (cidr_parse_v6(others[i].cidr6, &other) && cidr_overlaps(&other, &range))
			return ec2_refuse(
				request, err, "InvalidSubnet.Conflict",
				"The IPv6 CIDR '%.64s' conflicts with another subnet: '%s' "
				"has %s",
				text, others[i].id, others[i].cidr6);
	cidr_text(&range, subnet->cidr6);
	ec2_id_draw("subnet-cidr-assoc-", subnet->cidr6_association_id);
	return 0;
}

/* With the provider host a subnet is what this machine has of it. */
static int check_owned(struct ec2_request *request, const struct creation *creation,
		       struct sp_error *err)
{
	if (creation->failure.code != SP_OK) {
		*err = creation->failure;
		return -1;
	}
	if (creation->owned_count > 0)
		return 0;
	return ec2_refuse(request, err, "InvalidSubnet.Range",
			  "The CIDR '%s' is invalid: this machine has no address in it; it has %s",
			  ec2_text(request, "CidrBlock"), sp_buffer_text(&creation->owned));
}

/* ---- CreateSubnet ------------------------------------------------------------------------------------------------------- */

static int read_request(struct ec2_request *request, struct db *db, const struct creation *creation,
			struct subnet *subnet, struct sp_error *err)
{
	struct vpc vpc;
	struct cidr range;
	SP_AUTO_FREE struct subnet *others = NULL;
	size_t count;
	if (ec2_find_vpc(request, db, "VpcId", &vpc, err) != 0 ||
	    refuse_what_is_not_here(request, err) != 0 ||
	    ec2_range_read(request, "InvalidSubnet.Range", &range, err) != 0)
		return -1;
	if (vpc.is_host)
		return ec2_refuse(request, err, EC2_NOT_PERMITTED,
				  "The vpc '%s' shows this machine's own interfaces, and its "
				  "subnets come and go with them: make a vpc with the tag "
				  "" NETWORK_TAG_PROVIDER "=host for other ranges of addresses",
				  vpc.id);
	if (subnets_list(db, vpc.id, &others, &count, err) != 0 ||
	    check_range(request, &vpc, others, count, &range, err) != 0 ||
	    read_range6(request, &vpc, others, count, subnet, err) != 0 ||
	    choose_zone(request, others, count, subnet->zone, err) != 0 ||
	    (vpc.provider == PROVIDER_HOST && check_owned(request, creation, err) != 0))
		return -1;
	cidr_text(&range, subnet->cidr);
	snprintf(subnet->vpc_id, sizeof(subnet->vpc_id), "%s", vpc.id);
	return 0;
}

static int create(struct ec2_request *request, struct db *db, void *ctx, struct sp_error *err)
{
	struct subnet subnet = { .created_ms = sp_now_ms() };
	json_t *shown;
	if (read_request(request, db, ctx, &subnet, err) != 0)
		return -1;
	ec2_id_draw(ec2_subnet.id_prefix, subnet.id);
	ec2_id_draw("aclassoc-", subnet.acl_association_id);
	if (subnets_insert(db, &subnet, err) != 0) {
		if (err->code == SP_LIMIT)
			request->code = "SubnetLimitExceeded";
		return -1;
	}
	if (ec2_tags_create(request, db, &ec2_subnet, subnet.id, err) != 0 ||
	    ec2_show(request, db, &ec2_subnet, subnet.id, &shown, err) != 0)
		return -1;
	json_object_set_new(request->output, "subnet", shown);
	return 0;
}

void ec2_create_subnet(struct api_call *call)
{
	const char *text = sp_json_string(api_input(call), "CidrBlock");
	struct creation creation = { 0 };
	SP_AUTO_FREE struct ip_address *owned = NULL;
	struct cidr range;
	if (text != NULL && cidr_parse(text, &range, NULL))
		host_addresses_in(&range, &owned, &creation.owned_count, &creation.failure);
	if (creation.owned_count == 0)
		host_addresses_describe(&creation.owned);
	ec2_write(call, create, &creation);
	sp_buffer_finish(&creation.owned);
}
