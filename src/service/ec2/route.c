#include "service/ec2/route.h"

#include <string.h>

#include "base/scope.h"
#include "base/text.h"
#include "network/cidr.h"
#include "service/ec2/operations.h"
#include "service/ec2/route_target.h"
#include "service/ec2/uplink.h"

/* ---- destinations --------------------------------------------------------------------------------------------------- */

/* Where no route can lead: this machine, this link, many machines at once. */
static const char *const nowhere[] = { "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3",
				       "::1/128",     "fe80::/10",      "ff00::/8" };

/* How EC2 calls the destination of each family. */
static const struct form {
	const char *parameter, *in_sentences;
} v4 = { "DestinationCidrBlock", "destinationCidrBlock" },
  v6 = { "DestinationIpv6CidrBlock", "destinationIpv6CidrBlock" };

static int check_somewhere(struct ec2_request *request, const struct cidr *destination,
			   const char *text, struct sp_error *err)
{
	for (size_t i = 0; i < SP_COUNT_OF(nowhere); i++) {
		struct cidr block;
		if (cidr_parse(nowhere[i], &block, NULL) && cidr_covers(&block, destination))
			return ec2_refuse(request, err, EC2_INVALID_VALUE,
					  "The destination CIDR block %.64s is invalid: no route "
					  "leads to %s",
					  text, nowhere[i]);
	}
	return 0;
}

static int read_destination(struct ec2_request *request, struct route *route, struct cidr *out,
			    struct sp_error *err)
{
	const char *text4 = ec2_text(request, v4.parameter);
	const char *text6 = ec2_text(request, v6.parameter);
	const char *text = text6 != NULL ? text6 : text4;
	if (ec2_text(request, "DestinationPrefixListId") != NULL)
		return ec2_refuse(request, err, EC2_UNSUPPORTED_OPERATION,
				  "A route's destination is a block of addresses: "
				  "DestinationCidrBlock or DestinationIpv6CidrBlock");
	if (text4 != NULL && text6 != NULL)
		return ec2_refuse(request, err, EC2_INVALID_COMBINATION,
				  "The request must contain one of DestinationCidrBlock and "
				  "DestinationIpv6CidrBlock");
	if (text == NULL)
		return ec2_refuse_missing(request, err, v4.parameter);
	if (text6 != NULL ? !cidr_parse_v6(text, out) : !cidr_parse_v4(text, out))
		return ec2_refuse(request, err, EC2_INVALID_VALUE,
				  "Value (%.64s) for parameter %s is invalid. This is not a valid "
				  "CIDR block.",
				  text, text6 != NULL ? v6.in_sentences : v4.in_sentences);
	cidr_text(out, route->destination);
	return check_somewhere(request, out, text, err);
}

/* A VPC's or a subnet's block of the destination's family; false: it has none. */
static bool block_of(const struct cidr *destination, const char *cidr, const char *cidr6,
		     struct cidr *out)
{
	return cidr_is_v6(destination) ? cidr_parse_v6(cidr6, out) : cidr_parse_v4(cidr, out);
}

/* Inside of the VPC's range a route may lead a subnet's traffic through an appliance. */
static int check_inside(struct ec2_request *request, struct db *db, const struct vpc *vpc,
			const struct cidr *destination, const struct route *route,
			struct sp_error *err)
{
	SP_AUTO_FREE struct subnet *subnets = NULL;
	size_t count;
	struct cidr range;
	char whole[CIDR_TEXT_SIZE];
	if (!block_of(destination, vpc->cidr, vpc->cidr6, &range) ||
	    !cidr_covers(&range, destination))
		return 0;
	cidr_text(&range, whole);
	if (route->target == ROUTE_INTERNET_GATEWAY)
		return ec2_refuse(request, err, EC2_INVALID_VALUE,
				  "The destination CIDR block %s is inside the VPC's own %s, which "
				  "is not on the internet: %s cannot be its target",
				  route->destination, whole, route->target_id);
	if (subnets_list(db, vpc->id, &subnets, &count, err) != 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (block_of(destination, subnets[i].cidr, subnets[i].cidr6, &range) &&
		    cidr_equal(&range, destination))
			return 0;
	return ec2_refuse(request, err, EC2_INVALID_VALUE,
			  "The destination CIDR block %s is inside the VPC's own %s: there it must "
			  "be the whole CIDR of one of its subnets",
			  route->destination, whole);
}

/* ---- what a request says -------------------------------------------------------------------------------------------- */

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
	if (cidr_is_v6(destination) && vpc->cidr6[0] == '\0')
		return ec2_refuse(
			request, err, EC2_INVALID_VALUE,
			"The destination CIDR block %s is invalid: '%s' has no IPv6 range",
			route->destination, vpc->id);
	if (strcmp(route->destination, vpc->cidr) == 0 ||
	    strcmp(route->destination, vpc->cidr6) == 0)
		return ec2_refuse(request, err, EC2_INVALID_VALUE,
				  "cannot change or remove local route %s in route table %s",
				  route->destination, table.id);
	return 0;
}

static int read_way(struct ec2_request *request, struct db *db, struct route *route,
		    struct sp_error *err)
{
	struct vpc vpc;
	struct cidr destination;
	if (read_route(request, db, route, &vpc, &destination, err) != 0 ||
	    ec2_route_target_read(request, db, &vpc, cidr_is_v6(&destination), route, err) != 0)
		return -1;
	return check_inside(request, db, &vpc, &destination, route, err);
}

/* ---- operations ----------------------------------------------------------------------------------------------------- */

static int create(struct ec2_request *request, struct db *db, void *ctx, struct sp_error *err)
{
	struct route route;
	(void)ctx;
	if (read_way(request, db, &route, err) != 0 ||
	    ec2_uplink_check_table(request, db, route.table_id, err) != 0)
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

static int replace(struct ec2_request *request, struct db *db, void *ctx, struct sp_error *err)
{
	struct route route;
	(void)ctx;
	if (read_way(request, db, &route, err) != 0)
		return -1;
	if (routes_update(db, &route, err) == 0)
		return 0;
	if (err->code != SP_NOT_FOUND)
		return -1;
	return ec2_refuse(request, err, EC2_INVALID_VALUE,
			  "There is no route defined for '%s' in the route table %s. Use "
			  "CreateRoute instead.",
			  route.destination, route.table_id);
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
	if (err->code != SP_NOT_FOUND)
		return -1;
	return ec2_refuse(request, err, "InvalidRoute.NotFound",
			  "no route with destination-%scidr-block %s in route table %s",
			  cidr_is_v6(&destination) ? "ipv6-" : "", route.destination,
			  route.table_id);
}

void ec2_delete_route(struct api_call *call)
{
	ec2_write(call, delete_route, NULL);
}
