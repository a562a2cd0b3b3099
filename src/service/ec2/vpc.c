#include "base/scope.h"
#include "service/ec2/describe.h"
#include "service/ec2/network_tags.h"
#include "service/ec2/operations.h"
#include "service/ec2/security_group.h"
#include "service/ec2/tags.h"
#include "store/networks.h"

/* ---- describing ----------------------------------------------------------------------------------------------------- */

static json_t *show_vpc(const struct service_context *context, const struct vpc *vpc)
{
	json_t *block = json_pack("{s:s, s:s, s:{s:s}}", "associationId", vpc->cidr_association_id,
				  "cidrBlock", vpc->cidr, "cidrBlockState", "state", "associated");
	return json_pack("{s:s, s:s, s:s, s:s, s:[o], s:s, s:s, s:b}", "vpcId", vpc->id, "ownerId",
			 context->account, "state", "available", "cidrBlock", vpc->cidr,
			 "cidrBlockAssociationSet", block, "dhcpOptionsId", vpc->dhcp_options_id,
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
	{ "cidr-block-association.cidr-block", "cidrBlockAssociationSet.cidrBlock" },
	{ "cidr-block-association.association-id", "cidrBlockAssociationSet.associationId" },
	{ "cidr-block-association.state", "cidrBlockAssociationSet.cidrBlockState.state" },
	{ "dhcp-options-id", "dhcpOptionsId" },
	{ "ipv6-cidr-block-association.association-id", NULL },
	{ "ipv6-cidr-block-association.ipv6-cidr-block", NULL },
	{ "ipv6-cidr-block-association.ipv6-pool", NULL },
	{ "ipv6-cidr-block-association.state", NULL },
	{ "is-default", "isDefault" },
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

/* ---- DeleteVpc ------------------------------------------------------------------------------------------------------ */

/* Its companions' tags; those of the default group go with the group. */
static int delete_tags(const struct service_context *context, struct db *db, const struct vpc *vpc,
		       struct sp_error *err)
{
	if (ec2_tags_delete(context, db, &ec2_route_table, vpc->main_route_table_id, err) != 0 ||
	    ec2_tags_delete(context, db, &ec2_network_acl, vpc->network_acl_id, err) != 0)
		return -1;
	return ec2_tags_delete(context, db, &ec2_vpc, vpc->id, err);
}

static int delete (struct ec2_request *request, struct db *db, void *ctx, struct sp_error *err)
{
	struct vpc vpc;
	(void)ctx;
	if (ec2_find_vpc(request, db, "VpcId", &vpc, err) != 0)
		return -1;
	if (vpc.is_host)
		return ec2_refuse(request, err, EC2_NOT_PERMITTED,
				  "The vpc '%s' shows this machine and cannot be deleted", vpc.id);
	if (delete_tags(request->context, db, &vpc, err) != 0)
		return -1;
	if (security_group_remove(request, db, vpc.default_group_id, err) == 0 &&
	    vpcs_delete(db, vpc.id, err) == 0)
		return 0;
	if (err->code != SP_EXISTS)
		return -1;
	return ec2_refuse(request, err, EC2_DEPENDENCY_VIOLATION,
			  "The vpc '%s' has dependencies and cannot be deleted.", vpc.id);
}

void ec2_delete_vpc(struct api_call *call)
{
	ec2_write(call, delete, NULL);
}
