/** ClassicLink joined VPCs with the network that was before them. No VPC here has it; Ansible asks all the same. */

#include "base/scope.h"
#include "service/ec2/describe.h"
#include "service/ec2/operations.h"
#include "store/networks.h"

static int list(struct ec2_view *view, struct db *db, struct sp_error *err)
{
	SP_AUTO_FREE struct vpc *vpcs = NULL;
	size_t count;
	if (vpcs_list(db, &vpcs, &count, err) != 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		json_t *shown =
			json_pack("{s:s, s:b}", "vpcId", vpcs[i].id, "classicLinkEnabled", 0);
		if (ec2_view_add(view, db, vpcs[i].id, shown, err) != 0)
			return -1;
	}
	return 0;
}

static const struct ec2_filter filters[] = {
	{ "is-classic-link-enabled", "classicLinkEnabled" },
	EC2_TAG_FILTERS,
	{ 0 },
};

/* Of the VPCs, which have their own kind, only this side. */
static const struct ec2_kind classic_link = {
	.type = "vpc",
	.id_prefix = "vpc-",
	.malformed = "InvalidVpcId.Malformed",
	.selectors = { { "VpcId", "vpcId", "InvalidVpcID.NotFound", "vpc ID" } },
	.set = "vpcSet",
	.filters = filters,
	.list = list,
};

void ec2_describe_vpc_classic_link(struct api_call *call)
{
	ec2_describe(call, &classic_link);
}
