/** Route tables: a VPC's main one, and those that subnets are given instead. */

#include <string.h>

#include "base/clock.h"
#include "base/scope.h"
#include "base/text.h"
#include "service/ec2/client_token.h"
#include "service/ec2/describe.h"
#include "service/ec2/operations.h"
#include "service/ec2/route.h"
#include "service/ec2/route_target.h"
#include "service/ec2/tags.h"
#include "service/ec2/uplink.h"
#include "store/routing.h"

/* ---- describing ----------------------------------------------------------------------------------------------------- */

static json_t *show_association(const char *id, const char *table_id, const char *subnet_id)
{
	json_t *shown = json_pack("{s:s, s:s, s:b, s:{s:s}}", "routeTableAssociationId", id,
				  "routeTableId", table_id, "main", subnet_id == NULL,
				  "associationState", "state", "associated");
	if (subnet_id != NULL)
		sp_json_set_text(shown, "subnetId", subnet_id);
	return shown;
}

static int show_associations(struct db *db, const struct vpc *vpc, const struct route_table *table,
			     json_t **out, struct sp_error *err)
{
	SP_AUTO_FREE struct route_association *associations = NULL;
	size_t count;
	if (route_associations_list(db, table->id, &associations, &count, err) != 0)
		return -1;
	*out = json_array();
	if (strcmp(vpc->main_route_table_id, table->id) == 0)
		json_array_append_new(*out,
				      show_association(vpc->main_association_id, table->id, NULL));
	for (size_t i = 0; i < count; i++)
		json_array_append_new(*out, show_association(associations[i].id, table->id,
							     associations[i].subnet_id));
	return 0;
}

static int add(struct ec2_view *view, struct db *db, const struct route_table *table,
	       struct sp_error *err)
{
	struct vpc vpc;
	json_t *associations, *routes;
	if (vpcs_find(db, table->vpc_id, &vpc, err) != 0 ||
	    show_associations(db, &vpc, table, &associations, err) != 0)
		return -1;
	if (ec2_routes_show(db, &vpc, table, &routes, err) != 0) {
		json_decref(associations);
		return -1;
	}
	return ec2_view_add(view, db, table->id,
			    json_pack("{s:s, s:s, s:s, s:o, s:o, s:[]}", "routeTableId", table->id,
				      "vpcId", table->vpc_id, "ownerId",
				      view->request->context->account, "routeSet", routes,
				      "associationSet", associations, "propagatingVgwSet"),
			    err);
}

static int list(struct ec2_view *view, struct db *db, struct sp_error *err)
{
	SP_AUTO_FREE struct route_table *tables = NULL;
	size_t count;
	if (route_tables_list(db, NULL, &tables, &count, err) != 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (ec2_view_wants(view, tables[i].id) && add(view, db, &tables[i], err) != 0)
			return -1;
	return 0;
}

static const struct ec2_filter filters[] = {
	{ "association.gateway-id", NULL },
	{ "association.main", "associationSet.main" },
	{ "association.route-table-association-id", "associationSet.routeTableAssociationId" },
	{ "association.route-table-id", "associationSet.routeTableId" },
	{ "association.subnet-id", "associationSet.subnetId" },
	{ "owner-id", "ownerId" },
	{ "route-table-id", "routeTableId" },
	{ "route.destination-cidr-block", "routeSet.destinationCidrBlock" },
	{ "route.destination-ipv6-cidr-block", "routeSet.destinationIpv6CidrBlock" },
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

int ec2_find_route_table(struct ec2_request *request, struct db *db, struct route_table *out,
			 struct sp_error *err)
{
	const char *id = ec2_text(request, "RouteTableId");
	if (ec2_id_check(request, &ec2_route_table, id, err) != 0)
		return -1;
	return route_tables_find(db, id, out, err) == 0
		       ? 0
		       : ec2_not_found(request, &ec2_route_table, id, err);
}

/* ---- making and deleting -------------------------------------------------------------------------------------------- */

static int make(struct ec2_request *request, struct db *db, char out_id[NETWORK_ID_SIZE],
		struct sp_error *err)
{
	struct route_table table = { .created_ms = sp_now_ms() };
	struct vpc vpc;
	if (ec2_find_vpc(request, db, "VpcId", &vpc, err) != 0)
		return -1;
	memcpy(table.vpc_id, vpc.id, sizeof(table.vpc_id));
	ec2_id_draw(ec2_route_table.id_prefix, table.id);
	memcpy(out_id, table.id, sizeof(table.id));
	if (route_tables_insert(db, &table, err) == 0)
		return ec2_tags_create(request, db, &ec2_route_table, table.id, err);
	if (err->code == SP_LIMIT)
		request->code = "RouteTableLimitExceeded";
	return -1;
}

static int create(struct ec2_request *request, struct db *db, void *ctx, struct sp_error *err)
{
	(void)ctx;
	return ec2_create_once(request, db, "CreateRouteTable", make, &ec2_route_table,
			       "routeTable", err);
}

void ec2_create_route_table(struct api_call *call)
{
	ec2_write(call, create, NULL);
}

static int delete_table(struct ec2_request *request, struct db *db, void *ctx, struct sp_error *err)
{
	struct route_table table;
	(void)ctx;
	if (ec2_find_route_table(request, db, &table, err) != 0)
		return -1;
	if (route_tables_delete(db, table.id, err) == 0)
		return ec2_tags_delete(request->context, db, &ec2_route_table, table.id, err);
	if (err->code != SP_EXISTS)
		return -1;
	return ec2_refuse(request, err, EC2_DEPENDENCY_VIOLATION,
			  "The routeTable '%s' has dependencies and cannot be deleted.", table.id);
}

void ec2_delete_route_table(struct api_call *call)
{
	ec2_write(call, delete_table, NULL);
}

/* ---- associating ---------------------------------------------------------------------------------------------------- */

static int refuse_other_network(struct ec2_request *request, const struct route_table *table,
				const char *what, const char *id, struct sp_error *err)
{
	return ec2_refuse(request, err, EC2_INVALID_VALUE,
			  "Route table %s and %s %s belong to different networks", table->id, what,
			  id);
}

/* A table without routes may be anybody's. */
static int check_uplink(struct ec2_request *request, struct db *db, const struct route_table *table,
			const char *subnet_id, struct sp_error *err)
{
	SP_AUTO_FREE struct route *routes = NULL;
	size_t count;
	if (routes_list(db, table->id, &routes, &count, err) != 0)
		return -1;
	return count == 0 ? 0
			  : ec2_uplink_check(request, db, subnet_id,
					     "cannot be associated with a route table that has "
					     "routes",
					     err);
}

static void answer_association(struct ec2_request *request, const char *name, const char *id)
{
	sp_json_set_text(request->output, name, id);
	json_object_set_new(request->output, "associationState",
			    json_pack("{s:s}", "state", "associated"));
}

/* Tables of gateways (edge associations) would have to hold for what comes in, which nothing here does. */
static int check_association(struct ec2_request *request, struct sp_error *err)
{
	static const char *const absent[] = { "GatewayId", "PublicIpv4Pool" };
	for (size_t i = 0; i < SP_COUNT_OF(absent); i++)
		if (ec2_text(request, absent[i]) != NULL)
			return ec2_refuse(request, err, EC2_UNSUPPORTED_OPERATION,
					  "The parameter %s is not supported: route tables are "
					  "associated with subnets, as all connections begin there",
					  absent[i]);
	return 0;
}

static int associate(struct ec2_request *request, struct db *db, void *ctx, struct sp_error *err)
{
	struct route_association association = { 0 };
	struct route_table table;
	struct subnet subnet;
	(void)ctx;
	if (check_association(request, err) != 0 ||
	    ec2_find_route_table(request, db, &table, err) != 0 ||
	    ec2_find_subnet(request, db, "SubnetId", &subnet, err) != 0)
		return -1;
	if (strcmp(table.vpc_id, subnet.vpc_id) != 0)
		return refuse_other_network(request, &table, "subnet", subnet.id, err);
	if (check_uplink(request, db, &table, subnet.id, err) != 0)
		return -1;
	ec2_id_draw("rtbassoc-", association.id);
	memcpy(association.table_id, table.id, sizeof(association.table_id));
	memcpy(association.subnet_id, subnet.id, sizeof(association.subnet_id));
	if (route_associations_insert(db, &association, err) != 0) {
		if (err->code == SP_EXISTS)
			return ec2_refuse(
				request, err, "Resource.AlreadyAssociated",
				"the specified association for route table %s conflicts with an "
				"existing association: the subnet %s has a route table already",
				table.id, subnet.id);
		return -1;
	}
	answer_association(request, "associationId", association.id);
	return 0;
}

void ec2_associate_route_table(struct api_call *call)
{
	ec2_write(call, associate, NULL);
}

/* By the request's AssociationId: a subnet's association, or the VPC whose main one it is. */
struct associated {
	struct route_association association; /* id "" when it is a main one */
	struct vpc main;
};

static int find_main(struct db *db, const char *id, struct vpc *out, struct sp_error *err)
{
	SP_AUTO_FREE struct vpc *vpcs = NULL;
	size_t count;
	if (vpcs_list(db, &vpcs, &count, err) != 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (strcmp(vpcs[i].main_association_id, id) != 0)
			continue;
		*out = vpcs[i];
		return 0;
	}
	return sp_fail(err, SP_NOT_FOUND, "there is no association \"%s\"", id);
}

static int find_association(struct ec2_request *request, struct db *db, struct associated *out,
			    struct sp_error *err)
{
	const char *id = ec2_text(request, "AssociationId");
	*out = (struct associated){ 0 };
	if (route_associations_find(db, id, &out->association, err) == 0)
		return 0;
	if (err->code == SP_NOT_FOUND && find_main(db, id, &out->main, err) == 0)
		return 0;
	if (err->code != SP_NOT_FOUND)
		return -1;
	return ec2_refuse(request, err, "InvalidAssociationID.NotFound",
			  "The association ID '%.200s' does not exist", id);
}

static int disassociate(struct ec2_request *request, struct db *db, void *ctx, struct sp_error *err)
{
	struct associated found;
	(void)ctx;
	if (find_association(request, db, &found, err) != 0)
		return -1;
	if (found.association.id[0] == '\0')
		return ec2_refuse(request, err, EC2_INVALID_VALUE,
				  "cannot disassociate the main route table association %s",
				  ec2_text(request, "AssociationId"));
	return route_associations_delete(db, found.association.id, err);
}

void ec2_disassociate_route_table(struct api_call *call)
{
	ec2_write(call, disassociate, NULL);
}

/* The new association has an id of its own. */
static int replace_main(struct db *db, struct vpc *vpc, const struct route_table *table,
			struct sp_error *err)
{
	memcpy(vpc->main_route_table_id, table->id, sizeof(vpc->main_route_table_id));
	ec2_id_draw("rtbassoc-", vpc->main_association_id);
	return vpcs_update(db, vpc, err);
}

static int replace_subnets(struct db *db, struct route_association *association,
			   const struct route_table *table, struct sp_error *err)
{
	if (route_associations_delete(db, association->id, err) != 0)
		return -1;
	memcpy(association->table_id, table->id, sizeof(association->table_id));
	ec2_id_draw("rtbassoc-", association->id);
	return route_associations_insert(db, association, err);
}

static int replace(struct ec2_request *request, struct db *db, void *ctx, struct sp_error *err)
{
	struct associated found;
	struct route_table table, before;
	(void)ctx;
	if (ec2_find_route_table(request, db, &table, err) != 0 ||
	    find_association(request, db, &found, err) != 0)
		return -1;
	bool is_main = found.association.id[0] == '\0';
	if (route_tables_find(db,
			      is_main ? found.main.main_route_table_id : found.association.table_id,
			      &before, err) != 0)
		return -1;
	if (strcmp(before.vpc_id, table.vpc_id) != 0)
		return refuse_other_network(request, &table, "the association",
					    ec2_text(request, "AssociationId"), err);
	if (!is_main && check_uplink(request, db, &table, found.association.subnet_id, err) != 0)
		return -1;
	if ((is_main ? replace_main(db, &found.main, &table, err)
		     : replace_subnets(db, &found.association, &table, err)) != 0)
		return -1;
	answer_association(request, "newAssociationId",
			   is_main ? found.main.main_association_id : found.association.id);
	return 0;
}

void ec2_replace_route_table_association(struct api_call *call)
{
	ec2_write(call, replace, NULL);
}
