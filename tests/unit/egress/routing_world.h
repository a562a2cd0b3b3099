#pragma once
/**
 * For the tests of routes: the house with a second subnet, which leads to the internet; a NAT gateway in it with an Elastic IP
 * address, through which the first subnet goes there.
 */

#include "networks_world.h"

#include "base/clock.h"
#include "store/routing.h"

#define PUBLIC_SUBNET     "subnet-00000000000000002"
#define PUBLIC_TABLE      "rtb-00000000000000002"
#define EMPTY_TABLE       "rtb-00000000000000003"
#define ASSOCIATION       "rtbassoc-00000000000000001"
#define INTERNET          "igw-00000000000000001"
#define NAT               "nat-00000000000000001"
#define NAT_ENI           "eni-00000000000000011"
#define USERS_ENI         "eni-00000000000000021"
#define EIP               "eipalloc-00000000000000001"
#define OTHER_EIP         "eipalloc-00000000000000002"
#define PUBLIC_SUBNET_ARN "arn:aws:ec2:eu-central-1:000000000000:subnet/" PUBLIC_SUBNET
#define USERS_ENI_ARN     "arn:aws:ec2:eu-central-1:000000000000:network-interface/" USERS_ENI
#define NAT_ARN           "arn:aws:ec2:eu-central-1:000000000000:natgateway/" NAT

#define TOLD_SUBNETS                                                                               \
	THE_SUBNET "SUBNET " PUBLIC_SUBNET " uplink= router=7f4d0201 table=" PUBLIC_TABLE "\n"
#define TOLD_INTERNET                                                                              \
	"INTERNET " INTERNET " uplink=eth1 router=c0000201 address=00000000/0 7f4d0205=cb007109\n"
#define TOLD_MAIN   "TABLE " MAIN_TABLE " 00000000/0>via:7f4d0205\n"
#define TOLD_PUBLIC "TABLE " PUBLIC_TABLE " 00000000/0>internet\n"
#define TOLD_NAT    "ENI " NAT_ENI " rules=0 servers=0 NAT\n"
#define TOLD_ALL                                                                                   \
	"OWNER\nBEGIN\nVPC " VPC                                                                   \
	"\n" TOLD_SUBNETS TOLD_INTERNET TOLD_MAIN TOLD_PUBLIC BOTH_ENIS TOLD_NAT "END\n"

/* ---- what there is ---- */

static inline int insert_route(struct db *db, const char *table, const char *to,
			       enum route_target target, const char *id, struct sp_error *err)
{
	struct route route = { .target = target };
	strcpy(route.table_id, table);
	strcpy(route.destination, to);
	strcpy(route.target_id, id);
	return routes_insert(db, &route, err);
}

static inline int insert_nat(struct db *db, struct sp_error *err)
{
	struct network_interface interface = { .id = NAT_ENI,
					       .vpc_id = VPC,
					       .subnet_id = PUBLIC_SUBNET,
					       .kind = INTERFACE_OF_NAT,
					       .owner_id = NAT,
					       .address = "127.77.2.5",
					       .mac = "02:00:00:00:00:11",
					       .checks_addresses = true };
	struct nat_gateway nat = { .id = NAT,
				   .vpc_id = VPC,
				   .subnet_id = PUBLIC_SUBNET,
				   .state = NAT_PENDING,
				   .interface_id = NAT_ENI,
				   .allocation_id = EIP };
	struct elastic_address address = { .id = EIP,
					   .address = "203.0.113.9",
					   .association_id = "eipassoc-00000000000000001",
					   .interface_id = NAT_ENI };
	struct elastic_address other = { .id = OTHER_EIP, .address = "203.0.113.10" };
	return interfaces_insert(db, &interface, err) != 0 ||
			       nat_gateways_insert(db, &nat, err) != 0 ||
			       elastic_addresses_insert(db, &address, err) != 0 ||
			       elastic_addresses_insert(db, &other, err) != 0
		       ? -1
		       : 0;
}

static inline int insert_ways(struct db *db, void *ctx, struct sp_error *err)
{
	(void)ctx;
	struct subnet subnet = {
		.id = PUBLIC_SUBNET, .vpc_id = VPC, .cidr = "127.77.2.0/24", .zone = "eu-central-1a"
	};
	struct route_table table = { .id = PUBLIC_TABLE, .vpc_id = VPC };
	struct route_association association = { .id = ASSOCIATION,
						 .table_id = PUBLIC_TABLE,
						 .subnet_id = PUBLIC_SUBNET };
	struct internet_gateway internet = { .id = INTERNET, .vpc_id = VPC };
	return subnets_insert(db, &subnet, err) != 0 || route_tables_insert(db, &table, err) != 0 ||
			       route_associations_insert(db, &association, err) != 0 ||
			       internet_gateways_insert(db, &internet, err) != 0 ||
			       tags_put(db, VPC_ARN, NETWORK_TAG_UPLINK, "eth1", err) != 0 ||
			       tags_put(db, VPC_ARN, NETWORK_TAG_ROUTER, "192.0.2.1", err) != 0 ||
			       insert_nat(db, err) != 0 ||
			       insert_route(db, MAIN_TABLE, "0.0.0.0/0", ROUTE_NAT_GATEWAY, NAT,
					    err) != 0 ||
			       insert_route(db, PUBLIC_TABLE, "0.0.0.0/0", ROUTE_INTERNET_GATEWAY,
					    INTERNET, err) != 0
		       ? -1
		       : 0;
}

static inline int set_up_ways(void **state)
{
	int result = set_up(state);
	struct fixture *f = *state;
	house_write(&f->house, insert_ways, NULL);
	return result;
}

/* ---- what is seen ---- */

static inline int look_at_nat(struct db *db, void *ctx, struct sp_error *err)
{
	struct gateway_look *look = ctx;
	struct nat_gateway nat;
	if (nat_gateways_find(db, NAT, &nat, err) != 0)
		return -1;
	static const char *const names[] = { "pending", "available", "failed", "deleted" };
	snprintf(look->text, sizeof(look->text), "%s%s%s%s%s", names[nat.state],
		 nat.failure_code[0] != '\0' ? " " : "", nat.failure_code,
		 nat.failure != NULL ? ": " : "", nat.failure != NULL ? nat.failure : "");
	nat_gateway_finish(&nat);
	return 0;
}

static inline bool nat_is(struct fixture *f, const char *text)
{
	struct gateway_look look = { 0 };
	struct sp_error err = { 0 };
	assert_int_equal(store_read(f->house.store, look_at_nat, &look, &err), 0);
	return strcmp(look.text, text) == 0;
}

static inline bool told_is(struct fixture *f, const char *text)
{
	return strcmp(sp_buffer_text(&f->peer.told), text) == 0;
}

static inline bool was_told(struct fixture *f, const char *text)
{
	return strstr(sp_buffer_text(&f->peer.told), text) != NULL;
}

/** Rounds that change nothing have come and gone. */
static inline void settle_down(struct fixture *f)
{
	for (int i = 0; i < 20; i++)
		turn(f);
}

/** Waits until all that changes says is told, and that nothing else is. */
static inline void expect_told(struct fixture *f, const char *text)
{
	turn_until(f, told_is, text);
	settle_down(f);
	assert_string_equal(sp_buffer_text(&f->peer.told), text);
	sp_buffer_clear(&f->peer.told);
}

static inline void begin_ways(struct fixture *f)
{
	open_networks(f, netd_peer_open(&f->peer, f->loop), true, "auto");
	netd_peer_hello(&f->peer);
	turn_until(f, gateway_is, "active");
	turn_until(f, nat_is, "available");
	expect_told(f, TOLD_ALL);
}
