#include "database.h"

#include "store/gateways.h"
#include "store/networks.h"
#include "store/routing.h"
#include "store/security_groups.h"

#define VPC     "vpc-00000000000000001"
#define SUBNET  "subnet-00000000000000001"
#define MAIN    "rtb-00000000000000001"
#define TABLE   "rtb-00000000000000002"
#define ADDRESS "eipalloc-00000000000000001"

static int insert_table(const char *id)
{
	struct route_table table = { .vpc_id = VPC, .created_ms = 5 };
	strcpy(table.id, id);
	return route_tables_insert(db, &table, &err);
}

static int insert_route(const char *destination, enum route_target target, const char *target_id)
{
	struct route route = { .table_id = TABLE, .target = target };
	strcpy(route.destination, destination);
	strcpy(route.target_id, target_id);
	return routes_insert(db, &route, &err);
}

static int associate(const char *id, const char *table_id)
{
	struct route_association association = { .subnet_id = SUBNET };
	strcpy(association.id, id);
	strcpy(association.table_id, table_id);
	return route_associations_insert(db, &association, &err);
}

static int set_up(void **state)
{
	struct vpc vpc = { .id = VPC, .cidr = "10.0.0.0/16", .main_route_table_id = MAIN };
	struct subnet subnet = { .id = SUBNET, .vpc_id = VPC, .cidr = "10.0.1.0/24" };
	database_set_up(state);
	assert_int_equal(0, vpcs_insert(db, &vpc, &err));
	assert_int_equal(0, subnets_insert(db, &subnet, &err));
	assert_int_equal(0, insert_table(TABLE));
	return 0;
}

static void a_table_has_one_route_to_a_destination(void **state)
{
	(void)state;
	assert_int_equal(0, insert_route("0.0.0.0/0", ROUTE_NAT_GATEWAY, "nat-1"));
	assert_int_equal(0, insert_route("192.0.2.0/24", ROUTE_INTERFACE, "eni-1"));
	assert_int_equal(-1, insert_route("0.0.0.0/0", ROUTE_INTERNET_GATEWAY, "igw-1"));
	assert_int_equal(SP_EXISTS, err.code);

	struct route change = { TABLE, "0.0.0.0/0", ROUTE_INTERNET_GATEWAY, "igw-1" };
	assert_int_equal(0, routes_update(db, &change, &err));
	struct route *list;
	size_t count;
	assert_int_equal(0, routes_list(db, TABLE, &list, &count, &err));
	assert_int_equal(2, count);
	assert_int_equal(ROUTE_INTERNET_GATEWAY, list[0].target);
	assert_string_equal("igw-1", list[0].target_id);
	assert_string_equal("192.0.2.0/24", list[1].destination);
	free(list);

	assert_int_equal(0, routes_delete(db, TABLE, "192.0.2.0/24", &err));
	assert_int_equal(-1, routes_delete(db, TABLE, "192.0.2.0/24", &err));
	assert_int_equal(SP_NOT_FOUND, err.code);
	strcpy(change.destination, "198.51.100.0/24");
	assert_int_equal(-1, routes_update(db, &change, &err));
	assert_int_equal(SP_NOT_FOUND, err.code);
}

static void a_subnet_has_one_table_of_its_own(void **state)
{
	(void)state;
	assert_int_equal(0, associate("rtbassoc-1", TABLE));
	assert_int_equal(-1, associate("rtbassoc-2", MAIN));
	assert_int_equal(SP_EXISTS, err.code);
	assert_int_equal(-1, route_tables_delete(db, TABLE, &err));
	assert_int_equal(SP_EXISTS, err.code);
	assert_non_null(strstr(err.message, SUBNET));
	assert_int_equal(0, route_associations_delete(db, "rtbassoc-1", &err));
	assert_int_equal(0, insert_route("0.0.0.0/0", ROUTE_NAT_GATEWAY, "nat-1"));
	assert_int_equal(0, route_tables_delete(db, TABLE, &err));

	struct route *list;
	size_t count;
	assert_int_equal(0, routes_list(db, NULL, &list, &count, &err));
	assert_int_equal(0, count);
	free(list);
}

static void the_main_table_stays(void **state)
{
	(void)state;
	assert_int_equal(-1, route_tables_delete(db, MAIN, &err));
	assert_int_equal(SP_EXISTS, err.code);
	assert_non_null(strstr(err.message, VPC));
}

static void a_vpc_has_one_internet_gateway(void **state)
{
	(void)state;
	struct internet_gateway first = { .id = "igw-1", .vpc_id = VPC, .created_ms = 1 };
	struct internet_gateway second = { .id = "igw-2" };
	struct internet_gateway third = { .id = "igw-3" };
	assert_int_equal(0, internet_gateways_insert(db, &first, &err));
	assert_int_equal(0, internet_gateways_insert(db, &second, &err));
	assert_int_equal(0, internet_gateways_insert(db, &third, &err));
	strcpy(second.vpc_id, VPC);
	assert_int_equal(-1, internet_gateways_update(db, &second, &err));
	assert_int_equal(SP_EXISTS, err.code);
	assert_int_equal(-1, internet_gateways_delete(db, "igw-1", &err));
	assert_int_equal(SP_EXISTS, err.code);
	first.vpc_id[0] = '\0';
	assert_int_equal(0, internet_gateways_update(db, &first, &err));
	assert_int_equal(0, internet_gateways_update(db, &second, &err));
	assert_int_equal(0, internet_gateways_delete(db, "igw-1", &err));
	assert_int_equal(-1, internet_gateways_find(db, "igw-1", &first, &err));
	assert_int_equal(SP_NOT_FOUND, err.code);
}

static void a_deleted_nat_gateway_is_told_of_for_a_while(void **state)
{
	(void)state;
	char failure[] = "the subnet has no free address";
	struct nat_gateway gateway = { .id = "nat-1",
				       .vpc_id = VPC,
				       .subnet_id = SUBNET,
				       .is_private = true,
				       .state = NAT_FAILED,
				       .failure_code = "InsufficientFreeAddressesInSubnet",
				       .failure = failure,
				       .created_ms = 7 };
	assert_int_equal(0, nat_gateways_insert(db, &gateway, &err));
	struct nat_gateway found;
	assert_int_equal(0, nat_gateways_find(db, "nat-1", &found, &err));
	assert_string_equal(failure, found.failure);
	assert_true(found.is_private);
	nat_gateway_finish(&found);

	gateway.state = NAT_DELETED;
	gateway.deleted_ms = 1000;
	assert_int_equal(0, nat_gateways_update(db, &gateway, &err));
	assert_int_equal(0, nat_gateways_forget(db, 1000, &err));
	struct nat_gateway *list;
	size_t count;
	assert_int_equal(0, nat_gateways_list(db, &list, &count, &err));
	assert_int_equal(1, count);
	assert_int_equal(NAT_DELETED, list[0].state);
	nat_gateways_free(list, count);
	assert_int_equal(0, nat_gateways_forget(db, 1001, &err));
	assert_int_equal(-1, nat_gateways_find(db, "nat-1", &found, &err));
	assert_int_equal(SP_NOT_FOUND, err.code);
}

static void an_address_is_allocated_once_and_not_released_in_use(void **state)
{
	(void)state;
	struct elastic_address address = { .id = ADDRESS, .address = "203.0.113.7", .pool = "p" };
	assert_int_equal(0, elastic_addresses_insert(db, &address, &err));
	strcpy(address.id, "eipalloc-00000000000000002");
	assert_int_equal(-1, elastic_addresses_insert(db, &address, &err));
	assert_int_equal(SP_EXISTS, err.code);

	strcpy(address.id, ADDRESS);
	strcpy(address.association_id, "eipassoc-1");
	strcpy(address.interface_id, "eni-1");
	assert_int_equal(0, elastic_addresses_update(db, &address, &err));
	assert_int_equal(-1, elastic_addresses_delete(db, ADDRESS, &err));
	assert_int_equal(SP_EXISTS, err.code);
	assert_non_null(strstr(err.message, "eni-1"));
	address.association_id[0] = address.interface_id[0] = '\0';
	assert_int_equal(0, elastic_addresses_update(db, &address, &err));
	assert_int_equal(0, elastic_addresses_delete(db, ADDRESS, &err));
}

static void the_address_of_an_interface_is_found(void **state)
{
	(void)state;
	struct elastic_address address = { .id = ADDRESS,
					   .address = "203.0.113.7",
					   .association_id = "eipassoc-1",
					   .interface_id = "eni-1" };
	struct elastic_address found;
	assert_int_equal(0, elastic_addresses_insert(db, &address, &err));
	assert_int_equal(0, elastic_addresses_find_of(db, "eni-1", &found, &err));
	assert_string_equal(ADDRESS, found.id);
	assert_int_equal(-1, elastic_addresses_find_of(db, "eni-2", &found, &err));
	assert_int_equal(SP_NOT_FOUND, err.code);
	address.association_id[0] = address.interface_id[0] = '\0';
	assert_int_equal(0, elastic_addresses_update(db, &address, &err));
	assert_int_equal(-1, elastic_addresses_find_of(db, "", &found, &err));
	assert_int_equal(SP_NOT_FOUND, err.code);
}

static void deleted_nat_gateways_leave_room_for_others(void **state)
{
	(void)state;
	struct nat_gateway gateway = { .vpc_id = VPC, .subnet_id = SUBNET, .deleted_ms = 1 };
	strcpy(gateway.id, "nat-gone");
	assert_int_equal(0, nat_gateways_insert(db, &gateway, &err));
	gateway.deleted_ms = 0;
	for (int i = 0; i < NAT_GATEWAYS_MAX; i++) {
		snprintf(gateway.id, sizeof(gateway.id), "nat-%d", i);
		assert_int_equal(0, nat_gateways_insert(db, &gateway, &err));
	}
	strcpy(gateway.id, "nat-more");
	assert_int_equal(-1, nat_gateways_insert(db, &gateway, &err));
	assert_int_equal(SP_LIMIT, err.code);
}

static void an_interface_keeps_its_security_groups(void **state)
{
	(void)state;
	char name[] = "partners", text[] = "";
	struct security_group group = {
		.id = "sg-1", .vpc_id = VPC, .name = name, .description = text
	};
	struct network_interface interface = { .id = "eni-1",
					       .vpc_id = VPC,
					       .subnet_id = SUBNET,
					       .kind = INTERFACE_OF_USER,
					       .owner_id = "eni-1",
					       .address = "10.0.1.5",
					       .description = "the firewall",
					       .group_ids = { "sg-1" },
					       .group_count = 1 };
	assert_int_equal(0, security_groups_insert(db, &group, &err));
	assert_int_equal(0, interfaces_insert(db, &interface, &err));
	assert_int_equal(-1, security_groups_delete(db, "sg-1", &err));
	assert_int_equal(SP_EXISTS, err.code);
	assert_non_null(strstr(err.message, "eni-1"));
	assert_int_equal(-1, subnets_delete(db, SUBNET, &err));
	assert_int_equal(SP_EXISTS, err.code);

	struct network_interface found;
	assert_int_equal(0, interfaces_find(db, "eni-1", &found, &err));
	assert_int_equal(1, found.group_count);
	assert_string_equal("sg-1", found.group_ids[0]);
	assert_string_equal("the firewall", found.description);
	assert_false(found.checks_addresses);
	found.group_count = 0;
	found.checks_addresses = true;
	assert_int_equal(0, interfaces_update(db, &found, &err));
	assert_int_equal(0, security_groups_delete(db, "sg-1", &err));
	assert_int_equal(0, interfaces_find(db, "eni-1", &found, &err));
	assert_int_equal(0, found.group_count);
	assert_true(found.checks_addresses);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, database_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_table_has_one_route_to_a_destination),
		TEST(a_subnet_has_one_table_of_its_own),
		TEST(the_main_table_stays),
		TEST(a_vpc_has_one_internet_gateway),
		TEST(a_deleted_nat_gateway_is_told_of_for_a_while),
		TEST(an_address_is_allocated_once_and_not_released_in_use),
		TEST(the_address_of_an_interface_is_found),
		TEST(deleted_nat_gateways_leave_room_for_others),
		TEST(an_interface_keeps_its_security_groups),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
