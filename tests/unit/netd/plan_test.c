#include "addresses.h"

#include <stdio.h>

#include "base/text.h"
#include "netd/plan.h"

#define OWNER "0123abcd"
#define VPC   "vpc-00000000000000001"
#define NET_A "subnet-a0000000000000001"
#define NET_B "subnet-b0000000000000002"
#define ENI_A "eni-a0000000000000001"
#define ENI_B "eni-b0000000000000002"
#define IGW   "igw-a0000000000000001"
#define RTB_A "rtb-a0000000000000001"
#define RTB_B "rtb-b0000000000000002"
#define MAC   "02:00:00:00:00:01"

/* 10.0.0.0/16, in it 10.0.1.0/24 and 10.0.2.0/24 (on an uplink), an interface in each, and a way out. */
static const struct netd_message vpc = { .kind = NETD_VPC,
					 .id = VPC,
					 .cidr = { IPV4(0x0a000000), 16 } };
static const struct netd_message net_a = { .kind = NETD_SUBNET,
					   .id = NET_A,
					   .parent = VPC,
					   .cidr = { IPV4(0x0a000100), 24 },
					   .router = IPV4(0x0a000101),
					   .table = RTB_A };
static const struct netd_message net_b = { .kind = NETD_SUBNET,
					   .id = NET_B,
					   .parent = VPC,
					   .cidr = { IPV4(0x0a000200), 24 },
					   .uplink = "eth1.120",
					   .router = IPV4(0x0a0002fe) };
static const struct netd_message eni_a = {
	.kind = NETD_ENI, .id = ENI_A, .parent = NET_A, .address = IPV4(0x0a000111), .mac = MAC
};
static const struct netd_message eni_b = {
	.kind = NETD_ENI, .id = ENI_B, .parent = NET_B, .address = IPV4(0x0a000201), .mac = MAC
};

static struct netd_mapping some_mappings[] = { { IPV4(0x0a000111), IPV4(0xcb007109) },
					       { IPV4(0x0a000112), IPV4(0xcb00710a) } };
static struct netd_route some_routes[] = { { .hop = NETD_HOP_INTERNET } };
static const struct netd_message igw = { .kind = NETD_INTERNET,
					 .id = IGW,
					 .parent = VPC,
					 .uplink = "eth1",
					 .router = IPV4(0xc0000201),
					 .mappings = some_mappings,
					 .mapping_count = 2 };
static const struct netd_message table = {
	.kind = NETD_TABLE, .id = RTB_A, .parent = VPC, .routes = some_routes, .route_count = 1
};

enum { THINGS = 7 };

static int put(struct plan *plan, const struct netd_message *message, struct sp_error *err)
{
	const struct thing *thing = NULL;
	int result = plan_put(plan, message, &thing, err);
	if (result == 0)
		assert_string_equal(thing->id, message->id);
	return result;
}

static void assert_put(struct plan *plan, const struct netd_message *message)
{
	struct sp_error err = { 0 };
	if (put(plan, message, &err) != 0)
		fail_msg("%s", err.message);
}

static void assert_refused(struct plan *plan, const struct netd_message *message, enum sp_code code)
{
	struct sp_error err = { 0 };
	size_t before = plan->count;
	assert_int_equal(put(plan, message, &err), -1);
	assert_int_equal(err.code, code);
	assert_int_equal(plan->count, before);
}

static struct plan whole_plan(void)
{
	struct plan plan = { 0 };
	struct sp_error err = { 0 };
	assert_int_equal(plan_own(&plan, OWNER, &err), 0);
	const struct netd_message *messages[] = {
		&vpc, &net_a, &net_b, &igw, &table, &eni_a, &eni_b
	};
	for (size_t i = 0; i < SP_COUNT_OF(messages); i++)
		assert_put(&plan, messages[i]);
	return plan;
}

static void what_makes_sense_is_noted_and_can_be_said_again(void **state)
{
	(void)state;
	struct plan plan = whole_plan();
	assert_int_equal(plan.count, THINGS);
	struct netd_message moved = eni_a;
	moved.address = ip_of_v4(0x0a000122);
	assert_put(&plan, &moved);
	assert_put(&plan, &vpc);
	assert_int_equal(plan.count, THINGS);
	assert_address(plan_find(&plan, ENI_A)->address, address("10.0.1.34"));
	assert_true(plan_has_link(&plan, "sn-a00000000000"));
	assert_true(plan_has_link(&plan, "ni-b00000000000"));
	assert_false(plan_has_link(&plan, "ni-c00000000000"));
	plan_finish(&plan);
}

static void one_connection_has_one_owner(void **state)
{
	(void)state;
	struct plan plan = whole_plan();
	struct sp_error err = { 0 };
	assert_int_equal(plan_own(&plan, "9999abcd", &err), -1);
	assert_int_equal(err.code, SP_CONFLICT);
	assert_int_equal(plan_own(&plan, "../../..", &err), -1);
	assert_int_equal(err.code, SP_INVALID);
	assert_int_equal(plan.count, THINGS);
	assert_int_equal(plan_own(&plan, OWNER, &err), 0); /* begins anew */
	assert_int_equal(plan.count, 0);
	plan_finish(&plan);
}

static void refuses_ids_and_blocks_that_are_none(void **state)
{
	(void)state;
	struct plan plan = whole_plan();
	static const char *const ids[] = { "", "vpc-1", "../etc/passwd", NET_A,
					   "vpc-0000000000000000g" };
	for (size_t i = 0; i < SP_COUNT_OF(ids); i++) {
		struct netd_message bad = vpc;
		strcpy(bad.id, ids[i]);
		assert_refused(&plan, &bad, SP_INVALID);
	}
	static const struct cidr blocks[] = { { IPV4(0), 0 },
					      { IPV4(0x0a000000), 31 },
					      { IPV4(0x0a000000), 32 } };
	for (size_t i = 0; i < SP_COUNT_OF(blocks); i++) {
		struct netd_message bad = vpc;
		bad.cidr = blocks[i];
		assert_refused(&plan, &bad, SP_INVALID);
	}
	plan_finish(&plan);
}

static void refuses_subnets_that_do_not_fit_their_vpc(void **state)
{
	(void)state;
	struct plan plan = whole_plan();
	struct netd_message bad = net_a;
	bad.cidr = (struct cidr){ IPV4(0x0b000100), 24 };
	bad.router = ip_of_v4(0x0b000101);
	assert_refused(&plan, &bad, SP_INVALID);

	static const struct ip_address routers[] = {
		IPV4(0), IPV4(0x0a000100), IPV4(0x0a0001ff), IPV4(0x0a000201), { 0 }
	};
	for (size_t i = 0; i < SP_COUNT_OF(routers); i++) {
		bad = net_a;
		bad.router = routers[i];
		assert_refused(&plan, &bad, SP_INVALID);
	}
	bad = net_a;
	strcpy(bad.uplink, "eth0/../x");
	assert_refused(&plan, &bad, SP_INVALID);
	bad = net_a;
	strcpy(bad.parent, "vpc-00000000000000009");
	assert_refused(&plan, &bad, SP_NOT_FOUND);
	strcpy(bad.parent, NET_B); /* there, but no VPC */
	assert_refused(&plan, &bad, SP_NOT_FOUND);
	plan_finish(&plan);
}

static void two_subnets_of_a_vpc_never_overlap(void **state)
{
	(void)state;
	struct plan plan = whole_plan();
	struct netd_message other = net_a;
	strcpy(other.id, "subnet-c0000000000000003");
	assert_refused(&plan, &other, SP_CONFLICT);

	struct netd_message twin = vpc; /* in another VPC it may */
	strcpy(twin.id, "vpc-00000000000000002");
	strcpy(other.parent, twin.id);
	strcpy(other.table, RTB_B);
	assert_put(&plan, &twin);
	assert_put(&plan, &other);
	plan_finish(&plan);
}

static void refuses_addresses_that_a_host_cannot_have(void **state)
{
	(void)state;
	struct plan plan = whole_plan();
	static const struct {
		struct ip_address address;
		enum sp_code code;
	} rows[] = {
		{ IPV4(0x0a000100), SP_INVALID },  /* the subnet itself */
		{ IPV4(0x0a0001ff), SP_INVALID },  /* its broadcast */
		{ IPV4(0x0a000211), SP_INVALID },  /* elsewhere */
		{ IPV4(0x0a000101), SP_CONFLICT }, /* the router's */
	};
	for (size_t i = 0; i < SP_COUNT_OF(rows); i++) {
		struct netd_message bad = eni_a;
		bad.address = rows[i].address;
		assert_refused(&plan, &bad, rows[i].code);
	}
	struct netd_message bad = eni_b;
	bad.address = net_b.router;
	assert_refused(&plan, &bad, SP_CONFLICT);
	plan_finish(&plan);
}

/* On a bridge the first address is the VPC's router, also where another host is the next hop. */
static void the_first_address_of_a_bridge_is_taken(void **state)
{
	(void)state;
	struct plan plan = whole_plan();
	struct netd_message net = net_a;
	net.router = ip_of_v4(0x0a000105);
	assert_put(&plan, &net);
	struct netd_message bad = eni_a;
	bad.address = ip_of_v4(0x0a000101);
	assert_refused(&plan, &bad, SP_CONFLICT);
	bad.address = ip_of_v4(0x0a000105);
	assert_refused(&plan, &bad, SP_CONFLICT);
	plan_finish(&plan);
}

static void refuses_hardware_addresses_that_are_not_local(void **state)
{
	(void)state;
	struct plan plan = whole_plan();
	static const char *const macs[] = { "",
					    "02:00:00:00:00",
					    "02:00:00:00:00:0g",
					    "02-00-00-00-00-01",
					    "02:00:00:00:00:1x",
					    "03:00:00:00:00:01", /* many hosts' */
					    "00:00:00:00:00:00",
					    "00:1b:21:00:00:01", /* a vendor's */
					    "ff:ff:ff:ff:ff:ff" };
	for (size_t i = 0; i < SP_COUNT_OF(macs); i++) {
		struct netd_message bad = eni_a;
		snprintf(bad.mac, sizeof(bad.mac), "%s", macs[i]);
		assert_refused(&plan, &bad, SP_INVALID);
	}
	plan_finish(&plan);
}

static void refuses_an_address_or_a_name_that_another_interface_has(void **state)
{
	(void)state;
	struct plan plan = whole_plan();
	struct netd_message other = eni_a;
	strcpy(other.id, "eni-c0000000000000003");
	assert_refused(&plan, &other, SP_CONFLICT);
	other.address = ip_after(other.address, 1);
	assert_put(&plan, &other);
	strcpy(other.id, "eni-a000000000000ffff"); /* the same first 12 digits as ENI_A */
	other.address = ip_after(other.address, 1);
	assert_refused(&plan, &other, SP_CONFLICT);
	plan_finish(&plan);
}

static void refuses_name_servers_that_are_none_and_moves(void **state)
{
	(void)state;
	struct plan plan = whole_plan();
	struct netd_message bad = eni_a;
	bad.server_count = 1;
	bad.servers[0] = (struct netd_server){ { 0 }, 53 };
	assert_refused(&plan, &bad, SP_INVALID);
	bad.servers[0] = (struct netd_server){ IPV4(0x0a000002), 0 };
	assert_refused(&plan, &bad, SP_INVALID);
	bad = eni_a;
	strcpy(bad.parent, NET_B);
	bad.address = ip_of_v4(0x0a000244);
	assert_refused(&plan, &bad, SP_CONFLICT);
	plan_finish(&plan);
}

static void what_a_round_does_not_name_is_forgotten_at_its_end(void **state)
{
	(void)state;
	struct plan plan = whole_plan();
	struct sp_error err = { 0 };
	plan_begin(&plan);
	assert_null(plan_find(&plan, VPC)); /* not yet */
	assert_refused(&plan, &net_a, SP_NOT_FOUND);
	assert_put(&plan, &vpc);
	assert_put(&plan, &net_a);
	struct netd_message heir = eni_a; /* has the address of one that is on its way out */
	strcpy(heir.id, "eni-c0000000000000003");
	assert_put(&plan, &heir);
	assert_int_equal(plan_end(&plan, &err), 0);
	assert_int_equal(plan.count, 3);
	assert_null(plan_find(&plan, ENI_A));
	assert_null(plan_find(&plan, NET_B));
	assert_non_null(plan_find(&plan, heir.id));
	plan_finish(&plan);
}

static void a_subnet_with_a_bridge_goes_by_a_table_of_its_vpc(void **state)
{
	(void)state;
	struct plan plan = whole_plan();
	static const char *const none[] = { "rtb-1", VPC };
	for (size_t i = 0; i < SP_COUNT_OF(none); i++) {
		struct netd_message bad = net_a;
		strcpy(bad.table, none[i]);
		assert_refused(&plan, &bad, SP_INVALID);
	}
	struct netd_message bad = net_b; /* there the real router decides */
	strcpy(bad.table, RTB_A);
	assert_refused(&plan, &bad, SP_INVALID);

	struct netd_message later = net_a; /* a table may come later, and then is one of this VPC */
	strcpy(later.table, RTB_B);
	assert_put(&plan, &later);
	struct netd_message twin = vpc, elsewhere = table;
	strcpy(twin.id, "vpc-00000000000000002");
	strcpy(elsewhere.id, RTB_B);
	strcpy(elsewhere.parent, twin.id);
	assert_put(&plan, &twin);
	assert_refused(&plan, &elsewhere, SP_INVALID);
	strcpy(elsewhere.id, "rtb-c0000000000000003");
	assert_put(&plan, &elsewhere);
	bad = net_a;
	strcpy(bad.table, elsewhere.id);
	assert_refused(&plan, &bad, SP_INVALID);
	plan_finish(&plan);
}

static void two_tables_of_a_vpc_never_have_one_number(void **state)
{
	(void)state;
	struct plan plan = whole_plan();
	struct netd_message same = table; /* the first 7 digits are RTB_A's */
	strcpy(same.id, "rtb-a000000ffffffffff");
	assert_refused(&plan, &same, SP_CONFLICT);
	struct netd_message net = net_a;
	strcpy(net.table, same.id);
	assert_refused(&plan, &net, SP_CONFLICT);

	struct netd_message twin = vpc; /* in another router it may */
	strcpy(twin.id, "vpc-00000000000000002");
	strcpy(same.parent, twin.id);
	assert_put(&plan, &twin);
	assert_put(&plan, &same);
	assert_true(plan_has_table(&plan, VPC, 0x1a000000));
	assert_false(plan_has_table(&plan, VPC, 0x1b000000));
	plan_finish(&plan);
}

static void refuses_tables_of_no_vpc(void **state)
{
	(void)state;
	struct plan plan = whole_plan();
	struct netd_message bad = table;
	strcpy(bad.id, "rtb-1");
	assert_refused(&plan, &bad, SP_INVALID);
	bad = table;
	strcpy(bad.parent, NET_A);
	assert_refused(&plan, &bad, SP_NOT_FOUND);
	bad = table;
	strcpy(bad.id, RTB_B);
	strcpy(bad.parent, "vpc-00000000000000009");
	assert_refused(&plan, &bad, SP_NOT_FOUND);
	plan_finish(&plan);
}

/* A copy: the message is gone when links are made anew. */
static void a_table_keeps_its_routes(void **state)
{
	(void)state;
	struct plan plan = whole_plan();
	struct netd_route routes[] = {
		{ .to = { IPV4(0x0b000000), 8 }, .hop = NETD_HOP_VIA, .via = IPV4(0x0a000107) },
		{ .to = { IPV4(0), 0 }, .hop = NETD_HOP_BLACKHOLE }
	};
	struct netd_message other = table;
	other.routes = routes;
	other.route_count = 2;
	assert_put(&plan, &other);
	routes[0].via = ip_of_v4(0);
	assert_int_equal(plan_find(&plan, RTB_A)->route_count, 2);
	assert_address(plan_find(&plan, RTB_A)->routes[0].via, address("10.0.1.7"));
	other.route_count = 0;
	assert_put(&plan, &other);
	assert_int_equal(plan_find(&plan, RTB_A)->route_count, 0);
	plan_finish(&plan);
}

static void knows_the_bridge_in_which_an_address_is(void **state)
{
	(void)state;
	struct plan plan = whole_plan();
	assert_string_equal(plan_bridge_of(&plan, VPC, ip_of_v4(0x0a000111))->id, NET_A);
	assert_null(plan_bridge_of(&plan, VPC, ip_of_v4(0x0a000211))); /* an uplink: no bridge */
	assert_null(plan_bridge_of(&plan, VPC, ip_of_v4(0x0a000311)));
	assert_null(plan_bridge_of(&plan, "vpc-00000000000000002", ip_of_v4(0x0a000111)));
	assert_true(plan_has_bridge(&plan, "sn-a00000000000"));
	assert_false(plan_has_bridge(&plan, "sn-b00000000000"));
	assert_string_equal(plan_internet_of(&plan, VPC)->id, IGW);
	assert_null(plan_internet_of(&plan, "vpc-00000000000000002"));
	assert_true(plan_has_link(&plan, "ig-a00000000000"));
	plan_finish(&plan);
}

static void a_vpc_has_one_way_out(void **state)
{
	(void)state;
	struct plan plan = whole_plan();
	struct netd_message second = igw;
	strcpy(second.id, "igw-b0000000000000002");
	assert_refused(&plan, &second, SP_CONFLICT);
	plan_drop(&plan, IGW);
	assert_put(&plan, &second);
	plan_finish(&plan);
}

static void refuses_ways_out_that_are_none(void **state)
{
	(void)state;
	struct plan plan = whole_plan();
	struct netd_message bad = igw;
	strcpy(bad.id, "igw-1");
	assert_refused(&plan, &bad, SP_INVALID);
	bad = igw;
	strcpy(bad.parent, "vpc-00000000000000009");
	assert_refused(&plan, &bad, SP_NOT_FOUND);
	bad = igw;
	strcpy(bad.uplink, "a/b");
	assert_refused(&plan, &bad, SP_INVALID);

	static const struct ip_address routers[] = { IPV4(0), IPV4(0x7f000001), IPV4(0xe0000001),
						     IPV4(UINT32_MAX) };
	for (size_t i = 0; i < SP_COUNT_OF(routers); i++) {
		bad = igw;
		bad.router = routers[i];
		assert_refused(&plan, &bad, SP_INVALID);
	}
	static const struct {
		struct ip_address address;
		uint32_t bits;
	} own[] = { { IPV4(0x7f000001), 8 },
		    { IPV4(0xc0000202), 0 },
		    { IPV4(0xc0000201) /* the router's */, 30 } };
	for (size_t i = 0; i < SP_COUNT_OF(own); i++) {
		bad = igw;
		bad.address = own[i].address;
		bad.bits = own[i].bits;
		assert_refused(&plan, &bad, SP_INVALID);
	}
	bad = igw; /* to this host: no next hop of a network */
	bad.uplink[0] = '\0';
	bad.router = (struct ip_address){ 0 };
	assert_put(&plan, &bad);
	plan_finish(&plan);
}

static void refuses_mappings_that_are_not_one_to_one(void **state)
{
	(void)state;
	struct plan plan = whole_plan();
	static const struct netd_mapping rows[][2] = {
		{ { IPV4(0x0a000111), IPV4(0xcb007109) }, { IPV4(0x0a000112), IPV4(0xcb007109) } },
		{ { IPV4(0x0a000111), IPV4(0xcb007109) }, { IPV4(0x0a000111), IPV4(0xcb00710a) } },
		{ { IPV4(0x0b000111), IPV4(0xcb007109) },
		  { IPV4(0x0a000112), IPV4(0xcb00710a) } }, /* not of the VPC */
		{ { IPV4(0x0a000111), IPV4(0x0a000113) },
		  { IPV4(0x0a000112), IPV4(0xcb00710a) } }, /* of the VPC */
		{ { IPV4(0x0a000111), IPV4(0) }, { IPV4(0x0a000112), IPV4(0xcb00710a) } },
		{ { IPV4(0x0a000111), IPV4(0x7f000009) }, { IPV4(0x0a000112), IPV4(0xcb00710a) } },
		{ { IPV4(0x0a000111), IPV4(0xe0000001) }, { IPV4(0x0a000112), IPV4(0xcb00710a) } },
		{ { IPV4(0x0a000111), IPV4(UINT32_MAX) }, { IPV4(0x0a000112), IPV4(0xcb00710a) } },
	};
	for (size_t i = 0; i < SP_COUNT_OF(rows); i++) {
		struct netd_mapping mappings[] = { rows[i][0], rows[i][1] };
		struct netd_message bad = igw;
		bad.mappings = mappings;
		assert_refused(&plan, &bad, SP_INVALID);
	}
	plan_finish(&plan);
}

static void addresses_of_ipv6_go_together_or_not_at_all(void **state)
{
	(void)state;
	struct plan plan = whole_plan();
	struct netd_message home = vpc, net = net_a, eni = eni_a;
	net.cidr6 = (struct cidr){ address("fd00::"), 64 };
	net.router6 = address("fd00::1");
	assert_refused(&plan, &net, SP_INVALID); /* its VPC has none */
	home.cidr6 = (struct cidr){ IPV4(0x0a000000), 16 };
	assert_refused(&plan, &home, SP_INVALID);
	home.cidr6 = (struct cidr){ address("fd00::"), 56 };
	assert_put(&plan, &home);
	eni.address6 = address("fd00::17");
	assert_refused(&plan, &eni, SP_INVALID); /* its subnet has none */
	net.router6 = address("fd00:0:0:1::1");
	assert_refused(&plan, &net, SP_INVALID);
	net.router6 = address("fd00::1");
	net.cidr6.address = address("fd01::");
	assert_refused(&plan, &net, SP_INVALID);
	net.cidr6.address = address("fd00::");
	assert_put(&plan, &net);
	static const char *const taken[] = { "fd00::1", "fd00:0:0:1::17", "10.0.1.18" };
	for (size_t i = 0; i < SP_COUNT_OF(taken); i++) {
		eni.address6 = address(taken[i]);
		assert_refused(&plan, &eni, i == 0 ? SP_CONFLICT : SP_INVALID);
	}
	eni.address6 = address("fd00::17");
	assert_put(&plan, &eni);
	assert_string_equal(plan_bridge_of(&plan, VPC, address("fd00::99"))->id, NET_A);
	assert_null(plan_bridge_of(&plan, VPC, address("fd00:0:0:1::99")));
	struct netd_message other = eni;
	strcpy(other.id, "eni-c0000000000000003");
	other.address = address("10.0.1.77");
	assert_refused(&plan, &other, SP_CONFLICT);
	struct netd_message neighbour = net_b;
	neighbour.cidr6 = net.cidr6;
	neighbour.router6 = net.router6;
	assert_refused(&plan, &neighbour, SP_CONFLICT);
	plan_finish(&plan);
}

static void an_end_needs_a_beginning(void **state)
{
	(void)state;
	struct plan plan = whole_plan();
	struct sp_error err = { 0 };
	assert_int_equal(plan_end(&plan, &err), -1);
	assert_int_equal(err.code, SP_CONFLICT);
	assert_int_equal(plan.count, THINGS);
	plan_finish(&plan);
}

static void what_stands_on_something_is_forgotten_with_it(void **state)
{
	(void)state;
	struct plan plan = whole_plan();
	plan_drop(&plan, ENI_B);
	assert_int_equal(plan.count, THINGS - 1);
	plan_drop(&plan, NET_A);
	assert_int_equal(plan.count, THINGS - 3);
	assert_null(plan_find(&plan, ENI_A));
	plan_drop(&plan, VPC);
	assert_int_equal(plan.count, 0);
	plan_drop(&plan, VPC);
	plan_finish(&plan);

	plan = whole_plan();
	plan_drop(&plan, VPC);
	assert_int_equal(plan.count, 0);
	plan_finish(&plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_makes_sense_is_noted_and_can_be_said_again),
		cmocka_unit_test(one_connection_has_one_owner),
		cmocka_unit_test(refuses_ids_and_blocks_that_are_none),
		cmocka_unit_test(refuses_subnets_that_do_not_fit_their_vpc),
		cmocka_unit_test(two_subnets_of_a_vpc_never_overlap),
		cmocka_unit_test(refuses_addresses_that_a_host_cannot_have),
		cmocka_unit_test(the_first_address_of_a_bridge_is_taken),
		cmocka_unit_test(refuses_hardware_addresses_that_are_not_local),
		cmocka_unit_test(refuses_an_address_or_a_name_that_another_interface_has),
		cmocka_unit_test(refuses_name_servers_that_are_none_and_moves),
		cmocka_unit_test(a_subnet_with_a_bridge_goes_by_a_table_of_its_vpc),
		cmocka_unit_test(two_tables_of_a_vpc_never_have_one_number),
		cmocka_unit_test(refuses_tables_of_no_vpc),
		cmocka_unit_test(a_table_keeps_its_routes),
		cmocka_unit_test(knows_the_bridge_in_which_an_address_is),
		cmocka_unit_test(a_vpc_has_one_way_out),
		cmocka_unit_test(refuses_ways_out_that_are_none),
		cmocka_unit_test(refuses_mappings_that_are_not_one_to_one),
		cmocka_unit_test(what_a_round_does_not_name_is_forgotten_at_its_end),
		cmocka_unit_test(addresses_of_ipv6_go_together_or_not_at_all),
		cmocka_unit_test(an_end_needs_a_beginning),
		cmocka_unit_test(what_stands_on_something_is_forgotten_with_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
