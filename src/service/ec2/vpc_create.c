#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "egress/networks.h"
#include "network/cidr.h"
#include "service/ec2/describe.h"
#include "service/ec2/operations.h"
#include "service/ec2/range.h"
#include "service/ec2/security_group.h"
#include "service/ec2/tags.h"
#include "store/networks.h"

/* ---- what is asked for ------------------------------------------------------------------------------------------------ */

/* What Amazon has and Sallyport has not: each would be a lie when it was passed over. */
static int refuse_what_is_not_here(struct ec2_request *request, struct sp_error *err)
{
	static const char *const absent[] = {
		"Ipv6Pool",
		"Ipv4IpamPoolId",
		"Ipv6IpamPoolId",
	};
	for (size_t i = 0; i < SP_COUNT_OF(absent); i++)
		if (ec2_text(request, absent[i]) != NULL)
			return ec2_refuse(
				request, err, EC2_UNSUPPORTED_OPERATION,
				"The parameter %s is not supported: networks have ranges "
				"that the request names in CidrBlock and Ipv6CidrBlock, or "
				"an IPv6 range that AmazonProvidedIpv6CidrBlock draws",
				absent[i]);
	const char *tenancy = ec2_text(request, "InstanceTenancy");
	if (tenancy != NULL && strcmp(tenancy, "default") != 0)
		return ec2_refuse(request, err, EC2_INVALID_VALUE,
				  "Value (%.64s) for parameter instanceTenancy is invalid: there "
				  "are no instances here, so it is always default",
				  tenancy);
	return 0;
}

/* Where no network of its own can be; this host's own loopback addresses are real ones to the provider host. */
static int check_purpose(struct ec2_request *request, const struct vpc *vpc,
			 const struct cidr *cidr, struct sp_error *err)
{
	static const struct {
		struct cidr range;
		const char *purpose;
		bool host_has_it;
	} special[] = {
		{ { IPV4(0x00000000), 8 }, "means \"this network\"", false },
		{ { IPV4(0x7f000000), 8 },
		  "are loopback addresses, for networks with the tag " NETWORK_TAG_PROVIDER "=host",
		  true },
		{ { IPV4(0xa9fe0000), 16 }, "are link-local addresses", false },
		{ { IPV4(0xe0000000), 3 }, "are multicast and reserved addresses", false },
	};
	for (size_t i = 0; i < SP_COUNT_OF(special); i++)
		if (cidr_covers(&special[i].range, cidr) &&
		    !(special[i].host_has_it && vpc->provider == PROVIDER_HOST))
			return ec2_refuse(request, err, "InvalidVpc.Range",
					  "The CIDR '%s' is invalid: they %s", vpc->cidr,
					  special[i].purpose);
	return 0;
}

/* What the user brings: addresses that networks have, and nothing that means something else. */
static int check_range6(struct ec2_request *request, const struct cidr *cidr, const char *text,
			struct sp_error *err)
{
	static const struct cidr networks[] = {
		{ { (ip_number)0xfc00 << 112 }, 7 }, /* unique local */
		{ { (ip_number)0x2000 << 112 }, 3 }, /* the internet's */
	};
	bool is_one = false;
	for (size_t i = 0; i < SP_COUNT_OF(networks); i++)
		is_one = is_one || cidr_covers(&networks[i], cidr);
	if (!is_one)
		return ec2_refuse(
			request, err, "InvalidVpc.Range",
			"The IPv6 CIDR '%.64s' is invalid: it is neither of fc00::/7, unique "
			"local addresses, nor of 2000::/3, the internet's",
			text);
	if (cidr->bits >= EC2_RANGE6_BITS_MIN && cidr->bits <= EC2_RANGE6_BITS_MAX &&
	    cidr->bits % EC2_RANGE6_BITS_STEP == 0)
		return 0;
	return ec2_refuse(
		request, err, "InvalidVpc.Range",
		"The IPv6 CIDR '%.64s' is invalid: those of VPCs have /%d to /%d in steps of "
		"/%d",
		text, EC2_RANGE6_BITS_MIN, EC2_RANGE6_BITS_MAX, EC2_RANGE6_BITS_STEP);
}

static int read_range6(struct ec2_request *request, struct vpc *vpc, struct sp_error *err)
{
	const char *text = ec2_text(request, "Ipv6CidrBlock");
	struct cidr cidr;
	vpc->cidr6_is_drawn = ec2_flag(request, "AmazonProvidedIpv6CidrBlock");
	if (text == NULL && !vpc->cidr6_is_drawn)
		return 0;
	if (text != NULL && vpc->cidr6_is_drawn)
		return ec2_refuse(request, err, EC2_INVALID_COMBINATION,
				  "The parameters Ipv6CidrBlock and AmazonProvidedIpv6CidrBlock "
				  "cannot be used together");
	if (vpc->provider == PROVIDER_HOST)
		return ec2_refuse(request, err, EC2_UNSUPPORTED_OPERATION,
				  "A network of host has no IPv6 range: its subnets are this "
				  "machine's own IPv4 addresses. A network of netns can have one");
	if (text == NULL)
		ec2_range6_draw(&cidr);
	else if (ec2_range6_read(request, text, &cidr, err) != 0 ||
		 check_range6(request, &cidr, text, err) != 0)
		return -1;
	cidr_text(&cidr, vpc->cidr6);
	ec2_id_draw("vpc-cidr-assoc-", vpc->cidr6_association_id);
	return 0;
}

static int read_request(struct ec2_request *request, struct vpc *vpc, struct sp_error *err)
{
	struct cidr cidr;
	if (refuse_what_is_not_here(request, err) != 0 ||
	    ec2_range_read(request, "InvalidVpc.Range", &cidr, err) != 0 ||
	    networks_choose_provider(request->context->networks,
				     ec2_tag_wanted(request, NETWORK_TAG_PROVIDER), &vpc->provider,
				     err) != 0)
		return -1;
	cidr_text(&cidr, vpc->cidr);
	return check_purpose(request, vpc, &cidr, err) != 0 ? -1 : read_range6(request, vpc, err);
}

/* ---- what is made ----------------------------------------------------------------------------------------------------- */

/* All share those of the ready VPC, as all VPCs of an account do. */
static int choose_dhcp_options(struct db *db, struct vpc *vpc, struct sp_error *err)
{
	struct vpc host;
	if (vpcs_find_host(db, &host, err) == 0)
		snprintf(vpc->dhcp_options_id, sizeof(vpc->dhcp_options_id), "%s",
			 host.dhcp_options_id);
	else if (err->code == SP_NOT_FOUND)
		ec2_id_draw(ec2_dhcp_options.id_prefix, vpc->dhcp_options_id);
	else
		return -1;
	return 0;
}

static void draw_ids(struct vpc *vpc)
{
	ec2_id_draw(ec2_vpc.id_prefix, vpc->id);
	ec2_id_draw("vpc-cidr-assoc-", vpc->cidr_association_id);
	ec2_id_draw(ec2_security_group.id_prefix, vpc->default_group_id);
	ec2_id_draw(ec2_network_acl.id_prefix, vpc->network_acl_id);
	ec2_id_draw(ec2_route_table.id_prefix, vpc->main_route_table_id);
	ec2_id_draw("rtbassoc-", vpc->main_association_id);
}

static int create(struct ec2_request *request, struct db *db, void *ctx, struct sp_error *err)
{
	struct vpc vpc = { .dns_support = true, .created_ms = sp_now_ms() };
	json_t *shown;
	(void)ctx;
	if (read_request(request, &vpc, err) != 0)
		return -1;
	draw_ids(&vpc);
	if (choose_dhcp_options(db, &vpc, err) != 0)
		return -1;
	if (vpcs_insert(db, &vpc, err) != 0) {
		if (err->code == SP_LIMIT)
			request->code = "VpcLimitExceeded";
		return -1;
	}
	if (security_group_make_default(db, &vpc, err) != 0 ||
	    ec2_tags_create(request, db, &ec2_vpc, vpc.id, err) != 0 ||
	    ec2_show(request, db, &ec2_vpc, vpc.id, &shown, err) != 0)
		return -1;
	json_object_set_new(request->output, "vpc", shown);
	return 0;
}

void ec2_create_vpc(struct api_call *call)
{
	ec2_write(call, create, NULL);
}
