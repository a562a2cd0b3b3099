#include "base/scope.h"
#include "service/ec2/describe.h"
#include "service/ec2/network_tags.h"
#include "service/ec2/operations.h"
#include "store/networks.h"

/* ---- describing ----------------------------------------------------------------------------------------------------- */

/* None, or the one. What is drawn is told as Amazon's own, which is how it was asked for. */
static json_t *show_range6(const struct service_context *context, const struct vpc *vpc)
{
	if (vpc->cidr6[0] == '\0')
		return json_array();
	json_t *block =
		json_pack("{s:s, s:s, s:{s:s}, s:s}", "associationId", vpc->cidr6_association_id,
			  "ipv6CidrBlock", vpc->cidr6, "ipv6CidrBlockState", "state", "associated",
			  "networkBorderGroup", context->region);
	sp_json_set_text(block, "ipv6Pool", vpc->cidr6_is_drawn ? "Amazon" : NULL);
	return json_pack("[o]", block);
}

static json_t *show_vpc(const struct service_context *context, const struct vpc *vpc)
{
	json_t *block = json_pack("{s:s, s:s, s:{s:s}}", "associationId", vpc->cidr_association_id,
				  "cidrBlock", vpc->cidr, "cidrBlockState", "state", "associated");
	return json_pack("{s:s, s:s, s:s, s:s, s:[o], s:o, s:s, s:s, s:b}", "vpcId", vpc->id,
			 "ownerId", context->account, "state", "available", "cidrBlock", vpc->cidr,
			 "cidrBlockAssociationSet", block, "ipv6CidrBlockAssociationSet",
			 show_range6(context, vpc), "dhcpOptionsId", vpc->dhcp_options_id,
			 "instanceTenancy", "default", "isDefault", 0);
}

static int list(struct ec2_view *view, struct db *db, struct sp_error *err)
{
	SP_AUTO_FREE struct vpc *vpcs = NULL;
	size_t count;
	if (vpcs_list(db, &vpcs, &count, err) != 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (ec2_view_wants(view, vpcs[i].id) &&
		    ec2_view_add(view, db, vpcs[i].id, show_vpc(view->request->context, &vpcs[i]),
				 err) != 0)
			return -1;
	return 0;
}

/* clang-format off */
static const struct ec2_filter filters[] = {
	{ "cidr", "cidrBlock" },
	{ "cidr-block", "cidrBlock" },
	{ "cidrBlock", "cidrBlock" },
	{ "cidr-block-association.cidr-block", "cidrBlockAssociationSet.cidrBlock" },
	{ "cidr-block-association.association-id", "cidrBlockAssociationSet.associationId" },
	{ "cidr-block-association.state", "cidrBlockAssociationSet.cidrBlockState.state" },
	{ "dhcp-options-id", "dhcpOptionsId" },
	{ "dhcpOptionsId", "dhcpOptionsId" },
	{ "ipv6-cidr-block-association.association-id", "ipv6CidrBlockAssociationSet.associationId" },
	{ "ipv6-cidr-block-association.ipv6-cidr-block", "ipv6CidrBlockAssociationSet.ipv6CidrBlock" },
	{ "ipv6-cidr-block-association.ipv6-pool", "ipv6CidrBlockAssociationSet.ipv6Pool" },
	{ "ipv6-cidr-block-association.state", "ipv6CidrBlockAssociationSet.ipv6CidrBlockState.state" },
	{ "is-default", "isDefault" },
	{ "isDefault", "isDefault" },
	{ "owner-id", "ownerId" },
	{ "state", "state" },
	{ "vpc-id", "vpcId" },
	EC2_TAG_FILTERS,
	{ 0 },
};
/* clang-format on */

const struct ec2_kind ec2_vpc = {
	.type = "vpc",
	.id_prefix = "vpc-",
	.malformed = "InvalidVpcId.Malformed",
	.selectors = { { "VpcId", "vpcId", "InvalidVpcID.NotFound", "vpc ID" } },
	.set = "vpcSet",
	.page_min = 5,
	.page_max = 1000,
	.filters = filters,
	.list = list,
	.check_tag = ec2_vpc_check_tag,
};

void ec2_describe_vpcs(struct api_call *call)
{
	ec2_describe(call, &ec2_vpc);
}

/* ---- finding -------------------------------------------------------------------------------------------------------- */

int ec2_find_vpc(struct ec2_request *request, struct db *db, const char *parameter, struct vpc *out,
		 struct sp_error *err)
{
	const char *id = ec2_id_asked(request, &ec2_vpc, parameter, err);
	if (id == NULL)
		return -1;
	return vpcs_find(db, id, out, err) == 0 ? 0 : ec2_not_found(request, &ec2_vpc, id, err);
}
