#include "service/ec2/route.h"

#include <stdio.h>
#include <string.h>

#include "base/scope.h"
#include "base/text.h"
#include "network/cidr.h"
#include "service/ec2/operations.h"
#include "store/gateways.h"

/* ---- targets -------------------------------------------------------------------------------------------------------- */

static int find_internet_gateway(struct db *db, const char *id, char *out_vpc_id, bool *out_works,
				 struct sp_error *err)
{
	struct internet_gateway gateway;
	if (internet_gateways_find(db, id, &gateway, err) != 0)
		return -1;
	memcpy(out_vpc_id, gateway.vpc_id, sizeof(gateway.vpc_id));
	*out_works = gateway.vpc_id[0] != '\0';
	return 0;
}

static int find_nat_gateway(struct db *db, const char *id, char *out_vpc_id, bool *out_works,
			    struct sp_error *err)
{
	struct nat_gateway gateway;
	if (nat_gateways_find(db, id, &gateway, err) != 0)
		return -1;
	memcpy(out_vpc_id, gateway.vpc_id, sizeof(gateway.vpc_id));
	*out_works = gateway.state == NAT_PENDING || gateway.state == NAT_AVAILABLE;
	nat_gateway_finish(&gateway);
	return 0;
}

static int find_interface(struct db *db, const char *id, char *out_vpc_id, bool *out_works,
			  struct sp_error *err)
{
	struct network_interface interface;
	if (interfaces_find(db, id, &interface, err) != 0)
		return -1;
	memcpy(out_vpc_id, interface.vpc_id, sizeof(interface.vpc_id));
	*out_works = true;
	return 0;
}

/* How EC2 names each kind of target, and what is answered when there is none. */
static const struct target {
	enum route_target target;
	const char *parameter, *member; /* of requests and answers */
	const char *prefix;
	const char *not_found, *noun;
	/** The VPC it is in ("": none), and whether anything gets through it. SP_NOT_FOUND. */
	int (*find)(struct db *db, const char *id, char *out_vpc_id, bool *out_works,
		    struct sp_error *err);
} targets[] = {
	{ ROUTE_INTERNET_GATEWAY, "GatewayId", "gatewayId", "igw-",
	  "InvalidInternetGatewayID.NotFound", "internetGateway ID", find_internet_gateway },
	{ ROUTE_NAT_GATEWAY, "NatGatewayId", "natGatewayId", "nat-", "InvalidNatGatewayID.NotFound",
	  "natGateway ID", find_nat_gateway },
	{ ROUTE_INTERFACE, "NetworkInterfaceId", "networkInterfaceId", "eni-",
	  "InvalidNetworkInterfaceID.NotFound", "networkInterface ID", find_interface },
};

/* Kinds of targets that Amazon has and nothing here can be. */
static const char *const other_targets[] = {
	"CarrierGatewayId", "CoreNetworkArn",         "EgressOnlyInternetGatewayId",
	"InstanceId",       "LocalGatewayId",         "TransitGatewayId",
	"VpcEndpointId",    "VpcPeeringConnectionId",
};

static const struct target *target_of(enum route_target kind)
{
	for (size_t i = 0; i < SP_COUNT_OF(targets); i++)
		if (targets[i].target == kind)
			return &targets[i];
	return NULL;
}

/* ---- showing -------------------------------------------------------------------------------------------------------- */

static int show_route(struct db *db, const struct route *route, json_t **out, struct sp_error *err)
{
	const struct target *target = target_of(route->target);
	char vpc_id[NETWORK_ID_SIZE];
	bool works = false;
	if (target == NULL)
		return sp_fail(err, SP_INTERNAL, "a route to %s has an unknown target",
			       route->destination);
	if (target->find(db, route->target_id, vpc_id, &works, err) != 0) {
		if (err->code != SP_NOT_FOUND)
			return -1;
		*err = (struct sp_error){ 0 };
	}
	*out = json_pack("{s:s, s:s, s:s, s:s}", "destinationCidrBlock", route->destination,
			 target->member, route->target_id, "state", works ? "active" : "blackhole",
			 "origin", "CreateRoute");
	return 0;
}

int ec2_routes_show(struct db *db, const struct vpc *vpc, const struct route_table *table,
		    json_t **out, struct sp_error *err)
{
	SP_AUTO_FREE struct route *routes = NULL;
	size_t count;
	if (routes_list(db, table->id, &routes, &count, err) != 0)
		return -1;
	SP_AUTO_JSON json_t *set =
		json_pack("[{s:s, s:s, s:s, s:s}]", "destinationCidrBlock", vpc->cidr, "gatewayId",
			  "local", "state", "active", "origin", "CreateRouteTable");
	for (size_t i = 0; i < count; i++) {
		json_t *shown;
		if (show_route(db, &routes[i], &shown, err) != 0)
			return -1;
		json_array_append_new(set, shown);
	}
	*out = sp_take_pointer(&set);
	return 0;
}

/* ---- what a request says -------------------------------------------------------------------------------------------- */

static int read_target(struct ec2_request *request, struct db *db, const struct vpc *vpc,
		       struct route *route, struct sp_error *err)
{
	const struct target *target = NULL;
	size_t named = 0;
	for (size_t i = 0; i < SP_COUNT_OF(other_targets); i++)
		if (ec2_text(request, other_targets[i]) != NULL)
			return ec2_refuse(request, err, EC2_UNSUPPORTED_OPERATION,
					  "The parameter %s is not supported: a route's target is "
					  "GatewayId, NatGatewayId or NetworkInterfaceId",
					  other_targets[i]);
	for (size_t i = 0; i < SP_COUNT_OF(targets); i++) {
		if (ec2_text(request, targets[i].parameter) == NULL)
			continue;
		target = &targets[i];
		named++;
	}
	if (named != 1)
		return ec2_refuse(
			request, err, named == 0 ? EC2_MISSING_PARAMETER : EC2_INVALID_COMBINATION,
			"The request must contain exactly one of GatewayId, NatGatewayId, "
			"NetworkInterfaceId");

	const char *id = ec2_text(request, target->parameter);
	char vpc_id[NETWORK_ID_SIZE];
	bool works;
	if (!ec2_id_is(target->prefix, id))
		return ec2_refuse(request, err, EC2_INVALID_VALUE,
				  "Invalid value '%.200s' for %s: expecting \"%s...\"", id,
				  target->parameter, target->prefix);
	if (target->find(db, id, vpc_id, &works, err) != 0) {
		if (err->code != SP_NOT_FOUND)
			return -1;
		return ec2_refuse(request, err, target->not_found, "The %s '%s' does not exist",
				  target->noun, id);
	}
	if (strcmp(vpc_id, vpc->id) != 0)
		return ec2_refuse(request, err, EC2_INVALID_VALUE,
				  "route table %s and %s %s belong to different networks",
				  route->table_id, target->noun, id);
	route->target = target->target;
	snprintf(route->target_id, sizeof(route->target_id), "%s", id);
	return 0;
}

/* A subnet's whole range, for leading what is inside the VPC through an appliance. */
static int check_inside(struct ec2_request *request, struct db *db, const struct vpc *vpc,
			const struct cidr *destination, struct sp_error *err)
{
	SP_AUTO_FREE struct subnet *subnets = NULL;
	size_t count;
	struct cidr range;
	if (!cidr_parse(vpc->cidr, &range, NULL) || !cidr_covers(&range, destination))
		return 0;
	if (subnets_list(db, vpc->id, &subnets, &count, err) != 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (cidr_parse(subnets[i].cidr, &range, NULL) &&
		    range.address == destination->address && range.bits == destination->bits)
			return 0;
	return ec2_refuse(request, err, EC2_INVALID_VALUE,
			  "The destination CIDR block is inside the VPC's own %s: there it must be "
			  "the whole CIDR of one of its subnets",
			  vpc->cidr);
}

static int read_destination(struct ec2_request *request, struct route *route, struct cidr *out,
			    struct sp_error *err)
{
	const char *text = ec2_text(request, "DestinationCidrBlock");
	if (ec2_text(request, "DestinationIpv6CidrBlock") != NULL ||
	    ec2_text(request, "DestinationPrefixListId") != NULL)
		return ec2_refuse(request, err, EC2_UNSUPPORTED_OPERATION,
				  "A route's destination is an IPv4 block: DestinationCidrBlock");
	if (text == NULL)
		return ec2_refuse_missing(request, err, "DestinationCidrBlock");
	if (!cidr_parse(text, out, NULL))
		return ec2_refuse(
			request, err, EC2_INVALID_VALUE,
			"Value (%.64s) for parameter destinationCidrBlock is invalid. This "
			"is not a valid CIDR block.",
			text);
	cidr_text(out, route->destination);
	return 0;
}

/* Table and destination, which may be changed. */
static int read_route(struct ec2_request *request, struct db *db, struct route *route,
		      struct vpc *vpc, struct cidr *destination, struct sp_error *err)
{
	struct route_table table;
	if (ec2_find_route_table(request, db, &table, err) != 0 ||
	    vpcs_find(db, table.vpc_id, vpc, err) != 0)
		return -1;
	*route = (struct route){ 0 };
	memcpy(route->table_id, table.id, sizeof(route->table_id));
	if (read_destination(request, route, destination, err) != 0)
		return -1;
	if (vpc->provider == PROVIDER_HOST)
		return ec2_refuse(
			request, err, EC2_UNSUPPORTED_OPERATION,
			"The route table %s cannot have routes: network %s is made of this "
			"host's own interfaces, whose routes the host decides",
			table.id, vpc->id);
	if (strcmp(route->destination, vpc->cidr) == 0)
		return ec2_refuse(request, err, EC2_INVALID_VALUE,
				  "cannot change or remove local route %s in route table %s",
				  route->destination, table.id);
	return 0;
}

/* ---- operations ----------------------------------------------------------------------------------------------------- */

static int create(struct ec2_request *request, struct db *db, void *ctx, struct sp_error *err)
{
	struct route route;
	struct vpc vpc;
	struct cidr destination;
	(void)ctx;
	if (read_route(request, db, &route, &vpc, &destination, err) != 0 ||
	    check_inside(request, db, &vpc, &destination, err) != 0 ||
	    read_target(request, db, &vpc, &route, err) != 0)
		return -1;
	if (routes_insert(db, &route, err) == 0)
		return 0;
	if (err->code == SP_EXISTS)
		return ec2_refuse(request, err, "RouteAlreadyExists",
				  "The route identified by %s already exists.", route.destination);
	if (err->code == SP_LIMIT)
		request->code = "RouteLimitExceeded";
	return -1;
}

void ec2_create_route(struct api_call *call)
{
	ec2_write(call, create, NULL);
}

static int refuse_no_route(struct ec2_request *request, const struct route *route, const char *code,
			   struct sp_error *err)
{
	if (err->code != SP_NOT_FOUND)
		return -1;
	return ec2_refuse(request, err, code,
			  "no route with destination-cidr-block %s in route table %s",
			  route->destination, route->table_id);
}

static int replace(struct ec2_request *request, struct db *db, void *ctx, struct sp_error *err)
{
	struct route route;
	struct vpc vpc;
	struct cidr destination;
	(void)ctx;
	if (read_route(request, db, &route, &vpc, &destination, err) != 0 ||
	    read_target(request, db, &vpc, &route, err) != 0)
		return -1;
	if (routes_update(db, &route, err) == 0)
		return 0;
	return refuse_no_route(request, &route, EC2_INVALID_VALUE, err);
}

void ec2_replace_route(struct api_call *call)
{
	ec2_write(call, replace, NULL);
}

static int delete_route(struct ec2_request *request, struct db *db, void *ctx, struct sp_error *err)
{
	struct route route;
	struct vpc vpc;
	struct cidr destination;
	(void)ctx;
	if (read_route(request, db, &route, &vpc, &destination, err) != 0)
		return -1;
	if (routes_delete(db, route.table_id, route.destination, err) == 0)
		return 0;
	return refuse_no_route(request, &route, "InvalidRoute.NotFound", err);
}

void ec2_delete_route(struct api_call *call)
{
	ec2_write(call, delete_route, NULL);
}
