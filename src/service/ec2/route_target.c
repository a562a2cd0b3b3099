#include "service/ec2/route_target.h"

#include <stdio.h>
#include <string.h>

#include "base/scope.h"
#include "base/text.h"
#include "network/cidr.h"
#include "service/ec2/kinds.h"
#include "service/ec2/uplink.h"
#include "store/gateways.h"

/* A target as it is now. */
struct found {
	char vpc_id[NETWORK_ID_SIZE];    /* "": in none */
	char subnet_id[NETWORK_ID_SIZE]; /* "": in none */
	const char *gone;                /* ": it was deleted"; NULL: it lets something through */
	const char *wrong;               /* why routes cannot lead to it at all; NULL: they can */
	bool speaks_v6;
};

static int find_internet_gateway(struct db *db, const char *id, struct found *out,
				 struct sp_error *err)
{
	struct internet_gateway gateway;
	if (internet_gateways_find(db, id, &gateway, err) != 0)
		return -1;
	memcpy(out->vpc_id, gateway.vpc_id, sizeof(gateway.vpc_id));
	return 0;
}

static int find_nat_gateway(struct db *db, const char *id, struct found *out, struct sp_error *err)
{
	static const char *const gone[] = {
		[NAT_PENDING] = NULL,
		[NAT_AVAILABLE] = NULL,
		[NAT_FAILED] = ": it has failed",
		[NAT_DELETED] = ": it was deleted",
	};
	struct nat_gateway gateway;
	if (nat_gateways_find(db, id, &gateway, err) != 0)
		return -1;
	memcpy(out->vpc_id, gateway.vpc_id, sizeof(gateway.vpc_id));
	memcpy(out->subnet_id, gateway.subnet_id, sizeof(gateway.subnet_id));
	out->gone = gone[gateway.state];
	nat_gateway_finish(&gateway);
	return 0;
}

static int find_interface(struct db *db, const char *id, struct found *out, struct sp_error *err)
{
	static const char *const wrong[] = {
		[INTERFACE_OF_GATEWAY] = "it is a resource gateway's, which forwards nothing",
		[INTERFACE_OF_NAT] = "it is a NAT gateway's, which NatGatewayId names",
		[INTERFACE_OF_USER] = NULL,
	};
	struct network_interface interface;
	if (interfaces_find(db, id, &interface, err) != 0)
		return -1;
	memcpy(out->vpc_id, interface.vpc_id, sizeof(interface.vpc_id));
	memcpy(out->subnet_id, interface.subnet_id, sizeof(interface.subnet_id));
	out->wrong = wrong[interface.kind];
	out->speaks_v6 = interface.address6[0] != '\0';
	return 0;
}

/* How EC2 names each kind of target, and what is answered when there is none. */
static const struct target {
	enum route_target target;
	const char *parameter, *member; /* of requests and answers */
	const char *prefix;
	const char *not_found, *noun;
	/** SP_NOT_FOUND. @out: zeroed. */
	int (*find)(struct db *db, const char *id, struct found *out, struct sp_error *err);
} targets[] = {
	{ ROUTE_INTERNET_GATEWAY, "GatewayId", "gatewayId", "igw-",
	  "InvalidInternetGatewayID.NotFound", "internetGateway ID", find_internet_gateway },
	{ ROUTE_NAT_GATEWAY, "NatGatewayId", "natGatewayId", "nat-", "InvalidNatGatewayID.NotFound",
	  "natGateway ID", find_nat_gateway },
	{ ROUTE_INTERFACE, "NetworkInterfaceId", "networkInterfaceId", "eni-",
	  "InvalidNetworkInterfaceID.NotFound", "networkInterface ID", find_interface },
};

/* ---- showing -------------------------------------------------------------------------------------------------------- */

/* Sets the member that names it, and the state: a route whose target is gone, or not the VPC's any more, is a blackhole. */
static int show_target(struct db *db, const struct vpc *vpc, const struct route *route,
		       json_t *shown, struct sp_error *err)
{
	const struct target *target = NULL;
	struct found found = { 0 };
	for (size_t i = 0; i < SP_COUNT_OF(targets); i++)
		if (targets[i].target == route->target)
			target = &targets[i];
	if (target == NULL)
		return sp_fail(err, SP_INTERNAL, "the route %s of %s has an unknown target",
			       route->destination, route->table_id);
	if (target->find(db, route->target_id, &found, err) != 0) {
		if (err->code != SP_NOT_FOUND)
			return -1;
		*err = (struct sp_error){ 0 };
	}
	bool works = strcmp(found.vpc_id, vpc->id) == 0 && found.gone == NULL;
	sp_json_set_text(shown, target->member, route->target_id);
	sp_json_set_text(shown, "state", works ? "active" : "blackhole");
	return 0;
}

/* ---- reading -------------------------------------------------------------------------------------------------------- */

/* Kinds of targets that Amazon has and nothing here can be. */
static const char *const absent[] = {
	"CarrierGatewayId",
	"CoreNetworkArn",
	"EgressOnlyInternetGatewayId",
	"InstanceId",
	"LocalGatewayId",
	"LocalTarget",
	"OdbNetworkArn",
	"TransitGatewayId",
	"VpcEndpointId",
	"VpcPeeringConnectionId",
};

#define TARGETS "GatewayId, NatGatewayId or NetworkInterfaceId"

/* NULL: it was refused. */
static const struct target *choose(struct ec2_request *request, struct sp_error *err)
{
	const struct target *chosen = NULL;
	for (size_t i = 0; i < SP_COUNT_OF(absent); i++) {
		if (json_object_get(request->input, absent[i]) == NULL)
			continue;
		ec2_refuse(request, err, EC2_UNSUPPORTED_OPERATION,
			   "The parameter %s is not supported: a route's target is " TARGETS,
			   absent[i]);
		return NULL;
	}
	for (size_t i = 0; i < SP_COUNT_OF(targets); i++) {
		if (ec2_text(request, targets[i].parameter) == NULL)
			continue;
		if (chosen != NULL) {
			ec2_refuse(request, err, EC2_INVALID_COMBINATION,
				   "The request must contain one of " TARGETS ", not %s and %s",
				   chosen->parameter, targets[i].parameter);
			return NULL;
		}
		chosen = &targets[i];
	}
	if (chosen == NULL)
		ec2_refuse(request, err, EC2_MISSING_PARAMETER,
			   "The request must contain one of " TARGETS);
	return chosen;
}

static int find(struct ec2_request *request, struct db *db, const struct target *target,
		const char *id, struct found *out, struct sp_error *err)
{
	if (!ec2_id_is(target->prefix, id))
		return ec2_refuse(request, err, EC2_INVALID_VALUE,
				  "Invalid value '%.200s' for %s: expecting \"%s...\"", id,
				  target->parameter, target->prefix);
	bool is_there = target->find(db, id, out, err) == 0;
	if (!is_there && err->code != SP_NOT_FOUND)
		return -1;
	if (!is_there || out->gone != NULL)
		return ec2_refuse(request, err, target->not_found, "The %s '%s' does not exist%s",
				  target->noun, id, out->gone != NULL ? out->gone : "");
	return 0;
}

/* Nothing here translates addresses of IPv6. */
static int check_v6(struct ec2_request *request, const struct target *target,
		    const struct found *found, const char *id, struct sp_error *err)
{
	if (found->speaks_v6)
		return 0;
	if (target->target == ROUTE_INTERFACE)
		return ec2_refuse(
			request, err, EC2_INVALID_VALUE,
			"Invalid value '%s' for %s: it has no IPv6 address, which a route "
			"with a DestinationIpv6CidrBlock needs",
			id, target->parameter);
	return ec2_refuse(
		request, err, EC2_UNSUPPORTED_OPERATION,
		"The parameter %s is not supported with a DestinationIpv6CidrBlock: IPv6 "
		"goes through a NetworkInterfaceId only, an appliance or a router that leads "
		"on",
		target->parameter);
}

int ec2_route_target_read(struct ec2_request *request, struct db *db, const struct vpc *vpc,
			  bool is_v6, struct route *route, struct sp_error *err)
{
	const struct target *target = choose(request, err);
	struct found found = { 0 };
	if (target == NULL)
		return -1;
	const char *id = ec2_text(request, target->parameter);
	if (find(request, db, target, id, &found, err) != 0)
		return -1;
	if (strcmp(found.vpc_id, vpc->id) != 0)
		return ec2_refuse(request, err, EC2_INVALID_VALUE,
				  "route table %s and %s belong to different networks",
				  route->table_id, id);
	if (found.wrong != NULL)
		return ec2_refuse(request, err, EC2_INVALID_VALUE, "Invalid value '%s' for %s: %s",
				  id, target->parameter, found.wrong);
	if (is_v6 && check_v6(request, target, &found, id, err) != 0)
		return -1;
	if (found.subnet_id[0] != '\0' &&
	    ec2_uplink_check(request, db, found.subnet_id, "cannot have what routes lead to",
			     err) != 0)
		return -1;
	route->target = target->target;
	snprintf(route->target_id, sizeof(route->target_id), "%s", id);
	return 0;
}

static const char member_v4[] = "destinationCidrBlock", member_v6[] = "destinationIpv6CidrBlock";

static int show_route(struct db *db, const struct vpc *vpc, const struct route *route, json_t *set,
		      struct sp_error *err)
{
	struct cidr block;
	const char *member = cidr_parse_v6(route->destination, &block) ? member_v6 : member_v4;
	SP_AUTO_JSON json_t *shown =
		json_pack("{s:s, s:s}", member, route->destination, "origin", "CreateRoute");
	if (show_target(db, vpc, route, shown, err) != 0)
		return -1;
	return json_array_append(set, shown);
}

int ec2_routes_show(struct db *db, const struct vpc *vpc, const struct route_table *table,
		    json_t **out, struct sp_error *err)
{
	SP_AUTO_FREE struct route *routes = NULL;
	size_t count;
	if (routes_list(db, table->id, &routes, &count, err) != 0)
		return -1;
	SP_AUTO_JSON json_t *set =
		json_pack("[{s:s, s:s, s:s, s:s}]", member_v4, vpc->cidr, "gatewayId", "local",
			  "state", "active", "origin", "CreateRouteTable");
	if (vpc->cidr6[0] != '\0')
		json_array_append_new(set, json_pack("{s:s, s:s, s:s, s:s}", member_v6, vpc->cidr6,
						     "gatewayId", "local", "state", "active",
						     "origin", "CreateRouteTable"));
	for (size_t i = 0; i < count; i++)
		if (show_route(db, vpc, &routes[i], set, err) != 0)
			return -1;
	*out = sp_take_pointer(&set);
	return 0;
}
