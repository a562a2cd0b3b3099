/** Every VPC has one route table, the main one, which leads to the VPC's own addresses. */

#include "base/scope.h"
#include "service/ec2/describe.h"
#include "service/ec2/operations.h"
#include "store/networks.h"

static json_t *show_route_table(const struct service_context *context, const struct vpc *vpc)
{
	json_t *route =
		json_pack("{s:s, s:s, s:s, s:s}", "destinationCidrBlock", vpc->cidr, "gatewayId",
			  "local", "state", "active", "origin", "CreateRouteTable");
	json_t *association =
		json_pack("{s:s, s:s, s:b, s:{s:s}}", "routeTableAssociationId",
			  vpc->main_association_id, "routeTableId", vpc->main_route_table_id,
			  "main", 1, "associationState", "state", "associated");
	return json_pack("{s:s, s:s, s:s, s:[o], s:[o], s:[]}", "routeTableId",
			 vpc->main_route_table_id, "vpcId", vpc->id, "ownerId", context->account,
			 "routeSet", route, "associationSet", association, "propagatingVgwSet");
}

static int list(struct ec2_view *view, struct db *db, struct sp_error *err)
{
	SP_AUTO_FREE struct vpc *vpcs = NULL;
	size_t count;
	if (vpcs_list(db, &vpcs, &count, err) != 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (ec2_view_wants(view, vpcs[i].main_route_table_id) &&
		    ec2_view_add(view, db, vpcs[i].main_route_table_id,
				 show_route_table(view->request->context, &vpcs[i]), err) != 0)
			return -1;
	return 0;
}

/* clang-format off */
static const struct ec2_filter filters[] = {
	{ "association.gateway-id", "associationSet.gatewayId" },
	{ "association.main", "associationSet.main" },
	{ "association.route-table-association-id", "associationSet.routeTableAssociationId" },
	{ "association.route-table-id", "associationSet.routeTableId" },
	{ "association.subnet-id", "associationSet.subnetId" },
	{ "owner-id", "ownerId" },
	{ "route-table-id", "routeTableId" },
	{ "route.destination-cidr-block", "routeSet.destinationCidrBlock" },
	{ "route.destination-ipv6-cidr-block", NULL },
	{ "route.destination-prefix-list-id", NULL },
	{ "route.egress-only-internet-gateway-id", NULL },
	{ "route.gateway-id", "routeSet.gatewayId" },
	{ "route.instance-id", NULL },
	{ "route.nat-gateway-id", "routeSet.natGatewayId" },
	{ "route.origin", "routeSet.origin" },
	{ "route.state", "routeSet.state" },
	{ "route.transit-gateway-id", NULL },
	{ "route.vpc-peering-connection-id", NULL },
	{ "vpc-id", "vpcId" },
	EC2_TAG_FILTERS,
	{ 0 },
};
/* clang-format on */

const struct ec2_kind ec2_route_table = {
	.type = "route-table",
	.id_prefix = "rtb-",
	.malformed = "InvalidRouteTableId.Malformed",
	.selectors = { { "RouteTableId", "routeTableId", "InvalidRouteTableID.NotFound",
			 "routeTable ID" } },
	.set = "routeTableSet",
	.page_min = 5,
	.page_max = 100,
	.filters = filters,
	.list = list,
};

void ec2_describe_route_tables(struct api_call *call)
{
	ec2_describe(call, &ec2_route_table);
}
