#pragma once
/**
 * For the tests of ways: the house as a kernel network, 10.0.0.0/16, whose first subnet goes by the main table through a
 * NAT gateway, which has an Elastic IP; the NAT gateway's subnet has a table of its own and goes to the internet. An
 * appliance stands by in a third subnet, which goes through the NAT gateway too; no route leads to it yet.
 */

#include "house.h"

#include "base/id.h"
#include "store/routing.h"

#define FRONT       "subnet-00000000000000002"
#define GUARD       "subnet-00000000000000003"
#define FRONT_TABLE "rtb-00000000000000002"
#define INTERNET    "igw-00000000000000001"
#define NAT         "nat-00000000000000001"
#define NAT_ENI     "eni-00000000000000011"
#define APPLIANCE   "eni-00000000000000021"
#define EIP         "eipalloc-00000000000000001"
#define ARN_IN_EC2  "arn:aws:ec2:eu-central-1:000000000000:"
#define TO_INTERNET                                                                                \
	"by the route 0.0.0.0/0 of " FRONT_TABLE " through the internet gateway " INTERNET
#define THROUGH_NAT                                                                                \
	"by the route 0.0.0.0/0 of " MAIN_TABLE " through the NAT gateway " NAT " (10.0.2.5)"
#define AS_EIP     " as 203.0.113.9 (" EIP ")"
#define FROM_FIRST " from 10.0.1.5 (" FIRST_ENI ")"
#define THE_NAT    "the NAT gateway " NAT " (10.0.2.5)"
#define THE_GUARD  "the appliance " APPLIANCE " (10.0.3.5)"

static inline int way_subnet(struct db *db, const char *id, const char *cidr, struct sp_error *err)
{
	struct subnet subnet = { .vpc_id = VPC, .zone = "eu-central-1a" };
	strcpy(subnet.id, id);
	strcpy(subnet.cidr, cidr);
	return subnets_insert(db, &subnet, err);
}

static inline int way_interface(struct db *db, const char *id, enum interface_kind kind,
				const char *owner, const char *subnet, const char *address,
				struct sp_error *err)
{
	struct network_interface interface = { .vpc_id = VPC,
					       .kind = kind,
					       .checks_addresses = kind != INTERFACE_OF_USER };
	strcpy(interface.id, id);
	strcpy(interface.owner_id, owner);
	strcpy(interface.subnet_id, subnet);
	strcpy(interface.address, address);
	snprintf(interface.mac, sizeof(interface.mac), "02:00:00:00:00:%.2s", id + 18);
	return interfaces_insert(db, &interface, err);
}

static inline int way_route(struct db *db, const char *table, const char *to,
			    enum route_target target, const char *id, struct sp_error *err)
{
	struct route route = { .target = target };
	strcpy(route.table_id, table);
	strcpy(route.destination, to);
	strcpy(route.target_id, id);
	return routes_insert(db, &route, err);
}

static inline int insert_ways(struct db *db, void *ctx, struct sp_error *err)
{
	(void)ctx;
	struct route_table table = { .id = FRONT_TABLE, .vpc_id = VPC };
	struct route_association association = { .id = "rtbassoc-00000000000000001",
						 .table_id = FRONT_TABLE,
						 .subnet_id = FRONT };
	struct internet_gateway internet = { .id = INTERNET, .vpc_id = VPC };
	struct nat_gateway nat = { .id = NAT,
				   .vpc_id = VPC,
				   .subnet_id = FRONT,
				   .state = NAT_AVAILABLE,
				   .interface_id = NAT_ENI,
				   .allocation_id = EIP };
	struct elastic_address address = { .id = EIP,
					   .address = "203.0.113.9",
					   .association_id = "eipassoc-00000000000000001",
					   .interface_id = NAT_ENI };
	static const char to_kernel[] =
		"UPDATE vpcs SET provider = 1, cidr = '10.0.0.0/16';"
		"UPDATE subnets SET cidr = '10.0.1.0/24';"
		"UPDATE interfaces SET address = '10.0.1.' || substr(address, -1);"
		"UPDATE security_rules SET value = '0.0.0.0/0' WHERE id = '" RULE "';";
	return db_script(db, to_kernel, err) != 0 ||
			       way_subnet(db, FRONT, "10.0.2.0/24", err) != 0 ||
			       way_subnet(db, GUARD, "10.0.3.0/24", err) != 0 ||
			       way_interface(db, NAT_ENI, INTERFACE_OF_NAT, NAT, FRONT, "10.0.2.5",
					     err) != 0 ||
			       way_interface(db, APPLIANCE, INTERFACE_OF_USER, APPLIANCE, GUARD,
					     "10.0.3.5", err) != 0 ||
			       route_tables_insert(db, &table, err) != 0 ||
			       route_associations_insert(db, &association, err) != 0 ||
			       internet_gateways_insert(db, &internet, err) != 0 ||
			       nat_gateways_insert(db, &nat, err) != 0 ||
			       elastic_addresses_insert(db, &address, err) != 0 ||
			       way_route(db, MAIN_TABLE, "0.0.0.0/0", ROUTE_NAT_GATEWAY, NAT,
					 err) != 0 ||
			       way_route(db, FRONT_TABLE, "0.0.0.0/0", ROUTE_INTERNET_GATEWAY,
					 INTERNET, err) != 0
		       ? -1
		       : 0;
}

struct tag_change {
	const char *arn, *key, *value;
};

static inline int put_tag(struct db *db, void *ctx, struct sp_error *err)
{
	const struct tag_change *change = ctx;
	return tags_put(db, change->arn, change->key, change->value, err);
}

static inline void house_tag(struct house *house, const char *arn, const char *key,
			     const char *value)
{
	house_write(house, put_tag, &(struct tag_change){ arn, key, value });
}

static inline void house_script(struct house *house, const char *sql)
{
	house_write(house, run_script, (char *)(uintptr_t)sql);
}

/** @to by the main table through the appliance. */
static inline int lead_through_appliance(struct db *db, void *ctx, struct sp_error *err)
{
	return way_route(db, MAIN_TABLE, ctx, ROUTE_INTERFACE, APPLIANCE, err);
}
